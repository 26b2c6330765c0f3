/* ingest/store: where values are written. A row that is missing stays zero, as it was made. Words are coded by each thread for
 * itself, in the order in which it sees them; the row where it saw each first is kept, so that one order can be made of them in the
 * end. */
#include "ingest/store.h"

/* ---- life ---- */

tally_status tl_store_start(tl_store *store, const tl_plan *plan, size_t part_count, size_t thread_count, tally_error *error) {
  *store = (tl_store){.plan = plan, .part_count = part_count, .thread_count = thread_count};
  store->values = tl_mem_zero(plan->count, sizeof *store->values);
  store->parts = tl_mem_zero(part_count, sizeof *store->parts);
  store->shares = tl_mem_zero(thread_count * plan->count, sizeof *store->shares);
  return store->values && store->parts && store->shares ? TALLY_OK : tl_no_memory(error);
}

void tl_store_set_part(tl_store *store, size_t part, int64_t capacity) {
  store->parts[part] = (tl_store_part){.first = store->capacity, .capacity = capacity, .last_byte = -1};
  store->capacity += capacity;
}

void tl_store_place_part(tl_store *store, size_t part, int64_t first, int64_t capacity) {
  store->parts[part].first = first;
  store->parts[part].capacity = capacity;
}

void tl_store_trim(tl_store *store) {
  int64_t capacity = 0;
  for (size_t p = 0; p < store->part_count; p++) capacity += store->parts[p].capacity;
  store->capacity = capacity;
  for (size_t i = 0; i < store->plan->count; i++) {
    if (store->values[i])
      tl_buffer_shrink(store->values[i], ((size_t)capacity + 1) * tl_store_value_size(&store->plan->columns[i]));
  }
}

size_t tl_store_value_size(const tl_column_plan *column) {
  tally_type type = tl_manner_type(column->manner);
  if (column->manner == TL_MANNER_NONE) return 0;
  return type == TALLY_TEXT && column->plain ? sizeof(int64_t) : tl_type_size(type);
}

tally_status tl_store_make_columns(tl_store *store, tally_error *error) {
  for (size_t i = 0; i < store->plan->count; i++) {
    const tl_column_plan *column = &store->plan->columns[i];
    size_t size = tl_store_value_size(column), bytes;
    if (!column->wanted || size == 0) continue;
    if (__builtin_mul_overflow((size_t)store->capacity + 1, size, &bytes)) return tl_no_memory(error);
    store->values[i] = tl_buffer_zero(bytes);
    if (!store->values[i]) return tl_no_memory(error);
  }
  return TALLY_OK;
}

static void leave_block(tl_store_block *block) {
  if (!block || atomic_fetch_sub_explicit(&block->users, 1, memory_order_acq_rel) != 1) return;
  tl_mem_free_aligned(block->bytes);
  tl_mem_free(block);
}

void tl_store_leave_block(tl_store_cells *cells) {
  leave_block(cells->block);
  cells->block = NULL;
}

static void drop_part(tl_store *store, tl_store_part *part) {
  for (size_t i = 0; part->cells && i < store->plan->count; i++) {
    tl_mem_free(part->cells[i].missing);
    tl_mem_free(part->cells[i].reasons);
    tl_mem_free(part->cells[i].bits);
    leave_block(part->cells[i].block);
  }
  tl_mem_free(part->cells);
  tl_mem_free(part->dropped);
  tl_problems_done(&part->problems);
}

void tl_store_done(tl_store *store) {
  for (size_t i = 0; store->parts && i < store->part_count; i++) drop_part(store, &store->parts[i]);
  for (size_t i = 0; store->shares && i < store->thread_count * store->plan->count; i++) {
    tl_dictionary_done(&store->shares[i].words);
    tl_mem_free(store->shares[i].first_rows);
    leave_block(store->shares[i].block);
  }
  for (size_t i = 0; store->values && i < store->plan->count; i++) tl_buffer_release(store->values[i]);
  tl_mem_free(store->values);
  tl_mem_free(store->parts);
  tl_mem_free(store->shares);
  *store = (tl_store){0};
}

/* ---- plain text ---- */

enum { BLOCK_BYTES = 4 << 20, FIRST_BLOCK_BYTES = 1 << 16 };

static tally_status new_block(size_t size, tl_store_block **out, tally_error *error) {
  tl_store_block *block = tl_mem_zero(1, sizeof *block);
  if (!block) return tl_no_memory(error);
  block->bytes = tl_mem_new_aligned(size);
  if (!block->bytes) {
    tl_mem_free(block);
    return tl_no_memory(error);
  }
  block->size = size;
  atomic_init(&block->users, 1);
  *out = block;
  return TALLY_OK;
}

