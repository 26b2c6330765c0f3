/* ops/group: rows to group numbers.
 *
 * The one idea: every key column becomes one word a row, below a range that is known or is all of 64 bits; keys are packed into one
 * word for as long as the product of their ranges fits. Where it does not, what there is so far is numbered first: numbers of
 * groups are dense, so that two of them always fit. Wide keys are nothing special, then, and in the end one word a row is numbered
 * by first appearance, in ops/numbering. What groups are for is not known here. */
#include "ops/group.h"

#include "base/pool.h"
#include "ops/aggregation_word.h"
#include "ops/numbering.h"

/* A word for each row, all below `range`; 0 stands for 2^64. */
typedef struct packed {
  int64_t rows;
  uint64_t *words;
  uint64_t range;
} packed;

/* ---- packing ---- */

/* The words of one key: of its values, from `least` on, after one for missing rows when `missing`; or whether it has a value; or
 * numbers that its values were given. */
typedef struct key_words {
  const tally_column *key;
  const uint32_t *numbers;
  bool whether;
  bool missing;
  uint64_t least, range;
} key_words;

typedef struct packing {
  packed *into;
  key_words next;
} packing;

static uint64_t word_of(const key_words *it, int64_t row) {
  if (it->numbers) return it->numbers[row];
  if (it->whether) return tl_present(it->key, row);
  if (it->key->validity && !tl_present(it->key, row)) return 0;
  return tl_word_normal(it->key->type, tl_word_at(it->key, row)) - it->least + it->missing;
}

/* A tl_pool_task over chunks of rows. */
static tally_status pack_chunk(void *context, size_t task, size_t worker, tally_error *error) {
  const packing *it = context;
  (void)worker, (void)error;
  int64_t first = (int64_t)task * TL_CHUNK, end = first + TL_CHUNK < it->into->rows ? first + TL_CHUNK : it->into->rows;
  uint64_t *words = it->into->words;
  if (it->into->range == 1) { /* there is none yet */
    for (int64_t i = first; i < end; i++) words[i] = word_of(&it->next, i);
  } else {
    for (int64_t i = first; i < end; i++) words[i] = words[i] * it->next.range + word_of(&it->next, i);
  }
  return TALLY_OK;
}

static tally_status pack_words(packed *into, const key_words *next, tally_error *error) {
  packing it = {into, *next};
  return tl_pool_run(tl_chunks(into->rows), pack_chunk, &it, error);
}

/* The range of two words in one, or false. */
static bool ranges_fit(uint64_t a, uint64_t b, uint64_t *product) {
  *product = a == 1 ? b : a;
  if (a == 1 || b == 1) return true;
  return a && b && !__builtin_mul_overflow(a, b, product);
}

static tally_status number_words(packed *p, tally_error *error) {
  tl_numbering numbering;
  TL_TRY(tl_numbering_new(p->words, p->rows, p->range, NULL, &numbering, error));
  for (int64_t i = 0; i < p->rows; i++) p->words[i] = numbering.numbers[i];
  p->range = numbering.count > 0 ? (uint64_t)numbering.count : 1; /* no rows: any range does */
  tl_numbering_done(&numbering);
  return TALLY_OK;
}

/* Numbers take the place of both words. */
static tally_status pack_numbered(packed *p, const key_words *next, tally_error *error) {
  packed other = {p->rows, tl_mem_new_aligned((size_t)p->rows * sizeof *other.words), 1};
  if (!other.words) return tl_no_memory(error);
  tally_status status = number_words(p, error);
  if (status == TALLY_OK) status = pack_words(&other, next, error);
  other.range = next->range;
  if (status == TALLY_OK) status = number_words(&other, error);
  for (int64_t i = 0; i < p->rows && status == TALLY_OK; i++) p->words[i] = p->words[i] * other.range + other.words[i];
  p->range *= other.range;
  tl_mem_free_aligned(other.words);
  return status;
}

static tally_status pack(packed *p, const key_words *next, tally_error *error) {
  uint64_t range;
  if (!ranges_fit(p->range, next->range, &range)) return pack_numbered(p, next, error);
  TL_TRY(pack_words(p, next, error));
  p->range = range;
  return TALLY_OK;
}

/* ---- the words of a key ---- */

/* The least word, and how far above it the largest may be. */
static tally_status span_of(const tally_column *key, uint64_t *least, uint64_t *span, tally_error *error) {
  int64_t low = INT64_MIN, high = INT64_MAX;
  if (key->type != TALLY_NUMBER) TL_TRY(tl_column_span(key, &low, &high, error));
  *least = low <= high ? (uint64_t)low : 0;
  *span = low <= high ? (uint64_t)high - (uint64_t)low : 0;
  return TALLY_OK;
}

