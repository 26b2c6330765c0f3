/* ops/aggregate_sum: sums of doubles that keep what rounding takes away (Neumaier's), added in a fixed order. */
#ifndef TL_OPS_AGGREGATE_SUM_H
#define TL_OPS_AGGREGATE_SUM_H

#include <math.h>

/* Begins as zero bytes. */
typedef struct tl_number_sum {
  double sum, lost;
} tl_number_sum;

static inline void tl_number_sum_add(tl_number_sum *s, double value) {
  double sum = s->sum + value;
  if (!isfinite(sum))
    s->lost = 0; /* infinite or NaN for good */
  else
    s->lost += fabs(s->sum) >= fabs(value) ? s->sum - sum + value : value - sum + s->sum;
  s->sum = sum;
}

/* The same without a branch (Knuth's), for sums of which then tl_number_sum_settled is used. */
static inline void tl_number_sum_add_quickly(tl_number_sum *s, double value) {
  double sum = s->sum + value, added = sum - s->sum;
  s->lost += (s->sum - (sum - added)) + (value - added);
  s->sum = sum;
}

static inline tl_number_sum tl_number_sum_settled(tl_number_sum s) {
  if (!isfinite(s.sum)) s.lost = 0;
  return s;
}

static inline void tl_number_sum_merge(tl_number_sum *into, const tl_number_sum *from) {
  tl_number_sum_add(into, from->sum);
  tl_number_sum_add(into, from->lost);
}

static inline double tl_number_sum_value(const tl_number_sum *s) {
  return s->sum + s->lost;
}

#endif
