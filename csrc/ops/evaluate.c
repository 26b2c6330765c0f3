/* Evaluation: a formula over a batch of rows becomes a column.
 *
 * The idea: each call is one pass over whole columns, values that are the same in every row stay one row long until the end, and
 * what depends on one text column with a dictionary is computed once for each distinct value and then spread over the rows by their
 * codes. A published symbol goes along while one column alone decides what is missing. What functions do is in function_*; the
 * order of rows and the borders of chunks never change an answer. */
#include "ops/evaluate.h"

#include "base/pool.h"

/* A value on its way: the column is a reference of ours. */
typedef struct interim {
  tally_column *column;
  bool constant;
  tally_type type;
} interim;

static tally_status evaluate_node(const tally_expression *node, const tally_table *batch, interim *out, tally_error *error);

static tally_status nil(interim *out, tally_error *error) {
  *out = (interim){.constant = true, .type = TALLY_MISSING};
  return tl_column_new_missing(TALLY_BOOLEAN, 1, &out->column, error);
}

/* ---- dictionary first ---- */

/* The one argument of a strict function that is not a constant; NULL when there are none or several. */
static const tl_operand *varying_argument(const tl_call *call) {
  const tl_operand *varying = NULL;
  for (size_t i = 0; i < call->count; i++) {
    if (call->arguments[i].constant) continue;
    if (varying) return NULL;
    varying = &call->arguments[i];
  }
  return call->function->strict ? varying : NULL;
}

/* That argument, when it is text with a dictionary no longer than the batch; else NULL. The text of a text is the argument itself,
 * with its reasons and levels: nothing is computed, whatever the batch. */
static const tl_operand *coded_argument(const tl_call *call) {
  const tl_operand *varying = varying_argument(call);
  if (!varying || !varying->column->dictionary || call->function->evaluate == tl_evaluate_to_text) return NULL;
  return varying->column->dictionary->length <= call->rows ? varying : NULL;
}

/* The dictionary with missing in place of the values that no row has, so that none of them can raise an error. */
static tally_status used_values(const tally_column *codes, tally_column **out, tally_error *error) {
  int64_t count = codes->dictionary->length, used = 0;
  int64_t *rows = tl_mem_new((size_t)count, sizeof *rows);
  if (!rows) return tl_no_memory(error);
  for (int64_t i = 0; i < count; i++) rows[i] = -1;
  for (int64_t i = 0; i < codes->length && used < count; i++) {
    uint32_t code = tl_codes(codes)[i];
    if (rows[code] >= 0 || !tl_present(codes, i)) continue;
    rows[code] = code;
    used++;
  }
  tally_status status = TALLY_OK;
  if (used == count)
    *out = tally_column_retain(codes->dictionary);
  else
    status = tl_column_take(codes->dictionary, rows, count, out, error);
  tl_mem_free(rows);
  return status;
}

/* The answer of each row from the answers of the values of the dictionary. */
static tally_status spread(const tally_column *codes, const tally_column *answers, tally_column **out, tally_error *error) {
  int64_t *rows = tl_mem_new((size_t)codes->length, sizeof *rows);
  if (!rows) return tl_no_memory(error);
  for (int64_t i = 0; i < codes->length; i++) rows[i] = tl_present(codes, i) ? (int64_t)tl_codes(codes)[i] : -1;
  tally_status status = tl_column_take(answers, rows, codes->length, out, error);
  tl_mem_free(rows);
  return status;
}

static tally_status encode_text(tally_column **column, tally_error *error) {
  if ((*column)->type != TALLY_TEXT) return TALLY_OK;
  tally_column *encoded = NULL;
  TL_TRY(tl_column_encode(*column, &encoded, error));
  tally_column_release(*column);
  *column = encoded;
  return TALLY_OK;
}

static tally_status evaluate_values(const tl_call *call, const tl_operand *coded, const tally_column *values, tl_operand *arguments,
                                    tally_column **out, tally_error *error) {
  memcpy(arguments, call->arguments, call->count * sizeof *arguments);
  arguments[coded - call->arguments].column = values;
  tl_call each = *call;
  each.arguments = arguments;
  each.rows = values->length;
  tally_column *answers = NULL;
  TL_TRY(call->function->evaluate(&each, &answers, error));
  tally_status status = encode_text(&answers, error);
  if (status == TALLY_OK) status = spread(coded->column, answers, out, error);
  tally_column_release(answers);
  return status;
}

static tally_status evaluate_coded(const tl_call *call, const tl_operand *coded, tally_column **out, tally_error *error) {
  tl_operand *arguments = tl_mem_new(call->count, sizeof *arguments);
  if (!arguments) return tl_no_memory(error);
  tally_column *values = NULL;
  tally_status status = used_values(coded->column, &values, error);
  if (status == TALLY_OK) status = evaluate_values(call, coded, values, arguments, out, error);
  tally_column_release(values);
  tl_mem_free(arguments);
  return status;
}

/* ---- reasons ---- */

/* What is missing because the one argument that varies is missing, is missing for its reason. Of several arguments, none could say
 * why for all. */
static tally_status keep_reasons(const tl_call *call, tally_column **column, tally_error *error) {
  const tl_operand *varying = varying_argument(call);
  if (!varying || !varying->column->reasons || (*column)->reasons) return TALLY_OK;
  tally_column *answers = *column;
  *column = NULL;
  tally_status status = tl_column_with_reasons(answers, varying->column, column, error);
  tally_column_release(answers);
  return status;
}

