/* column/take: rows of columns by their numbers. The rows are gone through a stretch at a time, by many at once, and each stretch
 * is gathered from one column after the other, one loop for each width of value; missing rows and their reasons go along. Of plain
 * text the sizes are gathered first, and the bytes when it is known where each stretch begins. */
#include "column/take.h"

#include "base/pool.h"

/* Rows gathered at a time, whole words of bits; their numbers stay in the cache while column after column is gathered. */
enum { STRETCH_ROWS = (TL_CHUNK + 255) / 256 * 64 };

typedef struct taking {
  const tally_column *column;
  tally_column *coded; /* of plain text that is taken often: the column, with codes */
  bool may_lack;       /* some of the rows may be missing */
  tl_parts parts;
  int64_t *starts; /* of plain text: of each stretch, where its bytes begin */
} taking;

typedef struct selection {
  const tl_pick *pick;
  taking *columns;
  size_t column_count, stretches;
  int64_t **rooms; /* of each worker, for row numbers */
  size_t room_count;
} selection;

static bool is_plain_text(const tally_column *c) {
  return c->type == TALLY_TEXT && !c->dictionary;
}

/* ---- which rows ---- */

/* Rows of the result, and which rows of the columns they are. */
typedef struct stretch {
  int64_t first, count;
  const int64_t *rows;
} stretch;

static tally_status find_stretch(const selection *it, size_t index, size_t worker, stretch *out, tally_error *error) {
  const tl_pick *pick = it->pick;
  out->first = (int64_t)index * STRETCH_ROWS;
  out->count = pick->count - out->first < STRETCH_ROWS ? pick->count - out->first : STRETCH_ROWS;
  if (pick->rows) {
    out->rows = pick->rows + out->first;
    return TALLY_OK;
  }
  if (!it->rooms[worker]) it->rooms[worker] = tl_mem_new(STRETCH_ROWS, sizeof **it->rooms);
  if (!it->rooms[worker]) return tl_no_memory(error);
  pick->some(pick->context, out->first, out->count, it->rooms[worker]);
  out->rows = it->rooms[worker];
  return TALLY_OK;
}

/* ---- room ---- */

static tally_status make_values(const selection *it, taking *t, tally_error *error) {
  size_t rows = (size_t)it->pick->count, size = tl_value_size(t->column);
  if (is_plain_text(t->column)) {
    t->starts = tl_mem_new(it->stretches + 1, sizeof *t->starts);
    if (!t->starts) return tl_no_memory(error);
    t->parts.values = tl_buffer_new((rows + 1) * sizeof(int64_t));
  } else {
    t->parts.values = tl_buffer_new(size ? size * rows : tl_bit_bytes(it->pick->count));
  }
  t->parts.dictionary = tally_column_retain(t->column->dictionary);
  return t->parts.values ? TALLY_OK : tl_no_memory(error);
}

/* Where texts are few and each is taken several times, codes are taken in their place. */
static tally_status encode_if_few(const selection *it, taking *t, tally_error *error) {
  if (!is_plain_text(t->column) || t->column->length > it->pick->count / 4) return TALLY_OK;
  TL_TRY(tl_column_encode(t->column, &t->coded, error));
  t->column = t->coded;
  return TALLY_OK;
}

static tally_status make_room(const selection *it, taking *t, tally_error *error) {
  TL_TRY(encode_if_few(it, t, error));
  const tally_column *c = t->column;
  t->parts = (tl_parts){.type = c->type, .levels = c->levels, .length = it->pick->count, .missing = -1};
  TL_TRY(make_values(it, t, error));
  t->may_lack = it->pick->gaps || c->validity;
  if (!t->may_lack) return TALLY_OK;
  t->parts.validity = tl_buffer_new(tl_bit_bytes(it->pick->count));
  if (!t->parts.validity) return tl_no_memory(error);
  if (!c->reasons) return TALLY_OK;
  t->parts.reasons = tl_buffer_new((size_t)it->pick->count);
  t->parts.symbols = tally_column_retain(c->symbols);
  return t->parts.reasons ? TALLY_OK : tl_no_memory(error);
}

