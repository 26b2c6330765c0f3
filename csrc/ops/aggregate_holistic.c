/* ops/aggregate_holistic: aggregates that need to have seen every value: median and quantiles, the most frequent value, the number
 * of distinct values.
 *
 * The idea: quantiles gather the values of a group and sort them in the end. Mode and distinct gather each value once, with how
 * often it was there, in order of first appearance. Memory goes with the values, or with the distinct values, of all groups. */
#include <stdlib.h>

#include "ops/aggregate.h"

/* ---- median and quantiles ---- */

typedef struct gathered {
  double *values;
  size_t count, capacity;
} gathered;

static tally_status step_quantile(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  (void)measure;
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) {
    gathered *g = (gathered *)states + rows->group[row];
    TL_TRY(tl_mem_reserve((void **)&g->values, &g->capacity, g->count + 1, sizeof *g->values, error));
    g->values[g->count++] = tl_number_at(rows->argument, row);
  }
  return TALLY_OK;
}

static tally_status merge_quantile(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  (void)measure, (void)lexicon;
  gathered *a = into, *b = from;
  if (a->count == 0) {
    gathered swap = *a;
    *a = *b;
    *b = swap;
    return TALLY_OK;
  }
  TL_TRY(tl_mem_reserve((void **)&a->values, &a->capacity, a->count + b->count, sizeof *a->values, error));
  if (b->count) memcpy(a->values + a->count, b->values, b->count * sizeof *b->values);
  a->count += b->count;
  return TALLY_OK;
}

/* NaN after all others. */
static int compare_values(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
  return (x > y) - (x < y);
}

/* Between the two values around place (n - 1) p, in proportion (Hyndman and Fan's type 7, as in R and in spreadsheets). */
static double quantile(const gathered *g, double probability) {
  double place = (double)(g->count - 1) * probability;
  size_t below = (size_t)place;
  double share = place - (double)below, low = g->values[below];
  if (share == 0) return low;
  double high = g->values[below + 1];
  return low == high ? low : low * (1 - share) + high * share;
}

static tally_status finish_quantile(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  (void)error;
  gathered *g = state;
  *answer = (tl_answer){.present = g->count > 0};
  if (g->count == 0) return TALLY_OK;
  qsort(g->values, g->count, sizeof *g->values, compare_values);
  answer->word = tl_word_of_number(quantile(g, measure->record->variant == TL_MEDIAN ? 0.5 : measure->parameter));
  return TALLY_OK;
}

static void drop_quantile(void *state) {
  tl_mem_free(((gathered *)state)->values);
}

const tl_aggregate_methods tl_quantile_methods = {sizeof(gathered), step_quantile, merge_quantile,
                                                  finish_quantile,  drop_quantile, NULL};

/* ---- mode and distinct ---- */

typedef struct member {
  uint64_t word;
  int64_t times;
} member;

/* A few members are found by looking through them; more get a hash table, at most half full. */
typedef struct set {
  member *members; /* in order of first appearance */
  size_t count, capacity;
  uint32_t *slots; /* number of a member + 1; 0: free */
  size_t slot_count;
} set;

enum { FEW = 8 };

static uint32_t *find_slot(const set *s, uint64_t word) {
  size_t slot = tl_hash_integer(word, tl_hash_seed()) & (s->slot_count - 1);
  while (s->slots[slot] && s->members[s->slots[slot] - 1].word != word) slot = (slot + 1) & (s->slot_count - 1);
  return &s->slots[slot];
}

/* The member with this word, or NULL. */
static member *find_member(const set *s, uint64_t word) {
  if (s->slots) {
    uint32_t found = *find_slot(s, word);
    return found ? &s->members[found - 1] : NULL;
  }
  for (size_t m = 0; m < s->count; m++)
    if (s->members[m].word == word) return &s->members[m];
  return NULL;
}

/* Room for one more, in the members and in the slots. */
static tally_status make_room(set *s, tally_error *error) {
  if (s->count >= UINT32_MAX - 1) return tl_fail(error, TALLY_ERANGE, "more than 4,294,967,294 distinct values in one group");
  TL_TRY(tl_mem_reserve((void **)&s->members, &s->capacity, s->count + 1, sizeof *s->members, error));
  if (s->count < FEW || (s->count + 1) * 2 <= s->slot_count) return TALLY_OK;
  size_t more = s->slot_count ? s->slot_count * 2 : 4 * FEW;
  uint32_t *slots = tl_mem_zero(more, sizeof *slots);
  if (!slots) return tl_no_memory(error);
  tl_mem_free(s->slots);
  s->slots = slots;
  s->slot_count = more;
  for (size_t m = 0; m < s->count; m++) *find_slot(s, s->members[m].word) = (uint32_t)m + 1;
  return TALLY_OK;
}

static tally_status add_times(set *s, uint64_t word, int64_t times, tally_error *error) {
  member *found = find_member(s, word);
  if (found) {
    found->times += times;
    return TALLY_OK;
  }
  TL_TRY(make_room(s, error));
  if (s->slots) *find_slot(s, word) = (uint32_t)s->count + 1;
  s->members[s->count++] = (member){word, times};
  return TALLY_OK;
}

static tally_status step_set(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error) {
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) {
    uint64_t word = tl_word_normal(measure->type, tl_word_at(rows->argument, row));
    TL_TRY(add_times((set *)states + rows->group[row], word, 1, error));
  }
  return TALLY_OK;
}

static tally_status merge_set(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error) {
  const set *s = from;
  for (size_t m = 0; m < s->count; m++) {
    uint64_t word;
    TL_TRY(tl_lexicon_word(lexicon, measure->type, s->members[m].word, &word, error));
    TL_TRY(add_times(into, word, s->members[m].times, error));
  }
  return TALLY_OK;
}

/* Of values that are there equally often the first to appear is the mode. */
static tally_status finish_set(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error) {
  (void)error;
  const set *s = state;
  *answer = (tl_answer){true, s->count};
  if (measure->record->variant == TL_DISTINCT) return TALLY_OK;
  member most = {0};
  for (size_t m = 0; m < s->count; m++)
    if (s->members[m].times > most.times) most = s->members[m];
  *answer = (tl_answer){s->count > 0, most.word};
  return TALLY_OK;
}

static void drop_set(void *state) {
  tl_mem_free(((set *)state)->members);
  tl_mem_free(((set *)state)->slots);
}

const tl_aggregate_methods tl_set_methods = {sizeof(set), step_set, merge_set, finish_set, drop_set, NULL};
