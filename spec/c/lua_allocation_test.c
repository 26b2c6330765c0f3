/* Memory refused to Lua programs that read, join, group and write: allocations of Lua and of the engine are refused in turn, once
 * alone and once with all that follow. The program must end with a clean error, the state must be usable afterwards, no
 * temporary file may lie about, and nothing may be left when the state is closed.
 *
 * Of the short programs every allocation is refused. The one that goes through the whole of `require "tally"` makes tens of
 * thousands, so a sample is taken, at a prime distance; TALLY_TEST_ALL=1 takes them all, which lasts an hour. */
#include <dirent.h>
#include <lauxlib.h>
#include <limits.h>
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

/* ---- The programs ---- */

typedef enum side { OPENING, LUA_SIDE, ENGINE_SIDE } side;

static const char *const side_names[] = {"opening", "Lua", "engine"};

typedef struct script {
  const char *name;
  const char *open;     /* what is loaded before */
  const char *run;      /* the program: it gives a text */
  const char *expected; /* this one */
  long points[3];       /* how many allocations are refused at most, by side; 0: all */
} script;

static const char engine_program[] =
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

static const char engine_expected[] =
    "part,title,rows,n\nfirst,undergraduate,2,24\nfirst,taught,1,\nsecond,undergraduate,2,24\nsecond,taught,1,\n"
    "x,d\na,2019-08-31\n..,2019-08-31\n";

/* LPeg compiles a pattern when it first matches: the first formula must not find it half made. */
static const char formula_program[] =
    "local parse = require('tally.formula').parse\n"
    "local ok, fault = pcall(parse, 'a *')\n"
    "assert(not ok)\n"
    "if fault.kind ~= 'syntax' then error(fault, 0) end\n"
    "return parse('share = percent(a, b + 1)').name .. parse('n > 5 and (x or `y z` in {1, 2})').tree.func\n";

/* FOLDER, a global, holds the two files that are read and takes those that are written. */
static const char whole_program[] =
    "local tally = require 'tally'\n"
    "local students = tally.read_csv(FOLDER .. '/students-*.csv')\n"
    "local levels = tally.from_rows { { code = 'UG', title = 'undergraduate' }, { code = 'PGT', title = 'taught' } }\n"
    "local made = students\n"
    "  :join(levels, { by = { level = 'code' }, kind = 'left' })\n"
    "  :derive('each = n / 2', 'is_first = starts_with(file, $first)', { first = 'students-2019' })\n"
    "  :filter \"coalesce(title, '') ~= 'nothing'\"\n"
    "  :group_by 'title'\n"
    "  :aggregate('rows = count()', 'n = sum(n)', 'half = mean(each where is_first)')\n"
    "  :sort '-n'\n"
    "made:write(FOLDER .. '/out.csv')\n"
    "made:write(FOLDER .. '/out.json')\n"
    "return tostring(made)\n";

static const char whole_expected[] =
    "3 rows × 4 columns   2 files: students-2019.csv …\n"
    "  title             rows        n    half\n"
    "  text           integer  integer  number\n"
    "  ───────────────────────────────────────\n"
    "  undergraduate        3    1,120   537.5\n"
    "  taught               2      740   365.0\n"
    "  ·                    1        ·       ·";

static const script scripts[] = {
    {"engine", "require 'tally.core'", engine_program, engine_expected, {0}},
    {"formula", "require 'tally.formula'", formula_program, "shareand", {10, 60, 10}},
    {"whole", "require 'tally'", whole_program, whole_expected, {10, 15, 15}},
};

static const script *running; /* the one that is run now */

/* ---- The folder of the files ---- */

static char folder[] = "/tmp/tally-allocation-XXXXXX";

static void in_folder(char *path, size_t size, const char *name) {
  snprintf(path, size, "%s/%s", folder, name);
}

static void write_input(const char *name, const char *text) {
  char path[512];
  in_folder(path, sizeof path, name);
  FILE *file = fopen(path, "wb");
  if (!file || fputs(text, file) < 0 || fclose(file)) exit(1);
}

static void make_folder(void) {
  if (!mkdtemp(folder)) exit(1);
  write_input("students-2019.csv", "A table of levels\n\nlevel,country,n\nUG,China,\"1,075\"\nPGT,India,730\nUG,UK,[c]\n");
  write_input("students-2020.csv", "level,country,n\nUG,China,45\nPGT,India,10\nPGR,UK,[c]\nTotal,,55\n");
}

