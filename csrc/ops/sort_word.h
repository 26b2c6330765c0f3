/* ops/sort_word: the values of a column as words that sort, as unsigned numbers, the way the values do. */
#ifndef TL_OPS_SORT_WORD_H
#define TL_OPS_SORT_WORD_H

#include "column/column.h"

/* The word of each row; in either direction NaN comes after all other numbers. What stands for a missing row is of no meaning.
 * errors: TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_sort_words(const tally_column *column, bool descending, uint64_t *words, tally_error *error);

#endif
