/* ops/match: every key has a place, and a row of right is found where its key's place says. Where the keys of right are few, or lie
 * close together, their values say the place: integers and dates count from the least one, text by its code in the dictionary of
 * right, to which the words of left are translated once. Any other keys are grouped, both tables end to end, and the place is the
 * number of the group. The last place is for rows that can match nothing. */
#include "ops/match.h"

#include "base/pool.h"
#include "column/dictionary.h"
#include "ops/append.h"
#include "ops/group.h"

/* How the values of one pair of keys become digits below `range`. */
typedef struct match_key {
  const tally_column *left, *right;
  tally_column *coded;   /* right, of text: with its dictionary ... */
  tl_dictionary words;   /* ... the words of that, when left must look them up ... */
  uint32_t *translation; /* ... and the digit of each word of left; NULL: it has no dictionary, or the same */
  int64_t least;         /* of other types */
  uint64_t range;
} match_key;

enum { LEFT, RIGHT };

typedef struct matching {
  const tl_match_keys *keys;
  match_key *key;
  tl_groups groups; /* when places are not known from values */
  bool grouped;
  uint32_t nowhere;      /* the last place; there are so many before it */
  atomic_uint *by_place; /* a row of right that has each; TL_NO_MATCH */
  uint32_t slices;
  uint32_t *chosen; /* of each row of left, where one match is chosen */
  uint32_t **rooms; /* of each worker */
  size_t room_count;
  atomic_bool repeated; /* two rows of right have one place */
  tl_match *out;
} matching;

static inline uint32_t row_at(const matching *it, uint32_t place) {
  return atomic_load_explicit(&it->by_place[place], memory_order_relaxed);
}

/* ---- digits ---- */

/* Rows whose places are found at a time. */
enum { STRETCH_ROWS = (TL_CHUNK + 7) / 8, NO_DIGIT = UINT32_MAX };

static inline uint32_t as_digit(uint64_t value, uint64_t range) {
  return value < range ? (uint32_t)value : NO_DIGIT;
}

/* The same words in the same order on both sides. */
static bool same_dictionary(const match_key *key) {
  return key->left->dictionary == key->coded->dictionary;
}

/* The digits of texts: on the right they are codes. */
static void text_digits(const match_key *key, int side, int64_t first, int64_t count, uint32_t more, uint32_t *to) {
  const tally_column *column = side == LEFT ? key->left : key->coded;
  if (side == RIGHT || same_dictionary(key)) {
    const uint32_t *codes = tl_codes(column) + first;
    for (int64_t i = 0; i < count; i++) to[i] = codes[i] + more;
  } else if (key->translation) {
    const uint32_t *codes = tl_codes(column) + first;
    for (int64_t i = 0; i < count; i++) to[i] = key->translation[codes[i]];
  } else {
    for (int64_t i = 0; i < count; i++) {
      uint32_t code = tl_dictionary_find(&key->words, tl_plain_text(column, first + i));
      to[i] = code == TL_NO_CODE ? NO_DIGIT : code + more;
    }
  }
}

/* more  1 where zero is the digit of missing values */
static void value_digits(const match_key *key, int side, int64_t first, int64_t count, uint32_t more, uint32_t *to) {
  const tally_column *column = side == LEFT ? key->left : key->right;
  uint64_t least = (uint64_t)key->least, range = key->range - more;
  if (column->type == TALLY_INTEGER) {
    const int64_t *integers = tl_integers(column) + first;
    for (int64_t i = 0; i < count; i++) to[i] = as_digit((uint64_t)integers[i] - least, range);
  } else if (column->type == TALLY_DATE) {
    const int32_t *dates = tl_dates(column) + first;
    for (int64_t i = 0; i < count; i++) to[i] = as_digit((uint64_t)dates[i] - least, range);
  } else {
    for (int64_t i = 0; i < count; i++) to[i] = tl_boolean(column, first + i);
  }
  for (int64_t i = 0; more && i < count; i++) to[i] += to[i] != NO_DIGIT;
}

static void missing_digits(const tally_column *column, int64_t first, int64_t count, uint32_t digit, uint32_t *to) {
  tl_gaps gaps = {column, first, 0};
  for (int64_t row; (row = tl_next_gap(&gaps)) >= 0 && row < first + count;) to[row - first] = digit;
}

