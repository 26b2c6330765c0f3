/* Programs: a source, steps, and a sink that draws the rows through them.
 *
 * The idea: batches are made and reduced by any worker, a wave of them at a time, and merged by one, in the order of the rows; so
 * memory is bounded by the wave and not by the source, and the answer does not depend on the number of threads. A program that
 * filters nothing copies nothing: its table shares the columns of the source. What happens to one batch is in program_plan. */
#include "ops/program.h"

#include "base/pool.h"
#include "ops/aggregation.h"

/* ---- life and steps ---- */

tally_status tally_program_over(const tally_source *source, tally_program **out, tally_error *error) {
  tally_source taken = *source;
  tally_program *program = tl_mem_zero(1, sizeof *program);
  if (!program) {
    tl_source_done(&taken);
    return tl_no_memory(error);
  }
  program->source = taken;
  program->schema = tally_table_retain(taken.schema);
  *out = program;
  return TALLY_OK;
}

tally_status tally_program_new(const tally_table *table, tally_program **out, tally_error *error) {
  tally_source source = {0};
  TL_TRY(tl_source_of_table(table, &source, error));
  TL_TRY(tally_program_over(&source, out, error));
  (*out)->table = tally_table_retain(table);
  return TALLY_OK;
}

void tally_program_release(tally_program *program) {
  if (!program) return;
  for (size_t i = 0; i < program->count; i++) {
    tl_mem_free(program->steps[i].name);
    tally_expression_release(program->steps[i].expression);
  }
  tl_mem_free(program->steps);
  tally_table_release(program->schema);
  tally_table_release(program->table);
  tl_source_done(&program->source);
  tl_mem_free(program);
}

static tally_status make_room(tally_program *program, tally_error *error) {
  return tl_mem_reserve((void **)&program->steps, &program->capacity, program->count + 1, sizeof *program->steps, error);
}

tally_status tally_program_filter(tally_program *program, const tally_expression *keep, tally_error *error) {
  tally_type type;
  TL_TRY(tally_expression_type(keep, program->schema, &type, error));
  if (type == TALLY_MISSING)
    return tl_fail(error, TALLY_ETYPE,
                   "a filter must be true or false, and this is always missing; is_missing(x) finds missing values");
  if (type != TALLY_BOOLEAN) return tl_fail(error, TALLY_ETYPE, "a filter must be true or false, not %s", tally_type_name(type));
  TL_TRY(make_room(program, error));
  program->steps[program->count++] = (tl_step){.expression = tally_expression_retain(keep)};
  return TALLY_OK;
}

/* The schema with a column for `value` put in. new reference */
static tally_status wider_schema(const tally_program *program, const char *name, const tally_expression *value, tally_table **out,
                                 tally_error *error) {
  tally_column *column = NULL;
  TL_TRY(tally_evaluate(program->schema, value, &column, error));
  tally_status status = tally_table_with(program->schema, name, column, out, error);
  tally_column_release(column);
  return status;
}

tally_status tally_program_derive(tally_program *program, const char *name, const tally_expression *value, tally_error *error) {
  TL_TRY(make_room(program, error));
  tally_table *schema = NULL;
  TL_TRY(wider_schema(program, name, value, &schema, error));
  char *copy = tl_mem_text(name, strlen(name));
  if (!copy) {
    tally_table_release(schema);
    return tl_no_memory(error);
  }
  tally_table_release(program->schema);
  program->schema = schema;
  program->steps[program->count++] = (tl_step){.name = copy, .expression = tally_expression_retain(value)};
  return TALLY_OK;
}

/* ---- running ---- */

/* What becomes of the batches. */
typedef struct sink {
  void *context;
  tally_status (*reduce)(void *context, tally_table *batch, void **part, tally_error *error); /* on any worker; borrows the batch */
  tally_status (*merge)(void *context, void *part, tally_error *error);                       /* in order; takes the part */
  void (*drop)(void *part);
  bool (*enough)(const void *context); /* no more batches are wanted; NULL: all are */
} sink;

typedef struct wave {
  const tl_plan *plan;
  const sink *sink;
  size_t first, size; /* batches */
  void **parts;
} wave;

