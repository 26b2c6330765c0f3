/* Comparison, == ~= < <= > >=, and membership, `in`.
 *
 * The idea: comparing two values has one of four outcomes: less, equal, greater, or unordered (a NaN is in it); an operator is the
 * set of outcomes for which it is true. So there is one loop for each type and not one for each operator and type. An integer and a
 * number are compared by their exact values. Text goes by its bytes; declared levels order groups and sorts, not comparisons. */
#include <math.h>

#include "ops/function_operand.h"

static inline unsigned integer_outcome(int64_t a, int64_t b) {
  return a < b ? TL_LESS : a == b ? TL_EQUAL : TL_GREATER;
}

static inline unsigned number_outcome(double a, double b) {
  return a < b ? TL_LESS : a == b ? TL_EQUAL : a > b ? TL_GREATER : TL_UNORDERED;
}

/* Exact: beyond 2^53 an integer may lie between two numbers. */
static inline unsigned mixed_outcome(int64_t a, double b) {
  if (isnan(b)) return TL_UNORDERED;
  if (b >= 0x1p63) return TL_LESS;
  if (b < -0x1p63) return TL_GREATER;
  double whole = floor(b);
  unsigned outcome = integer_outcome(a, (int64_t)whole);
  return outcome == TL_EQUAL && whole < b ? TL_LESS : outcome;
}

/* Sets the bit of each row whose outcome is in `truth`; those of missing rows are cleared later. */
#define FOR_EACH_BIT(rows, words, outcome) \
  for (int64_t i = 0; i < (rows); i++) (words)[i >> 6] |= (uint64_t)(((outcome)&truth) != 0) << (i & 63)

static tally_status compare_integers(const tl_operand *left, const tl_operand *right, unsigned truth, int64_t rows, uint64_t *words,
                                     tally_error *error) {
  tl_integer_rows a, b = {0};
  tally_status status = tl_operand_integers(left, &a, error);
  if (status == TALLY_OK) status = tl_operand_integers(right, &b, error);
  if (status == TALLY_OK) FOR_EACH_BIT(rows, words, integer_outcome(a.at[i * a.step], b.at[i * b.step]));
  tl_mem_free(a.made);
  tl_mem_free(b.made);
  return status;
}

static void compare_numbers(const tl_operand *left, const tl_operand *right, unsigned truth, int64_t rows, uint64_t *words) {
  const double *a = tl_numbers(left->column), *b = tl_numbers(right->column);
  int64_t step_a = !left->constant, step_b = !right->constant;
  FOR_EACH_BIT(rows, words, number_outcome(a[i * step_a], b[i * step_b]));
}

static void compare_mixed(const tl_operand *left, const tl_operand *right, unsigned truth, int64_t rows, uint64_t *words) {
  const int64_t *a = tl_integers(left->column);
  const double *b = tl_numbers(right->column);
  int64_t step_a = !left->constant, step_b = !right->constant;
  FOR_EACH_BIT(rows, words, mixed_outcome(a[i * step_a], b[i * step_b]));
}

static void compare_texts(const tl_operand *left, const tl_operand *right, unsigned truth, int64_t rows, uint64_t *words) {
  for (int64_t i = 0; i < rows; i++) {
    if (!tl_operand_present(left, i) || !tl_operand_present(right, i)) continue;
    tally_text a = tl_operand_text(left, i), b = tl_operand_text(right, i);
    bool differ = truth == TL_EQUAL && a.size != b.size;
    unsigned outcome = differ ? TL_LESS : integer_outcome(tl_text_compare(a, b), 0);
    words[i >> 6] |= (uint64_t)((outcome & truth) != 0) << (i & 63);
  }
}

/* The set of outcomes with the sides exchanged. */
static unsigned turned(unsigned truth) {
  unsigned kept = truth & (TL_EQUAL | TL_UNORDERED);
  return kept | (truth & TL_LESS ? TL_GREATER : 0) | (truth & TL_GREATER ? TL_LESS : 0);
}

static tally_status compare(const tl_operand *left, const tl_operand *right, unsigned truth, int64_t rows, uint64_t *words,
                            tally_error *error) {
  if (left->type == TALLY_TEXT)
    compare_texts(left, right, truth, rows, words);
  else if (left->type == TALLY_NUMBER && right->type == TALLY_NUMBER)
    compare_numbers(left, right, truth, rows, words);
  else if (left->type == TALLY_INTEGER && right->type == TALLY_NUMBER)
    compare_mixed(left, right, truth, rows, words);
  else if (left->type == TALLY_NUMBER)
    compare_mixed(right, left, turned(truth), rows, words);
  else
    return compare_integers(left, right, truth, rows, words, error);
  return TALLY_OK;
}

tally_status tl_evaluate_comparison(const tl_call *call, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  tally_status status =
      compare(&call->arguments[0], &call->arguments[1], (unsigned)call->function->variant, call->rows, parts.values->bytes, error);
  if (status == TALLY_OK) return tl_result_finish(&parts, out, error);
  tl_parts_drop(&parts);
  return status;
}

/* ---- in: `x in {a, b}` is `x == a or x == b`: with a member missing, what is not among the others is missing ---- */

/* Adds the rows that equal one member to `found`, and those for which it cannot be known to `open`. */
static tally_status try_member(const tl_call *call, size_t member, uint64_t *scratch, uint64_t *found, uint64_t *open,
                               tally_error *error) {
  const tl_operand *value = &call->arguments[0], *other = &call->arguments[member];
  size_t words = tl_bit_words(call->rows);
  memset(scratch, 0, words * sizeof *scratch);
  TL_TRY(compare(value, other, TL_EQUAL, call->rows, scratch, error));
  uint64_t *present = scratch + words;
  tl_operand_validity(other, call->rows, present);
  for (size_t w = 0; w < words; w++) {
    found[w] |= scratch[w] & present[w];
    open[w] |= ~present[w];
  }
  return TALLY_OK;
}

static tally_status try_members(const tl_call *call, uint64_t *found, uint64_t *known, uint64_t *scratch, tally_error *error) {
  size_t words = tl_bit_words(call->rows);
  uint64_t *open = scratch + 2 * words;
  memset(open, 0, words * sizeof *open);
  for (size_t member = 1; member < call->count; member++) TL_TRY(try_member(call, member, scratch, found, open, error));
  tl_operand_validity(&call->arguments[0], call->rows, known);
  for (size_t w = 0; w < words; w++) known[w] &= found[w] | ~open[w];
  return TALLY_OK;
}

tally_status tl_evaluate_membership(const tl_call *call, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  uint64_t *scratch = tl_mem_new(3 * tl_bit_words(call->rows), sizeof *scratch);
  tally_status status = scratch ? TALLY_OK : tl_no_memory(error);
  if (status == TALLY_OK) status = try_members(call, parts.values->bytes, parts.validity->bytes, scratch, error);
  tl_mem_free(scratch);
  if (status == TALLY_OK) return tl_result_finish(&parts, out, error);
  tl_parts_drop(&parts);
  return status;
}
