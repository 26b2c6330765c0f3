/* lua/column: columns in Lua: made from arrays, read value by value or many at once. The idea: a column crosses the border as a
 * whole array with holes and its length; rows count from 1. Nothing is computed here. */
#include "lua/argument.h"
#include "lua/module.h"
#include "lua/value.h"

/* Longer arrays are not made in Lua; rows come from files. */
#define ROWS_MOST INT64_C(2147483646)

/* ---- Making ---- */

/* Adds a missing value with the reason at the top of the stack, a text or nil. [-1, +0] */
static void append_missing(lua_State *L, tally_builder *builder, lua_Integer row) {
  tally_error error = {0};
  tally_text reason = {"", 0};
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TSTRING) {
      luaL_argerror(L, 4, lua_pushfstring(L, "reason %d: text expected, got %s", (int)row, luaL_typename(L, -1)));
    }
    reason.bytes = lua_tolstring(L, -1, &reason.size);
  }
  tl_try(L, tally_builder_append_missing(builder, reason, &error), &error);
  lua_pop(L, 1);
}

/* Adds the value at the top of the stack. [-1, +0] */
static void append_value(lua_State *L, tally_builder *builder, tally_type type, lua_Integer row) {
  tally_error error = {0};
  tally_value value;
  if (!tl_to_value(L, -1, type, &value)) {
    const char *found =
        lua_type(L, -1) == LUA_TNUMBER || lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : luaL_typename(L, -1);
    tl_raise_text(L, TALLY_ETYPE, "value %d, '%s', is not %s", (int)row, found, tl_type_expected(type));
  }
  tl_try(L, tally_builder_append(builder, value, &error), &error);
  lua_pop(L, 1);
}

static tl_box *new_builder(lua_State *L, tally_type type) {
  tally_error error = {0};
  tl_box *box = tl_box_new(L, TL_BOX_BUILDER);
  tl_try(L, tally_builder_new(type, &box->builder, &error), &error);
  return box;
}

/* The column weighs what was added since the builder was made. */
static int finish_builder(lua_State *L, tl_box *box) {
  tally_error error = {0};
  tl_box *out = tl_box_new(L, TL_BOX_COLUMN);
  out->used_before = box->used_before;
  return tl_box_filled(L, tally_builder_finish(box->builder, &out->column, &error), &error);
}

/* The length of a list of values: its field n, or else what # says. */
static int64_t length_of(lua_State *L, int index) {
  int64_t length;
  lua_pushliteral(L, "n");
  lua_rawget(L, index);
  if (!tl_whole(L, -1, &length) || length < 0) length = (int64_t)lua_rawlen(L, index);
  lua_pop(L, 1);
  return length;
}

/* core.column(type, values [, n [, reasons]]) -> column; values an array with holes, n its length, reasons the symbols of the holes
 */
