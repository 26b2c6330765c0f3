/* ops/aggregation_key: the groups of all batches.
 *
 * The idea: the keys of a group are a row of words, texts as codes of one lexicon for each key, and a hash table finds the group
 * with the same row. Adding the groups of a batch costs as much as the batch has groups, however many there are already. Groups
 * keep the numbers that they were first given. */
#include "ops/aggregation_key.h"

enum { WORD_BITS = 64 };

/* ---- life ---- */

tally_status tl_key_index_init(tl_key_index *index, const tally_column *const *keys, size_t count, tally_error *error) {
  *index = (tl_key_index){.keys = count, .stride = count + (count + WORD_BITS - 1) / WORD_BITS};
  index->types = tl_mem_zero(count, sizeof *index->types);
  index->lexicons = tl_mem_zero(count, sizeof *index->lexicons);
  if (!index->types || !index->lexicons) return tl_no_memory(error);
  for (size_t k = 0; k < count; k++) {
    index->types[k] = keys[k]->type;
    TL_TRY(tl_lexicon_init(&index->lexicons[k], keys[k], error));
  }
  return TALLY_OK;
}

void tl_key_index_done(tl_key_index *index) {
  for (size_t k = 0; index->lexicons && k < index->keys; k++) tl_lexicon_done(&index->lexicons[k]);
  tl_mem_free(index->types);
  tl_mem_free(index->lexicons);
  tl_mem_free(index->words);
  tl_mem_free(index->slots);
}

/* ---- finding ---- */

static const uint64_t *words_of(const tl_key_index *index, size_t group) {
  return index->words + group * index->stride;
}

static size_t home_of(const tl_key_index *index, const uint64_t *words) {
  uint64_t hash = 0;
  for (size_t w = 0; w < index->stride; w++) hash = tl_hash_integer(hash ^ words[w], tl_hash_seed()) + w;
  return hash & (index->slot_count - 1);
}

/* The slot of the group with these words, or the free one where it belongs. */
static uint32_t *find_slot(const tl_key_index *index, const uint64_t *words) {
  size_t slot = home_of(index, words), size = index->stride * sizeof *words;
  while (index->slots[slot] && memcmp(words_of(index, index->slots[slot] - 1), words, size) != 0)
    slot = (slot + 1) & (index->slot_count - 1);
  return &index->slots[slot];
}

/* Slots for twice as many groups, before they are more than half full. */
static tally_status grow_slots(tl_key_index *index, tally_error *error) {
  if ((index->count + 1) * 2 <= index->slot_count) return TALLY_OK;
  size_t more = index->slot_count ? index->slot_count * 2 : 64;
  uint32_t *slots = tl_mem_zero(more, sizeof *slots);
  if (!slots) return tl_no_memory(error);
  tl_mem_free(index->slots);
  index->slots = slots;
  index->slot_count = more;
  for (size_t g = 0; g < index->count; g++) *find_slot(index, words_of(index, g)) = (uint32_t)g + 1;
  return TALLY_OK;
}

/* ---- adding ---- */

/* Plain text goes into the lexicon as it stands; other values by their words. */
static tally_status key_word(tl_lexicon *lexicon, const tally_column *key, int64_t row, uint64_t *out, tally_error *error) {
  if (key->type != TALLY_TEXT || key->dictionary)
    return tl_lexicon_word(lexicon, key->type, tl_word_normal(key->type, tl_word_at(key, row)), out, error);
  uint32_t code;
  TL_TRY(tl_dictionary_add(&lexicon->texts, tl_plain_text(key, row), &code, error));
  *out = code;
  return TALLY_OK;
}

static tally_status row_words(tl_key_index *index, tally_column *const *keys, int64_t row, uint64_t *words, tally_error *error) {
  memset(words, 0, index->stride * sizeof *words);
  for (size_t k = 0; k < index->keys; k++) {
    if (!tl_present(keys[k], row)) continue;
    TL_TRY(key_word(&index->lexicons[k], keys[k], row, &words[k], error));
    words[index->keys + k / WORD_BITS] |= UINT64_C(1) << k % WORD_BITS;
  }
  return TALLY_OK;
}

/* The words of a row, laid out where a new group has its own, are that group's when there is none like it. */
static tally_status add_row(tl_key_index *index, tally_column *const *keys, int64_t row, uint32_t *group, tally_error *error) {
  size_t need = (index->count + 1) * index->stride;
  TL_TRY(tl_mem_reserve((void **)&index->words, &index->capacity, need, sizeof *index->words, error));
  TL_TRY(grow_slots(index, error));
  uint64_t *words = index->words + index->count * index->stride;
  TL_TRY(row_words(index, keys, row, words, error));
  uint32_t *slot = find_slot(index, words);
  if (*slot == 0) {
    if (index->count >= UINT32_MAX - 1)
      return tl_fail(error, TALLY_ERANGE, "more than 4,294,967,294 groups: group by fewer columns, or by coarser ones");
    *slot = (uint32_t)++index->count;
  }
  *group = *slot - 1;
  return TALLY_OK;
}

tally_status tl_key_index_add(tl_key_index *index, tally_column *const *keys, int64_t rows, uint32_t *groups, tally_error *error) {
  for (size_t k = 0; k < index->keys; k++) TL_TRY(tl_lexicon_turn(&index->lexicons[k], keys[k], error));
  for (int64_t row = 0; row < rows; row++) TL_TRY(add_row(index, keys, row, &groups[row], error));
  return TALLY_OK;
}

/* ---- columns ---- */

tally_status tl_key_index_column(const tl_key_index *index, size_t key, tally_column **out, tally_error *error) {
  uint64_t *words = tl_mem_new(index->count, sizeof *words);
  bool *present = tl_mem_new(index->count, sizeof *present);
  tally_status status = words && present ? TALLY_OK : tl_no_memory(error);
  for (size_t g = 0; g < index->count && status == TALLY_OK; g++) {
    words[g] = words_of(index, g)[key];
    present[g] = words_of(index, g)[index->keys + key / WORD_BITS] >> key % WORD_BITS & 1;
  }
  if (status == TALLY_OK)
    status = tl_column_of_words(index->types[key], words, present, (int64_t)index->count, &index->lexicons[key], out, error);
  tl_mem_free(words);
  tl_mem_free(present);
  return status;
}
