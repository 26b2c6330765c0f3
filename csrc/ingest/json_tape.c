/* ingest/json_tape: values written one after another as they come, before it is known what type their column will have. A value is
 * its type, a byte, and then itself: a boolean is a byte, an integer or a number eight, a text its size and its bytes. Rows without
 * a value are a number between two values, so that a place that is rarely filled costs little. */
#include "ingest/json_tape.h"

enum { VALUE_MOST = 32 }; /* bytes of rows left out, type, and size or value */

/* Seven bits a byte, the lowest first; the last byte is below 128. */
static char *put_count(char *to, uint64_t count) {
  for (; count >= 128; count >>= 7) *to++ = (char)(count | 128);
  *to++ = (char)count;
  return to;
}

static uint64_t take_count(const char **from) {
  uint64_t count = 0;
  for (int shift = 0;; shift += 7) {
    unsigned char byte = (unsigned char)*(*from)++;
    count |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return count;
  }
}

static char *put_bytes(char *to, const void *bytes, size_t size) {
  if (size) memcpy(to, bytes, size);
  return to + size;
}

static char *put_value(char *to, tally_value value) {
  switch (value.type) {
    case TALLY_BOOLEAN:
      *to++ = value.boolean;
      return to;
    case TALLY_TEXT:
      return put_bytes(put_count(to, value.text.size), value.text.bytes, value.text.size);
    default:
      return put_bytes(to, &value.integer, sizeof value.integer);
  }
}

tally_status tl_json_tape_put(tl_json_tape *tape, int64_t row, tally_value value, tally_error *error) {
  tl_bytes *bytes = &tape->bytes;
  size_t more = VALUE_MOST + (value.type == TALLY_TEXT ? value.text.size : 0);
  char *to = tl_bytes_room(bytes, more, error);
  if (!to) return TALLY_ENOMEM;
  if (row > tape->rows) {
    *to++ = TALLY_MISSING;
    to = put_count(to, (uint64_t)(row - tape->rows));
  }
  *to++ = (char)value.type;
  bytes->size = (size_t)(put_value(to, value) - bytes->at);
  tape->rows = row + 1;
  return TALLY_OK;
}

static const char *take_value(const char *from, tally_value *out) {
  switch (out->type) {
    case TALLY_BOOLEAN:
      out->boolean = *from;
      return from + 1;
    case TALLY_TEXT:
      out->text.size = take_count(&from);
      out->text.bytes = from;
      return from + out->text.size;
    default:
      memcpy(&out->integer, from, sizeof out->integer);
      return from + sizeof out->integer;
  }
}

bool tl_json_tape_next(tl_json_tape_reader *reader, tally_value *out) {
  const tl_bytes *bytes = &reader->tape->bytes;
  if (reader->at >= bytes->size) return false;
  const char *from = bytes->at + reader->at;
  if (*from == TALLY_MISSING) {
    from++;
    reader->row += (int64_t)take_count(&from);
  }
  out->type = (tally_type)*from++;
  from = take_value(from, out);
  reader->at = (size_t)(from - bytes->at);
  reader->row++;
  return true;
}

void tl_json_tape_done(tl_json_tape *tape) {
  tl_bytes_done(&tape->bytes);
  *tape = (tl_json_tape){0};
}
