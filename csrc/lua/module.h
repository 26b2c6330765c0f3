/* lua/module: the entrance, and the lists of functions that the rooms of the binding hand to it. */
#ifndef TL_LUA_MODULE_H
#define TL_LUA_MODULE_H

#include "lua/compat.h"

/* Ended by {NULL, NULL}. The methods of tables come from three rooms. */
extern const luaL_Reg tl_column_functions[], tl_column_methods[];
extern const luaL_Reg tl_table_functions[], tl_table_methods[];
extern const luaL_Reg tl_reading_functions[], tl_reading_methods[];
extern const luaL_Reg tl_operation_functions[], tl_operation_methods[];
extern const luaL_Reg tl_writing_functions[], tl_writing_methods[];
extern const luaL_Reg tl_file_functions[];

/* table:run{...} and core.draw(readings, {...}), of the room program */
int tl_table_run(lua_State *L);
int tl_draw(lua_State *L);

/* core.progress([boolean]): whether it is shown how far a file is read, when that takes longer than a second; nil: on a terminal */
int tl_progress(lua_State *L);

/* #column, #table */
int tl_column_length(lua_State *L);
int tl_table_length(lua_State *L);

#endif
