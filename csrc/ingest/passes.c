/* ingest/passes: a sample gives every column a manner; a pass reads all rows in that manner, range by range in parallel; the
 * columns that a value did not fit are read again, in the manner that the shapes seen now ask for. The first pass gathers the
 * problems. What comes out does not depend on how the file was cut, nor on the number of threads. */
#include "ingest/passes.h"

#include <stdatomic.h>

#include "base/pool.h"
#include "base/progress.h"
#include "ingest/convert.h"
#include "ingest/gather.h"
#include "ingest/lax.h"

/* A sample for manners is small, since small files are read by it once more; one that says whether texts repeat is larger, and
 * taken only where rows are many. */
enum { SAMPLED_RANGES = 8, SAMPLED_ROWS = 256, SAMPLED_FIRST = 2048, SAMPLED_TEXTS = 512, MANY_ROWS = 65536 };

typedef struct pass {
  const tl_extent *extent;
  const tl_dialect *dialect;
  tl_plan *plan;
  int64_t sampled; /* rows of each of a few ranges; 0: all rows of all */
  size_t tasks;    /* the ranges to read are spread over all of them */
  tl_store store;  /* a part for each task */
  tl_room *rooms;  /* of each worker */
  size_t worker_count;
  bool borrowed;       /* the one room is the caller's */
  tl_rolling *rolling; /* NULL: the ranges are known */
  atomic_bool irregular, odd;
} pass;

/* ---- how many rows ---- */

/* A line with nothing on it is a row only in a table of one column. */
static int64_t rows_of(const pass *it, const tl_range *range) {
  return range->records - (it->plan->most > 1 ? range->blanks : 0);
}

static const tl_range *range_of(const pass *it, size_t task) {
  const tl_ranges *ranges = it->extent->ranges;
  return &ranges->items[task * ranges->count / it->tasks];
}

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Where no row is wanted, one tells the types all the same. */
static int64_t part_limit(const pass *it) {
  if (!it->sampled) return it->plan->limit;
  return it->plan->limit > 0 ? smaller(it->sampled, it->plan->limit) : 1;
}

/* The lax reader makes at most a row of each line. */
static int64_t part_capacity(const pass *it, size_t task) {
  return smaller(it->extent->lax ? it->extent->ranges->lines : rows_of(it, range_of(it, task)), part_limit(it));
}

/* ---- reading ---- */

static tl_rows *begin_rows(pass *it, size_t task, size_t index, int64_t limit) {
  tl_rows *rows = &it->rooms[index].rows;
  rows->store = &it->store;
  rows->part = &it->store.parts[task];
  rows->limit = limit;
  rows->where = it->extent->source->name;
  return rows;
}

/* The rows of a chunk get their place in the store as soon as it is known where they begin. */
static tally_status roll(pass *it, size_t task, tl_piece *piece, tl_range *range, tally_text *text, tally_error *error) {
  tl_rolled rolled;
  TL_TRY(tl_rolling_take(it->rolling, task, piece, &rolled, error));
  *range = rolled.range;
  *text = rolled.text;
  int64_t first = rolled.records_before - (it->plan->most > 1 ? rolled.blanks_before : 0), rows = rows_of(it, range);
  if (!rolled.odd && rows <= it->store.capacity - first) {
    tl_store_place_part(&it->store, task, first, rows);
    return TALLY_OK;
  }
  atomic_store(&it->odd, true);
  return tl_fail(error, TALLY_ECANCEL, "interrupted");
}

static tally_status find_range(pass *it, size_t task, tl_piece *piece, tl_range *range, tally_text *text, tally_error *error) {
  if (it->rolling) return roll(it, task, piece, range, text, error);
  *range = *range_of(it, task);
  return tl_source_view(it->extent->source, range->byte, range->size, piece, text, error);
}

