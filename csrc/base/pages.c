/* base/pages: blocks aligned to huge pages, and a short list of those that nobody needs now. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MAP_ANONYMOUS, madvise */
#endif
#include "base/pages.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

/* ---- from the system ---- */

static void *map_huge(size_t size) {
  char *start = mmap(NULL, size + TL_HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return NULL;
  size_t before = (TL_HUGE_PAGE - (uintptr_t)start % TL_HUGE_PAGE) % TL_HUGE_PAGE, after = TL_HUGE_PAGE - before;
  if (before) munmap(start, before);
  if (after) munmap(start + before + size, after);
  madvise(start + before, size, MADV_HUGEPAGE); /* refused: pages are small, and nothing else changes */
  return start + before;
}

void tl_pages_trim(void *block, size_t size, size_t rest) {
  if (rest < size) munmap((char *)block + rest, size - rest);
}

/* ---- kept ---- */

typedef struct span {
  void *block; /* NULL: none */
  size_t size;
} span;

enum { KEPT_MOST = 64 };

static struct {
  pthread_mutex_t lock; /* of what follows */
  span spans[KEPT_MOST];
  size_t bytes;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Takes the place's block off the list. */
static span take_out(size_t place) {
  span found = kept.spans[place];
  kept.spans[place] = (span){0};
  kept.bytes -= found.size;
  return found;
}

/* The smallest that is large enough, but not much too large; KEPT_MOST when there is none. */
static size_t find_fit(size_t size) {
  size_t best = KEPT_MOST, most = size + size / 4 + TL_HUGE_PAGE;
  for (size_t i = 0; i < KEPT_MOST; i++) {
    const span *it = &kept.spans[i];
    if (!it->block || it->size < size || it->size > most) continue;
    if (best == KEPT_MOST || it->size < kept.spans[best].size) best = i;
  }
  return best;
}

static size_t find_empty(void) {
  size_t place = 0;
  while (place < KEPT_MOST && kept.spans[place].block) place++;
  return place;
}

/* Lets go of kept blocks until they are no more than that. */
static void shrink_to(size_t most) {
  for (size_t i = 0; i < KEPT_MOST && kept.bytes > most; i++) {
    span it = kept.spans[i].block ? take_out(i) : (span){0};
    if (it.block) munmap(it.block, it.size);
  }
}

/* In a forked child the list may be locked for ever by a thread that is not there; then nothing is kept. */
static bool lock_kept(void) {
  return pthread_mutex_trylock(&kept.lock) == 0;
}

static void keep_at_most(size_t most) {
  if (!lock_kept()) return;
  shrink_to(most);
  pthread_mutex_unlock(&kept.lock);
}

void tl_pages_drop(void) {
  keep_at_most(0);
}

/* ---- in and out ---- */

void *tl_pages_fresh(size_t size, size_t most) {
  keep_at_most(most);
  void *block = map_huge(size);
  if (block) return block;
  tl_pages_drop();
  return map_huge(size);
}

static span take_kept(size_t size) {
  if (!lock_kept()) return (span){0};
  size_t place = find_fit(size);
  span found = place < KEPT_MOST ? take_out(place) : (span){0};
  pthread_mutex_unlock(&kept.lock);
  return found;
}

void *tl_pages_any(size_t size, size_t most) {
  span found = take_kept(size);
  if (!found.block) return tl_pages_fresh(size, most);
  tl_pages_trim(found.block, found.size, size);
  return found.block;
}

/* The pages of a kept block are the system's to take, but are not cleared before it does. */
static bool keep(void *block, size_t size) {
  size_t place = find_empty();
  if (place == KEPT_MOST || madvise(block, size, MADV_FREE) != 0) return false;
  kept.spans[place] = (span){block, size};
  kept.bytes += size;
  return true;
}

void tl_pages_free(void *block, size_t size, size_t most) {
  bool is_kept = false;
  if (lock_kept()) {
    is_kept = kept.bytes + size <= most && keep(block, size);
    shrink_to(most);
    pthread_mutex_unlock(&kept.lock);
  }
  if (!is_kept) munmap(block, size);
}