/* Removes what a program wrote. True when there was nothing but whole files: none of a temporary name. */
static bool clear_output(const char *kept) {
  bool whole = true;
  DIR *list = opendir(folder);
  if (!list) exit(1);
  for (struct dirent *entry; (entry = readdir(list));) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (kept && strncmp(name, kept, strlen(kept)) == 0)) continue;
    char path[512];
    in_folder(path, sizeof path, name);
    remove(path);
    whole = whole && name[0] != '.';
  }
  closedir(list);
  return whole;
}

/* ---- Running them ---- */

/* Opens the libraries and the module; runs protected. */
static int open_all(lua_State *L) {
  luaL_openlibs(L);
  luaL_requiref(L, "tally.core", luaopen_tally_core, 0);
  lua_pushstring(L, folder);
  lua_setglobal(L, "FOLDER");
  if (luaL_dostring(L, "package.path = './lua/?.lua;' .. package.path") || luaL_dostring(L, running->open)) return lua_error(L);
  lua_settop(L, 0);
  return 0;
}

/* Compiles and runs the program; runs protected. */
static int run_program(lua_State *L) {
  if (luaL_loadstring(L, running->run)) return lua_error(L);
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
  bool right =
      lua_pcall(L, 0, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), running->expected) == 0;
  if (!right) fprintf(stderr, "the program gave: %s\n", luaL_tolstring(L, -1, NULL));
  lua_settop(L, 0);
  return right;
}

/* ---- One round: refuse allocation number `count` of one side ---- */

static void start_refusing(host *it, side which, long count, bool forever) {
  if (which == ENGINE_SIDE) {
    tally_fail_allocation(count, forever);
  } else {
    it->forever = forever;
    it->countdown = count;
  }
}

static long left_over; /* of the countdown of Lua's side, in the last round */

static void stop_refusing(host *it) {
  left_over = it->countdown;
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
  CHECK(clear_output("students-"));
  lua_gc(L, LUA_GCRESTART);
  if (which == OPENING) open_all(L);
  CHECK(gives_expected(L));
  CHECK(clear_output("students-"));
  lua_close(L);
  CHECK(it.live == 0);
  CHECK(tally_memory_used() == used_before);
  return through;
}

/* ---- All rounds ---- */

static bool takes_all(side which) {
  const char *all = getenv("TALLY_TEST_ALL");
  return running->points[which] == 0 || (all && strcmp(all, "1") == 0);
}

/* How many allocations there are. Of the engine: the first of which, and of all after it, the refusal is not noticed. */
static long count_allocations(side which) {
  if (which != ENGINE_SIDE) {
    one_round(which, LONG_MAX, true);
    return LONG_MAX - left_over;
  }
  long low = 0, high = 1;
  while (!one_round(which, high, true)) low = high + 1, high *= 2;
  while (low < high) {
    long middle = low + (high - low) / 2;
    if (one_round(which, middle, true))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static bool is_prime(long number) {
  for (long i = 2; i * i <= number; i++)
    if (number % i == 0) return false;
  return number > 1;
}

/* The distance of the allocations that are refused: 1, or a prime that keeps no time with what the program does again and again. */
static long distance_of(side which, long count) {
  if (takes_all(which)) return 1;
  long distance = count / running->points[which] + 1;
  while (!is_prime(distance)) distance++;
  return distance;
}

/* Each with all that follow, and each alone, which Lua survives by collecting. */
static void refuse_each(side which) {
  long count = count_allocations(which), distance = distance_of(which, count), refused = 0;
  CHECK(count > 10);
  for (long i = 0; i < count && check_failed < 20; i += distance, refused++) {
    one_round(which, i, true);
    one_round(which, i, false);
  }
  fprintf(stderr, "%s, %s: %ld of %ld allocations refused in turn\n", running->name, side_names[which], refused, count);
}

int main(void) {
  setenv("COLUMNS", "80", 1);
  make_folder();
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts && check_failed < 20; i++) {
    running = &scripts[i];
    one_round(LUA_SIDE, -1, false); /* what the engine makes once and keeps is made here */
    refuse_each(OPENING);
    refuse_each(LUA_SIDE);
    if (running->run != formula_program) refuse_each(ENGINE_SIDE);
  }
  clear_output(NULL);
  remove(folder);
  return finish();
}
