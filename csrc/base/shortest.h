/* base/shortest: the shortest decimal digits that stand for one double and no other. */
#ifndef TL_BASE_SHORTEST_H
#define TL_BASE_SHORTEST_H

enum { TL_SHORTEST_DIGITS = 17 };

/* value   finite and above zero
 * digits  0 .. 9 each, the first and the last not 0
 * point   value reads back from 0.d1d2d3… * 10^*point
 * Returns how many digits there are: the fewest that read back to the same bits, and of those the nearest to the value. */
int tl_shortest_digits(double value, char digits[TL_SHORTEST_DIGITS], int *point);

#endif
