/* lua/program: table:run{...} and core.draw(readings, {...}): steps and one sink, run by the engine in one pass over the rows.
 *
 *   { steps = { {"filter", expression}, {"derive", name, expression}, ... },
 *     collect = true or {names} [, head = rows at most]  |  keys = {names}, aggregates = { {...}, ... }  |  count = true }
 *
 * The idea: the description is turned into a program step by step, and the program, like everything else, lies in a box from the
 * moment it exists. Which steps make sense is the engine's to say. */
#include <string.h>

#include "lua/argument.h"
#include "lua/expression.h"
#include "lua/interrupt.h"
#include "lua/module.h"

/* ---- Steps ---- */

/* {"filter", expression} or {"derive", name, expression} at stack index `step` */
static void add_step(lua_State *L, tally_program *program, int step, size_t number) {
  tally_error error = {0};
  lua_rawgeti(L, step, 1);
  const char *verb = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  bool filters = strcmp(verb, "filter") == 0;
  if (!filters && strcmp(verb, "derive") != 0) {
    luaL_argerror(L, 2, lua_pushfstring(L, "steps[%d]: 'filter' or 'derive' expected, got '%s'", (int)number, verb));
  }
  lua_rawgeti(L, step, 2);
  tl_expressions *expressions = tl_expressions_new(L, 1);
  lua_rawgeti(L, step, filters ? 2 : 3);
  tl_build_expression(L, lua_gettop(L), 2, &expressions->items[0]);
  if (filters) {
    tl_try(L, tally_program_filter(program, expressions->items[0], &error), &error);
  } else {
    const char *name = tl_check_name(L, -3, 2, "name of a derived column");
    tl_try(L, tally_program_derive(program, name, expressions->items[0], &error), &error);
  }
}

static void add_steps(tl_fields fields, tally_program *program) {
  lua_State *L = fields.L;
  if (!tl_field_push(fields, "steps")) return;
  int list = lua_gettop(L);
  size_t count = tl_check_list(L, list, fields.blame, "steps");
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, list, (int)i + 1);
    if (!lua_istable(L, -1)) luaL_argerror(L, fields.blame, lua_pushfstring(L, "steps[%d]: table expected", (int)i + 1));
    add_step(L, program, lua_gettop(L), i + 1);
    lua_settop(L, list);
  }
}

/* ---- Aggregates ---- */

/* The expression in a field, built into a slot; NULL without the field. */
static const tally_expression *field_expression(tl_fields fields, const char *name, tally_expression **slot) {
  if (!tl_field_push(fields, name)) return NULL;
  tl_build_expression(fields.L, lua_gettop(fields.L), fields.blame, slot);
  lua_pop(fields.L, 1);
  return *slot;
}

static double field_number(tl_fields fields, const char *name) {
  if (!tl_field_push(fields, name)) return 0;
  if (lua_type(fields.L, -1) != LUA_TNUMBER) luaL_argerror(fields.L, fields.blame, "parameter: number expected");
  double number = lua_tonumber(fields.L, -1);
  lua_pop(fields.L, 1);
  return number;
}

enum { SLOTS = 3, ANCHORS = 2 }; /* of each aggregate: expressions, and texts that must live */

/* One aggregate, from the table at the top of the stack. The table `anchors` keeps its texts. [-1, +0] */
static tally_aggregate pop_aggregate(lua_State *L, int blame, int anchors, size_t number, tally_expression **slots) {
  static const char *const known[] = {"name", "func", "argument", "second", "where", "parameter", NULL};
  tl_fields fields = tl_check_fields(L, lua_gettop(L), blame, "field of an aggregate", known);
  tally_aggregate aggregate = {.name = tl_field_name(fields, "name", NULL)};
  if (!aggregate.name) luaL_argerror(L, blame, lua_pushfstring(L, "aggregates[%d]: it has no 'name'", (int)number + 1));
  lua_rawseti(L, anchors, (int)(number * ANCHORS + 1));
  aggregate.function = tl_field_name(fields, "func", NULL);
  if (!aggregate.function) luaL_argerror(L, blame, lua_pushfstring(L, "aggregates[%d]: it has no 'func'", (int)number + 1));
  lua_rawseti(L, anchors, (int)(number * ANCHORS + 2));
  aggregate.argument = field_expression(fields, "argument", &slots[0]);
  aggregate.second = field_expression(fields, "second", &slots[1]);
  aggregate.where = field_expression(fields, "where", &slots[2]);
  aggregate.parameter = field_number(fields, "parameter");
  lua_pop(L, 1);
  return aggregate;
}