/* ---- values ---- */

/* Rows may lie anywhere: while one is copied, those some way ahead are on their way to the cache. */
enum { AHEAD = 32 };

#define TAKE_ASCENDING(from, to) \
  for (int64_t i = 0; i < count; i++) (to)[i] = (from)[rows[i]]

#define TAKE_ANYWHERE(type, from, to)                                    \
  for (int64_t i = 0; i < count; i++) {                                  \
    if (i + AHEAD < count) __builtin_prefetch(&(from)[rows[i + AHEAD]]); \
    (to)[i] = rows[i] < 0 ? (type)0 : (from)[rows[i]];                   \
  }

#define TAKE(type, from_column, to_values)           \
  do {                                               \
    const type *from = (from_column);                \
    type *to = (type *)(to_values) + s->first;       \
    const int64_t *rows = s->rows, count = s->count; \
    if (it->pick->ascending && !it->pick->gaps) {    \
      TAKE_ASCENDING(from, to);                      \
    } else {                                         \
      TAKE_ANYWHERE(type, from, to)                  \
    }                                                \
  } while (0)

/* Bits of a stretch, a word at a time. `bits` are written whole words of, but for the last. */
#define PUT_BITS(bits, condition)                                             \
  do {                                                                        \
    for (int64_t i = 0; i < s->count; i += 64) {                              \
      uint64_t word = 0;                                                      \
      int64_t end = s->count - i < 64 ? s->count - i : 64;                    \
      for (int64_t k = 0; k < end; k++) {                                     \
        int64_t row = s->rows[i + k];                                         \
        word |= (uint64_t)(condition) << k;                                   \
      }                                                                       \
      tl_bits_store((bits) + ((s->first + i) >> 3), word, tl_bit_bytes(end)); \
    }                                                                         \
  } while (0)

static void take_values(const selection *it, const taking *t, const stretch *s) {
  size_t size = tl_value_size(t->column);
  void *values = t->parts.values->bytes;
  if (size == 8) {
    TAKE(int64_t, tl_integers(t->column), values);
  } else if (size == 4) {
    TAKE(int32_t, tl_dates(t->column), values);
  } else {
    PUT_BITS((uint8_t *)values, row >= 0 && tl_boolean(t->column, row));
  }
}

static void take_presence(const taking *t, const stretch *s) {
  uint8_t *bits = t->parts.validity->bytes, *reasons = t->parts.reasons ? (uint8_t *)t->parts.reasons->bytes + s->first : NULL;
  if (t->column->validity) {
    PUT_BITS(bits, row >= 0 && tl_present(t->column, row));
  } else {
    PUT_BITS(bits, row >= 0);
  }
  for (int64_t i = 0; reasons && i < s->count; i++) reasons[i] = s->rows[i] < 0 ? 0 : tl_reason(t->column, s->rows[i]);
}

/* ---- plain text ---- */

/* Where texts end, counted from the start of the stretch; starts[stretch + 1]: how many bytes it has. */
static void measure_texts(const taking *t, const stretch *s, size_t index) {
  int64_t *ends = (int64_t *)t->parts.values->bytes + s->first + 1, end = 0;
  const int64_t *offsets = tl_offsets(t->column);
  for (int64_t i = 0; i < s->count; i++) {
    int64_t row = s->rows[i];
    if (i + AHEAD < s->count) __builtin_prefetch(&offsets[s->rows[i + AHEAD]]);
    if (row >= 0) end += offsets[row + 1] - offsets[row];
    ends[i] = end;
  }
  t->starts[index + 1] = end;
}

/* Bytes copied at once where more than the text may be read and written. */
enum { AT_ONCE = 16 };

