/* ingest/date: two forms of a date, checked against the calendar, as days since 1970. Month-first dates are not read: nothing in a
 * value tells them from day-first ones. */
#include "ingest/date.h"

#include <stdint.h>

/* One number of `least` to `most` digits, taken off the start. */
static bool take_number(tally_text *text, size_t least, size_t most, int *out) {
  size_t size = 0;
  *out = 0;
  while (size < most && size < text->size && text->bytes[size] >= '0' && text->bytes[size] <= '9') {
    *out = *out * 10 + (text->bytes[size++] - '0');
  }
  *text = tl_text(text->bytes + size, text->size - size);
  return size >= least;
}

static bool take_character(tally_text *text, char c) {
  if (text->size == 0 || text->bytes[0] != c) return false;
  *text = tl_text(text->bytes + 1, text->size - 1);
  return true;
}

static bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool in_calendar(int year, int month, int day) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  return day <= days[month - 1] + (month == 2 && is_leap(year));
}

/* Years are counted from March, so that the leap day is the last; 719468 days lie between 0000-03-01 and 1970-01-01. */
static int32_t days_since_1970(int year, int month, int day) {
  year -= month <= 2;
  int century = year / 400, of_century = year % 400;
  int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return century * 146097 + of_century * 365 + of_century / 4 - of_century / 100 + of_year - 719468;
}

static bool finish(tally_text rest, int year, int month, int day, int32_t *out) {
  if (rest.size > 0 || !in_calendar(year, month, day)) return false;
  *out = days_since_1970(year, month, day);
  return true;
}

bool tl_date_read_iso(tally_text text, int32_t *out) {
  int year, month, day;
  return take_number(&text, 4, 4, &year) && take_character(&text, '-') && take_number(&text, 2, 2, &month) &&
         take_character(&text, '-') && take_number(&text, 2, 2, &day) && finish(text, year, month, day, out);
}

bool tl_date_read_day_first(tally_text text, int32_t *out) {
  int year, month, day;
  return take_number(&text, 1, 2, &day) && take_character(&text, '/') && take_number(&text, 1, 2, &month) &&
         take_character(&text, '/') && take_number(&text, 4, 4, &year) && finish(text, year, month, day, out);
}