static tally_status read_range(pass *it, size_t task, size_t index, int64_t limit, tally_error *error) {
  tl_room *by = &it->rooms[index];
  tl_range range;
  tally_text text;
  bool regular;
  TL_TRY(find_range(it, task, &by->piece, &range, &text, error));
  TL_TRY(tl_store_begin(&it->store, task, index, error));
  tl_row_visitor visitor = {
      .batch = it->plan->dirty ? NULL : tl_convert_batch, .record = tl_rows_add, .context = begin_rows(it, task, index, limit)};
  TL_TRY(tl_split_records(&by->split, it->dialect, text, range.byte, range.line, visitor, &regular, error));
  if (!regular) atomic_store(&it->irregular, true);
  if (!it->sampled) tl_progress_add((int64_t)range.size, it->plan->report ? it->store.parts[task].count : 0, index);
  return TALLY_OK;
}

/* A tl_pool_task over parts. */
static tally_status read_task(void *context, size_t task, size_t index, tally_error *error) {
  pass *it = context;
  tally_status status = read_range(it, task, index, part_limit(it), error);
  if (status != TALLY_OK && it->rolling) tl_rolling_stop(it->rolling, task);
  return status;
}

/* Range after range, until there are enough rows: those after them must not have a say. */
static tally_status read_some_rows(pass *it, tally_error *error) {
  int64_t left = part_limit(it);
  for (size_t task = 0; task < it->tasks && left > 0; task++) {
    TL_TRY(tl_pool_check(error));
    TL_TRY(read_range(it, task, 0, left, error));
    left -= it->store.parts[task].count;
  }
  return TALLY_OK;
}

static tally_status read_lax(pass *it, tally_error *error) {
  const tl_extent *e = it->extent;
  tally_text text = tl_text(e->source->bytes + e->byte, (size_t)(e->source->size - e->byte));
  TL_TRY(tl_store_begin(&it->store, 0, 0, error));
  return tl_lax_records(it->dialect, text, e->byte, e->line, tl_rows_add, begin_rows(it, 0, 0, part_limit(it)), error);
}

static tally_status read_rows(pass *it, tally_error *error) {
  if (it->extent->lax) return part_limit(it) > 0 ? read_lax(it, error) : TALLY_OK;
  if (it->plan->limit < INT64_MAX) return read_some_rows(it, error);
  return tl_pool_run(it->tasks, read_task, it, error);
}

/* ---- a pass ---- */

void tl_room_done(tl_room *room) {
  tl_piece_done(&room->piece);
  tl_split_done(&room->split);
  tl_rows_done(&room->rows);
}

static void end_pass(pass *it) {
  tl_store_done(&it->store);
  if (it->borrowed) return;
  for (size_t i = 0; it->rooms && i < it->worker_count; i++) tl_room_done(&it->rooms[i]);
  tl_mem_free(it->rooms);
}

static tally_status make_rooms(pass *it, tally_error *error) {
  if (it->borrowed) return TALLY_OK;
  it->worker_count = tl_pool_workers();
  it->rooms = tl_mem_zero(it->worker_count, sizeof *it->rooms);
  return it->rooms ? TALLY_OK : tl_no_memory(error);
}

static size_t count_tasks(const pass *it) {
  if (it->rolling) return it->rolling->chunk_count;
  size_t ranges = it->extent->lax ? 1 : it->extent->ranges->count;
  bool spread = it->sampled && it->plan->limit == INT64_MAX && ranges > SAMPLED_RANGES;
  return spread ? SAMPLED_RANGES : ranges;
}

static tally_status start_pass(pass *it, tally_error *error) {
  it->tasks = count_tasks(it);
  TL_TRY(make_rooms(it, error));
  for (size_t i = 0; i < it->plan->count; i++) it->plan->columns[i].quick = tl_cell_is_quick(it->plan, &it->plan->columns[i]);
  TL_TRY(tl_store_start(&it->store, it->plan, it->tasks, it->worker_count, error));
  for (size_t task = 0; task < it->tasks; task++) tl_store_set_part(&it->store, task, it->rolling ? 0 : part_capacity(it, task));
  if (it->rolling) it->store.capacity = it->extent->expected;
  return tl_store_make_columns(&it->store, error);
}

