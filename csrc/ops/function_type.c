/* Type rules: the type that a function gives, where a fixed type in the register is not enough.
 *
 * The idea: types never change in silence but for one step, integer to number. Whatever else does not go together is refused with
 * the names of the types. The literal nil, of type missing, goes with everything. This room computes no values. */
#include "ops/function.h"

static bool numeric(tally_type type) {
  return type == TALLY_INTEGER || type == TALLY_NUMBER;
}

/* Writes "text", "text and integer", "text, integer and date", cut at the end of `list`. */
static void list_types(const tally_type *types, size_t count, char *list, size_t size) {
  size_t used = 0;
  list[0] = 0;
  for (size_t i = 0; i < count; i++) {
    const char *joint = i == 0 ? "" : i + 1 == count ? " and " : ", ";
    const char *name = tally_type_name(types[i]);
    if (used + strlen(joint) + strlen(name) + 1 > size) return;
    memcpy(list + used, joint, strlen(joint));
    used += strlen(joint);
    memcpy(list + used, name, strlen(name) + 1);
    used += strlen(name);
  }
}

tally_status tl_type_refuse(const tl_function *function, const tally_type *arguments, size_t count, tally_error *error) {
  char list[120];
  list_types(arguments, count, list, sizeof list);
  return tl_fail(error, TALLY_ETYPE, "no '%s' for %s", tl_function_shown(function), list);
}

/* The type that holds the values of both; false when there is none. */
static bool unite(tally_type a, tally_type b, tally_type *out) {
  bool mixed = numeric(a) && numeric(b);
  *out = a == TALLY_MISSING ? b : a != b && mixed ? TALLY_NUMBER : a;
  return a == b || mixed || a == TALLY_MISSING || b == TALLY_MISSING;
}

tally_status tl_type_common(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                            tally_error *error) {
  tally_type type = TALLY_MISSING;
  for (size_t i = 0; i < count; i++)
    if (!unite(type, arguments[i], &type)) return tl_type_refuse(function, arguments, count, error);
  *out = type;
  return TALLY_OK;
}

/* The arguments from number `variant` on are those that are chosen from. */
tally_status tl_type_chosen(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                            tally_error *error) {
  tally_type type = TALLY_MISSING;
  for (size_t i = (size_t)function->variant; i < count; i++)
    if (!unite(type, arguments[i], &type)) return tl_type_refuse(function, arguments, count, error);
  *out = type;
  return TALLY_OK;
}

/* Dates have a difference in days, and can be moved by days; they have no sum. */
tally_status tl_type_arithmetic(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                                tally_error *error) {
  tally_type a = arguments[0], b = arguments[1];
  bool minus = function->variant == TL_SUBTRACT;
  if (a != TALLY_DATE && b != TALLY_DATE) return tl_type_common(function, arguments, count, out, error);
  *out = TALLY_MISSING;
  if (a == TALLY_MISSING || b == TALLY_MISSING) return TALLY_OK;
  bool moved = a == TALLY_DATE ? b == TALLY_INTEGER : !minus && a == TALLY_INTEGER;
  if (!moved && !(minus && a == b)) return tl_type_refuse(function, arguments, count, error);
  *out = a == b ? TALLY_INTEGER : TALLY_DATE;
  return TALLY_OK;
}

tally_status tl_type_first(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                           tally_error *error) {
  (void)function, (void)count, (void)error;
  *out = arguments[0];
  return TALLY_OK;
}

tally_status tl_type_comparison(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                                tally_error *error) {
  (void)function, (void)count;
  tally_type both;
  *out = TALLY_BOOLEAN;
  if (unite(arguments[0], arguments[1], &both)) return TALLY_OK;
  return tl_fail(error, TALLY_ETYPE, "cannot compare %s with %s", tally_type_name(arguments[0]), tally_type_name(arguments[1]));
}

tally_status tl_type_membership(const tl_function *function, const tally_type *arguments, size_t count, tally_type *out,
                                tally_error *error) {
  for (size_t i = 1; i < count; i++) {
    if (arguments[i] == TALLY_MISSING)
      return tl_fail(error, TALLY_ETYPE, "nothing is equal to nil, so it cannot be a member for 'in'; use is_missing(x)");
    tally_type pair[] = {arguments[0], arguments[i]};
    TL_TRY(tl_type_comparison(function, pair, 2, out, error));
  }
  *out = TALLY_BOOLEAN;
  return TALLY_OK;
}
