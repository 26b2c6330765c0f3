/* Conversions: text integer number date.
 *
 * The idea: a conversion by name is exact or it says so. Text that is not a plain integer, number or ISO date becomes missing,
 * since data are like that; a number that is not whole is never cut to an integer in silence, but refused. Published forms
 * (thousands separators, currency, other orders of a date) are understood by the readers of files, not here. No locale is
 * consulted. */
/* For strtod_l. */
#define _GNU_SOURCE
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "base/format.h"
#include "column/builder.h"
#include "ops/function_date.h"
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

/* The number of digits at the start. */
static size_t digits(tally_text text) {
  size_t count = 0;
  while (count < text.size && text.bytes[count] >= '0' && text.bytes[count] <= '9') count++;
  return count;
}

static tally_text past(tally_text text, size_t size) {
  return tl_text(text.bytes + size, text.size - size);
}

static tally_text past_sign(tally_text text) {
  return past(text, text.size > 0 && (text.bytes[0] == '-' || text.bytes[0] == '+'));
}

static bool read_integer(tally_text text, int64_t *out) {
  text = tl_text_trim(text);
  tally_text figures = past_sign(text);
  if (figures.size == 0 || digits(figures) != figures.size) return false;
  bool fits = true, minus = text.bytes[0] == '-';
  *out = 0;
  for (size_t i = 0; i < figures.size && fits; i++) {
    int digit = figures.bytes[i] - '0';
    fits = !__builtin_mul_overflow(*out, 10, out) && !__builtin_add_overflow(*out, minus ? -digit : digit, out);
  }
  return fits;
}

/* Digits with at most one point among or around them, and an exponent or none. */
static bool is_number(tally_text text) {
  text = past_sign(text);
  size_t before = digits(text), after = 0;
  text = past(text, before);
  if (text.size > 0 && text.bytes[0] == '.') {
    text = past(text, 1);
    after = digits(text);
    text = past(text, after);
  }
  if (before + after == 0) return false;
  if (text.size == 0) return true;
  if (text.bytes[0] != 'e' && text.bytes[0] != 'E') return false;
  text = past_sign(past(text, 1));
  return text.size > 0 && digits(text) == text.size;
}

enum { NUMBER_MOST = 400 };

/* Correctly rounded. Past the range of a double there is no answer. */
static bool read_number(tally_text text, locale_t plain, double *out) {
  char copy[NUMBER_MOST + 1];
  text = tl_text_trim(text);
  if (text.size > NUMBER_MOST || !is_number(text)) return false;
  memcpy(copy, text.bytes, text.size);
  copy[text.size] = '\0';
  *out = strtod_l(copy, NULL, plain);
  return isfinite(*out);
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

static tally_status read_numbers(const tl_operand *operand, tl_parts *parts, tally_error *error) {
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (plain == (locale_t)0) return tl_no_memory(error);
  double *to = parts->values->bytes;
  for (int64_t i = 0; i < parts->length; i++)
    if (tl_operand_present(operand, i) && !read_number(tl_operand_text(operand, i), plain, &to[i]))
      tl_bit_clear(parts->validity->bytes, i);
  freelocale(plain);
  return TALLY_OK;
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
  tally_status status = operand->type == TALLY_TEXT ? read_numbers(operand, &parts, error) : copy_numbers(operand, &parts, error);
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
    if (tl_operand_present(operand, i) && !tl_date_read(tl_operand_text(operand, i), &to[i]))
      tl_bit_clear(parts.validity->bytes, i);
  return tl_result_finish(&parts, out, error);
}