/* When the values span all of 64 bits there is no word left for missing rows, and whether a row is missing is a key of its own. */
static tally_status pack_key(packed *p, const tally_column *key, tally_error *error) {
  uint64_t span;
  key_words next = {.key = key, .missing = key->missing > 0};
  TL_TRY(span_of(key, &next.least, &span, error));
  bool wide = span >= UINT64_MAX - 1;
  if (wide && next.missing) {
    key_words whether = {.key = key, .whether = true, .range = 2};
    TL_TRY(pack(p, &whether, error));
  }
  next.missing &= !wide;
  next.range = wide ? 0 : span + 1 + next.missing;
  if (wide) next.least = 0;
  return pack(p, &next, error);
}

/* ---- text without codes ---- */

/* Rows of one hash: whether they have the same text, or none. */
static bool same_texts(const void *context, uint32_t a, uint32_t b) {
  const tally_column *key = context;
  bool present = tl_present(key, a);
  return present == tl_present(key, b) && (!present || tl_text_equal(tl_plain_text(key, a), tl_plain_text(key, b)));
}

static void find_text(const void *context, uint32_t row) {
  __builtin_prefetch(&tl_offsets(context)[row]);
}

static void fetch_text(const void *context, uint32_t row) {
  __builtin_prefetch(tl_plain_text(context, row).bytes);
}

/* A tl_pool_task over chunks of rows. */
static tally_status hash_chunk(void *context, size_t task, size_t worker, tally_error *error) {
  const packing *it = context;
  (void)worker, (void)error;
  int64_t first = (int64_t)task * TL_CHUNK, end = first + TL_CHUNK < it->into->rows ? first + TL_CHUNK : it->into->rows;
  for (int64_t i = first; i < end; i++) {
    it->into->words[i] = tl_present(it->next.key, i) ? tl_text_hash(tl_plain_text(it->next.key, i)) : 0;
  }
  return TALLY_OK;
}

/* Texts are numbered by their hashes; those that have one hash are compared. */
static tally_status pack_texts(packed *p, const tally_column *key, tally_error *error) {
  packed hashes = {p->rows, tl_mem_new_aligned((size_t)p->rows * sizeof *hashes.words), 0};
  packing hashing = {&hashes, {.key = key}};
  tl_same same = {same_texts, find_text, fetch_text, key};
  tl_numbering numbering = {0};
  tally_status status = hashes.words ? tl_pool_run(tl_chunks(p->rows), hash_chunk, &hashing, error) : tl_no_memory(error);
  if (status == TALLY_OK) status = tl_numbering_new(hashes.words, p->rows, 0, &same, &numbering, error);
  tl_mem_free_aligned(hashes.words);
  key_words next = {.numbers = numbering.numbers, .range = numbering.count > 0 ? (uint64_t)numbering.count : 1};
  if (status == TALLY_OK) status = pack(p, &next, error);
  tl_numbering_done(&numbering);
  return status;
}

static tally_status pack_any_key(packed *p, const tally_column *key, tally_error *error) {
  bool plain = key->type == TALLY_TEXT && !key->dictionary;
  return plain ? pack_texts(p, key, error) : pack_key(p, key, error);
}

/* ---- groups ---- */

static tally_status number_rows(packed *all, const tally_column *const *keys, size_t key_count, tl_groups *out,
                                tally_error *error) {
  for (size_t k = 0; k < key_count; k++) TL_TRY(pack_any_key(all, keys[k], error));
  tl_numbering numbering;
  TL_TRY(tl_numbering_new(all->words, all->rows, all->range, NULL, &numbering, error));
  *out = (tl_groups){numbering.count, numbering.numbers, numbering.first};
  return TALLY_OK;
}

tally_status tl_groups_new(const tally_column *const *keys, size_t key_count, int64_t rows, tl_groups *out, tally_error *error) {
  *out = (tl_groups){0};
  packed all = {rows, tl_mem_new_aligned((size_t)rows * sizeof *all.words), 1};
  if (!all.words) return tl_no_memory(error);
  if (key_count == 0) memset(all.words, 0, (size_t)rows * sizeof *all.words);
  tally_status status = number_rows(&all, keys, key_count, out, error);
  tl_mem_free_aligned(all.words);
  return status;
}

void tl_groups_done(tl_groups *groups) {
  tl_mem_free_aligned(groups->group);
  tl_mem_free_aligned(groups->first);
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
