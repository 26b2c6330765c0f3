/* The slow twin of formulas: every function once more, plainly, for one row of single values. Written from the manual and not from
 * the engine; it takes other ways wherever there are any (128-bit integers, decimal digits, day-by-day calendars). */
#ifndef EXPRESSION_TWIN_H
#define EXPRESSION_TWIN_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

enum { TEXT_MOST = 400 };

/* ---- values; missing comes in and goes out as TALLY_MISSING ---- */

static bool failed; /* the function has no answer and must be refused for the whole column */
static char made[TEXT_MOST];

static tally_value nothing(void) {
  return (tally_value){.type = TALLY_MISSING};
}
static tally_value truth(bool is) {
  return (tally_value){.type = TALLY_BOOLEAN, .boolean = is};
}
static tally_value number(double x) {
  return (tally_value){.type = TALLY_NUMBER, .number = x};
}
static tally_value text(const char *bytes, size_t size) {
  return (tally_value){.type = TALLY_TEXT, .text = {bytes, size}};
}

static tally_value integer(__int128 x) {
  failed |= x > INT64_MAX || x < INT64_MIN;
  return (tally_value){.type = TALLY_INTEGER, .integer = (int64_t)x};
}

static tally_value day(__int128 x) {
  failed |= x > INT32_MAX || x < INT32_MIN;
  return (tally_value){.type = TALLY_DATE, .date = (int32_t)x};
}

static bool is(const char *name, const char *other) {
  return strcmp(name, other) == 0;
}
static bool missing(tally_value value) {
  return value.type == TALLY_MISSING;
}
static double as_number(tally_value v) {
  return v.type == TALLY_NUMBER ? v.number : (double)v.integer;
}

static __int128 floor_quotient(__int128 a, __int128 b) {
  __int128 q = a / b;
  return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}

static tally_value integer_arithmetic(const char *name, __int128 a, __int128 b) {
  if (is(name, "+")) return integer(a + b);
  if (is(name, "-")) return integer(a - b);
  if (is(name, "*")) return integer(a * b);
  if (b == 0) return nothing();
  __int128 quotient = floor_quotient(a, b);
  return is(name, "//") ? integer(quotient) : integer(a - quotient * b);
}

static tally_value number_arithmetic(const char *name, double a, double b) {
  if (is(name, "+")) return number(a + b);
  if (is(name, "-")) return number(a - b);
  if (is(name, "*")) return number(a * b);
  if (is(name, "^")) {
    double power = pow(a, b);
    return isinf(a) || isnan(a) || isinf(b) || isnan(b) || (!isinf(power) && !isnan(power)) ? number(power) : nothing();
  }
  if (b == 0) return nothing();
  if (is(name, "/") || is(name, "share")) return number(a / b);
  if (is(name, "percent")) return number(100 * a / b);
  if (is(name, "//")) return number(floor(a / b));
  double rest = fmod(a, b);
  if ((rest > 0 && b < 0) || (rest < 0 && b > 0)) rest += b;
  return number(rest);
}

static tally_value arithmetic(const char *name, tally_value a, tally_value b) {
  if (a.type == TALLY_DATE && b.type == TALLY_DATE) return integer((__int128)a.date - b.date);
  if (a.type == TALLY_DATE) return day(is(name, "+") ? (__int128)a.date + b.integer : (__int128)a.date - b.integer);
  if (b.type == TALLY_DATE) return day((__int128)a.integer + b.date);
  bool whole = a.type == TALLY_INTEGER && b.type == TALLY_INTEGER && strpbrk(name, "+-*/%") && !is(name, "/");
  return whole ? integer_arithmetic(name, a.integer, b.integer) : number_arithmetic(name, as_number(a), as_number(b));
}

