/* ops/aggregation: grouping and aggregating as a sink.
 *
 * The idea: the groups of a batch are numbered on their own, and every aggregate has one state for each of them; merging finds the
 * same groups in the total and adds state to state, in the order of the batches. What the borders of batches are decides which bits
 * a sum of numbers has, and the number of threads has no say in that. How rows become groups is in group, what a state is in
 * aggregate_*, how the groups of all batches are told apart in aggregation_key. */
#include "ops/aggregation.h"

#include "base/pool.h"
#include "ops/aggregation_key.h"
#include "ops/aggregation_question.h"
#include "ops/group.h"
#include "ops/place.h"

struct tl_aggregation {
  tl_arena arena; /* names */
  size_t key_count, question_count;
  const char **keys;
  tl_question *questions;
  tl_key_index index; /* of the groups, unless ... */
  tl_places places;   /* ... their keys have places */
  uint32_t *numbers;  /* of the group at each place, + 1; 0: none */
  uint32_t *at;       /* the place of each group */
  size_t at_capacity, at_count;
};

struct tl_partial {
  const tl_aggregation *aggregation;
  size_t groups;
  tally_column **keys; /* the values of each group, unless they have places */
  uint32_t *at;        /* where the states of each group are, by first appearance */
  size_t states;       /* how many there are ... */
  uint32_t *sizes;     /* ... and how many rows each has */
  tl_part *parts;
};

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
    tally_status status = tl_question_ask(&it->questions[q], &aggregates[q], schema, &it->arena, error);
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
  for (size_t q = 0; aggregation->questions && q < aggregation->question_count; q++) tl_question_done(&aggregation->questions[q]);
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
enum { PLACES_ALWAYS = TL_CHUNK / 16 + 1, ROWS_OF_PLACE = 8, BATCHES_MOST = 8 };

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
  if (it->places.count == 0) {
    if (table->rows > TL_CHUNK) *batch_rows = 0;
    return TALLY_OK;
  }
  it->numbers = tl_mem_zero(it->places.count, sizeof *it->numbers);
  if (!it->numbers) return tl_no_memory(error);
  if (it->places.count * ROWS_OF_PLACE > TL_CHUNK) *batch_rows = rows_for_places(it->places.count, table->rows);
  return TALLY_OK;
}

int64_t tl_aggregation_places(const tl_aggregation *it) {
  return (int64_t)it->places.count;
}

/* ---- one batch ---- */

/* groups  of each row */
static tally_status fill_parts(tl_partial *it, const tally_table *batch, const uint32_t *groups, tally_error *error) {
  tl_measure_rows all = {.group = groups, .groups = it->states, .sizes = it->sizes};
  for (size_t q = 0; q < it->aggregation->question_count; q++) {
    TL_TRY(tl_part_fill(&it->aggregation->questions[q], batch, &all, &it->parts[q], error));
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
    tl_part_done(&aggregation->questions[q], &partial->parts[q], partial->states);
  }
  for (size_t k = 0; partial->keys && k < aggregation->key_count; k++) tally_column_release(partial->keys[k]);
  tl_mem_free(partial->parts);
  tl_mem_free(partial->keys);
  tl_mem_free(partial->at);
  tl_mem_free(partial->sizes);
  tl_mem_free(partial);
}

/* ---- the total ---- */

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

