/* ingest/gather: what parts and threads have kept for themselves is put in its place. Words first: those of all threads, in the
 * order of the rows in which they were seen first, become one dictionary, and each thread's codes are translated to it. The bytes
 * of plain text are laid end to end, part by part. Everything of fixed width is there already. */
#include "ingest/gather.h"

#include "base/pool.h"

/* ---- rows ---- */

static void move_rows(const tl_store *store, size_t column, const tl_store_part *part, int64_t to) {
  size_t size = tl_store_value_size(&store->plan->columns[column]);
  bool ends = store->plan->columns[column].plain; /* which stand one further */
  char *values = (char *)store->values[column]->bytes + (ends ? size : 0);
  memmove(values + (size_t)to * size, values + (size_t)part->first * size, (size_t)part->count * size);
}

int64_t tl_gather_rows(tl_store *store) {
  int64_t rows = 0;
  for (size_t p = 0; p < store->part_count; p++) {
    tl_store_part *part = &store->parts[p];
    for (size_t i = 0; part->first != rows && i < store->plan->count; i++) {
      if (store->values[i]) move_rows(store, i, part, rows);
    }
    part->first = rows;
    rows += part->count;
  }
  return rows;
}

/* ---- one column ---- */

typedef struct making {
  bool settled;
  tl_parts parts;
  uint32_t **translations; /* of each thread's codes; NULL, as is that of a thread: they stay as they are */
  int64_t *text_first;     /* of each part, where its texts begin; of plain text */
} making;

typedef struct gathering {
  tl_store *store;
  int64_t rows;
  making *columns;
  tally_column *symbols;
  tally_column **out;
} gathering;

static tl_store_cells *cells_of(const gathering *it, size_t part, size_t column) {
  tl_store_cells *cells = it->store->parts[part].cells;
  return cells ? &cells[column] : NULL;
}

/* ---- missing values, reasons, booleans ---- */

/* The bits that every part has, end to end. which: where the cells have them */
static tally_status join_bits(const gathering *it, size_t column, size_t which, tl_buffer **out, tally_error *error) {
  *out = tl_buffer_zero(tl_bit_bytes(it->rows));
  if (!*out) return tl_no_memory(error);
  for (size_t p = 0; p < it->store->part_count; p++) {
    const tl_store_part *part = &it->store->parts[p];
    const tl_store_cells *cells = cells_of(it, p, column);
    const uint8_t *bits = cells ? *(uint8_t *const *)((const char *)cells + which) : NULL;
    if (bits) tl_bits_copy((*out)->bytes, part->first, bits, 0, part->count);
  }
  return TALLY_OK;
}

static bool any_missing(const gathering *it, size_t column) {
  for (size_t p = 0; p < it->store->part_count; p++) {
    if (cells_of(it, p, column) && cells_of(it, p, column)->missing) return true;
  }
  return false;
}

static tally_status join_validity(const gathering *it, size_t column, tl_parts *parts, tally_error *error) {
  if (!any_missing(it, column)) return TALLY_OK;
  TL_TRY(join_bits(it, column, offsetof(tl_store_cells, missing), &parts->validity, error));
  uint8_t *bits = parts->validity->bytes;
  tl_bits_invert(bits, tl_bit_bytes(it->rows));
  parts->missing = it->rows - tl_bits_count(bits, 0, it->rows);
  return TALLY_OK;
}

static tally_status join_reasons(const gathering *it, size_t column, tl_parts *parts, tally_error *error) {
  for (size_t p = 0; p < it->store->part_count; p++) {
    const tl_store_part *part = &it->store->parts[p];
    const tl_store_cells *cells = cells_of(it, p, column);
    if (!cells || !cells->reasons) continue;
    if (!parts->reasons) parts->reasons = tl_buffer_zero((size_t)it->rows);
    if (!parts->reasons) return tl_no_memory(error);
    if (part->count) memcpy((uint8_t *)parts->reasons->bytes + part->first, cells->reasons, (size_t)part->count);
  }
  if (parts->reasons) parts->symbols = tally_column_retain(it->symbols);
  return TALLY_OK;
}

