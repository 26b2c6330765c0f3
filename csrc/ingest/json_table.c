/* ingest/json_table: records become a table.
 *
 * The idea: the parts of the input are taken apart in parallel, each by itself; then their shapes are laid over one another in
 * order, which gives the columns in order of first appearance, and the columns are made in parallel. What comes out does not
 * depend on the cut. Where an object has very many keys it is kept whole, as lists are, and that cannot be seen from one part: such
 * an input is surveyed first, record by record, and then read again by the plan that the survey gives. */
#include "ingest/json_table.h"

#include "base/pool.h"
#include "column/table.h"
#include "ingest/json_report.h"

typedef struct gathering {
  const tl_json_records *records;
  const tally_json_options *options;
  const tl_json_shape *plan; /* NULL: none is needed */
  tl_json_part *parts;
  int64_t rows;
  tl_json_shape shape;     /* of all parts */
  tl_json_column *columns; /* of each place; those without a column have no pieces */
  size_t column_capacity;
  tl_json_place **places; /* of `shape`, for each place of the part that is laid over it */
  size_t place_capacity;
  atomic_uchar *bad_rows; /* a byte for each row, where such rows are dropped */
} gathering;

/* ---- reading ---- */

static tally_status read_part(void *context, size_t task, size_t worker, tally_error *error) {
  gathering *it = context;
  it->parts[task] = tl_json_part_of(it->options, it->plan);
  return it->records->read(it->records->context, task, worker, &it->parts[task], error);
}

/* Lines were counted from the start of the part that failed, the first of those that did. */
static void find_line(const gathering *it, tally_error *error) {
  int64_t lines = 0;
  for (size_t i = 0; i < it->records->parts; lines += it->parts[i++].lines) {
    if (!it->parts[i].failed) continue;
    if (error) error->line += lines;
    return;
  }
}

static tally_status read_parts(gathering *it, tally_error *error) {
  it->parts = tl_mem_zero(it->records->parts, sizeof *it->parts);
  if (!it->parts) return tl_no_memory(error);
  tally_status status = tl_pool_run(it->records->parts, read_part, it, error);
  if (status == TALLY_ESYNTAX) find_line(it, error);
  return status;
}

static void drop_parts(gathering *it) {
  for (size_t i = 0; it->parts && i < it->records->parts; i++) tl_json_part_done(&it->parts[i]);
  tl_mem_free(it->parts);
  it->parts = NULL;
}

/* ---- laying shapes over one another ---- */

static tally_status room_for_place(gathering *it, tally_error *error) {
  size_t before = it->column_capacity;
  TL_TRY(tl_mem_reserve((void **)&it->columns, &it->column_capacity, it->shape.count, sizeof *it->columns, error));
  memset(it->columns + before, 0, (it->column_capacity - before) * sizeof *it->columns);
  return TALLY_OK;
}

static tally_status lay_place(gathering *it, tl_json_place *place, uint32_t *guess, tally_error *error) {
  tl_json_place *on = it->shape.places[0];
  if (place->parent) {
    tl_json_place *above = it->places[place->parent->index];
    TL_TRY(tl_json_shape_member(&it->shape, above, tl_json_key(place), *guess, &on, error));
    *guess = on->code + 1;
  }
  it->places[place->index] = on;
  on->seen |= place->seen;
  on->listed |= place->listed;
  on->inexact |= place->inexact;
  TL_TRY(room_for_place(it, error));
  tl_json_column *column = &it->columns[on->index];
  TL_TRY(tl_mem_reserve((void **)&column->pieces, &column->piece_capacity, column->piece_count + 1, sizeof *column->pieces, error));
  column->pieces[column->piece_count++] = (tl_json_piece){.tape = &place->tape, .first_row = it->rows};
  return TALLY_OK;
}

