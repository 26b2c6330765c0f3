/* base/bits: single bits in arrays of bytes, least significant first (as Apache Arrow has them), and unaligned loads. */
#ifndef TL_BASE_BITS_H
#define TL_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool tl_bit(const uint8_t *bits, int64_t i) {
  return (bits[i >> 3] >> (i & 7)) & 1;
}

static inline void tl_bit_set(uint8_t *bits, int64_t i) {
  bits[i >> 3] |= (uint8_t)(1u << (i & 7));
}

static inline void tl_bit_clear(uint8_t *bits, int64_t i) {
  bits[i >> 3] &= (uint8_t) ~(1u << (i & 7));
}

static inline void tl_bit_put(uint8_t *bits, int64_t i, bool value) {
  if (value)
    tl_bit_set(bits, i);
  else
    tl_bit_clear(bits, i);
}

/* 64 bits from `first` on, the first of them the lowest; nine bytes may be read. */
static inline uint64_t tl_bits_load(const uint8_t *bits, int64_t first) {
  unsigned shift = (unsigned)(first & 7);
  const uint8_t *at = bits + (first >> 3);
  uint64_t word;
  memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return shift ? word >> shift | (uint64_t)at[8] << (64 - shift) : word;
}

/* The first 8 * `bytes` bits of a word, the lowest first. */
static inline void tl_bits_store(uint8_t *to, uint64_t word, size_t bytes) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  memcpy(to, &word, bytes);
}

static inline size_t tl_bit_bytes(int64_t bits) {
  return (size_t)((bits + 7) >> 3);
}

/* The number of set bits among bits[first .. first+count-1]. */
int64_t tl_bits_count(const uint8_t *bits, int64_t first, int64_t count);
/* Copies `count` bits from from[from_first..] to to[to_first..]; the bits of `to` around them are kept. */
void tl_bits_copy(uint8_t *to, int64_t to_first, const uint8_t *from, int64_t from_first, int64_t count);
/* Makes ones zeros and zeros ones, in so many whole bytes. */
void tl_bits_invert(uint8_t *bits, size_t bytes);
/* Sets `count` bits of `bits` to `value`; the bits around them are kept. */
void tl_bits_fill(uint8_t *bits, int64_t first, int64_t count, bool value);

static inline uint64_t tl_load64(const void *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline uint32_t tl_load32(const void *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

#endif
