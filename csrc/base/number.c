/* base/number: a numeral is first taken apart, then computed. Numbers of few digits are computed exactly with one multiplication
 * or division of doubles; the others go through the C library's conversion in the locale "C", which rounds correctly. Anything that
 * is not wholly a number is refused: what a column of such texts means is decided in ingest/infer. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strtod_l */
#endif
#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

/* Takes `prefix` off the start of the text. */
static bool take(tally_text *text, const char *prefix) {
  size_t size = strlen(prefix);
  if (text->size < size || memcmp(text->bytes, prefix, size) != 0) return false;
  *text = tl_text(text->bytes + size, text->size - size);
  return true;
}

/* Signs are "-", U+2212 and "+"; the pound sign may stand on either side. A "+" before seven and more digits is a telephone number.
 */
static bool take_sign_and_pound(tally_text *text, tl_numeral *out) {
  out->pound = take(text, "\xC2\xA3");
  out->negative = take(text, "-") || take(text, "\xE2\x88\x92");
  bool plus = !out->negative && take(text, "+");
  if (!out->pound) out->pound = take(text, "\xC2\xA3");
  return !plus || text->size < 7;
}

static void drop_percent(tally_text *text, tl_numeral *out) {
  if (text->size == 0 || text->bytes[text->size - 1] != '%') return;
  text->size--;
  if (text->size > 0 && text->bytes[text->size - 1] == ' ') text->size--;
  out->percent = true;
}

static tally_text take_digits(tally_text *text) {
  size_t size = 0;
  while (size < text->size && tl_is_digit(text->bytes[size])) size++;
  tally_text digits = tl_text(text->bytes, size);
  *text = tl_text(text->bytes + size, text->size - size);
  return digits;
}

/* The size of the thousands separator that `text` begins with, 0 for none. */
static size_t separator_size(tally_text text, char decimal) {
  if (text.size == 0) return 0;
  if (decimal != ',') return text.bytes[0] == ',' ? 1 : 0;
  if (text.bytes[0] == '.' || text.bytes[0] == ' ') return 1;
  if (text.size >= 2 && memcmp(text.bytes, "\xC2\xA0", 2) == 0) return 2;
  return text.size >= 3 && memcmp(text.bytes, "\xE2\x80\xAF", 3) == 0 ? 3 : 0;
}

/* Digits before the decimal sign: one run, or one to three and then threes. */
static bool take_whole(tally_text *text, char decimal, tl_numeral *out) {
  const char *start = text->bytes;
  tally_text first = take_digits(text);
  for (size_t separator; (separator = separator_size(*text, decimal)) > 0; out->separated = true) {
    *text = tl_text(text->bytes + separator, text->size - separator);
    if (first.size == 0 || first.size > 3 || take_digits(text).size != 3) return false;
  }
  out->whole = tl_text(start, (size_t)(text->bytes - start));
  out->padded = out->whole.size > 1 && first.bytes[0] == '0';
  return true;
}

static bool take_exponent(tally_text *text, tl_numeral *out) {
  if (text->size == 0 || (text->bytes[0] != 'e' && text->bytes[0] != 'E')) return true;
  *text = tl_text(text->bytes + 1, text->size - 1);
  bool negative = take(text, "-");
  if (!negative) take(text, "+");
  tally_text digits = take_digits(text);
  for (size_t i = 0; i < digits.size && out->exponent < 100000; i++) out->exponent = out->exponent * 10 + (digits.bytes[i] - '0');
  if (negative) out->exponent = -out->exponent;
  out->has_exponent = true;
  return digits.size > 0;
}

bool tl_numeral_parse(tally_text text, char decimal, tl_numeral *out) {
  *out = (tl_numeral){0};
  if (text.size == 0 || !take_sign_and_pound(&text, out)) return false;
  drop_percent(&text, out);
  if (!take_whole(&text, decimal, out)) return false;
  if (text.size > 0 && text.bytes[0] == decimal) {
    text = tl_text(text.bytes + 1, text.size - 1);
    out->fraction = take_digits(&text);
    if (out->fraction.size == 0) return false;
  }
  if (out->whole.size == 0 && out->fraction.size == 0) return false;
  return take_exponent(&text, out) && text.size == 0;
}

bool tl_numeral_integer(const tl_numeral *numeral, int64_t *out) {
  int64_t value = 0; /* counted below zero, where there is room for one more */
  for (size_t i = 0; i < numeral->whole.size; i++) {
    char c = numeral->whole.bytes[i];
    if (!tl_is_digit(c)) continue;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, c - '0', &value)) return false;
  }
  if (!numeral->negative && value == INT64_MIN) return false;
  *out = numeral->negative ? value : -value;
  return true;
}

/* ---- doubles ---- */

/* More digits than any two neighbouring doubles need to be told apart. */
enum { DIGITS_MOST = 800 };

typedef struct decimal_digits {
  char digits[DIGITS_MOST + 1]; /* without leading zeros */
  int count;
  int exponent; /* of ten, for the digits as an integer */
} decimal_digits;

/* Digits past the most only say whether the value lies above what is kept. */
static void push_digit(decimal_digits *s, char c, bool *beyond) {
  if (s->count == 0 && c == '0') return;
  if (s->count < DIGITS_MOST) {
    s->digits[s->count++] = c;
  } else {
    s->exponent++;
    *beyond |= c != '0';
  }
}

static void gather(const tl_numeral *numeral, decimal_digits *s) {
  bool beyond = false;
  s->count = 0;
  s->exponent = numeral->exponent;
  for (size_t i = 0; i < numeral->whole.size; i++) {
    if (tl_is_digit(numeral->whole.bytes[i])) push_digit(s, numeral->whole.bytes[i], &beyond);
  }
  for (size_t i = 0; i < numeral->fraction.size; i++) {
    push_digit(s, numeral->fraction.bytes[i], &beyond);
    s->exponent--;
  }
  if (!beyond) return;
  s->digits[s->count++] = '1';
  s->exponent--;
}

/* Exact when the digits fit 53 bits and the power of ten is itself exact: then one operation rounds once. */
static bool compute_exactly(const decimal_digits *s, double *out) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (s->count > 15 || s->exponent < -22 || s->exponent > 22) return false;
  int64_t digits = 0;
  for (int i = 0; i < s->count; i++) digits = digits * 10 + (s->digits[i] - '0');
  *out = s->exponent < 0 ? (double)digits / powers[-s->exponent] : (double)digits * powers[s->exponent];
  return true;
}

static double compute_slowly(const decimal_digits *s) {
  char text[DIGITS_MOST + 16], number[16];
  size_t size = (size_t)s->count;
  memcpy(text, s->digits, size);
  text[size++] = 'e';
  if (s->exponent < 0) text[size++] = '-';
  int left = abs(s->exponent), count = 0;
  do number[count++] = (char)('0' + left % 10);
  while (left /= 10);
  while (count > 0) text[size++] = number[--count];
  text[size] = '\0';
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  double value = strtod_l(text, NULL, plain);
  freelocale(plain);
  return value;
}

bool tl_numeral_number(const tl_numeral *numeral, double *out) {
  decimal_digits s;
  gather(numeral, &s);
  if (s.count == 0) {
    *out = 0;
  } else if (!compute_exactly(&s, out)) {
    *out = compute_slowly(&s);
  }
  if (numeral->negative) *out = -*out;
  return isfinite(*out);
}

bool tl_number_read(tally_text text, char decimal, double *out) {
  tl_numeral numeral;
  return tl_numeral_parse(text, decimal, &numeral) && !numeral.padded && !numeral.pound && !numeral.percent &&
         tl_numeral_number(&numeral, out);
}
