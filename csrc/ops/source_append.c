/* Several sources, one after another, as one.
 *
 * The idea: the batches of the first come first, then those of the second; a batch does not know. Columns are bound by name: what a
 * source does not have is missing in its rows, and a column of labels can say which source a row is from. */
#include "column/table.h"

typedef struct member {
  tally_source source;
  char *label;
  size_t first; /* of its batches */
} member;

typedef struct series {
  tally_table *schema;
  char *origin; /* the column of labels; NULL: none */
  member *members;
  size_t count;
} series;

static void release(void *context) {
  series *it = context;
  for (size_t i = 0; it->members && i < it->count; i++) {
    member *m = &it->members[i];
    tally_table_release(m->source.schema);
    if (m->source.release) m->source.release(m->source.context);
    tl_mem_free(m->label);
  }
  tally_table_release(it->schema);
  tl_mem_free(it->members);
  tl_mem_free(it->origin);
  tl_mem_free(it);
}

/* ---- drawing ---- */

/* The first `count` sources, which have started, are finished; all of them, whatever the others say. */
static tally_status finish_some(series *it, size_t count, bool complete, tally_error *error) {
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < count; i++) {
    const tally_source *source = &it->members[i].source;
    tally_status own = source->finish ? source->finish(source->context, complete && status == TALLY_OK, error) : TALLY_OK;
    if (status == TALLY_OK) status = own;
  }
  return status;
}

static tally_status start(void *context, size_t *batches, tally_error *error) {
  series *it = context;
  *batches = 0;
  for (size_t i = 0; i < it->count; i++) {
    size_t own;
    tally_status status = it->members[i].source.start(it->members[i].source.context, &own, error);
    if (status != TALLY_OK) {
      finish_some(it, i, false, NULL);
      return status;
    }
    it->members[i].first = *batches;
    *batches += own;
  }
  return TALLY_OK;
}

static tally_status finish(void *context, bool complete, tally_error *error) {
  series *it = context;
  return finish_some(it, it->count, complete, error);
}

static const member *member_of(const series *it, size_t batch) {
  size_t i = it->count - 1;
  while (it->members[i].first > batch) i--;
  return &it->members[i];
}

/* The column `name` of a batch: its own, the label, or missing. new reference */
static tally_status column_of(const series *it, const member *from, const tally_table *batch, const char *name, tally_column **out,
                              tally_error *error) {
  const tally_column *own = tally_table_find(batch, name);
  if (own) {
    *out = tally_column_retain(own);
    return TALLY_OK;
  }
  if (it->origin && strcmp(name, it->origin) == 0) {
    return tl_column_new_constant((tally_value){.type = TALLY_TEXT, .text = tl_text_of(from->label)}, batch->rows, out, error);
  }
  return tl_column_new_missing(tally_table_find(it->schema, name)->type, batch->rows, out, error);
}

static tally_status complete(const series *it, const member *from, const tally_table *batch, const char *const *names, size_t count,
                             tally_table **out, tally_error *error) {
  tally_column **columns = tl_mem_zero(count, sizeof *columns);
  if (!columns) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  for (size_t i = 0; status == TALLY_OK && i < count; i++) status = column_of(it, from, batch, names[i], &columns[i], error);
  if (status == TALLY_OK) status = tally_table_new(names, columns, count, batch->rows, out, error);
  for (size_t i = 0; i < count; i++) tally_column_release(columns[i]);
  tl_mem_free(columns);
  return status;
}

static tally_status batch(void *context, size_t index, const char *const *names, size_t count, tally_table **out,
                          tally_error *error) {
  const series *it = context;
  const member *from = member_of(it, index);
  const char **own = tl_mem_new(count, sizeof *own);
  size_t own_count = 0;
  if (!own) return tl_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    if (tally_table_find(from->source.schema, names[i])) own[own_count++] = names[i];
  }
  tally_table *drawn = NULL;
  tally_status status = from->source.batch(from->source.context, index - from->first, own, own_count, &drawn, error);
  if (status == TALLY_OK) status = complete(it, from, drawn, names, count, out, error);
  tally_table_release(drawn);
  tl_mem_free(own);
  return status;
}

/* ---- the columns of all ---- */

static tally_status add_column(series *it, const char *name, const tally_column *column, tally_error *error) {
  const tally_column *there = tally_table_find(it->schema, name);
  if (there && there->type != column->type) {
    return tl_fail(error, TALLY_ETYPE, "column '%s' is %s in one source and %s in another", name, tally_type_name(there->type),
                   tally_type_name(column->type));
  }
  if (there) return TALLY_OK;
  tally_table *wider = NULL;
  TL_TRY(tally_table_with(it->schema, name, column, &wider, error));
  tally_table_release(it->schema);
  it->schema = wider;
  return TALLY_OK;
}

static tally_status add_origin(series *it, tally_error *error) {
  if (!it->origin) return TALLY_OK;
  tally_column *labels = NULL;
  TL_TRY(tl_column_new_missing(TALLY_TEXT, 0, &labels, error));
  tally_status status = add_column(it, it->origin, labels, error);
  tally_column_release(labels);
  return status;
}

static tally_status make_schema(series *it, tally_error *error) {
  TL_TRY(tally_table_new(NULL, NULL, 0, 0, &it->schema, error));
  TL_TRY(add_origin(it, error));
  for (size_t i = 0; i < it->count; i++) {
    const tally_table *own = it->members[i].source.schema;
    for (size_t c = 0; c < own->columns; c++) TL_TRY(add_column(it, own->names[c], own->column[c], error));
  }
  return TALLY_OK;
}

/* ---- life ---- */

static tally_status fill(series *it, const char *origin, const char *const *labels, tally_error *error) {
  if (origin && !(it->origin = tl_mem_text(origin, strlen(origin)))) return tl_no_memory(error);
  for (size_t i = 0; origin && i < it->count; i++) {
    it->members[i].label = tl_mem_text(labels[i], strlen(labels[i]));
    if (!it->members[i].label) return tl_no_memory(error);
  }
  return make_schema(it, error);
}

static void release_all(const tally_source *sources, size_t count) {
  for (size_t i = 0; i < count; i++) {
    tally_table_release(sources[i].schema);
    if (sources[i].release) sources[i].release(sources[i].context);
  }
}

tally_status tally_source_append(const tally_source *sources, size_t count, const char *origin, const char *const *labels,
                                 tally_source *out, tally_error *error) {
  series *it = tl_mem_zero(1, sizeof *it);
  member *members = tl_mem_zero(count, sizeof *members);
  if (!it || !members) {
    tl_mem_free(it);
    tl_mem_free(members);
    release_all(sources, count);
    return tl_no_memory(error);
  }
  *it = (series){.members = members, .count = count};
  for (size_t i = 0; i < count; i++) members[i].source = sources[i];
  tally_status status = fill(it, origin, labels, error);
  if (status != TALLY_OK) {
    release(it);
    return status;
  }
  *out = (tally_source){.context = it,
                        .schema = tally_table_retain(it->schema),
                        .start = start,
                        .batch = batch,
                        .finish = finish,
                        .release = release};
  return TALLY_OK;
}
