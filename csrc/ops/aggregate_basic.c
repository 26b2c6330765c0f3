/* ops/aggregate_basic: counts, sums, means, and whether any or all are true.
 *
 * The idea: integers are added in 128 bits, which no number of rows can fill, so that a sum is exact or an error; numbers are added
 * with what rounding takes away kept beside, in the order of the rows. */
#include "ops/aggregate.h"
#include "ops/aggregate_sum.h"

/* ---- rows, group by group ----
 *
 * Within a batch, what a group comes to is kept in an array of its own, with nothing between one group and the next, and added to
 * the states in the end. */

/* How many rows that count, and how many known values, each group has. */
typedef struct group_rows {
  const uint32_t *rows, *known;
  uint32_t *own_rows, *own_known; /* NULL where the batch has them already */
} group_rows;

static void done_counting(group_rows *it) {
  tl_mem_free(it->own_rows);
  tl_mem_free(it->own_known);
}

static void count_chosen(const tl_measure_rows *rows, uint32_t *to) {
  for (int64_t i = 0; i < rows->count; i++) to[rows->group[rows->rows[i]]]++;
}

static void count_known(const tl_measure_rows *rows, uint32_t *to) {
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) to[rows->group[row]]++;
}

static tally_status count_rows(const tl_measure_rows *rows, group_rows *out, tally_error *error) {
  bool some = rows->rows != NULL, gaps = rows->argument && rows->argument->validity;
  *out = (group_rows){.rows = rows->sizes};
  if (some) out->rows = out->own_rows = tl_mem_zero(rows->groups, sizeof *out->own_rows);
  if (gaps) out->known = out->own_known = tl_mem_zero(rows->groups, sizeof *out->own_known);
  if ((some && !out->own_rows) || (gaps && !out->own_known)) {
    done_counting(out);
    return tl_no_memory(error);
  }
  if (some) count_chosen(rows, out->own_rows);
  if (gaps) count_known(rows, out->own_known);
  if (!gaps) out->known = out->rows;
  return TALLY_OK;
}

/* ---- count: the state is an int64_t ---- */

static tally_status step_count(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure;
  int64_t *counts = states;
  group_rows each;
  TL_TRY(count_rows(rows, &each, error));
  for (size_t g = 0; g < rows->groups; g++) counts[g] += each.known[g];
  done_counting(&each);
  return TALLY_OK;
}

static tally_status merge_count(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  (void)measure, (void)lexicon, (void)error;
  *(int64_t *)into += *(int64_t *)from;
  return TALLY_OK;
}

static tally_status finish_count(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  (void)measure, (void)error;
  *answer = (tl_answer){true, (uint64_t) * (int64_t *)state};
  return TALLY_OK;
}

const tl_aggregate_methods tl_count_methods = {sizeof(int64_t), step_count, merge_count, finish_count, NULL};

/* ---- sums of integers ---- */

typedef struct integer_sum {
  __int128 total;
  int64_t known;
  bool unknown; /* some value is missing */
} integer_sum;

/* Adds all values to `totals`, those of missing rows being zero; false when a total may not fit. */
static bool add_integers(const tl_measure_rows *rows, uint64_t *totals) {
  const int64_t *values = tl_integers(rows->argument);
  uint64_t bits = 0;
  for (int64_t i = 0; i < rows->count; i++) {
    int64_t row = tl_measure_row(rows, i), value = values[row];
    totals[rows->group[row]] += (uint64_t)value;
    bits |= (uint64_t)(value ^ value >> 63);
  }
  return (unsigned __int128)bits * (uint64_t)rows->count <= INT64_MAX;
}

static bool add_booleans(const tl_measure_rows *rows, uint64_t *totals) {
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) totals[rows->group[row]] += tl_boolean(rows->argument, row);
  return true;
}

static void add_wide_integers(const tl_measure_rows *rows, integer_sum *states) {
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) states[rows->group[row]].total += tl_integers(rows->argument)[row];
}

static void note_integer_sums(const tl_measure_rows *rows, const group_rows *each, uint64_t *totals, integer_sum *states) {
  bool fit = rows->argument->type == TALLY_BOOLEAN ? add_booleans(rows, totals) : add_integers(rows, totals);
  if (!fit) add_wide_integers(rows, states);
  for (size_t g = 0; g < rows->groups; g++) {
    if (fit) states[g].total += (int64_t)totals[g];
    states[g].known += each->known[g];
    states[g].unknown |= each->known[g] < each->rows[g];
  }
}