/* -1, 0, 1; 2 when a NaN is in it. An x87 long double holds both types exactly; elsewhere it is wider still. */
static int order(tally_value a, tally_value b) {
  if (a.type == TALLY_TEXT) {
    size_t common = a.text.size < b.text.size ? a.text.size : b.text.size;
    int by_bytes = memcmp(a.text.bytes, b.text.bytes, common);
    if (by_bytes) return by_bytes < 0 ? -1 : 1;
    return a.text.size < b.text.size ? -1 : a.text.size > b.text.size;
  }
  if (a.type == TALLY_BOOLEAN) return a.boolean - b.boolean;
  if (a.type == TALLY_DATE) return a.date < b.date ? -1 : a.date > b.date;
  long double x = a.type == TALLY_NUMBER ? (long double)a.number : (long double)a.integer;
  long double y = b.type == TALLY_NUMBER ? (long double)b.number : (long double)b.integer;
  return x != x || y != y ? 2 : x < y ? -1 : x > y;
}

static tally_value comparison(const char *name, tally_value a, tally_value b) {
  int found = order(a, b);
  if (is(name, "==")) return truth(found == 0);
  if (is(name, "~=")) return truth(found != 0);
  if (is(name, "<")) return truth(found == -1);
  if (is(name, "<=")) return truth(found == -1 || found == 0);
  if (is(name, ">")) return truth(found == 1);
  return truth(found == 1 || found == 0);
}

static tally_value junction(bool all, const tally_value *a, size_t count) {
  bool open = false;
  for (size_t i = 0; i < count; i++) {
    if (missing(a[i]))
      open = true;
    else if (a[i].boolean != all)
      return truth(!all);
  }
  return open ? nothing() : truth(all);
}

static tally_value membership(const tally_value *a, size_t count) {
  bool open = missing(a[0]);
  for (size_t i = 1; i < count; i++) {
    if (missing(a[i]) || missing(a[0]))
      open |= missing(a[i]);
    else if (order(a[0], a[i]) == 0)
      return truth(true);
  }
  return open ? nothing() : truth(false);
}

static tally_value extreme(bool greatest, const tally_value *a, size_t count, tally_type type) {
  tally_value best = a[0];
  for (size_t i = 1; i < count; i++) {
    bool nan_best = best.type == TALLY_NUMBER && isnan(best.number), nan_this = a[i].type == TALLY_NUMBER && isnan(a[i].number);
    tally_value x = type == TALLY_NUMBER ? number(as_number(best)) : best,
                y = type == TALLY_NUMBER ? number(as_number(a[i])) : a[i];
    int found = nan_best || nan_this ? nan_best - nan_this : order(x, y);
    if (greatest ? found < 0 : found > 0) best = a[i];
  }
  return best;
}

/* Half away from zero on the digits of the shortest decimal that reads back. */
static double round_twin(double x, int64_t digits) {
  char shortest[64], exact[800];
  if (isnan(x) || isinf(x)) return x;
  for (int precision = 1; precision <= 17; precision++) {
    snprintf(shortest, sizeof shortest, "%.*e", precision - 1, fabs(x));
    if (strtod(shortest, NULL) == fabs(x)) break;
  }
  /* d.ddde±x as a plain decimal */
  int exponent = atoi(strchr(shortest, 'e') + 1), count = 0;
  char figures[32];
  for (char *at = shortest; *at != 'e'; at++)
    if (*at != '.') figures[count++] = *at;
  int kept = exponent + 1 + (int)digits; /* figures before the cut */
  if (kept >= count) return x == 0 ? 0 : x;
  bool up = kept >= 0 && figures[kept] >= '5';
  __int128 whole = 0;
  for (int i = 0; i < kept; i++) whole = whole * 10 + (figures[i] - '0');
  snprintf(exact, sizeof exact, "%llde-%lld", (long long)(whole + up), (long long)digits);
  double rounded = strtod(exact, NULL);
  return rounded == 0 ? 0 : x < 0 ? -rounded : rounded;
}

