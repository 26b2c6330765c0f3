/* ingest/passes: a sample gives every column a manner; a pass reads all rows in that manner, range by range in parallel; the
 * columns that a value did not fit are read again, in the manner that the shapes seen now ask for. The first pass gathers the
 * problems. What comes out does not depend on how the file was cut. */
#include "ingest/passes.h"

#include <stdatomic.h>

#include "base/pool.h"
#include "ingest/lax.h"
#include "ingest/split.h"

enum { SAMPLED_RANGES = 8, SAMPLED_ROWS = 256 };

typedef struct worker {
  tl_piece piece;
  tl_split split;
} worker;

typedef struct pass {
  const tl_extent *extent;
  const tl_dialect *dialect;
  tl_plan *plan;
  bool sampling; /* a few rows of a few ranges */
  size_t tasks;  /* the ranges to read are spread over all of them */
  size_t done;   /* tasks that were run */
  tl_rows *rows; /* one for each task */
  worker *workers;
  size_t worker_count;
  atomic_bool irregular;
} pass;

/* ---- reading ---- */

static tally_status read_range(void *context, size_t task, size_t index, tally_error *error) {
  pass *it = context;
  const tl_extent *e = it->extent;
  const tl_range *range = &e->ranges->items[task * e->ranges->count / it->tasks];
  worker *by = &it->workers[index];
  tally_text text;
  bool regular;
  TL_TRY(tl_source_view(e->source, range->byte, range->size, &by->piece, &text, error));
  TL_TRY(tl_rows_start(&it->rows[task], it->plan, error));
  TL_TRY(tl_split_records(&by->split, it->dialect, text, range->byte, range->line, tl_rows_add, &it->rows[task], &regular, error));
  if (!regular) atomic_store(&it->irregular, true);
  return TALLY_OK;
}

static tally_status read_lax(pass *it, tally_error *error) {
  const tl_extent *e = it->extent;
  tally_text text = tl_text(e->source->bytes + e->byte, (size_t)(e->source->size - e->byte));
  TL_TRY(tl_rows_start(&it->rows[0], it->plan, error));
  it->done = 1;
  return tl_lax_records(it->dialect, text, e->byte, e->line, tl_rows_add, &it->rows[0], error);
}

/* Range after range, until there are enough rows. */
static tally_status read_some_rows(pass *it, tally_error *error) {
  int64_t limit = it->plan->limit;
  tally_status status = TALLY_OK;
  while (status == TALLY_OK && it->done < it->tasks && it->plan->limit > 0) {
    status = read_range(it, it->done, 0, error);
    it->plan->limit -= it->rows[it->done].count;
    it->done++;
  }
  it->plan->limit = limit;
  return status;
}

static tally_status read_ranges(pass *it, tally_error *error) {
  if (it->plan->limit < INT64_MAX && !it->sampling) return read_some_rows(it, error);
  it->done = it->tasks;
  return tl_pool_run(it->tasks, read_range, it, error);
}

static void end_pass(pass *it) {
  for (size_t i = 0; it->rows && i < it->tasks; i++) {
    if (it->rows[i].plan) tl_rows_done(&it->rows[i]);
  }
  for (size_t i = 0; it->workers && i < it->worker_count; i++) {
    tl_piece_done(&it->workers[i].piece);
    tl_split_done(&it->workers[i].split);
  }
  tl_mem_free(it->rows);
  tl_mem_free(it->workers);
}

static tally_status start_pass(pass *it, tally_error *error) {
  size_t ranges = it->extent->ranges ? it->extent->ranges->count : 1;
  it->tasks = it->sampling && ranges > SAMPLED_RANGES ? SAMPLED_RANGES : ranges;
  it->worker_count = tl_pool_workers();
  it->rows = tl_mem_zero(it->tasks, sizeof *it->rows);
  it->workers = tl_mem_zero(it->worker_count, sizeof *it->workers);
  return it->rows && it->workers ? TALLY_OK : tl_no_memory(error);
}

/* ---- columns ---- */

static tally_status finish_parts(const pass *it, size_t column, tally_column **parts, tally_error *error) {
  for (size_t i = 0; i < it->done; i++) TL_TRY(tally_builder_finish(it->rows[i].builders[column], &parts[i], error));
  return TALLY_OK;
}

static tally_status join_column(const pass *it, size_t column, tally_column **out, tally_error *error) {
  if (it->done == 0) return tl_column_new_missing(tl_manner_type(it->plan->columns[column].manner), 0, out, error);
  tally_column **parts = tl_mem_zero(it->done, sizeof *parts);
  if (!parts) return tl_no_memory(error);
  tally_status status = finish_parts(it, column, parts, error);
  if (status == TALLY_OK) status = tl_column_concat(parts, it->done, out, error);
  for (size_t i = 0; i < it->done; i++) tally_column_release(parts[i]);
  tl_mem_free(parts);
  return status;
}

