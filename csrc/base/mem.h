/* base/mem: the one place that asks for memory. Everything is counted, may be limited, and can be made to fail in tests.
 * Nothing else in csrc calls malloc. */
#ifndef TL_BASE_MEM_H
#define TL_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* `count` things of `each` bytes; NULL when refused or when the product does not fit. Zero bytes give a valid pointer.
 * Aligned to 16 bytes. Released with tl_mem_free. */
void *tl_mem_new(size_t count, size_t each);
void *tl_mem_zero(size_t count, size_t each);
/* Grows or shrinks; on refusal NULL, and `block` is still there. block NULL: as tl_mem_new. */
void *tl_mem_resize(void *block, size_t count, size_t each);
void tl_mem_free(void *block);
/* A copy of `size` bytes with a NUL after them. */
char *tl_mem_text(const char *bytes, size_t size);

/* Makes room for `need` elements of `each` bytes in a growing array: when need > *capacity, *array is moved and *capacity
 * becomes at least half as large again. errors: TALLY_ENOMEM (the array is as it was) */
tally_status tl_mem_reserve(void **array, size_t *capacity, size_t need, size_t each, tally_error *error);

/* Memory for column data: aligned to 64 bytes, at least TL_PADDING readable bytes after the end. */
enum { TL_ALIGNMENT = 64, TL_PADDING = 64 };
void *tl_mem_new_aligned(size_t size);
void *tl_mem_zero_aligned(size_t size);
/* Lets go of what is past `size` bytes, as far as that is worth it. */
void tl_mem_shrink_aligned(void *block, size_t size);
void tl_mem_free_aligned(void *block);

/* An arena: many small things that die together. */
typedef struct tl_arena {
  struct tl_arena_block *blocks;
  char *next, *end;
} tl_arena;

#define TL_ARENA \
  { 0 }
/* `size` bytes aligned to 16, not cleared; NULL when refused. */
void *tl_arena_new(tl_arena *arena, size_t size);
/* A copy of a text with a NUL after it. */
char *tl_arena_text(tl_arena *arena, const char *bytes, size_t size);
void tl_arena_done(tl_arena *arena);

#endif
