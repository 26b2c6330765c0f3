/* ingest/open_quote: a quote that is never closed makes all that follows one field. It is looked for piece by piece, so that the
 * error takes no more memory than a piece. */
#ifndef TL_INGEST_OPEN_QUOTE_H
#define TL_INGEST_OPEN_QUOTE_H

#include "ingest/record.h"
#include "ingest/source.h"

/* byte    where the rows begin, with the line `line`
 * errors  TALLY_ESYNTAX: there is such a quote, and where. None is raised where something comes before it that only who has all of
 *         the file in memory can judge: a record of several lines that may be none. TALLY_EIO, TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_open_quote_refuse(const tl_source *source, const tl_dialect *dialect, int64_t byte, int64_t line,
                                  tally_error *error);

#endif
