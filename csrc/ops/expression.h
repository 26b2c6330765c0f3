/* ops/expression: the inside of a formula: a counted, immutable tree. */
#ifndef TL_OPS_EXPRESSION_H
#define TL_OPS_EXPRESSION_H

#include <stdatomic.h>

#include "column/table.h"
#include "ops/function.h"

/* A formula nested deeper is refused, so that walking one never exhausts the stack. */
enum { TL_EXPRESSION_DEPTH = 200 };

typedef enum tl_expression_kind { TL_EXPRESSION_COLUMN, TL_EXPRESSION_VALUE, TL_EXPRESSION_CALL } tl_expression_kind;

struct tally_expression {
  atomic_int references;
  tl_expression_kind kind;
  int depth;
  char *name;                  /* of a column */
  tally_column *value;         /* one row */
  tally_type type;             /* of a value; TALLY_MISSING for nil */
  const tl_function *function; /* of a call */
  tally_expression **arguments;
  size_t count;
};

/* Calls `each` for the name of every column in the formula, in order, as often as it stands there. */
typedef tally_status (*tl_expression_visit)(void *context, const char *name, tally_error *error);
tally_status tl_expression_columns(const tally_expression *expression, tl_expression_visit each, void *context, tally_error *error);

#endif