static tally_status lay_part(gathering *it, tl_json_part *part, tally_error *error) {
  uint32_t guess = 0;
  TL_TRY(tl_mem_reserve((void **)&it->places, &it->place_capacity, part->shape.count, sizeof *it->places, error));
  for (size_t i = 0; i < part->shape.count; i++) TL_TRY(lay_place(it, part->shape.places[i], &guess, error));
  it->rows += part->rows;
  return TALLY_OK;
}

static tally_status lay_all(gathering *it, tally_error *error) {
  it->shape.unnest = it->options->unnest;
  TL_TRY(tl_json_shape_start(&it->shape, NULL, error));
  TL_TRY(room_for_place(it, error));
  for (size_t i = 0; i < it->records->parts; i++) TL_TRY(lay_part(it, &it->parts[i], error));
  return TALLY_OK;
}

static void drop_layers(gathering *it) {
  for (size_t i = 0; i < it->shape.count && i < it->column_capacity; i++) tl_json_column_done(&it->columns[i]);
  tl_json_shape_done(&it->shape);
  it->rows = 0;
}

/* ---- with very many keys ---- */

static tally_status survey(const gathering *it, tl_json_part *all, tally_error *error) {
  for (size_t i = 0; i < it->records->parts; i++) {
    TL_TRY(tl_pool_check(error));
    TL_TRY(it->records->read(it->records->context, i, 0, all, error));
  }
  return TALLY_OK;
}

static tally_status read_and_lay(gathering *it, tally_error *error) {
  TL_TRY(read_parts(it, error));
  return lay_all(it, error);
}

static tally_status read_again(gathering *it, tl_json_part *all, tally_error *error) {
  drop_layers(it);
  drop_parts(it);
  all->shape.surveying = true;
  TL_TRY(survey(it, all, error));
  it->plan = &all->shape;
  return read_and_lay(it, error);
}

/* ---- columns ---- */

/* Nulls where other records have an object are that object with everything missing. */
static bool has_column(const tl_json_place *at) {
  if (!at->parent || !at->seen) return false;
  return at->seen != 1u << TALLY_MISSING || at->keys.size == 0;
}

static tally_type column_type(const gathering *it, const tl_json_place *at) {
  for (size_t i = 0; i < it->options->type_count; i++) {
    if (strcmp(it->options->type_names[i], at->name) == 0) return it->options->types[i];
  }
  return it->options->all_text ? TALLY_TEXT : tl_json_found_type(at);
}

static tally_status make_column(void *context, size_t task, size_t worker, tally_error *error) {
  (void)worker;
  gathering *it = context;
  const tl_json_place *at = it->shape.places[task];
  if (!has_column(at)) return TALLY_OK;
  return tl_json_column_make(&it->columns[task], at->name, column_type(it, at), it->rows, it->bad_rows, error);
}

static tally_status make_columns(gathering *it, tally_error *error) {
  if (it->options->on_problem == TALLY_PROBLEM_DROP && it->options->type_count > 0) {
    it->bad_rows = tl_mem_zero((size_t)it->rows, sizeof *it->bad_rows);
    if (!it->bad_rows) return tl_no_memory(error);
  }
  return tl_pool_run(it->shape.count, make_column, it, error);
}

static tally_status gather_table(const gathering *it, tally_table **out, tally_error *error) {
  const char **names = tl_mem_new(it->shape.count, sizeof *names);
  tally_column **columns = tl_mem_new(it->shape.count, sizeof *columns);
  size_t count = 0;
  for (size_t i = 0; names && columns && i < it->shape.count; i++) {
    if (!it->columns[i].column) continue;
    names[count] = it->shape.places[i]->name;
    columns[count++] = it->columns[i].column;
  }
  tally_status status = names && columns ? tally_table_new(names, columns, count, it->rows, out, error) : tl_no_memory(error);
  tl_mem_free(columns);
  tl_mem_free(names);
  return status;
}

/* ---- rows that are dropped ---- */

