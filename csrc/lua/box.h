/* lua/box: the userdata in which Lua holds what the engine gave.
 *
 * Two rules make every jump harmless:
 *   anchor, then fill   an empty box is put on the stack first, and filled by the engine's call, after which no Lua call that may
 *                       raise stands between the reference and its box;
 *   open last           the pointer in a box is fetched when all else is ready, directly before the engine's call: any Lua call may
 *                       collect, a finalizer may run, and a finalizer may close the box. Who must call Lua while using the thing
 *                       (a loop that pushes values) holds a reference of his own in a second box: tl_hold_column, tl_hold_table. */
#ifndef TL_LUA_BOX_H
#define TL_LUA_BOX_H

#include "lua/compat.h"
#include "lua/fail.h"
#include "tally.h"

typedef enum tl_box_kind { TL_BOX_TABLE = 0, TL_BOX_COLUMN, TL_BOX_READING, TL_BOX_BUILDER, TL_BOX_PROGRAM } tl_box_kind;

typedef struct tl_box {
  union {
    void *thing; /* NULL: empty or closed */
    tally_table *table;
    tally_column *column;
    tally_reading *reading;
    tally_builder *builder;
    tally_program *program;
  };
  size_t used_before; /* what tally held when the box was made */
} tl_box;

/* Registers the metatable of a kind. methods: lists, ended by NULL; length: of the operator #, or NULL. */
void tl_box_register(lua_State *L, tl_box_kind kind, const luaL_Reg *const *methods, lua_CFunction length);

/* An empty box. [-0, +1] */
tl_box *tl_box_new(lua_State *L, tl_box_kind kind);

/* The last act of a function that filled the box on the top of the stack: raises when the call failed; else tells the collector
 * what the box weighs, and returns 1. */
int tl_box_filled(lua_State *L, tally_status status, const tally_error *error);

/* The box at an argument, which may be closed; wrong types are errors of the argument. */
tl_box *tl_check_box(lua_State *L, int argument, tl_box_kind kind);

/* The box at `index` if it is of the kind, else NULL. */
tl_box *tl_test_box(lua_State *L, int index, tl_box_kind kind);

/* "table", "column", "reading": what a message calls a thing of the kind. */
const char *tl_box_noun(tl_box_kind kind);

/* Raises "table is closed". */
int tl_raise_closed(lua_State *L, tl_box_kind kind);

/* What is in the box at an argument; closed ones are errors. borrows */
tally_table *tl_open_table(lua_State *L, int argument);
tally_column *tl_open_column(lua_State *L, int argument);
tally_reading *tl_open_reading(lua_State *L, int argument);

/* The same, with a reference of its own in a box that is pushed. [-0, +1] */
tally_table *tl_hold_table(lua_State *L, int argument);
tally_column *tl_hold_column(lua_State *L, int argument);

#endif