static tally_status merge_groups(tl_aggregation *it, tl_partial *partial, uint32_t *groups, tally_error *error) {
  TL_TRY(number_groups(it, partial, groups, error));
  tl_group_map map = {partial->at, groups, partial->groups, partial->states};
  for (size_t q = 0; q < it->question_count; q++) {
    TL_TRY(tl_question_grow(&it->questions[q], group_count(it), error));
    TL_TRY(tl_question_merge(&it->questions[q], &partial->parts[q], partial->sizes, map, error));
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
                      : tl_question_answer(&aggregation->questions[c - keys], count, &columns[c], error);
  if (status == TALLY_OK)
    status = make_table(aggregation, columns, (int64_t)count, &table, error);
  else
    for (size_t c = 0; c < width; c++) tally_column_release(columns[c]);
  tl_mem_free(columns);
  return status == TALLY_OK ? in_order(table, keys, out, error) : status;
}

/* ---- all rows at once ---- */

typedef struct whole {
  tl_aggregation *aggregation;
  const tally_table *table;
  const tally_column **keys;
  tl_groups groups;
  tl_partial partial;
  tally_column **columns; /* of the result */
} whole;

/* Keys that are equal look alike, whatever row they come from: a missing one has no reason, since it may stand for several, and
 * there is no -0.0. */
static void make_normal(tally_column *key) {
  uint64_t *words = (uint64_t *)key->values->bytes;
  for (int64_t i = 0; key->type == TALLY_NUMBER && i < key->length; i++) words[i] = tl_word_normal(TALLY_NUMBER, words[i]);
  tl_buffer_release(key->reasons);
  tally_column_release(key->symbols);
  key->reasons = NULL;
  key->symbols = NULL;
}

static tally_status take_key(const whole *it, size_t k, tally_error *error) {
  const tally_column *key = it->keys[k];
  if (it->groups.count == it->table->rows && key->type != TALLY_NUMBER && !key->reasons) {
    it->columns[k] = tally_column_retain(key);
    return TALLY_OK;
  }
  TL_TRY(tl_column_take(key, it->groups.first, it->groups.count, &it->columns[k], error));
  make_normal(it->columns[k]);
  return TALLY_OK;
}

static tally_status fill_question(whole *it, size_t q, tally_error *error) {
  tl_measure_rows all = {.group = it->groups.group, .groups = it->partial.states, .sizes = it->partial.sizes};
  return tl_part_fill(&it->aggregation->questions[q], it->table, &all, &it->partial.parts[q], error);
}

/* A tl_pool_task: what each question comes to, the values of each key. */
static tally_status fill_whole(void *context, size_t task, size_t worker, tally_error *error) {
  whole *it = context;
  (void)worker;
  size_t questions = it->aggregation->question_count;
  return task < questions ? fill_question(it, task, error) : take_key(it, task - questions, error);
}

static tally_status answer_whole(whole *it, tally_table **out, tally_error *error) {
  tl_aggregation *aggregation = it->aggregation;
  size_t keys = aggregation->key_count, questions = aggregation->question_count;
  for (size_t k = 0; k < keys; k++) TL_TRY(tl_table_need(it->table, aggregation->keys[k], &it->keys[k], error));
  TL_TRY(tl_groups_new(it->keys, keys, it->table->rows, &it->groups, error));
  it->partial.groups = it->partial.states = (size_t)it->groups.count;
  TL_TRY(count_sizes(&it->partial, it->groups.group, it->table->rows, error));
  TL_TRY(tl_pool_run(questions + keys, fill_whole, it, error));
  for (size_t q = 0; q < questions; q++) {
    tl_part *part = &it->partial.parts[q];
    TL_TRY(tl_question_answer_part(&aggregation->questions[q], part, it->partial.sizes, it->partial.groups, &it->columns[keys + q],
                                   error));
    tl_part_done(&aggregation->questions[q], part, it->partial.states);
    *part = (tl_part){0};
  }
  tally_column **columns = it->columns;
  tally_table *table = NULL;
  it->columns = NULL;
  tally_status status = make_table(aggregation, columns, it->groups.count, &table, error);
  tl_mem_free(columns);
  return status == TALLY_OK ? in_order(table, keys, out, error) : status;
}

static void whole_done(whole *it) {
  const tl_aggregation *aggregation = it->aggregation;
  size_t width = aggregation->key_count + aggregation->question_count;
  for (size_t q = 0; it->partial.parts && q < aggregation->question_count; q++)
    tl_part_done(&aggregation->questions[q], &it->partial.parts[q], it->partial.states);
  for (size_t c = 0; it->columns && c < width; c++) tally_column_release(it->columns[c]);
  tl_mem_free(it->partial.parts);
  tl_mem_free(it->partial.sizes);
  tl_mem_free(it->columns);
  tl_mem_free(it->keys);
  tl_groups_done(&it->groups);
}

tally_status tl_aggregation_whole(tl_aggregation *aggregation, const tally_table *table, tally_table **out, tally_error *error) {
  size_t width = aggregation->key_count + aggregation->question_count;
  whole it = {.aggregation = aggregation, .table = table, .partial.aggregation = aggregation};
  it.keys = tl_mem_zero(aggregation->key_count, sizeof *it.keys);
  it.columns = tl_mem_zero(width, sizeof *it.columns);
  it.partial.parts = tl_mem_zero(aggregation->question_count, sizeof *it.partial.parts);
  bool room = it.keys && it.columns && it.partial.parts;
  tally_status status = room ? answer_whole(&it, out, error) : tl_no_memory(error);
  whole_done(&it);
  return status;
}
