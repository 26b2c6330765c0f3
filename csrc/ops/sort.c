/* ops/sort: the rows of a table in order.
 *
 * The one idea: every key column becomes one 64-bit word a row that sorts, as an unsigned number, the way its values do: integers
 * and dates with the sign turned, doubles by the sign trick, text by the rank of its value in the sorted dictionary, or by its
 * code where the order is declared. Then one stable radix sort does for all types, key after key from the last to the first.
 * Sorting does not look at rows that have no value: they are set aside first, and stay last in either direction. */
#include <math.h>
#include <stdlib.h>

#include "base/pool.h"
#include "column/table.h"

/* Above the word of every number, in either direction; infinity's is smaller. */
#define NAN_WORD UINT64_MAX
#define SIGN_BIT (UINT64_C(1) << 63)

typedef struct entry {
  uint64_t word;
  int64_t row;
} entry;

typedef struct sorting {
  int64_t rows;
  entry *entries, *spare; /* `entries` holds the rows in the order reached so far */
  uint64_t *words;        /* of each row, of the key being sorted by */
} sorting;

/* ---- Words. flip: all bits for descending order, none for ascending. ---- */

static void boolean_words(const tally_column *column, uint64_t flip, uint64_t *words) {
  for (int64_t i = 0; i < column->length; i++) words[i] = (uint64_t)tl_boolean(column, i) ^ flip;
}

static void integer_words(const tally_column *column, uint64_t flip, uint64_t *words) {
  const int64_t *values = tl_integers(column);
  for (int64_t i = 0; i < column->length; i++) words[i] = (uint64_t)values[i] ^ SIGN_BIT ^ flip;
}

static void date_words(const tally_column *column, uint64_t flip, uint64_t *words) {
  const int32_t *values = tl_dates(column);
  for (int64_t i = 0; i < column->length; i++) words[i] = (uint64_t)(int64_t)values[i] ^ SIGN_BIT ^ flip;
}

/* Negative numbers sort by their bits backwards, so these are turned; -0.0 is made 0.0. */
static uint64_t number_word(double value) {
  uint64_t bits;
  if (value == 0) value = 0;
  memcpy(&bits, &value, sizeof bits);
  return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

static void number_words(const tally_column *column, uint64_t flip, uint64_t *words) {
  const double *values = tl_numbers(column);
  for (int64_t i = 0; i < column->length; i++) words[i] = isnan(values[i]) ? NAN_WORD : number_word(values[i]) ^ flip;
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

static void (*const fill_words[])(const tally_column *, uint64_t, uint64_t *) = {
    [TALLY_BOOLEAN] = boolean_words,
    [TALLY_INTEGER] = integer_words,
    [TALLY_NUMBER] = number_words,
    [TALLY_DATE] = date_words,
};

static tally_status key_words(const tally_column *column, bool descending, uint64_t *words, tally_error *error) {
  uint64_t flip = descending ? UINT64_MAX : 0;
  if (column->type == TALLY_TEXT) return text_words(column, flip, words, error);
  fill_words[column->type](column, flip, words);
  return TALLY_OK;
}

/* ---- Sorting ---- */

static void swap_entries(sorting *s) {
  entry *sorted = s->spare;
  s->spare = s->entries;
  s->entries = sorted;
}

/* Gives every entry its word, and moves those without a value behind the others, both in the order they are in. */
static void set_missing_aside(sorting *s, const tally_column *column) {
  int64_t present = 0, missing = column->length - column->missing;
  for (int64_t i = 0; i < s->rows; i++) {
    int64_t row = s->entries[i].row;
    int64_t *to = tl_present(column, row) ? &present : &missing;
    s->spare[(*to)++] = (entry){s->words[row], row};
  }
  swap_entries(s);
}

/* One stable pass over the first `count` entries by the byte of the words at bit `shift`. */
static void sort_by_byte(sorting *s, int64_t count, int shift) {
  int64_t starts[257] = {0};
  for (int64_t i = 0; i < count; i++) starts[((s->entries[i].word >> shift) & 255) + 1]++;
  for (int byte = 0; byte < 255; byte++) starts[byte + 1] += starts[byte];
  for (int64_t i = 0; i < count; i++) s->spare[starts[(s->entries[i].word >> shift) & 255]++] = s->entries[i];
  memcpy(s->spare + count, s->entries + count, (size_t)(s->rows - count) * sizeof(entry));
  swap_entries(s);
}

/* The bits in which the words of the first `count` entries are not all the same; none when they are in order already. */
static uint64_t differing_bits(const sorting *s, int64_t count) {
  uint64_t differing = 0;
  bool ordered = true;
  for (int64_t i = 1; i < count; i++) {
    differing |= s->entries[i].word ^ s->entries[0].word;
    ordered = ordered && s->entries[i - 1].word <= s->entries[i].word;
  }
  return ordered ? 0 : differing;
}

static tally_status sort_by_key(sorting *s, const tally_column *column, bool descending, tally_error *error) {
  TL_TRY(tl_pool_check(error));
  TL_TRY(key_words(column, descending, s->words, error));
  set_missing_aside(s, column);
  int64_t present = column->length - column->missing;
  uint64_t differing = differing_bits(s, present);
  for (int shift = 0; shift < 64; shift += 8)
    if ((differing >> shift) & 255) sort_by_byte(s, present, shift);
  return TALLY_OK;
}

static tally_status sorting_init(sorting *s, int64_t rows, tally_error *error) {
  *s = (sorting){.rows = rows};
  s->entries = tl_mem_new((size_t)rows, sizeof *s->entries);
  s->spare = tl_mem_new((size_t)rows, sizeof *s->spare);
  s->words = tl_mem_new((size_t)rows, sizeof *s->words);
  if (!s->entries || !s->spare || !s->words) return tl_no_memory(error);
  for (int64_t i = 0; i < rows; i++) s->entries[i] = (entry){0, i};
  return TALLY_OK;
}

static void sorting_done(sorting *s) {
  tl_mem_free(s->entries);
  tl_mem_free(s->spare);
  tl_mem_free(s->words);
}

static tally_status take_sorted(const sorting *s, const tally_table *table, tally_table **out, tally_error *error) {
  int64_t *rows = (int64_t *)s->words; /* no longer needed, and as large */
  for (int64_t i = 0; i < s->rows; i++) rows[i] = s->entries[i].row;
  return tally_table_take(table, rows, s->rows, out, error);
}

tally_status tally_table_sort(const tally_table *table, const tally_sort_key *keys, size_t count, tally_table **out,
                              tally_error *error) {
  const tally_column *column;
  for (size_t k = 0; k < count; k++) TL_TRY(tl_table_need(table, keys[k].column, &column, error));
  sorting s;
  tally_status status = sorting_init(&s, table->rows, error);
  for (size_t k = count; k-- > 0 && status == TALLY_OK;)
    status = sort_by_key(&s, tally_table_find(table, keys[k].column), keys[k].descending, error);
  if (status == TALLY_OK) status = take_sorted(&s, table, out, error);
  sorting_done(&s);
  return status;
}