/* ---- words ---- */

/* The row in which a thread saw its next word; INT64_MAX when it has no more. */
static int64_t row_of_word(const gathering *it, size_t column, size_t thread, uint32_t word) {
  const tl_store_share *share = tl_store_share_of(it->store, thread, column);
  return word < share->words.size ? share->first_rows[word] : INT64_MAX;
}

/* The thread that has the word seen first of all that are left, and in *until the row of the first that another has; thread_count
 * when no words are left. */
static size_t thread_of_next_word(const gathering *it, size_t column, const uint32_t *next, int64_t *until) {
  size_t found = it->store->thread_count;
  int64_t first = INT64_MAX;
  *until = INT64_MAX;
  for (size_t t = 0; t < it->store->thread_count; t++) {
    int64_t row = row_of_word(it, column, t, next[t]);
    if (row < first) {
      *until = first;
      first = row;
      found = t;
    } else if (row < *until) {
      *until = row;
    }
  }
  return found;
}

/* A thread's words from *next on that it saw before the row `until`. */
static tally_status add_words(const tl_store_share *share, uint32_t *next, int64_t until, tl_dictionary *merged, uint32_t *codes,
                              tally_error *error) {
  enum { AT_ONCE = 128 };
  tally_text texts[AT_ONCE];
  size_t count = 0;
  uint32_t first = *next;
  for (; count < AT_ONCE && *next < share->words.size && share->first_rows[*next] < until; ++*next) {
    texts[count++] = tl_dictionary_text(&share->words, *next);
  }
  return tl_dictionary_add_batch(merged, texts, count, codes + first, error);
}

/* Most often the thread that read the first rows was the first to see every word. */
static void drop_if_unchanged(uint32_t **translation, uint32_t words) {
  for (uint32_t i = 0; i < words; i++) {
    if ((*translation)[i] != i) return;
  }
  tl_mem_free(*translation);
  *translation = NULL;
}

static tally_status merge_words(const gathering *it, size_t column, uint32_t *next, tl_dictionary *merged, tally_error *error) {
  uint32_t **translations = it->columns[column].translations;
  size_t threads = it->store->thread_count;
  for (size_t t = 0; t < threads; t++) {
    translations[t] = tl_mem_new((size_t)tl_store_share_of(it->store, t, column)->words.size + 1, sizeof **translations);
    if (!translations[t]) return tl_no_memory(error);
  }
  int64_t until;
  for (size_t t; (t = thread_of_next_word(it, column, next, &until)) < threads;) {
    TL_TRY(add_words(tl_store_share_of(it->store, t, column), &next[t], until, merged, translations[t], error));
  }
  for (size_t t = 0; t < threads; t++) drop_if_unchanged(&translations[t], tl_store_share_of(it->store, t, column)->words.size);
  return TALLY_OK;
}

static tally_status make_dictionary(const gathering *it, size_t column, tally_error *error) {
  making *m = &it->columns[column];
  size_t threads = it->store->thread_count, with_words = 0, last = 0;
  for (size_t t = 0; t < threads; t++) {
    if (tl_store_share_of(it->store, t, column)->words.size == 0) continue;
    with_words++;
    last = t;
  }
  if (with_words < 2) return tl_dictionary_column(&tl_store_share_of(it->store, last, column)->words, &m->parts.dictionary, error);
  tl_dictionary merged = TL_DICTIONARY;
  uint32_t *next = tl_mem_zero(threads, sizeof *next);
  m->translations = tl_mem_zero(threads, sizeof *m->translations);
  tally_status status = next && m->translations ? merge_words(it, column, next, &merged, error) : tl_no_memory(error);
  if (status == TALLY_OK) status = tl_dictionary_column(&merged, &m->parts.dictionary, error);
  tl_dictionary_done(&merged);
  tl_mem_free(next);
  return status;
}

