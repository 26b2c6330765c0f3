/* The module `clock` for bench/peers/tally.lua: Lua itself has no clock that is finer than a second. */
#include <lauxlib.h>
#include <lua.h>
#include <time.h>

static int now(lua_State *L) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec / 1e9);
  return 1;
}

int luaopen_clock(lua_State *L) {
  lua_pushcfunction(L, now);
  return 1;
}
