/* ops/aggregate_basic: counts, sums, means, and whether any or all are true.
 *
 * The idea: integers are added in 128 bits, which no number of rows can fill, so that a sum is exact or an error; numbers are added
 * with what rounding takes away kept beside, in the order of the rows. */
#include "ops/aggregate.h"
#include "ops/aggregate_sum.h"

/* ---- count: the state is an int64_t ---- */

static tally_status step_count(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure, (void)error;
  int64_t *counts = states;
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) counts[rows->group[row]]++;
  return TALLY_OK;
}

static void fold_count(const tl_measure *measure, const tl_totals *totals, tl_group_map map, void *states) {
  (void)measure;
  int64_t *counts = states;
  for (size_t g = 0; g < map.count; g++) counts[map.to[g]] += totals->known[map.from[g]];
}

static const tl_totals_methods count_totals = {0, NULL, fold_count};

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

const tl_aggregate_methods tl_count_methods = {sizeof(int64_t), step_count, merge_count, finish_count, NULL, &count_totals, NULL};

/* ---- sums of integers ---- */

typedef struct integer_sum {
  __int128 total;
  int64_t known;
  bool unknown; /* some value is missing */
} integer_sum;

static tally_status step_integer_sum(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure, (void)error;
  for (int64_t i = 0; i < rows->count; i++) {
    int64_t row = tl_measure_row(rows, i);
    integer_sum *s = (integer_sum *)states + rows->group[row];
    bool known = tl_present(rows->argument, row);
    s->unknown |= !known;
    s->known += known;
    if (known) s->total += tl_integer_at(rows->argument, row);
  }
  return TALLY_OK;
}

/* The values of missing rows are zero. Gives false when a total may not fit. */
static bool add_integers(const tl_measure *measure, const tl_measure_rows *rows, void *totals) {
  if (measure->type != TALLY_INTEGER) return false;
  const int64_t *values = tl_integers(rows->argument);
  uint64_t *sums = totals, bits = 0;
  for (int64_t i = 0; i < rows->count; i++) {
    int64_t row = tl_measure_row(rows, i), value = values[row];
    sums[rows->group[row]] += (uint64_t)value;
    bits |= (uint64_t)(value ^ value >> 63);
  }
  return (unsigned __int128)bits * (uint64_t)rows->count <= INT64_MAX;
}

static void fold_integers(const tl_measure *measure, const tl_totals *totals, tl_group_map map, void *states) {
  (void)measure;
  const int64_t *sums = totals->totals;
  for (size_t g = 0; g < map.count; g++) {
    integer_sum *s = (integer_sum *)states + map.to[g];
    uint32_t from = map.from[g];
    s->total += sums[from];
    s->known += totals->known[from];
    s->unknown |= totals->known[from] < totals->rows[from];
  }
}

static const tl_totals_methods integer_totals = {sizeof(int64_t), add_integers, fold_integers};

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

const tl_aggregate_methods tl_integer_sum_methods = {
    sizeof(integer_sum), step_integer_sum, merge_integer_sum, finish_integer_sum, NULL, &integer_totals, NULL};

/* ---- sums of numbers ---- */

typedef struct number_sum {
  tl_number_sum total;
  int64_t known;
  bool unknown;
} number_sum;

static tally_status step_number_sum(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure, (void)error;
  const double *values = tl_numbers(rows->argument);
  for (int64_t i = 0; i < rows->count; i++) {
    int64_t row = tl_measure_row(rows, i);
    number_sum *s = (number_sum *)states + rows->group[row];
    bool known = tl_present(rows->argument, row);
    s->unknown |= !known;
    s->known += known;
    if (known) tl_number_sum_add(&s->total, values[row]);
  }
  return TALLY_OK;
}

static bool add_numbers(const tl_measure *measure, const tl_measure_rows *rows, void *totals) {
  (void)measure;
  const double *values = tl_numbers(rows->argument);
  tl_number_sum *sums = totals;
  for (int64_t i = 0; i < rows->count; i++) {
    int64_t row = tl_measure_row(rows, i);
    tl_number_sum_add_quickly(&sums[rows->group[row]], values[row]);
  }
  return true;
}

static void fold_numbers(const tl_measure *measure, const tl_totals *totals, tl_group_map map, void *states) {
  (void)measure;
  const tl_number_sum *sums = totals->totals;
  for (size_t g = 0; g < map.count; g++) {
    number_sum *s = (number_sum *)states + map.to[g];
    uint32_t from = map.from[g];
    tl_number_sum sum = tl_number_sum_settled(sums[from]);
    tl_number_sum_merge(&s->total, &sum);
    s->known += totals->known[from];
    s->unknown |= totals->known[from] < totals->rows[from];
  }
}

static const tl_totals_methods number_totals = {sizeof(tl_number_sum), add_numbers, fold_numbers};

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

const tl_aggregate_methods tl_number_sum_methods = {
    sizeof(number_sum), step_number_sum, merge_number_sum, finish_number_sum, NULL, &number_totals, NULL};

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

const tl_aggregate_methods tl_truth_methods = {sizeof(truth), step_truth, merge_truth, finish_truth, NULL, NULL, NULL};
