/* ops/place: keys as digits of a number, the first key the highest digit. */
#include "ops/place.h"

#include "ops/aggregation_word.h"

/* ---- what is known of the keys ---- */

/* Numbers have too many values, and plain text has none that are known. */
static bool can_have_places(const tally_column *column) {
  return column->type == TALLY_TEXT ? column->dictionary != NULL : column->type != TALLY_NUMBER;
}

static tally_status find_range(const tally_column *column, tl_place_key *out, tally_error *error) {
  int64_t most;
  TL_TRY(tl_column_span(column, &out->least, &most, error));
  out->dictionary = tally_column_retain(column->dictionary);
  bool any = out->least <= most;
  uint64_t above = any ? (uint64_t)most - (uint64_t)out->least : 0;
  out->missing = column->missing > 0;
  if (!any) out->least = 0;
  out->range = above > UINT64_MAX - 2 ? UINT64_MAX : above + any + out->missing;
  return TALLY_OK;
}

static tally_status find_keys(tl_places *places, const tally_table *table, const char *const *names, uint64_t most,
                              tally_error *error) {
  uint64_t count = 1;
  for (size_t k = 0; k < places->key_count; k++) {
    tl_place_key *key = &places->keys[k];
    const tally_column *column;
    TL_TRY(tl_table_need(table, names[k], &column, error));
    if (!can_have_places(column)) return TALLY_OK;
    key->type = column->type;
    key->levels = column->levels;
    TL_TRY(find_range(column, key, error));
    if (key->range == 0 || key->range > most / count) return TALLY_OK;
    count *= key->range;
  }
  uint64_t factor = 1;
  for (size_t k = places->key_count; k-- > 0; factor *= places->keys[k].range) places->keys[k].factor = factor;
  places->count = count;
  return TALLY_OK;
}

tally_status tl_places_find(const tally_table *table, const char *const *names, size_t count, uint64_t most, tl_places *out,
                            tally_error *error) {
  *out = (tl_places){.key_count = count, .keys = tl_mem_zero(count, sizeof *out->keys)};
  if (!out->keys) return tl_no_memory(error);
  tally_status status = find_keys(out, table, names, most, error);
  if (status != TALLY_OK || out->count == 0) tl_places_done(out);
  return status;
}

void tl_places_done(tl_places *places) {
  for (size_t k = 0; places->keys && k < places->key_count; k++) tally_column_release(places->keys[k].dictionary);
  tl_mem_free(places->keys);
  *places = (tl_places){0};
}

/* ---- rows to places ---- */

/* What the values of a column come to; those of missing rows are zero, and do not count. A loop for each make of column. */
#define DIGITS(value)                                                               \
  do {                                                                              \
    for (int64_t i = 0; i < rows; i++) to[i] += ((uint32_t)(value)-least) * factor; \
  } while (0)

/* Adds the digits of a key, times what they stand for. */
static void add_digits(const tl_place_key *key, const tally_column *column, int64_t rows, uint32_t *to) {
  uint32_t least = (uint32_t)(uint64_t)key->least - key->missing, factor = (uint32_t)key->factor;
  if (column->type == TALLY_TEXT) {
    const uint32_t *codes = tl_codes(column);
    DIGITS(codes[i]);
  } else if (column->type == TALLY_DATE) {
    const int32_t *dates = tl_dates(column);
    DIGITS(dates[i]);
  } else if (column->type == TALLY_BOOLEAN) {
    DIGITS(tl_boolean(column, i));
  } else {
    const int64_t *integers = tl_integers(column);
    DIGITS(integers[i]);
  }
  uint32_t of_zero = (0 - least) * factor;
  tl_gaps gaps = {column, 0, 0};
  for (int64_t row; key->missing && (row = tl_next_gap(&gaps)) >= 0;) to[row] -= of_zero;
}

void tl_places_of_rows(const tl_places *places, const tally_column *const *keys, int64_t rows, uint32_t *room,
                       const uint32_t **out) {
  *out = room;
  if (places->key_count == 1 && keys[0]->type == TALLY_TEXT && !places->keys[0].missing) {
    *out = tl_codes(keys[0]);
    return;
  }
  memset(room, 0, (size_t)rows * sizeof *room);
  for (size_t k = 0; k < places->key_count; k++) add_digits(&places->keys[k], keys[k], rows, room);
}

/* ---- places to values ---- */

tally_status tl_places_column(const tl_places *places, size_t index, const uint32_t *at, size_t count, tally_column **out,
                              tally_error *error) {
  const tl_place_key *key = &places->keys[index];
  uint64_t *words = tl_mem_new(count, sizeof *words);
  bool *present = tl_mem_new(count, sizeof *present);
  tally_status status = words && present ? TALLY_OK : tl_no_memory(error);
  for (size_t g = 0; g < count && status == TALLY_OK; g++) {
    uint64_t digit = at[g] / key->factor % key->range;
    present[g] = !key->missing || digit > 0;
    words[g] = present[g] ? digit - key->missing + (uint64_t)key->least : 0;
  }
  if (status == TALLY_OK) {
    status = tl_column_of_codes(key->type, words, present, (int64_t)count, tally_column_retain(key->dictionary), key->levels, out,
                                error);
  }
  tl_mem_free(words);
  tl_mem_free(present);
  return status;
}