typedef struct aggregate_list {
  tally_aggregate *items;
  size_t count;
} aggregate_list;

/* The aggregates of the list at the top of the stack; what they point to is owned by slots that are pushed. */
static aggregate_list check_aggregates(lua_State *L, int blame) {
  aggregate_list aggregates;
  int list = lua_gettop(L);
  aggregates.count = tl_check_list(L, list, blame, "aggregates");
  if (aggregates.count > INT_MAX / SLOTS) luaL_argerror(L, blame, "aggregates: the list is too long");
  aggregates.items = tl_scratch(L, aggregates.count, sizeof *aggregates.items);
  tl_expressions *expressions = tl_expressions_new(L, aggregates.count * SLOTS);
  lua_createtable(L, (int)aggregates.count * ANCHORS, 0);
  int anchors = lua_gettop(L);
  for (size_t i = 0; i < aggregates.count; i++) {
    lua_rawgeti(L, list, (int)i + 1);
    aggregates.items[i] = pop_aggregate(L, blame, anchors, i, &expressions->items[i * SLOTS]);
  }
  return aggregates;
}

/* ---- Sinks ---- */

static int run_collect(tl_fields fields, tally_program *program) {
  lua_State *L = fields.L;
  tally_error error = {0};
  tl_names names = {NULL, 0};
  int64_t rows = tl_field_whole(fields, "head", 0, INT64_MAX, INT64_MAX);
  tl_field_push(fields, "collect");
  if (!lua_isboolean(L, -1)) names = tl_check_names(L, lua_gettop(L), fields.blame, "collect");
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  return tl_box_filled(L, TL_INTERRUPTIBLE(tally_program_head(program, names.items, names.count, rows, &out->table, &error)),
                       &error);
}

/* Pushes the name of the way in which groups were told apart, and how many places there were. [-0, +2] */
static int push_grouping(lua_State *L, const tally_program *program) {
  static const char *const names[] = {[TALLY_GROUPING_NONE] = "none",
                                      [TALLY_GROUPING_PLACES] = "places",
                                      [TALLY_GROUPING_WHOLE] = "whole",
                                      [TALLY_GROUPING_BATCHES] = "batches"};
  int64_t places;
  lua_pushstring(L, names[tally_program_grouping(program, &places)]);
  tl_push_integer(L, places);
  return 2;
}

static int run_aggregate(tl_fields fields, tally_program *program) {
  lua_State *L = fields.L;
  tally_error error = {0};
  tl_names keys = tl_field_names(fields, "keys");
  tl_field_push(fields, "aggregates");
  aggregate_list list = check_aggregates(L, fields.blame);
  tl_box *out = tl_box_new(L, TL_BOX_TABLE);
  tl_box_filled(
      L, TL_INTERRUPTIBLE(tally_program_aggregate(program, keys.items, keys.count, list.items, list.count, &out->table, &error)),
      &error);
  return 1 + push_grouping(L, program);
}

static int run_count(tl_fields fields, tally_program *program) {
  tally_error error = {0};
  int64_t count;
  tl_try(fields.L, TL_INTERRUPTIBLE(tally_program_count(program, &count, &error)), &error);
  tl_push_integer(fields.L, count);
  return 1;
}

