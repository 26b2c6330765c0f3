/* ingest/lax: the tolerant reader: records out of any text in memory, through libcsv. */
#ifndef TL_INGEST_LAX_H
#define TL_INGEST_LAX_H

#include "base/mem.h"
#include "ingest/record.h"

/* text  the whole of what is to be read
 * byte, line  its place in the file
 * errors  those of the visitor, TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_lax_records(const tl_dialect *dialect, tally_text text, int64_t byte, int64_t line, tl_record_visit visit,
                            void *context, tally_error *error);

#endif
