/* ops/aggregation: grouping and aggregating as a sink.
 *
 * The idea: the groups of a batch are numbered on their own, and every aggregate has one state for each of them; merging finds the
 * same groups in the total and adds state to state, in the order of the batches. What the borders of batches are decides which bits
 * a sum of numbers has, and the number of threads has no say in that. How rows become groups is in group, what a state is in
 * aggregate_*, how the groups of all batches are told apart in aggregation_key. */
#include "ops/aggregation.h"

#include "base/format.h"
#include "base/pool.h"
#include "ops/aggregate.h"
#include "ops/aggregation_key.h"
#include "ops/evaluate.h"
#include "ops/expression.h"
#include "ops/filter.h"
#include "ops/group.h"
#include "ops/place.h"

/* One aggregate, and its states for the groups of all batches. */
typedef struct question {
  tl_measure measure;
  tally_expression *argument, *second, *where;
  tl_lexicon lexicon; /* of the texts that states hold */
  char *states;
  size_t count, capacity;
} question;

struct tl_aggregation {
  tl_arena arena; /* names */
  size_t key_count, question_count;
  const char **keys;
  question *questions;
  tl_key_index index; /* of the groups, unless ... */
  tl_places places;   /* ... their keys have places */
  uint32_t *numbers;  /* of the group at each place, + 1; 0: none */
  uint32_t *at;       /* the place of each group */
  size_t at_capacity, at_count;
};

/* What one aggregate has of the groups of a batch: states, or totals. */
typedef struct part_states {
  tally_column *argument; /* with the dictionary to which the codes in states belong; or NULL */
  char *states;
  char *totals;
  uint32_t *rows, *known; /* of each group, where they are not those of the batch */
  bool has_totals;
} part_states;

struct tl_partial {
  const tl_aggregation *aggregation;
  size_t groups;
  tally_column **keys; /* the values of each group, unless they have places */
  uint32_t *at;        /* where the states of each group are, by first appearance */
  size_t states;       /* how many there are ... */
  uint32_t *sizes;     /* ... and how many rows each has */
  part_states *parts;
};

static size_t state_size(const question *q) {
  return q->measure.record->methods->size;
}

static void drop_states(const question *q, char *states, size_t count) {
  void (*drop)(void *) = q->measure.record->methods->drop;
  for (size_t g = 0; drop && states && g < count; g++) drop(states + g * state_size(q));
  tl_mem_free(states);
}

static void drop_part(const question *q, part_states *part, size_t count) {
  drop_states(q, part->states, count);
  tl_mem_free(part->totals);
  tl_mem_free(part->rows);
  tl_mem_free(part->known);
  tally_column_release(part->argument);
}

/* ---- checks ---- */

static tally_status check_arguments(const tally_aggregate *asked, const tl_aggregate_record *record, tally_error *error) {
  bool second = asked->second != NULL;
  if (second == record->second) return TALLY_OK;
  if (second) return tl_fail(error, TALLY_ESHAPE, "'%s' takes one argument, not two", asked->function);
  return tl_fail(error, TALLY_ESHAPE, "'%s' takes two arguments, as in %s(%s)", asked->function, asked->function,
                 strcmp(asked->function, "corr") == 0 ? "x, y" : "value, weight");
}

static tally_status check_second(const tally_aggregate *asked, const tally_table *schema, tally_error *error) {
  if (!asked->second) return TALLY_OK;
  tally_type type;
  TL_TRY(tally_expression_type(asked->second, schema, &type, error));
  if (type == TALLY_INTEGER || type == TALLY_NUMBER) return TALLY_OK;
  return tl_fail(error, TALLY_ETYPE, "the second argument of '%s' must be an integer or a number, not %s", asked->function,
                 tally_type_name(type));
}

static tally_status check_where(const tally_aggregate *asked, const tally_table *schema, tally_error *error) {
  if (!asked->where) return TALLY_OK;
  tally_type type;
  TL_TRY(tally_expression_type(asked->where, schema, &type, error));
  if (type == TALLY_BOOLEAN || type == TALLY_MISSING) return TALLY_OK;
  return tl_fail(error, TALLY_ETYPE, "the 'where' of '%s' must be true or false, not %s", asked->name, tally_type_name(type));
}

