/* lua/value: one value between Lua and the engine. Missing is nil, a date is a text "2019-08-31". */
#ifndef TL_LUA_VALUE_H
#define TL_LUA_VALUE_H

#include "lua/compat.h"
#include "tally.h"

/* The type named at `index`; others are errors of the argument `blame`. */
tally_type tl_check_type(lua_State *L, int index, int blame);

/* Pushes the value. [-0, +1] */
void tl_push_value(lua_State *L, tally_value value);

/* Reads the Lua value at `index` as a value of `type`; nil is missing. A text borrows from Lua. False when it is not one. */
bool tl_to_value(lua_State *L, int index, tally_type type, tally_value *out);

/* The type that a Lua value has by itself; TALLY_MISSING for nil. False for what is no value: tables, functions. */
bool tl_own_type(lua_State *L, int index, tally_type *out);

/* What a message calls a Lua value of a type: "an integer", "a date as text (2019-08-31)". */
const char *tl_type_expected(tally_type type);

#endif
