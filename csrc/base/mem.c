/* base/mem: every block is preceded by its size, so that what is held can be counted and limited exactly. The counters are the only
 * state. A block for column data is aligned to 64 bytes and padded; all others to 16. */
#ifndef TALLY_UNSTABLE
#define TALLY_UNSTABLE
#endif
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"

static atomic_size_t used;
static atomic_size_t peak; /* of it */
static atomic_size_t limit;
static atomic_llong fail_after = -1; /* allocations that still succeed; -1: all */
static atomic_bool fail_forever;

size_t tally_memory_used(void) {
  return atomic_load_explicit(&used, memory_order_relaxed);
}

/* What is kept is not counted, so that it is let go of where memory is to be little. */
void tally_set_memory_limit(size_t bytes) {
  atomic_store(&limit, bytes);
  atomic_store(&peak, tally_memory_used());
  tl_pages_drop();
}

void tally_fail_allocation(int64_t count, bool forever) {
  atomic_store(&fail_forever, forever);
  atomic_store(&fail_after, count < 0 ? -1 : count);
}

/* Whether this allocation is the one that a test wants refused. */
static bool refused_by_test(void) {
  if (atomic_load_explicit(&fail_after, memory_order_relaxed) < 0) return false;
  long long before = atomic_fetch_sub(&fail_after, 1);
  if (before > 0) return false;
  atomic_store(&fail_after, atomic_load(&fail_forever) ? 0 : -1);
  return before == 0;
}

/* When memory was obtained. */
static void note_peak(void) {
  size_t now = tally_memory_used(), most = atomic_load_explicit(&peak, memory_order_relaxed);
  while (now > most && !atomic_compare_exchange_weak_explicit(&peak, &most, now, memory_order_relaxed, memory_order_relaxed))
    continue;
}

/* Pages may be kept as long as no more is held than was in use at once before. */
static size_t most_kept(void) {
  size_t now = tally_memory_used(), most = atomic_load_explicit(&peak, memory_order_relaxed);
  return now < most ? most - now : 0;
}

/* Counts `size` more bytes unless that passes the limit. */
static bool admit(size_t size) {
  if (refused_by_test()) return false;
  size_t most = atomic_load_explicit(&limit, memory_order_relaxed);
  size_t before = atomic_fetch_add_explicit(&used, size, memory_order_relaxed);
  if (most == 0 || (before <= most && size <= most - before)) return true;
  atomic_fetch_sub_explicit(&used, size, memory_order_relaxed);
  return false;
}

static void dismiss(size_t size) {
  atomic_fetch_sub_explicit(&used, size, memory_order_relaxed);
}

/* What stands before a block: the number of bytes counted for it, and those of its pages; 0: it is malloc's. */
typedef struct head {
  size_t size;
  size_t pages;
} head;

_Static_assert(sizeof(head) == 16, "blocks stay aligned to 16 bytes");

static bool total_size(size_t count, size_t each, size_t *size) {
  return !__builtin_mul_overflow(count, each, size) && *size <= SIZE_MAX / 2 && (*size += sizeof(head), true);
}

/* In whole pages. */
static size_t page_bytes(size_t size) {
  return (size + 4095) / 4096 * 4096;
}

/* Large blocks come from base/pages: they are touched at a sixth of the cost. */
static head *obtain(size_t size, bool zero) {
  size_t pages = size >= TL_HUGE_PAGE ? page_bytes(size) : 0;
  head *block = pages ? tl_pages_any(pages, most_kept()) : zero ? calloc(1, size) : malloc(size);
  if (!block) return NULL;
  if (pages && zero) memset(block, 0, size);
  *block = (head){size, pages};
  note_peak();
  return block;
}

static void *place(size_t count, size_t each, bool zero) {
  size_t size;
  if (!total_size(count, each, &size) || !admit(size)) return NULL;
  head *block = obtain(size, zero);
  if (!block) {
    dismiss(size);
    return NULL;
  }
  return block + 1;
}

void *tl_mem_new(size_t count, size_t each) {
  return place(count, each, false);
}

void *tl_mem_zero(size_t count, size_t each) {
  return place(count, each, true);
}

/* Of a block of pages, to another; its bytes are counted already. */
static head *move_pages(head *old, size_t size) {
  head *moved = obtain(size, false);
  if (!moved) return NULL;
  memcpy(moved + 1, old + 1, (size < old->size ? size : old->size) - sizeof *old);
  tl_pages_free(old, old->pages, most_kept());
  return moved;
}

void *tl_mem_resize(void *block, size_t count, size_t each) {
  if (!block) return tl_mem_new(count, each);
  head *old = (head *)block - 1;
  size_t size, old_size = old->size;
  if (!total_size(count, each, &size)) return NULL;
  if (size > old_size ? !admit(size - old_size) : refused_by_test()) return NULL;
  head *moved = old->pages ? move_pages(old, size) : realloc(old, size);
  if (!moved) {
    if (size > old_size) dismiss(size - old_size);
    return NULL;
  }
  if (size < old_size) dismiss(old_size - size);
  moved->size = size;
  return moved + 1;
}

