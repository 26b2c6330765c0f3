/* base/digits: many plain numbers at once, one in each lane of a vector. What these kernels take, they read as ingest's functions for
 * one number do; what they refuse is for those. */
#ifndef TL_BASE_DIGITS_H
#define TL_BASE_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { TL_DIGITS_AT_ONCE = 64 };

/* Runs of digits: the eight bytes from the start of each, as they lie in memory, and how many of them count. */
typedef struct tl_digits {
  uint64_t words[TL_DIGITS_AT_ONCE], sizes[TL_DIGITS_AT_ONCE];
} tl_digits;

/* What was refused is all ones in `refused`, else 0; its value is any. Each kernel tells whether there is such a number. */
typedef struct tl_digit_kernels {
  /* of 1 to 8 digits, without a zero before others */
  bool (*integers)(const tl_digits *digits, int64_t *values, uint64_t *refused);
  /* 1 to 8 digits, without a zero before others, then 0 to 8 after the decimal sign; 15 in all */
  bool (*numbers)(const tl_digits *whole, const tl_digits *fraction, double *values, uint64_t *refused);
} tl_digit_kernels;

/* For the level of kernels in force. */
const tl_digit_kernels *tl_digits_best(void);

#endif
