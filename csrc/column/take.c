/* column/take: rows of columns by their numbers. Room is made for all columns first; then the rows are gathered, a stretch of one
 * column at a time, one loop for each width of value; missing rows and their reasons go along. */
#include "base/pool.h"
#include "column/column.h"
#include "column/table.h"

/* Rows gathered at a time; whole bytes of bits. */
enum { CHUNK_ROWS = (TL_CHUNK + 63) / 64 * 64 };

typedef struct taking {
  const tally_column *column;
  bool may_lack; /* some of the rows may be missing */
  tl_parts parts;
} taking;

typedef struct selection {
  const int64_t *rows;
  int64_t count;
  bool gaps; /* -1 is among them */
  taking *columns;
  size_t chunks;
} selection;

/* ---- room ---- */

static tally_status make_offsets(const selection *it, taking *t, tally_error *error) {
  t->parts.values = tl_buffer_new(((size_t)it->count + 1) * sizeof(int64_t));
  if (!t->parts.values) return tl_no_memory(error);
  int64_t *offsets = t->parts.values->bytes;
  offsets[0] = 0;
  for (int64_t i = 0; i < it->count; i++) {
    size_t size = it->rows[i] < 0 ? 0 : tl_plain_text(t->column, it->rows[i]).size;
    if (__builtin_add_overflow(offsets[i], (int64_t)size, &offsets[i + 1])) return tl_no_memory(error);
  }
  t->parts.bytes = tl_buffer_new((size_t)offsets[it->count]);
  return t->parts.bytes ? TALLY_OK : tl_no_memory(error);
}

static bool is_plain_text(const tally_column *c) {
  return c->type == TALLY_TEXT && !c->dictionary;
}

static tally_status make_values(const selection *it, taking *t, tally_error *error) {
  if (is_plain_text(t->column)) return make_offsets(it, t, error);
  size_t size = tl_value_size(t->column);
  t->parts.values = size ? tl_buffer_new(size * (size_t)it->count) : tl_buffer_zero(tl_bit_bytes(it->count));
  t->parts.dictionary = tally_column_retain(t->column->dictionary);
  return t->parts.values ? TALLY_OK : tl_no_memory(error);
}

/* A tl_pool_task over columns. */
static tally_status make_room(void *context, size_t index, size_t worker, tally_error *error) {
  const selection *it = context;
  taking *t = &it->columns[index];
  const tally_column *c = t->column;
  (void)worker;
  t->parts = (tl_parts){.type = c->type, .levels = c->levels, .length = it->count, .missing = -1};
  TL_TRY(make_values(it, t, error));
  t->may_lack = it->gaps || c->validity;
  if (!t->may_lack) return TALLY_OK;
  t->parts.validity = tl_buffer_zero(tl_bit_bytes(it->count));
  if (!t->parts.validity) return tl_no_memory(error);
  if (!c->reasons) return TALLY_OK;
  t->parts.reasons = tl_buffer_new((size_t)it->count);
  t->parts.symbols = tally_column_retain(c->symbols);
  return t->parts.reasons ? TALLY_OK : tl_no_memory(error);
}

/* ---- rows, from `first` to `end` ---- */

/* Rows lie anywhere: while one is copied, those some way ahead are on their way to the cache. */
enum { AHEAD = 32 };

#define TAKE(type, from, to)                                                 \
  do {                                                                       \
    for (int64_t i = first; i < end; i++) {                                  \
      if (i + AHEAD < end) __builtin_prefetch(&(from)[it->rows[i + AHEAD]]); \
      (to)[i] = it->gaps && it->rows[i] < 0 ? (type)0 : (from)[it->rows[i]]; \
    }                                                                        \
  } while (0)

static void take_texts(const selection *it, const taking *t, int64_t first, int64_t end) {
  const int64_t *offsets = t->parts.values->bytes;
  char *bytes = t->parts.bytes->bytes;
  for (int64_t i = first; i < end; i++) {
    if (offsets[i + 1] == offsets[i]) continue;
    memcpy(bytes + offsets[i], tl_plain_text(t->column, it->rows[i]).bytes, (size_t)(offsets[i + 1] - offsets[i]));
  }
}