/* Reads the rows; whoever calls looks at them, when they were regular, and ends the pass. */
static tally_status run_pass(pass *it, bool *regular, tally_error *error) {
  TL_TRY(start_pass(it, error));
  TL_TRY(read_rows(it, error));
  *regular = !atomic_load(&it->irregular);
  return TALLY_OK;
}

/* ---- what is found of a column ---- */

/* What the threads have seen of it. */
static tl_store_share seen_of(const pass *it, size_t column) {
  tl_store_share seen = {0};
  for (size_t t = 0; t < it->worker_count; t++) {
    const tl_store_share *share = tl_store_share_of(&it->store, t, column);
    seen.shapes |= share->shapes;
    seen.misfits |= share->misfits;
    seen.overflows |= share->overflows;
  }
  return seen;
}

/* The next manner up. A column of nothing but symbols is text after all. */
static void move_up(tl_column_plan *column) {
  tl_manner next = tl_infer_manner(column->shapes);
  column->manner = next == column->manner || next == TL_MANNER_NONE ? TL_MANNER_TEXT : next;
}

/* A symbol without brackets fits among truths as it does among numbers, but there it makes them text: "-" may be a third answer. */
static bool is_outgrown(const tl_column_plan *column) {
  return column->manner == TL_MANNER_BOOLEAN && !column->asked && tl_infer_manner(column->shapes) != TL_MANNER_BOOLEAN;
}

/* Whether the column is as it should be; else it is to be read again, in another way. */
static bool settle(const pass *it, size_t index) {
  tl_column_plan *column = &it->plan->columns[index];
  tl_store_share seen = seen_of(it, index);
  bool only_symbols = column->manner == TL_MANNER_NONE;
  column->shapes |= seen.shapes;
  if (seen.misfits || (only_symbols && column->shapes) || (!it->plan->strict && is_outgrown(column))) {
    move_up(column);
    return false;
  }
  column->plain |= seen.overflows;
  return !seen.overflows;
}

static tally_status settle_columns(pass *it, int64_t rows, tl_loaded *out, tally_error *error) {
  bool *settled = tl_mem_zero(it->plan->count, sizeof *settled);
  if (!settled) return tl_no_memory(error);
  for (size_t i = 0; i < it->plan->count; i++) settled[i] = it->plan->columns[i].wanted && settle(it, i);
  tally_status status = tl_gather_columns(&it->store, rows, settled, out->columns, error);
  for (size_t i = 0; status == TALLY_OK && i < it->plan->count; i++) it->plan->columns[i].wanted &= !settled[i];
  tl_mem_free(settled);
  return status;
}

/* ---- what the first pass finds ---- */

static int64_t last_row_byte(const pass *it) {
  for (size_t i = it->tasks; i > 0; i--) {
    if (it->store.parts[i - 1].count > 0) return it->store.parts[i - 1].last_byte;
  }
  return -1;
}

/* Blank lines after the last row are not worth a word. */
static void forget_blank_ends(tl_problems *problems, int64_t last) {
  while (problems->count > 0) {
    const tl_problem_row *row = &problems->rows[problems->count - 1];
    if (row->what != TL_PROBLEM_BLANK_LINE || row->byte <= last) return;
    problems->count--;
  }
}

static tally_status gather_dropped(const pass *it, tl_loaded *out, tally_error *error) {
  int64_t first = 0;
  for (size_t i = 0; i < it->tasks; first += it->store.parts[i++].count) {
    const tl_store_part *part = &it->store.parts[i];
    TL_TRY(tl_mem_reserve((void **)&out->dropped, &out->dropped_capacity, out->dropped_count + part->dropped_count,
                          sizeof *out->dropped, error));
    for (size_t d = 0; d < part->dropped_count; d++) out->dropped[out->dropped_count++] = first + part->dropped[d];
  }
  return TALLY_OK;
}

