/* Conversions: text integer number date, and the attempts try_integer try_number try_date.
 *
 * The idea: a conversion is exact or it says so. What does not convert (a text that is no integer, number or date, a number that is
 * not whole) is refused, with its name; an attempt gives missing for it, because it was asked to. Only a blank text, which says
 * nothing, is missing for both. Dates have the forms that the readers of files take; amounts of money and percentages are
 * understood there, not here. No locale is consulted. */
#include <math.h>

#include "base/date.h"
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

/* A date in one of the two forms that the readers of files take. */
static bool read_date(tally_text text, int32_t *out) {
  text = tl_text_trim(text);
  return tally_date_read(text, out) || tl_date_read_day_first(text, out);
}

/* Reads a text into row `row` of the values of the answer. */
typedef bool (*text_reader)(tally_text text, int64_t row, void *values);

static bool integer_at(tally_text text, int64_t row, void *values) {
  return read_integer(text, (int64_t *)values + row);
}

static bool number_at(tally_text text, int64_t row, void *values) {
  return read_number(text, (double *)values + row);
}

static bool date_at(tally_text text, int64_t row, void *values) {
  return read_date(text, (int32_t *)values + row);
}

static bool is_attempt(const tl_call *call) {
  return call->function->variant == TL_ATTEMPT;
}

/* What is wrong with a text that was not read. */
static const char *fault_of(tally_text text, tally_type wanted) {
  tl_numeral numeral;
  if (wanted == TALLY_DATE) return "is not a date like 2019-07-31 or 31/07/2019";
  bool numeric = read_numeral(text, &numeral);
  if (wanted == TALLY_NUMBER) return numeric ? "is too large for a number" : "is not a number";
  return numeric && tl_numeral_is_whole(&numeral) ? "does not fit an integer of 64 bits" : "is not an integer";
}

static tally_status refuse_text(const tl_call *call, tally_text text, tally_error *error) {
  enum { SHOWN = 120 };
  char shown[SHOWN];
  bool whole = tally_format_value((tally_value){.type = TALLY_TEXT, .text = text}, shown, SHOWN) < SHOWN;
  return tl_fail(error, TALLY_ERANGE, "'%s%s' %s; try_%s gives missing for such texts", shown, whole ? "" : "…",
                 fault_of(text, call->type), call->function->name);
}

static tally_status read_texts(const tl_call *call, text_reader read, tl_parts *parts, tally_error *error) {
  const tl_operand *operand = &call->arguments[0];
  for (int64_t i = 0; i < parts->length; i++) {
    if (!tl_operand_present(operand, i)) continue;
    tally_text text = tl_operand_text(operand, i);
    if (read(text, i, parts->values->bytes)) continue;
    if (!is_attempt(call) && tl_text_trim(text).size) return refuse_text(call, text, error);
    tl_bit_clear(parts->validity->bytes, i);
  }
  return TALLY_OK;
}

/* The end of each conversion: the column, or nothing left behind. */
static tally_status column_of(tally_status status, tl_parts *parts, tally_column **out, tally_error *error) {
  if (status == TALLY_OK) return tl_result_finish(parts, out, error);
  tl_parts_drop(parts);
  return status;
}

/* ---- to integer ---- */

static tally_status not_whole(double number, tally_error *error) {
  char form[TL_FORMAT_SIZE];
  tl_format_number(number, form);
  if (floor(number) == number) return tl_fail(error, TALLY_ERANGE, "'integer' cannot hold %s, which does not fit 64 bits", form);
  return tl_fail(error, TALLY_ERANGE, "'integer' takes whole numbers, and %s is not one; use round, floor or ceil", form);
}

static tally_status whole_numbers(const tl_call *call, tl_parts *parts, tally_error *error) {
  const tl_operand *operand = &call->arguments[0];
  const double *from = tl_numbers(operand->column);
  int64_t *to = parts->values->bytes;
  for (int64_t i = 0; i < parts->length; i++) {
    bool whole = from[i] >= -0x1p63 && from[i] < 0x1p63 && floor(from[i]) == from[i];
    to[i] = whole ? (int64_t)from[i] : 0;
    if (whole || !tl_operand_present(operand, i)) continue;
    if (!is_attempt(call)) return not_whole(from[i], error);
    tl_bit_clear(parts->validity->bytes, i);
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
  tally_status status;
  if (operand->type == TALLY_TEXT)
    status = read_texts(call, integer_at, &parts, error);
  else
    status = operand->type == TALLY_NUMBER ? whole_numbers(call, &parts, error) : copy_integers(operand, &parts, error);
  return column_of(status, &parts, out, error);
}

/* ---- to number ---- */

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
  bool is_text = operand->type == TALLY_TEXT;
  tally_status status = is_text ? read_texts(call, number_at, &parts, error) : copy_numbers(operand, &parts, error);
  return column_of(status, &parts, out, error);
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
  return column_of(read_texts(call, date_at, &parts, error), &parts, out, error);
}
