/* Functions of one number: neg abs floor ceil sqrt exp log log10, and round.
 *
 * The idea: a figure is rounded as a reader would round the decimals he sees, half away from zero: 2.675 to two digits is 2.68,
 * although the double nearest to 2.675 lies a little below it. What has no real answer (sqrt(-1), log(0), exp(1000)) is missing. */
#include <math.h>

#include "ops/function_operand.h"

/* ---- integers ---- */

static tally_status integer_math(const tl_call *call, tl_parts *parts, tally_error *error) {
  const tl_operand *operand = &call->arguments[0];
  const int64_t *from = tl_integers(operand->column);
  int64_t *to = parts->values->bytes;
  int variant = call->function->variant;
  bool turns = variant == TL_NEGATE || variant == TL_ABSOLUTE, overflow = false;
  for (int64_t i = 0; i < parts->length; i++) {
    bool turn = turns && (variant == TL_NEGATE || from[i] < 0);
    overflow |= __builtin_sub_overflow((int64_t)0, from[i], &to[i]) && turn;
    if (!turn) to[i] = from[i];
  }
  if (overflow) return tl_fail(error, TALLY_ERANGE, "integer overflow in '%s'", tl_function_shown(call->function));
  return TALLY_OK;
}

/* ---- numbers ---- */

static double number_negate(double x) {
  return -x;
}

static double (*const number_functions[])(double) = {
    [TL_NEGATE] = number_negate, [TL_ABSOLUTE] = fabs, [TL_FLOOR] = floor,        [TL_CEILING] = ceil, [TL_ROOT] = sqrt,
    [TL_EXPONENTIAL] = exp,      [TL_LOGARITHM] = log, [TL_LOGARITHM_10] = log10,
};

static tally_status number_math(const tl_call *call, tl_parts *parts, tally_error *error) {
  tl_number_rows x;
  TL_TRY(tl_operand_numbers(&call->arguments[0], &x, error));
  double (*function)(double) = number_functions[call->function->variant];
  double *to = parts->values->bytes;
  for (int64_t i = 0; i < parts->length; i++) {
    double value = x.at[i * x.step];
    to[i] = function(value);
    if (isfinite(value) && !isfinite(to[i])) tl_bit_clear(parts->validity->bytes, i);
  }
  tl_mem_free(x.made);
  return TALLY_OK;
}

tally_status tl_evaluate_math(const tl_call *call, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  tally_status status = call->type == TALLY_INTEGER ? integer_math(call, &parts, error) : number_math(call, &parts, error);
  if (status == TALLY_OK) return tl_result_finish(&parts, out, error);
  tl_parts_drop(&parts);
  return status;
}

/* ---- rounding ---- */

enum { DIGITS_MOST = 15 };

static const double powers_of_ten[DIGITS_MOST + 1] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* A double stands for the decimals that read back as it. `below` and `above` are the multiples of 1/scale around x, each correctly
 * rounded, since both parts of the quotient are exact. When one of them is x, x has no more digits than asked for. When the double
 * of the decimal half way between is x, x stands for a tie, and goes up. Else x itself lies on one side of it. So no text has to be
 * made, and the answer is that of the shortest decimal wherever it is the only one of its length, up to 15 digits in all.
 * From 2^53 multiples on, neighbouring doubles are a multiple or more apart, and x stays as it is. */
static double round_positive(double x, double scale) {
  double steps = floor(x * scale);
  if (!(x * scale < 0x1p53)) return x;
  double below = steps / scale, above = (steps + 1) / scale;
  if (x == below || x == above) return x;
  double middle = (2 * steps + 1) / (2 * scale);
  bool up = x == middle || fma(x, scale, -steps) >= 0.5;
  return up ? above : below;
}

/* Zero has no sign: round(-0.2, 0) is 0. */
static double round_number(double x, int64_t digits) {
  double rounded = round_positive(fabs(x), powers_of_ten[digits]);
  return x < 0 && rounded != 0 ? -rounded : rounded;
}

static tally_status check_digits(const tl_integer_rows *digits, const tl_parts *parts, tally_error *error) {
  for (int64_t i = 0; i < parts->length; i++) {
    int64_t wanted = digits->at[i * digits->step];
    if ((wanted < 0 || wanted > DIGITS_MOST) && tl_bit(parts->validity->bytes, i))
      return tl_fail(error, TALLY_ERANGE, "'round' takes 0 to %d digits, not %lld", DIGITS_MOST, (long long)wanted);
  }
  return TALLY_OK;
}

static tally_status round_rows(const tl_call *call, const tl_integer_rows *digits, tl_parts *parts, tally_error *error) {
  TL_TRY(check_digits(digits, parts, error));
  const tl_operand *operand = &call->arguments[0];
  int64_t step = operand->constant ? 0 : 1;
  for (int64_t i = 0; i < parts->length; i++) {
    if (!tl_bit(parts->validity->bytes, i)) continue;
    if (call->type == TALLY_INTEGER)
      ((int64_t *)parts->values->bytes)[i] = tl_integers(operand->column)[i * step];
    else
      ((double *)parts->values->bytes)[i] = round_number(tl_numbers(operand->column)[i * step], digits->at[i * digits->step]);
  }
  return TALLY_OK;
}

tally_status tl_evaluate_round(const tl_call *call, tally_column **out, tally_error *error) {
  static const int64_t none = 0;
  tl_integer_rows digits = {.at = &none};
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  tally_status status = call->count == 2 ? tl_operand_integers(&call->arguments[1], &digits, error) : TALLY_OK;
  if (status == TALLY_OK) status = round_rows(call, &digits, &parts, error);
  tl_mem_free(digits.made);
  if (status == TALLY_OK) return tl_result_finish(&parts, out, error);
  tl_parts_drop(&parts);
  return status;
}