/* Under a missing row stays code 0. */
static void translate(const gathering *it, size_t column, size_t index) {
  const tl_store_part *part = &it->store->parts[index];
  const uint32_t *translation = it->columns[column].translations[part->thread];
  const uint8_t *missing = part->cells[column].missing;
  if (!translation) return;
  uint32_t *codes = (uint32_t *)it->columns[column].parts.values->bytes + part->first;
  for (int64_t i = 0; i < part->count; i++) codes[i] = translation[codes[i]];
  for (int64_t i = 0; missing && i < part->count; i += 8) {
    for (unsigned bits = missing[i / 8]; bits; bits &= bits - 1) codes[i + __builtin_ctz(bits)] = 0;
  }
}

/* ---- plain text ---- */

static tally_status make_bytes(const gathering *it, size_t column, tally_error *error) {
  making *m = &it->columns[column];
  int64_t size = 0;
  m->text_first = tl_mem_new(it->store->part_count + 1, sizeof *m->text_first);
  if (!m->text_first) return tl_no_memory(error);
  for (size_t p = 0; p < it->store->part_count; p++) {
    m->text_first[p] = size;
    if (cells_of(it, p, column)) size += cells_of(it, p, column)->text_size;
  }
  m->parts.bytes = tl_buffer_new((size_t)size);
  return m->parts.bytes ? TALLY_OK : tl_no_memory(error);
}

static void place_texts(const gathering *it, size_t column, size_t index) {
  const making *m = &it->columns[column];
  const tl_store_part *part = &it->store->parts[index];
  tl_store_cells *cells = &part->cells[column];
  int64_t first = m->text_first[index], *ends = (int64_t *)m->parts.values->bytes + 1 + part->first;
  if (cells->text_size)
    memcpy((char *)m->parts.bytes->bytes + first, cells->block->bytes + cells->block_at, (size_t)cells->text_size);
  tl_store_leave_block(cells);
  for (int64_t i = 0; i < part->count; i++) ends[i] += first;
}

/* ---- columns ---- */

/* The values, which the store made in their final size but for rows that were not there. */
static void take_values(const gathering *it, size_t column, tl_parts *parts) {
  const tl_column_plan *plan = &it->store->plan->columns[column];
  tl_buffer *values = it->store->values[column];
  it->store->values[column] = NULL;
  size_t size = (size_t)(it->rows + plan->plain) * tl_store_value_size(plan);
  if (size < values->size)
    memset((char *)values->bytes + size, 0, values->size - size < TL_PADDING ? values->size - size : TL_PADDING);
  values->size = size;
  parts->values = values;
}

static tally_status make_values(const gathering *it, size_t column, tally_error *error) {
  making *m = &it->columns[column];
  const tl_column_plan *plan = &it->store->plan->columns[column];
  if (plan->manner == TL_MANNER_BOOLEAN) return join_bits(it, column, offsetof(tl_store_cells, bits), &m->parts.values, error);
  take_values(it, column, &m->parts);
  if (m->parts.type != TALLY_TEXT) return TALLY_OK;
  return plan->plain ? make_bytes(it, column, error) : make_dictionary(it, column, error);
}

/* A column of which nothing is known is text without words. */
static tally_status make_unknown(const gathering *it, tl_parts *parts, tally_error *error) {
  tl_dictionary none = TL_DICTIONARY;
  TL_TRY(tl_dictionary_column(&none, &parts->dictionary, error));
  parts->values = tl_buffer_zero((size_t)it->rows * sizeof(uint32_t));
  return parts->values ? TALLY_OK : tl_no_memory(error);
}

