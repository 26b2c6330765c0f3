/* ops/evaluate: the value of a formula for the rows of a batch. */
#ifndef TL_OPS_EVALUATE_H
#define TL_OPS_EVALUATE_H

#include "ops/expression.h"

/* On the calling thread, for a table of any number of rows; types were checked against its names and types. A formula of type
 * TALLY_MISSING gives a boolean column of missing values. new reference */
tally_status tl_evaluate_batch(const tally_expression *expression, const tally_table *batch, tally_column **out,
                               tally_error *error);

#endif