static tally_status step_integer_sum(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure;
  group_rows each;
  uint64_t *totals = tl_mem_zero(rows->groups, sizeof *totals);
  tally_status status = totals ? count_rows(rows, &each, error) : tl_no_memory(error);
  if (status == TALLY_OK) {
    note_integer_sums(rows, &each, totals, states);
    done_counting(&each);
  }
  tl_mem_free(totals);
  return status;
}

static tally_status merge_integer_sum(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  (void)measure, (void)lexicon, (void)error;
  integer_sum *a = into, *b = from;
  a->total += b->total;
  a->known += b->known;
  a->unknown |= b->unknown;
  return TALLY_OK;
}

static tally_status finish_integer_sum(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  const integer_sum *s = state;
  if (measure->record->variant == TL_MEAN) {
    answer->present = s->known > 0;
    if (s->known) answer->word = tl_word_of_number((double)s->total / (double)s->known);
    return TALLY_OK;
  }
  if (s->total < INT64_MIN || s->total > INT64_MAX)
    return tl_fail_at(error, TALLY_ERANGE, measure->name, 0, 0,
                      "the sum of '%s' does not fit 64 bits; sum number(...) of it if an approximate figure will do",
                      measure->subject);
  *answer = (tl_answer){s->known > 0 || !s->unknown, (uint64_t)(int64_t)s->total};
  return TALLY_OK;
}

const tl_aggregate_methods tl_integer_sum_methods = {sizeof(integer_sum), step_integer_sum, merge_integer_sum, finish_integer_sum,
                                                     NULL};

/* ---- sums of numbers ---- */

typedef struct number_sum {
  tl_number_sum total;
  int64_t known;
  bool unknown;
} number_sum;

static void note_number_sums(const tl_measure_rows *rows, const group_rows *each, tl_number_sum *totals, number_sum *states) {
  const double *values = tl_numbers(rows->argument);
  for (int64_t i = 0; i < rows->count; i++) {
    int64_t row = tl_measure_row(rows, i);
    tl_number_sum_add_quickly(&totals[rows->group[row]], values[row]);
  }
  for (size_t g = 0; g < rows->groups; g++) {
    tl_number_sum_settle(&totals[g]);
    tl_number_sum_merge(&states[g].total, &totals[g]);
    states[g].known += each->known[g];
    states[g].unknown |= each->known[g] < each->rows[g];
  }
}

static tally_status step_number_sum(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure;
  group_rows each;
  tl_number_sum *totals = tl_mem_zero(rows->groups, sizeof *totals);
  tally_status status = totals ? count_rows(rows, &each, error) : tl_no_memory(error);
  if (status == TALLY_OK) {
    note_number_sums(rows, &each, totals, states);
    done_counting(&each);
  }
  tl_mem_free(totals);
  return status;
}

static tally_status merge_number_sum(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  (void)measure, (void)lexicon, (void)error;
  number_sum *a = into;
  const number_sum *b = from;
  tl_number_sum_merge(&a->total, &b->total);
  a->known += b->known;
  a->unknown |= b->unknown;
  return TALLY_OK;
}

static tally_status finish_number_sum(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  (void)error;
  const number_sum *s = state;
  double total = tl_number_sum_value(&s->total);
  if (measure->record->variant == TL_MEAN)
    *answer = (tl_answer){s->known > 0, tl_word_of_number(total / (double)s->known)};
  else
    *answer = (tl_answer){s->known > 0 || !s->unknown, tl_word_of_number(total)};
  return TALLY_OK;
}

const tl_aggregate_methods tl_number_sum_methods = {sizeof(number_sum), step_number_sum, merge_number_sum, finish_number_sum, NULL};

/* ---- any, all ---- */

typedef struct truth {
  int64_t known, true_ones;
} truth;

static tally_status step_truth(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure, (void)error;
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) {
    truth *t = (truth *)states + rows->group[row];
    t->known++;
    t->true_ones += tl_boolean(rows->argument, row);
  }
  return TALLY_OK;
}

static tally_status merge_truth(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  (void)measure, (void)lexicon, (void)error;
  truth *a = into, *b = from;
  a->known += b->known;
  a->true_ones += b->true_ones;
  return TALLY_OK;
}

static tally_status finish_truth(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  (void)error;
  const truth *t = state;
  bool all = measure->record->variant == TL_ALL;
  *answer = (tl_answer){t->known > 0, all ? t->true_ones == t->known : t->true_ones > 0};
  return TALLY_OK;
}

const tl_aggregate_methods tl_truth_methods = {sizeof(truth), step_truth, merge_truth, finish_truth, NULL};
