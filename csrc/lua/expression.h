/* lua/expression: formulas as nested Lua tables, and the functions and aggregates there are. */
#ifndef TL_LUA_EXPRESSION_H
#define TL_LUA_EXPRESSION_H

#include "lua/argument.h"

/* Expressions in the making, owned by a slot of the stack. [-0, +1] */
typedef struct tl_expressions {
  size_t count;
  tally_expression *items[]; /* NULL: none yet, or given away */
} tl_expressions;
tl_expressions *tl_expressions_new(lua_State *L, size_t count);
void tl_expressions_register(lua_State *L);

/* Builds the expression at stack index `index` (not relative to the top) into a slot of a tl_expressions, which owns it. */
void tl_build_expression(lua_State *L, int index, int blame, tally_expression **slot);

/* The expression at an argument, in a box that is pushed. borrows [-0, +1] */
const tally_expression *tl_check_expression(lua_State *L, int argument);

/* The functions of the module that need no table: function_type, aggregate_type, functions, aggregates. */
extern const luaL_Reg tl_expression_functions[];

#endif
