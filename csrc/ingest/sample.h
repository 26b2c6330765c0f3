/* ingest/sample: lines from all over a file. */
#ifndef TL_INGEST_SAMPLE_H
#define TL_INGEST_SAMPLE_H

#include "ingest/ranges.h"

/* Places of a large file, and its end, where totals stand. */
enum { TL_SAMPLE_PLACES = 8 };

typedef struct tl_sample {
  tl_range ranges[TL_SAMPLE_PLACES + 1];
  size_t count;
} tl_sample;

/* Whole lines, as they seem: records, unless a place is inside quotes.
 * first   where the rows begin
 * errors  TALLY_EIO, TALLY_ENOMEM */
tally_status tl_sample_choose(const tl_source *source, int64_t first, tl_sample *out, tally_error *error);
/* How many records there are in so many bytes, by the sample. */
int64_t tl_sample_records(const tl_sample *sample, int64_t bytes);

#endif