static void key_digits(const matching *it, const match_key *key, int side, int64_t first, int64_t count, uint32_t *to) {
  uint32_t more = it->keys->missing;
  if (key->right->type == TALLY_TEXT) {
    text_digits(key, side, first, count, more, to);
  } else {
    value_digits(key, side, first, count, more, to);
  }
  missing_digits(side == LEFT ? key->left : key->right, first, count, it->keys->missing ? 0 : NO_DIGIT, to);
}

/* ---- places ---- */

/* The places of rows [first, first + count) of a side. room: for twice as many */
static const uint32_t *places_of(const matching *it, int side, int64_t first, int64_t count, uint32_t *room) {
  if (it->grouped) return it->groups.group + (side == RIGHT ? it->keys->left_rows : 0) + first;
  uint32_t *digits = room + count;
  memset(room, 0, (size_t)count * sizeof *room);
  for (size_t k = 0; k < it->keys->count; k++) {
    uint32_t range = (uint32_t)it->key[k].range;
    key_digits(it, &it->key[k], side, first, count, digits);
    for (int64_t i = 0; i < count; i++) {
      room[i] = room[i] == NO_DIGIT || digits[i] == NO_DIGIT ? NO_DIGIT : room[i] * range + digits[i];
    }
  }
  for (int64_t i = 0; i < count; i++) room[i] = room[i] < it->nowhere ? room[i] : it->nowhere;
  return room;
}

static tally_status room_of(matching *it, size_t worker, uint32_t **out, tally_error *error) {
  if (!it->rooms[worker]) it->rooms[worker] = tl_mem_new(2 * STRETCH_ROWS, sizeof **it->rooms);
  *out = it->rooms[worker];
  return *out ? TALLY_OK : tl_no_memory(error);
}

static size_t stretches_of(int64_t rows) {
  return (size_t)((rows + STRETCH_ROWS - 1) / STRETCH_ROWS);
}

static int64_t stretch_size(int64_t rows, size_t index) {
  int64_t left = rows - (int64_t)index * STRETCH_ROWS;
  return left < STRETCH_ROWS ? left : STRETCH_ROWS;
}

/* A tl_pool_task over stretches of right. */
static tally_status place_right(void *context, size_t index, size_t worker, tally_error *error) {
  matching *it = context;
  int64_t first = (int64_t)index * STRETCH_ROWS, count = stretch_size(it->keys->right_rows, index);
  uint32_t *room;
  TL_TRY(room_of(it, worker, &room, error));
  memcpy(it->out->places + first, places_of(it, RIGHT, first, count, room), (size_t)count * sizeof *room);
  return TALLY_OK;
}

/* ---- places from values ---- */

/* Many texts without codes are quicker grouped than coded. */
static bool is_much_text(const tally_column *column) {
  return column->type == TALLY_TEXT && !column->dictionary && column->length > TL_CHUNK;
}

static bool agree(const match_key *key) {
  return key->left->type == key->right->type && key->right->type != TALLY_NUMBER && !is_much_text(key->right);
}

static tally_status translate(match_key *key, uint32_t more, tally_error *error) {
  const tally_column *from = key->left->dictionary;
  if (same_dictionary(key)) return TALLY_OK;
  TL_TRY(tl_dictionary_add_all(&key->words, key->coded->dictionary, error));
  if (!from) return TALLY_OK;
  key->translation = tl_mem_zero((size_t)from->length + 1, sizeof *key->translation); /* missing: code 0, even of no words */
  if (!key->translation) return tl_no_memory(error);
  for (int64_t i = 0; i < from->length; i++) {
    uint32_t code = tl_dictionary_find(&key->words, tl_plain_text(from, i));
    key->translation[i] = code == TL_NO_CODE ? NO_DIGIT : code + more;
  }
  return TALLY_OK;
}

/* How many digits a pair of keys has. */
static tally_status find_range(const matching *it, match_key *key, tally_error *error) {
  int64_t most;
  if (key->right->type == TALLY_TEXT) TL_TRY(tl_column_encode(key->right, &key->coded, error));
  TL_TRY(tl_column_span(key->coded ? key->coded : key->right, &key->least, &most, error));
  if (key->least > most) key->least = most = 0;
  uint64_t above = (uint64_t)most - (uint64_t)key->least;
  key->range = above > UINT32_MAX ? UINT64_MAX : above + 1 + it->keys->missing;
  return TALLY_OK;
}

