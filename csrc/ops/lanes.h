/* ops/lanes: work that is counted first and then laid out, in lanes that go side by side: each has a stretch of the rows, and in
 * the end every bucket has its rows in the order they were in. What comes out does not depend on the number of lanes. */
#ifndef TL_OPS_LANES_H
#define TL_OPS_LANES_H

#include <stddef.h>

/* The first of `rows` rows that a lane has; of the lane after the last, `rows`. */
static inline size_t tl_lane_start(size_t rows, size_t lanes, size_t lane) {
  return (size_t)((unsigned __int128)rows * lane / lanes);
}

/* Counts become places, bucket after bucket, and in each, lane after lane.
 * next    of each lane and bucket, next[lane * buckets + bucket]: how many; then where the next one goes
 * starts  of each bucket, and an end; or NULL */
static inline void tl_lanes_lay_out(size_t *next, size_t lanes, size_t buckets, size_t *starts) {
  size_t sum = 0;
  for (size_t bucket = 0; bucket < buckets; bucket++) {
    if (starts) starts[bucket] = sum;
    for (size_t lane = 0; lane < lanes; lane++) {
      size_t *place = &next[lane * buckets + bucket], count = *place;
      *place = sum;
      sum += count;
    }
  }
  if (starts) starts[buckets] = sum;
}

#endif
