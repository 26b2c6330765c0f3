/* ingest/passes: rows read as often as it takes for every column to have a manner that fits all its values. */
#ifndef TL_INGEST_PASSES_H
#define TL_INGEST_PASSES_H

#include "ingest/ranges.h"
#include "ingest/rows.h"

/* What the rows gave. */
typedef struct tl_loaded {
  tally_column **columns; /* as many as the plan has; NULL where not wanted. new references */
  size_t column_count;
  int64_t rows;
  int64_t *dropped; /* rows with a problem, ascending, when these are to be dropped */
  size_t dropped_capacity, dropped_count;
  tl_problems problems;
  bool regular; /* false: the quoting is not what the fast reader needs, and nothing was read */
} tl_loaded;

/* Where the rows are: range by range for the fast reader; for the lax one all of the source, in memory, from `byte`, the start of line
 * `line`. Either way the source was surveyed. */
typedef struct tl_extent {
  const tl_source *source;
  const tl_ranges *ranges;
  bool lax;
  int64_t byte, line;
} tl_extent;

/* plan    its columns' manners, shapes and `wanted` are changed
 * errors  TALLY_EIO, TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_passes_run(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, tl_loaded *out, tally_error *error);
void tl_loaded_done(tl_loaded *loaded);

#endif
