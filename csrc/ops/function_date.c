/* Functions of dates and of academic years: year month day, start_year.
 *
 * The idea: a date is a number of days, taken apart in the proleptic Gregorian calendar by integer arithmetic; and an academic year
 * is a text in one of the published forms, whose second year must follow its first, so that "2019/21" or a code of six digits is
 * never taken for one. This room has no clock and no time zones. */
#include "base/date.h"
#include "ops/function_operand.h"

static int64_t date_part(int variant, int32_t date) {
  int64_t year;
  int month, day;
  tl_date_split(date, &year, &month, &day);
  return variant == TL_YEAR ? year : variant == TL_MONTH ? month : day;
}

tally_status tl_evaluate_date_part(const tl_call *call, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  const int32_t *dates = tl_dates(call->arguments[0].column);
  int64_t *to = parts.values->bytes;
  for (int64_t i = 0; i < call->rows; i++) to[i] = date_part(call->function->variant, dates[i]);
  return tl_result_finish(&parts, out, error);
}

/* ---- academic years ---- */

/* The number of `size` digits, or -1. */
static int digits(const char *at, size_t size) {
  int number = 0;
  for (size_t i = 0; i < size; i++) {
    if (at[i] < '0' || at[i] > '9') return -1;
    number = number * 10 + (at[i] - '0');
  }
  return number;
}

/* The bytes of a slash, hyphen or en dash. */
static size_t separator_size(tally_text text) {
  if (text.size >= 1 && (text.bytes[0] == '/' || text.bytes[0] == '-')) return 1;
  return text.size >= 3 && memcmp(text.bytes, "\xE2\x80\x93", 3) == 0 ? 3 : 0;
}

/* "2019/20", "2019-20", "201920", "2019/2020" give 2019; -1 for anything else. */
static int start_year(tally_text text) {
  text = tl_text_trim(text);
  if (text.size < 6) return -1;
  int first = digits(text.bytes, 4);
  tally_text rest = {text.bytes + 4, text.size - 4};
  size_t separator = separator_size(rest);
  rest = tl_text(rest.bytes + separator, rest.size - separator);
  if (first < 0 || (rest.size != 2 && (rest.size != 4 || separator == 0))) return -1;
  int next = rest.size == 2 ? (first + 1) % 100 : first + 1;
  return digits(rest.bytes, rest.size) == next ? first : -1;
}

/* 201920, where a column of years was read as integers. */
static int start_year_of_integer(int64_t number) {
  int first = number >= 100000 && number <= 999999 ? (int)(number / 100) : -1;
  return first >= 0 && number % 100 == (first + 1) % 100 ? first : -1;
}

tally_status tl_evaluate_start_year(const tl_call *call, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  const tl_operand *operand = &call->arguments[0];
  int64_t *to = parts.values->bytes;
  for (int64_t i = 0; i < call->rows; i++) {
    if (!tl_operand_present(operand, i)) continue;
    int year = operand->type == TALLY_TEXT ? start_year(tl_operand_text(operand, i))
                                           : start_year_of_integer(tl_integers(operand->column)[i]);
    to[i] = year;
    if (year < 0) tl_bit_clear(parts.validity->bytes, i);
  }
  return tl_result_finish(&parts, out, error);
}
