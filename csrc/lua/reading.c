/* lua/reading: files read from Lua: input and options as tables, the result as a reading that holds the data, the problems and the
 * preamble. The idea: each option of the engine has the same name here and the nearest Lua value; a misspelt one is an error, an
 * absent one is the engine's default. How a file is understood is the engine's business. */
#include "lua/argument.h"
#include "lua/interrupt.h"
#include "lua/module.h"
#include "lua/value.h"

static const char *const input_fields[] = {"path", "bytes", "descriptor", "name", NULL};

/* The input at an argument: exactly one of path, bytes and descriptor. What it points to stays on the stack. */
static tally_input check_input(lua_State *L, int argument) {
  tally_input input = {.descriptor = -1};
  tl_fields fields = tl_check_fields(L, argument, argument, "field", input_fields);
  input.path = tl_field_name(fields, "path", NULL);
  if (tl_field_push(fields, "bytes")) {
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, argument, "bytes: text expected");
    input.bytes = lua_tolstring(L, -1, &input.size);
  }
  input.descriptor = (int)tl_field_whole(fields, "descriptor", 0, INT_MAX, -1);
  input.name = tl_field_name(fields, "name", NULL);
  int sources = (input.path != NULL) + (input.bytes != NULL) + (input.descriptor >= 0);
  if (sources != 1) luaL_argerror(L, argument, "exactly one of 'path', 'bytes' and 'descriptor' expected");
  return input;
}

/* ---- Options ---- */

typedef struct type_list {
  const char **names;
  tally_type *types;
  size_t count;
} type_list;

static size_t count_pairs(lua_State *L, int index) {
  size_t count = 0;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    count++;
    lua_pop(L, 1);
  }
  return count;
}

/* The option types, { [name] = type }. Its names are anchored in a table that stays on the stack. */
static type_list check_types(tl_fields options) {
  lua_State *L = options.L;
  if (!tl_field_push(options, "types")) return (type_list){NULL, NULL, 0};
  luaL_argcheck(L, lua_istable(L, -1), options.blame, "types: table { [name] = type } expected");
  int index = lua_gettop(L);
  size_t room = count_pairs(L, index);
  type_list list = {.names = tl_scratch(L, room, sizeof *list.names), .types = tl_scratch(L, room, sizeof *list.types)};
  lua_createtable(L, (int)room, 0);
  int anchors = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, index) && list.count < room) {
    list.types[list.count] = tl_check_type(L, -1, options.blame);
    lua_pop(L, 1);
    list.names[list.count] = tl_check_name(L, -1, options.blame, "name in types");
    lua_pushvalue(L, -1);
    lua_rawseti(L, anchors, (int)++list.count);
  }
  lua_settop(L, anchors);
  return list;
}

/* One character, or false for none. */
static char check_quote(tl_fields options, char otherwise) {
  if (!tl_field_push(options, "quote")) return otherwise;
  bool none = lua_isboolean(options.L, -1) && !lua_toboolean(options.L, -1);
  lua_pop(options.L, 1);
  return none ? '\0' : tl_field_character(options, "quote", otherwise);
}

static void check_csv_texts(tl_fields fields, tally_csv_options *options) {
  options->encoding = tl_field_name(fields, "encoding", options->encoding);
  options->separator = tl_field_character(fields, "separator", options->separator);
  options->quote = check_quote(fields, options->quote);
  options->escape = tl_field_character(fields, "escape", options->escape);
  options->comment = tl_field_character(fields, "comment", options->comment);
  options->decimal = tl_field_character(fields, "decimal", options->decimal);
}

static void check_csv_lists(tl_fields fields, tally_csv_options *options) {
  tl_names names = tl_field_names(fields, "names"), columns = tl_field_names(fields, "columns");
  tl_names missing = tl_field_names(fields, "missing"), symbols = tl_field_names(fields, "symbols");
  type_list types = check_types(fields);
  options->names = names.items;
  options->name_count = names.count;
  options->columns = columns.items;
  options->column_count = columns.count;
  options->missing = missing.items;
  options->missing_count = missing.count;
  options->symbols = symbols.items;
  options->symbol_count = symbols.count;
  options->type_names = types.names;
  options->types = types.types;
  options->type_count = types.count;
}