static tally_value math(const char *name, tally_value x) {
  if (x.type == TALLY_INTEGER) {
    if (is(name, "neg")) return integer(-(__int128)x.integer);
    if (is(name, "abs")) return integer(x.integer < 0 ? -(__int128)x.integer : x.integer);
    if (is(name, "floor") || is(name, "ceil")) return x;
  }
  double from = as_number(x), to;
  if (is(name, "neg"))
    to = -from;
  else if (is(name, "abs"))
    to = fabs(from);
  else if (is(name, "floor"))
    to = floor(from);
  else if (is(name, "ceil"))
    to = ceil(from);
  else if (is(name, "sqrt"))
    to = sqrt(from);
  else if (is(name, "exp"))
    to = exp(from);
  else if (is(name, "log"))
    to = log(from);
  else
    to = log10(from);
  bool lost = !isinf(from) && !isnan(from) && (isinf(to) || isnan(to));
  return lost ? nothing() : number(to);
}

/* ---- the twin of text ---- */

static size_t put_character(char *to, uint32_t c) {
  if (c < 0x80) return to[0] = (char)c, 1;
  if (c < 0x800) return to[0] = (char)(0xC0 | c >> 6), to[1] = (char)(0x80 | (c & 63)), 2;
  size_t size = c < 0x10000 ? 3 : 4;
  for (size_t i = size; i-- > 1; c >>= 6) to[i] = (char)(0x80 | (c & 63));
  to[0] = (char)((size == 3 ? 0xE0 : 0xF0) | c);
  return size;
}

/* The characters of a text as numbers. */
static int decode(tally_text from, uint32_t *to) {
  int count = 0;
  for (size_t i = 0; i < from.size;) {
    unsigned char lead = (unsigned char)from.bytes[i];
    int size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t c = size == 1 ? lead : lead & (0xFFu >> (size + 1));
    for (int k = 1; k < size; k++) c = c << 6 | ((unsigned char)from.bytes[i + (size_t)k] & 63u);
    to[count++] = c;
    i += (size_t)size;
  }
  return count;
}

/* Capitals and small letters that the texts above hold, in pairs. */
static const char *const pairs[] = {"Aa", "Bb", "Cc", "Dd", "Ee", "Hh", "Ii", "Kk", "Nn", "Oo", "Pp", "Rr", "Tt", "Uu", "Vv",
                                    "Xx", "Éé", "Ôô", "Ωω", "Μμ", "Εε", "Γγ", "Αα", "Пп", "Рр", "Ии", "Вв", "Тт", "Ее", "Έέ"};

static uint32_t change_twin(uint32_t c, bool upper) {
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    uint32_t both[2];
    if (decode((tally_text){pairs[i], strlen(pairs[i])}, both) != 2) continue;
    if (c == both[upper]) return both[!upper];
  }
  return c;
}

static tally_value case_twin(tally_text from, bool upper) {
  uint32_t characters[TEXT_MOST];
  int count = decode(from, characters);
  size_t size = 0;
  for (int i = 0; i < count; i++) size += put_character(made + size, change_twin(characters[i], upper));
  return text(made, size);
}

static tally_value substring_twin(tally_text from, int64_t first, int64_t last) {
  uint32_t characters[TEXT_MOST];
  int count = decode(from, characters);
  size_t size = 0;
  for (int i = 0; i < count; i++) {
    int64_t forward = i + 1, backward = i - count;
    bool after = first < 0 ? backward >= first : forward >= first;
    bool before = last < 0 ? backward <= last : forward <= last;
    if (after && before) size += put_character(made + size, characters[i]);
  }
  return text(made, size);
}

static bool stands_at(tally_text whole, size_t at, tally_text part) {
  return at + part.size <= whole.size && memcmp(whole.bytes + at, part.bytes, part.size) == 0;
}

static tally_value replace_twin(tally_text whole, tally_text part, tally_text by) {
  size_t size = 0;
  for (size_t i = 0; i < whole.size;) {
    if (part.size && stands_at(whole, i, part)) {
      memcpy(made + size, by.bytes, by.size);
      size += by.size;
      i += part.size;
    } else {
      made[size++] = whole.bytes[i++];
    }
  }
  return text(made, size);
}

