/* ops/program_source: a table as the source of a program. */
#ifndef TL_OPS_PROGRAM_SOURCE_H
#define TL_OPS_PROGRAM_SOURCE_H

#include "column/table.h"

/* The rows of a table, in batches of TL_CHUNK that share its columns.
 * out  to be released with tl_source_done */
tally_status tl_source_of_table(const tally_table *table, tally_source *out, tally_error *error);
void tl_source_done(tally_source *source);

/* The batches of a table, of `rows` rows: how many there are, at least one, and one of them. new reference */
size_t tl_table_batches(const tally_table *table, int64_t rows);
tally_status tl_table_batch(const tally_table *table, int64_t rows, size_t index, const char *const *names, size_t count,
                            tally_table **out, tally_error *error);

#endif