/* The shapes that the pass has seen go to the plan. Whether all values fitted. */
static bool merge_shapes(const pass *it, size_t column) {
  bool fits = true;
  for (size_t i = 0; i < it->done; i++) {
    it->plan->columns[column].shapes |= it->rows[i].shapes[column];
    fits = fits && it->rows[i].fits[column];
  }
  return fits;
}

/* The next manner up. A column of nothing but symbols is text after all. */
static void move_up(tl_column_plan *column) {
  tl_manner next = tl_infer_manner(column->shapes);
  column->manner = next == column->manner || next == TL_MANNER_NONE ? TL_MANNER_TEXT : next;
}

static tally_status settle_column(const pass *it, size_t index, tl_loaded *out, tally_error *error) {
  tl_column_plan *column = &it->plan->columns[index];
  bool only_symbols = column->manner == TL_MANNER_NONE;
  bool fits = merge_shapes(it, index);
  if (!fits || (only_symbols && column->shapes)) {
    move_up(column);
    return TALLY_OK;
  }
  column->wanted = false;
  return join_column(it, index, &out->columns[index], error);
}

/* ---- what the first pass finds ---- */

static int64_t last_row_byte(const pass *it) {
  for (size_t i = it->done; i > 0; i--) {
    if (it->rows[i - 1].count > 0) return it->rows[i - 1].last_byte;
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
  for (size_t i = 0; i < it->done; first += it->rows[i++].count) {
    const tl_rows *rows = &it->rows[i];
    TL_TRY(tl_mem_reserve((void **)&out->dropped, &out->dropped_capacity, out->dropped_count + rows->dropped_count,
                          sizeof *out->dropped, error));
    for (size_t d = 0; d < rows->dropped_count; d++) out->dropped[out->dropped_count++] = first + rows->dropped[d];
  }
  out->rows = first;
  return TALLY_OK;
}

static tally_status gather_findings(const pass *it, tl_loaded *out, tally_error *error) {
  int64_t last = last_row_byte(it);
  for (size_t i = 0; i < it->done; i++) {
    forget_blank_ends(&it->rows[i].problems, last);
    TL_TRY(tl_problems_join(&out->problems, &it->rows[i].problems, 0, 0, error));
  }
  return gather_dropped(it, out, error);
}

/* ---- passes ---- */

static bool any_wanted(const tl_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    if (plan->columns[i].wanted) return true;
  }
  return false;
}

static tally_status settle(const pass *it, tl_loaded *out, tally_error *error) {
  if (it->plan->report) TL_TRY(gather_findings(it, out, error));
  for (size_t i = 0; i < it->plan->count; i++) {
    if (it->plan->columns[i].wanted) TL_TRY(settle_column(it, i, out, error));
  }
  return TALLY_OK;
}

/* The manners that a sample speaks for. Nothing is settled by it. */
static void adopt_sample(const pass *it, tl_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    tl_column_plan *column = &plan->columns[i];
    if (!column->wanted || column->manner != TL_MANNER_NONE) continue;
    merge_shapes(it, i);
    column->manner = tl_infer_manner(column->shapes);
  }
}

static tally_status run_pass(pass *it, tl_loaded *out, tally_error *error) {
  tally_status status = start_pass(it, error);
  if (status == TALLY_OK) status = it->extent->ranges ? read_ranges(it, error) : read_lax(it, error);
  out->regular = !atomic_load(&it->irregular);
  if (status == TALLY_OK && out->regular) {
    if (it->sampling) {
      adopt_sample(it, it->plan);
    } else {
      status = settle(it, out, error);
    }
  }
  end_pass(it);
  return status;
}

static tally_status take_sample(const tl_extent *extent, const tl_dialect *dialect, const tl_plan *plan, tl_loaded *out,
                                tally_error *error) {
  tl_plan sampled = *plan;
  sampled.report = false;
  sampled.limit = plan->limit < SAMPLED_ROWS ? plan->limit : SAMPLED_ROWS;
  pass it = {.extent = extent, .dialect = dialect, .plan = &sampled, .sampling = true};
  return run_pass(&it, out, error);
}

tally_status tl_passes_run(const tl_extent *extent, const tl_dialect *dialect, tl_plan *plan, tl_loaded *out, tally_error *error) {
  *out = (tl_loaded){.column_count = plan->count, .regular = true};
  out->columns = tl_mem_zero(plan->count, sizeof *out->columns);
  if (!out->columns) return tl_no_memory(error);
  if (!extent->ranges || extent->ranges->count > 0) TL_TRY(take_sample(extent, dialect, plan, out, error));
  plan->report = true;
  while (out->regular && (plan->report || any_wanted(plan))) {
    pass it = {.extent = extent, .dialect = dialect, .plan = plan};
    TL_TRY(run_pass(&it, out, error));
    plan->report = false;
  }
  return TALLY_OK;
}

void tl_loaded_done(tl_loaded *loaded) {
  for (size_t i = 0; loaded->columns && i < loaded->column_count; i++) tally_column_release(loaded->columns[i]);
  tl_mem_free(loaded->columns);
  tl_mem_free(loaded->dropped);
  tl_problems_done(&loaded->problems);
  *loaded = (tl_loaded){0};
}