static tally_status check_parameter(const tally_aggregate *asked, const tl_aggregate_record *record, tally_error *error) {
  bool asks = record->methods == &tl_quantile_methods && record->variant == TL_QUANTILE;
  if (!asks || (asked->parameter >= 0 && asked->parameter <= 1)) return TALLY_OK;
  char shown[TL_FORMAT_SIZE];
  tl_format_number(asked->parameter, shown);
  return tl_fail(error, TALLY_ERANGE, "the probability of 'quantile' must be from 0 to 1, not '%s'", shown);
}

/* ---- questions ---- */

/* What is evaluated over no rows says the type, and the levels, of what is to come. */
static tally_status start_lexicon(question *q, const tally_table *schema, tally_error *error) {
  if (!q->argument || !q->measure.record->coded) return TALLY_OK;
  tally_column *like = NULL;
  TL_TRY(tally_evaluate(schema, q->argument, &like, error));
  tally_status status = tl_lexicon_init(&q->lexicon, like, error);
  tally_column_release(like);
  return status;
}

static tally_status name_question(question *q, const tally_aggregate *asked, tl_arena *arena, tally_error *error) {
  bool column = asked->argument && asked->argument->kind == TL_EXPRESSION_COLUMN;
  const char *subject = column ? asked->argument->name : asked->name;
  q->measure.name = tl_arena_text(arena, asked->name, strlen(asked->name));
  q->measure.subject = tl_arena_text(arena, subject, strlen(subject));
  return q->measure.name && q->measure.subject ? TALLY_OK : tl_no_memory(error);
}

static tally_status ask(question *q, const tally_aggregate *asked, const tally_table *schema, tl_arena *arena, tally_error *error) {
  tl_measure *measure = &q->measure;
  if (asked->argument) TL_TRY(tally_expression_type(asked->argument, schema, &measure->type, error));
  if (asked->argument && measure->type == TALLY_MISSING)
    return tl_fail(error, TALLY_ETYPE, "the argument of '%s' is always missing: there is nothing to take the %s of", asked->name,
                   asked->function);
  TL_TRY(tl_aggregate_find(asked->function, measure->type, &measure->record, error));
  TL_TRY(check_arguments(asked, measure->record, error));
  TL_TRY(check_second(asked, schema, error));
  TL_TRY(check_where(asked, schema, error));
  TL_TRY(check_parameter(asked, measure->record, error));
  measure->parameter = asked->parameter;
  q->argument = tally_expression_retain(asked->argument);
  q->second = tally_expression_retain(asked->second);
  q->where = tally_expression_retain(asked->where);
  TL_TRY(name_question(q, asked, arena, error));
  return start_lexicon(q, schema, error);
}

static void question_done(question *q) {
  if (q->states) drop_states(q, q->states, q->count);
  tally_expression_release(q->argument);
  tally_expression_release(q->second);
  tally_expression_release(q->where);
  tl_lexicon_done(&q->lexicon);
}

/* ---- life ---- */

static tally_status find_keys(tl_aggregation *it, const tally_table *schema, const char *const *keys, tally_error *error) {
  const tally_column **columns = tl_mem_new(it->key_count, sizeof *columns);
  if (!columns) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  for (size_t k = 0; k < it->key_count && status == TALLY_OK; k++) {
    status = tl_table_need(schema, keys[k], &columns[k], error);
    if (status != TALLY_OK) break;
    it->keys[k] = tl_arena_text(&it->arena, keys[k], strlen(keys[k]));
    if (!it->keys[k]) status = tl_no_memory(error);
  }
  if (status == TALLY_OK) status = tl_key_index_init(&it->index, columns, it->key_count, error);
  tl_mem_free(columns);
  return status;
}

/* Names and columns as a table; takes the columns, even on failure. */
static tally_status make_table(const tl_aggregation *it, tally_column **columns, int64_t rows, tally_table **out,
                               tally_error *error) {
  size_t count = it->key_count + it->question_count;
  const char **names = tl_mem_new(count, sizeof *names);
  if (!names) {
    for (size_t c = 0; c < count; c++) tally_column_release(columns[c]);
    return tl_no_memory(error);
  }
  for (size_t k = 0; k < it->key_count; k++) names[k] = it->keys[k];
  for (size_t q = 0; q < it->question_count; q++) names[it->key_count + q] = it->questions[q].measure.name;
  tally_status status = tl_table_adopt(names, columns, count, rows, out, error);
  tl_mem_free(names);
  return status;
}