static int core_column(lua_State *L) {
  tally_type type = tl_check_type(L, 1, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  int64_t length = tl_optional_whole(L, 3, 0, ROWS_MOST, length_of(L, 2));
  luaL_argcheck(L, length <= ROWS_MOST, 2, "the list is too long");
  bool has_reasons = !lua_isnoneornil(L, 4);
  if (has_reasons) luaL_checktype(L, 4, LUA_TTABLE);
  lua_settop(L, 4);
  tl_box *box = new_builder(L, type);
  for (lua_Integer row = 1; row <= (lua_Integer)length; row++) {
    lua_rawgeti(L, 2, (int)row);
    if (lua_isnil(L, -1) && has_reasons) {
      lua_pop(L, 1);
      lua_rawgeti(L, 4, (int)row);
      append_missing(L, box->builder, row);
    } else {
      append_value(L, box->builder, type, row);
    }
  }
  return finish_builder(L, box);
}

/* core.constant(type, value, n) -> column of n rows of one value */
static int core_constant(lua_State *L) {
  tally_error error = {0};
  tally_value value;
  tally_type type = tl_check_type(L, 1, 1);
  luaL_checkany(L, 2);
  if (!tl_to_value(L, 2, type, &value)) luaL_argerror(L, 2, lua_pushfstring(L, "%s expected", tl_type_expected(type)));
  int64_t count = tl_check_whole(L, 3, 0, INT64_MAX);
  tl_box *box = new_builder(L, type);
  for (int64_t i = 0; i < count; i++) tl_try(L, tally_builder_append(box->builder, value, &error), &error);
  return finish_builder(L, box);
}

/* ---- Asking ---- */

/* column:type() -> "integer" */
static int column_type(lua_State *L) {
  lua_pushstring(L, tally_type_name(tally_column_type(tl_open_column(L, 1))));
  return 1;
}

/* column:length(), #column -> rows */
int tl_column_length(lua_State *L) {
  tl_push_integer(L, tally_column_length(tl_open_column(L, 1)));
  return 1;
}

/* column:missing() -> number of missing values */
static int column_missing(lua_State *L) {
  tl_push_integer(L, tally_column_missing(tl_open_column(L, 1)));
  return 1;
}

/* column:bytes() -> bytes of memory behind it */
static int column_bytes(lua_State *L) {
  tl_push_integer(L, (int64_t)tally_column_bytes(tl_open_column(L, 1)));
  return 1;
}

/* column:has_levels() -> boolean */
static int column_has_levels(lua_State *L) {
  lua_pushboolean(L, tally_column_has_levels(tl_open_column(L, 1)));
  return 1;
}

/* Pushes the reason, or nothing when there is none. [-0, +(0|1)] */
static int push_reason(lua_State *L, const tally_column *column, int64_t row) {
  tally_text reason = tally_column_reason(column, row);
  if (reason.size == 0) return 0;
  lua_pushlstring(L, reason.bytes, reason.size);
  return 1;
}

/* column:value(i) -> value, or nil and the reason when there is one; nil outside the column */
static int column_value(lua_State *L) {
  int64_t row = tl_check_whole(L, 2, INT64_MIN + 1, INT64_MAX) - 1;
  const tally_column *column = tl_open_column(L, 1);
  tally_value value = tally_column_value(column, row);
  tl_push_value(L, value);
  return value.type == TALLY_MISSING ? 1 + push_reason(L, column, row) : 1;
}

/* column:reason(i) -> the symbol for which the value is missing, or nil */
static int column_reason(lua_State *L) {
  int64_t row = tl_check_whole(L, 2, INT64_MIN + 1, INT64_MAX) - 1;
  return push_reason(L, tl_open_column(L, 1), row);
}

/* Pushes an array of the values of rows first .. first+count-1, with its length in n. The column is held by the caller. */
static int push_values(lua_State *L, const tally_column *column, int64_t first, int64_t count) {
  if (count > ROWS_MOST) return luaL_error(L, "too many rows for one array");
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  lua_createtable(L, (int)count, 1);
  tl_push_integer(L, count);
  lua_setfield(L, -2, "n");
  for (int64_t i = 0; i < count; i++) {
    tl_push_value(L, tally_column_value(column, first + i));
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

/* column:values([first [, last]]) -> array of the values of these rows, with its length in n */
static int column_values(lua_State *L) {
  lua_settop(L, 3);
  const tally_column *column = tl_hold_column(L, 1);
  int64_t length = tally_column_length(column);
  int64_t first = tl_optional_whole(L, 2, 1, length + 1, 1);
  int64_t last = tl_optional_whole(L, 3, first - 1, length, length);
  return push_values(L, column, first - 1, last - first + 1);
}

/* column:dictionary() -> array of the distinct texts, or nil when the column is not held as codes */
static int column_dictionary(lua_State *L) {
  lua_settop(L, 1);
  const tally_column *dictionary = tally_column_dictionary(tl_hold_column(L, 1));
  return dictionary ? push_values(L, dictionary, 0, tally_column_length(dictionary)) : 0;
}

/* ---- New columns ---- */

/* column:slice(first, count) -> column, without copying */
static int column_slice(lua_State *L) {
  tally_error error = {0};
  int64_t first = tl_check_whole(L, 2, 1, INT64_MAX), count = tl_check_whole(L, 3, 0, INT64_MAX);
  tl_box *out = tl_box_new(L, TL_BOX_COLUMN);
  return tl_box_filled(L, tally_column_slice(tl_open_column(L, 1), first - 1, count, &out->column, &error), &error);
}

/* column:with_levels({texts}) -> column whose groups and sorts go in this order */
static int column_with_levels(lua_State *L) {
  tally_error error = {0};
  tl_texts levels = tl_check_texts(L, 2, 2, "levels");
  tl_box *out = tl_box_new(L, TL_BOX_COLUMN);
  tally_column *column = tl_open_column(L, 1);
  return tl_box_filled(L, tally_column_with_levels(column, levels.items, levels.count, &out->column, &error), &error);
}

/* column:holds(words, beginnings) -> whether a value, trimmed and in any case, is one of `words` or begins with one of `beginnings`
 */
static int column_holds(lua_State *L) {
  tally_error error = {0};
  bool found;
  lua_settop(L, 3);
  tl_names whole = tl_check_names(L, 2, 2, "word"), beginnings = tl_check_names(L, 3, 3, "beginning");
  tally_words words = {whole.items, whole.count, beginnings.items, beginnings.count};
  tl_try(L, tally_column_holds(tl_open_column(L, 1), &words, &found, &error), &error);
  lua_pushboolean(L, found);
  return 1;
}

const luaL_Reg tl_column_functions[] = {
    {"column", core_column},
    {"constant", core_constant},
    {NULL, NULL},
};

const luaL_Reg tl_column_methods[] = {
    {"type", column_type},
    {"length", tl_column_length},
    {"missing", column_missing},
    {"value", column_value},
    {"values", column_values},
    {"reason", column_reason},
    {"has_levels", column_has_levels},
    {"dictionary", column_dictionary},
    {"holds", column_holds},
    {"slice", column_slice},
    {"with_levels", column_with_levels},
    {"bytes", column_bytes},
    {NULL, NULL},
};
