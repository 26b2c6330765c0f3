/* lua/fail: how a failure of the engine reaches Lua: as one kind of error object, a table with the fields kind, message, line,
 * column and file (the input concerned) or where (any other thing concerned), and script and script_line (whose line it was). The
 * idea: the engine's error stands on the C stack and is copied, so nothing is lost when Lua jumps away. Wrong arguments are not
 * errors of the engine; they go through luaL_argerror. */
#include "lua/fail.h"

#include <stdarg.h>
#include <string.h>

#include "lua/interrupt.h"

/* Its address is the key of the error metatable in the registry. */
static const char metatable_key;

/* The metatable of error objects is in the registry of each state.
 * [-1, +0] */
static void store_metatable(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&metatable_key);
  lua_insert(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

/* [-0, +1] */
static void push_metatable(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&metatable_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
}

/* ---- Whose line it was ---- */

/* Where the Lua half lies, as chunks are called ("@/usr/share/lua/5.4/tally"): the field `library` of the metatable, or NULL. It
 * lives as long as the metatable. */
static const char *library_of(lua_State *L) {
  push_metatable(L);
  lua_pushliteral(L, "library");
  lua_rawget(L, -2);
  const char *library = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
  lua_pop(L, 2);
  return library;
}

static bool is_in_library(const char *source, const char *library) {
  return library && strncmp(source, library, strlen(library)) == 0;
}

/* The nearest line up the stack that is in nobody's library but the caller's script. */
static bool find_script(lua_State *L, lua_Debug *at) {
  const char *library = library_of(L);
  for (int level = 0; lua_getstack(L, level, at); level++) {
    if (lua_getinfo(L, "Sl", at) && at->currentline > 0 && !is_in_library(at->source, library)) return true;
  }
  return false;
}

int tl_caller(lua_State *L) {
  lua_Debug at;
  luaL_checkstack(L, 4, NULL);
  if (!find_script(L, &at)) return 0;
  lua_pushstring(L, at.short_src);
  lua_pushinteger(L, at.currentline);
  return 2;
}

/* Makes the table on the top an error object: metatable, and the line of the script. */
static void make_error(lua_State *L) {
  lua_Debug at;
  if (find_script(L, &at)) {
    lua_pushstring(L, at.short_src);
    lua_setfield(L, -2, "script");
    lua_pushinteger(L, at.currentline);
    lua_setfield(L, -2, "script_line");
  }
  push_metatable(L);
  lua_setmetatable(L, -2);
}

/* tostring(error) -> the message */
static int error_tostring(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushliteral(L, "message");
  lua_rawget(L, 1);
  return 1;
}

static void store_plain_metatable(lua_State *L) {
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, error_tostring);
  lua_setfield(L, -2, "__tostring");
  store_metatable(L);
}

int tl_set_error_metatable(lua_State *L) {
  luaL_argcheck(L, lua_istable(L, 1) || lua_isnil(L, 1), 1, "table or nil expected");
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    store_plain_metatable(L);
  } else {
    store_metatable(L);
  }
  return 0;
}

void tl_fail_open(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&metatable_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  bool there = lua_istable(L, -1);
  lua_pop(L, 1);
  if (!there) store_plain_metatable(L);
}

/* Pushes { kind = } with the message that is on the top of the stack.
 * [-1, +1] */
static void push_error(lua_State *L, tally_status status) {
  lua_createtable(L, 0, 5);
  lua_insert(L, -2);
  lua_setfield(L, -2, "message");
  lua_pushstring(L, tally_status_name(status));
  lua_setfield(L, -2, "kind");
}

/* Whether the error is about something that was read or written; `where` names it. */
static bool concerns_input(const tally_error *error) {
  return error->line > 0 || error->code == TALLY_EIO || error->code == TALLY_ESYNTAX;
}

static void set_place(lua_State *L, const tally_error *error) {
  if (error->where[0] != '\0') {
    lua_pushstring(L, error->where);
    lua_setfield(L, -2, concerns_input(error) ? "file" : "where");
  }
  if (error->line > 0) {
    tl_push_integer(L, error->line);
    lua_setfield(L, -2, "line");
  }
  if (error->column > 0) {
    tl_push_integer(L, error->column);
    lua_setfield(L, -2, "column");
  }
}

/* After a refusal: what the failing function held, and all other garbage, gives its memory back before the program goes on. */
static void make_room(lua_State *L) {
  lua_settop(L, 0);
  if (tl_collector_runs(L)) lua_gc(L, LUA_GCCOLLECT, 0);
}

int tl_raise(lua_State *L, tally_status status, const tally_error *error) {
  if (status == TALLY_ENOMEM) make_room(L);
  luaL_checkstack(L, 6, NULL);
  if (status == TALLY_ECANCEL) tl_interrupt_raise(L);
  lua_pushstring(L, error->text);
  push_error(L, status);
  set_place(L, error);
  make_error(L);
  return lua_error(L);
}

void tl_try(lua_State *L, tally_status status, const tally_error *error) {
  if (status != TALLY_OK) tl_raise(L, status, error);
}

int tl_raise_text(lua_State *L, tally_status status, const char *format, ...) {
  luaL_checkstack(L, 6, NULL);
  va_list arguments;
  va_start(arguments, format);
  lua_pushvfstring(L, format, arguments);
  va_end(arguments);
  push_error(L, status);
  make_error(L);
  return lua_error(L);
}
