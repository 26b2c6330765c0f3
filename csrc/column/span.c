/* column/span: the least and the largest value of a column, looked for once, in parallel, and kept with the column. */
#include "base/pool.h"
#include "column/column.h"

typedef struct span {
  int64_t least, most;
} span;

typedef struct searching {
  const tally_column *column;
  span *spans; /* of each chunk */
} searching;

static const span nothing = {INT64_MAX, INT64_MIN};

static void add_value(span *s, int64_t value) {
  s->least = value < s->least ? value : s->least;
  s->most = value > s->most ? value : s->most;
}

static int64_t value_at(const tally_column *c, int64_t row) {
  return c->type == TALLY_DATE ? tl_dates(c)[row] : tl_integers(c)[row];
}

/* Where nothing is missing there is nothing to ask. */
static span span_of_rows(const tally_column *column, int64_t first, int64_t end) {
  span found = nothing;
  if (column->type == TALLY_INTEGER && !column->validity) {
    for (int64_t i = first; i < end; i++) add_value(&found, tl_integers(column)[i]);
    return found;
  }
  for (int64_t i = first; i < end; i++) {
    if (tl_present(column, i)) add_value(&found, value_at(column, i));
  }
  return found;
}

/* A tl_pool_task over chunks of rows. */
static tally_status search_chunk(void *context, size_t task, size_t worker, tally_error *error) {
  searching *it = context;
  (void)worker, (void)error;
  int64_t first = (int64_t)task * TL_CHUNK, left = it->column->length - first;
  it->spans[task] = span_of_rows(it->column, first, first + (left < TL_CHUNK ? left : TL_CHUNK));
  return TALLY_OK;
}

static tally_status search_all(const tally_column *column, span *out, tally_error *error) {
  size_t chunks = tl_chunks(column->length);
  searching it = {column, tl_mem_new(chunks, sizeof *it.spans)};
  if (!it.spans) return tl_no_memory(error);
  *out = nothing;
  tally_status status = tl_pool_run(chunks, search_chunk, &it, error);
  for (size_t i = 0; i < chunks && status == TALLY_OK; i++) {
    if (it.spans[i].least > it.spans[i].most) continue;
    add_value(out, it.spans[i].least);
    add_value(out, it.spans[i].most);
  }
  tl_mem_free(it.spans);
  return status;
}

/* The column is shared between threads, which may all look at once and find the same. */
tally_status tl_column_span(const tally_column *column, int64_t *least, int64_t *most, tally_error *error) {
  tally_column *kept = (tally_column *)column;
  span found;
  if (column->type == TALLY_TEXT || column->type == TALLY_BOOLEAN) {
    *least = 0;
    *most = column->type == TALLY_BOOLEAN ? 1 : column->dictionary->length - 1;
    return TALLY_OK;
  }
  if (!atomic_load_explicit(&kept->span_known, memory_order_acquire)) {
    TL_TRY(search_all(column, &found, error));
    atomic_store_explicit(&kept->least, found.least, memory_order_relaxed);
    atomic_store_explicit(&kept->most, found.most, memory_order_relaxed);
    atomic_store_explicit(&kept->span_known, true, memory_order_release);
  }
  *least = atomic_load_explicit(&kept->least, memory_order_relaxed);
  *most = atomic_load_explicit(&kept->most, memory_order_relaxed);
  return TALLY_OK;
}
