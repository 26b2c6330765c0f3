/* ingest/ranges: a file cut where records begin. */
#ifndef TL_INGEST_RANGES_H
#define TL_INGEST_RANGES_H

#include "ingest/encoding.h"
#include "ingest/source.h"

/* Whole records, from the start of one to the start of another. */
typedef struct tl_range {
  int64_t byte, line;
  size_t size;
  int64_t records; /* line ends outside quotes, and a last line without one */
  int64_t blanks;  /* those of lines with nothing on them */
} tl_range;

typedef struct tl_ranges {
  tl_range *items;
  size_t count;
  int64_t lines;      /* of all ranges: line ends, also those inside quotes, and a last line without one */
  bool quotes_closed; /* the number of quotes is even */
  tl_census census;
} tl_ranges;

/* Surveys the source from `byte`, which begins the line `line` and a record, in chunks of `chunk_bytes`.
 * errors: TALLY_EIO, TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_ranges_find(const tl_source *source, char quote, int64_t byte, int64_t line, size_t chunk_bytes, tl_ranges *out,
                            tally_error *error);
void tl_ranges_done(tl_ranges *ranges);

#endif