static tally_status run_batch(void *context, size_t task, size_t worker, tally_error *error) {
  (void)worker;
  wave *it = context;
  tally_table *batch = NULL;
  TL_TRY(tl_plan_batch(it->plan, it->first + task, &batch, error));
  tally_status status = it->sink->reduce(it->sink->context, batch, &it->parts[task], error);
  tally_table_release(batch);
  return status;
}

/* Merges the parts of a wave, or drops them after a failure. */
static tally_status merge_parts(const wave *it, tally_status status, tally_error *error) {
  for (size_t i = 0; i < it->size; i++) {
    if (!it->parts[i]) continue;
    if (status == TALLY_OK)
      status = it->sink->merge(it->sink->context, it->parts[i], error);
    else
      it->sink->drop(it->parts[i]);
    it->parts[i] = NULL;
  }
  return status;
}

static bool has_enough(const sink *to) {
  return to->enough && to->enough(to->context);
}

static tally_status run_waves(wave *it, size_t batches, size_t most, tally_error *error) {
  for (; it->first < batches && !has_enough(it->sink); it->first += it->size) {
    it->size = batches - it->first < most ? batches - it->first : most;
    TL_TRY(merge_parts(it, tl_pool_run(it->size, run_batch, it, error), error));
  }
  return TALLY_OK;
}

static tally_status run(const tl_plan *plan, const sink *to, tally_error *error) {
  const tally_source *source = &plan->program->source;
  size_t batches, most = 4 * tl_pool_workers();
  TL_TRY(source->start(source->context, &batches, error));
  if (plan->program->table) batches = tl_table_batches(plan->program->table, plan->batch_rows);
  wave it = {.plan = plan, .sink = to};
  it.parts = tl_mem_zero(most, sizeof *it.parts);
  tally_status status = it.parts ? run_waves(&it, batches, most, error) : tl_no_memory(error);
  tl_mem_free(it.parts);
  tally_status last = source->finish ? source->finish(source->context, status == TALLY_OK, error) : TALLY_OK;
  return status == TALLY_OK ? last : status;
}

static tally_status keep_batch(void *context, tally_table *batch, void **part, tally_error *error) {
  (void)context, (void)error;
  *part = tally_table_retain(batch);
  return TALLY_OK;
}

static void drop_batch(void *part) {
  tally_table_release(part);
}

/* ---- collect ---- */

typedef struct collection {
  tally_table **tables;
  size_t count, capacity;
  int64_t rows, limit;
} collection;

/* Batches without rows are let go, but for the first, which says the names and types. */
static tally_status gather_batch(void *context, void *part, tally_error *error) {
  collection *it = context;
  tally_table *batch = part;
  bool wanted = batch->rows > 0 || it->count == 0;
  tally_status status =
      wanted ? tl_mem_reserve((void **)&it->tables, &it->capacity, it->count + 1, sizeof *it->tables, error) : TALLY_OK;
  if (wanted && status == TALLY_OK) {
    it->tables[it->count++] = batch;
    it->rows += batch->rows;
  } else {
    tally_table_release(batch);
  }
  return status;
}

static bool has_rows_enough(const void *context) {
  const collection *it = context;
  return it->count > 0 && it->rows >= it->limit;
}

/* The table becomes its first rows. */
static tally_status cut_rows(tally_table **table, int64_t rows, tally_error *error) {
  if ((*table)->rows <= rows) return TALLY_OK;
  tally_table *whole = *table;
  *table = NULL;
  tally_status status = tally_table_slice(whole, 0, rows, table, error);
  tally_table_release(whole);
  return status;
}

static tally_status collect_batches(const tl_plan *plan, int64_t limit, tally_table **out, tally_error *error) {
  collection all = {.limit = limit};
  sink to = {&all, keep_batch, gather_batch, drop_batch, has_rows_enough};
  tally_status status = run(plan, &to, error);
  if (status == TALLY_OK) status = tl_table_concat(all.tables, all.count, out, error);
  for (size_t i = 0; i < all.count; i++) tally_table_release(all.tables[i]);
  tl_mem_free(all.tables);
  return status;
}