static tally_on_problem check_on_problem(tl_fields fields) {
  static const char *const choices[] = {
      [TALLY_PROBLEM_REPORT] = "report", [TALLY_PROBLEM_ERROR] = "error", [TALLY_PROBLEM_DROP] = "drop", NULL};
  return (tally_on_problem)tl_field_choice(fields, "on_problem", choices);
}

static tally_csv_options check_csv_options(lua_State *L, int argument) {
  static const char *const known[] = {"encoding", "separator", "quote",      "escape",  "comment",     "decimal",  "header",
                                      "skip",     "limit",     "names",      "columns", "types",       "all_text", "missing",
                                      "symbols",  "trim",      "on_problem", "reader",  "chunk_bytes", NULL};
  static const char *const headers[] = {
      [TALLY_HEADER_GUESS] = "guess", [TALLY_HEADER_FIRST] = "first", [TALLY_HEADER_NONE] = "none", NULL};
  static const char *const readers[] = {
      [TALLY_READER_GUESS] = "guess", [TALLY_READER_FAST] = "fast", [TALLY_READER_LAX] = "lax", NULL};
  tally_csv_options options = TALLY_CSV_OPTIONS;
  tl_fields fields = tl_check_options(L, argument, known);
  check_csv_texts(fields, &options);
  check_csv_lists(fields, &options);
  options.header = (tally_header)tl_field_choice(fields, "header", headers);
  options.skip = tl_field_whole(fields, "skip", 0, INT64_MAX, options.skip);
  options.limit = tl_field_whole(fields, "limit", 0, INT64_MAX, options.limit);
  options.all_text = tl_field_boolean(fields, "all_text", options.all_text);
  options.trim = tl_field_boolean(fields, "trim", options.trim);
  options.on_problem = check_on_problem(fields);
  options.reader = (tally_reader)tl_field_choice(fields, "reader", readers);
  options.chunk_bytes = (size_t)tl_field_whole(fields, "chunk_bytes", 0, INT_MAX, 0);
  return options;
}

static tally_json_options check_json_options(lua_State *L, int argument) {
  static const char *const known[] = {"records", "unnest", "types", "all_text", "on_problem", "lines", "chunk_bytes", NULL};
  tally_json_options options = TALLY_JSON_OPTIONS;
  tl_fields fields = tl_check_options(L, argument, known);
  options.records = tl_field_name(fields, "records", NULL);
  options.unnest = tl_field_name(fields, "unnest", NULL);
  type_list types = check_types(fields);
  options.type_names = types.names;
  options.types = types.types;
  options.type_count = types.count;
  options.all_text = tl_field_boolean(fields, "all_text", false);
  options.on_problem = check_on_problem(fields);
  options.lines = tl_field_boolean(fields, "lines", false);
  options.chunk_bytes = (size_t)tl_field_whole(fields, "chunk_bytes", 0, INT_MAX, 0);
  return options;
}

/* ---- Reading ---- */

/* core.read_csv(input [, options]) -> reading; input { path = } or { bytes =, name = } or { descriptor =, name = } */
static int core_read_csv(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 2);
  tally_input input = check_input(L, 1);
  tally_csv_options options = check_csv_options(L, 2);
  tl_box *out = tl_box_new(L, TL_BOX_READING);
  return tl_box_filled(L, TL_INTERRUPTIBLE(tally_read_csv(&input, &options, &out->reading, &error)), &error);
}

/* core.scan_csv(input [, options]) -> reading, whose table has no rows: core.draw draws them */
static int core_scan_csv(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 2);
  tally_input input = check_input(L, 1);
  tally_csv_options options = check_csv_options(L, 2);
  tl_box *out = tl_box_new(L, TL_BOX_READING);
  return tl_box_filled(L, TL_INTERRUPTIBLE(tally_scan_csv(&input, &options, &out->reading, &error)), &error);
}

/* core.read_json(input [, options]) -> reading */
static int core_read_json(lua_State *L) {
  tally_error error = {0};
  lua_settop(L, 2);
  tally_input input = check_input(L, 1);
  tally_json_options options = check_json_options(L, 2);
  tl_box *out = tl_box_new(L, TL_BOX_READING);
  return tl_box_filled(L, TL_INTERRUPTIBLE(tally_read_json(&input, &options, &out->reading, &error)), &error);
}

