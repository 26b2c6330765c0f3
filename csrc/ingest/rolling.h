/* ingest/rolling: a file is surveyed and read in one go. Who reads a chunk surveys it first, and hands on to the next what lies
 * between them: whether quotes are open, the line, the records so far. So a large file is copied into memory but once. */
#ifndef TL_INGEST_ROLLING_H
#define TL_INGEST_ROLLING_H

#include <pthread.h>
#include <stdatomic.h>

#include "ingest/ranges.h"

/* What one chunk hands on. */
typedef struct tl_rolling_state {
  size_t chunks; /* that were surveyed */
  int inside;    /* 1: quotes are open */
  int64_t line;
  int64_t records, blanks; /* line ends outside quotes; those of lines with nothing on them */
} tl_rolling_state;

typedef struct tl_rolling {
  const tl_source *source;
  char quote;
  int64_t first, line; /* where the rows begin */
  size_t chunk_bytes, chunk_count;
  tl_range *ranges; /* of each chunk; none begins there: of size 0 */
  tl_census *censuses;
  bool open_line;       /* the last line has no end */
  atomic_size_t passed; /* chunks, as in the state: to be looked at without the lock */
  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t passed_on;
  tl_rolling_state state;
  size_t failed_at; /* the lowest chunk that failed: who waits for one after it waits for nothing; SIZE_MAX */
} tl_rolling;

/* byte  begins the line `line` and a record
 * errors  TALLY_ENOMEM; what was made is there for tl_rolling_done */
tally_status tl_rolling_start(tl_rolling *it, const tl_source *source, char quote, int64_t byte, int64_t line, size_t chunk_bytes,
                              tally_error *error);

/* The records that begin in a chunk. */
typedef struct tl_rolled {
  tl_range range; /* of size 0: none does */
  tally_text text;
  int64_t records_before, blanks_before; /* in all of the file */
  bool odd; /* bytes are no text in UTF-8, a record is too long, or quotes are never closed: the file is to be surveyed first */
} tl_rolled;

/* Of each chunk once, by several threads, each of which takes the next: it waits for the chunk before.
 * piece   holds the text
 * errors  TALLY_EIO, TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_rolling_take(tl_rolling *it, size_t chunk, tl_piece *piece, tl_rolled *out, tally_error *error);
/* A chunk has failed, then or later: those after it do not wait any more, and fail with TALLY_ECANCEL. Those before it go on. */
void tl_rolling_stop(tl_rolling *it, size_t chunk);
/* The ranges of all chunks, when each was taken. out: takes them; its census is added to */
void tl_rolling_end(tl_rolling *it, tl_ranges *out);
void tl_rolling_done(tl_rolling *it);

#endif