/* Every row is kept, and all are in memory: only derived columns are made. */
static tally_status collect_shared(const tl_plan *plan, tally_table **out, tally_error *error) {
  const tally_program *program = plan->program;
  tally_table *table = tally_table_retain(program->table);
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < program->count && status == TALLY_OK; i++) {
    if (tl_plan_skips(plan, i)) continue;
    tally_column *column = NULL;
    tally_table *wider = NULL;
    status = tally_evaluate(table, program->steps[i].expression, &column, error);
    if (status == TALLY_OK) status = tally_table_with(table, program->steps[i].name, column, &wider, error);
    tally_column_release(column);
    if (status != TALLY_OK) break;
    tally_table_release(table);
    table = wider;
  }
  if (status == TALLY_OK)
    *out = table;
  else
    tally_table_release(table);
  return status;
}

static bool filters(const tally_program *program) {
  for (size_t i = 0; i < program->count; i++)
    if (!program->steps[i].name) return true;
  return false;
}

static tally_status collect(const tl_plan *plan, const char *const *names, size_t count, int64_t limit, tally_table **out,
                            tally_error *error) {
  bool shared = plan->program->table && !filters(plan->program) && limit >= plan->program->table->rows;
  tally_table *all = NULL;
  tally_status status = shared ? collect_shared(plan, &all, error) : collect_batches(plan, limit, &all, error);
  if (status == TALLY_OK) status = cut_rows(&all, limit, error);
  if (status == TALLY_OK) status = tally_table_select(all, names, count, out, error);
  tally_table_release(all);
  return status;
}

tally_status tally_program_head(tally_program *program, const char *const *columns, size_t column_count, int64_t rows,
                                tally_table **out, tally_error *error) {
  const char *const *names = columns ? columns : (const char *const *)program->schema->names;
  size_t count = columns ? column_count : program->schema->columns;
  tl_plan plan;
  TL_TRY(tl_plan_new(program, &plan, error));
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < count && status == TALLY_OK; i++) status = tl_plan_need(&plan, names[i], error);
  if (status == TALLY_OK) status = tl_plan_settle(&plan, error);
  if (status == TALLY_OK) status = collect(&plan, names, count, rows < 0 ? 0 : rows, out, error);
  tl_plan_done(&plan);
  return status;
}

tally_status tally_program_collect(tally_program *program, const char *const *columns, size_t column_count, tally_table **out,
                                   tally_error *error) {
  return tally_program_head(program, columns, column_count, INT64_MAX, out, error);
}

/* ---- aggregate ---- */

static tally_status reduce_batch(void *context, tally_table *batch, void **part, tally_error *error) {
  tl_partial *partial = NULL;
  TL_TRY(tl_aggregation_partial(context, batch, &partial, error));
  *part = partial;
  return TALLY_OK;
}

static tally_status merge_partial(void *context, void *part, tally_error *error) {
  return tl_aggregation_merge(context, part, error);
}

static void drop_partial(void *part) {
  tl_partial_release(part);
}

static tally_status need_aggregates(tl_plan *plan, const char *const *keys, size_t key_count, const tally_aggregate *aggregates,
                                    size_t aggregate_count, tally_error *error) {
  for (size_t i = 0; i < key_count; i++) TL_TRY(tl_plan_need(plan, keys[i], error));
  for (size_t i = 0; i < aggregate_count; i++) {
    TL_TRY(tl_plan_need_formula(plan, aggregates[i].argument, error));
    TL_TRY(tl_plan_need_formula(plan, aggregates[i].second, error));
    TL_TRY(tl_plan_need_formula(plan, aggregates[i].where, error));
  }
  return tl_plan_settle(plan, error);
}

/* The keys are known before the first row when all rows are in memory and no step makes one of them. */
static tally_status know_keys(tl_plan *plan, tl_aggregation *aggregation, const char *const *keys, size_t key_count,
                              tally_error *error) {
  if (!plan->program->table) return TALLY_OK;
  for (size_t k = 0; k < key_count; k++)
    if (tl_plan_makes(plan, keys[k])) return TALLY_OK;
  return tl_aggregation_know(aggregation, plan->program->table, &plan->batch_rows, error);
}

