/* base/text: views of bytes: comparison, hashing, UTF-8. */
#ifndef TL_BASE_TEXT_H
#define TL_BASE_TEXT_H

#include <stdbool.h>
#include <string.h>

#include "tally.h"

static inline tally_text tl_text(const char *bytes, size_t size) {
  return (tally_text){bytes, size};
}

static inline tally_text tl_text_of(const char *text) {
  return (tally_text){text, strlen(text)};
}

static inline bool tl_text_equal(tally_text a, tally_text b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static inline bool tl_is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* An ASCII letter in lower case; what is none as it is. */
static inline char tl_fold(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* An ASCII letter. */
static inline bool tl_is_letter(char c) {
  return tl_fold(c) >= 'a' && tl_fold(c) <= 'z';
}

/* Less than, equal to, greater than zero, by bytes; a text before its extensions. */
int tl_text_compare(tally_text a, tally_text b);

/* XXH3 with a seed drawn once per process, or TALLY_SEED. The order of results never depends on it. */
uint64_t tl_text_hash(tally_text text);

/* The offset of the first byte that is not part of valid UTF-8; text.size when all is valid. NUL is valid. */
size_t tl_text_valid_utf8(tally_text text);

/* The same; *beyond_ascii: how many characters before that byte are not ASCII. */
size_t tl_text_count_utf8(tally_text text, int64_t *beyond_ascii);

/* Without blanks (space, tab, no-break space U+00A0, U+FEFF) at either end. */
tally_text tl_text_trim(tally_text text);

/* Equal but for the case of ASCII letters. */
bool tl_text_equal_fold(tally_text a, tally_text b);

/* The seed of all hashes, drawn once per process, or TALLY_SEED; not 0. */
uint64_t tl_hash_seed(void);

/* A 64-bit integer made to look random; a permutation. */
static inline uint64_t tl_hash_integer(uint64_t value, uint64_t seed) {
#ifdef TL_TEST_HASH_CONSTANT
  (void)seed;
  return value & TL_TEST_HASH_CONSTANT;
#else
  value += seed;
  value = (value ^ value >> 32) * 0x9E3779B97F4A7C15u;
  value = (value ^ value >> 29) * 0xBF58476D1CE4E5B9u;
  return value ^ value >> 32;
#endif
}

/* The hash of two words, of which the upper half is good: each multiplied by an odd number drawn with the seed, then mixed once
 * more. */
static inline uint64_t tl_hash_words(uint64_t first, uint64_t second, uint64_t seed) {
#ifdef TL_TEST_HASH_CONSTANT
  (void)seed;
  return (first ^ second) & TL_TEST_HASH_CONSTANT;
#else
  uint64_t hash = first * (seed | 1) + second * (seed * 0x9E3779B97F4A7C15u | 1);
  return (hash ^ hash >> 32) * 0xE7037ED1A0B428DBu;
#endif
}

#endif