/* ---- calls ---- */

static tally_status type_of(const tl_function *function, const tl_operand *operands, size_t count, tally_type *out,
                            tally_error *error) {
  tally_type *types = tl_mem_new(count, sizeof *types);
  if (!types) return tl_no_memory(error);
  for (size_t i = 0; i < count; i++) types[i] = operands[i].type;
  tally_status status = tl_function_check(function, types, count, out, error);
  tl_mem_free(types);
  return status;
}

static tally_status apply(const tl_function *function, const tl_operand *operands, size_t count, int64_t rows, interim *out,
                          tally_error *error) {
  *out = (interim){.constant = true};
  for (size_t i = 0; i < count; i++) out->constant &= operands[i].constant;
  TL_TRY(type_of(function, operands, count, &out->type, error));
  if (out->type == TALLY_MISSING) return nil(out, error);
  tl_call call = {function, operands, count, out->constant ? 1 : rows, out->type};
  const tl_operand *coded = coded_argument(&call);
  if (coded)
    TL_TRY(evaluate_coded(&call, coded, &out->column, error));
  else
    TL_TRY(function->evaluate(&call, &out->column, error));
  return keep_reasons(&call, &out->column, error);
}

static tally_status evaluate_call(const tally_expression *node, const tally_table *batch, interim *out, tally_error *error) {
  tl_operand *operands = tl_mem_new(node->count, sizeof *operands);
  interim *arguments = tl_mem_zero(node->count, sizeof *arguments);
  tally_status status = operands && arguments ? TALLY_OK : tl_no_memory(error);
  for (size_t i = 0; i < node->count && status == TALLY_OK; i++) {
    status = evaluate_node(node->arguments[i], batch, &arguments[i], error);
    operands[i] = (tl_operand){arguments[i].column, arguments[i].constant, arguments[i].type};
  }
  if (status == TALLY_OK) status = apply(node->function, operands, node->count, batch->rows, out, error);
  for (size_t i = 0; arguments && i < node->count; i++) tally_column_release(arguments[i].column);
  tl_mem_free(arguments);
  tl_mem_free(operands);
  return status;
}

static tally_status evaluate_node(const tally_expression *node, const tally_table *batch, interim *out, tally_error *error) {
  const tally_column *column;
  switch (node->kind) {
    case TL_EXPRESSION_COLUMN:
      TL_TRY(tl_table_need(batch, node->name, &column, error));
      *out = (interim){tally_column_retain(column), false, column->type};
      return TALLY_OK;
    case TL_EXPRESSION_VALUE:
      *out = (interim){tally_column_retain(node->value), true, node->type};
      return TALLY_OK;
    default:
      return evaluate_call(node, batch, out, error);
  }
}

/* ---- whole formulas ---- */

tally_status tl_evaluate_batch(const tally_expression *expression, const tally_table *batch, tally_column **out,
                               tally_error *error) {
  interim value = {0};
  TL_TRY(evaluate_node(expression, batch, &value, error));
  if (!value.constant) {
    *out = value.column;
    return TALLY_OK;
  }
  tally_value one = tally_column_value(value.column, 0);
  tally_status status = one.type == TALLY_MISSING ? tl_column_new_missing(value.type, batch->rows, out, error)
                                                  : tl_column_new_constant(one, batch->rows, out, error);
  tally_column_release(value.column);
  return status;
}

typedef struct evaluation {
  const tally_table *table;
  const tally_expression *expression;
  tally_column **parts;
} evaluation;

static tally_status evaluate_chunk(void *context, size_t task, size_t worker, tally_error *error) {
  (void)worker;
  evaluation *it = context;
  int64_t first = (int64_t)task * TL_CHUNK, left = it->table->rows - first;
  tally_table *batch = NULL;
  TL_TRY(tally_table_slice(it->table, first, left < TL_CHUNK ? left : TL_CHUNK, &batch, error));
  tally_status status = tl_evaluate_batch(it->expression, batch, &it->parts[task], error);
  tally_table_release(batch);
  return status;
}

static tally_status evaluate_chunks(const tally_table *table, const tally_expression *expression, tally_column **out,
                                    tally_error *error) {
  size_t chunks = tl_chunks(table->rows);
  evaluation it = {table, expression, tl_mem_zero(chunks, sizeof *it.parts)};
  if (!it.parts) return tl_no_memory(error);
  tally_status status = tl_pool_run(chunks, evaluate_chunk, &it, error);
  if (status == TALLY_OK) status = tl_column_concat(it.parts, chunks, out, error);
  for (size_t i = 0; i < chunks; i++) tally_column_release(it.parts[i]);
  tl_mem_free(it.parts);
  return status;
}

tally_status tally_evaluate(const tally_table *table, const tally_expression *expression, tally_column **out, tally_error *error) {
  tally_type type;
  TL_TRY(tally_expression_type(expression, table, &type, error));
  bool whole = table->rows <= TL_CHUNK || expression->kind == TL_EXPRESSION_COLUMN;
  return whole ? tl_evaluate_batch(expression, table, out, error) : evaluate_chunks(table, expression, out, error);
}
