/* ops/aggregation_question: one aggregate of several: what it is asked with, what it has of a batch, what it has of all, and its
 * answer. How rows become groups, and which groups of a batch are which among all, is in aggregation. */
#include "ops/aggregation_question.h"

#include "base/format.h"
#include "base/pool.h"
#include "ops/evaluate.h"
#include "ops/expression.h"
#include "ops/filter.h"

static size_t state_size(const tl_question *q) {
  return q->measure.record->methods->size;
}

static void drop_states(const tl_question *q, char *states, size_t count) {
  void (*drop)(void *) = q->measure.record->methods->drop;
  for (size_t g = 0; drop && states && g < count; g++) drop(states + g * state_size(q));
  tl_mem_free(states);
}

void tl_part_done(const tl_question *q, tl_part *part, size_t count) {
  drop_states(q, part->states, count);
  tl_mem_free(part->totals);
  tl_mem_free(part->rows);
  tl_mem_free(part->known);
  tl_values_part_done(&part->values);
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
static tally_status start_lexicon(tl_question *q, const tally_table *schema, tally_error *error) {
  if (!q->argument || !q->measure.record->coded) return TALLY_OK;
  tally_column *like = NULL;
  TL_TRY(tally_evaluate(schema, q->argument, &like, error));
  tally_status status = tl_lexicon_init(&q->lexicon, like, error);
  tally_column_release(like);
  return status;
}

static tally_status name_question(tl_question *q, const tally_aggregate *asked, tl_arena *arena, tally_error *error) {
  bool column = asked->argument && asked->argument->kind == TL_EXPRESSION_COLUMN;
  const char *subject = column ? asked->argument->name : asked->name;
  q->measure.name = tl_arena_text(arena, asked->name, strlen(asked->name));
  q->measure.subject = tl_arena_text(arena, subject, strlen(subject));
  return q->measure.name && q->measure.subject ? TALLY_OK : tl_no_memory(error);
}

tally_status tl_question_ask(tl_question *q, const tally_aggregate *asked, const tally_table *schema, tl_arena *arena,
                             tally_error *error) {
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

void tl_question_done(tl_question *q) {
  if (q->states) drop_states(q, q->states, q->count);
  tl_values_done(&q->values);
  tally_expression_release(q->argument);
  tally_expression_release(q->second);
  tally_expression_release(q->where);
  tl_lexicon_done(&q->lexicon);
}

/* ---- one batch ---- */

static tally_status evaluate_argument(const tl_question *q, const tally_table *batch, tally_column **out, tally_error *error) {
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

static tally_status choose_rows(const tl_question *q, const tally_table *batch, int64_t **rows, int64_t *count,
                                tally_error *error) {
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

/* Among rows that were chosen, those with a value are few, or many; of all rows, it is those without one that are few. */
static void count_known(const tl_measure_rows *rows, uint32_t *to) {
  if (rows->rows) {
    for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);) to[rows->group[row]]++;
    return;
  }
  memcpy(to, rows->sizes, rows->groups * sizeof *to);
  tl_gaps gaps = {rows->argument, 0, 0};
  for (int64_t row; (row = tl_next_gap(&gaps)) >= 0;) to[rows->group[row]]--;
}

/* The rows that count, and those with a value, when these are not all. */
static tally_status count_groups(const tl_measure_rows *rows, tl_part *part, tally_error *error) {
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

static tally_status take_totals(const tl_question *q, const tl_measure_rows *rows, tl_part *part, tally_error *error) {
  const tl_totals_methods *methods = q->measure.record->methods->totals;
  if (!methods) return TALLY_OK;
  part->totals = tl_mem_zero(methods->size ? rows->groups : 0, methods->size);
  if (!part->totals) return tl_no_memory(error);
  part->has_totals = !methods->add || methods->add(&q->measure, rows, part->totals);
  return part->has_totals ? count_groups(rows, part, error) : TALLY_OK;
}

static tally_status take_states(const tl_question *q, const tl_measure_rows *rows, tl_part *part, tally_error *error) {
  part->states = tl_mem_zero(rows->groups, state_size(q));
  return part->states ? q->measure.record->methods->step(&q->measure, rows, part->states, error) : tl_no_memory(error);
}

static bool needs_values(const tl_question *q) {
  return q->measure.record->methods->answer != NULL;
}

static tally_status take_rows(const tl_question *q, const tl_measure_rows *rows, tl_part *part, tally_error *error) {
  if (needs_values(q)) return tl_values_take(rows, &part->values, error);
  TL_TRY(take_totals(q, rows, part, error));
  return part->has_totals ? TALLY_OK : take_states(q, rows, part, error);
}

static tally_status step_question(const tl_question *q, const tally_table *batch, const tl_measure_rows *all, tl_part *part,
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
  if (status == TALLY_OK) status = take_rows(q, &rows, part, error);
  tl_mem_free(chosen);
  tally_column_release(second);
  return status;
}

/* Text that does not have to outlive the batch is let go with it. */
tally_status tl_part_fill(const tl_question *q, const tally_table *batch, const tl_measure_rows *all, tl_part *part,
                          tally_error *error) {
  tally_status status = step_question(q, batch, all, part, error);
  if (status != TALLY_OK) tl_error_where(error, q->measure.name);
  TL_TRY(status);
  if (q->measure.record->coded && part->argument->type == TALLY_TEXT) return TALLY_OK;
  tally_column_release(part->argument);
  part->argument = NULL;
  return TALLY_OK;
}

/* ---- all batches ---- */

/* States for `count` groups. */
tally_status tl_question_grow(tl_question *q, size_t count, tally_error *error) {
  if (count <= q->count || needs_values(q)) return TALLY_OK;
  TL_TRY(tl_mem_reserve((void **)&q->states, &q->capacity, count, state_size(q), error));
  memset(q->states + q->count * state_size(q), 0, (count - q->count) * state_size(q));
  q->count = count;
  return TALLY_OK;
}

static void fold_totals(const tl_question *q, const tl_part *part, const uint32_t *sizes, tl_group_map map, void *states) {
  const uint32_t *rows = part->rows ? part->rows : sizes;
  tl_totals totals = {part->totals, rows, part->known ? part->known : rows};
  q->measure.record->methods->totals->fold(&q->measure, &totals, map, states);
}

static tally_status merge_states(tl_question *q, const tl_part *part, tl_group_map map, tally_error *error) {
  const tl_aggregate_methods *methods = q->measure.record->methods;
  size_t size = state_size(q);
  if (part->argument) TL_TRY(tl_lexicon_turn(&q->lexicon, part->argument, error));
  for (size_t g = 0; g < map.count; g++) {
    TL_TRY(methods->merge(&q->measure, &q->lexicon, q->states + map.to[g] * size, part->states + map.from[g] * size, error));
  }
  return TALLY_OK;
}

/* Totals hold no memory and no texts, so that many groups may be folded at once. */
enum { FOLDED_AT_ONCE = (TL_CHUNK + 3) / 4 };

typedef struct folding {
  tl_question *question;
  const uint32_t *sizes;
  const tl_part *part;
  tl_group_map map;
} folding;

/* A tl_pool_task over stretches of groups. */
static tally_status fold_some(void *context, size_t task, size_t worker, tally_error *error) {
  folding *it = context;
  (void)worker, (void)error;
  size_t first = task * FOLDED_AT_ONCE, left = it->map.count - first;
  tl_group_map some = {it->map.from + first, it->map.to + first, left < FOLDED_AT_ONCE ? left : FOLDED_AT_ONCE, it->map.states};
  fold_totals(it->question, it->part, it->sizes, some, it->question->states);
  return TALLY_OK;
}

tally_status tl_question_merge(tl_question *q, tl_part *part, const uint32_t *sizes, tl_group_map map, tally_error *error) {
  if (needs_values(q)) return tl_values_add(&q->values, &part->values, map, error);
  if (!part->has_totals) return merge_states(q, part, map, error);
  folding it = {q, sizes, part, map};
  return tl_pool_run((map.count + FOLDED_AT_ONCE - 1) / FOLDED_AT_ONCE, fold_some, &it, error);
}

/* ---- answers ---- */

/* States of groups `first` and on, that become answers. */
typedef struct answering {
  const tl_question *question;
  char *states;
  const tl_part *part; /* NULL, or what has to be folded into states first */
  const uint32_t *sizes;
  size_t count;
  uint64_t *words;
  bool *present;
} answering;

static tally_status answer_states(const tl_question *q, char *states, size_t count, uint64_t *words, bool *present,
                                  tally_error *error) {
  for (size_t g = 0; g < count; g++) {
    tl_answer answer = {0};
    TL_TRY(q->measure.record->methods->finish(&q->measure, states + g * state_size(q), &answer, error));
    words[g] = answer.present ? answer.word : 0;
    present[g] = answer.present;
  }
  return TALLY_OK;
}

/* Totals of some groups become states of their own, for as long as it takes to answer. */
static tally_status answer_totals(const answering *it, size_t first, size_t count, tally_error *error) {
  char *states = tl_mem_zero(count, state_size(it->question));
  uint32_t *from = tl_mem_new(2 * count, sizeof *from), *to = from + count;
  tally_status status = states && from ? TALLY_OK : tl_no_memory(error);
  for (size_t g = 0; g < count && status == TALLY_OK; g++) {
    from[g] = (uint32_t)(first + g);
    to[g] = (uint32_t)g;
  }
  if (status == TALLY_OK) {
    fold_totals(it->question, it->part, it->sizes, (tl_group_map){from, to, count, count}, states);
    status = answer_states(it->question, states, count, it->words + first, it->present + first, error);
  }
  tl_mem_free(states);
  tl_mem_free(from);
  return status;
}

/* A tl_pool_task over stretches of groups. */
static tally_status answer_some(void *context, size_t task, size_t worker, tally_error *error) {
  const answering *it = context;
  (void)worker;
  size_t first = task * FOLDED_AT_ONCE, left = it->count - first, count = left < FOLDED_AT_ONCE ? left : FOLDED_AT_ONCE;
  if (it->part) return answer_totals(it, first, count, error);
  return answer_states(it->question, it->states + first * state_size(it->question), count, it->words + first, it->present + first,
                       error);
}

/* Words of eight bytes are the values themselves. */
static tally_status wide_column(tally_type type, tl_buffer *words, const bool *present, size_t count, tally_column **out,
                                tally_error *error) {
  tl_parts parts = {.type = type, .length = (int64_t)count, .missing = -1, .values = words};
  if (memchr(present, false, count)) {
    parts.validity = tl_buffer_zero(tl_bit_bytes((int64_t)count));
    if (!parts.validity) {
      tl_parts_drop(&parts);
      return tl_no_memory(error);
    }
    for (size_t g = 0; g < count; g++) tl_bit_put(parts.validity->bytes, (int64_t)g, present[g]);
  }
  return tl_column_new(parts, out, error);
}

/* Takes the words. */
static tally_status column_of_answers(const tl_question *q, tl_buffer *words, const bool *present, size_t count, tally_column **out,
                                      tally_error *error) {
  tally_type type = tl_measure_type(&q->measure);
  if (type == TALLY_INTEGER || type == TALLY_NUMBER) return wide_column(type, words, present, count, out, error);
  tally_status status = tl_column_of_words(type, words->bytes, present, (int64_t)count, &q->lexicon, out, error);
  tl_buffer_release(words);
  return status;
}

static tally_status find_answers(answering *it, tally_error *error) {
  const tl_question *q = it->question;
  if (needs_values(q)) return tl_values_answer(&q->values, &q->measure, it->count, it->words, it->present, error);
  return tl_pool_run((it->count + FOLDED_AT_ONCE - 1) / FOLDED_AT_ONCE, answer_some, it, error);
}

static tally_status answer_all(answering *it, tally_column **out, tally_error *error) {
  tl_buffer *words = tl_buffer_new(it->count * sizeof *it->words);
  it->present = tl_mem_new(it->count + 1, sizeof *it->present);
  tally_status status = words && it->present ? TALLY_OK : tl_no_memory(error);
  if (status == TALLY_OK) {
    it->words = words->bytes;
    status = find_answers(it, error);
  }
  if (status == TALLY_OK)
    status = column_of_answers(it->question, words, it->present, it->count, out, error);
  else
    tl_buffer_release(words);
  tl_mem_free(it->present);
  return status;
}

tally_status tl_question_answer(tl_question *q, size_t count, tally_column **out, tally_error *error) {
  TL_TRY(tl_question_grow(q, count, error));
  answering it = {.question = q, .states = q->states, .count = count};
  return answer_all(&it, out, error);
}

/* Where states hold texts, these are still codes of the batch, and merging translates them; values have to be among all, too. */
static tally_status merge_only_part(tl_question *q, tl_part *part, const uint32_t *sizes, size_t count, tally_error *error) {
  uint32_t *same = tl_mem_new(count, sizeof *same);
  if (!same) return tl_no_memory(error);
  for (size_t g = 0; g < count; g++) same[g] = (uint32_t)g;
  tally_status status = tl_question_grow(q, count, error);
  if (status == TALLY_OK) status = tl_question_merge(q, part, sizes, (tl_group_map){same, same, count, count}, error);
  tl_mem_free(same);
  return status;
}

tally_status tl_question_answer_part(tl_question *q, tl_part *part, const uint32_t *sizes, size_t count, tally_column **out,
                                     tally_error *error) {
  if (part->argument || needs_values(q)) {
    TL_TRY(merge_only_part(q, part, sizes, count, error));
    return tl_question_answer(q, count, out, error);
  }
  answering it = {.question = q, .states = part->states, .part = part->has_totals ? part : NULL, .sizes = sizes, .count = count};
  return answer_all(&it, out, error);
}
