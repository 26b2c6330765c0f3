/* lua/box: the userdata in which Lua holds tables, columns and readings, and in which the binding holds what it is working on. The
 * idea is in box.h: anchor, then fill; open last. What the things are, and what can be done with them, is said elsewhere. */
#include "lua/box.h"

#include <string.h>

/* Handles lighter than this are left to the collector's own pace: a step for each would cost more than it saves. */
enum { LIGHT = 64 * 1024 };

static void release_table(tl_box *box) {
  tally_table_release(box->table);
}

static void release_column(tl_box *box) {
  tally_column_release(box->column);
}

static void release_reading(tl_box *box) {
  tally_reading_release(box->reading);
}

static void release_builder(tl_box *box) {
  tally_builder_release(box->builder);
}

static void release_program(tl_box *box) {
  tally_program_release(box->program);
}

static const struct kind {
  const char *name; /* of the metatable */
  const char *noun; /* in messages */
  void (*release)(tl_box *box);
} kinds[] = {
    [TL_BOX_TABLE] = {"tally.core.table", "table", release_table},
    [TL_BOX_COLUMN] = {"tally.core.column", "column", release_column},
    [TL_BOX_READING] = {"tally.core.reading", "reading", release_reading},
    [TL_BOX_BUILDER] = {"tally.core.builder", "builder", release_builder},
    [TL_BOX_PROGRAM] = {"tally.core.program", "program", release_program},
};

/* Empties the box before it releases: whatever runs meanwhile finds it closed. */
static void empty_box(tl_box *box, tl_box_kind kind) {
  tl_box full = *box;
  box->thing = NULL;
  if (full.thing) kinds[kind].release(&full);
}

/* The kind of the box that a method of every kind was registered for. */
static tl_box_kind own_kind(lua_State *L) {
  return (tl_box_kind)lua_tointeger(L, lua_upvalueindex(1));
}

/* The finalizer. It asks Lua for nothing, so that it works when memory is short. */
static int collect_box(lua_State *L) {
  empty_box(lua_touserdata(L, 1), own_kind(L));
  return 0;
}

/* box:close(): releases now what the collector would release later. Closing twice is fine. Also __close. */
static int close_box(lua_State *L) {
  tl_box_kind kind = own_kind(L);
  empty_box(tl_check_box(L, 1, kind), kind);
  return 0;
}

/* tostring(box) */
static int box_tostring(lua_State *L) {
  tl_box_kind kind = own_kind(L);
  tl_box *box = tl_check_box(L, 1, kind);
  if (box->thing) {
    lua_pushfstring(L, "%s: %p", kinds[kind].name, (void *)box);
  } else {
    lua_pushfstring(L, "%s (closed)", kinds[kind].name);
  }
  return 1;
}

/* Gives the table on the top a function that knows its kind. */
static void set_kind_function(lua_State *L, const char *name, lua_CFunction function, tl_box_kind kind) {
  lua_pushinteger(L, (lua_Integer)kind);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

void tl_box_register(lua_State *L, tl_box_kind kind, const luaL_Reg *const *methods, lua_CFunction length) {
  luaL_newmetatable(L, kinds[kind].name);
  set_kind_function(L, "__gc", collect_box, kind);
  set_kind_function(L, "__close", close_box, kind);
  set_kind_function(L, "__tostring", box_tostring, kind);
  lua_pushstring(L, kinds[kind].name);
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "tally.core");
  lua_setfield(L, -2, "__metatable");
  if (length) {
    lua_pushcfunction(L, length);
    lua_setfield(L, -2, "__len");
  }
  lua_newtable(L);
  while (*methods) luaL_setfuncs(L, *methods++, 0);
  set_kind_function(L, "close", close_box, kind);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

tl_box *tl_box_new(lua_State *L, tl_box_kind kind) {
  luaL_checkstack(L, 4, NULL);
  tl_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = (tl_box){.used_before = tally_memory_used()};
  luaL_setmetatable(L, kinds[kind].name);
  return box;
}

int tl_box_filled(lua_State *L, tally_status status, const tally_error *error) {
  tl_try(L, status, error);
  const tl_box *box = lua_touserdata(L, -1);
  size_t used = tally_memory_used();
  if (used > box->used_before && used - box->used_before >= LIGHT) tl_collector_tell(L, used - box->used_before);
  return 1;
}

tl_box *tl_check_box(lua_State *L, int argument, tl_box_kind kind) {
  return luaL_checkudata(L, argument, kinds[kind].name);
}

tl_box *tl_test_box(lua_State *L, int index, tl_box_kind kind) {
  tl_box *box = lua_touserdata(L, index);
  if (!box || !lua_getmetatable(L, index)) return NULL;
  luaL_getmetatable(L, kinds[kind].name);
  if (!lua_rawequal(L, -1, -2)) box = NULL;
  lua_pop(L, 2);
  return box;
}

const char *tl_box_noun(tl_box_kind kind) {
  return kinds[kind].noun;
}

int tl_raise_closed(lua_State *L, tl_box_kind kind) {
  return luaL_error(L, "%s is closed", kinds[kind].noun);
}

static tl_box *open_box(lua_State *L, int argument, tl_box_kind kind) {
  tl_box *box = tl_check_box(L, argument, kind);
  if (!box->thing) tl_raise_closed(L, kind);
  return box;
}

tally_table *tl_open_table(lua_State *L, int argument) {
  return open_box(L, argument, TL_BOX_TABLE)->table;
}

tally_column *tl_open_column(lua_State *L, int argument) {
  return open_box(L, argument, TL_BOX_COLUMN)->column;
}

tally_reading *tl_open_reading(lua_State *L, int argument) {
  return open_box(L, argument, TL_BOX_READING)->reading;
}

tally_table *tl_hold_table(lua_State *L, int argument) {
  tl_box *hold = tl_box_new(L, TL_BOX_TABLE);
  hold->table = tally_table_retain(tl_open_table(L, argument));
  return hold->table;
}

tally_column *tl_hold_column(lua_State *L, int argument) {
  tl_box *hold = tl_box_new(L, TL_BOX_COLUMN);
  hold->column = tally_column_retain(tl_open_column(L, argument));
  return hold->column;
}
