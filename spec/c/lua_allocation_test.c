/* Memory refused to a Lua program that reads, joins, groups and writes: every allocation of Lua and every one of the engine is
 * refused in turn, once alone and once with all that follow. The program must end with a clean error, the state must be usable
 * afterwards, and nothing may be left when it is closed. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "check.h"

int luaopen_tally_core(lua_State *L);

/* ---- A host whose memory runs out ---- */

typedef struct host {
  size_t live;    /* bytes that Lua holds */
  long countdown; /* allocations until one is refused; negative: none is */
  bool forever;   /* and every one after it */
} host;

static bool refuses(host *it) {
  if (it->countdown < 0) return false;
  if (it->countdown > 0) {
    it->countdown--;
    return false;
  }
  if (!it->forever) it->countdown = -1;
  return true;
}

/* A lua_Alloc. Shrinking and freeing are never refused. */
static void *allocate(void *context, void *block, size_t old_size, size_t new_size) {
  host *it = context;
  size_t held = block ? old_size : 0;
  if (new_size > held && refuses(it)) return NULL;
  if (new_size == 0) {
    free(block);
    it->live -= held;
    return NULL;
  }
  void *moved = realloc(block, new_size);
  if (moved) it->live += new_size - held;
  return moved;
}

/* ---- The program ---- */

static const char program[] =
    "local core = require 'tally.core'\n"
    "local students = core.read_csv({ bytes = 'level,country,n\\nUG,China,5\\nPGT,India,[c]\\nUG,China,7\\nPGR,,1\\n' },\n"
    "  { types = { n = 'integer' }, symbols = { '[c]' } }):table()\n"
    "local names = core.read_json({ bytes = "
    "'[{\"code\":\"UG\",\"title\":\"undergraduate\"},{\"code\":\"PGT\",\"title\":\"taught\"}]' })\n"
    "local joined, report = students:join(names:table(), { kind = 'left', left = { 'level' }, right = { 'code' } })\n"
    "assert(report.left_unmatched == 1)\n"
    "local made = core.table({ 'x', 'd' }, { core.column('text', { 'a', nil }, 2, { [2] = '..' }),\n"
    "  core.constant('date', '2019-08-31', 2) })\n"
    "assert(made:column('x'):with_levels({ 'b', 'a' }):values()[1] == 'a')\n"
    "local groups = joined:run{\n"
    "  steps = { { 'derive', 'twice', { 'call', '*', { 'column', 'n' }, { 'value', 2 } } },\n"
    "    { 'filter', { 'call', '~=', { 'column', 'level' }, { 'value', 'PGR' } } } },\n"
    "  keys = { 'title' },\n"
    "  aggregates = { { name = 'rows', func = 'count' }, { name = 'n', func = 'sum', argument = { 'column', 'twice' } } } }\n"
    "local sorted = core.append({ groups:sort({ { 'n', true } }), groups }, 'part', { 'first', 'second' })\n"
    "assert(sorted:write_json())\n"
    "return sorted:write_csv() .. made:write_csv()\n";

static const char expected[] =
    "part,title,rows,n\nfirst,undergraduate,2,24\nfirst,taught,1,\nsecond,undergraduate,2,24\nsecond,taught,1,\n"
    "x,d\na,2019-08-31\n..,2019-08-31\n";

/* Opens the libraries and the module; runs protected. */
static int open_all(lua_State *L) {
  luaL_openlibs(L);
  luaL_requiref(L, "tally.core", luaopen_tally_core, 0);
  lua_settop(L, 0);
  return 0;
}

/* Compiles and runs the program; runs protected. */
static int run_program(lua_State *L) {
  if (luaL_loadstring(L, program)) return lua_error(L);
  lua_call(L, 0, 1);
  return 1;
}

/* True for an error that says that memory was refused: Lua's own message, or an error object of kind "memory". */
static bool is_refusal(lua_State *L) {
  if (lua_type(L, -1) == LUA_TSTRING) return strstr(lua_tostring(L, -1), "not enough memory") != NULL;
  if (!lua_istable(L, -1)) return false;
  lua_getfield(L, -1, "kind");
  bool refusal = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "memory") == 0;
  lua_pop(L, 1);
  return refusal;
}

static bool gives_expected(lua_State *L) {
  lua_settop(L, 0);
  lua_pushcfunction(L, run_program);
  bool right = lua_pcall(L, 0, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), expected) == 0;
  if (!right) fprintf(stderr, "the program gave: %s\n", luaL_tolstring(L, -1, NULL));
  lua_settop(L, 0);
  return right;
}

/* ---- One round: refuse allocation number `count` of one side ---- */

typedef enum side { LUA_SIDE, ENGINE_SIDE, OPENING } side;

static void start_refusing(host *it, side which, long count, bool forever) {
  if (which == ENGINE_SIDE) {
    tally_fail_allocation(count, forever);
  } else {
    it->forever = forever;
    it->countdown = count;
  }
}

static void stop_refusing(host *it) {
  it->countdown = -1;
  tally_fail_allocation(-1, false);
}

/* A call under refusal. True when it came through; else the error must be a clean one. */
static bool call_refused(lua_State *L, host *it, lua_CFunction function, side which, long count, bool forever) {
  lua_pushcfunction(L, function);
  start_refusing(it, which, count, forever);
  bool through = lua_pcall(L, 0, LUA_MULTRET, 0) == LUA_OK;
  stop_refusing(it);
  CHECK(through || is_refusal(L));
  if (!through && !is_refusal(L)) fprintf(stderr, "allocation %ld: %s\n", count, luaL_tolstring(L, -1, NULL));
  lua_settop(L, 0);
  return through;
}

/* True when the call came through although allocation `count` was refused, or because there was none of this number. */
static bool one_round(side which, long count, bool forever) {
  host it = {.countdown = -1};
  size_t used_before = tally_memory_used();
  lua_State *L = lua_newstate(allocate, &it);
  if (!L) exit(1);
  /* Lua loses a finalizer that it has no memory to call, whatever it is of, and with a warning. So none is due meanwhile. */
  if (forever) lua_gc(L, LUA_GCSTOP);
  if (which != OPENING) open_all(L);
  bool through = call_refused(L, &it, which == OPENING ? open_all : run_program, which, count, forever);
  lua_gc(L, LUA_GCRESTART);
  if (which == OPENING) open_all(L);
  CHECK(gives_expected(L));
  lua_close(L);
  CHECK(it.live == 0);
  CHECK(tally_memory_used() == used_before);
  return through;
}

/* First each with all that follow, which also tells how many there are; then each alone, which Lua survives by collecting. */
static void refuse_each(side which, const char *name) {
  long count = 0;
  while (!one_round(which, count, true) && check_failed < 20) count++;
  CHECK(count > 10);
  for (long i = 0; i < count && check_failed < 20; i++) one_round(which, i, false);
  fprintf(stderr, "%s: %ld allocations refused in turn\n", name, count);
}

int main(void) {
  one_round(LUA_SIDE, -1, false); /* what the engine makes once and keeps is made here */
  refuse_each(OPENING, "opening");
  refuse_each(LUA_SIDE, "Lua");
  refuse_each(ENGINE_SIDE, "engine");
  return finish();
}
