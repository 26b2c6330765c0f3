/* Conversions: text integer number date.
 *
 * The idea: a conversion by name is exact or it says so. Text that is not an integer, number or ISO date becomes missing,
 * since data are like that; a number that is not whole is never cut to an integer in silence, but refused. Published forms
 * (currency, percent signs, other orders of a date) are understood by the readers of files, not here. No locale is
 * consulted. */
#include <math.h>

#include "base/format.h"
#include "base/number.h"
#include "column/builder.h"
#include "ops/function_operand.h"

/* ---- to text: the shortest plain form ---- */

static tally_status write_rows(const tl_operand *operand, int64_t rows, tally_builder *builder, tally_error *error) {
  char form[TL_FORMAT_SIZE];
  for (int64_t i = 0; i < rows; i++) {
    tally_value value = tally_column_value(operand->column, i);
    if (value.type == TALLY_MISSING)
      TL_TRY(tl_builder_missing(builder, error));
    else
      TL_TRY(tl_builder_text(builder, tl_text(form, tally_format_value(value, form, sizeof form)), error));
  }
  return TALLY_OK;
}

tally_status tl_evaluate_to_text(const tl_call *call, tally_column **out, tally_error *error) {
  if (call->arguments[0].type == TALLY_TEXT) {
    *out = tally_column_retain(call->arguments[0].column);
    return TALLY_OK;
  }
  tally_builder *builder = NULL;
  TL_TRY(tally_builder_new(TALLY_TEXT, &builder, error));
  tally_status status = write_rows(&call->arguments[0], call->rows, builder, error);
  if (status == TALLY_OK) status = tally_builder_finish(builder, out, error);
  tally_builder_release(builder);
  return status;
}

/* ---- from text ---- */

/* A number as people write them, thousands separators and blanks around it allowed; not an amount of money, nor a percentage. */
static bool read_numeral(tally_text text, tl_numeral *out) {
  return tl_numeral_parse(tl_text_trim(text), '.', out) && !out->pound && !out->percent;
}

static bool read_integer(tally_text text, int64_t *out) {
  tl_numeral numeral;
  return read_numeral(text, &numeral) && tl_numeral_is_whole(&numeral) && tl_numeral_integer(&numeral, out);
}

/* Correctly rounded. Past the range of a double there is no answer. */
static bool read_number(tally_text text, double *out) {
  tl_numeral numeral;
  return read_numeral(text, &numeral) && tl_numeral_number(&numeral, out);
}

/* ---- to integer ---- */

static void read_integers(const tl_operand *operand, tl_parts *parts) {
  int64_t *to = parts->values->bytes;
  for (int64_t i = 0; i < parts->length; i++)
    if (tl_operand_present(operand, i) && !read_integer(tl_operand_text(operand, i), &to[i]))
      tl_bit_clear(parts->validity->bytes, i);
}

static tally_status not_whole(double number, tally_error *error) {
  char form[TL_FORMAT_SIZE];
  tl_format_number(number, form);
  if (floor(number) == number) return tl_fail(error, TALLY_ERANGE, "'integer' cannot hold %s, which does not fit 64 bits", form);
  return tl_fail(error, TALLY_ERANGE, "'integer' takes whole numbers, and %s is not one; use round, floor or ceil", form);
}

static tally_status whole_numbers(const tl_operand *operand, tl_parts *parts, tally_error *error) {
  const double *from = tl_numbers(operand->column);
  int64_t *to = parts->values->bytes;
  for (int64_t i = 0; i < parts->length; i++) {
    bool whole = from[i] >= -0x1p63 && from[i] < 0x1p63 && floor(from[i]) == from[i];
    if (!whole && tl_operand_present(operand, i)) return not_whole(from[i], error);
    to[i] = whole ? (int64_t)from[i] : 0;
  }
  return TALLY_OK;
}

/* Booleans are 0 and 1. */
static tally_status copy_integers(const tl_operand *operand, tl_parts *parts, tally_error *error) {
  tl_integer_rows rows;
  TL_TRY(tl_operand_integers(operand, &rows, error));
  if (parts->length) memcpy(parts->values->bytes, rows.at, (size_t)parts->length * sizeof *rows.at);
  tl_mem_free(rows.made);
  return TALLY_OK;
}

tally_status tl_evaluate_to_integer(const tl_call *call, tally_column **out, tally_error *error) {
  const tl_operand *operand = &call->arguments[0];
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  tally_status status = TALLY_OK;
  if (operand->type == TALLY_TEXT)
    read_integers(operand, &parts);
  else
    status = operand->type == TALLY_NUMBER ? whole_numbers(operand, &parts, error) : copy_integers(operand, &parts, error);
  if (status == TALLY_OK) return tl_result_finish(&parts, out, error);
  tl_parts_drop(&parts);
  return status;
}

/* ---- to number ---- */

static void read_numbers(const tl_operand *operand, tl_parts *parts) {
  double *to = parts->values->bytes;
  for (int64_t i = 0; i < parts->length; i++)
    if (tl_operand_present(operand, i) && !read_number(tl_operand_text(operand, i), &to[i]))
      tl_bit_clear(parts->validity->bytes, i);
}

static tally_status copy_numbers(const tl_operand *operand, tl_parts *parts, tally_error *error) {
  double *to = parts->values->bytes;
  if (operand->type == TALLY_BOOLEAN) {
    for (int64_t i = 0; i < parts->length; i++) to[i] = tl_boolean(operand->column, i);
    return TALLY_OK;
  }
  tl_number_rows rows;
  TL_TRY(tl_operand_numbers(operand, &rows, error));
  if (parts->length) memcpy(to, rows.at, (size_t)parts->length * sizeof *to);
  tl_mem_free(rows.made);
  return TALLY_OK;
}

tally_status tl_evaluate_to_number(const tl_call *call, tally_column **out, tally_error *error) {
  const tl_operand *operand = &call->arguments[0];
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  tally_status status = TALLY_OK;
  if (operand->type == TALLY_TEXT)
    read_numbers(operand, &parts);
  else
    status = copy_numbers(operand, &parts, error);
  if (status == TALLY_OK) return tl_result_finish(&parts, out, error);
  tl_parts_drop(&parts);
  return status;
}

/* ---- to date ---- */

tally_status tl_evaluate_to_date(const tl_call *call, tally_column **out, tally_error *error) {
  const tl_operand *operand = &call->arguments[0];
  if (operand->type == TALLY_DATE) {
    *out = tally_column_retain(operand->column);
    return TALLY_OK;
  }
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  int32_t *to = parts.values->bytes;
  for (int64_t i = 0; i < call->rows; i++)
    if (tl_operand_present(operand, i) && !tally_date_read(tl_text_trim(tl_operand_text(operand, i)), &to[i]))
      tl_bit_clear(parts.validity->bytes, i);
  return tl_result_finish(&parts, out, error);
}