/* core.symbols() -> array of the symbols that are read as missing with a reason by default */
static int core_symbols(lua_State *L) {
  const char *const *symbols = tally_symbols();
  lua_newtable(L);
  for (int i = 0; symbols[i]; i++) {
    lua_pushstring(L, symbols[i]);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* ---- What was read ---- */

static int push_part(lua_State *L, const tally_table *(*part)(const tally_reading *reading)) {
  lua_settop(L, 1);
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  out->table = tally_table_retain(part(tl_open_reading(L, 1)));
  return 1;
}

/* reading:table() -> the data */
static int reading_table(lua_State *L) {
  return push_part(L, tally_reading_table);
}

/* reading:problems() -> table of what was not as it should be: line, byte, column, what, text */
static int reading_problems(lua_State *L) {
  return push_part(L, tally_reading_problems);
}

/* reading:metadata() -> table of the preamble: key, value */
static int reading_metadata(lua_State *L) {
  return push_part(L, tally_reading_metadata);
}

/* Sets a field of the table on the top to a text; without one it stays nil. */
static void set_text(lua_State *L, const char *key, const char *text) {
  if (!text || text[0] == '\0') return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

static void set_integer(lua_State *L, const char *key, int64_t value) {
  tl_push_integer(L, value);
  lua_setfield(L, -2, key);
}

/* reading:sample() -> table of rows from a few places of the file, of core.scan_csv; else nil */
static int reading_sample(lua_State *L) {
  lua_settop(L, 1);
  if (!tally_reading_sample(tl_open_reading(L, 1))) return 0;
  return push_part(L, tally_reading_sample);
}

/* Gives the table on the top the names of the columns of percentages. The reading is asked anew for each: a finalizer may close it.
 */
static void set_percent_columns(lua_State *L) {
  lua_newtable(L);
  for (int i = 0;; i++) {
    const char *const *names = tally_reading_get_facts(tl_open_reading(L, 1))->percent_columns;
    if (!names || !names[i]) break;
    lua_pushstring(L, names[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "percent_columns");
}

/* reading:facts() -> { format =, encoding =, reader =, byte_order_marks =, separator =, separator_evidence =, header_line =,
 * bytes =, compression =, percent_columns = {names} }; separator and its evidence are nil for JSON, header_line is nil without a
 * header, compression without one */
static int reading_facts(lua_State *L) {
  enum { FORMAT, ENCODING, READER, EVIDENCE, COMPRESSION, TEXTS };
  static const char *const keys[TEXTS] = {[FORMAT] = "format",
                                          [ENCODING] = "encoding",
                                          [READER] = "reader",
                                          [EVIDENCE] = "separator_evidence",
                                          [COMPRESSION] = "compression"};
  char texts[TEXTS][128]; /* copies: the reading may be closed by a finalizer while Lua makes strings */
  tally_reading_facts facts = *tally_reading_get_facts(tl_open_reading(L, 1));
  const char *found[TEXTS] = {[FORMAT] = facts.format,
                              [ENCODING] = facts.encoding,
                              [READER] = facts.reader,
                              [EVIDENCE] = facts.separator_evidence,
                              [COMPRESSION] = facts.compression};
  for (int i = 0; i < TEXTS; i++) snprintf(texts[i], sizeof texts[i], "%s", found[i] ? found[i] : "");
  lua_createtable(L, 0, 10);
  for (int i = 0; i < TEXTS; i++) set_text(L, keys[i], texts[i]);
  if (facts.separator != 0) {
    lua_pushlstring(L, &facts.separator, 1);
    lua_setfield(L, -2, "separator");
  }
  if (facts.header_line > 0) set_integer(L, "header_line", facts.header_line);
  set_integer(L, "byte_order_marks", facts.byte_order_marks);
  set_integer(L, "bytes", facts.bytes);
  set_percent_columns(L);
  return 1;
}

const luaL_Reg tl_reading_functions[] = {
    {"read_csv", core_read_csv},   {"scan_csv", core_scan_csv}, {"draw", tl_draw},
    {"read_json", core_read_json}, {"symbols", core_symbols},   {NULL, NULL},
};

const luaL_Reg tl_reading_methods[] = {
    {"table", reading_table},   {"problems", reading_problems}, {"metadata", reading_metadata},
    {"sample", reading_sample}, {"facts", reading_facts},       {NULL, NULL},
};
