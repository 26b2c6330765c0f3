/* ingest/convert: batches of rows in, rows of a store out, column by column. */
#ifndef TL_INGEST_CONVERT_H
#define TL_INGEST_CONVERT_H

#include "ingest/rows.h"
#include "ingest/split.h"

/* The `batch` of a tl_row_visitor; context: a tl_rows. Takes the rows of a batch, up to the limit. Not *taken when a value is not
 * of the type that was asked for: then the rows are to be added one by one, so that it is reported in its place. Files with bytes
 * that are no text are not for batches. errors: TALLY_EIO (more rows than were surveyed), TALLY_ENOMEM, TALLY_ERANGE (too many
 * words) */
tally_status tl_convert_batch(void *context, const tl_batch *batch, bool *taken, bool *enough, tally_error *error);

#endif