static tally_status gather_findings(pass *it, tl_loaded *out, tally_error *error) {
  int64_t last = last_row_byte(it);
  for (size_t i = 0; i < it->tasks; i++) {
    tl_problems *problems = &it->store.parts[i].problems;
    if (!it->extent->more) forget_blank_ends(problems, last);
    TL_TRY(tl_problems_join(&out->problems, problems, 0, 0, error));
  }
  return gather_dropped(it, out, error);
}

static tally_status take_findings(pass *it, tl_loaded *out, tally_error *error) {
  if (it->plan->report) TL_TRY(gather_findings(it, out, error));
  out->rows = tl_gather_rows(&it->store);
  return settle_columns(it, out->rows, out, error);
}

/* ---- samples ---- */

/* The manners that a sample speaks for. Nothing is settled by it. */
static void adopt_manners(const pass *it, tl_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    tl_column_plan *column = &plan->columns[i];
    tl_store_share seen = seen_of(it, i);
    if (!column->wanted || column->asked) continue;
    column->shapes |= seen.shapes;
    if (column->manner == TL_MANNER_NONE) {
      column->manner = tl_infer_manner(column->shapes);
    } else if (seen.misfits) {
      move_up(column);
    }
  }
}

/* Known values of a column among those sampled. */
static int64_t known_of(const pass *it, size_t column) {
  int64_t known = 0;
  for (size_t i = 0; i < it->tasks; i++) {
    const tl_store_part *part = &it->store.parts[i];
    if (!part->cells) continue;
    const uint8_t *missing = part->cells[column].missing;
    known += part->count - (missing ? tl_bits_count(missing, 0, part->count) : 0);
  }
  return known;
}

static tally_status distinct_of(const pass *it, size_t column, int64_t *out, tally_error *error) {
  tl_dictionary all = TL_DICTIONARY;
  tally_status status = TALLY_OK;
  for (size_t t = 0; t < it->worker_count; t++) {
    const tl_dictionary *words = &tl_store_share_of(&it->store, t, column)->words;
    for (uint32_t w = 0; status == TALLY_OK && w < words->size; w++) {
      uint32_t code;
      status = tl_dictionary_add(&all, tl_dictionary_text(words, w), &code, error);
    }
  }
  *out = all.size;
  tl_dictionary_done(&all);
  return status;
}

/* Of n values drawn from d that are as likely, n * n / 2d are there already. Text is plain when that speaks for more than half as
 * many different values as there are rows. */
static tally_status adopt_coding(const pass *it, tl_plan *plan, int64_t rows, tally_error *error) {
  for (size_t i = 0; i < plan->count; i++) {
    if (!it->plan->columns[i].wanted) continue;
    double known = (double)known_of(it, i);
    int64_t distinct;
    TL_TRY(distinct_of(it, i, &distinct, error));
    plan->columns[i].plain = known > SAMPLED_TEXTS && known - (double)distinct <= known * known / (double)rows;
  }
  return TALLY_OK;
}

typedef enum question { WHICH_MANNERS, WHETHER_TEXTS_REPEAT } question;

static tally_status ask_sample(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, tl_plan *sampled, question what,
                               int64_t rows, bool *regular, tally_error *error) {
  pass it = {.extent = extent, .dialect = dialect, .plan = sampled};
  it.sampled = what == WHETHER_TEXTS_REPEAT ? SAMPLED_TEXTS : extent->rolling ? SAMPLED_FIRST : SAMPLED_ROWS;
  tally_status status = run_pass(&it, regular, error);
  if (status == TALLY_OK && *regular) {
    if (what == WHICH_MANNERS) {
      adopt_manners(&it, plan);
    } else {
      status = adopt_coding(&it, plan, rows, error);
    }
  }
  end_pass(&it);
  return status;
}

