/* ops/select: the value at a place in the order of many, without sorting them. */
#ifndef TL_OPS_SELECT_H
#define TL_OPS_SELECT_H

#include <stddef.h>

/* Puts in values[place] what would be there if `count` values were sorted, nothing larger before it and nothing smaller after it.
 * NaN comes after all others. place < count. Time goes with `count`; rarely, and then at most, with count * log(count). */
void tl_select(double *values, size_t count, size_t place);

#endif
