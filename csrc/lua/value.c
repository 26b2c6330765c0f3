/* lua/value: one value between Lua and the engine: which Lua value stands for which type, and back. The idea: conversions are exact
 * or refused; 2.5 is no integer, 1 is no text, and a date crosses as its ISO text, so that what is compared and printed in Lua is
 * what stands in the file. */
#include "lua/value.h"

#include <string.h>

static const char *const expected[] = {
    [TALLY_MISSING] = "nil",     [TALLY_BOOLEAN] = "a boolean", [TALLY_INTEGER] = "an integer",
    [TALLY_NUMBER] = "a number", [TALLY_TEXT] = "a text",       [TALLY_DATE] = "a date, as a text like '2019-08-31'",
};

const char *tl_type_expected(tally_type type) {
  return expected[type];
}

tally_type tl_check_type(lua_State *L, int index, int blame) {
  const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
  if (!name) luaL_argerror(L, blame, lua_pushfstring(L, "name of a type expected, got %s", luaL_typename(L, index)));
  for (tally_type type = TALLY_MISSING; type <= TALLY_DATE; type++)
    if (strcmp(tally_type_name(type), name) == 0) return type;
  luaL_argerror(L, blame, lua_pushfstring(L, "unknown type '%s' (types are boolean, integer, number, text, date, missing)", name));
  return TALLY_MISSING;
}

/* ---- Dates ---- */

static void push_date(lua_State *L, tally_value value) {
  char text[32];
  lua_pushlstring(L, text, tally_format_value(value, text, sizeof text));
}

/* ---- Values ---- */

void tl_push_value(lua_State *L, tally_value value) {
  switch (value.type) {
    case TALLY_MISSING:
      lua_pushnil(L);
      break;
    case TALLY_BOOLEAN:
      lua_pushboolean(L, value.boolean);
      break;
    case TALLY_INTEGER:
      tl_push_integer(L, value.integer);
      break;
    case TALLY_NUMBER:
      lua_pushnumber(L, value.number);
      break;
    case TALLY_TEXT:
      lua_pushlstring(L, value.text.bytes, value.text.size);
      break;
    case TALLY_DATE:
      push_date(L, value);
      break;
  }
}

static bool to_text(lua_State *L, int index, tally_text *out) {
  if (lua_type(L, index) != LUA_TSTRING) return false;
  out->bytes = lua_tolstring(L, index, &out->size);
  return true;
}

/* A number; one that Lua holds as an integer stays one, so that the engine decides what becomes of its last digits. */
static bool to_number(lua_State *L, int index, tally_value *out) {
  if (lua_type(L, index) != LUA_TNUMBER) return false;
  if (tl_is_integer(L, index) && tl_whole(L, index, &out->integer)) {
    out->type = TALLY_INTEGER;
  } else {
    out->number = lua_tonumber(L, index);
  }
  return true;
}

bool tl_to_value(lua_State *L, int index, tally_type type, tally_value *out) {
  tally_text text;
  *out = (tally_value){.type = lua_isnil(L, index) ? TALLY_MISSING : type};
  switch (out->type) {
    case TALLY_MISSING:
      return lua_isnil(L, index);
    case TALLY_BOOLEAN:
      out->boolean = lua_toboolean(L, index);
      return lua_isboolean(L, index);
    case TALLY_INTEGER:
      return tl_whole(L, index, &out->integer);
    case TALLY_NUMBER:
      return to_number(L, index, out);
    case TALLY_TEXT:
      return to_text(L, index, &out->text);
    case TALLY_DATE:
      return to_text(L, index, &text) && tally_date_read(text, &out->date);
  }
  return false;
}

bool tl_own_type(lua_State *L, int index, tally_type *out) {
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      *out = TALLY_MISSING;
      return true;
    case LUA_TBOOLEAN:
      *out = TALLY_BOOLEAN;
      return true;
    case LUA_TNUMBER:
      *out = tl_is_integer(L, index) ? TALLY_INTEGER : TALLY_NUMBER;
      return true;
    case LUA_TSTRING:
      *out = TALLY_TEXT;
      return true;
    default:
      return false;
  }
}