/* That the names go together in one table is known before any row is read. */
static tally_status check_names(const tl_aggregation *it, tally_error *error) {
  size_t count = it->key_count + it->question_count;
  tally_column **columns = tl_mem_zero(count, sizeof *columns), *none = NULL;
  if (!columns) return tl_no_memory(error);
  tally_table *table = NULL;
  tally_status status = tl_column_new_missing(TALLY_BOOLEAN, 0, &none, error);
  for (size_t c = 0; c < count && status == TALLY_OK; c++) columns[c] = tally_column_retain(none);
  if (status == TALLY_OK) status = make_table(it, columns, 0, &table, error);
  tally_table_release(table);
  tally_column_release(none);
  tl_mem_free(columns);
  return status;
}

static tally_status prepare(tl_aggregation *it, const tally_table *schema, const char *const *keys,
                            const tally_aggregate *aggregates, tally_error *error) {
  it->keys = tl_mem_zero(it->key_count, sizeof *it->keys);
  it->questions = tl_mem_zero(it->question_count, sizeof *it->questions);
  if (!it->keys || !it->questions) return tl_no_memory(error);
  TL_TRY(find_keys(it, schema, keys, error));
  for (size_t q = 0; q < it->question_count; q++) {
    tally_status status = ask(&it->questions[q], &aggregates[q], schema, &it->arena, error);
    if (status != TALLY_OK) tl_error_where(error, aggregates[q].name);
    TL_TRY(status);
  }
  return check_names(it, error);
}

tally_status tl_aggregation_new(const tally_table *schema, const char *const *keys, size_t key_count,
                                const tally_aggregate *aggregates, size_t aggregate_count, tl_aggregation **out,
                                tally_error *error) {
  tl_aggregation *it = tl_mem_zero(1, sizeof *it);
  if (!it) return tl_no_memory(error);
  it->key_count = key_count;
  it->question_count = aggregate_count;
  tally_status status = prepare(it, schema, keys, aggregates, error);
  if (status == TALLY_OK)
    *out = it;
  else
    tl_aggregation_release(it);
  return status;
}

void tl_aggregation_release(tl_aggregation *aggregation) {
  if (!aggregation) return;
  for (size_t q = 0; aggregation->questions && q < aggregation->question_count; q++) question_done(&aggregation->questions[q]);
  tl_key_index_done(&aggregation->index);
  tl_places_done(&aggregation->places);
  tl_mem_free(aggregation->numbers);
  tl_mem_free(aggregation->at);
  tl_mem_free(aggregation->questions);
  tl_mem_free(aggregation->keys);
  tl_arena_done(&aggregation->arena);
  tl_mem_free(aggregation);
}

/* ---- places ---- */

/* Keys with a place for every few rows are worth an array, and so are a few places always. Each batch has something for all places,
 * and rows enough that setting it up and merging it is little. */
enum { PLACES_ALWAYS = 4096, ROWS_OF_PLACE = 8, BATCHES_MOST = 8 };

static int64_t rows_for_places(uint64_t places, int64_t rows) {
  int64_t least = (int64_t)places * ROWS_OF_PLACE, many = rows / BATCHES_MOST;
  return ((many > least ? many : least) + TL_CHUNK - 1) / TL_CHUNK * TL_CHUNK;
}

tally_status tl_aggregation_know(tl_aggregation *it, const tally_table *table, int64_t *batch_rows, tally_error *error) {
  uint64_t most = (uint64_t)table->rows / ROWS_OF_PLACE;
  if (most < PLACES_ALWAYS) most = PLACES_ALWAYS;
  if (most > UINT32_MAX / ROWS_OF_PLACE) most = UINT32_MAX / ROWS_OF_PLACE;
  if (it->key_count == 0) return TALLY_OK;
  TL_TRY(tl_places_find(table, it->keys, it->key_count, most, &it->places, error));
  if (it->places.count == 0) return TALLY_OK;
  it->numbers = tl_mem_zero(it->places.count, sizeof *it->numbers);
  if (!it->numbers) return tl_no_memory(error);
  if (it->places.count * ROWS_OF_PLACE > TL_CHUNK) *batch_rows = rows_for_places(it->places.count, table->rows);
  return TALLY_OK;
}

/* ---- one batch ---- */

