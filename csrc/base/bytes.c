/* base/bytes: a growing array of bytes, and the two forms in which writers add values to it: plain, and as a string of JSON. */
#include "base/bytes.h"

#include "base/format.h"

tally_status tl_bytes_grow(tl_bytes *bytes, size_t size, tally_error *error) {
  size_t need;
  if (__builtin_add_overflow(bytes->size, size, &need)) return tl_no_memory(error);
  return tl_mem_reserve((void **)&bytes->at, &bytes->capacity, need, 1, error);
}

tally_status tl_bytes_put(tl_bytes *bytes, tally_text text, tally_error *error) {
  char *to = tl_bytes_room(bytes, text.size, error);
  if (!to && text.size) return TALLY_ENOMEM;
  if (text.size) memcpy(to, text.bytes, text.size);
  bytes->size += text.size;
  return TALLY_OK;
}

tally_status tl_bytes_put_value(tl_bytes *bytes, tally_value value, tally_error *error) {
  if (value.type == TALLY_TEXT) return tl_bytes_put(bytes, value.text, error);
  char form[TL_FORMAT_SIZE];
  size_t size = tally_format_value(value, form, sizeof form);
  return tl_bytes_put(bytes, tl_text(form, size), error);
}

/* ---- strings of JSON ---- */

/* The bytes of a character that must be escaped: 1 for ASCII, 3 for U+2028 and U+2029; 0 for all others. */
static size_t escaped_size(tally_text text) {
  unsigned char first = (unsigned char)text.bytes[0];
  if (first < 0x20 || first == '"' || first == '\\') return 1;
  return text.size >= 3 && (memcmp(text.bytes, "\xE2\x80\xA8", 3) == 0 || memcmp(text.bytes, "\xE2\x80\xA9", 3) == 0) ? 3 : 0;
}

static size_t plain_size(tally_text text) {
  static const bool looked_at[256] = {[0 ... 0x1F] = true, ['"'] = true, ['\\'] = true, [0xE2] = true};
  for (size_t i = 0; i < text.size; i++) {
    if (looked_at[(unsigned char)text.bytes[i]] && escaped_size(tl_text(text.bytes + i, text.size - i))) return i;
  }
  return text.size;
}

static tally_status put_escape(tl_bytes *bytes, unsigned code, tally_error *error) {
  static const char short_names[] = {
      ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};
  static const char hex[] = "0123456789abcdef";
  if (code < sizeof short_names && short_names[code]) {
    char escape[] = {'\\', short_names[code]};
    return tl_bytes_put(bytes, tl_text(escape, sizeof escape), error);
  }
  char escape[] = {'\\', 'u', hex[code >> 12], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};
  return tl_bytes_put(bytes, tl_text(escape, sizeof escape), error);
}

tally_status tl_bytes_put_json(tl_bytes *bytes, tally_text text, tally_error *error) {
  TL_TRY(tl_bytes_put(bytes, tl_text_of("\""), error));
  for (;;) {
    size_t plain = plain_size(text);
    TL_TRY(tl_bytes_put(bytes, tl_text(text.bytes, plain), error));
    text = tl_text(text.bytes + plain, text.size - plain);
    if (text.size == 0) return tl_bytes_put(bytes, tl_text_of("\""), error);
    size_t escaped = escaped_size(text);
    unsigned last = (unsigned char)text.bytes[escaped - 1];
    TL_TRY(put_escape(bytes, escaped == 3 ? 0x2000 | (last & 0x3F) : last, error));
    text = tl_text(text.bytes + escaped, text.size - escaped);
  }
}

void tl_bytes_done(tl_bytes *bytes) {
  tl_mem_free(bytes->at);
  *bytes = (tl_bytes){0};
}