/* The thread goes on with another block. */
static tally_status change_block(tl_store_share *share, size_t size, tally_error *error) {
  tl_store_block *block = NULL;
  TL_TRY(new_block(size, &block, error));
  leave_block(share->block);
  share->block = block;
  return TALLY_OK;
}

/* The texts of the part that are there already move into the thread's block, in which nothing else is. */
static void move_texts(tl_store_share *share, tl_store_cells *cells) {
  if (cells->text_size) memcpy(share->block->bytes, cells->block->bytes + cells->block_at, (size_t)cells->text_size);
  tl_store_leave_block(cells);
  atomic_fetch_add_explicit(&share->block->users, 1, memory_order_relaxed);
  cells->block = share->block;
  cells->block_at = 0;
}

/* Room for `more` bytes after the texts of the part, which lie in one piece. A small file needs no large block. */
static tally_status reserve_text(const tl_store *store, tl_store_share *share, tl_store_cells *cells, size_t more,
                                 tally_error *error) {
  size_t end = cells->block_at + (size_t)cells->text_size;
  if (cells->block && cells->block->size - end >= more + TL_PADDING) return TALLY_OK;
  size_t least = store->part_count > 1 ? BLOCK_BYTES : FIRST_BLOCK_BYTES, need = 2 * ((size_t)cells->text_size + more + TL_PADDING);
  TL_TRY(change_block(share, need > least ? need : least, error));
  move_texts(share, cells);
  return TALLY_OK;
}

/* A part begins where the one before it has ended. */
static tally_status enter_block(const tl_store *store, tl_store_share *share, tl_store_cells *cells, tally_error *error) {
  if (!share->block) return reserve_text(store, share, cells, 0, error);
  atomic_fetch_add_explicit(&share->block->users, 1, memory_order_relaxed);
  cells->block = share->block;
  cells->block_at = share->block->used;
  return TALLY_OK;
}

/* padded  SHORT_TEXT bytes may be read from the text, whatever its size */
static tally_status append_plain(const tl_store *store, tl_store_share *share, tl_store_cells *cells, tally_text text, bool padded,
                                 tally_error *error) {
  enum { SHORT_TEXT = 16 };
  if (text.size == 0) return TALLY_OK;
  TL_TRY(reserve_text(store, share, cells, text.size, error));
  char *to = cells->block->bytes + cells->block_at + cells->text_size;
  if (padded && text.size <= SHORT_TEXT) {
    memcpy(to, text.bytes, SHORT_TEXT);
  } else {
    memcpy(to, text.bytes, text.size);
  }
  cells->text_size += (int64_t)text.size;
  cells->block->used = cells->block_at + (size_t)cells->text_size;
  return TALLY_OK;
}

/* ---- parts ---- */

static bool is_boolean(const tl_column_plan *column) {
  return column->manner == TL_MANNER_BOOLEAN;
}

tally_status tl_store_begin(tl_store *store, size_t index, size_t thread, tally_error *error) {
  tl_store_part *part = &store->parts[index];
  part->thread = thread;
  part->cells = tl_mem_zero(store->plan->count, sizeof *part->cells);
  if (!part->cells) return tl_no_memory(error);
  for (size_t i = 0; i < store->plan->count; i++) {
    const tl_column_plan *column = &store->plan->columns[i];
    if (!column->wanted) continue;
    if (is_boolean(column)) {
      part->cells[i].bits = tl_mem_zero(tl_bit_bytes(part->capacity), 1);
      if (!part->cells[i].bits) return tl_no_memory(error);
    }
    if (column->plain) TL_TRY(enter_block(store, tl_store_share_of(store, thread, i), &part->cells[i], error));
  }
  return TALLY_OK;
}

/* ---- missing ---- */

static tally_status note_missing(tl_store_part *part, tl_store_cells *cells, int64_t row, tally_error *error) {
  if (!cells->missing) cells->missing = tl_mem_zero(tl_bit_bytes(part->capacity), 1);
  if (!cells->missing) return tl_no_memory(error);
  tl_bit_set(cells->missing, row);
  return TALLY_OK;
}

static tally_status note_reason(tl_store_part *part, tl_store_cells *cells, int64_t row, uint8_t reason, tally_error *error) {
  if (!cells->reasons) cells->reasons = tl_mem_zero((size_t)part->capacity, 1);
  if (!cells->reasons) return tl_no_memory(error);
  cells->reasons[row] = reason;
  return TALLY_OK;
}

static int64_t *plain_ends(const tl_store *store, const tl_store_part *part, size_t column) {
  return (int64_t *)store->values[column]->bytes + 1 + part->first;
}

