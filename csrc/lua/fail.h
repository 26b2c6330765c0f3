/* lua/fail: a tally_error becomes a Lua error. */
#ifndef TL_LUA_FAIL_H
#define TL_LUA_FAIL_H

#include "lua/compat.h"
#include "tally.h"

/* Raises the error object of `error`, a table { kind, message, file or where, line, column, script, script_line }. Does not
 * return. */
int tl_raise(lua_State *L, tally_status status, const tally_error *error);

/* Raises when a call of the engine did not succeed. */
void tl_try(lua_State *L, tally_status status, const tally_error *error);

/* Raises an error object with a message of the binding's own; the format is that of lua_pushfstring. Does not return. */
int tl_raise_text(lua_State *L, tally_status status, const char *format, ...);

/* core.set_error_metatable(metatable or nil): what the error objects of this state wear. Its field `library` is how the chunks of
 * the Lua half are called at the beginning ("@/usr/share/lua/5.4/tally"); lines in them are nobody's script. */
int tl_set_error_metatable(lua_State *L);
/* core.caller() -> file and line of the script that called into tally, or nothing */
int tl_caller(lua_State *L);

/* Gives the state the plain metatable, whose __tostring is the message. */
void tl_fail_open(lua_State *L);

#endif