static tally_status evaluate_argument(const question *q, const tally_table *batch, tally_column **out, tally_error *error) {
  if (!q->argument) return TALLY_OK;
  tally_column *column = NULL;
  TL_TRY(tl_evaluate_batch(q->argument, batch, &column, error));
  if (column->type != TALLY_TEXT || !q->measure.record->coded) {
    *out = column;
    return TALLY_OK;
  }
  tally_status status = tl_column_encode(column, out, error);
  tally_column_release(column);
  return status;
}

static tally_status choose_rows(const question *q, const tally_table *batch, int64_t **rows, int64_t *count, tally_error *error) {
  *rows = NULL;
  *count = batch->rows;
  if (!q->where) return TALLY_OK;
  tally_column *keep = NULL;
  TL_TRY(tl_evaluate_batch(q->where, batch, &keep, error));
  tally_status status = tl_true_rows(keep, rows, count, error);
  tally_column_release(keep);
  return status;
}

static void count_chosen(const tl_measure_rows *rows, uint32_t *to) {
  for (int64_t i = 0; i < rows->count; i++) to[rows->group[rows->rows[i]]]++;
}

static void count_known(const tl_measure_rows *rows, uint32_t *to) {
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) to[rows->group[row]]++;
}

/* The rows that count, and those with a value, when these are not all. */
static tally_status count_groups(const tl_measure_rows *rows, part_states *part, tally_error *error) {
  bool gaps = rows->argument && rows->argument->validity;
  if (rows->rows) {
    part->rows = tl_mem_zero(rows->groups, sizeof *part->rows);
    if (!part->rows) return tl_no_memory(error);
    count_chosen(rows, part->rows);
  }
  if (gaps) {
    part->known = tl_mem_zero(rows->groups, sizeof *part->known);
    if (!part->known) return tl_no_memory(error);
    count_known(rows, part->known);
  }
  return TALLY_OK;
}

static tally_status take_totals(const question *q, const tl_measure_rows *rows, part_states *part, tally_error *error) {
  const tl_totals_methods *methods = q->measure.record->methods->totals;
  if (!methods) return TALLY_OK;
  part->totals = tl_mem_zero(methods->size ? rows->groups : 0, methods->size);
  if (!part->totals) return tl_no_memory(error);
  part->has_totals = !methods->add || methods->add(&q->measure, rows, part->totals);
  return part->has_totals ? count_groups(rows, part, error) : TALLY_OK;
}

static tally_status take_states(const question *q, const tl_measure_rows *rows, part_states *part, tally_error *error) {
  part->states = tl_mem_zero(rows->groups, state_size(q));
  return part->states ? q->measure.record->methods->step(&q->measure, rows, part->states, error) : tl_no_memory(error);
}

static tally_status step_question(const question *q, const tally_table *batch, const tl_measure_rows *all, part_states *part,
                                  tally_error *error) {
  TL_TRY(evaluate_argument(q, batch, &part->argument, error));
  tally_column *second = NULL;
  int64_t *chosen = NULL;
  tl_measure_rows rows = *all;
  tally_status status = q->second ? tl_evaluate_batch(q->second, batch, &second, error) : TALLY_OK;
  if (status == TALLY_OK) status = choose_rows(q, batch, &chosen, &rows.count, error);
  rows.argument = part->argument;
  rows.second = second;
  rows.rows = chosen;
  if (status == TALLY_OK) status = take_totals(q, &rows, part, error);
  if (status == TALLY_OK && !part->has_totals) status = take_states(q, &rows, part, error);
  tl_mem_free(chosen);
  tally_column_release(second);
  return status;
}

/* Text that does not have to outlive the batch is let go with it. */
static tally_status fill_part(const question *q, const tally_table *batch, const tl_measure_rows *all, part_states *part,
                              tally_error *error) {
  TL_TRY(step_question(q, batch, all, part, error));
  if (q->measure.record->coded && part->argument->type == TALLY_TEXT) return TALLY_OK;
  tally_column_release(part->argument);
  part->argument = NULL;
  return TALLY_OK;
}

