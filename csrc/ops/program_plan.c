/* How a batch goes through the steps of a program.
 *
 * The idea: seen from the end, each step needs some columns and makes one, so it is known before the first row which columns must
 * be there at each point. Only those are asked of the source, and only those are gathered by a filter; a column that nobody needs
 * is not computed. A batch passes all steps while it is in the cache. */
#include "base/pool.h"
#include "ops/evaluate.h"
#include "ops/filter.h"
#include "ops/program.h"

/* ---- what is needed where ---- */

static size_t width(const tl_plan *plan) {
  return plan->program->schema->columns;
}

static bool *live_before(const tl_plan *plan, size_t step) {
  return plan->live + step * width(plan);
}

tally_status tl_plan_new(const tally_program *program, tl_plan *out, tally_error *error) {
  *out = (tl_plan){.program = program, .batch_rows = TL_CHUNK};
  out->live = tl_mem_zero((program->count + 1) * program->schema->columns, sizeof *out->live);
  return out->live ? TALLY_OK : tl_no_memory(error);
}

void tl_plan_done(tl_plan *plan) {
  tl_mem_free(plan->live);
}

/* Rows of flags being filled in. */
typedef struct needs {
  const tally_table *schema;
  bool *live;
} needs;

static tally_status need(void *context, const char *name, tally_error *error) {
  needs *it = context;
  ptrdiff_t index = tally_table_index(it->schema, name);
  if (index < 0) return tl_table_no_column(it->schema, name, error);
  it->live[index] = true;
  return TALLY_OK;
}

static tally_status need_before(tl_plan *plan, size_t step, const tally_expression *expression, tally_error *error) {
  needs it = {plan->program->schema, live_before(plan, step)};
  return tl_expression_columns(expression, need, &it, error);
}

tally_status tl_plan_need(tl_plan *plan, const char *name, tally_error *error) {
  needs it = {plan->program->schema, live_before(plan, plan->program->count)};
  return need(&it, name, error);
}

tally_status tl_plan_need_formula(tl_plan *plan, const tally_expression *expression, tally_error *error) {
  return expression ? need_before(plan, plan->program->count, expression, error) : TALLY_OK;
}

bool tl_plan_skips(const tl_plan *plan, size_t step) {
  const char *name = plan->program->steps[step].name;
  return name && !live_before(plan, step + 1)[tally_table_index(plan->program->schema, name)];
}

tally_status tl_plan_settle(tl_plan *plan, tally_error *error) {
  for (size_t step = plan->program->count; step-- > 0;) {
    const tl_step *it = &plan->program->steps[step];
    memcpy(live_before(plan, step), live_before(plan, step + 1), width(plan) * sizeof(bool));
    if (tl_plan_skips(plan, step)) continue;
    if (it->name) live_before(plan, step)[tally_table_index(plan->program->schema, it->name)] = false;
    TL_TRY(need_before(plan, step, it->expression, error));
  }
  return TALLY_OK;
}

bool tl_plan_makes(const tl_plan *plan, const char *name) {
  for (size_t step = 0; step < plan->program->count; step++) {
    const char *made = plan->program->steps[step].name;
    if (made && strcmp(made, name) == 0) return true;
  }
  return false;
}

/* The names that are live before a step, in the order of the schema. Released with tl_mem_free. */
static tally_status live_names(const tl_plan *plan, size_t step, const char ***out, size_t *count, tally_error *error) {
  const char **names = tl_mem_new(width(plan), sizeof *names);
  if (!names) return tl_no_memory(error);
  *count = 0;
  for (size_t i = 0; i < width(plan); i++)
    if (live_before(plan, step)[i]) names[(*count)++] = plan->program->schema->names[i];
  *out = names;
  return TALLY_OK;
}

tally_status tl_plan_schema(const tl_plan *plan, tally_table **out, tally_error *error) {
  const char **names = NULL;
  size_t count = 0;
  TL_TRY(live_names(plan, plan->program->count, &names, &count, error));
  tally_status status = tally_table_select(plan->program->schema, names, count, out, error);
  tl_mem_free(names);
  return status;
}

/* ---- one batch; each of these puts a new table in the place of *batch ---- */

static void replace(tally_table **batch, tally_table *by) {
  tally_table_release(*batch);
  *batch = by;
}

static tally_status keep_live(const tl_plan *plan, size_t step, tally_table **batch, tally_error *error) {
  const char **names = NULL;
  size_t count = 0;
  TL_TRY(live_names(plan, step, &names, &count, error));
  tally_table *narrow = NULL;
  tally_status status = count == (*batch)->columns ? TALLY_OK : tally_table_select(*batch, names, count, &narrow, error);
  if (narrow) replace(batch, narrow);
  tl_mem_free(names);
  return status;
}

static tally_status take_rows(tally_table **batch, const tally_column *keep, tally_error *error) {
  int64_t *rows, count;
  TL_TRY(tl_true_rows(keep, &rows, &count, error));
  if (!rows) return TALLY_OK;
  tally_table *taken = NULL;
  tally_status status = tally_table_take(*batch, rows, count, &taken, error);
  if (status == TALLY_OK) replace(batch, taken);
  tl_mem_free(rows);
  return status;
}

static tally_status derive(const tl_step *step, tally_table **batch, const tally_column *value, tally_error *error) {
  tally_table *wider = NULL;
  TL_TRY(tally_table_with(*batch, step->name, value, &wider, error));
  replace(batch, wider);
  return TALLY_OK;
}

static tally_status run_step(const tl_plan *plan, size_t index, tally_table **batch, tally_error *error) {
  if (tl_plan_skips(plan, index)) return TALLY_OK;
  const tl_step *step = &plan->program->steps[index];
  tally_column *value = NULL;
  TL_TRY(tl_evaluate_batch(step->expression, *batch, &value, error));
  tally_status status = step->name ? derive(step, batch, value, error) : TALLY_OK;
  if (status == TALLY_OK) status = keep_live(plan, index + 1, batch, error);
  if (status == TALLY_OK && !step->name) status = take_rows(batch, value, error);
  tally_column_release(value);
  return status;
}

tally_status tl_plan_batch(const tl_plan *plan, size_t index, tally_table **out, tally_error *error) {
  const tally_program *program = plan->program;
  const char **names = NULL;
  size_t count = 0;
  TL_TRY(live_names(plan, 0, &names, &count, error));
  tally_table *batch = NULL;
  tally_status status = program->table ? tl_table_batch(program->table, plan->batch_rows, index, names, count, &batch, error)
                                       : program->source.batch(program->source.context, index, names, count, &batch, error);
  tl_mem_free(names);
  for (size_t i = 0; status == TALLY_OK && i < plan->program->count; i++) status = run_step(plan, i, &batch, error);
  if (status == TALLY_OK)
    *out = batch;
  else
    tally_table_release(batch);
  return status;
}
