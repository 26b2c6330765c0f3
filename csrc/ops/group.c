/* ops/group: rows to group numbers.
 *
 * The one idea: every key column becomes one word a row, below a range that is known or is all of 64 bits; keys are packed into one
 * word for as long as the product of their ranges fits. Where it does not, what there is so far is numbered first: numbers of
 * groups are dense, so that two of them always fit. Wide keys are nothing special, then, and in the end one word a row is numbered
 * by first appearance: through an array where the range is small, else through a hash table. What groups are for is not known here.
 */
#include "ops/group.h"

#include "ops/aggregation_word.h"

/* A word for each row, all below `range`; 0 stands for 2^64. */
typedef struct packed {
  int64_t rows;
  uint64_t *words;
  uint64_t range;
} packed;

/* ---- numbering: words become dense numbers by first appearance ---- */

static tally_status too_many_groups(tally_error *error) {
  return tl_fail(error, TALLY_ERANGE, "more than 4,294,967,294 groups: group by fewer columns, or by coarser ones");
}

/* An array of numbers is worth its memory up to here. */
static bool is_small(const packed *p) {
  return p->range != 0 && p->range / 4 <= (uint64_t)p->rows + 256;
}

static tally_status number_by_array(packed *p, tally_error *error) {
  uint32_t count = 0, *numbers = tl_mem_zero((size_t)p->range, sizeof *numbers); /* number + 1; 0: not seen */
  if (!numbers) return tl_no_memory(error);
  for (int64_t i = 0; i < p->rows; i++) {
    uint32_t *number = &numbers[p->words[i]];
    if (*number == 0) *number = ++count;
    p->words[i] = *number - 1;
  }
  tl_mem_free(numbers);
  p->range = count;
  return TALLY_OK;
}

/* Open addressing, at most half full. */
typedef struct number_table {
  uint64_t *words; /* of each number */
  size_t capacity;
  uint32_t *slots; /* number + 1; 0: free */
  size_t slot_count, count;
} number_table;

static uint32_t *find_slot(const number_table *t, uint64_t word) {
  size_t slot = tl_hash_integer(word) & (t->slot_count - 1);
  while (t->slots[slot] && t->words[t->slots[slot] - 1] != word) slot = (slot + 1) & (t->slot_count - 1);
  return &t->slots[slot];
}

static tally_status make_room(number_table *t, tally_error *error) {
  if (t->count >= UINT32_MAX - 1) return too_many_groups(error);
  TL_TRY(tl_mem_reserve((void **)&t->words, &t->capacity, t->count + 1, sizeof *t->words, error));
  if ((t->count + 1) * 2 <= t->slot_count) return TALLY_OK;
  size_t more = t->slot_count ? t->slot_count * 2 : 64;
  uint32_t *slots = tl_mem_zero(more, sizeof *slots);
  if (!slots) return tl_no_memory(error);
  tl_mem_free(t->slots);
  t->slots = slots;
  t->slot_count = more;
  for (size_t n = 0; n < t->count; n++) *find_slot(t, t->words[n]) = (uint32_t)n + 1;
  return TALLY_OK;
}

static tally_status number_word(number_table *t, uint64_t *word, tally_error *error) {
  uint32_t found = t->slot_count ? *find_slot(t, *word) : 0;
  if (found == 0) {
    TL_TRY(make_room(t, error));
    t->words[t->count++] = *word;
    *find_slot(t, *word) = found = (uint32_t)t->count;
  }
  *word = found - 1;
  return TALLY_OK;
}

static tally_status number_by_hash(packed *p, tally_error *error) {
  number_table table = {0};
  tally_status status = TALLY_OK;
  for (int64_t i = 0; i < p->rows && status == TALLY_OK; i++) status = number_word(&table, &p->words[i], error);
  p->range = table.count;
  tl_mem_free(table.words);
  tl_mem_free(table.slots);
  return status;
}

static tally_status number_words(packed *p, tally_error *error) {
  TL_TRY(is_small(p) ? number_by_array(p, error) : number_by_hash(p, error));
  if (p->range == 0) p->range = 1; /* no rows: any range does */
  return TALLY_OK;
}

/* ---- packing ---- */

/* The range of two words in one, or false. */
static bool ranges_fit(uint64_t a, uint64_t b, uint64_t *product) {
  *product = a == 1 ? b : a;
  if (a == 1 || b == 1) return true;
  return a && b && !__builtin_mul_overflow(a, b, product);
}

/* Adds the words of one more key, which may be changed on the way. */
static tally_status pack(packed *p, packed *next, tally_error *error) {
  uint64_t range;
  if (!ranges_fit(p->range, next->range, &range)) {
    TL_TRY(number_words(p, error));
    TL_TRY(number_words(next, error));
    range = p->range * next->range;
  }
  for (int64_t i = 0; i < p->rows; i++) p->words[i] = p->words[i] * next->range + next->words[i];
  p->range = range;
  return TALLY_OK;
}

/* ---- the words of a key ---- */

static uint64_t signed_word(const tally_column *key, int64_t row) {
  return tl_word_normal(key->type, tl_word_at(key, row));
}

/* The least word, and how far above it the largest is. */
static void span_of(const tally_column *key, uint64_t *least, uint64_t *span) {
  int64_t low = INT64_MAX, high = INT64_MIN;
  for (int64_t i = 0; i < key->length; i++) {
    if (!tl_present(key, i)) continue;
    int64_t word = (int64_t)signed_word(key, i);
    if (word < low) low = word;
    if (word > high) high = word;
  }
  *least = low <= high ? (uint64_t)low : 0;
  *span = low <= high ? (uint64_t)high - (uint64_t)low : 0;
}

