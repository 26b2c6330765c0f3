/* base/format: integers, numbers and dates become text here, and tally_format_value puts them together. The digits of a number are
 * found in base/shortest; this room only lays them out. Reading is not its business. */
#include "base/format.h"

#include "base/date.h"

#include <math.h>
#include <string.h>

#include "base/shortest.h"
#include "base/text.h"

/* ---- integers ---- */

enum { EIGHT_DIGITS = 100000000 };

/* The eight digits of a value below 10^8 in the bytes of a number, the first of them lowest. Found in parallel: halves of four
 * digits, then quarters of two, then single ones, each quotient by a multiplication that is exact in its range. */
static uint64_t eight_digits(uint64_t value) {
  uint64_t halves = value / 10000 | value % 10000 << 32;
  uint64_t upper = (halves * 10486 >> 20) & 0x0000007F0000007F;
  uint64_t quarters = upper | (halves - upper * 100) << 16;
  uint64_t tens = (quarters * 103 >> 10) & 0x000F000F000F000F;
  return tens | (quarters - tens * 10) << 8;
}

/* Eight bytes of text, the first of them the lowest of `digits`. */
static void put_bytes(char *to, uint64_t digits) {
  digits |= 0x3030303030303030;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  digits = __builtin_bswap64(digits);
#endif
  memcpy(to, &digits, sizeof digits);
}

/* The last `count` of the eight digits of a value. */
static char *put_padded(char *to, uint64_t value, int count) {
  put_bytes(to, eight_digits(value) >> (8 - count) * 8);
  return to + count;
}

static char *put_digits(char *to, uint64_t value) {
  if (value >= EIGHT_DIGITS) return put_padded(put_digits(to, value / EIGHT_DIGITS), value % EIGHT_DIGITS, 8);
  uint64_t digits = eight_digits(value);
  int zeros = __builtin_ctzll(digits | (uint64_t)1 << 56) / 8; /* in front of the first digit that stays, at most 7 */
  put_bytes(to, digits >> zeros * 8);
  return to + 8 - zeros;
}

static uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

size_t tl_format_integer(int64_t value, char to[TL_FORMAT_SIZE]) {
  char *end = to;
  if (value < 0) *end++ = '-';
  end = put_digits(end, magnitude(value));
  *end = '\0';
  return (size_t)(end - to);
}

/* ---- numbers ---- */

static char *put_zeros(char *to, int count) {
  memset(to, '0', (size_t)count);
  return to + count;
}

static char *put_word(char *to, const char *word) {
  size_t size = strlen(word);
  memcpy(to, word, size);
  return to + size;
}

/* A number of millionths: at most six decimals, and at least one. */
static char *put_millionths(char *to, uint64_t value) {
  to = put_digits(to, value / 1000000);
  *to++ = '.';
  uint64_t decimals = eight_digits(value % 1000000 * 100);
  put_bytes(to, decimals);
  return to + 8 - __builtin_clzll(decimals | 1) / 8;
}

/* Digits with a point after the first `whole` of them, at least one digit on either side. */
static char *put_point(char *to, const char *digits, int count, int whole) {
  if (whole >= count) return put_word(put_zeros((char *)memcpy(to, digits, (size_t)count) + count, whole - count), ".0");
  if (whole <= 0) to = put_zeros(put_word(to, "0."), -whole);
  memcpy(to, digits, (size_t)count);
  if (whole <= 0) return to + count;
  to[whole] = '.';
  memcpy(to + whole + 1, digits + whole, (size_t)(count - whole));
  return to + count + 1;
}

/* d.ddde±n, the point only between digits. */
static char *put_exponent(char *to, const char *digits, int count, int exponent) {
  *to = digits[0];
  to = count > 1 ? put_point(to, digits, count, 1) : to + 1;
  *to++ = 'e';
  if (exponent < 0) *to++ = '-';
  return put_digits(to, magnitude(exponent));
}

static char *put_positive(char *to, double value) {
  if (isinf(value)) return put_word(to, "inf");
  uint64_t millionths = tl_shortest_millionths(value);
  if (millionths >= 100 || value == 0) return put_millionths(to, millionths);
  char digits[TL_FORMAT_SIZE];
  int exponent, count = (int)(put_digits(digits, tl_shortest(value, &exponent)) - digits), whole = count + exponent;
  return whole > -4 && whole <= 16 ? put_point(to, digits, count, whole) : put_exponent(to, digits, count, whole - 1);
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
  end = magnitude(year) > 9999 ? put_digits(end, magnitude(year)) : put_padded(end, magnitude(year), 4);
  *end++ = '-';
  end = put_padded(end, (uint64_t)month, 2);
  *end++ = '-';
  end = put_padded(end, (uint64_t)day, 2);
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
