/* lua/operations: what computes on whole tables, one engine call each: filter, evaluate, sort, distinct, join, append, pivot,
 * unpivot, window. The idea: the same three acts in each function: check the arguments, put an empty box on the stack, call the
 * engine. Steps and aggregates, which are a program, are in the room program. */
#include "lua/argument.h"
#include "lua/expression.h"
#include "lua/interrupt.h"
#include "lua/module.h"

/* table:filter(expression) -> table of the rows for which it is true */
static int table_filter(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 2);
  const tally_expression *keep = tl_check_expression(L, 2);
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  return tl_box_filled(L, TL_INTERRUPTIBLE(tally_table_filter(tl_open_table(L, 1), keep, &out->table, &error)), &error);
}

/* table:evaluate(expression) -> column */
static int table_evaluate(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 2);
  const tally_expression *expression = tl_check_expression(L, 2);
  tl_box *out = tl_box_new(L, TL_BOX_COLUMN);
  return tl_box_filled(L, TL_INTERRUPTIBLE(tally_evaluate(tl_open_table(L, 1), expression, &out->column, &error)), &error);
}

/* table:expression_type(expression) -> type */
static int table_expression_type(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 2);
  tally_type type;
  const tally_expression *expression = tl_check_expression(L, 2);
  tl_try(L, tally_expression_type(expression, tl_open_table(L, 1), &type, &error), &error);
  lua_pushstring(L, tally_type_name(type));
  return 1;
}

/* { column, descending } at the top of the stack; the table `anchors` keeps the name. [-1, +0] */
static tally_sort_key pop_sort_key(lua_State *L, int anchors, size_t number) {
  if (!lua_istable(L, -1)) luaL_argerror(L, 2, lua_pushfstring(L, "keys[%d]: { column, descending } expected", (int)number));
  lua_rawgeti(L, -1, 2);
  tally_sort_key key = {.descending = lua_toboolean(L, -1)};
  lua_rawgeti(L, -2, 1);
  key.column = tl_check_name(L, -1, 2, "column of a key");
  lua_rawseti(L, anchors, (int)number);
  lua_pop(L, 2);
  return key;
}

/* table:sort({ {column, descending}, ... }) -> table */
static int table_sort(lua_State *L) {
  tally_error error = {0};
  size_t count = tl_check_list(L, 2, 2, "keys");
  tally_sort_key *keys = tl_scratch(L, count, sizeof *keys);
  lua_createtable(L, (int)count, 0);
  int anchors = lua_gettop(L);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 2, (int)i + 1);
    keys[i] = pop_sort_key(L, anchors, i + 1);
  }
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  return tl_box_filled(L, TL_INTERRUPTIBLE(tally_table_sort(tl_open_table(L, 1), keys, count, &out->table, &error)), &error);
}

/* table:top({names}, column, most) -> table of the rows with the largest values, in each group of the names */
static int table_top(lua_State *L) {
  tally_error error = {0};
  tl_names by = tl_check_names(L, 2, 2, "by");
  const char *column = tl_check_name(L, 3, 3, "column");
  int64_t most = luaL_checkinteger(L, 4);
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  return tl_box_filled(
      L, TL_INTERRUPTIBLE(tally_table_top(tl_open_table(L, 1), by.items, by.count, column, most, &out->table, &error)), &error);
}

/* table:distinct({names}) -> table of the first row of each combination; without names, of all columns */
static int table_distinct(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 2);
  tl_names names = {NULL, 0};
  if (!lua_isnoneornil(L, 2)) names = tl_check_names(L, 2, 2, "columns");
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  return tl_box_filled(
      L, TL_INTERRUPTIBLE(tally_table_distinct(tl_open_table(L, 1), names.items, names.count, &out->table, &error)), &error);
}

static tally_join_options check_join_options(lua_State *L, int argument) {
  static const char *const known[] = {"kind", "left", "right", "suffix", "match_missing", "as_of", NULL};
  static const char *const join_kinds[] = {[TALLY_JOIN_INNER] = "inner",
                                           [TALLY_JOIN_LEFT] = "left",
                                           [TALLY_JOIN_RIGHT] = "right",
                                           [TALLY_JOIN_FULL] = "full",
                                           [TALLY_JOIN_SEMI] = "semi",
                                           [TALLY_JOIN_ANTI] = "anti",
                                           NULL};
  tally_join_options options = {.size = sizeof options};
  tl_fields fields = tl_check_fields(L, argument, argument, "option", known);
  tl_names left = tl_field_names(fields, "left"), right = tl_field_names(fields, "right");
  options.kind = (tally_join_kind)tl_field_choice(fields, "kind", join_kinds);
  options.left_keys = left.items;
  options.right_keys = right.items;
  options.key_count = left.count;
  options.suffix = tl_field_name(fields, "suffix", NULL);
  options.match_missing = tl_field_boolean(fields, "match_missing", false);
  tl_names as_of = tl_field_names(fields, "as_of");
  if (left.count != right.count || left.count + as_of.count == 0) {
    luaL_argerror(L, argument, "left and right: lists of as many columns, at least one, expected");
  }
  if (as_of.count != 0 && as_of.count != 2) luaL_argerror(L, argument, "as_of: a column of each table expected");
  if (as_of.count == 2) {
    options.left_as_of = as_of.items[0];
    options.right_as_of = as_of.items[1];
  }
  return options;
}

