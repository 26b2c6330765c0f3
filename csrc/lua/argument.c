/* lua/argument: what Lua passes, checked and put into the shapes that the engine takes. The idea: a check either raises an error
 * that names the argument and what was found there, or gives memory that a slot of the stack owns; the caller's tables are read
 * raw, and what is taken from them is anchored at once, because they may change whenever Lua runs. Options are checked for
 * misspelling here, once, for all functions. */
#include "lua/argument.h"

#include <string.h>

static int fail_argument(lua_State *L, int blame, const char *what, const char *expected, int index) {
  const char *found = luaL_typename(L, index);
  return luaL_argerror(L, blame, lua_pushfstring(L, "%s: %s expected, got %s", what, expected, found));
}

/* ---- Single values ---- */

static int64_t whole_at(lua_State *L, int index, int blame, const char *what, int64_t least, int64_t most) {
  int64_t value;
  if (lua_type(L, index) != LUA_TNUMBER) fail_argument(L, blame, what, "whole number", index);
  bool whole = tl_whole(L, index, &value);
  if (whole && value >= least && value <= most) return value;
  lua_pushvalue(L, index);
  const char *found = lua_tostring(L, -1);
  return luaL_argerror(L, blame, lua_pushfstring(L, whole ? "%s: %s is out of range" : "%s: %s is not whole", what, found));
}

int64_t tl_check_whole(lua_State *L, int argument, int64_t least, int64_t most) {
  return whole_at(L, argument, argument, "number", least, most);
}

int64_t tl_optional_whole(lua_State *L, int argument, int64_t least, int64_t most, int64_t otherwise) {
  return lua_isnoneornil(L, argument) ? otherwise : tl_check_whole(L, argument, least, most);
}

bool tl_check_boolean(lua_State *L, int argument) {
  luaL_checktype(L, argument, LUA_TBOOLEAN);
  return lua_toboolean(L, argument);
}

const char *tl_check_name(lua_State *L, int index, int blame, const char *what) {
  if (lua_type(L, index) != LUA_TSTRING) fail_argument(L, blame, what, "text", index);
  size_t size;
  const char *name = lua_tolstring(L, index, &size);
  if (strlen(name) != size) luaL_argerror(L, blame, lua_pushfstring(L, "%s: '%s' goes on after a NUL byte", what, name));
  return name;
}

/* ---- Lists ---- */

void *tl_scratch(lua_State *L, size_t count, size_t each) {
  luaL_checkstack(L, 4, NULL);
  if (count > SIZE_MAX / 2 / each) luaL_error(L, "a list is too long");
  void *memory = lua_newuserdatauv(L, count > 0 ? count * each : 1, 0);
  memset(memory, 0, count > 0 ? count * each : 1);
  return memory;
}

size_t tl_check_list(lua_State *L, int index, int blame, const char *what) {
  if (!lua_istable(L, index)) fail_argument(L, blame, what, "list", index);
  size_t count = lua_rawlen(L, index);
  if (count >= INT_MAX) luaL_argerror(L, blame, lua_pushfstring(L, "%s: the list is too long", what));
  return count;
}

/* Pushes a table that keeps the items alive, and memory for `count` things. [-0, +2] */
static void *begin_list(lua_State *L, int index, int blame, const char *what, size_t each, size_t *count) {
  *count = tl_check_list(L, index, blame, what);
  luaL_checkstack(L, 8, NULL);
  lua_createtable(L, (int)*count, 0);
  return tl_scratch(L, *count, each);
}

/* Pushes "what[number]", by which an error calls the item. [-0, +1] */
static const char *push_item_name(lua_State *L, const char *what, size_t number) {
  return lua_pushfstring(L, "%s[%d]", what, (int)number);
}

/* Pushes item `number` of the list and anchors it. The table of begin_list lies two below the item. [-0, +1] */
static void push_item(lua_State *L, int index, size_t number) {
  lua_rawgeti(L, index, (int)number);
  lua_pushvalue(L, -1);
  lua_rawseti(L, -4, (int)number);
}

tl_names tl_check_names(lua_State *L, int index, int blame, const char *what) {
  tl_names names;
  names.items = begin_list(L, index, blame, what, sizeof *names.items, &names.count);
  for (size_t i = 0; i < names.count; i++) {
    push_item(L, index, i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) fail_argument(L, blame, push_item_name(L, what, i + 1), "text", -2);
    names.items[i] = tl_check_name(L, -1, blame, what);
    lua_pop(L, 1);
  }
  return names;
}

tl_texts tl_check_texts(lua_State *L, int index, int blame, const char *what) {
  tl_texts texts;
  texts.items = begin_list(L, index, blame, what, sizeof *texts.items, &texts.count);
  for (size_t i = 0; i < texts.count; i++) {
    push_item(L, index, i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) fail_argument(L, blame, push_item_name(L, what, i + 1), "text", -2);
    texts.items[i].bytes = lua_tolstring(L, -1, &texts.items[i].size);
    lua_pop(L, 1);
  }
  return texts;
}

