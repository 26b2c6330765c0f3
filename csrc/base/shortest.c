/* base/shortest: binary to decimal, exactly, without tables and without a locale.
 *
 * The idea: nearly every number in a published table has a few decimals. Such a one is found by trying: the product with a power of
 * ten, rounded to an integer below 10^15, divided again; an integer and a power that are both exact divide to the very double that
 * a correct reader makes of these digits, and the first power that fits gives the fewest digits. All others go through whole
 * numbers of any size, by the algorithm of Steele and White in the form of Burger and Dybvig ("Printing floating-point numbers
 * quickly and accurately", 1996): digits come out until what is left is closer to the value than to its neighbours. */
#include "base/shortest.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- whole numbers of up to 1280 bits: 2^1076 times 10, with room ---- */

enum { LIMBS = 40 };

typedef struct natural {
  int size; /* limbs in use; the last of them is not 0 */
  uint32_t limb[LIMBS];
} natural;

static natural natural_of(uint64_t value) {
  natural it = {.size = value >> 32 ? 2 : value != 0, .limb = {(uint32_t)value, (uint32_t)(value >> 32)}};
  return it;
}

static void multiply(natural *it, uint32_t factor) {
  uint64_t carry = 0;
  for (int i = 0; i < it->size; i++) {
    carry += (uint64_t)it->limb[i] * factor;
    it->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) it->limb[it->size++] = (uint32_t)carry;
}

static void multiply_by_power_of_ten(natural *it, int power) {
  for (; power >= 9; power -= 9) multiply(it, 1000000000);
  for (; power > 0; power--) multiply(it, 10);
}

static void shift_left(natural *it, int bits) {
  int limbs = bits / 32;
  memmove(it->limb + limbs, it->limb, (size_t)it->size * sizeof *it->limb);
  memset(it->limb, 0, (size_t)limbs * sizeof *it->limb);
  it->size += limbs;
  multiply(it, (uint32_t)1 << bits % 32);
}

static int compare(const natural *a, const natural *b) {
  if (a->size != b->size) return a->size < b->size ? -1 : 1;
  for (int i = a->size - 1; i >= 0; i--) {
    if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
  }
  return 0;
}

static natural sum(const natural *a, const natural *b) {
  natural total;
  total.size = a->size > b->size ? a->size : b->size;
  uint64_t carry = 0;
  for (int i = 0; i < total.size; i++) {
    carry += (uint64_t)(i < a->size ? a->limb[i] : 0) + (i < b->size ? b->limb[i] : 0);
    total.limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) total.limb[total.size++] = (uint32_t)carry;
  return total;
}

/* *a -= *b, which is not larger. */
static void subtract(natural *a, const natural *b) {
  int64_t borrow = 0;
  for (int i = 0; i < a->size; i++) {
    borrow += (int64_t)a->limb[i] - (i < b->size ? b->limb[i] : 0);
    a->limb[i] = (uint32_t)borrow;
    borrow >>= 32;
  }
  while (a->size > 0 && a->limb[a->size - 1] == 0) a->size--;
}

/* ---- any double ---- */

/* The value is rest / unit; a number reads back to it when it is less than below / unit under it and less than above / unit over
 * it, or at one of these borders when the value is even (readers round half to even). */
typedef struct interval {
  natural rest, unit, below, above;
  bool even;
} interval;

static void split(double value, uint64_t *mantissa, int *exponent, bool *lowest) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
  int biased = (int)(bits >> 52 & 0x7FF);
  *mantissa = biased ? fraction | (uint64_t)1 << 52 : fraction;
  *exponent = (biased ? biased : 1) - 1075;
  *lowest = fraction == 0 && biased > 1; /* of its binade: the neighbour below is half as far away */
}

static void start_interval(double value, interval *it) {
  uint64_t mantissa;
  int exponent;
  bool lowest;
  split(value, &mantissa, &exponent, &lowest);
  int up = exponent > 0 ? exponent : 0, down = exponent < 0 ? -exponent : 0;
  *it = (interval){natural_of(mantissa), natural_of(1), natural_of(1), natural_of(1), mantissa % 2 == 0};
  shift_left(&it->rest, up + 1 + lowest);
  shift_left(&it->unit, down + 1 + lowest);
  shift_left(&it->below, up);
  shift_left(&it->above, up + lowest);
}

static void multiply_interval(interval *it, int power) {
  multiply_by_power_of_ten(&it->rest, power);
  multiply_by_power_of_ten(&it->below, power);
  multiply_by_power_of_ten(&it->above, power);
}

static bool near_below(const interval *it) {
  int order = compare(&it->rest, &it->below);
  return order < 0 || (order == 0 && it->even);
}

static bool near_above(const interval *it) {
  natural top = sum(&it->rest, &it->above);
  int order = compare(&top, &it->unit);
  return order > 0 || (order == 0 && it->even);
}

/* Scales so that the first digit stands before the point. Returns the power of ten that the digits are to be multiplied with. */
static int scale(double value, interval *it) {
  int point = (int)ceil(log10(value) - 1e-10); /* right, or one too small */
  if (point >= 0)
    multiply_by_power_of_ten(&it->unit, point);
  else
    multiply_interval(it, -point);
  if (near_above(it)) return point + 1;
  multiply_interval(it, 1);
  return point;
}

static char next_digit(interval *it) {
  char digit = 0;
  for (; compare(&it->rest, &it->unit) >= 0; digit++) subtract(&it->rest, &it->unit);
  return digit;
}

/* What is left is nearer to the next digit; of two that are equally near, the even one is taken. */
static bool rounds_up(const interval *it, char digit) {
  natural twice = sum(&it->rest, &it->rest);
  int order = compare(&twice, &it->unit);
  return order > 0 || (order == 0 && digit % 2 == 1);
}

static int exact_digits(double value, char digits[TL_SHORTEST_DIGITS], int *point) {
  interval it;
  start_interval(value, &it);
  *point = scale(value, &it);
  for (int count = 0;;) {
    char digit = next_digit(&it);
    bool low = near_below(&it), high = near_above(&it);
    if (low || high) digit += low && high ? rounds_up(&it, digit) : high;
    digits[count++] = digit;
    if (low || high) return count;
    multiply_interval(&it, 1);
  }
}

/* ---- a few decimals ---- */

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { POWERS = sizeof powers_of_ten / sizeof *powers_of_ten };

static int write_digits(uint64_t integer, char digits[TL_SHORTEST_DIGITS], int *size) {
  char reversed[20];
  int count = 0;
  for (; integer; integer /= 10) reversed[count++] = (char)(integer % 10);
  *size = count;
  int zeros = 0;
  while (zeros < count - 1 && reversed[zeros] == 0) zeros++;
  for (int i = 0; i < count - zeros; i++) digits[i] = reversed[count - 1 - i];
  return count - zeros;
}

/* 0 when there is no form of at most fifteen digits and at most 22 decimals. */
static int few_digits(double value, char digits[TL_SHORTEST_DIGITS], int *point) {
  for (int decimals = 0; decimals < POWERS; decimals++) {
    double scaled = value * powers_of_ten[decimals];
    if (scaled >= 999999999999999.0) return 0;
    uint64_t integer = (uint64_t)(scaled + 0.5);
    if ((double)integer / powers_of_ten[decimals] != value) continue;
    int size, count = write_digits(integer, digits, &size);
    *point = size - decimals;
    return count;
  }
  return 0;
}

int tl_shortest_digits(double value, char digits[TL_SHORTEST_DIGITS], int *point) {
  int count = few_digits(value, digits, point);
  return count ? count : exact_digits(value, digits, point);
}