static tally_value concat_twin(const tally_value *a, size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++) {
    memcpy(made + size, a[i].text.bytes, a[i].text.size);
    size += a[i].text.size;
  }
  return text(made, size);
}

static tally_value trim_twin(tally_text from) {
  uint32_t c[TEXT_MOST];
  int last = decode(from, c), first = 0;
  size_t size = 0;
#define BLANK(x) ((x) == ' ' || (x) == '\t' || (x) == 0xA0 || (x) == 0xFEFF)
  while (first < last && BLANK(c[first])) first++;
  while (last > first && BLANK(c[last - 1])) last--;
  for (int i = first; i < last; i++) size += put_character(made + size, c[i]);
  return text(made, size);
}

static tally_value text_function(const char *name, const tally_value *a, size_t count) {
  tally_text first = a[0].text;
  if (is(name, "lower")) return case_twin(first, false);
  if (is(name, "upper")) return case_twin(first, true);
  if (is(name, "trim")) return trim_twin(first);
  if (is(name, "replace")) return replace_twin(first, a[1].text, a[2].text);
  if (is(name, "substring")) return substring_twin(first, a[1].integer, count > 2 ? a[2].integer : -1);
  if (is(name, "concat") || is(name, "..")) return concat_twin(a, count);
  if (is(name, "length")) return integer(decode(first, (uint32_t[TEXT_MOST]){0}));
  if (is(name, "starts_with")) return truth(stands_at(first, 0, a[1].text));
  if (is(name, "ends_with")) return truth(first.size >= a[1].text.size && stands_at(first, first.size - a[1].text.size, a[1].text));
  bool found = false;
  for (size_t i = 0; i <= first.size; i++) found |= stands_at(first, i, a[1].text);
  return truth(found);
}

/* ---- the twin of dates and conversions ---- */

static bool leap(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int64_t year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && leap(year));
}

/* Day by day, or nearly. */
static void civil(int32_t date, int64_t *year, int *month, int *mday) {
  int64_t left = date;
  *year = 1970, *month = 1;
  while (left < 0) left += 365 + leap(--*year);
  while (left >= 365 + leap(*year)) left -= 365 + leap((*year)++);
  while (left >= days_of_month(*year, *month)) left -= days_of_month(*year, (*month)++);
  *mday = (int)left + 1;
}

/* The answer where there is none: missing for an attempt and for a blank text. */
static tally_value unread(tally_value from, bool attempt) {
  failed |= !attempt && (from.type != TALLY_TEXT || trim_twin(from.text).text.size > 0);
  return nothing();
}

/* The only dates among the texts. */
static tally_value to_date(tally_value from, bool attempt) {
  static const struct {
    const char *form;
    int32_t date;
  } days[] = {{"2019-08-31", 18139}, {"31/07/2019", 18108}, {" 1/8/2019", 18109}};
  if (from.type == TALLY_DATE) return from;
  for (size_t i = 0; i < sizeof days / sizeof *days; i++)
    if (from.text.size == strlen(days[i].form) && memcmp(from.text.bytes, days[i].form, from.text.size) == 0)
      return day(days[i].date);
  return unread(from, attempt);
}

static tally_value to_integer(tally_value from, bool attempt) {
  if (from.type == TALLY_BOOLEAN) return integer(from.boolean);
  if (from.type == TALLY_INTEGER) return from;
  if (from.type == TALLY_NUMBER) {
    bool whole = from.number >= -0x1p63 && from.number < 0x1p63 && nearbyint(from.number) == from.number;
    return whole ? integer((__int128)from.number) : unread(from, attempt);
  }
  char copy[64] = {0}, *end;
  memcpy(copy, from.text.bytes, from.text.size);
  long long value = strtoll(copy, &end, 10);
  return *copy && *copy != ' ' && !*end && strcmp(copy, "9223372036854775808") ? integer(value) : unread(from, attempt);
}

