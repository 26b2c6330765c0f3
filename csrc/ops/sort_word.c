/* ops/sort_word: integers and dates have the sign turned, doubles are turned by the sign trick, text goes by the rank of its value
 * in the sorted dictionary, or by its code where the order is declared. */
#include "ops/sort_word.h"

#include <math.h>
#include <stdlib.h>

#include "base/pool.h"

/* Above the word of every number, in either direction; infinity's is smaller. */
#define NAN_WORD UINT64_MAX
#define SIGN_BIT (UINT64_C(1) << 63)

/* flip, everywhere: all bits for descending order, none for ascending. Loops fill the words of rows `first` to `end`. */

static void boolean_words(const tally_column *column, uint64_t flip, int64_t first, int64_t end, uint64_t *words) {
  for (int64_t i = first; i < end; i++) words[i] = (uint64_t)tl_boolean(column, i) ^ flip;
}

static void integer_words(const tally_column *column, uint64_t flip, int64_t first, int64_t end, uint64_t *words) {
  const int64_t *values = tl_integers(column);
  for (int64_t i = first; i < end; i++) words[i] = (uint64_t)values[i] ^ SIGN_BIT ^ flip;
}

static void date_words(const tally_column *column, uint64_t flip, int64_t first, int64_t end, uint64_t *words) {
  const int32_t *values = tl_dates(column);
  for (int64_t i = first; i < end; i++) words[i] = (uint64_t)(int64_t)values[i] ^ SIGN_BIT ^ flip;
}

/* Negative numbers sort by their bits backwards, so these are turned; -0.0 is made 0.0. */
static uint64_t number_word(double value) {
  uint64_t bits;
  if (value == 0) value = 0;
  memcpy(&bits, &value, sizeof bits);
  return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

static void number_words(const tally_column *column, uint64_t flip, int64_t first, int64_t end, uint64_t *words) {
  const double *values = tl_numbers(column);
  for (int64_t i = first; i < end; i++) words[i] = isnan(values[i]) ? NAN_WORD : number_word(values[i]) ^ flip;
}

typedef struct ranked {
  tally_text text;
  uint32_t code;
} ranked;

static int compare_ranked(const void *a, const void *b) {
  return tl_text_compare(((const ranked *)a)->text, ((const ranked *)b)->text);
}

/* ranks[code]: how many values of the dictionary come before it. */
static tally_status rank_dictionary(const tally_column *dictionary, uint32_t *ranks, tally_error *error) {
  size_t count = (size_t)dictionary->length;
  ranked *values = tl_mem_new(count, sizeof *values);
  if (!values) return tl_no_memory(error);
  for (size_t i = 0; i < count; i++) values[i] = (ranked){tl_plain_text(dictionary, (int64_t)i), (uint32_t)i};
  qsort(values, count, sizeof *values, compare_ranked);
  for (size_t i = 0; i < count; i++) ranks[values[i].code] = (uint32_t)i;
  tl_mem_free(values);
  return TALLY_OK;
}

static tally_status dictionary_words(const tally_column *column, uint64_t flip, uint64_t *words, tally_error *error) {
  const uint32_t *codes = tl_codes(column);
  if (column->levels) {
    for (int64_t i = 0; i < column->length; i++) words[i] = codes[i] ^ flip;
    return TALLY_OK;
  }
  if (column->missing == column->length) return TALLY_OK; /* no word is read; the dictionary may be empty */
  uint32_t *ranks = tl_mem_new((size_t)column->dictionary->length, sizeof *ranks);
  if (!ranks) return tl_no_memory(error);
  tally_status status = rank_dictionary(column->dictionary, ranks, error);
  for (int64_t i = 0; i < column->length && status == TALLY_OK; i++) words[i] = ranks[codes[i]] ^ flip;
  tl_mem_free(ranks);
  return status;
}

static tally_status text_words(const tally_column *column, uint64_t flip, uint64_t *words, tally_error *error) {
  tally_column *encoded;
  TL_TRY(tl_column_encode(column, &encoded, error));
  tally_status status = dictionary_words(encoded, flip, words, error);
  tally_column_release(encoded);
  return status;
}

typedef void (*fill)(const tally_column *column, uint64_t flip, int64_t first, int64_t end, uint64_t *words);

static const fill fills[] = {
    [TALLY_BOOLEAN] = boolean_words,
    [TALLY_INTEGER] = integer_words,
    [TALLY_NUMBER] = number_words,
    [TALLY_DATE] = date_words,
};

typedef struct filling {
  const tally_column *column;
  uint64_t flip, *words;
} filling;

/* A tl_pool_task over chunks of rows. */
static tally_status fill_chunk(void *context, size_t task, size_t worker, tally_error *error) {
  const filling *it = context;
  (void)worker, (void)error;
  int64_t first = (int64_t)task * TL_CHUNK, end = first + TL_CHUNK < it->column->length ? first + TL_CHUNK : it->column->length;
  fills[it->column->type](it->column, it->flip, first, end, it->words);
  return TALLY_OK;
}

tally_status tl_sort_words(const tally_column *column, bool descending, uint64_t *words, tally_error *error) {
  filling it = {column, descending ? UINT64_MAX : 0, words};
  if (column->type == TALLY_TEXT) return text_words(column, it.flip, words, error);
  return tl_pool_run(tl_chunks(column->length), fill_chunk, &it, error);
}
