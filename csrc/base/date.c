/* base/date: days and the calendar. Two forms of a date, checked against the calendar, as days since 1970. Month-first dates are
 * not read: nothing in a value tells them from day-first ones. */
#include "base/date.h"

/* One number of `least` to `most` digits, taken off the start. */
static bool take_number(tally_text *text, size_t least, size_t most, int *out) {
  size_t size = 0;
  *out = 0;
  while (size < most && size < text->size && tl_is_digit(text->bytes[size])) {
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
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= days[month - 1] + (month == 2 && is_leap(year));
}

/* Years are counted from March, so that the leap day is the last; 719468 days lie between 0000-03-01 and 1970-01-01. Counting begins
 * 400 years, 146097 days, before, so that January of the year 0 is not negative. */
static int32_t days_since_1970(int year, int month, int day) {
  year += 400 - (month <= 2);
  int century = year / 400, of_century = year % 400;
  int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return century * 146097 + of_century * 365 + of_century / 4 - of_century / 100 + of_year - 719468 - 146097;
}

static bool finish(tally_text rest, int year, int month, int day, int32_t *out) {
  if (rest.size > 0 || !in_calendar(year, month, day)) return false;
  *out = days_since_1970(year, month, day);
  return true;
}

bool tally_date_read(tally_text text, int32_t *out) {
  int year, month, day;
  return take_number(&text, 4, 4, &year) && take_character(&text, '-') && take_number(&text, 2, 2, &month) &&
         take_character(&text, '-') && take_number(&text, 2, 2, &day) && finish(text, year, month, day, out);
}

bool tl_date_read_day_first(tally_text text, int32_t *out) {
  int year, month, day;
  return take_number(&text, 1, 2, &day) && take_character(&text, '/') && take_number(&text, 1, 2, &month) &&
         take_character(&text, '/') && take_number(&text, 4, 4, &year) && finish(text, year, month, day, out);
}

static int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0);
}

/* Years are counted from March, so that the leap day is the last of a year; 400 of them have 146097 days. */
void tl_date_split(int32_t date, int64_t *year, int *month, int *day) {
  int64_t days = (int64_t)date + 719468, era = floor_divide(days, 146097);
  int day_of_era = (int)(days - era * 146097);
  int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int month_from_march = (5 * day_of_year + 2) / 153;
  *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  *year = year_of_era + era * 400 + (*month <= 2);
}
