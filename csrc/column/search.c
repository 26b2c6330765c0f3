/* column/search: whether words stand in a column at all: a quick look before a dear one. Most values are told apart from all words
 * by their first letter. */
#include <stdatomic.h>

#include "base/pool.h"
#include "column/column.h"

typedef struct search {
  const tally_column *values; /* plain text */
  const tally_words *words;
  bool first[256]; /* a word begins with this byte, in either case */
  atomic_bool found;
} search;

static bool begins_with(tally_text text, tally_text word) {
  return text.size >= word.size && tl_text_equal_fold(tl_text(text.bytes, word.size), word);
}

static bool is_one(const tally_words *words, tally_text text) {
  for (size_t i = 0; i < words->count; i++) {
    if (tl_text_equal_fold(text, tl_text_of(words->whole[i]))) return true;
  }
  for (size_t i = 0; i < words->beginning_count; i++) {
    if (begins_with(text, tl_text_of(words->beginnings[i]))) return true;
  }
  return false;
}

/* A tl_pool_task over chunks of rows. */
static tally_status search_chunk(void *context, size_t task, size_t worker, tally_error *error) {
  search *it = context;
  (void)worker, (void)error;
  int64_t row = (int64_t)task * TL_CHUNK, end = row + TL_CHUNK;
  if (end > it->values->length) end = it->values->length;
  for (; row < end && !atomic_load_explicit(&it->found, memory_order_relaxed); row++) {
    tally_text text = tl_text_trim(tl_plain_text(it->values, row));
    if (text.size > 0 && it->first[(unsigned char)text.bytes[0]] && is_one(it->words, text)) atomic_store(&it->found, true);
  }
  return TALLY_OK;
}

static void note_first(search *it, const char *word) {
  unsigned char c = (unsigned char)word[0];
  bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  it->first[c] = true;
  if (letter) it->first[c ^ 0x20] = true;
}

tally_status tally_column_holds(const tally_column *column, const tally_words *words, bool *out, tally_error *error) {
  *out = false;
  if (column->type != TALLY_TEXT)
    return tl_fail(error, TALLY_ETYPE, "words stand in text, not in a column of %s", tally_type_name(column->type));
  search it = {.values = column->dictionary ? column->dictionary : column, .words = words};
  for (size_t i = 0; i < words->count; i++) note_first(&it, words->whole[i]);
  for (size_t i = 0; i < words->beginning_count; i++) note_first(&it, words->beginnings[i]);
  TL_TRY(tl_pool_run(tl_chunks(it.values->length), search_chunk, &it, error));
  *out = atomic_load(&it.found);
  return TALLY_OK;
}