static tally_status aggregate_batches(const tl_plan *plan, tl_aggregation *aggregation, tally_table **out, tally_error *error) {
  sink to = {aggregation, reduce_batch, merge_partial, drop_partial, NULL};
  TL_TRY(run(plan, &to, error));
  return tl_aggregation_finish(aggregation, out, error);
}

static tally_status aggregate_whole(tl_plan *plan, tl_aggregation *aggregation, tally_table **out, tally_error *error) {
  tally_table *schema = NULL, *all = NULL;
  plan->batch_rows = TL_CHUNK;
  TL_TRY(tl_plan_schema(plan, &schema, error));
  tally_status status = collect(plan, (const char *const *)schema->names, schema->columns, INT64_MAX, &all, error);
  if (status == TALLY_OK) status = tl_aggregation_whole(aggregation, all, out, error);
  tally_table_release(all);
  tally_table_release(schema);
  return status;
}

static void note_grouping(const tl_plan *plan, const tl_aggregation *aggregation, size_t key_count, tally_program *program) {
  program->places = tl_aggregation_places(aggregation);
  program->grouping = key_count == 0          ? TALLY_GROUPING_NONE
                      : program->places       ? TALLY_GROUPING_PLACES
                      : plan->batch_rows == 0 ? TALLY_GROUPING_WHOLE
                                              : TALLY_GROUPING_BATCHES;
}

static tally_status aggregate(tl_plan *plan, tally_program *program, const char *const *keys, size_t key_count, const tally_aggregate *aggregates,
                              size_t aggregate_count, tally_table **out, tally_error *error) {
  tally_table *schema = NULL;
  tl_aggregation *aggregation = NULL;
  TL_TRY(tl_plan_schema(plan, &schema, error));
  tally_status status = tl_aggregation_new(schema, keys, key_count, aggregates, aggregate_count, &aggregation, error);
  if (status == TALLY_OK) status = know_keys(plan, aggregation, keys, key_count, error);
  if (status == TALLY_OK) note_grouping(plan, aggregation, key_count, program);
  if (status == TALLY_OK)
    status = plan->batch_rows ? aggregate_batches(plan, aggregation, out, error) : aggregate_whole(plan, aggregation, out, error);
  if (aggregation) tl_aggregation_release(aggregation);
  tally_table_release(schema);
  return status;
}

tally_status tally_program_aggregate(tally_program *program, const char *const *keys, size_t key_count,
                                     const tally_aggregate *aggregates, size_t aggregate_count, tally_table **out,
                                     tally_error *error) {
  tl_plan plan;
  TL_TRY(tl_plan_new(program, &plan, error));
  tally_status status = need_aggregates(&plan, keys, key_count, aggregates, aggregate_count, error);
  if (status == TALLY_OK) status = aggregate(&plan, program, keys, key_count, aggregates, aggregate_count, out, error);
  tl_plan_done(&plan);
  return status;
}

tally_grouping tally_program_grouping(const tally_program *program, int64_t *places) {
  if (places) *places = program->places;
  return program->grouping;
}

tally_status tally_table_aggregate(const tally_table *table, const char *const *keys, size_t key_count,
                                   const tally_aggregate *aggregates, size_t aggregate_count, tally_table **out,
                                   tally_error *error) {
  tally_program *program = NULL;
  TL_TRY(tally_program_new(table, &program, error));
  tally_status status = tally_program_aggregate(program, keys, key_count, aggregates, aggregate_count, out, error);
  tally_program_release(program);
  return status;
}

/* ---- count ---- */

static tally_status count_batch(void *context, void *part, tally_error *error) {
  (void)error;
  *(int64_t *)context += tally_table_rows(part);
  tally_table_release(part);
  return TALLY_OK;
}

tally_status tally_program_count(tally_program *program, int64_t *out, tally_error *error) {
  if (program->table && !filters(program)) {
    *out = program->table->rows;
    return TALLY_OK;
  }
  int64_t rows = 0;
  sink to = {&rows, keep_batch, count_batch, drop_batch, NULL};
  tl_plan plan;
  TL_TRY(tl_plan_new(program, &plan, error));
  tally_status status = tl_plan_settle(&plan, error);
  if (status == TALLY_OK) status = run(&plan, &to, error);
  if (status == TALLY_OK) *out = rows;
  tl_plan_done(&plan);
  return status;
}