/* Present rows count from 1, missing rows are 0; when the values span all of 64 bits there is no word left for missing rows, and
 * whether a row is missing becomes a key of its own. */
static tally_status pack_key(packed *p, const tally_column *key, packed *next, tally_error *error) {
  uint64_t least, span;
  span_of(key, &least, &span);
  bool wide = span == UINT64_MAX;
  for (int64_t i = 0; i < p->rows && wide; i++) next->words[i] = tl_present(key, i);
  if (wide) {
    next->range = 2;
    TL_TRY(pack(p, next, error));
  }
  for (int64_t i = 0; i < p->rows; i++) next->words[i] = tl_present(key, i) ? signed_word(key, i) - least + !wide : 0;
  next->range = wide ? 0 : span + 2;
  return pack(p, next, error);
}

static tally_status pack_any_key(packed *p, const tally_column *key, packed *next, tally_error *error) {
  if (key->type != TALLY_TEXT) return pack_key(p, key, next, error);
  tally_column *coded = NULL;
  TL_TRY(tl_column_encode(key, &coded, error));
  tally_status status = pack_key(p, coded, next, error);
  tally_column_release(coded);
  return status;
}

static tally_status pack_keys(packed *p, const tally_column *const *keys, size_t key_count, tally_error *error) {
  packed next = {p->rows, tl_mem_new((size_t)p->rows, sizeof *next.words), 1};
  if (!next.words) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  for (size_t k = 0; k < key_count && status == TALLY_OK; k++) status = pack_any_key(p, keys[k], &next, error);
  tl_mem_free(next.words);
  return status;
}

/* ---- groups ---- */

/* Numbers go by first appearance, so a row with a number that is one past those seen opens a group. */
static tally_status list_groups(const packed *p, tl_groups *out, tally_error *error) {
  out->count = p->rows ? (int64_t)p->range : 0;
  out->group = tl_mem_new((size_t)p->rows, sizeof *out->group);
  out->first = tl_mem_new((size_t)out->count, sizeof *out->first);
  if (!out->group || !out->first) return tl_no_memory(error);
  int64_t seen = 0;
  for (int64_t i = 0; i < p->rows; i++) {
    out->group[i] = (uint32_t)p->words[i];
    if ((int64_t)p->words[i] == seen) out->first[seen++] = i;
  }
  return TALLY_OK;
}

tally_status tl_groups_new(const tally_column *const *keys, size_t key_count, int64_t rows, tl_groups *out, tally_error *error) {
  *out = (tl_groups){0};
  packed all = {rows, tl_mem_zero((size_t)rows, sizeof *all.words), 1};
  if (!all.words) return tl_no_memory(error);
  tally_status status = pack_keys(&all, keys, key_count, error);
  if (status == TALLY_OK) status = number_words(&all, error);
  if (status == TALLY_OK) status = list_groups(&all, out, error);
  tl_mem_free(all.words);
  if (status != TALLY_OK) tl_groups_done(out);
  return status;
}

void tl_groups_done(tl_groups *groups) {
  tl_mem_free(groups->group);
  tl_mem_free(groups->first);
  *groups = (tl_groups){0};
}

/* ---- the order in which groups are shown ---- */

/* The place of a group among the levels of one key; missing last. */
static int64_t level_of(const tl_groups *groups, const tally_column *key, int64_t group) {
  int64_t row = groups->first[group];
  return tl_present(key, row) ? (int64_t)tl_codes(key)[row] : key->dictionary->length;
}

/* One stable pass: counted, then laid out. */
static tally_status order_by_levels(const tl_groups *groups, const tally_column *key, int64_t *order, int64_t *spare,
                                    tally_error *error) {
  int64_t levels = key->dictionary->length + 1, *starts = tl_mem_zero((size_t)levels + 1, sizeof *starts);
  if (!starts) return tl_no_memory(error);
  for (int64_t i = 0; i < groups->count; i++) starts[level_of(groups, key, i) + 1]++;
  for (int64_t level = 0; level < levels; level++) starts[level + 1] += starts[level];
  memcpy(spare, order, (size_t)groups->count * sizeof *spare);
  for (int64_t i = 0; i < groups->count; i++) order[starts[level_of(groups, key, spare[i])]++] = spare[i];
  tl_mem_free(starts);
  return TALLY_OK;
}

static bool any_levels(const tally_column *const *keys, size_t key_count) {
  for (size_t k = 0; k < key_count; k++)
    if (keys[k]->levels) return true;
  return false;
}

tally_status tl_groups_order(const tl_groups *groups, const tally_column *const *keys, size_t key_count, int64_t **order,
                             tally_error *error) {
  *order = NULL;
  if (!any_levels(keys, key_count)) return TALLY_OK;
  int64_t *ordered = tl_mem_new((size_t)groups->count, sizeof *ordered);
  int64_t *spare = tl_mem_new((size_t)groups->count, sizeof *spare);
  tally_status status = ordered && spare ? TALLY_OK : tl_no_memory(error);
  for (int64_t i = 0; status == TALLY_OK && i < groups->count; i++) ordered[i] = i;
  for (size_t k = key_count; k-- > 0 && status == TALLY_OK;)
    if (keys[k]->levels) status = order_by_levels(groups, keys[k], ordered, spare, error);
  tl_mem_free(spare);
  if (status == TALLY_OK)
    *order = ordered;
  else
    tl_mem_free(ordered);
  return status;
}