static void take_bits(const selection *it, const taking *t, int64_t first, int64_t end) {
  for (int64_t i = first; i < end; i++) {
    if (it->rows[i] >= 0 && tl_boolean(t->column, it->rows[i])) tl_bit_set(t->parts.values->bytes, i);
  }
}

static void take_values(const selection *it, const taking *t, int64_t first, int64_t end) {
  size_t size = tl_value_size(t->column);
  void *values = t->parts.values->bytes;
  if (is_plain_text(t->column)) {
    take_texts(it, t, first, end);
  } else if (size == 8) {
    const int64_t *from = tl_integers(t->column);
    TAKE(int64_t, from, (int64_t *)values);
  } else if (size == 4) {
    const int32_t *from = tl_dates(t->column);
    TAKE(int32_t, from, (int32_t *)values);
  } else {
    take_bits(it, t, first, end);
  }
}

static void take_presence(const selection *it, const taking *t, int64_t first, int64_t end) {
  uint8_t *reasons = t->parts.reasons ? t->parts.reasons->bytes : NULL;
  for (int64_t i = first; i < end; i++) {
    int64_t row = it->rows[i];
    if (row >= 0 && tl_present(t->column, row)) tl_bit_set(t->parts.validity->bytes, i);
    if (reasons) reasons[i] = row < 0 ? 0 : tl_reason(t->column, row);
  }
}

/* A tl_pool_task over chunks of all columns. A chunk begins with a whole byte of bits. */
static tally_status take_chunk(void *context, size_t task, size_t worker, tally_error *error) {
  const selection *it = context;
  const taking *t = &it->columns[task / it->chunks];
  (void)worker, (void)error;
  int64_t first = (int64_t)(task % it->chunks) * CHUNK_ROWS, end = first + CHUNK_ROWS < it->count ? first + CHUNK_ROWS : it->count;
  take_values(it, t, first, end);
  if (t->may_lack) take_presence(it, t, first, end);
  return TALLY_OK;
}

/* ---- together ---- */

static tally_status check_rows(selection *it, int64_t length, tally_error *error) {
  for (int64_t i = 0; i < it->count; i++) {
    if (it->rows[i] < -1 || it->rows[i] >= length) {
      return tl_fail(error, TALLY_ERANGE, "row %lld (from 0) is outside a column of %lld rows", (long long)it->rows[i],
                     (long long)length);
    }
    it->gaps |= it->rows[i] < 0;
  }
  return TALLY_OK;
}

static tally_status take_all(selection *it, size_t count, int64_t length, tally_error *error) {
  TL_TRY(check_rows(it, length, error));
  TL_TRY(tl_pool_run(count, make_room, it, error));
  it->chunks = (size_t)((it->count + CHUNK_ROWS - 1) / CHUNK_ROWS);
  return tl_pool_run(count * it->chunks, take_chunk, it, error);
}

static tally_status hand_over(selection *it, size_t count, tally_column **out, tally_error *error) {
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < count && status == TALLY_OK; i++) {
    tl_parts parts = it->columns[i].parts;
    it->columns[i].parts = (tl_parts){0};
    status = tl_column_new(parts, &out[i], error);
  }
  for (size_t i = 0; i < count && status != TALLY_OK; i++) {
    tally_column_release(out[i]);
    out[i] = NULL;
  }
  return status;
}

tally_status tl_columns_take(tally_column *const *columns, size_t count, const int64_t *rows, int64_t row_count, tally_column **out,
                             tally_error *error) {
  selection it = {.rows = rows, .count = row_count, .columns = tl_mem_zero(count, sizeof *it.columns)};
  if (!it.columns) return tl_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    it.columns[i].column = columns[i];
    out[i] = NULL;
  }
  tally_status status = count ? take_all(&it, count, columns[0]->length, error) : TALLY_OK;
  if (status == TALLY_OK) status = hand_over(&it, count, out, error);
  for (size_t i = 0; i < count; i++) tl_parts_drop(&it.columns[i].parts);
  tl_mem_free(it.columns);
  return status;
}

tally_status tl_column_take(const tally_column *column, const int64_t *rows, int64_t count, tally_column **out,
                            tally_error *error) {
  tally_column *only = (tally_column *)column;
  return tl_columns_take(&only, 1, rows, count, out, error);
}