/* Whether values say places: these must not be many more than rows. */
static tally_status find_ranges(matching *it, bool *said, tally_error *error) {
  uint64_t places = 1, most = 4 * (uint64_t)it->keys->right_rows + 65536;
  *said = false;
  if (most > UINT32_MAX - 2) most = UINT32_MAX - 2;
  for (size_t k = 0; k < it->keys->count; k++) {
    if (!agree(&it->key[k])) return TALLY_OK;
  }
  for (size_t k = 0; k < it->keys->count; k++) {
    TL_TRY(find_range(it, &it->key[k], error));
    if (it->key[k].range > most / places) return TALLY_OK;
    places *= it->key[k].range;
  }
  it->nowhere = (uint32_t)places;
  *said = true;
  return TALLY_OK;
}

/* ---- places from groups ---- */

/* A pair of keys end to end. An integer that no number holds would match its neighbours, and is refused. */
static tally_status bind_key(const matching *it, size_t k, tally_column **out, tally_error *error) {
  const tally_column *pair[] = {it->key[k].left, it->key[k].right};
  tally_type type = pair[0]->type == pair[1]->type ? pair[0]->type : TALLY_NUMBER;
  tally_status status = tl_append_columns(pair, NULL, 2, type, out, error);
  if (status != TALLY_OK) tl_error_where(error, (pair[0]->type == TALLY_INTEGER ? it->keys->left_names : it->keys->right_names)[k]);
  return status;
}

static tally_status group_keys(matching *it, tally_column **both, tally_error *error) {
  size_t count = it->keys->count;
  int64_t rows;
  if (__builtin_add_overflow(it->keys->left_rows, it->keys->right_rows, &rows)) return tl_no_memory(error);
  for (size_t k = 0; k < count; k++) TL_TRY(bind_key(it, k, &both[k], error));
  TL_TRY(tl_groups_new((const tally_column *const *)both, count, rows, &it->groups, error));
  it->nowhere = (uint32_t)it->groups.count;
  for (size_t k = 0; k < count && !it->keys->missing; k++) missing_digits(both[k], 0, rows, it->nowhere, it->groups.group);
  it->grouped = true;
  return TALLY_OK;
}

static tally_status group_both(matching *it, tally_error *error) {
  tally_column **both = tl_mem_zero(it->keys->count, sizeof *both);
  if (!both) return tl_no_memory(error);
  tally_status status = group_keys(it, both, error);
  for (size_t k = 0; k < it->keys->count; k++) tally_column_release(both[k]);
  tl_mem_free(both);
  return status;
}

static tally_status find_places(matching *it, tally_error *error) {
  bool said;
  TL_TRY(find_ranges(it, &said, error));
  if (!said) {
    TL_TRY(group_both(it, error));
  } else {
    for (size_t k = 0; k < it->keys->count; k++) {
      if (it->key[k].coded) TL_TRY(translate(&it->key[k], it->keys->missing, error));
    }
  }
  return tl_pool_run(stretches_of(it->keys->right_rows), place_right, it, error);
}

/* ---- right, by places ---- */

/* Rows may have any place: while one is looked at, that of a later one is on its way to the cache. */
enum { AHEAD = 16 };

/* A tl_pool_task over stretches of right: each row goes to its place; of several, one of them stays there. */
static tally_status place_rows(void *context, size_t index, size_t worker, tally_error *error) {
  matching *it = context;
  (void)worker, (void)error;
  int64_t first = (int64_t)index * STRETCH_ROWS, end = first + stretch_size(it->keys->right_rows, index);
  const uint32_t *places = it->out->places;
  for (int64_t i = first; i < end; i++) {
    if (i + AHEAD < end) __builtin_prefetch(&it->by_place[places[i + AHEAD]], 1);
    atomic_store_explicit(&it->by_place[places[i]], (uint32_t)i, memory_order_relaxed);
  }
  return TALLY_OK;
}

