/* ops/aggregation_values: the known values of all groups, for answers that need to see every one of them. */
#ifndef TL_OPS_AGGREGATION_VALUES_H
#define TL_OPS_AGGREGATION_VALUES_H

#include "ops/aggregate.h"

/* Values of a batch, and the group of each; later, what the groups of the batch are among all. */
typedef struct tl_values_part {
  double *values;
  uint32_t *groups, *numbers;
  size_t count;
} tl_values_part;

typedef struct tl_values {
  tl_values_part *parts;
  size_t count, capacity;
} tl_values;

/* The known values of the rows that count. errors: TALLY_ENOMEM */
tally_status tl_values_take(const tl_measure_rows *rows, tl_values_part *out, tally_error *error);
void tl_values_part_done(tl_values_part *part);

/* Adds the values of a batch, and takes them. */
tally_status tl_values_add(tl_values *all, tl_values_part *part, tl_group_map map, tally_error *error);
/* What the values of each of `groups` groups come to. */
tally_status tl_values_answer(const tl_values *all, const tl_measure *measure, size_t groups, uint64_t *words, bool *present,
                              tally_error *error);
void tl_values_done(tl_values *all);

#endif
