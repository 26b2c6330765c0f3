/* Arithmetic of two arguments: + - * // % / ^ percent share, and the row-wise min and max of several.
 *
 * The idea: integers stay exact and never wrap: a result past 64 bits is an error. What has no answer (a division by zero, of
 * integers or of numbers; a power outside the real numbers) is missing, never an infinity that would spoil a sum further on.
 * `//` and `%` go by the floor, as in Lua. Sums and products of numbers follow IEEE 754. Dates are days: they differ by integers.
 */
#include <math.h>

#include "ops/function_operand.h"

static tally_status overflow(const tl_call *call, tally_error *error) {
  return tl_fail(error, TALLY_ERANGE, "integer overflow in '%s'", tl_function_shown(call->function));
}

/* ---- integers ---- */

/* One answer of an integer kernel: false when it does not fit. *known is cleared when there is none. */
typedef bool (*integer_kernel)(int64_t a, int64_t b, int64_t *out, bool *known);

static inline bool integer_add(int64_t a, int64_t b, int64_t *out, bool *known) {
  (void)known;
  return !__builtin_add_overflow(a, b, out);
}

static inline bool integer_subtract(int64_t a, int64_t b, int64_t *out, bool *known) {
  (void)known;
  return !__builtin_sub_overflow(a, b, out);
}

static inline bool integer_multiply(int64_t a, int64_t b, int64_t *out, bool *known) {
  (void)known;
  return !__builtin_mul_overflow(a, b, out);
}

static inline bool integer_floor_divide(int64_t a, int64_t b, int64_t *out, bool *known) {
  *known = b != 0;
  if (b == 0) return true;
  if (b == -1) return !__builtin_sub_overflow((int64_t)0, a, out);
  *out = a / b - (a % b != 0 && (a < 0) != (b < 0));
  return true;
}

static inline bool integer_modulo(int64_t a, int64_t b, int64_t *out, bool *known) {
  *known = b != 0;
  if (b == 0 || b == -1) return true;
  int64_t rest = a % b;
  *out = rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  return true;
}

/* Compiled once for each kernel, which is a constant where this is called. */
static inline __attribute__((always_inline)) bool integer_loop(const tl_integer_rows *a, const tl_integer_rows *b, tl_parts *parts,
                                                               integer_kernel kernel) {
  int64_t *to = parts->values->bytes;
  bool fits = true;
  for (int64_t i = 0; i < parts->length; i++) {
    bool known = true;
    fits &= kernel(a->at[i * a->step], b->at[i * b->step], &to[i], &known);
    if (!known) tl_bit_clear(parts->validity->bytes, i);
  }
  return fits;
}

static bool run_integers(int variant, const tl_integer_rows *a, const tl_integer_rows *b, tl_parts *parts) {
  switch (variant) {
    case TL_ADD:
      return integer_loop(a, b, parts, integer_add);
    case TL_SUBTRACT:
      return integer_loop(a, b, parts, integer_subtract);
    case TL_MULTIPLY:
      return integer_loop(a, b, parts, integer_multiply);
    case TL_FLOOR_DIVIDE:
      return integer_loop(a, b, parts, integer_floor_divide);
    default:
      return integer_loop(a, b, parts, integer_modulo);
  }
}

static tally_status evaluate_integers(const tl_call *call, tl_parts *parts, tally_error *error) {
  tl_integer_rows a, b = {0};
  tally_status status = tl_operand_integers(&call->arguments[0], &a, error);
  if (status == TALLY_OK) status = tl_operand_integers(&call->arguments[1], &b, error);
  if (status == TALLY_OK && !run_integers(call->function->variant, &a, &b, parts)) status = overflow(call, error);
  tl_mem_free(a.made);
  tl_mem_free(b.made);
  return status;
}

/* Days were added as integers; they become dates again. */
static tally_status narrow_to_dates(const tl_call *call, tl_parts *parts, tally_error *error) {
  tl_buffer *dates = tl_buffer_new((size_t)parts->length * sizeof(int32_t));
  if (!dates) return tl_no_memory(error);
  const int64_t *days = parts->values->bytes;
  bool fits = true;
  for (int64_t i = 0; i < parts->length; i++) {
    int32_t date = (int32_t)days[i];
    fits &= date == days[i] || !tl_bit(parts->validity->bytes, i);
    ((int32_t *)dates->bytes)[i] = date;
  }
  tl_buffer_release(parts->values);
  parts->values = dates;
  parts->type = TALLY_DATE;
  return fits ? TALLY_OK : tl_fail(error, TALLY_ERANGE, "date out of range in '%s'", tl_function_shown(call->function));
}

/* ---- numbers ---- */

typedef double (*number_kernel)(double a, double b, bool *known);

static inline double number_add(double a, double b, bool *known) {
  (void)known;
  return a + b;
}

static inline double number_subtract(double a, double b, bool *known) {
  (void)known;
  return a - b;
}

static inline double number_multiply(double a, double b, bool *known) {
  (void)known;
  return a * b;
}

static inline double number_divide(double a, double b, bool *known) {
  *known = b != 0;
  return a / (*known ? b : 1);
}

static inline double number_percent(double a, double b, bool *known) {
  return number_divide(100 * a, b, known);
}

