/* base/bytes: bytes that grow at the end, for writers. */
#ifndef TL_BASE_BYTES_H
#define TL_BASE_BYTES_H

#include "base/mem.h"
#include "base/text.h"

typedef struct tl_bytes {
  char *at;
  size_t size, capacity;
} tl_bytes;

#define TL_BYTES \
  { 0 }

static inline tally_text tl_bytes_text(const tl_bytes *bytes) {
  return tl_text(bytes->at, bytes->size);
}

/* Makes room for `size` more bytes. errors: TALLY_ENOMEM, and what was there is still there */
tally_status tl_bytes_grow(tl_bytes *bytes, size_t size, tally_error *error);
/* Where `size` more bytes may be put; those that are to stay are then added to bytes->size. NULL: memory was refused. */
static inline char *tl_bytes_room(tl_bytes *bytes, size_t size, tally_error *error) {
  if (bytes->capacity - bytes->size < size && tl_bytes_grow(bytes, size, error)) return NULL;
  return bytes->at + bytes->size;
}
/* Adds at the end. errors: as tl_bytes_grow */
tally_status tl_bytes_put(tl_bytes *bytes, tally_text text, tally_error *error);
/* The same, in the plain form of tally_format_value. */
tally_status tl_bytes_put_value(tl_bytes *bytes, tally_value value, tally_error *error);
/* The same, as a string of JSON in its quotes. U+2028 and U+2029, which end a line in JavaScript, are escaped too.
 * text  valid UTF-8 */
tally_status tl_bytes_put_json(tl_bytes *bytes, tally_text text, tally_error *error);
void tl_bytes_done(tl_bytes *bytes);

#endif
