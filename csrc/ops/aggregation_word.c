/* ops/aggregation_word: the comparison of words, the translation of codes, and the way back from words to a column.
 *
 * The idea: dictionary first. A text is its code in the dictionary of its batch; what outlives the batch is translated, once for
 * each distinct text that is kept, into the codes of a lexicon that outlives them all. Which texts repeat, and how long they are,
 * then no longer matters to groups and aggregates. Nothing here knows what is done with the words. */
#include "ops/aggregation_word.h"

/* ---- order ---- */

tl_word_order tl_word_order_of(const tally_column *column) {
  return (tl_word_order){.type = column->type, .levels = column->levels, .column = column->dictionary};
}

tl_word_order tl_lexicon_order(const tl_lexicon *lexicon, tally_type type) {
  return (tl_word_order){.type = type, .levels = lexicon->levels, .dictionary = &lexicon->texts};
}

static tally_text text_of(const tl_word_order *order, uint64_t word) {
  return order->column ? tl_plain_text(order->column, (int64_t)word) : tl_dictionary_text(order->dictionary, (uint32_t)word);
}

static int compare_integers(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

static int compare_numbers(double a, double b) {
  if (isnan(a) || isnan(b)) return !isnan(a) - !isnan(b);
  return (a > b) - (a < b);
}

int tl_word_compare(const tl_word_order *order, uint64_t a, uint64_t b) {
  if (order->type == TALLY_NUMBER) return compare_numbers(tl_word_number(a), tl_word_number(b));
  if (order->type != TALLY_TEXT || order->levels || a == b) return compare_integers((int64_t)a, (int64_t)b);
  return tl_text_compare(text_of(order, a), text_of(order, b));
}

/* ---- the lexicon ---- */

tally_status tl_lexicon_init(tl_lexicon *lexicon, const tally_column *like, tally_error *error) {
  *lexicon = (tl_lexicon){.texts = TL_DICTIONARY, .levels = like->levels};
  return like->levels ? tl_dictionary_add_all(&lexicon->texts, like->dictionary, error) : TALLY_OK;
}

void tl_lexicon_done(tl_lexicon *lexicon) {
  tl_dictionary_done(&lexicon->texts);
  tally_column_release(lexicon->dictionary);
  tl_mem_free(lexicon->codes);
}

/* Whether the values of a dictionary are the declared ones, in their order. */
static bool has_declared_order(const tl_lexicon *lexicon, const tally_column *dictionary) {
  if (dictionary->length != lexicon->texts.size) return false;
  for (int64_t i = 0; i < dictionary->length; i++)
    if (!tl_text_equal(tl_plain_text(dictionary, i), tl_dictionary_text(&lexicon->texts, (uint32_t)i))) return false;
  return true;
}

tally_status tl_lexicon_turn(tl_lexicon *lexicon, const tally_column *column, tally_error *error) {
  if (!column->dictionary || column->dictionary == lexicon->dictionary) return TALLY_OK;
  size_t count = (size_t)column->dictionary->length;
  uint32_t *codes = tl_mem_new(count, sizeof *codes);
  if (!codes) return tl_no_memory(error);
  memset(codes, 0xFF, count * sizeof *codes);
  tl_mem_free(lexicon->codes);
  lexicon->codes = codes;
  tally_column_release(lexicon->dictionary);
  lexicon->dictionary = tally_column_retain(column->dictionary);
  lexicon->levels = lexicon->levels && column->levels && has_declared_order(lexicon, column->dictionary);
  return TALLY_OK;
}

tally_status tl_lexicon_word(tl_lexicon *lexicon, tally_type type, uint64_t word, uint64_t *out, tally_error *error) {
  *out = word;
  if (type != TALLY_TEXT) return TALLY_OK;
  uint32_t *code = &lexicon->codes[word];
  if (*code == TL_NO_CODE)
    TL_TRY(tl_dictionary_add(&lexicon->texts, tl_plain_text(lexicon->dictionary, (int64_t)word), code, error));
  *out = *code;
  return TALLY_OK;
}

/* ---- columns ---- */

static tl_buffer *validity_of(const bool *present, int64_t count) {
  tl_buffer *validity = tl_buffer_zero(tl_bit_bytes(count));
  for (int64_t i = 0; validity && i < count; i++) tl_bit_put(validity->bytes, i, present[i]);
  return validity;
}

static tl_buffer *wide_values(const uint64_t *words, const bool *present, int64_t count) {
  tl_buffer *values = tl_buffer_new((size_t)count * sizeof *words);
  for (int64_t i = 0; values && i < count; i++) ((uint64_t *)values->bytes)[i] = present[i] ? words[i] : 0;
  return values;
}

static tl_buffer *narrow_values(const uint64_t *words, const bool *present, int64_t count) {
  tl_buffer *values = tl_buffer_new((size_t)count * sizeof(uint32_t));
  for (int64_t i = 0; values && i < count; i++) ((uint32_t *)values->bytes)[i] = present[i] ? (uint32_t)words[i] : 0;
  return values;
}

static tl_buffer *bit_values(const uint64_t *words, const bool *present, int64_t count) {
  tl_buffer *values = tl_buffer_zero(tl_bit_bytes(count));
  for (int64_t i = 0; values && i < count; i++) tl_bit_put(values->bytes, i, present[i] && words[i]);
  return values;
}

typedef tl_buffer *(*fill)(const uint64_t *words, const bool *present, int64_t count);

static const fill fills[] = {
    [TALLY_BOOLEAN] = bit_values, [TALLY_INTEGER] = wide_values, [TALLY_NUMBER] = wide_values,
    [TALLY_TEXT] = narrow_values, [TALLY_DATE] = narrow_values,
};

tally_status tl_column_of_codes(tally_type type, const uint64_t *words, const bool *present, int64_t count,
                                tally_column *dictionary, bool levels, tally_column **out, tally_error *error) {
  tl_parts parts = {.type = type, .length = count, .missing = -1, .dictionary = dictionary, .levels = levels};
  parts.values = fills[type](words, present, count);
  parts.validity = validity_of(present, count);
  if (parts.values && parts.validity) return tl_column_new(parts, out, error);
  tl_parts_drop(&parts);
  return tl_no_memory(error);
}

tally_status tl_column_of_words(tally_type type, const uint64_t *words, const bool *present, int64_t count,
                                const tl_lexicon *lexicon, tally_column **out, tally_error *error) {
  tally_column *dictionary = NULL;
  if (type == TALLY_TEXT) TL_TRY(tl_dictionary_column(&lexicon->texts, &dictionary, error));
  return tl_column_of_codes(type, words, present, count, dictionary, dictionary && lexicon->levels, out, error);
}
