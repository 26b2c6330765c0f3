/* base/format: integers, numbers and dates become text here, and tally_format_value puts them together. The digits of a number are
 * found in base/shortest; this room only lays them out. Reading is not its business. */
#include "base/format.h"

#include "base/date.h"

#include <math.h>
#include <string.h>

#include "base/shortest.h"
#include "base/text.h"

/* ---- integers ---- */

static const char pairs[] = /* 00 to 99 */
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

static int count_digits(uint64_t value) {
  static const uint64_t powers[] = {0,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
  int bits = 64 - __builtin_clzll(value | 1), guess = bits * 1233 >> 12; /* 1233 / 4096 is log10(2), or right below */
  return guess + (value >= powers[guess]);
}

/* The last `count` digits of the value. */
static char *put_last_digits(char *to, uint64_t value, int count) {
  char *end = to + count;
  for (; count >= 2; count -= 2, value /= 100) memcpy(to + count - 2, pairs + value % 100 * 2, 2);
  if (count) *to = (char)('0' + value % 10);
  return end;
}

/* At least `width` digits, zeros in front. */
static char *put_digits(char *to, uint64_t value, int width) {
  int count = count_digits(value);
  return put_last_digits(to, value, count > width ? count : width);
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

static char *put_zeros(char *to, int count) {
  memset(to, '0', (size_t)count);
  return to + count;
}

/* The digits with a point after the first `whole` of them, at least one digit on either side. */
static char *put_point(char *to, uint64_t digits, int count, int whole) {
  if (whole >= count) {
    to = put_zeros(put_last_digits(to, digits, count), whole - count);
    *to++ = '.';
    return put_zeros(to, 1);
  }
  if (whole <= 0) {
    to = put_zeros(to, 1);
    *to++ = '.';
    return put_last_digits(put_zeros(to, -whole), digits, count);
  }
  put_last_digits(to, digits, count);
  memmove(to + whole + 1, to + whole, 16); /* of which count - whole are digits */
  to[whole] = '.';
  return to + count + 1;
}

/* d.ddde±n, the point only between digits. */
static char *put_exponent(char *to, uint64_t digits, int count, int exponent) {
  to = count > 1 ? put_point(to, digits, count, 1) : put_last_digits(to, digits, 1);
  *to++ = 'e';
  if (exponent < 0) *to++ = '-';
  return put_digits(to, magnitude(exponent), 1);
}

static char *put_word(char *to, const char *word) {
  size_t size = strlen(word);
  memcpy(to, word, size);
  return to + size;
}

static char *put_positive(char *to, double value) {
  if (isinf(value)) return put_word(to, "inf");
  if (value < 0x1p53 && value == (double)(uint64_t)value) return put_word(put_digits(to, (uint64_t)value, 1), ".0");
  int exponent;
  uint64_t digits = tl_shortest(value, &exponent);
  int count = count_digits(digits), whole = count + exponent;
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