static tally_value to_number(tally_value from, bool attempt) {
  if (from.type == TALLY_BOOLEAN) return number(from.boolean);
  if (from.type != TALLY_TEXT) return number(as_number(from));
  char copy[64] = {0}, *end;
  memcpy(copy, from.text.bytes, from.text.size);
  double value = strtod(copy, &end);
  return *copy && *copy != ' ' && !*end ? number(value) : unread(from, attempt);
}

static tally_value to_text(tally_value from) {
  if (from.type == TALLY_TEXT) return from;
  return text(made, tally_format_value(from, made, sizeof made));
}

static tally_value start_year_twin(tally_value from) {
  static const struct {
    const char *form;
    int year;
  } years[] = {{"2019/20", 2019}, {"2019-20", 2019}, {"201920", 2019}, {"2019/2020", 2019}, {"1999/00", 1999}, {"2019–20", 2019}};
  if (from.type == TALLY_INTEGER)
    return from.integer == 201920 ? integer(2019) : from.integer == 199900 ? integer(1999) : nothing();
  for (size_t i = 0; i < sizeof years / sizeof *years; i++)
    if (from.text.size == strlen(years[i].form) && memcmp(from.text.bytes, years[i].form, from.text.size) == 0)
      return integer(years[i].year);
  return nothing();
}

static tally_value date_function(const char *name, tally_value from) {
  int64_t year;
  int month, mday;
  if (is(name, "text")) return to_text(from);
  if (is(name, "integer") || is(name, "try_integer")) return to_integer(from, *name == 't');
  if (is(name, "number") || is(name, "try_number")) return to_number(from, *name == 't');
  if (is(name, "date") || is(name, "try_date")) return to_date(from, *name == 't');
  if (is(name, "start_year")) return start_year_twin(from);
  civil(from.date, &year, &month, &mday);
  return integer(is(name, "year") ? year : is(name, "month") ? month : mday);
}

/* ---- the whole twin ---- */

static tally_value approximate(tally_value value, tally_type type) {
  return type == TALLY_NUMBER && value.type == TALLY_INTEGER ? number((double)value.integer) : value;
}

/* A number in place of the integer, which must not lose digits. */
static tally_value chosen(tally_value value, tally_type type) {
  failed |= type == TALLY_NUMBER && value.type == TALLY_INTEGER && (__int128)(double)value.integer != value.integer;
  return approximate(value, type);
}

static bool among(const char *name, const char *list) {
  char spaced[32];
  snprintf(spaced, sizeof spaced, " %s ", name);
  return strstr(list, spaced) != NULL;
}

static tally_value twin(const char *name, const tally_value *a, size_t count, tally_type type) {
  if (type == TALLY_MISSING) return nothing();
  if (is(name, "is_missing")) return truth(missing(a[0]));
  if (is(name, "and") || is(name, "or")) return junction(is(name, "and"), a, count);
  if (is(name, "in")) return membership(a, count);
  if (is(name, "if_else")) return missing(a[0]) ? nothing() : chosen(a[a[0].boolean ? 1 : 2], type);
  for (size_t i = 0; is(name, "coalesce") && i < count; i++)
    if (!missing(a[i])) return chosen(a[i], type);
  for (size_t i = 0; i < count; i++)
    if (missing(a[i])) return nothing();
  if (is(name, "not")) return truth(!a[0].boolean);
  if (is(name, "round")) {
    int64_t digits = count > 1 ? a[1].integer : 0;
    failed |= digits < 0 || digits > 15;
    return failed || type == TALLY_INTEGER ? a[0] : number(round_twin(a[0].number, digits));
  }
  if (among(name, " + - * / // % ^ percent share ")) return arithmetic(name, a[0], a[1]);
  if (among(name, " == ~= < <= > >= ")) return comparison(name, a[0], a[1]);
  if (among(name, " neg abs floor ceil sqrt exp log log10 ")) return math(name, a[0]);
  if (is(name, "min") || is(name, "max")) return approximate(extreme(is(name, "max"), a, count, type), type);
  if (among(name, " text integer number date try_integer try_number try_date year month day start_year "))
    return date_function(name, a[0]);
  return text_function(name, a, count);
}

#endif
