/* lua/compat: what Lua 5.4 has and 5.1 (LuaJIT) or 5.3 lacks. The binding is written for 5.4; this page is all that it knows of the
 * others. */
#ifndef TL_LUA_COMPAT_H
#define TL_LUA_COMPAT_H

#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#if LUA_VERSION_NUM < 504
#define lua_newuserdatauv(L, size, values) lua_newuserdata(L, size)
#endif

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
#define luaL_setmetatable(L, name) (luaL_getmetatable(L, name), (void)lua_setmetatable(L, -2))
#define luaL_setfuncs(L, functions, upvalues) luaL_register(L, NULL, functions)
#endif

/* The largest whole number below which a double holds them all. */
#define TL_WHOLE_MOST INT64_C(9007199254740992)

/* The whole number at `index`; false when there is no number there, or it has a fraction or does not fit. Texts are not numbers. */
static inline bool tl_whole(lua_State *L, int index, int64_t *out) {
  if (lua_type(L, index) != LUA_TNUMBER) return false;
#if LUA_VERSION_NUM >= 503
  int whole;
  *out = lua_tointegerx(L, index, &whole);
  return whole != 0;
#else
  lua_Number number = lua_tonumber(L, index);
  if (!(number >= -(lua_Number)TL_WHOLE_MOST && number <= (lua_Number)TL_WHOLE_MOST)) return false;
  *out = (int64_t)number;
  return (lua_Number)*out == number;
#endif
}

/* True for a number that Lua itself holds as an integer; without integers, for a whole one. */
static inline bool tl_is_integer(lua_State *L, int index) {
#if LUA_VERSION_NUM >= 503
  return lua_isinteger(L, index);
#else
  int64_t whole;
  return tl_whole(L, index, &whole);
#endif
}

/* Without integers, what a double cannot hold crosses as text: a wrong number would be worse. */
static inline void tl_push_integer(lua_State *L, int64_t value) {
#if LUA_VERSION_NUM >= 503
  lua_pushinteger(L, value);
#else
  char text[24];
  if (value >= -TL_WHOLE_MOST && value <= TL_WHOLE_MOST) {
    lua_pushnumber(L, (lua_Number)value);
  } else {
    snprintf(text, sizeof text, "%lld", (long long)value);
    lua_pushstring(L, text);
  }
#endif
}

/* False when the program stopped the collector, where that can be asked. */
static inline bool tl_collector_runs(lua_State *L) {
#if LUA_VERSION_NUM >= 502
  return lua_gc(L, LUA_GCISRUNNING, 0);
#else
  return L != NULL;
#endif
}

/* Tells the collector of memory that it cannot see, unless the program stopped it. May run finalizers. */
static inline void tl_collector_tell(lua_State *L, size_t bytes) {
  if (!tl_collector_runs(L)) return;
#if LUA_VERSION_NUM >= 505
  lua_gc(L, LUA_GCSTEP, bytes);
#else
  size_t kilobytes = bytes / 1024;
  lua_gc(L, LUA_GCSTEP, kilobytes < INT_MAX / 2048 ? (int)kilobytes : INT_MAX / 2048);
#endif
}

#endif
