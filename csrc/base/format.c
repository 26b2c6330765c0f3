/* base/format: integers, numbers and dates become text here, and tally_format_value puts them together. The digits of a number are
 * found in base/shortest; this room only lays them out. Reading is not its business. */
#include "base/format.h"

#include "base/date.h"

#include <math.h>
#include <string.h>

#include "base/shortest.h"
#include "base/text.h"

/* ---- integers ---- */

/* At least `width` digits, zeros in front. */
static char *put_digits(char *to, uint64_t value, int width) {
  char reversed[20];
  int count = 0;
  for (; value || count < width; value /= 10) reversed[count++] = (char)('0' + value % 10);
  while (count > 0) *to++ = reversed[--count];
  return to;
}

static uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

size_t tl_format_integer(int64_t value, char to[TL_FORMAT_SIZE]) {
  char *end = to;
  if (value < 0) *end++ = '-';
  end = put_digits(end, magnitude(value), 1);
  *end = '\0';
  return (size_t)(end - to);
}

/* ---- numbers ---- */

/* Digits first .. last-1, zeros where there are none. */
static char *put_shortest(char *to, const char *digits, int count, int first, int last) {
  for (int i = first; i < last; i++) *to++ = (char)('0' + (i >= 0 && i < count ? digits[i] : 0));
  return to;
}

static char *put_plain(char *to, const char *digits, int count, int point) {
  to = put_shortest(to, digits, count, point > 0 ? 0 : point - 1, point);
  *to++ = '.';
  return put_shortest(to, digits, count, point, count > point ? count : point + 1);
}

static char *put_exponent(char *to, const char *digits, int count, int point) {
  to = put_shortest(to, digits, count, 0, 1);
  if (count > 1) *to++ = '.';
  to = put_shortest(to, digits, count, 1, count);
  *to++ = 'e';
  if (point < 1) *to++ = '-';
  return put_digits(to, magnitude(point - 1), 1);
}

static char *put_word(char *to, const char *word) {
  size_t size = strlen(word);
  memcpy(to, word, size);
  return to + size;
}

static char *put_positive(char *to, double value) {
  char digits[TL_SHORTEST_DIGITS];
  int point, count;
  if (value == 0) return put_word(to, "0.0");
  if (isinf(value)) return put_word(to, "inf");
  count = tl_shortest_digits(value, digits, &point);
  return point > -4 && point <= 16 ? put_plain(to, digits, count, point) : put_exponent(to, digits, count, point);
}

size_t tl_format_number(double value, char to[TL_FORMAT_SIZE]) {
  char *end = to;
  if (isnan(value)) {
    end = put_word(end, "nan");
  } else {
    if (signbit(value)) *end++ = '-';
    end = put_positive(end, fabs(value));
  }
  *end = '\0';
  return (size_t)(end - to);
}

/* ---- dates ---- */

size_t tl_format_date(int32_t value, char to[TL_FORMAT_SIZE]) {
  int64_t year;
  int month, day;
  tl_date_split(value, &year, &month, &day);
  char *end = to;
  if (year < 0 || year > 9999) *end++ = year < 0 ? '-' : '+';
  end = put_digits(end, magnitude(year), 4);
  *end++ = '-';
  end = put_digits(end, (uint64_t)month, 2);
  *end++ = '-';
  end = put_digits(end, (uint64_t)day, 2);
  *end = '\0';
  return (size_t)(end - to);
}

/* ---- values ---- */

/* `text` as it fits, cut at a whole character. */
static void copy_cut(tally_text text, char *buffer, size_t size) {
  if (size == 0) return;
  size_t fits = text.size < size ? text.size : size - 1;
  while (fits > 0 && fits < text.size && ((unsigned char)text.bytes[fits] & 0xC0) == 0x80) fits--;
  if (fits) memcpy(buffer, text.bytes, fits);
  buffer[fits] = '\0';
}

size_t tally_format_value(tally_value value, char *buffer, size_t size) {
  char form[TL_FORMAT_SIZE] = "";
  tally_text text = {form, 0};
  switch (value.type) {
    case TALLY_BOOLEAN:
      text = tl_text_of(value.boolean ? "true" : "false");
      break;
    case TALLY_INTEGER:
      text.size = tl_format_integer(value.integer, form);
      break;
    case TALLY_NUMBER:
      text.size = tl_format_number(value.number, form);
      break;
    case TALLY_DATE:
      text.size = tl_format_date(value.date, form);
      break;
    case TALLY_TEXT:
      text = value.text;
      break;
    case TALLY_MISSING:
      break;
  }
  copy_cut(text, buffer, size);
  return text.size;
}