/* groups  of each row */
static tally_status fill_parts(tl_partial *it, const tally_table *batch, const uint32_t *groups, tally_error *error) {
  tl_measure_rows all = {.group = groups, .groups = it->states, .sizes = it->sizes};
  for (size_t q = 0; q < it->aggregation->question_count; q++) {
    const question *asked = &it->aggregation->questions[q];
    tally_status status = fill_part(asked, batch, &all, &it->parts[q], error);
    if (status != TALLY_OK) tl_error_where(error, asked->measure.name);
    TL_TRY(status);
  }
  return TALLY_OK;
}

static tally_status number_states(tl_partial *it, tally_error *error) {
  it->at = tl_mem_new(it->states, sizeof *it->at);
  if (!it->at) return tl_no_memory(error);
  for (size_t g = 0; g < it->states; g++) it->at[g] = (uint32_t)g;
  return TALLY_OK;
}

static tally_status count_sizes(tl_partial *it, const uint32_t *groups, int64_t rows, tally_error *error) {
  it->sizes = tl_mem_zero(it->states, sizeof *it->sizes);
  if (!it->sizes) return tl_no_memory(error);
  for (int64_t i = 0; i < rows; i++) it->sizes[groups[i]]++;
  return TALLY_OK;
}

/* The groups of the batch are numbered. Without keys there is one group, if only of no rows. */
static tally_status fill_numbered(tl_partial *it, const tally_table *batch, const tally_column *const *keys, tally_error *error) {
  size_t key_count = it->aggregation->key_count;
  tl_groups groups;
  TL_TRY(tl_groups_new(keys, key_count, batch->rows, &groups, error));
  it->groups = it->states = key_count ? (size_t)groups.count : 1;
  tally_status status = TALLY_OK;
  for (size_t k = 0; k < key_count && status == TALLY_OK; k++)
    status = tl_column_take(keys[k], groups.first, groups.count, &it->keys[k], error);
  if (status == TALLY_OK) status = number_states(it, error);
  if (status == TALLY_OK) status = count_sizes(it, groups.group, batch->rows, error);
  if (status == TALLY_OK) status = fill_parts(it, batch, groups.group, error);
  tl_groups_done(&groups);
  return status;
}

/* The places that rows have, in order of first appearance, and how many rows have each. */
static tally_status list_places(tl_partial *it, const uint32_t *places, int64_t rows, tally_error *error) {
  it->sizes = tl_mem_zero(it->states, sizeof *it->sizes);
  it->at = tl_mem_new(it->states + 1, sizeof *it->at);
  if (!it->sizes || !it->at) return tl_no_memory(error);
  for (int64_t i = 0; i < rows; i++) {
    it->at[it->groups] = places[i];
    it->groups += it->sizes[places[i]]++ == 0;
  }
  return TALLY_OK;
}

static tally_status fill_placed(tl_partial *it, const tally_table *batch, const tally_column *const *keys, tally_error *error) {
  const uint32_t *places;
  uint32_t *room = tl_mem_new((size_t)batch->rows, sizeof *room);
  if (!room) return tl_no_memory(error);
  it->states = it->aggregation->places.count;
  tl_places_of_rows(&it->aggregation->places, keys, batch->rows, room, &places);
  tally_status status = list_places(it, places, batch->rows, error);
  if (status == TALLY_OK) status = fill_parts(it, batch, places, error);
  tl_mem_free(room);
  return status;
}

static tally_status group_batch(tl_partial *it, const tally_table *batch, const tally_column **keys, tally_error *error) {
  const tl_aggregation *aggregation = it->aggregation;
  for (size_t k = 0; k < aggregation->key_count; k++) TL_TRY(tl_table_need(batch, aggregation->keys[k], &keys[k], error));
  return aggregation->numbers ? fill_placed(it, batch, keys, error) : fill_numbered(it, batch, keys, error);
}

tally_status tl_aggregation_partial(const tl_aggregation *aggregation, const tally_table *batch, tl_partial **out,
                                    tally_error *error) {
  tl_partial *it = tl_mem_zero(1, sizeof *it);
  if (!it) return tl_no_memory(error);
  it->aggregation = aggregation;
  it->keys = tl_mem_zero(aggregation->key_count, sizeof *it->keys);
  it->parts = tl_mem_zero(aggregation->question_count, sizeof *it->parts);
  const tally_column **keys = tl_mem_new(aggregation->key_count, sizeof *keys);
  bool room = it->keys && it->parts && keys;
  tally_status status = room ? group_batch(it, batch, keys, error) : tl_no_memory(error);
  tl_mem_free(keys);
  if (status == TALLY_OK)
    *out = it;
  else
    tl_partial_release(it);
  return status;
}