tally_status tl_passes_sample(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, bool *regular,
                              tally_error *error) {
  tl_plan sampled = *plan;
  sampled.report = sampled.strict = false;
  return ask_sample(extent, dialect, plan, &sampled, WHICH_MANNERS, 0, regular, error);
}

tally_status tl_passes_sample_places(const tl_source *source, const tl_dialect *dialect, tl_plan *plan, tl_sample *sample,
                                     tally_error *error) {
  size_t kept = 0;
  for (size_t i = 0; i < sample->count; i++) {
    tl_ranges one = {.items = &sample->ranges[i], .count = 1};
    tl_extent extent = {.source = source, .ranges = &one};
    bool regular = true;
    TL_TRY(tl_passes_sample(&extent, dialect, plan, &regular, error));
    if (regular) sample->ranges[kept++] = sample->ranges[i];
  }
  sample->count = kept;
  return TALLY_OK;
}

static int64_t rows_in_all(const tl_extent *extent, const tl_plan *plan) {
  if (extent->rolling) return extent->expected;
  pass it = {.extent = extent, .plan = (tl_plan *)plan};
  int64_t rows = 0;
  for (size_t i = 0; i < extent->ranges->count; i++) rows += rows_of(&it, &extent->ranges->items[i]);
  return smaller(rows, plan->limit);
}

/* Columns of text that are still to be read, and were not looked into. */
static bool choose_unjudged(tl_plan *plan, tl_column_plan *columns) {
  bool any = false;
  memcpy(columns, plan->columns, plan->count * sizeof *columns);
  for (size_t i = 0; i < plan->count; i++) {
    tl_column_plan *column = &plan->columns[i];
    bool text = column->manner != TL_MANNER_NONE && tl_manner_type(column->manner) == TALLY_TEXT;
    columns[i].wanted = column->wanted && text && !column->judged;
    column->judged |= columns[i].wanted;
    any |= columns[i].wanted;
  }
  return any;
}

static tally_status sample_texts(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, bool *regular,
                                 tally_error *error) {
  int64_t rows = rows_in_all(extent, plan);
  if (extent->lax || rows < MANY_ROWS) return TALLY_OK;
  tl_plan sampled = *plan;
  sampled.report = false;
  sampled.columns = tl_mem_new(plan->count, sizeof *sampled.columns);
  if (!sampled.columns) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  if (choose_unjudged(plan, sampled.columns)) {
    status = ask_sample(extent, dialect, plan, &sampled, WHETHER_TEXTS_REPEAT, rows, regular, error);
  }
  tl_mem_free(sampled.columns);
  return status;
}

/* ---- passes ---- */

static bool any_wanted(const tl_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    if (plan->columns[i].wanted) return true;
  }
  return false;
}

/* room  the caller's, for one thread; NULL: as many threads as there are */
static tally_status read_all(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, tl_room *room, tl_loaded *out,
                             tally_error *error) {
  pass it = {.extent = extent, .dialect = dialect, .plan = plan, .rooms = room, .worker_count = 1, .borrowed = room != NULL};
  tally_status status = run_pass(&it, &out->regular, error);
  if (status == TALLY_OK && out->regular) status = take_findings(&it, out, error);
  end_pass(&it);
  return status;
}

/* A pass that surveys. What is odd is no error. ranges: those of all of the file */
static tally_status read_rolling(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, tl_ranges *ranges,
                                 tl_loaded *out, tally_error *error) {
  pass it = {.extent = extent, .dialect = dialect, .plan = plan, .rolling = extent->rolling};
  tally_error found = {0};
  tally_status status = run_pass(&it, &out->regular, &found);
  if (status == TALLY_OK) tl_rolling_end(it.rolling, ranges);
  out->odd = status == TALLY_ENOMEM || atomic_load(&it.odd) || ranges->census.invalid > 0 || ranges->census.nuls > 0;
  out->regular &= ranges->quotes_closed && !out->odd;
  if (status == TALLY_OK && out->regular) {
    tl_store_trim(&it.store);
    status = take_findings(&it, out, &found);
  }
  end_pass(&it);
  if (status == TALLY_OK || out->odd) return TALLY_OK;
  *error = found;
  return status;
}

