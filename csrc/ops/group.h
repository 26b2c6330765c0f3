/* ops/group: rows to group numbers. */
#ifndef TL_OPS_GROUP_H
#define TL_OPS_GROUP_H

#include "column/table.h"

/* Numbers for the rows of key columns of one length: equal keys have equal numbers, numbers go by first appearance, missing equals
 * missing (whatever its reason), -0.0 equals 0.0, NaN equals NaN. */
typedef struct tl_groups {
  int64_t count;   /* of groups */
  uint32_t *group; /* of each row */
  int64_t *first;  /* row in which each group first appears */
} tl_groups;

/* key_count 0: one group holds every row (none when there are no rows). errors: TALLY_ENOMEM, TALLY_ERANGE (2^32 groups) */
tally_status tl_groups_new(const tally_column *const *keys, size_t key_count, int64_t rows, tl_groups *out, tally_error *error);
void tl_groups_done(tl_groups *groups);

/* The groups in the order in which they are shown: by first appearance, but by declared levels for a key column that has them
 * (stable: earlier keys first). order[i] is the i-th group to show. NULL without keys that have levels. Released with tl_mem_free.
 */
tally_status tl_groups_order(const tl_groups *groups, const tally_column *const *keys, size_t key_count, int64_t **order,
                             tally_error *error);

#endif
