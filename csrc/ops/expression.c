/* Formulas as trees of columns, values and calls.
 *
 * The idea: a tree is checked in its shape when it is built (functions exist, arguments are as many as they should be, nesting has
 * a limit) and in its types against a table, before any row is touched; so evaluation needs no checks of its own. A value is held
 * as a column of one row, which is how evaluation uses it. This room computes nothing and parses nothing. */
#include "ops/expression.h"

/* ---- life ---- */

tally_expression *tally_expression_retain(const tally_expression *expression) {
  tally_expression *it = (tally_expression *)expression;
  if (it) atomic_fetch_add_explicit(&it->references, 1, memory_order_relaxed);
  return it;
}

static void release_all(tally_expression *const *expressions, size_t count) {
  for (size_t i = 0; i < count; i++) tally_expression_release(expressions[i]);
}

void tally_expression_release(tally_expression *expression) {
  if (!expression || atomic_fetch_sub_explicit(&expression->references, 1, memory_order_acq_rel) != 1) return;
  release_all(expression->arguments, expression->count);
  tl_mem_free(expression->arguments);
  tl_mem_free(expression->name);
  tally_column_release(expression->value);
  tl_mem_free(expression);
}

static tally_status new_node(tl_expression_kind kind, tally_expression **out, tally_error *error) {
  tally_expression *node = tl_mem_zero(1, sizeof *node);
  if (!node) return tl_no_memory(error);
  node->references = 1;
  node->kind = kind;
  node->depth = 1;
  *out = node;
  return TALLY_OK;
}

/* ---- building ---- */

tally_status tally_expression_column(const char *name, tally_expression **out, tally_error *error) {
  tally_expression *node = NULL;
  TL_TRY(new_node(TL_EXPRESSION_COLUMN, &node, error));
  node->name = tl_mem_text(name, strlen(name));
  if (!node->name) {
    tally_expression_release(node);
    return tl_no_memory(error);
  }
  *out = node;
  return TALLY_OK;
}

static tally_status check_text(tally_value value, tally_error *error) {
  if (value.type != TALLY_TEXT || tl_text_valid_utf8(value.text) == value.text.size) return TALLY_OK;
  return tl_fail(error, TALLY_ESYNTAX, "a text in a formula is not valid UTF-8");
}

tally_status tally_expression_value(tally_value value, tally_expression **out, tally_error *error) {
  TL_TRY(check_text(value, error));
  tally_expression *node = NULL;
  TL_TRY(new_node(TL_EXPRESSION_VALUE, &node, error));
  node->type = value.type;
  tally_status status = tl_column_new_constant(value, 1, &node->value, error);
  if (status != TALLY_OK) {
    tally_expression_release(node);
    return status;
  }
  *out = node;
  return TALLY_OK;
}

static tally_status check_depth(tally_expression *const *arguments, size_t count, int *depth, tally_error *error) {
  *depth = 1;
  for (size_t i = 0; i < count; i++)
    if (arguments[i]->depth >= *depth) *depth = arguments[i]->depth + 1;
  if (*depth <= TL_EXPRESSION_DEPTH) return TALLY_OK;
  return tl_fail(error, TALLY_ERANGE, "a formula may not be nested more than %d deep", TL_EXPRESSION_DEPTH);
}

/* The call without its arguments, with room for them. */
static tally_status new_call(const char *name, tally_expression *const *arguments, size_t count, tally_expression **out,
                             tally_error *error) {
  const tl_function *function = NULL;
  int depth;
  TL_TRY(tl_function_find(name, &function, error));
  TL_TRY(tl_function_check_count(function, count, error));
  TL_TRY(check_depth(arguments, count, &depth, error));
  TL_TRY(new_node(TL_EXPRESSION_CALL, out, error));
  (*out)->function = function;
  (*out)->depth = depth;
  (*out)->arguments = tl_mem_new(count, sizeof *arguments);
  if ((*out)->arguments) return TALLY_OK;
  tally_expression_release(*out);
  return tl_no_memory(error);
}

tally_status tally_expression_call(const char *name, tally_expression *const *arguments, size_t count, tally_expression **out,
                                   tally_error *error) {
  tally_expression *node = NULL;
  tally_status status = new_call(name, arguments, count, &node, error);
  if (status != TALLY_OK) {
    release_all(arguments, count);
    return status;
  }
  memcpy(node->arguments, arguments, count * sizeof *arguments);
  node->count = count;
  *out = node;
  return TALLY_OK;
}

/* ---- looking at a formula ---- */

tally_status tl_expression_columns(const tally_expression *expression, tl_expression_visit each, void *context,
                                   tally_error *error) {
  if (expression->kind == TL_EXPRESSION_COLUMN) return each(context, expression->name, error);
  for (size_t i = 0; i < expression->count; i++) TL_TRY(tl_expression_columns(expression->arguments[i], each, context, error));
  return TALLY_OK;
}

static tally_status type_of_call(const tally_expression *call, const tally_table *table, tally_type *out, tally_error *error) {
  tally_type *types = tl_mem_new(call->count, sizeof *types);
  if (!types) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < call->count && status == TALLY_OK; i++)
    status = tally_expression_type(call->arguments[i], table, &types[i], error);
  if (status == TALLY_OK) status = tl_function_check(call->function, types, call->count, out, error);
  tl_mem_free(types);
  return status;
}

tally_status tally_expression_type(const tally_expression *expression, const tally_table *table, tally_type *out,
                                   tally_error *error) {
  const tally_column *column;
  switch (expression->kind) {
    case TL_EXPRESSION_COLUMN:
      TL_TRY(tl_table_need(table, expression->name, &column, error));
      *out = column->type;
      return TALLY_OK;
    case TL_EXPRESSION_VALUE:
      *out = expression->type;
      return TALLY_OK;
    default:
      return type_of_call(expression, table, out, error);
  }
}
