/* ingest/store: the columns of a table in the making. How many rows there can be is known before the first is read, so every column
 * has its final size from the start, and several threads write, each into the rows of the part it works on. What cannot be written
 * in place is gathered with the part (which rows are missing, and why; booleans, which share bytes) or with the thread (the words
 * of coded text; the bytes of plain text) and put in its place by ingest/gather. */
#ifndef TL_INGEST_STORE_H
#define TL_INGEST_STORE_H

#include <stdatomic.h>

#include "column/dictionary.h"
#include "ingest/cell.h"
#include "ingest/reading.h"

/* Bytes of plain text, of several parts. */
typedef struct tl_store_block {
  char *bytes; /* of tl_mem_new_aligned */
  size_t size, used;
  atomic_size_t users; /* the parts, and the thread that fills it */
} tl_store_block;

/* Of one column in one part; all NULL while nothing needs it. */
typedef struct tl_store_cells {
  uint8_t *missing; /* one bit a row */
  uint8_t *reasons; /* one byte a row */
  uint8_t *bits;    /* of a boolean column, one bit a row */
  tl_store_block *block;
  size_t block_at;   /* where the texts of this part begin in the block ... */
  int64_t text_size; /* ... and their bytes so far */
} tl_store_cells;

/* Rows that one thread writes. */
typedef struct tl_store_part {
  int64_t first, capacity; /* in the store */
  int64_t count;           /* rows so far */
  size_t thread;
  tl_store_cells *cells; /* of each column; NULL before the part is begun */
  int64_t last_byte;     /* where the last row starts; -1 */
  int64_t *dropped;      /* rows with a problem, ascending, when these are to be dropped */
  size_t dropped_capacity, dropped_count;
  tl_problems problems;
} tl_store_part;

/* What one thread gathers of one column. */
typedef struct tl_store_share {
  tl_dictionary words;
  int64_t *first_rows; /* of each word: the row where this thread saw it first */
  size_t first_row_capacity;
  tl_store_block *block;
  uint32_t shapes; /* that were seen */
  bool misfits;    /* a value did not fit the manner */
  bool overflows;  /* more words than coding is good for: text from here on was left out */
} tl_store_share;

typedef struct tl_store {
  const tl_plan *plan;
  int64_t capacity;
  tl_buffer **values; /* of each column, zero at first; NULL when it has none: not wanted, boolean, or nothing known of it */
  tl_store_part *parts;
  size_t part_count;
  tl_store_share *shares; /* of each thread and column */
  size_t thread_count;
} tl_store;

/* errors: TALLY_ENOMEM; what was made is there for tl_store_done */
tally_status tl_store_start(tl_store *store, const tl_plan *plan, size_t part_count, size_t thread_count, tally_error *error);
/* Gives the next rows to a part. To be called for each, in order. */
void tl_store_set_part(tl_store *store, size_t part, int64_t capacity);
/* Says which rows a part has, where that was not known before. */
void tl_store_place_part(tl_store *store, size_t part, int64_t first, int64_t capacity);
/* Lets go of rows that no part has, which come last. */
void tl_store_trim(tl_store *store);
/* Makes the columns, when all parts are set. errors: TALLY_ENOMEM */
tally_status tl_store_make_columns(tl_store *store, tally_error *error);
/* Before a thread writes to a part. errors: TALLY_ENOMEM */
tally_status tl_store_begin(tl_store *store, size_t part, size_t thread, tally_error *error);
/* Lets go of the bytes of plain text, when they are copied. */
void tl_store_leave_block(tl_store_cells *cells);
void tl_store_done(tl_store *store);

static inline tl_store_share *tl_store_share_of(const tl_store *store, size_t thread, size_t column) {
  return &store->shares[thread * store->plan->count + column];
}

/* Bytes of a value in `values`; of plain text, which has the ends of the texts there, 8. */
size_t tl_store_value_size(const tl_column_plan *column);

/* ---- writing: `row` counts in the part, from 0; the rows of a column are written in order ---- */

/* reason  as in tl_cell. errors: TALLY_ENOMEM */
tally_status tl_store_missing(tl_store *store, tl_store_part *part, size_t column, int64_t row, uint8_t reason, tally_error *error);
/* A cell of any kind: a misfit is stored as missing, and noted. errors: TALLY_ENOMEM */
tally_status tl_store_put(tl_store *store, tl_store_part *part, size_t column, int64_t row, const tl_cell *cell,
                          tally_error *error);
/* Texts of a text column, from row `row` on. A text whose bytes are NULL is passed over: it is missing.
 * texts   TL_PADDING bytes after each may be read
 * errors  TALLY_ENOMEM, TALLY_ERANGE (too many words) */
tally_status tl_store_texts(tl_store *store, tl_store_part *part, size_t column, int64_t row, const tally_text *texts, size_t count,
                            tally_error *error);

#endif
