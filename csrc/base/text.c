/* base/text: comparison, hashing and checking of bytes. Hashing is XXH3 with a seed drawn once, so that no file can be made to
 * collide; no result depends on it. */
#include "base/text.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/bits.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

int tl_text_compare(tally_text a, tally_text b) {
  size_t common = a.size < b.size ? a.size : b.size;
  int order = common ? memcmp(a.bytes, b.bytes, common) : 0;
  return order ? order : (a.size > b.size) - (a.size < b.size);
}

static uint64_t draw_seed(void) {
  const char *given = getenv("TALLY_SEED");
  uint64_t drawn;
  if (given) {
    drawn = strtoull(given, NULL, 10);
  } else if (getrandom(&drawn, sizeof drawn, GRND_NONBLOCK) != (ssize_t)sizeof drawn) {
    drawn = (uint64_t)time(NULL);
  }
  return drawn | 1; /* 0 means not drawn yet */
}

uint64_t tl_hash_seed(void) {
  static atomic_ullong value;
  uint64_t now = atomic_load_explicit(&value, memory_order_relaxed);
  if (now) return now;
  unsigned long long none = 0;
  atomic_compare_exchange_strong(&value, &none, draw_seed());
  return atomic_load(&value);
}

uint64_t tl_text_hash(tally_text text) {
#ifdef TL_TEST_HASH_CONSTANT
  return text.size & TL_TEST_HASH_CONSTANT;
#else
  return XXH3_64bits_withSeed(text.bytes, text.size, tl_hash_seed());
#endif
}

/* The length of the valid UTF-8 character at `at`, 0 when it is not one (overlong, surrogate, past U+10FFFF, cut short). */
static size_t character_size(const unsigned char *at, size_t left) {
  unsigned char first = at[0];
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (left < size) return 0;
  unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (at[1] < least || at[1] > most) return 0;
  for (size_t i = 2; i < size; i++) {
    if ((at[i] & 0xC0) != 0x80) return 0;
  }
  return size;
}

/* Bytes at the start that are ASCII, when there are 64 or 8 of them; else 0. */
static size_t ascii_block(const char *bytes, size_t left) {
  typedef uint64_t pair __attribute__((vector_size(16)));
  if (left >= 64) {
    pair at[4];
    memcpy(at, bytes, sizeof at);
    pair all = (at[0] | at[1]) | (at[2] | at[3]);
    if (((all[0] | all[1]) & 0x8080808080808080u) == 0) return 64;
  }
  return left >= 8 && (tl_load64(bytes) & 0x8080808080808080u) == 0 ? 8 : 0;
}

size_t tl_text_valid_utf8(tally_text text) {
  int64_t beyond_ascii;
  return tl_text_count_utf8(text, &beyond_ascii);
}

size_t tl_text_count_utf8(tally_text text, int64_t *beyond_ascii) {
  *beyond_ascii = 0;
  for (size_t i = 0; i < text.size;) {
    size_t ascii = ascii_block(text.bytes + i, text.size - i);
    size_t size = ascii ? ascii : character_size((const unsigned char *)text.bytes + i, text.size - i);
    if (size == 0) return i;
    *beyond_ascii += !ascii && size > 1;
    i += size;
  }
  return text.size;
}

/* The bytes of a blank at the start of `text`, 0 for none. */
static size_t blank_at_start(tally_text text) {
  if (text.size == 0) return 0;
  if (text.bytes[0] == ' ' || text.bytes[0] == '\t') return 1;
  if (text.size >= 2 && memcmp(text.bytes, "\xC2\xA0", 2) == 0) return 2;
  return text.size >= 3 && memcmp(text.bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static size_t blank_at_end(tally_text text) {
  const char *end = text.bytes + text.size;
  if (text.size == 0) return 0;
  if (end[-1] == ' ' || end[-1] == '\t') return 1;
  if (text.size >= 2 && memcmp(end - 2, "\xC2\xA0", 2) == 0) return 2;
  return text.size >= 3 && memcmp(end - 3, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

tally_text tl_text_trim(tally_text text) {
  for (size_t blank; (blank = blank_at_start(text)) > 0;) text = tl_text(text.bytes + blank, text.size - blank);
  for (size_t blank; (blank = blank_at_end(text)) > 0;) text.size -= blank;
  return text;
}

bool tl_text_equal_fold(tally_text a, tally_text b) {
  if (a.size != b.size) return false;
  for (size_t i = 0; i < a.size; i++) {
    if (tl_fold(a.bytes[i]) != tl_fold(b.bytes[i])) return false;
  }
  return true;
}
