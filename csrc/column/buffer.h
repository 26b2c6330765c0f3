/* column/buffer: counted bytes with a way to let them go, so that memory of ours, a foreign array and a mapping are one thing.
 * Immutable once shared; whoever made it may fill it before. */
#ifndef TL_COLUMN_BUFFER_H
#define TL_COLUMN_BUFFER_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/mem.h"

typedef struct tl_buffer {
  atomic_int references;
  void *bytes; /* aligned to 64, TL_PADDING readable bytes after the end */
  size_t size;
  void (*release)(struct tl_buffer *it); /* lets `bytes` go; NULL: nothing to do */
  void *owner;                           /* for `release` */
} tl_buffer;

/* `size` bytes, not cleared, but for the padding, which is zero. new reference; NULL when refused */
tl_buffer *tl_buffer_new(size_t size);
tl_buffer *tl_buffer_zero(size_t size);
/* Lets go of what is past `size` bytes of a buffer of these two. Nothing was written there. */
void tl_buffer_shrink(tl_buffer *buffer, size_t size);
/* A buffer over bytes of somebody else. new reference; NULL when refused, and then `release` was not called */
tl_buffer *tl_buffer_over(void *bytes, size_t size, void (*release)(tl_buffer *), void *owner);
tl_buffer *tl_buffer_retain(tl_buffer *buffer); /* NULL gives NULL */
void tl_buffer_release(tl_buffer *buffer);      /* NULL is allowed */

#endif
