/* base/status: how a failure travels. A function that can fail returns a tally_status and fills the caller's error. */
#ifndef TL_BASE_STATUS_H
#define TL_BASE_STATUS_H

#include "tally.h"

/* Fills `error` (may be NULL) unless one is already there, and returns `status`, so that a caller can write
 * `return tl_fail(error, TALLY_ENAME, "no column '%s'", name)`. */
tally_status tl_fail(tally_error *error, tally_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, with the place in the input (0: not known) and the file or column concerned (NULL: none). */
tally_status tl_fail_at(tally_error *error, tally_status status, const char *where, int64_t line, int64_t column,
                        const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Memory was refused. */
tally_status tl_no_memory(tally_error *error);

/* Names the file or column of an error that does not have one yet. */
void tl_error_where(tally_error *error, const char *where);

/* Forgets an error. */
void tl_error_clear(tally_error *error);

#define TL_TRY(call)                               \
  do {                                             \
    tally_status tl_status_ = (call);              \
    if (tl_status_ != TALLY_OK) return tl_status_; \
  } while (0)

#endif
