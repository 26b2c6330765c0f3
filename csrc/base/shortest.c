/* base/shortest: binary to decimal, exactly and without a locale.
 *
 * The idea is Raffaello Giulietti's ("The Schubfach way to render doubles", 2020). Between the two points half-way to the
 * neighbours of a double lies an interval in which every number reads back to it. With the largest power of ten that is not
 * longer than this interval, one or two of its multiples lie inside, and at most one of the next larger power; so the shortest
 * decimal is found by looking at four numbers. They are compared as multiples of a quarter of that power: what lies below the
 * quarters is kept as one bit ("round to odd"), which decides all comparisons as the exact value would, and so 128 bits of the
 * power suffice. */
#include "base/shortest.h"

#include <stdbool.h>
#include <string.h>

#include "base/power.h"

/* A double is mantissa * 2^exponent. */
typedef struct binary {
  uint64_t mantissa;
  int exponent;
  bool lowest; /* of its binade: the neighbour below is half as far away */
} binary;

static binary split(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
  int biased = (int)(bits >> 52 & 0x7FF);
  return (binary){
      .mantissa = biased ? fraction | (uint64_t)1 << 52 : fraction,
      .exponent = (biased ? biased : 1) - 1075,
      .lowest = fraction == 0 && biased > 1,
  };
}

/* floor(log10(2^exponent)), or of three quarters of that. */
static int log10_of_power(int exponent, bool three_quarters) {
  return (int)(((int64_t)exponent * 1262611 - (three_quarters ? 524031 : 0)) >> 22);
}

/* The first bits of a power of ten, rounded up. */
static tl_power power_above(int exponent) {
  tl_power power = tl_power_of_ten(exponent);
  if (exponent >= 0 && exponent <= 55) return power;
  return (tl_power){power.high + (power.low == UINT64_MAX), power.low + 1};
}

/* The high 64 bits of the product of 192; the lowest of them is set when one of the bits below is. */
static uint64_t multiply_to_odd(tl_power power, uint64_t factor) {
  unsigned __int128 low = (unsigned __int128)power.low * factor;
  unsigned __int128 product = (unsigned __int128)power.high * factor + (uint64_t)(low >> 64);
  return (uint64_t)(product >> 64) | ((uint64_t)product > 1);
}

/* The value and the borders of its interval, in quarters of 10^exponent. A border belongs to the interval when the mantissa is
 * even, because readers round half to even; `least` and `most` are the first and last that do. */
typedef struct interval {
  uint64_t value, least, most;
} interval;

static interval scale(binary it, int exponent) {
  tl_power power = power_above(-exponent);
  int shift = it.exponent + tl_power_log2(-exponent) + 1;
  uint64_t odd = it.mantissa & 1, quarters = it.mantissa * 4;
  return (interval){
      .value = multiply_to_odd(power, quarters << shift),
      .least = multiply_to_odd(power, (quarters - 2 + it.lowest) << shift) + odd,
      .most = multiply_to_odd(power, (quarters + 2) << shift) - odd,
  };
}

/* The multiple of `step` quarters inside the interval, when only one of the two around the value is; else 0. */
static uint64_t only_multiple(const interval *it, uint64_t step) {
  uint64_t below = it->value / step;
  bool below_inside = it->least <= below * step, above_inside = (below + 1) * step <= it->most;
  return below_inside == above_inside ? 0 : below + above_inside;
}

/* Of the two multiples around the value the nearer one; of two that are equally near, the even one. */
static uint64_t nearer_multiple(const interval *it) {
  uint64_t below = it->value / 4, middle = below * 4 + 2;
  return below + (it->value > middle || (it->value == middle && below % 2 == 1));
}

static uint64_t without_zeros(uint64_t digits, int *exponent) {
  static const struct {
    uint64_t divisor;
    int zeros;
  } steps[] = {{100000000, 8}, {10000, 4}, {100, 2}, {10, 1}, {10, 1}};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    if (digits % steps[i].divisor != 0) continue;
    digits /= steps[i].divisor;
    *exponent += steps[i].zeros;
  }
  return digits;
}

uint64_t tl_shortest(double value, int *exponent) {
  binary it = split(value);
  *exponent = log10_of_power(it.exponent, it.lowest);
  interval around = scale(it, *exponent);
  uint64_t digits = around.value >= 40 ? only_multiple(&around, 40) : 0;
  if (digits)
    ++*exponent;
  else
    digits = only_multiple(&around, 4);
  return without_zeros(digits ? digits : nearer_multiple(&around), exponent);
}

/* Two numbers of fifteen digits are never the same double, so nothing shorter reads back. Both the millionths and the million are
 * exact, so that the division rounds once, as a reader does. */
uint64_t tl_shortest_millionths(double value) {
  double scaled = value * 1e6;
  if (scaled >= 1e15) return 0;
  uint64_t whole = (uint64_t)(scaled + 0.5);
  return (double)whole / 1e6 == value ? whole : 0;
}
