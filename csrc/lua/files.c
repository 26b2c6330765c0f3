/* lua/files: which files a pattern names. Several files are read with one call, and a pattern must mean the same in every host,
 * without a shell: glob(3) does the matching, a file that exists under the very name is never taken for a pattern, and the order is
 * that of the bytes of the names, whatever the locale. */
#include "lua/module.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lua/argument.h"
#include "lua/fail.h"

/* matches.__gc: what glob(3) gave is freed however the call ends. */
static int free_matches(lua_State *L) {
  glob_t *matches = lua_touserdata(L, 1);
  globfree(matches);
  *matches = (glob_t){0};
  return 0;
}

/* Matches in the making. Their metatable is their own: one shared by name would stay without __gc when memory for that is refused.
 * [-0, +1] */
static glob_t *new_matches(lua_State *L) {
  glob_t *matches = lua_newuserdatauv(L, sizeof *matches, 0);
  *matches = (glob_t){0};
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, free_matches);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return matches;
}

static int compare_paths(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

static void find_matches(lua_State *L, const char *pattern, glob_t *matches) {
  int failure = glob(pattern, GLOB_NOSORT, NULL, matches);
  if (failure == GLOB_NOSPACE) tl_raise_text(L, TALLY_ENOMEM, "not enough memory for the files that match '%s'", pattern);
  if (failure == GLOB_ABORTED) tl_raise_text(L, TALLY_EIO, "a folder of '%s' cannot be read", pattern);
  if (failure) tl_raise_text(L, TALLY_EIO, "no file matches '%s'", pattern);
  qsort(matches->gl_pathv, matches->gl_pathc, sizeof *matches->gl_pathv, compare_paths);
}

/* core.glob(pattern) -> array of paths in the order of their bytes; a name without *, ? and [, or of a file that exists, is itself
 */
static int core_glob(lua_State *L) {
  const char *pattern = tl_check_name(L, 1, 1, "pattern");
  bool literal = strpbrk(pattern, "*?[") == NULL || access(pattern, F_OK) == 0;
  glob_t *matches = new_matches(L);
  if (!literal) find_matches(L, pattern, matches);
  lua_newtable(L);
  if (literal) {
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, 1);
  }
  for (size_t i = 0; i < matches->gl_pathc; i++) {
    lua_pushstring(L, matches->gl_pathv[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

const luaL_Reg tl_file_functions[] = {
    {"glob", core_glob},
    {NULL, NULL},
};
