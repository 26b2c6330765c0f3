/* lua/progress: how far a file is read, on a line of standard error that is written over, when that is a terminal and the reading
 * takes longer than a second. It is C because Lua waits meanwhile. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lua/argument.h"
#include "lua/module.h"

/* "1.2 GB" */
static const char *size_text(int64_t bytes, char *to, size_t room) {
  double megabytes = (double)bytes / 1e6;
  snprintf(to, room, megabytes >= 1000 ? "%.1f GB" : "%.0f MB", megabytes >= 1000 ? megabytes / 1000 : megabytes);
  return to;
}

/* "4.3 million" */
static const char *rows_text(int64_t rows, char *to, size_t room) {
  if (rows >= 1000000) {
    snprintf(to, room, "%.1f million", (double)rows / 1e6);
  } else {
    snprintf(to, room, "%lld", (long long)rows);
  }
  return to;
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void show(void *context, const tally_progress *it) {
  char size[32], rows[32];
  double share = it->total > 0 ? (double)it->done / (double)it->total : 0;
  (void)context;
  if (it->seconds < 1 || share <= 0) return;
  if (it->ended) {
    fputs("\r\033[K", stderr);
    return;
  }
  if (share > 1) share = 1;
  fprintf(stderr, "\r\033[K%.40s: %.0f%% of %s, ", base_name(it->name), 100 * share, size_text(it->total / 2, size, sizeof size));
  if (it->rows > 0) fprintf(stderr, "%s rows, ", rows_text(it->rows, rows, sizeof rows));
  fprintf(stderr, "%.0f s left", it->seconds * (1 - share) / share);
  fflush(stderr);
}

int tl_progress(lua_State *L) {
  bool wanted = lua_isnoneornil(L, 1) ? isatty(STDERR_FILENO) : tl_check_boolean(L, 1);
  tally_on_progress(wanted ? show : NULL, NULL);
  return 0;
}
