/* ops/aggregation: grouping and aggregating as a sink. Batches become partials on any worker; partials are merged one after another
 * in the order of the batches, so that the result has the same bits for any number of threads. */
#ifndef TL_OPS_AGGREGATION_H
#define TL_OPS_AGGREGATION_H

#include "column/table.h"

typedef struct tl_aggregation tl_aggregation;
typedef struct tl_partial tl_partial;

/* schema  borrows for the life of the aggregation: a table with the names and types of the batches (no rows needed)
 * errors  TALLY_ENAME, TALLY_ETYPE, TALLY_ESHAPE (a result name twice) */
tally_status tl_aggregation_new(const tally_table *schema, const char *const *keys, size_t key_count,
                                const tally_aggregate *aggregates, size_t aggregate_count, tl_aggregation **out,
                                tally_error *error);
/* Before the first batch: the keys of all batches come from the columns of this table, as they are. When they have few values, it
 * is known where each group is. Gives how many rows of it a batch should have then; 0 when they have many, and all rows should be
 * aggregated at once. */
tally_status tl_aggregation_know(tl_aggregation *aggregation, const tally_table *table, int64_t *batch_rows, tally_error *error);
/* How many places the groups have; 0: none. */
int64_t tl_aggregation_places(const tl_aggregation *aggregation);
/* The groups and states of one batch. Safe from several workers at once. new reference */
tally_status tl_aggregation_partial(const tl_aggregation *aggregation, const tally_table *batch, tl_partial **out,
                                    tally_error *error);
/* Takes the partial, even on failure. One thread, in the order of the batches. */
tally_status tl_aggregation_merge(tl_aggregation *aggregation, tl_partial *partial, tally_error *error);
/* Instead of batches: all rows at once, whose keys have many values. new reference */
tally_status tl_aggregation_whole(tl_aggregation *aggregation, const tally_table *table, tally_table **out, tally_error *error);
void tl_partial_release(tl_partial *partial);
tally_status tl_aggregation_finish(tl_aggregation *aggregation, tally_table **out, tally_error *error);
void tl_aggregation_release(tl_aggregation *aggregation);

#endif
