/* ingest/passes: rows read as often as it takes for every column to have a manner that fits all its values. */
#ifndef TL_INGEST_PASSES_H
#define TL_INGEST_PASSES_H

#include "ingest/rolling.h"
#include "ingest/rows.h"
#include "ingest/sample.h"
#include "ingest/split.h"

/* What the rows gave. */
typedef struct tl_loaded {
  tally_column **columns; /* as many as the plan has; NULL where not wanted. new references */
  size_t column_count;
  int64_t rows;
  int64_t *dropped; /* rows with a problem, ascending, when these are to be dropped */
  size_t dropped_capacity, dropped_count;
  tl_problems problems;
  bool regular; /* false: the quoting is not what the fast reader needs, and nothing was read */
  bool odd;     /* true: the file was not surveyed, and is not such that it can be read so; nothing was read */
} tl_loaded;

/* Where the rows are: range by range for the fast reader; for the lax one all of the source, in memory, from `byte`, the start of
 * line `line`. Either way the source was surveyed, or else it is as it is read: then `ranges` are a sample. */
typedef struct tl_extent {
  const tl_source *source;
  const tl_ranges *ranges;
  tl_rolling *rolling; /* NULL: surveyed */
  int64_t expected;    /* records of what is read rolling, at most; of more, the file is odd */
  bool lax;
  bool more; /* of the file follows */
  int64_t byte, line;
} tl_extent;

/* What a thread needs to read with, kept from range to range. */
typedef struct tl_room {
  tl_piece piece;
  tl_split split;
  tl_rows rows;
} tl_room;

void tl_room_done(tl_room *room);

/* plan    its columns' manners, shapes and `wanted` are changed
 * errors  TALLY_EIO, TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_passes_run(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, tl_loaded *out, tally_error *error);
/* The manners that a few rows of the ranges speak for; those that a column has already are widened when it must be.
 * regular  false: the quoting is not what the fast reader needs, and the plan is as it was */
tally_status tl_passes_sample(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, bool *regular, tally_error *error);
/* The same of each place of a sample; those with quotes out of place are taken out of it. */
tally_status tl_passes_sample_places(const tl_source *source, const tl_dialect *dialect, tl_plan *plan, tl_sample *sample,
                                     tally_error *error);
/* As tl_passes_run, on the caller's thread, for columns whose manners are known. plan: strict */
tally_status tl_passes_read(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, tl_room *room, tl_loaded *out,
                            tally_error *error);
/* The table of the loaded columns without the rows that are to be dropped, in its place. */
tally_status tl_loaded_drop_rows(const tl_loaded *loaded, tally_table **table, tally_error *error);
void tl_loaded_done(tl_loaded *loaded);

#endif
