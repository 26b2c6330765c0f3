/* lua/table: tables in Lua: made from columns, asked about, and given other rows, columns or names without computing anything. What
 * computes is in operations and program. Rows and columns count from 1. */
#include "lua/argument.h"
#include "lua/interrupt.h"
#include "lua/module.h"

/* core.table(names, columns [, rows]) -> table; rows is the length of a table without columns */
static int core_table(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 3);
  int64_t rows = tl_optional_whole(L, 3, 0, INT64_MAX, -1);
  tl_names names = tl_check_names(L, 1, 1, "names");
  tl_boxes boxes = tl_check_boxes(L, 2, 2, "columns", TL_BOX_COLUMN);
  if (boxes.count != names.count) {
    luaL_argerror(L, 2, lua_pushfstring(L, "%d columns for %d names", (int)boxes.count, (int)names.count));
  }
  tally_column **columns = tl_scratch(L, boxes.count, sizeof *columns);
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  for (size_t i = 0; i < boxes.count; i++) {
    columns[i] = boxes.items[i]->column;
    if (!columns[i]) tl_raise_closed(L, TL_BOX_COLUMN);
  }
  if (rows < 0) rows = boxes.count > 0 ? tally_column_length(columns[0]) : 0;
  return tl_box_filled(L, tally_table_new(names.items, columns, names.count, rows, &out->table, &error), &error);
}

/* ---- Asking ---- */

/* table:rows(), #table -> number of rows */
int tl_table_length(lua_State *L) {
  tl_push_integer(L, tally_table_rows(tl_open_table(L, 1)));
  return 1;
}

/* table:bytes() -> bytes of memory behind it */
static int table_bytes(lua_State *L) {
  tl_push_integer(L, (int64_t)tally_table_bytes(tl_open_table(L, 1)));
  return 1;
}

static const char *name_of(const tally_table *table, size_t index) {
  return tally_table_name(table, index);
}

static const char *type_of(const tally_table *table, size_t index) {
  return tally_type_name(tally_column_type(tally_table_column(table, index)));
}

/* Pushes an array of one text for each column. */
static int push_of_columns(lua_State *L, const char *(*text_of)(const tally_table *table, size_t index)) {
  lua_settop(L, 1);
  const tally_table *table = tl_hold_table(L, 1);
  size_t count = tally_table_columns(table);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_pushstring(L, text_of(table, i));
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

/* table:names() -> array of the names of the columns */
static int table_names(lua_State *L) {
  return push_of_columns(L, name_of);
}

/* table:types() -> array of the types of the columns */
static int table_types(lua_State *L) {
  return push_of_columns(L, type_of);
}

/* table:index(name) -> number of the column, or nil */
static int table_index(lua_State *L) {
  const char *name = tl_check_name(L, 2, 2, "name");
  ptrdiff_t index = tally_table_index(tl_open_table(L, 1), name);
  if (index < 0) return 0;
  tl_push_integer(L, index + 1);
  return 1;
}

/* Fails as a selection of that column fails: with the engine's message, which knows the other names. */
static int fail_no_column(lua_State *L, const char *name) {
  tally_error error = {0};
  tl_box *none = tl_box_new(L, TL_BOX_TABLE);
  return tl_box_filled(L, tally_table_select(tl_open_table(L, 1), &name, 1, &none->table, &error), &error);
}

/* table:column(name or number) -> column */
static int table_column(lua_State *L) {
  bool by_number = lua_type(L, 2) == LUA_TNUMBER;
  int64_t number = by_number ? tl_check_whole(L, 2, 1, INT64_MAX) : 0;
  const char *name = by_number ? NULL : tl_check_name(L, 2, 2, "name or number of a column");
  tl_box *out = tl_box_new(L, TL_BOX_COLUMN);
  const tally_table *table = tl_open_table(L, 1);
  const tally_column *column = by_number ? tally_table_column(table, (size_t)number - 1) : tally_table_find(table, name);
  if (!column && by_number) {
    int count = (int)tally_table_columns(table);
    return tl_raise_text(L, TALLY_ENAME, "no column %d; the table has %d", (int)(number < INT_MAX ? number : INT_MAX), count);
  }
  if (!column) return fail_no_column(L, name);
  out->column = tally_column_retain(column);
  return 1;
}

/* ---- New tables ---- */

/* table:slice(first, count) -> table of these rows, without copying */
static int table_slice(lua_State *L) {
  tally_error error = {0};
  int64_t first = tl_check_whole(L, 2, 1, INT64_MAX), count = tl_check_whole(L, 3, 0, INT64_MAX);
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  return tl_box_filled(L, tally_table_slice(tl_open_table(L, 1), first - 1, count, &out->table, &error), &error);
}

/* The row number at the top of the stack, from 0; false stands for a row of missing values. [-1, +0] */
static int64_t pop_row(lua_State *L, size_t item) {
  int64_t row = 0;
  if (lua_isboolean(L, -1) && !lua_toboolean(L, -1)) {
    row = -1;
  } else if (!tl_whole(L, -1, &row) || --row < 0) {
    luaL_argerror(L, 2, lua_pushfstring(L, "rows[%d]: number of a row from 1, or false, expected", (int)item));
  }
  lua_pop(L, 1);
  return row;
}

/* table:take({rows}) -> table of these rows in this order; false gives a row of missing values */
static int table_take(lua_State *L) {
  tally_error error = {0};
  size_t count = tl_check_list(L, 2, 2, "rows");
  int64_t *rows = tl_scratch(L, count, sizeof *rows);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 2, (int)i + 1);
    rows[i] = pop_row(L, i + 1);
  }
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  return tl_box_filled(L, TL_INTERRUPTIBLE(tally_table_take(tl_open_table(L, 1), rows, (int64_t)count, &out->table, &error)),
                       &error);
}

/* table:select({names}) -> table of these columns in this order */
static int table_select(lua_State *L) {
  tally_error error = {0};
  tl_names names = tl_check_names(L, 2, 2, "names");
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  return tl_box_filled(L, tally_table_select(tl_open_table(L, 1), names.items, names.count, &out->table, &error), &error);
}

/* table:rename({old}, {new}) -> table */
static int table_rename(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 3);
  tl_names old = tl_check_names(L, 2, 2, "names");
  tl_names new = tl_check_names(L, 3, 3, "new names");
  if (old.count != new.count) {
    luaL_argerror(L, 3, lua_pushfstring(L, "%d new names for %d columns", (int)new.count, (int)old.count));
  }
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  tally_table *table = tl_open_table(L, 1);
  return tl_box_filled(L, tally_table_rename(table, old.items, new.items, old.count, &out->table, &error), &error);
}

/* table:with(name, column) -> table with the column in the place of the one of that name, or after the last */
static int table_with(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 3);
  const char *name = tl_check_name(L, 2, 2, "name");
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  tl_box *column = tl_check_box(L, 3, TL_BOX_COLUMN);
  tally_table *table = tl_open_table(L, 1);
  if (!column->column) return tl_raise_closed(L, TL_BOX_COLUMN);
  return tl_box_filled(L, tally_table_with(table, name, column->column, &out->table, &error), &error);
}

const luaL_Reg tl_table_functions[] = {
    {"table", core_table},
    {NULL, NULL},
};

const luaL_Reg tl_table_methods[] = {
    {"rows", tl_table_length}, {"names", table_names}, {"types", table_types}, {"column", table_column},
    {"index", table_index},    {"slice", table_slice}, {"take", table_take},   {"select", table_select},
    {"rename", table_rename},  {"with", table_with},   {"bytes", table_bytes}, {NULL, NULL},
};
