/* ingest/gather: a store that all rows were written to becomes columns. */
#ifndef TL_INGEST_GATHER_H
#define TL_INGEST_GATHER_H

#include "ingest/store.h"

/* Moves the rows of all parts together, where parts have fewer than they had room for. Gives the number of rows. */
int64_t tl_gather_rows(tl_store *store);

/* Makes a column of each that is `settled`. Its words are in order of first appearance, whichever thread saw them; it is plain when
 * more than half of its values are distinct.
 * rows  as tl_gather_rows gave it
 * out   of the columns that are settled: new references; the others are left alone
 * errors  TALLY_ENOMEM, TALLY_ERANGE (too many words), TALLY_ECANCEL */
tally_status tl_gather_columns(tl_store *store, int64_t rows, const bool *settled, tally_column **out, tally_error *error);

#endif