void tl_mem_free(void *block) {
  if (!block) return;
  head *it = (head *)block - 1;
  dismiss(it->size);
  if (it->pages) {
    tl_pages_free(it, it->pages, most_kept());
  } else {
    free(it);
  }
}

char *tl_mem_text(const char *bytes, size_t size) {
  if (size == SIZE_MAX) return NULL;
  char *copy = tl_mem_new(size + 1, 1);
  if (!copy) return NULL;
  if (size) memcpy(copy, bytes, size);
  copy[size] = '\0';
  return copy;
}

tally_status tl_mem_reserve(void **array, size_t *capacity, size_t need, size_t each, tally_error *error) {
  if (need <= *capacity) return TALLY_OK;
  size_t room = *capacity + *capacity / 2;
  if (room < need) room = need;
  if (room < 16) room = 16;
  void *moved = tl_mem_resize(*array, room, each);
  if (!moved) return tl_no_memory(error);
  *array = moved;
  *capacity = room;
  return TALLY_OK;
}

/* ---- column data: the size stands in the 64 bytes before ---- */

/* The size of the whole block: head, data, padding; of whole pages when it is large. 0 when there is no such size. */
static size_t whole_size(size_t size) {
  size_t whole;
  if (__builtin_add_overflow(size, (size_t)TL_ALIGNMENT + TL_PADDING + TL_HUGE_PAGE, &whole)) return 0;
  whole -= TL_HUGE_PAGE;
  size_t unit = whole >= TL_HUGE_PAGE ? 4096 : TL_ALIGNMENT;
  return (whole + unit - 1) / unit * unit;
}

/* Blocks of at least one huge page come from base/pages. */
static char *new_block(size_t size, void *(*pages)(size_t, size_t), size_t *whole) {
  *whole = whole_size(size);
  if (*whole == 0 || !admit(*whole)) return NULL;
  char *block = *whole >= TL_HUGE_PAGE ? pages(*whole, most_kept()) : aligned_alloc(TL_ALIGNMENT, *whole);
  if (!block) {
    dismiss(*whole);
    return NULL;
  }
  memcpy(block, whole, sizeof *whole);
  note_peak();
  return block + TL_ALIGNMENT;
}

void *tl_mem_new_aligned(size_t size) {
  size_t whole;
  char *bytes = new_block(size, tl_pages_any, &whole);
  if (bytes) memset(bytes + size, 0, whole - TL_ALIGNMENT - size);
  return bytes;
}

void *tl_mem_zero_aligned(size_t size) {
  size_t whole;
  char *bytes = new_block(size, tl_pages_fresh, &whole);
  if (bytes && whole < TL_HUGE_PAGE) memset(bytes, 0, whole - TL_ALIGNMENT);
  return bytes;
}

void tl_mem_shrink_aligned(void *bytes, size_t size) {
  char *block = (char *)bytes - TL_ALIGNMENT;
  size_t whole, less = whole_size(size);
  memcpy(&whole, block, sizeof whole);
  if (less >= whole || less < TL_HUGE_PAGE) return;
  tl_pages_trim(block, whole, less);
  dismiss(whole - less);
  memcpy(block, &less, sizeof less);
}

void tl_mem_free_aligned(void *bytes) {
  if (!bytes) return;
  char *block = (char *)bytes - TL_ALIGNMENT;
  size_t whole;
  memcpy(&whole, block, sizeof whole);
  dismiss(whole);
  if (whole >= TL_HUGE_PAGE) {
    tl_pages_free(block, whole, most_kept());
  } else {
    free(block);
  }
}

/* ---- arena ---- */

typedef struct tl_arena_block {
  struct tl_arena_block *previous;
  size_t unused;
} tl_arena_block;

enum { ARENA_BLOCK = 1 << 16 };

void *tl_arena_new(tl_arena *arena, size_t size) {
  if (size > SIZE_MAX - 15) return NULL;
  size = (size + 15) & ~(size_t)15;
  if (size > (size_t)(arena->end - arena->next)) {
    size_t room = size > ARENA_BLOCK ? size : ARENA_BLOCK;
    if (room > SIZE_MAX - sizeof(tl_arena_block)) return NULL;
    tl_arena_block *block = tl_mem_new(1, sizeof *block + room);
    if (!block) return NULL;
    block->previous = arena->blocks;
    arena->blocks = block;
    arena->next = (char *)(block + 1);
    arena->end = arena->next + room;
  }
  void *room_for_it = arena->next;
  arena->next += size;
  return room_for_it;
}

char *tl_arena_text(tl_arena *arena, const char *bytes, size_t size) {
  char *copy = size == SIZE_MAX ? NULL : tl_arena_new(arena, size + 1);
  if (!copy) return NULL;
  if (size) memcpy(copy, bytes, size);
  copy[size] = '\0';
  return copy;
}

void tl_arena_done(tl_arena *arena) {
  for (tl_arena_block *block = arena->blocks, *previous; block; block = previous) {
    previous = block->previous;
    tl_mem_free(block);
  }
  *arena = (tl_arena)TL_ARENA;
}
