/* ingest/nearby: what to say of a file that is not there: its name is most often misspelt, so the nearest name in its folder is
 * offered. */
#include "ingest/nearby.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MOST = 20000 }; /* of a folder that are looked at */

/* The folder of a path, cut off where it is longer than any path; what is left is the name. */
static const char *split(const char *path, char folder[static PATH_MAX]) {
  const char *slash = strrchr(path, '/');
  if (!slash) {
    snprintf(folder, PATH_MAX, ".");
    return path;
  }
  int size = slash == path ? 1 : (int)(slash - path);
  snprintf(folder, PATH_MAX, "%.*s", size, path);
  return slash + 1;
}

/* Keeps the better of two names in `best`; of two that are equally near the first in the order of bytes, whatever the folder's. */
static void compete(const char *name, const char *other, char best[static NAME_MAX + 1]) {
  bool first = strcmp(other, best) < 0;
  const char *names[] = {first ? other : best, first ? best : other};
  const char *near = best[0] == '\0' ? tally_nearest(name, &other, 1) : tally_nearest(name, names, 2);
  if (near == other) snprintf(best, NAME_MAX + 1, "%s", other);
}

static void find_nearest(DIR *folder, const char *name, char best[static NAME_MAX + 1]) {
  best[0] = '\0';
  struct dirent *entry;
  for (int i = 0; i < NAMES_MOST && (entry = readdir(folder)) != NULL; i++) {
    if (entry->d_name[0] != '.') compete(name, entry->d_name, best);
  }
}

tally_status tl_not_there(const char *name, const char *path, tally_error *error) {
  char folder_name[PATH_MAX], best[NAME_MAX + 1];
  const char *file = split(path, folder_name);
  DIR *folder = opendir(folder_name);
  if (!folder) return tl_fail_at(error, TALLY_EIO, name, 0, 0, "is not there: no folder '%s' can be opened", folder_name);
  find_nearest(folder, file, best);
  closedir(folder);
  if (best[0] == '\0') return tl_fail_at(error, TALLY_EIO, name, 0, 0, "is not there, and nothing like it in its folder");
  return tl_fail_at(error, TALLY_EIO, name, 0, 0, "is not there; did you mean '%s'?", best);
}
