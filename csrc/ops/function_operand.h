/* ops/function_operand: arguments as flat arrays, and the making of results. For the evaluators of functions. */
#ifndef TL_OPS_FUNCTION_OPERAND_H
#define TL_OPS_FUNCTION_OPERAND_H

#include "column/column.h"
#include "ops/function.h"

/* An argument as an array: row i is at[i * step], with step 0 for a constant. Missing rows are 0. `made` is what had to be made for
 * it. */
typedef struct tl_integer_rows {
  const int64_t *at;
  int64_t step;
  int64_t *made;
} tl_integer_rows;

typedef struct tl_number_rows {
  const double *at;
  int64_t step;
  double *made;
} tl_number_rows;

/* Integers, dates as days, booleans as 0 and 1. Released with tl_mem_free(rows.made), in both, also after a failure. */
tally_status tl_operand_integers(const tl_operand *operand, tl_integer_rows *out, tally_error *error);
/* Numbers, and integers as the nearest numbers. */
tally_status tl_operand_numbers(const tl_operand *operand, tl_number_rows *out, tally_error *error);

/* Bits of an argument from row 0 on, 64 to a word, for `rows` rows; a constant is repeated. */
static inline size_t tl_bit_words(int64_t rows) {
  return (size_t)((rows + 63) >> 6);
}
/* Booleans; missing rows are false. */
void tl_operand_booleans(const tl_operand *operand, int64_t rows, uint64_t *words);
/* Which rows are present. */
void tl_operand_validity(const tl_operand *operand, int64_t rows, uint64_t *words);

static inline int64_t tl_operand_row(const tl_operand *operand, int64_t row) {
  return operand->constant ? 0 : row;
}

static inline bool tl_operand_present(const tl_operand *operand, int64_t row) {
  return tl_present(operand->column, tl_operand_row(operand, row));
}

/* Text arguments only. */
static inline tally_text tl_operand_text(const tl_operand *operand, int64_t row) {
  return tl_text_at(operand->column, tl_operand_row(operand, row));
}

/* The room for a result of fixed size, values zero, present where every argument of a strict call is; its validity is always there,
 * so that the evaluator may clear bits of it. */
tally_status tl_result_new(const tl_call *call, tl_parts *out, tally_error *error);
/* Clears what an evaluator left under missing rows and makes the column. Takes the parts, even on failure. */
tally_status tl_result_finish(tl_parts *parts, tally_column **out, tally_error *error);

#endif