void tl_partial_release(tl_partial *partial) {
  if (!partial) return;
  const tl_aggregation *aggregation = partial->aggregation;
  for (size_t q = 0; partial->parts && q < aggregation->question_count; q++) {
    drop_part(&aggregation->questions[q], &partial->parts[q], partial->states);
  }
  for (size_t k = 0; partial->keys && k < aggregation->key_count; k++) tally_column_release(partial->keys[k]);
  tl_mem_free(partial->parts);
  tl_mem_free(partial->keys);
  tl_mem_free(partial->at);
  tl_mem_free(partial->sizes);
  tl_mem_free(partial);
}

/* ---- the total ---- */

/* States for `count` groups. */
static tally_status grow_states(question *q, size_t count, tally_error *error) {
  if (count <= q->count) return TALLY_OK;
  TL_TRY(tl_mem_reserve((void **)&q->states, &q->capacity, count, state_size(q), error));
  memset(q->states + q->count * state_size(q), 0, (count - q->count) * state_size(q));
  q->count = count;
  return TALLY_OK;
}

static size_t group_count(const tl_aggregation *it) {
  return it->numbers ? it->at_count : it->key_count ? it->index.count : 1;
}

/* The numbers of the groups at these places, those that are new added. */
static tally_status number_places(tl_aggregation *it, const uint32_t *at, size_t count, uint32_t *groups, tally_error *error) {
  TL_TRY(tl_mem_reserve((void **)&it->at, &it->at_capacity, it->at_count + count, sizeof *it->at, error));
  for (size_t g = 0; g < count; g++) {
    uint32_t *number = &it->numbers[at[g]];
    if (*number == 0) {
      it->at[it->at_count++] = at[g];
      *number = (uint32_t)it->at_count;
    }
    groups[g] = *number - 1;
  }
  return TALLY_OK;
}

static tally_status number_groups(tl_aggregation *it, const tl_partial *partial, uint32_t *groups, tally_error *error) {
  if (it->numbers) return number_places(it, partial->at, partial->groups, groups, error);
  return it->key_count ? tl_key_index_add(&it->index, partial->keys, (int64_t)partial->groups, groups, error) : TALLY_OK;
}

static void fold_totals(question *q, const part_states *part, const tl_partial *partial, tl_group_map map) {
  const uint32_t *rows = part->rows ? part->rows : partial->sizes;
  tl_totals totals = {part->totals, rows, part->known ? part->known : rows};
  q->measure.record->methods->totals->fold(&q->measure, &totals, map, q->states);
}

static tally_status merge_states(question *q, const part_states *part, tl_group_map map, tally_error *error) {
  const tl_aggregate_methods *methods = q->measure.record->methods;
  size_t size = state_size(q);
  if (part->argument) TL_TRY(tl_lexicon_turn(&q->lexicon, part->argument, error));
  for (size_t g = 0; g < map.count; g++) {
    TL_TRY(methods->merge(&q->measure, &q->lexicon, q->states + map.to[g] * size, part->states + map.from[g] * size, error));
  }
  return TALLY_OK;
}

/* Totals hold no memory and no texts, so that many groups may be folded at once. */
enum { FOLDED_AT_ONCE = 1 << 14 };

typedef struct folding {
  question *question;
  const tl_partial *partial;
  const part_states *part;
  tl_group_map map;
} folding;

/* A tl_pool_task over stretches of groups. */
static tally_status fold_some(void *context, size_t task, size_t worker, tally_error *error) {
  folding *it = context;
  (void)worker, (void)error;
  size_t first = task * FOLDED_AT_ONCE, left = it->map.count - first;
  tl_group_map some = {it->map.from + first, it->map.to + first, left < FOLDED_AT_ONCE ? left : FOLDED_AT_ONCE};
  fold_totals(it->question, it->part, it->partial, some);
  return TALLY_OK;
}

static tally_status merge_part(question *q, const tl_partial *partial, const part_states *part, tl_group_map map,
                               tally_error *error) {
  if (!part->has_totals) return merge_states(q, part, map, error);
  folding it = {q, partial, part, map};
  return tl_pool_run((map.count + FOLDED_AT_ONCE - 1) / FOLDED_AT_ONCE, fold_some, &it, error);
}

