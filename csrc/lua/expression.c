/* lua/expression: a formula arrives as nested Lua tables and becomes a tally_expression.
 *
 *   {"column", name}
 *   {"value", v}  {"value", v, type}  {"missing"}
 *   {"call", function, argument, ...}
 *
 * The idea: each level first puts a box for its arguments on the stack and builds them into it, so a fault anywhere below loses
 * nothing; the engine's call then takes them all. Names and types are not looked at here: the engine does that. */
#include "lua/expression.h"

#include <string.h>

#include "lua/value.h"

/* Deeper tables are refused before they are walked, cycles among them; the engine's own limit is lower. */
enum { DEPTH_MOST = 1000 };

#define EXPRESSIONS_NAME "tally.core.expressions"

/* ---- The box ---- */

static int release_expressions(lua_State *L) {
  tl_expressions *expressions = lua_touserdata(L, 1);
  for (size_t i = 0; i < expressions->count; i++) tally_expression_release(expressions->items[i]);
  expressions->count = 0;
  return 0;
}

void tl_expressions_register(lua_State *L) {
  luaL_newmetatable(L, EXPRESSIONS_NAME);
  lua_pushcfunction(L, release_expressions);
  lua_setfield(L, -2, "__gc");
  lua_pushliteral(L, "tally.core");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

tl_expressions *tl_expressions_new(lua_State *L, size_t count) {
  luaL_checkstack(L, 4, NULL);
  size_t size = sizeof(tl_expressions) + count * sizeof(tally_expression *);
  tl_expressions *expressions = lua_newuserdatauv(L, size, 0);
  memset(expressions, 0, size);
  expressions->count = count;
  luaL_setmetatable(L, EXPRESSIONS_NAME);
  return expressions;
}

/* ---- Building ---- */

static int fail_expression(lua_State *L, int blame, const char *message) {
  return luaL_argerror(L, blame, lua_pushfstring(L, "expression: %s", message));
}

static void build(lua_State *L, int index, int blame, int depth, tally_expression **slot);

/* {"column", name} */
static void build_column(lua_State *L, int index, int blame, tally_expression **slot) {
  tally_error error = {0};
  lua_rawgeti(L, index, 2);
  const char *name = tl_check_name(L, -1, blame, "name of a column");
  tl_try(L, tally_expression_column(name, slot, &error), &error);
  lua_pop(L, 1);
}

/* {"value", v}, {"value", v, type}: without a type, the one that v has in Lua */
static void build_value(lua_State *L, int index, int blame, tally_expression **slot) {
  tally_error error = {0};
  tally_type type;
  tally_value value;
  lua_rawgeti(L, index, 2);
  lua_rawgeti(L, index, 3);
  if (!lua_isnil(L, -1)) {
    type = tl_check_type(L, -1, blame);
  } else if (!tl_own_type(L, -2, &type)) {
    fail_expression(L, blame, lua_pushfstring(L, "a value cannot be a %s", luaL_typename(L, -2)));
  }
  if (!tl_to_value(L, -2, type, &value)) {
    fail_expression(L, blame, lua_pushfstring(L, "the value is not %s", tl_type_expected(type)));
  }
  tl_try(L, tally_expression_value(value, slot, &error), &error);
  lua_pop(L, 2);
}

/* {"call", function, argument, ...} */
static void build_call(lua_State *L, int index, int blame, int depth, tally_expression **slot) {
  tally_error error = {0};
  size_t length = lua_rawlen(L, index), count = length > 2 ? length - 2 : 0;
  if (count >= INT_MAX - 2) fail_expression(L, blame, "a call has too many arguments");
  lua_rawgeti(L, index, 2);
  const char *function = tl_check_name(L, -1, blame, "name of a function");
  tl_expressions *arguments = tl_expressions_new(L, count);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, index, (int)i + 3);
    build(L, lua_gettop(L), blame, depth + 1, &arguments->items[i]);
    lua_pop(L, 1);
  }
  arguments->count = 0; /* the call takes them, even when it fails */
  tl_try(L, tally_expression_call(function, arguments->items, count, slot, &error), &error);
  lua_pop(L, 2);
}

static void build(lua_State *L, int index, int blame, int depth, tally_expression **slot) {
  tally_error error = {0};
  if (!lua_istable(L, index)) {
    fail_expression(L, blame, lua_pushfstring(L, "table expected, got %s", luaL_typename(L, index)));
  }
  if (depth > DEPTH_MOST) fail_expression(L, blame, "nested too deeply");
  luaL_checkstack(L, LUA_MINSTACK, "an expression is nested too deeply");
  lua_rawgeti(L, index, 1);
  const char *kind = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  if (strcmp(kind, "column") == 0) {
    build_column(L, index, blame, slot);
  } else if (strcmp(kind, "value") == 0) {
    build_value(L, index, blame, slot);
  } else if (strcmp(kind, "missing") == 0) {
    tl_try(L, tally_expression_value((tally_value){.type = TALLY_MISSING}, slot, &error), &error);
  } else if (strcmp(kind, "call") == 0) {
    build_call(L, index, blame, depth, slot);
  } else {
    fail_expression(L, blame, "the first item must be 'column', 'value', 'missing' or 'call'");
  }
  lua_pop(L, 1);
}

void tl_build_expression(lua_State *L, int index, int blame, tally_expression **slot) {
  build(L, index, blame, 1, slot);
}

const tally_expression *tl_check_expression(lua_State *L, int argument) {
  tl_expressions *expressions = tl_expressions_new(L, 1);
  tl_build_expression(L, argument, argument, &expressions->items[0]);
  return expressions->items[0];
}

/* ---- The register of functions and aggregates ---- */

/* core.function_type(name, {types}) -> type */
static int core_function_type(lua_State *L) {
  tally_error error = {0};
  tally_type result;
  const char *name = tl_check_name(L, 1, 1, "name of a function");
  size_t count = tl_check_list(L, 2, 2, "types");
  tally_type *types = tl_scratch(L, count, sizeof *types);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 2, (int)i + 1);
    types[i] = tl_check_type(L, -1, 2);
    lua_pop(L, 1);
  }
  tl_try(L, tally_function_type(name, types, count, &result, &error), &error);
  lua_pushstring(L, tally_type_name(result));
  return 1;
}

/* core.aggregate_type(name, type) -> type; without a type, of the aggregate that has no argument */
static int core_aggregate_type(lua_State *L) {
  tally_error error = {0};
  tally_type result, argument = TALLY_MISSING;
  const char *name = tl_check_name(L, 1, 1, "name of an aggregate");
  if (!lua_isnoneornil(L, 2)) argument = tl_check_type(L, 2, 2);
  tl_try(L, tally_aggregate_type(name, argument, &result, &error), &error);
  lua_pushstring(L, tally_type_name(result));
  return 1;
}

static int push_register(lua_State *L, const char *(*name_at)(size_t index)) {
  const char *name;
  lua_newtable(L);
  for (int i = 0; (name = name_at((size_t)i)) != NULL; i++) {
    lua_pushstring(L, name);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* core.functions() -> array of names */
static int core_functions(lua_State *L) {
  return push_register(L, tally_function_name);
}

/* core.aggregates() -> array of names */
static int core_aggregates(lua_State *L) {
  return push_register(L, tally_aggregate_name);
}

const luaL_Reg tl_expression_functions[] = {
    {"function_type", core_function_type},
    {"aggregate_type", core_aggregate_type},
    {"functions", core_functions},
    {"aggregates", core_aggregates},
    {NULL, NULL},
};
