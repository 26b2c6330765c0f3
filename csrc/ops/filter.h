/* ops/filter: which rows are kept. */
#ifndef TL_OPS_FILTER_H
#define TL_OPS_FILTER_H

#include "column/table.h"

/* The row numbers for which a boolean column is true, ascending. rows: released with tl_mem_free; NULL and count = length when all
 * are. */
tally_status tl_true_rows(const tally_column *keep, int64_t **rows, int64_t *count, tally_error *error);

#endif
