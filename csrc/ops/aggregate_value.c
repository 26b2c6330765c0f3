/* ops/aggregate_value: aggregates that keep one of the values that they were shown, or two: first, last, min, max, and the largest
 * and the two largest together, which rules of dominance ask for.
 *
 * The idea: a value of any type is a word, so that only the comparison knows of types. Of equal values the first is kept. NaN comes
 * before all numbers in that comparison, and a least number is only then NaN when there is no other. */
#include "ops/aggregate.h"

/* ---- first, last, min, max ---- */

typedef struct kept {
  uint64_t word;
  bool known;
} kept;

static bool is_nan(tally_type type, uint64_t word) {
  return type == TALLY_NUMBER && isnan(tl_word_number(word));
}

/* Whether a word takes the place of the one that is kept. */
static bool replaces(int variant, const tl_word_order *order, uint64_t word, const kept *held) {
  if (!held->known || variant == TL_LAST) return true;
  if (variant == TL_FIRST) return false;
  int way = tl_word_compare(order, word, held->word);
  if (variant == TL_GREATEST) return way > 0;
  if (is_nan(order->type, held->word)) return way > 0;
  return way < 0 && !is_nan(order->type, word);
}

static tally_status step_value(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)error;
  tl_word_order order = tl_word_order_of(rows->argument);
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) {
    kept *k = (kept *)states + rows->group[row];
    uint64_t word = tl_word_at(rows->argument, row);
    if (replaces(measure->record->variant, &order, word, k)) *k = (kept){word, true};
  }
  return TALLY_OK;
}

static tally_status merge_value(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  kept *a = into;
  const kept *b = from;
  if (!b->known) return TALLY_OK;
  if (a->known && measure->record->variant == TL_FIRST) return TALLY_OK;
  uint64_t word;
  TL_TRY(tl_lexicon_word(lexicon, measure->type, b->word, &word, error));
  tl_word_order order = tl_lexicon_order(lexicon, measure->type);
  if (replaces(measure->record->variant, &order, word, a)) *a = (kept){word, true};
  return TALLY_OK;
}

static tally_status finish_value(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  (void)measure, (void)error;
  const kept *k = state;
  *answer = (tl_answer){k->known, k->word};
  return TALLY_OK;
}

/* The least and the greatest of integers and numbers, among which is no NaN. */
static bool compares_plainly(const tl_measure *measure) {
  return measure->record->variant == TL_LEAST || measure->record->variant == TL_GREATEST;
}

/* Whether a value is a bound is chance, in groups of few rows; so each is written, and none is guessed. */
#define ADD_BOUNDS(best)                                       \
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) { \
    size_t g = rows->group[row];                               \
    bounds[g] = best(values[row], bounds[g]);                  \
  }

#define LESS(a, b) ((a) < (b) ? (a) : (b))
#define MORE(a, b) ((a) > (b) ? (a) : (b))

static void add_integer_bounds(const tl_measure_rows *rows, bool least, int64_t *bounds) {
  const int64_t *values = tl_integers(rows->argument);
  for (size_t g = 0; g < rows->groups; g++) bounds[g] = least ? INT64_MAX : INT64_MIN;
  if (least) {
    ADD_BOUNDS(LESS)
  } else {
    ADD_BOUNDS(MORE)
  }
}

/* False when one is NaN, which comes before every number. */
static bool add_number_bounds(const tl_measure_rows *rows, bool least, double *bounds) {
  const double *values = tl_numbers(rows->argument);
  bool nan = false;
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) nan |= values[row] != values[row];
  if (nan) return false;
  for (size_t g = 0; g < rows->groups; g++) bounds[g] = least ? (double)INFINITY : -(double)INFINITY;
  if (least) {
    ADD_BOUNDS(LESS)
  } else {
    ADD_BOUNDS(MORE)
  }
  return true;
}

static bool add_bounds(const tl_measure *measure, const tl_measure_rows *rows, void *totals) {
  bool least = measure->record->variant == TL_LEAST;
  if (!compares_plainly(measure)) return false;
  if (measure->type == TALLY_NUMBER) return add_number_bounds(rows, least, totals);
  if (measure->type != TALLY_INTEGER) return false;
  add_integer_bounds(rows, least, totals);
  return true;
}

static void fold_bounds(const tl_measure *measure, const tl_totals *totals, tl_group_map map, void *states) {
  const uint64_t *words = totals->totals;
  tl_word_order order = {.type = measure->type};
  for (size_t g = 0; g < map.count; g++) {
    kept *k = (kept *)states + map.to[g];
    uint32_t from = map.from[g];
    if (totals->known[from] && replaces(measure->record->variant, &order, words[from], k)) *k = (kept){words[from], true};
  }
}

static const tl_totals_methods bound_totals = {sizeof(uint64_t), add_bounds, fold_bounds};

const tl_aggregate_methods tl_value_methods = {sizeof(kept), step_value, merge_value, finish_value, NULL, &bound_totals, NULL};

/* ---- the largest, and the two largest together ---- */

typedef struct top {
  uint64_t words[2]; /* the larger one first */
  int known;         /* of the two */
} top;

static void insert_top(const tl_word_order *order, top *t, uint64_t word) {
  int place = t->known;
  while (place > 0 && tl_word_compare(order, word, t->words[place - 1]) > 0) place--;
  if (place == 2) return;
  if (place == 0) t->words[1] = t->words[0];
  t->words[place] = word;
  if (t->known < 2) t->known++;
}

static tally_status step_top(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure, (void)error;
  tl_word_order order = tl_word_order_of(rows->argument);
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);)
    insert_top(&order, (top *)states + rows->group[row], tl_word_at(rows->argument, row));
  return TALLY_OK;
}

static tally_status merge_top(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  (void)error;
  const top *t = from;
  tl_word_order order = tl_lexicon_order(lexicon, measure->type);
  for (int i = 0; i < t->known; i++) insert_top(&order, into, t->words[i]);
  return TALLY_OK;
}

static tally_status add_top(const tl_measure *measure, const top *t, uint64_t *out, tally_error *error) {
  int64_t sum;
  if (measure->type == TALLY_NUMBER) {
    *out = tl_word_of_number(tl_word_number(t->words[0]) + tl_word_number(t->words[1]));
    return TALLY_OK;
  }
  if (__builtin_add_overflow((int64_t)t->words[0], (int64_t)t->words[1], &sum))
    return tl_fail_at(
        error, TALLY_ERANGE, measure->name, 0, 0,
        "the two largest of '%s' together do not fit 64 bits; take top2 of number(...) of it if an approximate figure "
        "will do",
        measure->subject);
  *out = (uint64_t)sum;
  return TALLY_OK;
}

static tally_status finish_top(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  const top *t = state;
  *answer = (tl_answer){t->known > 0, t->words[0]};
  bool two = t->known == 2 && !is_nan(measure->type, t->words[1]);
  return two && measure->record->variant == TL_TOP_TWO ? add_top(measure, t, &answer->word, error) : TALLY_OK;
}

const tl_aggregate_methods tl_top_methods = {sizeof(top), step_top, merge_top, finish_top, NULL, NULL, NULL};
