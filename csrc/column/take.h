/* column/take: rows of columns by their numbers. */
#ifndef TL_COLUMN_TAKE_H
#define TL_COLUMN_TAKE_H

#include "column/column.h"

/* Which rows, by their numbers: -1 for a missing one. */
typedef struct tl_pick {
  int64_t count;
  const int64_t *rows; /* all of them; or NULL: then `some` gives `count` of them from the first-th on, to any thread, and again */
  void (*some)(const void *context, int64_t first, int64_t count, int64_t *rows);
  const void *context;
  bool gaps;      /* -1 may be among them */
  bool ascending; /* none comes after a larger one */
} tl_pick;

/* The rows of columns of one length, into out[0] .. (new references); in parallel when they are many.
 * pick    its rows are not checked
 * errors  TALLY_ENOMEM, TALLY_ECANCEL; out[] is then NULL */
tally_status tl_columns_pick(tally_column *const *columns, size_t column_count, const tl_pick *pick, tally_column **out,
                             tally_error *error);
/* Whether there are row numbers of -1 among them. errors: TALLY_ERANGE (below, or not below `length`) */
tally_status tl_rows_check(const int64_t *rows, int64_t count, int64_t length, bool *gaps, tally_error *error);
/* Rows rows[0] … of a column. errors: TALLY_ERANGE, TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_column_take(const tally_column *column, const int64_t *rows, int64_t count, tally_column **out, tally_error *error);

#endif
