/* base/number: numbers as they are published, read without a locale: thousands separators, a pound sign, a percent sign. */
#ifndef TL_BASE_NUMBER_H
#define TL_BASE_NUMBER_H

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

#endif
