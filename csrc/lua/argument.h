/* lua/argument: arguments of the kinds that the engine wants: whole numbers, names, lists, tables of named fields. All access to
 * tables of the caller is raw. `blame` is the number of the argument that an error names; `what` says which part of it. */
#ifndef TL_LUA_ARGUMENT_H
#define TL_LUA_ARGUMENT_H

#include "lua/box.h"

/* A whole number from `least` to `most` at an argument; integral floats count, texts do not. */
int64_t tl_check_whole(lua_State *L, int argument, int64_t least, int64_t most);
int64_t tl_optional_whole(lua_State *L, int argument, int64_t least, int64_t most, int64_t otherwise);
bool tl_check_boolean(lua_State *L, int argument);

/* A text without NUL at `index`, borrowed from Lua. */
const char *tl_check_name(lua_State *L, int index, int blame, const char *what);

/* Memory that dies with the stack slot. [-0, +1] */
void *tl_scratch(lua_State *L, size_t count, size_t each);

/* The number of items of the list at `index`. */
size_t tl_check_list(lua_State *L, int index, int blame, const char *what);

typedef struct tl_names {
  const char **items;
  size_t count;
} tl_names;

typedef struct tl_texts {
  tally_text *items;
  size_t count;
} tl_texts;

typedef struct tl_boxes {
  tl_box **items; /* not yet looked into: they may be closed */
  size_t count;
} tl_boxes;

/* The list at `index`, kept alive by two slots that are pushed, whatever becomes of the caller's table. [-0, +2] */
tl_names tl_check_names(lua_State *L, int index, int blame, const char *what);
tl_texts tl_check_texts(lua_State *L, int index, int blame, const char *what);
tl_boxes tl_check_boxes(lua_State *L, int index, int blame, const char *what, tl_box_kind kind);

/* A table with named fields at `index` (not relative to the top). */
typedef struct tl_fields {
  lua_State *L;
  int index;
  int blame;
} tl_fields;

/* Checks that the table has no field but those of `known`, a list ended by NULL; `what` is "option" or "field". */
tl_fields tl_check_fields(lua_State *L, int index, int blame, const char *what, const char *const *known);
/* The options at an argument, where nil stands for none. */
tl_fields tl_check_options(lua_State *L, int argument, const char *const *known);

/* Pushes the field; without one pushes nothing and is false. [-0, +(0|1)] */
bool tl_field_push(tl_fields fields, const char *name);
/* Each leaves what it returns a pointer into on the stack, so that it lives until the function returns. */
const char *tl_field_name(tl_fields fields, const char *name, const char *otherwise);
char tl_field_character(tl_fields fields, const char *name, char otherwise);
bool tl_field_boolean(tl_fields fields, const char *name, bool otherwise);
int64_t tl_field_whole(tl_fields fields, const char *name, int64_t least, int64_t most, int64_t otherwise);
/* The place of the field's text in `choices`, a list ended by NULL; the first is the default. */
int tl_field_choice(tl_fields fields, const char *name, const char *const *choices);
/* Without the field: items NULL. */
tl_names tl_field_names(tl_fields fields, const char *name);

#endif