/* Pushes { left_unmatched =, right_unmatched =, left_repeated =, many_to_many = }. [-0, +1] */
static void push_join_report(lua_State *L, const tally_join_report *report) {
  lua_createtable(L, 0, 4);
  tl_push_integer(L, report->left_unmatched);
  lua_setfield(L, -2, "left_unmatched");
  tl_push_integer(L, report->right_unmatched);
  lua_setfield(L, -2, "right_unmatched");
  tl_push_integer(L, report->left_repeated);
  lua_setfield(L, -2, "left_repeated");
  lua_pushboolean(L, report->many_to_many);
  lua_setfield(L, -2, "many_to_many");
}

/* table:join(right, { kind = "inner|left|right|full|semi|anti", left = {names}, right = {names}, suffix =, match_missing =,
 *                     as_of = {left, right} })
 * -> table, { left_unmatched =, right_unmatched =, left_repeated =, many_to_many = } */
static int table_join(lua_State *L) {
  tally_error error = {0};
  tally_join_report report;
  tally_join_options options = check_join_options(L, 3);
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  tl_box *right = tl_check_box(L, 2, TL_BOX_TABLE);
  tally_table *left = tl_open_table(L, 1);
  if (!right->table) return tl_raise_closed(L, TL_BOX_TABLE);
  tl_box_filled(L, TL_INTERRUPTIBLE(tally_table_join(left, right->table, &options, &report, &out->table, &error)), &error);
  push_join_report(L, &report);
  return 2;
}

/* core.append({tables} [, origin, {labels}]) -> table of all their rows; origin names a first column that says which table */
static int core_append(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 3);
  const char *origin = lua_isnil(L, 2) ? NULL : tl_check_name(L, 2, 2, "origin");
  tl_names labels = {NULL, 0};
  if (origin) labels = tl_check_names(L, 3, 3, "labels");
  tl_boxes boxes = tl_check_boxes(L, 1, 1, "tables", TL_BOX_TABLE);
  if (origin && labels.count != boxes.count) {
    luaL_argerror(L, 3, lua_pushfstring(L, "%d labels for %d tables", (int)labels.count, (int)boxes.count));
  }
  const tally_table **tables = tl_scratch(L, boxes.count, sizeof *tables);
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  for (size_t i = 0; i < boxes.count; i++) {
    tables[i] = boxes.items[i]->table;
    if (!tables[i]) return tl_raise_closed(L, TL_BOX_TABLE);
  }
  return tl_box_filled(L, TL_INTERRUPTIBLE(tally_table_append(tables, boxes.count, origin, labels.items, &out->table, &error)),
                       &error);
}

/* table:pivot({keys}, names_from, values_from) -> table with a column for each value of names_from */
static int table_pivot(lua_State *L) {
  tally_error error = {0};
  const char *names_from = tl_check_name(L, 3, 3, "names_from"), *values_from = tl_check_name(L, 4, 4, "values_from");
  tl_names keys = tl_check_names(L, 2, 2, "keys");
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  tally_table *table = tl_open_table(L, 1);
  return tl_box_filled(
      L, TL_INTERRUPTIBLE(tally_table_pivot(table, keys.items, keys.count, names_from, values_from, &out->table, &error)), &error);
}

/* table:unpivot({columns}, names_to, values_to) -> table with a row for each of these columns of each row */
static int table_unpivot(lua_State *L) {
  tally_error error = {0};
  const char *names_to = tl_check_name(L, 3, 3, "names_to"), *values_to = tl_check_name(L, 4, 4, "values_to");
  tl_names names = tl_check_names(L, 2, 2, "columns");
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  tally_table *table = tl_open_table(L, 1);
  return tl_box_filled(
      L, TL_INTERRUPTIBLE(tally_table_unpivot(table, names.items, names.count, names_to, values_to, &out->table, &error)), &error);
}

/* table:window(function, column or nil [, {by} [, offset]]) -> column; offset is 1 unless given */
static int table_window(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 5);
  const char *function = tl_check_name(L, 2, 2, "function");
  const char *column = lua_isnoneornil(L, 3) ? NULL : tl_check_name(L, 3, 3, "column");
  int64_t offset = tl_optional_whole(L, 5, INT64_MIN, INT64_MAX, 1);
  tl_names by = {NULL, 0};
  if (!lua_isnoneornil(L, 4)) by = tl_check_names(L, 4, 4, "by");
  tl_box *out = tl_box_new(L, TL_BOX_COLUMN);
  tally_table *table = tl_open_table(L, 1);
  return tl_box_filled(
      L, TL_INTERRUPTIBLE(tally_table_window(table, function, column, by.items, by.count, offset, &out->column, &error)), &error);
}

const luaL_Reg tl_operation_functions[] = {
    {"append", core_append},
    {NULL, NULL},
};

const luaL_Reg tl_operation_methods[] = {
    {"filter", table_filter},     {"evaluate", table_evaluate}, {"expression_type", table_expression_type},
    {"run", tl_table_run},        {"sort", table_sort},         {"top", table_top},
    {"distinct", table_distinct}, {"join", table_join},         {"pivot", table_pivot},
    {"unpivot", table_unpivot},   {"window", table_window},     {NULL, NULL},
};
