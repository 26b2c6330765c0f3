/* column/buffer: bytes that several columns share. */
#include "column/buffer.h"

#include <string.h>

static void release_own(tl_buffer *buffer) {
  tl_mem_free_aligned(buffer->bytes);
}

tl_buffer *tl_buffer_over(void *bytes, size_t size, void (*release)(tl_buffer *), void *owner) {
  tl_buffer *buffer = tl_mem_new(1, sizeof *buffer);
  if (!buffer) return NULL;
  *buffer = (tl_buffer){.references = 1, .bytes = bytes, .size = size, .release = release, .owner = owner};
  return buffer;
}

static tl_buffer *own(void *bytes, size_t size) {
  if (!bytes) return NULL;
  tl_buffer *buffer = tl_buffer_over(bytes, size, release_own, NULL);
  if (!buffer) tl_mem_free_aligned(bytes);
  return buffer;
}

tl_buffer *tl_buffer_new(size_t size) {
  return own(tl_mem_new_aligned(size), size);
}

tl_buffer *tl_buffer_zero(size_t size) {
  return own(tl_mem_zero_aligned(size), size);
}

void tl_buffer_shrink(tl_buffer *buffer, size_t size) {
  tl_mem_shrink_aligned(buffer->bytes, size);
  buffer->size = size;
}

tl_buffer *tl_buffer_retain(tl_buffer *buffer) {
  if (buffer) atomic_fetch_add_explicit(&buffer->references, 1, memory_order_relaxed);
  return buffer;
}

void tl_buffer_release(tl_buffer *buffer) {
  if (!buffer || atomic_fetch_sub_explicit(&buffer->references, 1, memory_order_acq_rel) != 1) return;
  if (buffer->release) buffer->release(buffer);
  tl_mem_free(buffer);
}
