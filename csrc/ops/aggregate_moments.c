/* ops/aggregate_moments: variance, standard deviation, correlation and weighted mean.
 *
 * The idea: a state is a number of values, their mean, and the sum of their squared distances from it, taken batch by batch or
 * value by value (Welford) and merged state by state (Chan), which stays accurate where sums of squares would cancel. Variances are
 * those of a sample, divided by n - 1, and missing for fewer than two values. */
#include <math.h>

#include "ops/aggregate.h"
#include "ops/aggregate_sum.h"

/* ---- variance ---- */

typedef struct moments {
  int64_t count;
  double mean, squares;
} moments;

static tally_status step_moments(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure, (void)error;
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) {
    moments *m = (moments *)states + rows->group[row];
    double value = tl_number_at(rows->argument, row), distance = value - m->mean;
    m->mean += distance / (double)++m->count;
    m->squares += distance * (value - m->mean);
  }
  return TALLY_OK;
}

/* Adds what later values come to. */
static void join_moments(moments *a, const moments *b) {
  if (b->count == 0) return;
  if (a->count == 0) {
    *a = *b;
    return;
  }
  double count_b = (double)b->count, count = (double)a->count + count_b, distance = b->mean - a->mean;
  a->mean += distance * (count_b / count);
  a->squares += b->squares + distance * distance * ((double)a->count / count * count_b);
  a->count += b->count;
}

static tally_status merge_moments(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  (void)measure, (void)lexicon, (void)error;
  join_moments(into, from);
  return TALLY_OK;
}

/* A batch is gone through twice: for the means, then for the distances from them. Where that leaves the range of numbers, value by
 * value does not. */
static bool add_moments(const tl_measure *measure, const tl_measure_rows *rows, void *totals) {
  (void)measure;
  moments *sums = totals;
  bool finite = true;
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) {
    moments *m = &sums[rows->group[row]];
    m->mean += tl_number_at(rows->argument, row);
    m->count++;
  }
  for (size_t g = 0; g < rows->groups; g++) {
    if (sums[g].count) sums[g].mean /= (double)sums[g].count;
  }
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) {
    moments *m = &sums[rows->group[row]];
    double distance = tl_number_at(rows->argument, row) - m->mean;
    m->squares += distance * distance;
  }
  for (size_t g = 0; g < rows->groups; g++) finite &= isfinite(sums[g].squares) != 0;
  return finite;
}

static void fold_moments(const tl_measure *measure, const tl_totals *totals, tl_group_map map, void *states) {
  (void)measure;
  const moments *sums = totals->totals;
  for (size_t g = 0; g < map.count; g++) join_moments((moments *)states + map.to[g], &sums[map.from[g]]);
}

static const tl_totals_methods moments_totals = {sizeof(moments), add_moments, fold_moments};

static tally_status finish_moments(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  (void)error;
  const moments *m = state;
  *answer = (tl_answer){.present = m->count > 1};
  if (m->count < 2) return TALLY_OK;
  double variance = m->squares / (double)(m->count - 1);
  answer->word = tl_word_of_number(measure->record->variant == TL_DEVIATION ? sqrt(variance) : variance);
  return TALLY_OK;
}

const tl_aggregate_methods tl_moments_methods = {sizeof(moments), step_moments, merge_moments, finish_moments, NULL,
                                                 &moments_totals, NULL};

/* ---- correlation (Pearson's) ---- */

typedef struct comoments {
  int64_t count;
  double mean_x, mean_y, squares_x, squares_y, products;
} comoments;

static void add_pair(comoments *c, double x, double y) {
  double from_x = x - c->mean_x, from_y = y - c->mean_y, count = (double)++c->count;
  c->mean_x += from_x / count;
  c->mean_y += from_y / count;
  c->squares_x += from_x * (x - c->mean_x);
  c->squares_y += from_y * (y - c->mean_y);
  c->products += from_x * (y - c->mean_y);
}

static tally_status step_correlation(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure, (void)error;
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);)
    add_pair((comoments *)states + rows->group[row], tl_number_at(rows->argument, row), tl_number_at(rows->second, row));
  return TALLY_OK;
}

static tally_status merge_correlation(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  (void)measure, (void)lexicon, (void)error;
  comoments *a = into;
  const comoments *b = from;
  if (b->count == 0) return TALLY_OK;
  if (a->count == 0) {
    *a = *b;
    return TALLY_OK;
  }
  double count_b = (double)b->count, count = (double)a->count + count_b, shared = (double)a->count / count * count_b;
  double from_x = b->mean_x - a->mean_x, from_y = b->mean_y - a->mean_y;
  a->mean_x += from_x * (count_b / count);
  a->mean_y += from_y * (count_b / count);
  a->squares_x += b->squares_x + from_x * from_x * shared;
  a->squares_y += b->squares_y + from_y * from_y * shared;
  a->products += b->products + from_x * from_y * shared;
  a->count += b->count;
  return TALLY_OK;
}

static tally_status finish_correlation(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  (void)measure, (void)error;
  const comoments *c = state;
  bool varies = c->count > 1 && c->squares_x != 0 && c->squares_y != 0;
  *answer = (tl_answer){.present = varies};
  if (!varies) return TALLY_OK;
  double correlation = c->products / (sqrt(c->squares_x) * sqrt(c->squares_y));
  if (correlation > 1) correlation = 1;
  if (correlation < -1) correlation = -1;
  answer->word = tl_word_of_number(correlation);
  return TALLY_OK;
}

const tl_aggregate_methods tl_correlation_methods = {
    sizeof(comoments), step_correlation, merge_correlation, finish_correlation, NULL, NULL, NULL};

/* ---- weighted mean ---- */

typedef struct weighted {
  tl_number_sum total, weight;
  int64_t known;
} weighted;

static tally_status step_weighted(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure, (void)error;
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) {
    weighted *w = (weighted *)states + rows->group[row];
    double weight = tl_number_at(rows->second, row);
    tl_number_sum_add(&w->total, tl_number_at(rows->argument, row) * weight);
    tl_number_sum_add(&w->weight, weight);
    w->known++;
  }
  return TALLY_OK;
}

static tally_status merge_weighted(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  (void)measure, (void)lexicon, (void)error;
  weighted *a = into;
  const weighted *b = from;
  tl_number_sum_merge(&a->total, &b->total);
  tl_number_sum_merge(&a->weight, &b->weight);
  a->known += b->known;
  return TALLY_OK;
}

/* Weights that add to nothing give no mean. */
static tally_status finish_weighted(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  (void)measure, (void)error;
  const weighted *w = state;
  double weight = tl_number_sum_value(&w->weight);
  *answer = (tl_answer){w->known > 0 && weight != 0, tl_word_of_number(tl_number_sum_value(&w->total) / weight)};
  return TALLY_OK;
}

const tl_aggregate_methods tl_weighted_mean_methods = {
    sizeof(weighted), step_weighted, merge_weighted, finish_weighted, NULL, NULL, NULL};