tally_status tl_store_missing(tl_store *store, tl_store_part *part, size_t column, int64_t row, uint8_t reason,
                              tally_error *error) {
  tl_store_cells *cells = &part->cells[column];
  TL_TRY(note_missing(part, cells, row, error));
  if (store->plan->columns[column].plain) plain_ends(store, part, column)[row] = cells->text_size;
  return reason ? note_reason(part, cells, row, reason, error) : TALLY_OK;
}

/* ---- text ---- */

/* More words than half the rows: whatever comes, the column will be plain. */
static bool coding_fails(const tl_store *store, const tl_store_share *share) {
  return share->words.size >= TL_DICTIONARY_TRIAL && (int64_t)share->words.size > store->capacity / 2;
}

/* Notes the rows of the words that were not `known` before these texts, of rows `first` and on. */
static tally_status note_new_words(tl_store *store, tl_store_share *share, uint32_t known, const tally_text *texts,
                                   const uint32_t *codes, int64_t first, tally_error *error) {
  if (share->words.size == known) return TALLY_OK;
  TL_TRY(
      tl_mem_reserve((void **)&share->first_rows, &share->first_row_capacity, share->words.size, sizeof *share->first_rows, error));
  for (size_t i = 0; known < share->words.size; i++) {
    if (texts[i].bytes && codes[i] == known) share->first_rows[known++] = first + (int64_t)i;
  }
  share->overflows = coding_fails(store, share);
  return TALLY_OK;
}

static tally_status put_words(tl_store *store, tl_store_part *part, size_t column, int64_t row, const tally_text *texts,
                              size_t count, bool padded, tally_error *error) {
  tl_store_share *share = tl_store_share_of(store, part->thread, column);
  if (share->overflows) return TALLY_OK;
  uint32_t *codes = (uint32_t *)store->values[column]->bytes + part->first + row, known = share->words.size;
  if (padded) {
    TL_TRY(tl_dictionary_add_batch(&share->words, texts, count, codes, error));
  } else {
    TL_TRY(tl_dictionary_add(&share->words, *texts, codes, error));
  }
  return note_new_words(store, share, known, texts, codes, part->first + row, error);
}

static tally_status put_plain(tl_store *store, tl_store_part *part, size_t column, int64_t row, const tally_text *texts,
                              size_t count, bool padded, tally_error *error) {
  tl_store_share *share = tl_store_share_of(store, part->thread, column);
  tl_store_cells *cells = &part->cells[column];
  int64_t *ends = plain_ends(store, part, column) + row;
  for (size_t i = 0; i < count; i++) {
    TL_TRY(append_plain(store, share, cells, texts[i], padded, error));
    ends[i] = cells->text_size;
  }
  return TALLY_OK;
}

tally_status tl_store_texts(tl_store *store, tl_store_part *part, size_t column, int64_t row, const tally_text *texts, size_t count,
                            tally_error *error) {
  if (store->plan->columns[column].plain) return put_plain(store, part, column, row, texts, count, true, error);
  return put_words(store, part, column, row, texts, count, true, error);
}

/* ---- cells ---- */

static tally_status put_text(tl_store *store, tl_store_part *part, size_t column, int64_t row, tally_text text,
                             tally_error *error) {
  if (store->plan->columns[column].plain) return put_plain(store, part, column, row, &text, 1, false, error);
  return put_words(store, part, column, row, &text, 1, false, error);
}

static tally_status put_value(tl_store *store, tl_store_part *part, size_t column, int64_t row, const tally_value *value,
                              tally_error *error) {
  if (value->type == TALLY_TEXT) return put_text(store, part, column, row, value->text, error);
  if (value->type == TALLY_BOOLEAN) {
    tl_bit_put(part->cells[column].bits, row, value->boolean);
  } else if (value->type == TALLY_DATE) {
    ((int32_t *)store->values[column]->bytes)[part->first + row] = value->date;
  } else if (value->type == TALLY_INTEGER) {
    ((int64_t *)store->values[column]->bytes)[part->first + row] = value->integer;
  } else {
    ((double *)store->values[column]->bytes)[part->first + row] = value->number;
  }
  return TALLY_OK;
}

tally_status tl_store_put(tl_store *store, tl_store_part *part, size_t column, int64_t row, const tl_cell *cell,
                          tally_error *error) {
  tl_store_share *share = tl_store_share_of(store, part->thread, column);
  share->shapes |= cell->shapes;
  if (cell->kind == TL_CELL_VALUE) return put_value(store, part, column, row, &cell->value, error);
  share->misfits |= cell->kind == TL_CELL_MISFIT && !store->plan->columns[column].asked;
  return tl_store_missing(store, part, column, row, cell->reason, error);
}