static int64_t list_good_rows(const gathering *it, int64_t *rows) {
  int64_t count = 0;
  for (int64_t row = 0; row < it->rows; row++) {
    if (!atomic_load_explicit(&it->bad_rows[row], memory_order_relaxed)) rows[count++] = row;
  }
  return count;
}

static tally_status drop_rows(const gathering *it, tally_table **table, tally_error *error) {
  if (!it->bad_rows) return TALLY_OK;
  int64_t *rows = tl_mem_new((size_t)it->rows, sizeof *rows);
  if (!rows) return tl_no_memory(error);
  int64_t count = list_good_rows(it, rows);
  tally_table *whole = *table;
  *table = NULL;
  tally_status status = tally_table_take(whole, rows, count, table, error);
  tally_table_release(whole);
  tl_mem_free(rows);
  return status;
}

/* ---- what the options name must be there ---- */

static tally_status check_unnested(const gathering *it, const tally_table *table, tally_error *error) {
  if (!it->options->unnest || it->rows == 0) return TALLY_OK;
  for (size_t i = 0; i < it->shape.count; i++) {
    const tl_json_place *at = it->shape.places[i];
    if (!at->unnested) continue;
    if (at->listed || at->seen == 1u << TALLY_MISSING) return TALLY_OK;
    return tl_fail_at(error, TALLY_ETYPE, at->name, 0, 0, "'%s' holds no lists: there is nothing to unnest", at->name);
  }
  return tl_table_no_column(table, it->options->unnest, error);
}

static tally_status check_names(const gathering *it, const tally_table *table, tally_error *error) {
  for (size_t i = 0; i < it->options->type_count && table->columns > 0; i++) {
    const char *name = it->options->type_names[i];
    if (!tally_table_find(table, name)) return tl_table_no_column(table, name, error);
  }
  return check_unnested(it, table, error);
}

/* ---- problems ---- */

/* Nothing but problems is not a table, whatever was asked for. */
static tally_status refuse_problems(const gathering *it, const tl_problems *problems, tally_error *error) {
  bool refusing = it->options->on_problem == TALLY_PROBLEM_ERROR || it->rows == 0;
  if (!refusing || problems->count == 0) return TALLY_OK;
  const tl_problem_row *first = &problems->rows[0];
  return tl_fail_at(error, TALLY_ESYNTAX, NULL, first->line, 0, "%s: '%.*s'", tl_problem_text(first->what), (int)first->text.size,
                    first->text.bytes);
}

/* ---- the table ---- */

static tally_status make_table(gathering *it, tl_problems *problems, tally_table **out, tally_error *error) {
  TL_TRY(make_columns(it, error));
  tl_json_findings findings = {it->parts, it->records->parts, it->shape.places, it->columns, it->shape.count};
  TL_TRY(tl_json_report(&findings, problems, error));
  TL_TRY(refuse_problems(it, problems, error));
  TL_TRY(gather_table(it, out, error));
  TL_TRY(check_names(it, *out, error));
  return drop_rows(it, out, error);
}

static tally_status gather(gathering *it, tl_json_part *surveyed, tl_problems *problems, tally_table **out, tally_error *error) {
  tally_status status = read_and_lay(it, error);
  if (status == TL_JSON_CROWDED) status = read_again(it, surveyed, error);
  return status == TALLY_OK ? make_table(it, problems, out, error) : status;
}

tally_status tl_json_table(const tl_json_records *records, const tally_json_options *options, tl_problems *problems,
                           tally_table **out, tally_error *error) {
  gathering it = {.records = records, .options = options};
  tl_json_part surveyed = tl_json_part_of(options, NULL);
  *out = NULL;
  tally_status status = gather(&it, &surveyed, problems, out, error);
  drop_layers(&it);
  drop_parts(&it);
  tl_json_part_done(&surveyed);
  tl_mem_free(it.bad_rows);
  tl_mem_free(it.columns);
  tl_mem_free(it.places);
  if (status == TALLY_OK) return TALLY_OK;
  tally_table_release(*out);
  *out = NULL;
  return status;
}