/* What comes after the stretch is somebody else's to write. */
static inline void copy_text(char *to, tally_text text, const char *end) {
  if (text.size <= AT_ONCE && to + AT_ONCE <= end) {
    memcpy(to, text.bytes, AT_ONCE);
  } else {
    memcpy(to, text.bytes, text.size);
  }
}

/* Of the texts after the i-th: first where they are, then they themselves, which may lie in two lines of the cache.
 * Inlined always, since gcc drops calls of a function that does nothing else. */
static inline __attribute__((always_inline)) void fetch_text(const tally_column *c, const stretch *s, int64_t i) {
  if (i + 2 * AHEAD < s->count) __builtin_prefetch(&tl_offsets(c)[s->rows[i + 2 * AHEAD]]);
  if (i + AHEAD >= s->count || s->rows[i + AHEAD] < 0) return;
  const char *bytes = tl_plain_text(c, s->rows[i + AHEAD]).bytes;
  __builtin_prefetch(bytes);
  __builtin_prefetch(bytes + AT_ONCE - 1);
}

static void take_texts(const taking *t, const stretch *s, size_t index, bool ascending) {
  int64_t *ends = (int64_t *)t->parts.values->bytes + s->first + 1;
  char *bytes = (char *)t->parts.bytes->bytes + t->starts[index], *end = bytes + (t->starts[index + 1] - t->starts[index]);
  for (int64_t i = 0, start = 0; i < s->count; i++) {
    int64_t stop = ends[i];
    if (!ascending) fetch_text(t->column, s, i);
    if (stop > start) copy_text(bytes + start, tl_plain_text(t->column, s->rows[i]), end);
    ends[i] = t->starts[index] + stop;
    start = stop;
  }
}

/* A tl_pool_task over stretches. */
static tally_status measure_stretch(void *context, size_t index, size_t worker, tally_error *error) {
  const selection *it = context;
  stretch s;
  TL_TRY(find_stretch(it, index, worker, &s, error));
  for (size_t c = 0; c < it->column_count; c++) {
    if (it->columns[c].starts) measure_texts(&it->columns[c], &s, index);
  }
  return TALLY_OK;
}

/* Of one column, when all its stretches are measured. */
static tally_status place_texts(const selection *it, taking *t, tally_error *error) {
  t->starts[0] = 0;
  for (size_t i = 0; i < it->stretches; i++) {
    if (__builtin_add_overflow(t->starts[i + 1], t->starts[i], &t->starts[i + 1])) return tl_no_memory(error);
  }
  *(int64_t *)t->parts.values->bytes = 0;
  t->parts.bytes = tl_buffer_new((size_t)t->starts[it->stretches]);
  return t->parts.bytes ? TALLY_OK : tl_no_memory(error);
}

static tally_status make_texts(selection *it, tally_error *error) {
  bool any = false;
  for (size_t c = 0; c < it->column_count; c++) any |= it->columns[c].starts != NULL;
  if (!any) return TALLY_OK;
  TL_TRY(tl_pool_run(it->stretches, measure_stretch, it, error));
  for (size_t c = 0; c < it->column_count; c++) {
    if (it->columns[c].starts) TL_TRY(place_texts(it, &it->columns[c], error));
  }
  return TALLY_OK;
}

/* ---- together ---- */

/* A tl_pool_task over stretches. */
static tally_status take_stretch(void *context, size_t index, size_t worker, tally_error *error) {
  const selection *it = context;
  stretch s;
  TL_TRY(find_stretch(it, index, worker, &s, error));
  for (size_t c = 0; c < it->column_count; c++) {
    const taking *t = &it->columns[c];
    if (t->starts) {
      take_texts(t, &s, index, it->pick->ascending);
    } else {
      take_values(it, t, &s);
    }
    if (t->may_lack) take_presence(t, &s);
  }
  return TALLY_OK;
}

