/* ingest/rows: records in, rows of a store out. Both CSV readers feed this one path, so that they cannot disagree on what a field
 * means; the fast one hands most rows to ingest/convert, which comes to the same. */
#ifndef TL_INGEST_ROWS_H
#define TL_INGEST_ROWS_H

#include "ingest/store.h"

/* Where the rows of one part go. */
typedef struct tl_rows {
  tl_store *store;
  tl_store_part *part;
  int64_t limit;            /* rows at most */
  const char *where;        /* the file, for messages */
  char *repaired;           /* a field without its invalid bytes */
  size_t repaired_capacity; /* kept from part to part */
} tl_rows;

/* A tl_record_visit; context: a tl_rows.
 * errors: TALLY_EIO (more rows than were surveyed: the file was changed), TALLY_ESYNTAX (a quote that is never closed, unless the
 * lax reader was asked for), TALLY_ENOMEM */
tally_status tl_rows_add(void *context, const tl_record *record, bool *enough, tally_error *error);
/* Room for `count` more rows, or the file was changed since it was surveyed. errors: TALLY_EIO */
tally_status tl_rows_check_room(const tl_rows *rows, size_t count, tally_error *error);
void tl_rows_done(tl_rows *rows);
/* What is said of a quote that nothing closes, where reading ends. */
extern const char tl_open_quote_text[];
/* What a flaw is called. flaw: not TL_FLAW_NONE */
tl_problem tl_problem_of_flaw(tl_flaw flaw);

#endif
