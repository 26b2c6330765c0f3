/* The register of functions: finds a function by name and checks the number and types of its arguments.
 *
 * The idea: an operator is a function with an odd name, and everything that differs between functions stands in one row of one
 * table, so that the parser, the type checker, the evaluator and the listing of names can never disagree. Type rules that a
 * row cannot express are in function_type; the computing itself is in function_number, function_text and their neighbours. */
#include "ops/function.h"

enum {
  BOOLEAN = 1 << TALLY_BOOLEAN,
  INTEGER = 1 << TALLY_INTEGER,
  NUMBER = 1 << TALLY_NUMBER,
  TEXT = 1 << TALLY_TEXT,
  DATE = 1 << TALLY_DATE,
  NUMERIC = INTEGER | NUMBER,
  ANY = BOOLEAN | NUMERIC | TEXT | DATE
};

#define MANY TL_FUNCTION_MANY

static const tl_function functions[] = {
    {"neg", "-", 1, 1, true, {NUMERIC}, 0, tl_type_first, tl_evaluate_math, TL_NEGATE},
    {"+", NULL, 2, 2, true, {NUMERIC | DATE, NUMERIC | DATE}, 0, tl_type_arithmetic, tl_evaluate_arithmetic, TL_ADD},
    {"-", NULL, 2, 2, true, {NUMERIC | DATE, NUMERIC | DATE}, 0, tl_type_arithmetic, tl_evaluate_arithmetic, TL_SUBTRACT},
    {"*", NULL, 2, 2, true, {NUMERIC, NUMERIC}, 0, tl_type_common, tl_evaluate_arithmetic, TL_MULTIPLY},
    {"/", NULL, 2, 2, true, {NUMERIC, NUMERIC}, TALLY_NUMBER, NULL, tl_evaluate_arithmetic, TL_DIVIDE},
    {"//", NULL, 2, 2, true, {NUMERIC, NUMERIC}, 0, tl_type_common, tl_evaluate_arithmetic, TL_FLOOR_DIVIDE},
    {"%", NULL, 2, 2, true, {NUMERIC, NUMERIC}, 0, tl_type_common, tl_evaluate_arithmetic, TL_MODULO},
    {"^", NULL, 2, 2, true, {NUMERIC, NUMERIC}, TALLY_NUMBER, NULL, tl_evaluate_arithmetic, TL_POWER},
    {"==", NULL, 2, 2, true, {ANY, ANY}, 0, tl_type_comparison, tl_evaluate_comparison, TL_EQUAL},
    {"~=", NULL, 2, 2, true, {ANY, ANY}, 0, tl_type_comparison, tl_evaluate_comparison, TL_LESS | TL_GREATER | TL_UNORDERED},
    {"<", NULL, 2, 2, true, {ANY, ANY}, 0, tl_type_comparison, tl_evaluate_comparison, TL_LESS},
    {"<=", NULL, 2, 2, true, {ANY, ANY}, 0, tl_type_comparison, tl_evaluate_comparison, TL_LESS | TL_EQUAL},
    {">", NULL, 2, 2, true, {ANY, ANY}, 0, tl_type_comparison, tl_evaluate_comparison, TL_GREATER},
    {">=", NULL, 2, 2, true, {ANY, ANY}, 0, tl_type_comparison, tl_evaluate_comparison, TL_GREATER | TL_EQUAL},
    {"and", NULL, 2, MANY, false, {BOOLEAN, BOOLEAN, BOOLEAN}, TALLY_BOOLEAN, NULL, tl_evaluate_junction, TL_AND},
    {"or", NULL, 2, MANY, false, {BOOLEAN, BOOLEAN, BOOLEAN}, TALLY_BOOLEAN, NULL, tl_evaluate_junction, TL_OR},
    {"not", NULL, 1, 1, true, {BOOLEAN}, TALLY_BOOLEAN, NULL, tl_evaluate_not, 0},
    {"in", NULL, 1, MANY, true, {ANY, ANY, ANY}, 0, tl_type_membership, tl_evaluate_membership, 0},
    {"is_missing", NULL, 1, 1, false, {ANY}, TALLY_BOOLEAN, NULL, tl_evaluate_is_missing, 0},
    {"coalesce", NULL, 1, MANY, false, {ANY, ANY, ANY}, 0, tl_type_chosen, tl_evaluate_coalesce, 0},
    {"if_else", NULL, 3, 3, false, {BOOLEAN, ANY, ANY}, 0, tl_type_chosen, tl_evaluate_if_else, 1},
    {"abs", NULL, 1, 1, true, {NUMERIC}, 0, tl_type_first, tl_evaluate_math, TL_ABSOLUTE},
    {"round", NULL, 1, 2, true, {NUMERIC, INTEGER}, 0, tl_type_first, tl_evaluate_round, 0},
    {"floor", NULL, 1, 1, true, {NUMERIC}, 0, tl_type_first, tl_evaluate_math, TL_FLOOR},
    {"ceil", NULL, 1, 1, true, {NUMERIC}, 0, tl_type_first, tl_evaluate_math, TL_CEILING},
    {"sqrt", NULL, 1, 1, true, {NUMERIC}, TALLY_NUMBER, NULL, tl_evaluate_math, TL_ROOT},
    {"exp", NULL, 1, 1, true, {NUMERIC}, TALLY_NUMBER, NULL, tl_evaluate_math, TL_EXPONENTIAL},
    {"log", NULL, 1, 1, true, {NUMERIC}, TALLY_NUMBER, NULL, tl_evaluate_math, TL_LOGARITHM},
    {"log10", NULL, 1, 1, true, {NUMERIC}, TALLY_NUMBER, NULL, tl_evaluate_math, TL_LOGARITHM_10},
    {"min", NULL, 1, MANY, true, {NUMERIC | DATE, NUMERIC | DATE, NUMERIC | DATE}, 0, tl_type_common, tl_evaluate_extreme, TL_MIN},
    {"max", NULL, 1, MANY, true, {NUMERIC | DATE, NUMERIC | DATE, NUMERIC | DATE}, 0, tl_type_common, tl_evaluate_extreme, TL_MAX},
    {"percent", NULL, 2, 2, true, {NUMERIC, NUMERIC}, TALLY_NUMBER, NULL, tl_evaluate_arithmetic, TL_PERCENT},
    {"share", NULL, 2, 2, true, {NUMERIC, NUMERIC}, TALLY_NUMBER, NULL, tl_evaluate_arithmetic, TL_DIVIDE},
    {"lower", NULL, 1, 1, true, {TEXT}, TALLY_TEXT, NULL, tl_evaluate_text, TL_LOWER},
    {"upper", NULL, 1, 1, true, {TEXT}, TALLY_TEXT, NULL, tl_evaluate_text, TL_UPPER},
    {"trim", NULL, 1, 1, true, {TEXT}, TALLY_TEXT, NULL, tl_evaluate_text, TL_TRIM},
    {"length", NULL, 1, 1, true, {TEXT}, TALLY_INTEGER, NULL, tl_evaluate_length, 0},
    {"contains", NULL, 2, 2, true, {TEXT, TEXT}, TALLY_BOOLEAN, NULL, tl_evaluate_part, TL_CONTAINS},
    {"starts_with", NULL, 2, 2, true, {TEXT, TEXT}, TALLY_BOOLEAN, NULL, tl_evaluate_part, TL_STARTS_WITH},
    {"ends_with", NULL, 2, 2, true, {TEXT, TEXT}, TALLY_BOOLEAN, NULL, tl_evaluate_part, TL_ENDS_WITH},
    {"replace", NULL, 3, 3, true, {TEXT, TEXT, TEXT}, TALLY_TEXT, NULL, tl_evaluate_text, TL_REPLACE},
    {"substring", NULL, 2, 3, true, {TEXT, INTEGER, INTEGER}, TALLY_TEXT, NULL, tl_evaluate_text, TL_SUBSTRING},
    {"concat", NULL, 1, MANY, true, {TEXT, TEXT, TEXT}, TALLY_TEXT, NULL, tl_evaluate_text, TL_CONCAT},
    {"..", NULL, 2, MANY, true, {TEXT, TEXT, TEXT}, TALLY_TEXT, NULL, tl_evaluate_text, TL_CONCAT},
    {"text", NULL, 1, 1, true, {ANY}, TALLY_TEXT, NULL, tl_evaluate_to_text, 0},
    {"integer", NULL, 1, 1, true, {BOOLEAN | NUMERIC | TEXT}, TALLY_INTEGER, NULL, tl_evaluate_to_integer, TL_DEMAND},
    {"number", NULL, 1, 1, true, {BOOLEAN | NUMERIC | TEXT}, TALLY_NUMBER, NULL, tl_evaluate_to_number, TL_DEMAND},
    {"date", NULL, 1, 1, true, {DATE | TEXT}, TALLY_DATE, NULL, tl_evaluate_to_date, TL_DEMAND},
    {"try_integer", NULL, 1, 1, true, {BOOLEAN | NUMERIC | TEXT}, TALLY_INTEGER, NULL, tl_evaluate_to_integer, TL_ATTEMPT},
    {"try_number", NULL, 1, 1, true, {BOOLEAN | NUMERIC | TEXT}, TALLY_NUMBER, NULL, tl_evaluate_to_number, TL_ATTEMPT},
    {"try_date", NULL, 1, 1, true, {DATE | TEXT}, TALLY_DATE, NULL, tl_evaluate_to_date, TL_ATTEMPT},
    {"year", NULL, 1, 1, true, {DATE}, TALLY_INTEGER, NULL, tl_evaluate_date_part, TL_YEAR},
    {"month", NULL, 1, 1, true, {DATE}, TALLY_INTEGER, NULL, tl_evaluate_date_part, TL_MONTH},
    {"day", NULL, 1, 1, true, {DATE}, TALLY_INTEGER, NULL, tl_evaluate_date_part, TL_DAY},
    {"start_year", NULL, 1, 1, true, {TEXT | INTEGER}, TALLY_INTEGER, NULL, tl_evaluate_start_year, 0},
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

const char *tally_function_name(size_t index) {
  return index < FUNCTIONS ? functions[index].name : NULL;
}

const char *tl_function_shown(const tl_function *function) {
  return function->symbol ? function->symbol : function->name;
}

tally_status tl_function_find(const char *name, const tl_function **out, tally_error *error) {
  for (size_t i = 0; i < FUNCTIONS; i++)
    if (strcmp(functions[i].name, name) == 0) {
      *out = &functions[i];
      return TALLY_OK;
    }
  return tl_fail(error, TALLY_ENAME, "no function '%s'", name);
}

tally_status tl_function_check_count(const tl_function *function, size_t count, tally_error *error) {
  unsigned least = function->least, most = function->most;
  if (count >= least && (count <= most || most == MANY)) return TALLY_OK;
  const char *shown = tl_function_shown(function);
  if (most == MANY) return tl_fail(error, TALLY_ESHAPE, "'%s' takes %u arguments or more, not %zu", shown, least, count);
  if (least < most) return tl_fail(error, TALLY_ESHAPE, "'%s' takes %u to %u arguments, not %zu", shown, least, most, count);
  return tl_fail(error, TALLY_ESHAPE, "'%s' takes %u argument%s, not %zu", shown, least, least == 1 ? "" : "s", count);
}

tally_status tl_function_check(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                               tally_error *error) {
  TL_TRY(tl_function_check_count(function, count, error));
  bool missing = false;
  for (size_t i = 0; i < count; i++) {
    missing |= arguments[i] == TALLY_MISSING;
    unsigned taken = function->takes[i < 2 ? i : 2] | 1u << TALLY_MISSING;
    if (!(taken >> arguments[i] & 1)) return tl_type_refuse(function, arguments, count, error);
  }
  tally_type gives = function->gives;
  if (function->rule) TL_TRY(function->rule(function, arguments, count, &gives, error));
  *out = function->strict && missing ? TALLY_MISSING : gives;
  return TALLY_OK;
}

tally_status tally_function_type(const char *name, const tally_type *arguments, size_t count, tally_type *out, tally_error *error) {
  const tl_function *function = NULL;
  TL_TRY(tl_function_find(name, &function, error));
  return tl_function_check(function, arguments, count, out, error);
}
