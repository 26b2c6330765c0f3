/* base/shortest: the shortest decimal that stands for one double and no other. */
#ifndef TL_BASE_SHORTEST_H
#define TL_BASE_SHORTEST_H

#include <stdint.h>

/* value     finite and above zero
 * exponent  value reads back from the result times 10^*exponent
 * Returns the digits as a number of at most 17 digits, the last of them not 0: the fewest that read back to the same bits, and of
 * those the nearest to the value. */
uint64_t tl_shortest(double value, int *exponent);

/* The value in millionths, when it has at most six decimals and fifteen digits, as nearly every number of a published table; else
 * 0. They are the shortest then, without the zeros at their end.
 * value  finite and not below zero */
uint64_t tl_shortest_millionths(double value);

#endif