/* A tl_pool_task over columns. */
static tally_status make_parts(void *context, size_t column, size_t worker, tally_error *error) {
  const gathering *it = context;
  making *m = &it->columns[column];
  (void)worker;
  if (!m->settled) return TALLY_OK;
  tl_manner manner = it->store->plan->columns[column].manner;
  m->parts = (tl_parts){.type = tl_manner_type(manner), .length = it->rows};
  TL_TRY(join_validity(it, column, &m->parts, error));
  TL_TRY(join_reasons(it, column, &m->parts, error));
  return manner == TL_MANNER_NONE ? make_unknown(it, &m->parts, error) : make_values(it, column, error);
}

/* A tl_pool_task over parts. */
static tally_status finish_part(void *context, size_t part, size_t worker, tally_error *error) {
  const gathering *it = context;
  (void)worker, (void)error;
  for (size_t i = 0; it->store->parts[part].cells && i < it->store->plan->count; i++) {
    if (it->columns[i].translations) translate(it, i, part);
    if (it->columns[i].text_first) place_texts(it, i, part);
  }
  return TALLY_OK;
}

/* More than half of the known values are distinct: coding does not pay. */
static bool coding_fails(const tally_column *column) {
  int64_t known = column->length - column->missing;
  return column->dictionary && known >= TL_DICTIONARY_TRIAL && column->dictionary->length > known / 2;
}

static tally_status make_column(const gathering *it, size_t index, tally_error *error) {
  tl_parts parts = it->columns[index].parts;
  it->columns[index].parts = (tl_parts){0};
  tally_column *column;
  TL_TRY(tl_column_new(parts, &column, error));
  if (!coding_fails(column)) {
    it->out[index] = column;
    return TALLY_OK;
  }
  tally_status status = tl_column_cast(column, TALLY_TEXT, &it->out[index], error);
  tally_column_release(column);
  return status;
}

/* The symbols of the plan, which all columns share. */
static tally_status make_symbols(gathering *it, tally_error *error) {
  tl_dictionary symbols = TL_DICTIONARY;
  uint32_t code;
  tally_status status = TALLY_OK;
  for (size_t i = 0; status == TALLY_OK && it->store->plan->symbols[i]; i++) {
    status = tl_dictionary_add(&symbols, tl_text_of(it->store->plan->symbols[i]), &code, error);
  }
  if (status == TALLY_OK) status = tl_dictionary_column(&symbols, &it->symbols, error);
  tl_dictionary_done(&symbols);
  return status;
}

static tally_status gather_all(gathering *it, tally_error *error) {
  size_t count = it->store->plan->count;
  TL_TRY(make_symbols(it, error));
  TL_TRY((it->rows > TL_CHUNK ? tl_pool_run : tl_pool_run_here)(count, make_parts, it, error));
  TL_TRY(tl_pool_run(it->store->part_count, finish_part, it, error));
  for (size_t i = 0; i < count; i++) {
    if (it->columns[i].settled) TL_TRY(make_column(it, i, error));
  }
  return TALLY_OK;
}

static void done(gathering *it) {
  for (size_t i = 0; it->columns && i < it->store->plan->count; i++) {
    making *m = &it->columns[i];
    tl_parts_drop(&m->parts);
    for (size_t t = 0; m->translations && t < it->store->thread_count; t++) tl_mem_free(m->translations[t]);
    tl_mem_free(m->translations);
    tl_mem_free(m->text_first);
  }
  tl_mem_free(it->columns);
  tally_column_release(it->symbols);
}

tally_status tl_gather_columns(tl_store *store, int64_t rows, const bool *settled, tally_column **out, tally_error *error) {
  gathering it = {.store = store, .rows = rows, .out = out};
  it.columns = tl_mem_zero(store->plan->count, sizeof *it.columns);
  if (!it.columns) return tl_no_memory(error);
  for (size_t i = 0; i < store->plan->count; i++) it.columns[i].settled = settled[i];
  tally_status status = gather_all(&it, error);
  done(&it);
  return status;
}
