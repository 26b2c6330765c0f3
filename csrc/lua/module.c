/* lua/module: the entrance of the module tally.core. It gathers the functions and methods of the rooms of the binding, adds those
 * that concern the whole machine (threads, memory, kernels), and puts a sentinel into each Lua state, so that the workers are
 * joined before the code they run is unloaded. The module is an ordinary client of tally.h. */
#include "lua/module.h"

#include <stdatomic.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lua/argument.h"
#include "lua/expression.h"
#include "lua/fail.h"
#include "lua/value.h"

/* ---- The sentinel ---- */

/* Lua states in this process that have the module open: the last one to close joins the workers. */
static atomic_int open_states;

/* Its address is the key of the sentinel in the registry. */
static const char sentinel_key;

static int leave_state(lua_State *L) {
  (void)L;
  if (atomic_fetch_sub(&open_states, 1) == 1) tally_shutdown();
  return 0;
}

/* Lua closes finalizers before it unloads libraries. The count goes up only when the sentinel is sure to be finalized. */
static void enter_state(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&sentinel_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  bool entered = !lua_isnil(L, -1);
  lua_pop(L, 1);
  if (entered) return;
  lua_pushlightuserdata(L, (void *)&sentinel_key);
  lua_newuserdatauv(L, 1, 0);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, leave_state);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  atomic_fetch_add(&open_states, 1);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

/* ---- The machine ---- */

/* core.version() -> text */
static int core_version(lua_State *L) {
  lua_pushstring(L, tally_version());
  return 1;
}

/* core.threads([n]) -> threads now in force; 0: as many as there are cores */
static int core_threads(lua_State *L) {
  int64_t count = tl_optional_whole(L, 1, 0, INT_MAX, -1);
  lua_pushinteger(L, tally_threads((int)count));
  return 1;
}

/* core.kernel([name]) -> the set of kernels in use */
static int core_kernel(lua_State *L) {
  if (!lua_isnoneornil(L, 1)) {
    const char *name = tl_check_name(L, 1, 1, "kernel");
    if (!tally_set_kernel(name)) luaL_argerror(L, 1, lua_pushfstring(L, "this machine has no kernel '%s'", name));
  }
  lua_pushstring(L, tally_kernel());
  return 1;
}

/* core.memory_used() -> bytes that tally holds outside Lua */
static int core_memory_used(lua_State *L) {
  tl_push_integer(L, (int64_t)tally_memory_used());
  return 1;
}

/* core.memory_limit(bytes): above it allocation is refused; 0: no limit */
static int core_memory_limit(lua_State *L) {
  tally_set_memory_limit((size_t)tl_check_whole(L, 1, 0, INT64_MAX));
  return 0;
}

/* core.cancel(boolean): what is running in any thread stops; false allows work again */
static int core_cancel(lua_State *L) {
  tally_cancel(tl_check_boolean(L, 1));
  return 0;
}

/* core.format_number(v) -> the shortest text that reads back to the same number */
static int core_format_number(lua_State *L) {
  char text[64];
  tally_type type;
  tally_value value;
  luaL_checktype(L, 1, LUA_TNUMBER);
  tl_own_type(L, 1, &type);
  tl_to_value(L, 1, type, &value);
  size_t size = tally_format_value(value, text, sizeof text);
  lua_pushlstring(L, text, size);
  return 1;
}

/* core.nearest(name, {names}) -> the name that was probably meant, or nil */
static int core_nearest(lua_State *L) {
  const char *name = tl_check_name(L, 1, 1, "name");
  tl_names names = tl_check_names(L, 2, 2, "names");
  lua_pushstring(L, tally_nearest(name, names.items, names.count));
  return 1;
}

/* core.screen_width() -> the columns of the terminal that standard output goes to, or nil when it goes elsewhere */
static int core_screen_width(lua_State *L) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 0;
  tl_push_integer(L, size.ws_col);
  return 1;
}

#ifdef TALLY_UNSTABLE
/* core.fail_allocation(n [, forever]): for tests: the engine's allocation after n more is refused; n < 0: off */
static int core_fail_allocation(lua_State *L) {
  int64_t count = tl_check_whole(L, 1, -1, INT64_MAX);
  tally_fail_allocation(count, lua_toboolean(L, 2));
  return 0;
}
#endif

static const luaL_Reg machine_functions[] = {
    {"version", core_version},
    {"threads", core_threads},
    {"kernel", core_kernel},
    {"memory_used", core_memory_used},
    {"memory_limit", core_memory_limit},
    {"cancel", core_cancel},
    {"progress", tl_progress},
    {"format_number", core_format_number},
    {"nearest", core_nearest},
    {"screen_width", core_screen_width},
    {"set_error_metatable", tl_set_error_metatable},
    {"caller", tl_caller},
#ifdef TALLY_UNSTABLE
    {"fail_allocation", core_fail_allocation},
#endif
    {NULL, NULL},
};

/* ---- The entrance ---- */

static void register_boxes(lua_State *L) {
  const luaL_Reg *none[] = {NULL};
  const luaL_Reg *column[] = {tl_column_methods, NULL};
  const luaL_Reg *reading[] = {tl_reading_methods, NULL};
  const luaL_Reg *table[] = {tl_table_methods, tl_operation_methods, tl_writing_methods, NULL};
  tl_box_register(L, TL_BOX_TABLE, table, tl_table_length);
  tl_box_register(L, TL_BOX_COLUMN, column, tl_column_length);
  tl_box_register(L, TL_BOX_READING, reading, NULL);
  tl_box_register(L, TL_BOX_BUILDER, none, NULL);
  tl_box_register(L, TL_BOX_PROGRAM, none, NULL);
  tl_expressions_register(L);
}

TALLY_API int luaopen_tally_core(lua_State *L);

/* require "tally.core" -> table of functions */
int luaopen_tally_core(lua_State *L) {
  const luaL_Reg *lists[] = {machine_functions,    tl_expression_functions, tl_column_functions,  tl_table_functions,
                             tl_reading_functions, tl_operation_functions,  tl_writing_functions, tl_file_functions};
  tl_fail_open(L);
  register_boxes(L);
  enter_state(L);
  lua_newtable(L);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) luaL_setfuncs(L, lists[i], 0);
  return 1;
}
