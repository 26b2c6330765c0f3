/* ops/aggregate_holistic: aggregates that need to have seen every value: median and quantiles, the most frequent value, the number
 * of distinct values.
 *
 * The idea: quantiles see all values of a group in the end, and select among them. Mode and distinct gather each value once, with
 * how often it was there, in order of first appearance. Memory goes with the values, or with the distinct values, of all groups. */
#include "ops/aggregate.h"
#include "ops/select.h"

/* ---- median and quantiles ---- */

/* The smallest of `count` values; NaN when there is no other. */
static double least_of(const double *values, size_t count) {
  double least = values[0];
  for (size_t i = 1; i < count; i++) {
    if (values[i] < least || isnan(least)) least = values[i];
  }
  return least;
}

/* Between the two values around place (n - 1) p, in proportion (Hyndman and Fan's type 7, as in R and in spreadsheets). */
static double quantile(double *values, size_t count, double probability) {
  double place = (double)(count - 1) * probability;
  size_t below = (size_t)place;
  double share = place - (double)below;
  tl_select(values, count, below);
  double low = values[below];
  if (share == 0) return low;
  double high = least_of(values + below + 1, count - below - 1);
  return low == high ? low : low * (1 - share) + high * share;
}

static void answer_quantile(const tl_measure *measure, double *values, size_t count, tl_answer *answer) {
  *answer = (tl_answer){.present = count > 0};
  if (count == 0) return;
  answer->word = tl_word_of_number(quantile(values, count, measure->record->variant == TL_MEDIAN ? 0.5 : measure->parameter));
}

const tl_aggregate_methods tl_quantile_methods = {.answer = answer_quantile};

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

const tl_aggregate_methods tl_set_methods = {sizeof(set), step_set, merge_set, finish_set, drop_set, NULL, NULL};