/* A tl_pool_task over stretches of right: whether they are all there, those apart that may match nothing. */
static tally_status check_rows(void *context, size_t index, size_t worker, tally_error *error) {
  matching *it = context;
  (void)worker, (void)error;
  int64_t first = (int64_t)index * STRETCH_ROWS, end = first + stretch_size(it->keys->right_rows, index);
  const uint32_t *places = it->out->places;
  bool gone = false;
  for (int64_t i = first; i < end; i++) {
    if (i + AHEAD < end) __builtin_prefetch(&it->by_place[places[i + AHEAD]]);
    gone |= row_at(it, places[i]) != (uint32_t)i && places[i] != it->nowhere;
  }
  if (gone) atomic_store_explicit(&it->repeated, true, memory_order_relaxed);
  return TALLY_OK;
}

/* Keys that are repeated often are found out by the first rows. */
static bool first_rows_repeat(const matching *it) {
  enum { FIRST_ROWS = 1024 };
  int64_t rows = it->keys->right_rows < FIRST_ROWS ? it->keys->right_rows : FIRST_ROWS;
  bool repeat = false;
  for (int64_t i = 0; i < rows; i++) {
    uint32_t place = it->out->places[i];
    repeat |= place != it->nowhere && row_at(it, place) != TL_NO_MATCH;
    atomic_store_explicit(&it->by_place[place], (uint32_t)i, memory_order_relaxed);
  }
  return repeat;
}

static tally_status try_one_row_each(matching *it, tally_error *error) {
  size_t bytes = ((size_t)it->nowhere + 1) * sizeof *it->by_place, stretches = stretches_of(it->keys->right_rows);
  it->by_place = tl_mem_new_aligned(bytes);
  if (!it->by_place) return tl_no_memory(error);
  memset((void *)it->by_place, 0xFF, bytes);
  if (first_rows_repeat(it)) {
    atomic_store(&it->repeated, true);
    return TALLY_OK;
  }
  TL_TRY(tl_pool_run(stretches, place_rows, it, error));
  TL_TRY(tl_pool_run(stretches, check_rows, it, error));
  atomic_store(&it->by_place[it->nowhere], TL_NO_MATCH);
  return TALLY_OK;
}

/* For lists, the places are cut into slices that fit the cache, and who has a slice goes through all rows of right for it: so rows
 * stay in order, and no two threads write in one place. */
enum { SLICE_PLACES = 4 * TL_CHUNK, SLICES_MOST = 16, ROWS_FOR_TWO = 4 * TL_CHUNK };

static uint32_t choose_slices(const matching *it) {
  uint32_t slices = it->nowhere / SLICE_PLACES + 1, least = it->keys->right_rows > ROWS_FOR_TWO ? 2 : 1;
  return slices > SLICES_MOST ? SLICES_MOST : slices < least ? least : slices;
}

static uint32_t slice_start(const matching *it, size_t slice) {
  return (uint32_t)((uint64_t)it->nowhere * slice / it->slices);
}

/* A tl_pool_task over slices: how many rows each list has, one further on. */
static tally_status count_lists(void *context, size_t slice, size_t worker, tally_error *error) {
  matching *it = context;
  (void)worker, (void)error;
  uint32_t first = slice_start(it, slice), size = slice_start(it, slice + 1) - first, *counts = it->out->starts + 2 + first;
  for (int64_t i = 0; i < it->keys->right_rows; i++) {
    uint32_t place = it->out->places[i] - first;
    if (place < size) counts[place]++;
  }
  return TALLY_OK;
}

/* A tl_pool_task over slices: starts that stand one further on move back to their places. */
static tally_status fill_lists(void *context, size_t slice, size_t worker, tally_error *error) {
  matching *it = context;
  (void)worker, (void)error;
  uint32_t first = slice_start(it, slice), size = slice_start(it, slice + 1) - first, *next = it->out->starts + 1 + first;
  for (int64_t i = 0; i < it->keys->right_rows; i++) {
    uint32_t place = it->out->places[i] - first;
    if (place < size) it->out->rows[next[place]++] = (uint32_t)i;
  }
  return TALLY_OK;
}

