/* Written bytes kept in memory. */
#ifndef SINK_H
#define SINK_H

#include "check.h"

typedef struct sink {
  char *bytes;
  size_t size, capacity;
  size_t most; /* refuses more than that; 0: takes all */
} sink;

/* The write function of a tally_output; context is a sink. */
static inline tally_status sink_take(void *context, const void *bytes, size_t size, tally_error *error) {
  (void)error;
  sink *it = context;
  if (it->most && it->size + size > it->most) return TALLY_EIO;
  if (it->capacity <= it->size + size) {
    it->capacity = (it->size + size) * 2 + 1;
    it->bytes = realloc(it->bytes, it->capacity);
  }
  if (size) memcpy(it->bytes + it->size, bytes, size);
  it->size += size;
  it->bytes[it->size] = '\0';
  return TALLY_OK;
}

static inline tally_output sink_output(sink *it) {
  return (tally_output){.write = sink_take, .context = it};
}

#endif
