/* ops/function: the one register of functions and operators of formulas. A function is a record: what it takes, what it gives, and
 * how it is computed for a batch of rows. Adding one is one evaluator and one row of the register. */
#ifndef TL_OPS_FUNCTION_H
#define TL_OPS_FUNCTION_H

#include "column/column.h"

/* An argument: a column with one value a row, or with one value that stands for every row. */
typedef struct tl_operand {
  const tally_column *column;
  bool constant;
  tally_type type; /* TALLY_MISSING for the literal nil, whose column holds one missing value */
} tl_operand;

typedef struct tl_function tl_function;

/* A function at work: its arguments, which have passed tl_function_check, and the type that they give. */
typedef struct tl_call {
  const tl_function *function;
  const tl_operand *arguments;
  size_t count;
  int64_t rows;
  tally_type type;
} tl_call;

/* out: new reference, call->rows rows of call->type */
typedef tally_status (*tl_evaluator)(const tl_call *call, tally_column **out, tally_error *error);

/* Type rules for which a fixed type is not enough. Missing among `arguments` is the literal nil, which goes with every type. */
typedef tally_status (*tl_type_rule)(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                                     tally_error *error);

enum { TL_FUNCTION_MANY = 255 };

struct tl_function {
  const char *name;
  const char *symbol;  /* what messages call it when that is not its name */
  uint8_t least, most; /* arguments; TL_FUNCTION_MANY: any number */
  bool strict;         /* missing in any argument makes the answer missing */
  uint8_t takes[3];    /* sets of types of the first, the second, and every further argument: bits 1 << tally_type */
  tally_type gives;    /* when `rule` is NULL */
  tl_type_rule rule;
  tl_evaluator evaluate;
  int variant; /* tells functions apart that share an evaluator */
};

/* errors: TALLY_ENAME */
tally_status tl_function_find(const char *name, const tl_function **out, tally_error *error);
/* errors: TALLY_ESHAPE */
tally_status tl_function_check_count(const tl_function *function, size_t count, tally_error *error);
/* errors: TALLY_ESHAPE, TALLY_ETYPE */
tally_status tl_function_check(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                               tally_error *error);
/* What messages call it. */
const char *tl_function_shown(const tl_function *function);

/* ---- type rules (function_type) ---- */

tally_status tl_type_common(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                            tally_error *error);
tally_status tl_type_chosen(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                            tally_error *error);
tally_status tl_type_arithmetic(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                                tally_error *error);
tally_status tl_type_first(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                           tally_error *error);
tally_status tl_type_comparison(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                                tally_error *error);
tally_status tl_type_membership(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                                tally_error *error);
/* "no '+' for text and integer" */
tally_status tl_type_refuse(const tl_function *function, const tally_type *arguments, size_t count, tally_error *error);

/* ---- evaluators, and the variants that they tell apart ---- */

/* function_number */
enum { TL_ADD, TL_SUBTRACT, TL_MULTIPLY, TL_FLOOR_DIVIDE, TL_MODULO, TL_DIVIDE, TL_POWER, TL_PERCENT, TL_MIN, TL_MAX };
tally_status tl_evaluate_arithmetic(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_extreme(const tl_call *call, tally_column **out, tally_error *error);
/* function_math */
enum { TL_NEGATE, TL_ABSOLUTE, TL_FLOOR, TL_CEILING, TL_ROOT, TL_EXPONENTIAL, TL_LOGARITHM, TL_LOGARITHM_10 };
tally_status tl_evaluate_math(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_round(const tl_call *call, tally_column **out, tally_error *error);
/* function_compare: a variant is the set of outcomes for which the answer is true */
enum { TL_LESS = 1, TL_EQUAL = 2, TL_GREATER = 4, TL_UNORDERED = 8 };
tally_status tl_evaluate_comparison(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_membership(const tl_call *call, tally_column **out, tally_error *error);
/* function_logic */
enum { TL_AND, TL_OR };
tally_status tl_evaluate_junction(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_not(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_is_missing(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_coalesce(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_if_else(const tl_call *call, tally_column **out, tally_error *error);
/* function_text */
enum { TL_LOWER, TL_UPPER, TL_TRIM, TL_REPLACE, TL_SUBSTRING, TL_CONCAT };
tally_status tl_evaluate_text(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_length(const tl_call *call, tally_column **out, tally_error *error);
enum { TL_CONTAINS, TL_STARTS_WITH, TL_ENDS_WITH };
tally_status tl_evaluate_part(const tl_call *call, tally_column **out, tally_error *error);
/* function_convert: what does not convert is refused, or missing when it was only an attempt */
enum { TL_DEMAND, TL_ATTEMPT };
tally_status tl_evaluate_to_text(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_to_integer(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_to_number(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_to_date(const tl_call *call, tally_column **out, tally_error *error);
/* function_date */
enum { TL_YEAR, TL_MONTH, TL_DAY };
tally_status tl_evaluate_date_part(const tl_call *call, tally_column **out, tally_error *error);
tally_status tl_evaluate_start_year(const tl_call *call, tally_column **out, tally_error *error);

#endif