/* Present, and not false. */
static bool has_field(tl_fields fields, const char *name) {
  if (!tl_field_push(fields, name)) return false;
  bool there = lua_toboolean(fields.L, -1);
  lua_pop(fields.L, 1);
  return there;
}

/* The description at argument 2, over what `open` makes a program of. */
static int run_program(lua_State *L, tally_status (*open)(lua_State *L, tally_program **out, tally_error *error)) {
  static const char *const known[] = {"steps", "collect", "head", "keys", "aggregates", "count", NULL};
  tally_error error = {0};
  tl_fields fields = tl_check_fields(L, 2, 2, "field", known);
  bool collect = has_field(fields, "collect"), aggregate = has_field(fields, "aggregates"), count = has_field(fields, "count");
  if (collect + aggregate + count != 1) luaL_argerror(L, 2, "exactly one of 'collect', 'aggregates' and 'count' expected");
  if (has_field(fields, "keys") && !aggregate) luaL_argerror(L, 2, "'keys' go with 'aggregates'");
  if (has_field(fields, "head") && !collect) luaL_argerror(L, 2, "'head' goes with 'collect'");
  tl_box *box = tl_box_new(L, TL_BOX_PROGRAM);
  tl_try(L, open(L, &box->program, &error), &error);
  add_steps(fields, box->program);
  if (collect) return run_collect(fields, box->program);
  if (aggregate) return run_aggregate(fields, box->program);
  return run_count(fields, box->program);
}

static tally_status over_table(lua_State *L, tally_program **out, tally_error *error) {
  return tally_program_new(tl_open_table(L, 1), out, error);
}

/* table:run{ steps =, collect = [, head = ] } -> table; table:run{ steps =, keys =, aggregates = } -> table, how groups were
 * told apart ("none", "places", "whole", "batches"), the number of places; table:run{ steps =, count = true } -> integer */
int tl_table_run(lua_State *L) {
  lua_settop(L, 2);
  return run_program(L, over_table);
}

/* The sources that were opened so far: a Lua error loses none. */
typedef struct opened {
  tally_source *items;
  size_t count;
} opened;

static void forget(opened *it) {
  for (size_t i = 0; i < it->count; i++) {
    tally_table_release(it->items[i].schema);
    it->items[i].release(it->items[i].context);
  }
  it->count = 0;
}

/* The rows of the readings at argument 1, one after another. Between opening and the engine's taking them no Lua function is
 * called. */
static tally_status over_readings(lua_State *L, tally_program **out, tally_error *error) {
  size_t count = tl_check_list(L, 1, 1, "readings");
  if (count == 0 || count > INT_MAX / 2) luaL_argerror(L, 1, "at least one reading expected");
  luaL_checkstack(L, (int)count + 8, "too many readings");
  tl_names labels = lua_isnil(L, 4) ? (tl_names){NULL, 0} : tl_check_names(L, 4, 4, "label");
  const char *origin = lua_isnil(L, 3) ? NULL : luaL_checkstring(L, 3);
  if (origin && labels.count != count) luaL_argerror(L, 4, "a label for each reading expected");
  opened all = {tl_scratch(L, count, sizeof *all.items), 0};
  tally_reading **readings = tl_scratch(L, count, sizeof *readings);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 1, (int)i + 1);
    readings[i] = tl_open_reading(L, lua_gettop(L));
  }
  tally_status status = TALLY_OK;
  for (; all.count < count && status == TALLY_OK; all.count += status == TALLY_OK) {
    status = tally_reading_source(readings[all.count], &all.items[all.count], error);
  }
  if (status != TALLY_OK) {
    forget(&all);
    return status;
  }
  tally_source source;
  status = tally_source_append(all.items, count, origin, labels.items, &source, error);
  return status == TALLY_OK ? tally_program_over(&source, out, error) : status;
}

/* core.draw(readings, program [, origin, labels]): table:run over the rows of readings of core.scan_csv, one after another; origin
 * is the name of a column that gets the label of its reading */
int tl_draw(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 4);
  return run_program(L, over_readings);
}