tl_boxes tl_check_boxes(lua_State *L, int index, int blame, const char *what, tl_box_kind kind) {
  tl_boxes boxes;
  boxes.items = begin_list(L, index, blame, what, sizeof(tl_box *), &boxes.count);
  for (size_t i = 0; i < boxes.count; i++) {
    push_item(L, index, i + 1);
    boxes.items[i] = tl_test_box(L, -1, kind);
    if (!boxes.items[i]) fail_argument(L, blame, push_item_name(L, what, i + 1), tl_box_noun(kind), -2);
    lua_pop(L, 1);
  }
  return boxes;
}

/* ---- Named fields ---- */

static bool is_known(const char *name, const char *const *known) {
  while (*known && strcmp(*known, name) != 0) known++;
  return *known != NULL;
}

/* Pushes "'a', 'b', 'c'". [-0, +1] */
static const char *push_known(lua_State *L, const char *const *known) {
  lua_pushfstring(L, "'%s'", known[0]);
  while (*++known) {
    lua_pushfstring(L, "%s, '%s'", lua_tostring(L, -1), *known);
    lua_remove(L, -2);
  }
  return lua_tostring(L, -1);
}

static int fail_unknown(lua_State *L, int blame, const char *what, const char *name, const char *const *known) {
  size_t count = 0;
  while (known[count]) count++;
  const char *meant = tally_nearest(name, known, count);
  if (meant) return luaL_argerror(L, blame, lua_pushfstring(L, "unknown %s '%s'; did you mean '%s'?", what, name, meant));
  return luaL_argerror(L, blame, lua_pushfstring(L, "unknown %s '%s' (there are %s)", what, name, push_known(L, known)));
}

tl_fields tl_check_fields(lua_State *L, int index, int blame, const char *what, const char *const *known) {
  if (!lua_istable(L, index)) fail_argument(L, blame, what, "table", index);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) fail_argument(L, blame, what, "name", -1);
    const char *name = lua_tostring(L, -1);
    if (!is_known(name, known)) fail_unknown(L, blame, what, name, known);
  }
  return (tl_fields){.L = L, .index = index, .blame = blame};
}

tl_fields tl_check_options(lua_State *L, int argument, const char *const *known) {
  if (lua_isnoneornil(L, argument)) {
    lua_settop(L, lua_gettop(L) < argument ? argument : lua_gettop(L));
    lua_newtable(L);
    lua_replace(L, argument);
  }
  return tl_check_fields(L, argument, argument, "option", known);
}

bool tl_field_push(tl_fields fields, const char *name) {
  luaL_checkstack(fields.L, LUA_MINSTACK, NULL);
  lua_pushstring(fields.L, name);
  lua_rawget(fields.L, fields.index);
  if (!lua_isnil(fields.L, -1)) return true;
  lua_pop(fields.L, 1);
  return false;
}

const char *tl_field_name(tl_fields fields, const char *name, const char *otherwise) {
  return tl_field_push(fields, name) ? tl_check_name(fields.L, -1, fields.blame, name) : otherwise;
}

char tl_field_character(tl_fields fields, const char *name, char otherwise) {
  const char *text = tl_field_name(fields, name, NULL);
  if (!text) return otherwise;
  if (strlen(text) != 1) {
    luaL_argerror(fields.L, fields.blame, lua_pushfstring(fields.L, "%s: one character expected, got '%s'", name, text));
  }
  return text[0];
}

bool tl_field_boolean(tl_fields fields, const char *name, bool otherwise) {
  if (!tl_field_push(fields, name)) return otherwise;
  if (!lua_isboolean(fields.L, -1)) fail_argument(fields.L, fields.blame, name, "boolean", -1);
  bool value = lua_toboolean(fields.L, -1);
  lua_pop(fields.L, 1);
  return value;
}

int64_t tl_field_whole(tl_fields fields, const char *name, int64_t least, int64_t most, int64_t otherwise) {
  if (!tl_field_push(fields, name)) return otherwise;
  int64_t value = whole_at(fields.L, -1, fields.blame, name, least, most);
  lua_pop(fields.L, 1);
  return value;
}

int tl_field_choice(tl_fields fields, const char *name, const char *const *choices) {
  const char *chosen = tl_field_name(fields, name, choices[0]);
  for (int i = 0; choices[i]; i++)
    if (strcmp(choices[i], chosen) == 0) return i;
  return luaL_argerror(fields.L, fields.blame,
                       lua_pushfstring(fields.L, "%s: '%s' is not one of %s", name, chosen, push_known(fields.L, choices)));
}

tl_names tl_field_names(tl_fields fields, const char *name) {
  if (!tl_field_push(fields, name)) return (tl_names){NULL, 0};
  return tl_check_names(fields.L, lua_gettop(fields.L), fields.blame, name);
}
