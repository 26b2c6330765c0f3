/* base/bits: counting, copying and filling runs of bits, eight bytes at a time. */
#include "base/bits.h"

int64_t tl_bits_count(const uint8_t *bits, int64_t first, int64_t count) {
  int64_t total = 0, i = first, end = first + count;
  for (; i < end && (i & 7); i++) total += tl_bit(bits, i);
  for (; i + 64 <= end; i += 64) total += __builtin_popcountll(tl_load64(bits + (i >> 3)));
  for (; i < end; i++) total += tl_bit(bits, i);
  return total;
}

static void store_bits(uint8_t *to, uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  memcpy(to, &word, sizeof word);
}

/* Bits first .. first+7, of which the last may lie in the next byte. */
static uint8_t eight_bits(const uint8_t *bits, int64_t first) {
  unsigned shift = (unsigned)(first & 7);
  const uint8_t *at = bits + (first >> 3);
  return shift ? (uint8_t)(at[0] >> shift | at[1] << (8 - shift)) : at[0];
}

void tl_bits_copy(uint8_t *to, int64_t to_first, const uint8_t *from, int64_t from_first, int64_t count) {
  int64_t i = 0;
  for (; i < count && ((to_first + i) & 7); i++) tl_bit_put(to, to_first + i, tl_bit(from, from_first + i));
  for (; i + 72 <= count; i += 64) store_bits(to + ((to_first + i) >> 3), tl_bits_load(from, from_first + i));
  for (; i + 8 <= count; i += 8) to[(to_first + i) >> 3] = eight_bits(from, from_first + i);
  for (; i < count; i++) tl_bit_put(to, to_first + i, tl_bit(from, from_first + i));
}

static void invert_word(uint8_t *bits) {
  uint64_t word = ~tl_load64(bits);
  memcpy(bits, &word, sizeof word);
}

void tl_bits_invert(uint8_t *bits, size_t bytes) {
  size_t i = 0;
  for (; i + 8 <= bytes; i += 8) invert_word(bits + i);
  for (; i < bytes; i++) bits[i] = (uint8_t)~bits[i];
}

void tl_bits_fill(uint8_t *bits, int64_t first, int64_t count, bool value) {
  int64_t i = first, end = first + count;
  for (; i < end && (i & 7); i++) tl_bit_put(bits, i, value);
  if (i + 8 <= end) {
    memset(bits + (i >> 3), value ? 0xFF : 0, (size_t)((end - i) >> 3));
    i = end - ((end - i) & 7);
  }
  for (; i < end; i++) tl_bit_put(bits, i, value);
}