static tally_status merge_groups(tl_aggregation *it, tl_partial *partial, uint32_t *groups, tally_error *error) {
  TL_TRY(number_groups(it, partial, groups, error));
  tl_group_map map = {partial->at, groups, partial->groups};
  for (size_t q = 0; q < it->question_count; q++) {
    TL_TRY(grow_states(&it->questions[q], group_count(it), error));
    TL_TRY(merge_part(&it->questions[q], partial, &partial->parts[q], map, error));
  }
  return TALLY_OK;
}

tally_status tl_aggregation_merge(tl_aggregation *aggregation, tl_partial *partial, tally_error *error) {
  uint32_t *groups = tl_mem_zero(partial->groups, sizeof *groups);
  tally_status status = groups ? merge_groups(aggregation, partial, groups, error) : tl_no_memory(error);
  tl_mem_free(groups);
  tl_partial_release(partial);
  return status;
}

/* ---- the result ---- */

static tally_status answer_states(question *q, size_t count, uint64_t *words, bool *present, tally_error *error) {
  for (size_t g = 0; g < count; g++) {
    tl_answer answer;
    TL_TRY(q->measure.record->methods->finish(&q->measure, q->states + g * state_size(q), &answer, error));
    words[g] = answer.word;
    present[g] = answer.present;
  }
  return TALLY_OK;
}

static tally_status answer_question(question *q, size_t count, tally_column **out, tally_error *error) {
  TL_TRY(grow_states(q, count, error));
  uint64_t *words = tl_mem_new(count, sizeof *words);
  bool *present = tl_mem_new(count, sizeof *present);
  tally_status status = words && present ? answer_states(q, count, words, present, error) : tl_no_memory(error);
  if (status == TALLY_OK)
    status = tl_column_of_words(tl_measure_type(&q->measure), words, present, (int64_t)count, &q->lexicon, out, error);
  tl_mem_free(words);
  tl_mem_free(present);
  return status;
}

/* Every group, as a row of its own, in the order of its number. */
static tally_status number_rows(size_t count, tl_groups *out, tally_error *error) {
  *out = (tl_groups){.count = (int64_t)count, .first = tl_mem_new_aligned(count * sizeof *out->first)};
  if (!out->first) return tl_no_memory(error);
  for (size_t g = 0; g < count; g++) out->first[g] = (int64_t)g;
  return TALLY_OK;
}

/* Takes `table`, even on failure. */
static tally_status in_order(tally_table *table, size_t key_count, tally_table **out, tally_error *error) {
  tl_groups groups;
  int64_t *order = NULL;
  tally_status status = number_rows((size_t)table->rows, &groups, error);
  if (status == TALLY_OK) status = tl_groups_order(&groups, (const tally_column *const *)table->column, key_count, &order, error);
  if (status == TALLY_OK && order) status = tally_table_take(table, order, table->rows, out, error);
  if (status == TALLY_OK && !order) *out = tally_table_retain(table);
  tl_mem_free(order);
  tl_groups_done(&groups);
  tally_table_release(table);
  return status;
}

static tally_status key_column(const tl_aggregation *it, size_t key, tally_column **out, tally_error *error) {
  if (it->numbers) return tl_places_column(&it->places, key, it->at, it->at_count, out, error);
  return tl_key_index_column(&it->index, key, out, error);
}

tally_status tl_aggregation_finish(tl_aggregation *aggregation, tally_table **out, tally_error *error) {
  size_t count = group_count(aggregation), keys = aggregation->key_count, width = keys + aggregation->question_count;
  tally_column **columns = tl_mem_zero(width, sizeof *columns);
  if (!columns) return tl_no_memory(error);
  tally_table *table = NULL;
  tally_status status = TALLY_OK;
  for (size_t c = 0; c < width && status == TALLY_OK; c++)
    status = c < keys ? key_column(aggregation, c, &columns[c], error)
                      : answer_question(&aggregation->questions[c - keys], count, &columns[c], error);
  if (status == TALLY_OK)
    status = make_table(aggregation, columns, (int64_t)count, &table, error);
  else
    for (size_t c = 0; c < width; c++) tally_column_release(columns[c]);
  tl_mem_free(columns);
  return status == TALLY_OK ? in_order(table, keys, out, error) : status;
}
