/* Logic and missing values: and or not is_missing coalesce if_else.
 *
 * The idea: what is not known may still not matter. `and` and `or` follow Kleene: false and missing is false, true or missing is
 * true, 64 rows at a time. coalesce and if_else choose between whole values, so reasons of missing values, dictionaries and any
 * type go through them unchanged: the arguments are put end to end and the chosen rows taken. */
#include "base/number.h"
#include "column/take.h"
#include "ops/function_operand.h"

/* ---- and, or ---- */

/* Takes one argument into what is known to be true and known to be false so far. A nil is neither. */
static void join_argument(const tl_call *call, size_t index, uint64_t *scratch, uint64_t *yes, uint64_t *no) {
  size_t words = tl_bit_words(call->rows);
  uint64_t *value = scratch, *present = scratch + words;
  tl_operand_booleans(&call->arguments[index], call->rows, value);
  tl_operand_validity(&call->arguments[index], call->rows, present);
  bool all = call->function->variant == TL_AND;
  for (size_t w = 0; w < words; w++) {
    uint64_t is = value[w], is_not = ~value[w] & present[w];
    yes[w] = all ? yes[w] & is : yes[w] | is;
    no[w] = all ? no[w] | is_not : no[w] & is_not;
  }
}

tally_status tl_evaluate_junction(const tl_call *call, tally_column **out, tally_error *error) {
  size_t words = tl_bit_words(call->rows);
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  uint64_t *scratch = tl_mem_new(3 * words, sizeof *scratch);
  if (!scratch) {
    tl_parts_drop(&parts);
    return tl_no_memory(error);
  }
  uint64_t *yes = parts.values->bytes, *no = scratch + 2 * words, *known = parts.validity->bytes;
  bool all = call->function->variant == TL_AND;
  memset(yes, all ? 0xff : 0, words * sizeof *yes);
  memset(no, all ? 0 : 0xff, words * sizeof *no);
  for (size_t i = 0; i < call->count; i++) join_argument(call, i, scratch, yes, no);
  for (size_t w = 0; w < words; w++) known[w] = yes[w] | no[w];
  tl_mem_free(scratch);
  return tl_result_finish(&parts, out, error);
}

tally_status tl_evaluate_not(const tl_call *call, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  uint64_t *words = parts.values->bytes;
  tl_operand_booleans(&call->arguments[0], call->rows, words);
  for (size_t w = 0; w < tl_bit_words(call->rows); w++) words[w] = ~words[w];
  return tl_result_finish(&parts, out, error);
}

tally_status tl_evaluate_is_missing(const tl_call *call, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  uint64_t *words = parts.values->bytes;
  tl_operand_validity(&call->arguments[0], call->rows, words);
  for (size_t w = 0; w < tl_bit_words(call->rows); w++) words[w] = ~words[w];
  return tl_result_finish(&parts, out, error);
}

/* ---- choosing between arguments ---- */

/* A missing value of the make of the first argument, from `first` on, that has the type of the answer: its dictionary and its
 * declared levels are not lost by standing next to nothing. */
static tally_status nil_like_others(const tl_call *call, size_t first, tally_column **out, tally_error *error) {
  static const int64_t none = -1;
  while (call->arguments[first].type != call->type) first++;
  return tl_column_take(call->arguments[first].column, &none, 1, out, error);
}

/* The argument as a column of the type of the answer; a nil is one missing value of that type. new reference */
static tally_status as_result(const tl_call *call, size_t first, const tl_operand *operand, tally_column **out,
                              tally_error *error) {
  if (operand->type == TALLY_MISSING) return nil_like_others(call, first, out, error);
  if (operand->type != call->type) return tl_column_cast(operand->column, call->type, out, error);
  *out = tally_column_retain(operand->column);
  return TALLY_OK;
}

/* Rows of the arguments put end to end. */
static tally_status take_chosen(const tl_call *call, size_t first, tally_column **parts, const int64_t *rows, tally_column **out,
                                tally_error *error) {
  size_t count = call->count - first;
  for (size_t i = 0; i < count; i++) TL_TRY(as_result(call, first, &call->arguments[first + i], &parts[i], error));
  tally_column *joined = NULL;
  TL_TRY(tl_column_concat(parts, count, &joined, error));
  tally_status status = tl_column_take(joined, rows, call->rows, out, error);
  tally_column_release(joined);
  return status;
}

/* Row `row` of argument `index` in the arguments from `first` on, put end to end. */
static int64_t joined_row(const tl_call *call, size_t first, size_t index, int64_t row) {
  int64_t start = 0;
  for (size_t i = first; i < index; i++) start += call->arguments[i].column->length;
  return start + tl_operand_row(&call->arguments[index], row);
}

/* Which argument a row comes from; 0, never one that is chosen, for none. */
typedef size_t (*chooser)(const tl_call *call, int64_t row);

/* An integer is not changed in silence because a number might have been chosen in its place. */
static tally_status check_exact(const tl_call *call, size_t index, int64_t row, tally_error *error) {
  const tl_operand *operand = &call->arguments[index];
  if (call->type != TALLY_NUMBER || operand->type != TALLY_INTEGER) return TALLY_OK;
  int64_t integer = tl_integers(operand->column)[tl_operand_row(operand, row)];
  if (tl_number_holds(integer)) return TALLY_OK;
  return tl_fail(error, TALLY_ERANGE,
                 "%lld is an integer that would lose digits in '%s' beside numbers: take number(...) of it if an approximate value "
                 "will do",
                 (long long)integer, tl_function_shown(call->function));
}

static tally_status choose(const tl_call *call, size_t first, chooser chosen, tally_column **out, tally_error *error) {
  size_t count = call->count - first;
  int64_t *rows = tl_mem_new((size_t)call->rows, sizeof *rows);
  tally_column **parts = tl_mem_zero(count, sizeof *parts);
  tally_status status = rows && parts ? TALLY_OK : tl_no_memory(error);
  for (int64_t i = 0; status == TALLY_OK && i < call->rows; i++) {
    size_t index = chosen(call, i);
    rows[i] = index < first ? -1 : joined_row(call, first, index, i);
    if (index >= first) status = check_exact(call, index, i, error);
  }
  if (status == TALLY_OK) status = take_chosen(call, first, parts, rows, out, error);
  for (size_t i = 0; parts && i < count; i++) tally_column_release(parts[i]);
  tl_mem_free(parts);
  tl_mem_free(rows);
  return status;
}

/* The first that is present; when none is, the first, which may say why. */
static size_t first_present(const tl_call *call, int64_t row) {
  for (size_t i = 0; i < call->count; i++)
    if (tl_operand_present(&call->arguments[i], row)) return i;
  return 0;
}

tally_status tl_evaluate_coalesce(const tl_call *call, tally_column **out, tally_error *error) {
  return choose(call, 0, first_present, out, error);
}

static size_t by_condition(const tl_call *call, int64_t row) {
  const tl_operand *condition = &call->arguments[0];
  if (!tl_operand_present(condition, row)) return 0;
  return tl_boolean(condition->column, tl_operand_row(condition, row)) ? 1 : 2;
}

tally_status tl_evaluate_if_else(const tl_call *call, tally_column **out, tally_error *error) {
  return choose(call, 1, by_condition, out, error);
}