/* Where the list of a place begins: for the length of this, at the next place. */
static tally_status make_lists(matching *it, tally_error *error) {
  size_t places = (size_t)it->nowhere + 1;
  uint32_t *starts = it->out->starts = tl_mem_zero_aligned((places + 1) * sizeof *starts);
  it->out->rows = tl_mem_new_aligned((size_t)it->keys->right_rows * sizeof *it->out->rows);
  if (!starts || !it->out->rows) return tl_no_memory(error);
  TL_TRY(tl_pool_run(it->slices, count_lists, it, error));
  for (size_t p = 2; p <= places; p++) starts[p] += starts[p - 1];
  return tl_pool_run(it->slices, fill_lists, it, error);
}

static tally_status sort_right(matching *it, tally_error *error) {
  TL_TRY(try_one_row_each(it, error));
  it->slices = choose_slices(it);
  return atomic_load(&it->repeated) ? make_lists(it, error) : TALLY_OK;
}

/* ---- left ---- */

/* Counts the rows of left that have a place, up to `most` or a few more. Places that many rows have are not written again and
 * again. */
static inline void count_seen(atomic_uchar *seen, unsigned char most) {
  if (atomic_load_explicit(seen, memory_order_relaxed) < most) atomic_fetch_add_explicit(seen, 1, memory_order_relaxed);
}

static inline void mark_seen(atomic_uchar *seen) {
  if (!atomic_load_explicit(seen, memory_order_relaxed)) atomic_store_explicit(seen, 1, memory_order_relaxed);
}

static void find_rows(const matching *it, const uint32_t *places, int64_t count, uint32_t *found) {
  atomic_uchar *seen = it->out->seen;
  for (int64_t i = 0; i < count; i++) {
    if (i + AHEAD < count) {
      __builtin_prefetch(&it->by_place[places[i + AHEAD]]);
      __builtin_prefetch(&seen[places[i + AHEAD]], 1);
    }
    found[i] = row_at(it, places[i]);
    mark_seen(&seen[places[i]]);
  }
}

static void find_lists(const matching *it, const uint32_t *places, int64_t count, uint32_t *found) {
  memcpy(found, places, (size_t)count * sizeof *found);
  for (int64_t i = 0; i < count; i++) count_seen(&it->out->seen[places[i]], 2);
}

/* A tl_pool_task over stretches of left. */
static tally_status find_left(void *context, size_t index, size_t worker, tally_error *error) {
  matching *it = context;
  int64_t first = (int64_t)index * STRETCH_ROWS, count = stretch_size(it->keys->left_rows, index);
  uint32_t *room;
  TL_TRY(room_of(it, worker, &room, error));
  const uint32_t *places = places_of(it, LEFT, first, count, room);
  (it->out->starts ? find_lists : find_rows)(it, places, count, it->out->found + first);
  return TALLY_OK;
}

/* ---- the last one not after ---- */

/* Whether the value of a row of right comes at or before that of a row of left. */
static bool is_not_after(const tl_match_keys *keys, uint32_t right_row, int64_t left_row) {
  const tally_column *left = keys->left_as_of, *right = keys->right_as_of;
  if (!tl_present(right, right_row)) return false;
  if (left->type == TALLY_INTEGER) return tl_integers(right)[right_row] <= tl_integers(left)[left_row];
  if (left->type == TALLY_DATE) return tl_dates(right)[right_row] <= tl_dates(left)[left_row];
  return tl_numbers(right)[right_row] <= tl_numbers(left)[left_row];
}