static inline double number_floor_divide(double a, double b, bool *known) {
  return floor(number_divide(a, b, known));
}

static inline double number_modulo(double a, double b, bool *known) {
  *known = b != 0;
  if (b == 0) return 0;
  double rest = fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest; /* a product of the two could vanish */
}

static inline double number_power(double a, double b, bool *known) {
  double power = pow(a, b);
  *known = isfinite(power) || !isfinite(a) || !isfinite(b);
  return power;
}

static inline __attribute__((always_inline)) void number_loop(const tl_number_rows *a, const tl_number_rows *b, tl_parts *parts,
                                                              number_kernel kernel) {
  double *to = parts->values->bytes;
  for (int64_t i = 0; i < parts->length; i++) {
    bool known = true;
    to[i] = kernel(a->at[i * a->step], b->at[i * b->step], &known);
    if (!known) tl_bit_clear(parts->validity->bytes, i);
  }
}

static void run_numbers(int variant, const tl_number_rows *a, const tl_number_rows *b, tl_parts *parts) {
  switch (variant) {
    case TL_ADD:
      return number_loop(a, b, parts, number_add);
    case TL_SUBTRACT:
      return number_loop(a, b, parts, number_subtract);
    case TL_MULTIPLY:
      return number_loop(a, b, parts, number_multiply);
    case TL_FLOOR_DIVIDE:
      return number_loop(a, b, parts, number_floor_divide);
    case TL_MODULO:
      return number_loop(a, b, parts, number_modulo);
    case TL_POWER:
      return number_loop(a, b, parts, number_power);
    case TL_PERCENT:
      return number_loop(a, b, parts, number_percent);
    default:
      return number_loop(a, b, parts, number_divide);
  }
}

static tally_status evaluate_numbers(const tl_call *call, tl_parts *parts, tally_error *error) {
  tl_number_rows a, b = {0};
  tally_status status = tl_operand_numbers(&call->arguments[0], &a, error);
  if (status == TALLY_OK) status = tl_operand_numbers(&call->arguments[1], &b, error);
  if (status == TALLY_OK) run_numbers(call->function->variant, &a, &b, parts);
  tl_mem_free(a.made);
  tl_mem_free(b.made);
  return status;
}

tally_status tl_evaluate_arithmetic(const tl_call *call, tally_column **out, tally_error *error) {
  tl_call days = *call;
  if (call->type == TALLY_DATE) days.type = TALLY_INTEGER;
  tl_parts parts;
  TL_TRY(tl_result_new(&days, &parts, error));
  tally_status status = call->type == TALLY_NUMBER ? evaluate_numbers(call, &parts, error) : evaluate_integers(call, &parts, error);
  if (status == TALLY_OK && call->type == TALLY_DATE) status = narrow_to_dates(call, &parts, error);
  if (status == TALLY_OK) return tl_result_finish(&parts, out, error);
  tl_parts_drop(&parts);
  return status;
}

/* ---- the least and the greatest of several; NaN comes after every number ---- */

static void keep_integer(const tl_integer_rows *rows, bool greatest, bool first, tl_parts *parts) {
  int64_t *to = parts->values->bytes;
  for (int64_t i = 0; i < parts->length; i++) {
    int64_t value = rows->at[i * rows->step];
    if (first || (greatest ? value > to[i] : value < to[i])) to[i] = value;
  }
}

static inline bool number_before(double a, double b) {
  return a < b || (isnan(b) && !isnan(a));
}

static void keep_number(const tl_number_rows *rows, bool greatest, bool first, tl_parts *parts) {
  double *to = parts->values->bytes;
  for (int64_t i = 0; i < parts->length; i++) {
    double value = rows->at[i * rows->step];
    if (first || (greatest ? number_before(to[i], value) : number_before(value, to[i]))) to[i] = value;
  }
}

static tally_status keep_argument(const tl_call *call, size_t index, tl_parts *parts, tally_error *error) {
  bool greatest = call->function->variant == TL_MAX, first = index == 0;
  if (call->type == TALLY_NUMBER) {
    tl_number_rows rows;
    TL_TRY(tl_operand_numbers(&call->arguments[index], &rows, error));
    keep_number(&rows, greatest, first, parts);
    tl_mem_free(rows.made);
  } else {
    tl_integer_rows rows;
    TL_TRY(tl_operand_integers(&call->arguments[index], &rows, error));
    keep_integer(&rows, greatest, first, parts);
    tl_mem_free(rows.made);
  }
  return TALLY_OK;
}

tally_status tl_evaluate_extreme(const tl_call *call, tally_column **out, tally_error *error) {
  tl_call days = *call;
  if (call->type == TALLY_DATE) days.type = TALLY_INTEGER;
  tl_parts parts;
  TL_TRY(tl_result_new(&days, &parts, error));
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < call->count && status == TALLY_OK; i++) status = keep_argument(call, i, &parts, error);
  if (status == TALLY_OK && call->type == TALLY_DATE) status = narrow_to_dates(call, &parts, error);
  if (status == TALLY_OK) return tl_result_finish(&parts, out, error);
  tl_parts_drop(&parts);
  return status;
}
