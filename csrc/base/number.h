/* base/number: numbers as they are published, read without a locale: thousands separators, a pound sign, a percent sign. */
#ifndef TL_BASE_NUMBER_H
#define TL_BASE_NUMBER_H

#include "base/bits.h"
#include "base/text.h"

/* A text taken apart. Nothing is computed yet, and nothing is lost. */
typedef struct tl_numeral {
  tally_text whole;    /* digits before the decimal sign, thousands separators among them */
  tally_text fraction; /* digits after it */
  int exponent;        /* after E; clamped far outside the range of a double */
  bool negative;
  bool has_exponent;
  bool padded;    /* a leading zero that a number does not have: "007", "00.5" */
  bool separated; /* thousands separators, well formed */
  bool pound;     /* £ before or after the sign */
  bool percent;   /* % at the end */
} tl_numeral;

/* decimal  '.' (thousands are separated by ',') or ',' (by '.' or a blank)
 * false when the text is not a number in this form: "12-3", "1,23", "1.", "nan", "0x10" are not. */
bool tl_numeral_parse(tally_text text, char decimal, tl_numeral *out);
/* Without decimals and exponent. */
static inline bool tl_numeral_is_whole(const tl_numeral *numeral) {
  return numeral->fraction.size == 0 && !numeral->has_exponent;
}
/* The value of a whole numeral; false when it does not fit 64 bits. */
bool tl_numeral_integer(const tl_numeral *numeral, int64_t *out);
/* Whether a double holds the integer to its last digit: from 2^53 on, not every one. */
static inline bool tl_number_holds(int64_t integer) {
  double number = (double)integer;
  return number < 0x1p63 && (int64_t)number == integer;
}
/* The nearest double, ties to even; false when it is too large for one. */
bool tl_numeral_number(const tl_numeral *numeral, double *out);

/* Both steps in one, for plain texts. */
bool tl_number_read(tally_text text, char decimal, double *out);

/* ---- Plain numbers, quickly: digits with a minus, a decimal sign, and nothing else. What they read, they read as the functions
 * above do; whatever they refuse is for those. Eight bytes after the text may be read. ---- */

/* The value of `size` digits, 1 to 8 of them, all at once: pairs, fours, eight. */
static inline bool tl_number_eight_digits(const char *at, size_t size, uint64_t *out) {
  uint64_t v = tl_load64(at);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  v = (v ^ 0x3030303030303030u) << (64 - 8 * size);
  if (((v + 0x7676767676767676u) | v) & 0x8080808080808080u) return false;
  v = v * 10 + (v >> 8);
  *out = ((v & 0x000000FF000000FFu) * 0x000F424000000064u + (v >> 16 & 0x000000FF000000FFu) * 0x0000271000000001u) >> 32;
  return true;
}

static inline bool tl_number_sixteen_digits(const char *at, size_t size, uint64_t *out) {
  uint64_t high, low;
  if (__builtin_expect(size <= 8, 1)) return size > 0 && tl_number_eight_digits(at, size, out);
  if (size > 16 || !tl_number_eight_digits(at, size - 8, &high) || !tl_number_eight_digits(at + size - 8, 8, &low)) return false;
  *out = high * 100000000 + low;
  return true;
}

/* With a minus, or of more than eight digits. */
static inline bool tl_number_longer_integer(tally_text text, int64_t *out) {
  bool negative = text.size > 1 && text.bytes[0] == '-';
  text = tl_text(text.bytes + negative, text.size - negative);
  uint64_t value;
  if (!tl_number_sixteen_digits(text.bytes, text.size, &value) || (text.bytes[0] == '0' && text.size > 1)) return false;
  *out = negative ? -(int64_t)value : (int64_t)value;
  return true;
}

/* Up to 16 digits. */
static inline bool tl_number_quick_integer(tally_text text, int64_t *out) {
  uint64_t value;
  bool padded = text.size > 1 && text.bytes[0] == '0';
  if (__builtin_expect(text.size - 1 < 8 && !padded && tl_number_eight_digits(text.bytes, text.size, &value), 1)) {
    *out = (int64_t)value;
    return true;
  }
  return text.size > 0 && tl_number_longer_integer(text, out);
}

/* Up to 15 digits. */
static inline bool tl_number_quick_number(tally_text text, char decimal, double *out) {
  static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  bool negative = text.size > 1 && text.bytes[0] == '-';
  const char *at = text.bytes + negative, *start = at, *end = text.bytes + text.size;
  uint64_t value = 0, fraction = 0;
  for (; at < end && (unsigned char)(*at - '0') <= 9; at++) value = value * 10 + (unsigned char)(*at - '0');
  size_t whole = (size_t)(at - start), places = 0;
  if (whole == 0 || whole > 15 || (*start == '0' && whole > 1)) return false;
  if (at < end) {
    places = (size_t)(end - at) - 1;
    if (*at != decimal || whole + places > 15 || !tl_number_sixteen_digits(at + 1, places, &fraction)) return false;
  }
  double number = (double)(int64_t)(value * (uint64_t)powers[places] + fraction) / powers[places];
  *out = negative ? -number : number;
  return true;
}

#endif
