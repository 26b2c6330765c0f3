/* ops/match: for each row of one table, the rows of another that have the same key. */
#ifndef TL_OPS_MATCH_H
#define TL_OPS_MATCH_H

#include <stdatomic.h>

#include "column/table.h"

/* Key columns of both tables, compared in pairs, of types that agree (integer with number does). */
typedef struct tl_match_keys {
  const tally_column **left, **right;
  const char *const *left_names, *const *right_names;
  size_t count; /* 0: every row equals every row */
  int64_t left_rows, right_rows;
  bool missing; /* missing equals missing; else it equals nothing */
  /* Of the rows that match, only the last one of right whose value is not above that of left; NULL: all. Of one type: integers,
   * numbers or dates. The rows of right are in the order of it, those without a value last. */
  const tally_column *left_as_of, *right_as_of;
} tl_match_keys;

#define TL_NO_MATCH UINT32_MAX

typedef struct tl_match {
  uint32_t *found;    /* of each row of left. When no two rows of right have the same key: the row of right, or TL_NO_MATCH; ... */
  uint32_t *rows;     /* ... else the number of a list: `rows` has the lists end to end, each in the order of right, ... */
  uint32_t *starts;   /* ... and this is where each begins, and one more; NULL: there are no lists */
  atomic_uchar *seen; /* of each place of a key, rows of left that have it: 0, 1, or more */
  uint32_t *places;   /* of each row of right */
  bool many_to_many;  /* some key is in more than one row on both sides */
} tl_match;

/* out     to be released with tl_match_done
 * errors  TALLY_ERANGE (2^32 rows; an integer beside numbers that no number holds), TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_match_new(const tl_match_keys *keys, tl_match *out, tally_error *error);
void tl_match_done(tl_match *match);

/* The rows of right that match a row of left. */
static inline uint32_t tl_match_of(const tl_match *it, int64_t left_row, const uint32_t **rows) {
  uint32_t found = it->found[left_row];
  if (!it->starts) {
    *rows = &it->found[left_row];
    return found != TL_NO_MATCH;
  }
  *rows = it->rows + it->starts[found];
  return it->starts[found + 1] - it->starts[found];
}

/* Whether a row of right has a match in left. */
static inline bool tl_match_has_left(const tl_match *it, int64_t right_row) {
  return atomic_load_explicit(&it->seen[it->places[right_row]], memory_order_relaxed) > 0;
}

#endif