static uint32_t last_not_after(const matching *it, int64_t left_row) {
  const uint32_t *rows;
  uint32_t low = 0, high = tl_match_of(it->out, left_row, &rows);
  if (!tl_present(it->keys->left_as_of, left_row)) return TL_NO_MATCH;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (is_not_after(it->keys, rows[middle], left_row)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low ? rows[low - 1] : TL_NO_MATCH;
}

/* A tl_pool_task over stretches of left. Rows of right are seen one by one from here on. */
static tally_status choose_last(void *context, size_t index, size_t worker, tally_error *error) {
  const matching *it = context;
  (void)worker, (void)error;
  int64_t first = (int64_t)index * STRETCH_ROWS, end = first + stretch_size(it->keys->left_rows, index);
  for (int64_t i = first; i < end; i++) {
    uint32_t row = last_not_after(it, i);
    it->chosen[i] = row;
    if (row != TL_NO_MATCH) mark_seen(&it->out->seen[row]);
  }
  return TALLY_OK;
}

/* Every row of right becomes a place of its own. */
static tally_status choose_all(matching *it, tally_error *error) {
  int64_t rows = it->keys->right_rows;
  tl_mem_free_aligned(it->out->seen);
  it->out->seen = tl_mem_zero_aligned((size_t)rows);
  it->chosen = tl_mem_new_aligned((size_t)it->keys->left_rows * sizeof *it->chosen);
  if (!it->out->seen || !it->chosen) return tl_no_memory(error);
  TL_TRY(tl_pool_run(stretches_of(it->keys->left_rows), choose_last, it, error));
  for (int64_t i = 0; i < rows; i++) it->out->places[i] = (uint32_t)i;
  tl_mem_free_aligned(it->out->found);
  it->out->found = it->chosen;
  it->chosen = NULL;
  tl_mem_free_aligned(it->out->starts);
  it->out->starts = NULL;
  return TALLY_OK;
}

/* Whether some list of more than one row is that of more than one row of left. */
static bool any_many(const tl_match *m, uint32_t places) {
  for (uint32_t p = 0; m->starts && p < places; p++) {
    if (m->seen[p] > 1 && m->starts[p + 1] - m->starts[p] > 1) return true;
  }
  return false;
}

/* ---- together ---- */

static tally_status make_room(matching *it, tally_error *error) {
  it->room_count = tl_pool_workers();
  it->key = tl_mem_zero(it->keys->count, sizeof *it->key);
  it->rooms = tl_mem_zero(it->room_count, sizeof *it->rooms);
  it->out->found = tl_mem_new_aligned((size_t)it->keys->left_rows * sizeof *it->out->found);
  it->out->places = tl_mem_new_aligned((size_t)it->keys->right_rows * sizeof *it->out->places);
  if (!it->key || !it->rooms || !it->out->found || !it->out->places) return tl_no_memory(error);
  for (size_t k = 0; k < it->keys->count; k++) it->key[k] = (match_key){.left = it->keys->left[k], .right = it->keys->right[k]};
  return TALLY_OK;
}

static tally_status match_all(matching *it, tally_error *error) {
  if (it->keys->right_rows >= UINT32_MAX) {
    return tl_fail(error, TALLY_ERANGE, "more than 4,294,967,294 rows in the right table of a join");
  }
  TL_TRY(make_room(it, error));
  TL_TRY(find_places(it, error));
  TL_TRY(sort_right(it, error));
  it->out->seen = tl_mem_zero_aligned((size_t)it->nowhere + 1);
  if (!it->out->seen) return tl_no_memory(error);
  TL_TRY(tl_pool_run(stretches_of(it->keys->left_rows), find_left, it, error));
  it->out->seen[it->nowhere] = 0;
  if (it->keys->left_as_of) return choose_all(it, error);
  it->out->many_to_many = any_many(it->out, it->nowhere);
  return TALLY_OK;
}

static void done(matching *it) {
  for (size_t k = 0; it->key && k < it->keys->count; k++) {
    tally_column_release(it->key[k].coded);
    tl_dictionary_done(&it->key[k].words);
    tl_mem_free(it->key[k].translation);
  }
  for (size_t w = 0; it->rooms && w < it->room_count; w++) tl_mem_free(it->rooms[w]);
  tl_mem_free(it->key);
  tl_mem_free(it->rooms);
  tl_mem_free_aligned((void *)it->by_place);
  tl_mem_free_aligned(it->chosen);
  tl_groups_done(&it->groups);
}

tally_status tl_match_new(const tl_match_keys *keys, tl_match *out, tally_error *error) {
  *out = (tl_match){0};
  matching it = {.keys = keys, .out = out};
  tally_status status = match_all(&it, error);
  done(&it);
  if (status != TALLY_OK) tl_match_done(out);
  return status;
}

void tl_match_done(tl_match *it) {
  tl_mem_free_aligned(it->found);
  tl_mem_free_aligned(it->rows);
  tl_mem_free_aligned(it->starts);
  tl_mem_free_aligned(it->seen);
  tl_mem_free_aligned(it->places);
  *it = (tl_match){0};
}