static tally_status take_all(selection *it, tally_error *error) {
  it->stretches = (size_t)((it->pick->count + STRETCH_ROWS - 1) / STRETCH_ROWS);
  it->room_count = tl_pool_workers();
  it->rooms = tl_mem_zero(it->room_count, sizeof *it->rooms);
  if (!it->rooms) return tl_no_memory(error);
  for (size_t c = 0; c < it->column_count; c++) TL_TRY(make_room(it, &it->columns[c], error));
  TL_TRY(make_texts(it, error));
  return tl_pool_run(it->stretches, take_stretch, it, error);
}

static tally_status hand_over(selection *it, tally_column **out, tally_error *error) {
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < it->column_count && status == TALLY_OK; i++) {
    tl_parts parts = it->columns[i].parts;
    it->columns[i].parts = (tl_parts){0};
    status = tl_column_new(parts, &out[i], error);
  }
  for (size_t i = 0; i < it->column_count && status != TALLY_OK; i++) {
    tally_column_release(out[i]);
    out[i] = NULL;
  }
  return status;
}

static void done(selection *it) {
  for (size_t i = 0; i < it->column_count; i++) {
    tl_parts_drop(&it->columns[i].parts);
    tally_column_release(it->columns[i].coded);
    tl_mem_free(it->columns[i].starts);
  }
  for (size_t w = 0; it->rooms && w < it->room_count; w++) tl_mem_free(it->rooms[w]);
  tl_mem_free(it->rooms);
  tl_mem_free(it->columns);
}

tally_status tl_columns_pick(tally_column *const *columns, size_t count, const tl_pick *pick, tally_column **out,
                             tally_error *error) {
  selection it = {.pick = pick, .columns = tl_mem_zero(count, sizeof *it.columns), .column_count = count};
  if (!it.columns) return tl_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    it.columns[i].column = columns[i];
    out[i] = NULL;
  }
  tally_status status = count ? take_all(&it, error) : TALLY_OK;
  if (status == TALLY_OK) status = hand_over(&it, out, error);
  done(&it);
  return status;
}

/* ---- rows in an array ---- */

typedef struct checking {
  const int64_t *rows;
  int64_t count, length;
  atomic_bool gaps;
} checking;

/* A tl_pool_task over chunks of the array. */
static tally_status check_chunk(void *context, size_t task, size_t worker, tally_error *error) {
  checking *it = context;
  (void)worker;
  int64_t first = (int64_t)task * TL_CHUNK, end = it->count - first < TL_CHUNK ? it->count : first + TL_CHUNK;
  bool gaps = false, outside = false;
  for (int64_t i = first; i < end; i++) {
    gaps |= it->rows[i] < 0;
    outside |= it->rows[i] < -1 || it->rows[i] >= it->length;
  }
  if (gaps) atomic_store_explicit(&it->gaps, true, memory_order_relaxed);
  for (int64_t i = first; outside && i < end; i++) {
    if (it->rows[i] >= -1 && it->rows[i] < it->length) continue;
    return tl_fail(error, TALLY_ERANGE, "row %lld (from 0) is outside a table of %lld rows", (long long)it->rows[i],
                   (long long)it->length);
  }
  return TALLY_OK;
}

tally_status tl_rows_check(const int64_t *rows, int64_t count, int64_t length, bool *gaps, tally_error *error) {
  checking it = {.rows = rows, .count = count, .length = length};
  tally_status status = tl_pool_run(tl_chunks(count), check_chunk, &it, error);
  *gaps = atomic_load(&it.gaps);
  return status;
}

tally_status tl_column_take(const tally_column *column, const int64_t *rows, int64_t count, tally_column **out,
                            tally_error *error) {
  tally_column *only = (tally_column *)column;
  tl_pick pick = {.count = count, .rows = rows};
  TL_TRY(tl_rows_check(rows, count, column->length, &pick.gaps, error));
  return tl_columns_pick(&only, 1, &pick, out, error);
}
