/* ops/numbering: words become dense numbers, in order of first appearance. */
#ifndef TL_OPS_NUMBERING_H
#define TL_OPS_NUMBERING_H

#include "base/mem.h"

typedef struct tl_numbering {
  uint32_t *numbers; /* of each row */
  int64_t *first;    /* row in which each number first appears; of tl_mem_new_aligned, like the numbers */
  int64_t count;     /* of numbers */
} tl_numbering;

/* words   `rows` of them, all below `range`; 0 stands for 2^64
 * out     to be released with tl_numbering_done
 * errors  TALLY_ERANGE (2^32 rows), TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_numbering_new(const uint64_t *words, int64_t rows, uint64_t range, tl_numbering *out, tally_error *error);
void tl_numbering_done(tl_numbering *it);

#endif
