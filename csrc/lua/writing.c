/* lua/writing: tables and bytes written from Lua: to a file, to a descriptor, or, without an output, to a text that is returned.
 * The idea of the last: the engine writes through a function, which must not let a Lua error jump over the engine; so each piece is
 * handed to Lua in a protected call and kept in a table, and a refusal becomes an error of the engine. */
#include <string.h>

#include "lua/argument.h"
#include "lua/interrupt.h"
#include "lua/module.h"
#include "lua/value.h"

/* Where the pieces of a text go. Stack: the table of pieces at `pieces`, the function keep_piece above it. */
typedef struct piece_list {
  lua_State *L;
  int pieces;
  size_t count;
  const void *bytes; /* the piece that is being handed over */
  size_t size;
} piece_list;

/* keep_piece(pieces, list): pieces[count] = bytes; runs protected */
static int keep_piece(lua_State *L) {
  piece_list *list = lua_touserdata(L, 2);
  lua_pushlstring(L, list->bytes, list->size);
  lua_rawseti(L, 1, (int)list->count);
  return 0;
}

/* A tally_output write function; context is a piece_list. It allocates nothing outside the protected call. */
static tally_status write_piece(void *context, const void *bytes, size_t size, tally_error *error) {
  piece_list *list = context;
  lua_State *L = list->L;
  list->bytes = bytes;
  list->size = size;
  list->count++;
  lua_pushvalue(L, list->pieces + 1);
  lua_pushvalue(L, list->pieces);
  lua_pushlightuserdata(L, list);
  if (list->count < INT_MAX && lua_pcall(L, 2, 0, 0) == 0) return TALLY_OK;
  lua_settop(L, list->pieces + 1);
  if (error && error->code == TALLY_OK) {
    error->code = TALLY_ENOMEM;
    snprintf(error->text, sizeof error->text, "not enough memory for the text; write to a file instead");
  }
  return TALLY_ENOMEM;
}

/* Pushes the pieces as one text. [-0, +1] */
static void push_whole(lua_State *L, const piece_list *list) {
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  for (size_t i = 1; i <= list->count; i++) {
    lua_rawgeti(L, list->pieces, (int)i);
    luaL_addvalue(&buffer);
  }
  luaL_pushresult(&buffer);
}

/* The output at an argument, which is nil for a returned text: then `list` is made ready and two slots are pushed. */
static tally_output check_output(lua_State *L, int argument, piece_list *list) {
  static const char *const known[] = {"path", "descriptor", NULL};
  tally_output output = {.descriptor = -1};
  if (lua_isnil(L, argument)) {
    lua_newtable(L);
    *list = (piece_list){.L = L, .pieces = lua_gettop(L)};
    lua_pushcfunction(L, keep_piece);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    output.write = write_piece;
    output.context = list;
    return output;
  }
  tl_fields fields = tl_check_fields(L, argument, argument, "field", known);
  output.path = tl_field_name(fields, "path", NULL);
  output.descriptor = (int)tl_field_whole(fields, "descriptor", 0, INT_MAX, -1);
  if ((output.path != NULL) == (output.descriptor >= 0)) {
    luaL_argerror(L, argument, "exactly one of 'path' and 'descriptor' expected, or nil for a text");
  }
  return output;
}

/* The end of each writing function: the text, when one was asked for. */
static int finish_output(lua_State *L, const tally_output *output, const piece_list *list, tally_status status,
                         const tally_error *error) {
  tl_try(L, status, error);
  if (!output->write) return 0;
  push_whole(L, list);
  return 1;
}

/* table:write_csv([output [, { separator =, header =, symbols =, missing =, line_end =, for_spreadsheet = }]]) -> text when there
 * is no output; output is { path = } or { descriptor = } */
static int table_write_csv(lua_State *L) {
  static const char *const known[] = {"separator", "header", "symbols", "missing", "line_end", "for_spreadsheet", NULL};
  tally_error error = {0};
  piece_list list;
  tally_csv_write_options options = TALLY_CSV_WRITE_OPTIONS;
  lua_settop(L, 3);
  tl_fields fields = tl_check_options(L, 3, known);
  options.separator = tl_field_character(fields, "separator", options.separator);
  options.header = tl_field_boolean(fields, "header", options.header);
  options.symbols = tl_field_boolean(fields, "symbols", options.symbols);
  options.missing = tl_field_name(fields, "missing", options.missing);
  options.line_end = tl_field_name(fields, "line_end", options.line_end);
  options.for_spreadsheet = tl_field_boolean(fields, "for_spreadsheet", options.for_spreadsheet);
  const tally_table *table = tl_hold_table(L, 1);
  tally_output output = check_output(L, 2, &list);
  return finish_output(L, &output, &list, TL_INTERRUPTIBLE(tally_write_csv(table, &output, &options, &error)), &error);
}

/* table:write_json([output [, { lines = }]]) -> text when there is no output */
static int table_write_json(lua_State *L) {
  static const char *const known[] = {"lines", NULL};
  tally_error error = {0};
  piece_list list;
  tally_json_write_options options = TALLY_JSON_WRITE_OPTIONS;
  lua_settop(L, 3);
  tl_fields fields = tl_check_options(L, 3, known);
  options.lines = tl_field_boolean(fields, "lines", options.lines);
  const tally_table *table = tl_hold_table(L, 1);
  tally_output output = check_output(L, 2, &list);
  return finish_output(L, &output, &list, TL_INTERRUPTIBLE(tally_write_json(table, &output, &options, &error)), &error);
}

/* core.write_bytes(text, output) */
static int core_write_bytes(lua_State *L) {
  tally_error error = {0};
  piece_list list;
  lua_settop(L, 2);
  luaL_checktype(L, 1, LUA_TSTRING);
  luaL_checktype(L, 2, LUA_TTABLE);
  size_t size;
  const char *bytes = lua_tolstring(L, 1, &size);
  tally_output output = check_output(L, 2, &list);
  return finish_output(L, &output, &list, TL_INTERRUPTIBLE(tally_write_bytes(bytes, size, &output, &error)), &error);
}

const luaL_Reg tl_writing_functions[] = {
    {"write_bytes", core_write_bytes},
    {NULL, NULL},
};

const luaL_Reg tl_writing_methods[] = {
    {"write_csv", table_write_csv},
    {"write_json", table_write_json},
    {NULL, NULL},
};
