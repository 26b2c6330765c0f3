/* base/power: powers of ten to 128 bits, for conversions between binary and decimal. */
#ifndef TL_BASE_POWER_H
#define TL_BASE_POWER_H

#include <stdint.h>

/* The powers that can be asked for: those that doubles and their shortest decimals need. */
enum { TL_POWER_LEAST = -342, TL_POWER_MOST = 324 };

/* The first 128 bits of a power of ten, the highest of them set; the bits after these are cut off. From 10^0 up to 10^55 there are
 * none, for all others there are. */
typedef struct tl_power {
  uint64_t high, low;
} tl_power;

tl_power tl_power_of_ten(int exponent);

/* floor(log2(10^exponent)): 10^exponent is its 128 bits, read as an integer, times 2 to this less 127. */
static inline int tl_power_log2(int exponent) {
  return (int)((int64_t)exponent * 1741647 >> 19);
}

#endif
