/* What bytes are, and how they become UTF-8: recognising, counting in pieces against counting at once, and converting. */
#include "ingest/encoding.h"
#include "check.h"

static uint64_t state = 0x9E3779B97F4A7C15u;

static size_t draw(size_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (size_t)((state >> 11) % below);
}

/* ---- counting ---- */

/* The slow twin: one byte or one valid character at a time. */
static tl_census count_slowly(tally_text text) {
  tl_census census = {0};
  for (size_t i = 0; i < text.size;) {
    size_t size = 1, left = text.size - i;
    while (size < 4 && size < left && tl_text_valid_utf8(tl_text(text.bytes + i, size)) < size) size++;
    bool valid = tl_text_valid_utf8(tl_text(text.bytes + i, size)) == size;
    census.nuls += text.bytes[i] == 0;
    census.invalid += !valid;
    census.beyond_ascii += valid && size > 1;
    i += valid ? size : 1;
  }
  return census;
}

static size_t make_bytes(char *to) {
  static const char *const parts[] = {
      "a",    ",",    "\xC3\xA9",     "\xE2\x82\xAC",        "\xF0\x9F\x98\x80", "\xC3", "\xE2\x82", "\xF0\x9F\x98",
      "\xA9", "\xFF", "\xED\xA0\x80", "\x80\x80\x80\x80\x80"};
  size_t size = 0, count = draw(12);
  for (size_t i = 0; i < count; i++) {
    size_t part = draw(sizeof parts / sizeof *parts + 1);
    if (part == sizeof parts / sizeof *parts) {
      to[size++] = 0;
    } else {
      memcpy(to + size, parts[part], strlen(parts[part]));
      size += strlen(parts[part]);
    }
  }
  return size;
}

static void counting_does_not_depend_on_the_cuts(void) {
  char bytes[128];
  for (int i = 0; i < 50000; i++) {
    size_t size = make_bytes(bytes);
    tl_census expected = count_slowly(tl_text(bytes, size)), found = {0}, piece;
    for (size_t at = 0, step; at < size; at += step) {
      step = 1 + draw(draw(2) ? 3 : size);
      if (step > size - at) step = size - at;
      tl_encoding_count(tl_text(bytes + at, step), &piece);
      tl_encoding_join(&found, &piece);
    }
    tl_encoding_end(&found);
    CHECK(found.nuls == expected.nuls && found.invalid == expected.invalid && found.beyond_ascii == expected.beyond_ascii);
  }
}

int main(void) {
  counting_does_not_depend_on_the_cuts();
  return finish();
}
