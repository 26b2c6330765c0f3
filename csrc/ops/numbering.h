/* ops/numbering: words become dense numbers, in order of first appearance. */
#ifndef TL_OPS_NUMBERING_H
#define TL_OPS_NUMBERING_H

#include "base/mem.h"

typedef struct tl_numbering {
  uint32_t *numbers; /* of each row */
  int64_t *first;    /* row in which each number first appears; of tl_mem_new_aligned, like the numbers */
  int64_t count;     /* of numbers */
} tl_numbering;

/* Where rows of one word may differ all the same: who tells, and gets what it takes on its way to the cache, first where it is to
 * be found, then it itself. */
typedef struct tl_same {
  bool (*rows)(const void *context, uint32_t a, uint32_t b);
  void (*find)(const void *context, uint32_t row);
  void (*fetch)(const void *context, uint32_t row);
  const void *context;
} tl_same;

/* words   `rows` of them, all below `range`; 0 stands for 2^64
 * same    NULL: rows of one word are equal
 * out     to be released with tl_numbering_done
 * errors  TALLY_ERANGE (2^32 rows), TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_numbering_new(const uint64_t *words, int64_t rows, uint64_t range, const tl_same *same, tl_numbering *out,
                              tally_error *error);
void tl_numbering_done(tl_numbering *it);

#endif