static tally_status begin_loading(const tl_plan *plan, tl_loaded *out, tally_error *error) {
  *out = (tl_loaded){.column_count = plan->count, .regular = true};
  out->columns = tl_mem_zero(plan->count, sizeof *out->columns);
  return out->columns ? TALLY_OK : tl_no_memory(error);
}

/* The passes over a file after its manners are known. The first one may be rolling; then all ranges are known. */
static tally_status run_passes(tl_extent extent, const tl_dialect *dialect, tl_plan *plan, tl_ranges *rolled, tl_loaded *out,
                               tally_error *error) {
  plan->report = true;
  while (out->regular && (plan->report || any_wanted(plan))) {
    TL_TRY(sample_texts(&extent, dialect, plan, &out->regular, error));
    if (out->regular && extent.rolling) {
      TL_TRY(read_rolling(&extent, dialect, plan, rolled, out, error));
      extent.rolling = NULL;
      extent.ranges = rolled;
    } else if (out->regular) {
      TL_TRY(read_all(&extent, dialect, plan, NULL, out, error));
    }
    if (any_wanted(plan)) tl_progress_extend(extent.source->size);
    plan->report = false;
  }
  return TALLY_OK;
}

tally_status tl_passes_run(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, tl_loaded *out, tally_error *error) {
  tl_ranges rolled = {0}, first = *extent->ranges;
  tl_extent certain = *extent;
  TL_TRY(begin_loading(plan, out, error));
  /* The places of a sample may lie inside quotes, and types must not come from there; but the first one. */
  if (extent->rolling && first.count > 1) first.count = 1;
  certain.ranges = &first;
  TL_TRY(tl_passes_sample(&certain, dialect, plan, &out->regular, error));
  tally_status status = run_passes(*extent, dialect, plan, &rolled, out, error);
  tl_ranges_done(&rolled);
  return status;
}

tally_status tl_passes_read(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, tl_room *room, tl_loaded *out,
                            tally_error *error) {
  TL_TRY(begin_loading(plan, out, error));
  plan->report = true;
  while (out->regular && (plan->report || any_wanted(plan))) {
    TL_TRY(read_all(extent, dialect, plan, room, out, error));
    plan->report = false;
  }
  return TALLY_OK;
}

/* ---- what was loaded ---- */

/* The rows but for those that are to be dropped. Released with tl_mem_free. */
static int64_t *kept_rows(const tl_loaded *loaded, int64_t *count) {
  int64_t *kept = tl_mem_new((size_t)loaded->rows, sizeof *kept);
  size_t next = 0;
  *count = 0;
  for (int64_t row = 0; kept && row < loaded->rows; row++) {
    if (next < loaded->dropped_count && loaded->dropped[next] == row) {
      next++;
    } else {
      kept[(*count)++] = row;
    }
  }
  return kept;
}

tally_status tl_loaded_drop_rows(const tl_loaded *loaded, tally_table **table, tally_error *error) {
  if (loaded->dropped_count == 0) return TALLY_OK;
  int64_t count, *kept = kept_rows(loaded, &count);
  if (!kept) return tl_no_memory(error);
  tally_table *whole = *table;
  *table = NULL;
  tally_status status = tally_table_take(whole, kept, count, table, error);
  tally_table_release(whole);
  tl_mem_free(kept);
  return status;
}

void tl_loaded_done(tl_loaded *loaded) {
  for (size_t i = 0; loaded->columns && i < loaded->column_count; i++) tally_column_release(loaded->columns[i]);
  tl_mem_free(loaded->columns);
  tl_mem_free(loaded->dropped);
  tl_problems_done(&loaded->problems);
  *loaded = (tl_loaded){0};
}
