/* base/nearest: the name that was probably meant, for messages. The optimal string alignment distance: letters inserted, left out,
 * changed, or swapped with a neighbour; the case of ASCII letters does not count. */
#include "base/text.h"

enum { NAME_MOST = 127 }; /* longer names are not compared */

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static bool same(char a, char b) {
  return tl_fold(a) == tl_fold(b);
}

/* Three rows of the usual table, of which each is needed for the next two. */
static size_t distance(const char *a, size_t size_a, const char *b, size_t size_b) {
  size_t row[3][NAME_MOST + 1];
  for (size_t j = 0; j <= size_b; j++) row[0][j] = j;
  for (size_t i = 1; i <= size_a; i++) {
    size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= size_b; j++) {
      now[j] = smaller(smaller(last[j], now[j - 1]) + 1, last[j - 1] + !same(a[i - 1], b[j - 1]));
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) now[j] = smaller(now[j], before[j - 2] + 1);
    }
  }
  return row[size_a % 3][size_b];
}

const char *tally_nearest(const char *name, const char *const *names, size_t count) {
  size_t size = strlen(name), least = size / 3 + 1;
  if (size > NAME_MOST) return NULL;
  if (least < 2) least = 2;
  const char *nearest = NULL;
  for (size_t i = 0; i < count; i++) {
    size_t other = strlen(names[i]);
    if (other > NAME_MOST || other + least <= size || size + least <= other) continue;
    size_t far = distance(name, size, names[i], other);
    if (far < least) {
      least = far;
      nearest = names[i];
    }
  }
  return nearest;
}
