/* base/power: the table of powers of ten, made when it is first asked for: ten times the one before, in whole numbers that are
 * large enough for the last of them, and for the negative powers a tenth of the one before, begun with a power of two that leaves
 * 128 bits to the last. A quotient cut off and divided again is the same as one cut off in the end, so every bit is right. */
#include "base/power.h"

#include <pthread.h>

/* Whole numbers of up to 1280 bits: 10^324 has 1077, and 2^1279 / 10^342 still has 143. */
enum { LIMBS = 40 };

typedef struct natural {
  int size; /* limbs in use; the last of them is not 0 */
  uint32_t limb[LIMBS];
} natural;

static tl_power table[TL_POWER_MOST - TL_POWER_LEAST + 1];

static void multiply_by_ten(natural *it) {
  uint64_t carry = 0;
  for (int i = 0; i < it->size; i++) {
    carry += (uint64_t)it->limb[i] * 10;
    it->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) it->limb[it->size++] = (uint32_t)carry;
}

static void divide_by_ten(natural *it) {
  uint64_t rest = 0;
  for (int i = it->size - 1; i >= 0; i--) {
    rest = rest << 32 | it->limb[i];
    it->limb[i] = (uint32_t)(rest / 10);
    rest %= 10;
  }
  if (it->limb[it->size - 1] == 0) it->size--;
}

/* 32 of the first bits of the number; zeros below its lowest. word  0: the first 32 */
static uint64_t first_word(const natural *it, int word) {
  int shift = __builtin_clz(it->limb[it->size - 1]), at = it->size - 1 - word;
  uint64_t above = at >= 0 ? it->limb[at] : 0, below = at >= 1 ? it->limb[at - 1] : 0;
  return (uint32_t)((above << 32 | below) << shift >> 32);
}

static tl_power first_bits(const natural *it) {
  return (tl_power){first_word(it, 0) << 32 | first_word(it, 1), first_word(it, 2) << 32 | first_word(it, 3)};
}

static void make_table(void) {
  natural up = {.size = 1, .limb = {1}}, down = {.size = LIMBS, .limb = {[LIMBS - 1] = (uint32_t)1 << 31}};
  tl_power *one = table - TL_POWER_LEAST;
  for (int i = 0; i <= TL_POWER_MOST; i++, multiply_by_ten(&up)) one[i] = first_bits(&up);
  for (int i = 1; i <= -TL_POWER_LEAST; i++) {
    divide_by_ten(&down);
    one[-i] = first_bits(&down);
  }
}

tl_power tl_power_of_ten(int exponent) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_table);
  return table[exponent - TL_POWER_LEAST];
}
