/* Filtering: which rows are kept, and a table with only those.
 *
 * The idea: a filter keeps what is true, and missing is not true. The rows of a boolean column are found 64 at a time. A filtered
 * table is a program with one step; how rows are gathered is in ops/program. */
#include "ops/filter.h"

#include "ops/function_operand.h"

/* Which rows are true, 64 to a word, without bits past the last row; how many they are. Missing rows are false. */
static int64_t true_words(const tally_column *keep, uint64_t *words) {
  tl_operand operand = {keep, false, TALLY_BOOLEAN};
  tl_operand_booleans(&operand, keep->length, words);
  int64_t found = 0;
  for (size_t w = 0; w < tl_bit_words(keep->length); w++) found += __builtin_popcountll(words[w]);
  return found;
}

static tally_status list_rows(const uint64_t *words, size_t count, int64_t found, int64_t **rows, tally_error *error) {
  int64_t *to = *rows = tl_mem_new((size_t)found, sizeof **rows);
  if (!to) return tl_no_memory(error);
  for (size_t w = 0; w < count; w++)
    for (uint64_t left = words[w]; left; left &= left - 1) *to++ = (int64_t)(w * 64) + __builtin_ctzll(left);
  return TALLY_OK;
}

tally_status tl_true_rows(const tally_column *keep, int64_t **rows, int64_t *count, tally_error *error) {
  size_t words = tl_bit_words(keep->length);
  uint64_t *truths = tl_mem_new(words, sizeof *truths);
  if (!truths) return tl_no_memory(error);
  int64_t found = true_words(keep, truths);
  *rows = NULL;
  tally_status status = found == keep->length ? TALLY_OK : list_rows(truths, words, found, rows, error);
  if (status == TALLY_OK) *count = found;
  tl_mem_free(truths);
  return status;
}

tally_status tally_table_filter(const tally_table *table, const tally_expression *keep, tally_table **out, tally_error *error) {
  tally_program *program = NULL;
  TL_TRY(tally_program_new(table, &program, error));
  tally_status status = tally_program_filter(program, keep, error);
  if (status == TALLY_OK) status = tally_program_collect(program, NULL, 0, out, error);
  tally_program_release(program);
  return status;
}
