/* ingest/scan: the structural scan. What differs from machine to machine is small: 64 bytes to bit masks of the bytes that make
 * structure, and the exclusive-or over all bits before, which tells what is quoted. All that follows is arithmetic on words,
 * written once and compiled for each level. Nothing here knows of fields. */
#include "ingest/scan.h"

#include <string.h>

#include "base/bits.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Bit i belongs to byte i of a block. */
typedef struct masks {
  uint64_t quotes, separators, feeds, returns;
  uint64_t strange; /* beyond ASCII, or NUL; may be any bit, only whether there is one counts */
} masks;

/* What a level brings. */
typedef masks (*block_masks)(const char *bytes, char quote, char separator);
typedef uint64_t (*prefix_xor)(uint64_t bits);
/* Writes the places of the bits of a block at `at`, and up to TL_BLOCK words more; gives the end of what counts. */
typedef uint32_t *(*place_writer)(uint64_t bits, size_t at, uint32_t *to);

/* ---- portable ---- */

/* One bit for each of eight bytes that is `c`. */
ALWAYS_INLINE uint64_t equal_in_eight(uint64_t eight, char c) {
  const uint64_t low = 0x7F7F7F7F7F7F7F7Fu;
  uint64_t other = eight ^ (0x0101010101010101u * (unsigned char)c);
  uint64_t same = ~(((other & low) + low) | other | low); /* 0x80 where the byte is zero */
  return (same >> 7) * 0x0102040810204080u >> 56;
}

ALWAYS_INLINE masks portable_block(const char *bytes, char quote, char separator) {
  masks m = {0};
  for (int i = 0; i < TL_BLOCK; i += 8) {
    uint64_t eight = tl_load64(bytes + i);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    eight = __builtin_bswap64(eight);
#endif
    if (quote) m.quotes |= equal_in_eight(eight, quote) << i;
    m.separators |= equal_in_eight(eight, separator) << i;
    m.feeds |= equal_in_eight(eight, '\n') << i;
    m.returns |= equal_in_eight(eight, '\r') << i;
    m.strange |= (eight | (eight - 0x0101010101010101u)) & 0x8080808080808080u;
  }
  return m;
}

/* Bit i is set when an odd number of the bits 0 .. i is. */
ALWAYS_INLINE uint64_t portable_prefix(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

/* Eight at a time. */
ALWAYS_INLINE uint32_t *portable_places(uint64_t bits, size_t at, uint32_t *to) {
  int count = __builtin_popcountll(bits);
  for (int written = 0; written < count; written += 8) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
      to[written + i] = (uint32_t)at + (uint32_t)__builtin_ctzll(bits | (uint64_t)1 << 63);
      bits &= bits - 1;
    }
  }
  return to + count;
}

/* ---- x86 ---- */

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt,pclmul")))

AVX2 ALWAYS_INLINE uint64_t avx2_prefix(uint64_t bits) {
  return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)bits), _mm_set1_epi8((char)0xFF), 0));
}

AVX2 ALWAYS_INLINE uint64_t avx2_equal(__m256i low, __m256i high, char c) {
  __m256i all = _mm256_set1_epi8(c);
  uint32_t first = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, all));
  uint32_t second = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, all));
  return first | (uint64_t)second << 32;
}

AVX2 ALWAYS_INLINE masks avx2_block(const char *bytes, char quote, char separator) {
  __m256i low = _mm256_loadu_si256((const __m256i *)bytes), high = _mm256_loadu_si256((const __m256i *)(bytes + 32));
  __m256i nul = _mm256_cmpeq_epi8(_mm256_min_epu8(low, high), _mm256_setzero_si256());
  return (masks){.quotes = quote ? avx2_equal(low, high, quote) : 0,
                 .separators = avx2_equal(low, high, separator),
                 .feeds = avx2_equal(low, high, '\n'),
                 .returns = avx2_equal(low, high, '\r'),
                 .strange = (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(low, high), nul))};
}

AVX512 ALWAYS_INLINE masks avx512_block(const char *bytes, char quote, char separator) {
  __m512i all = _mm512_loadu_si512(bytes);
  return (masks){.quotes = quote ? _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(quote)) : 0,
                 .separators = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(separator)),
                 .feeds = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\n')),
                 .returns = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\r')),
                 .strange = _mm512_movepi8_mask(all) | _mm512_testn_epi8_mask(all, all)};
}

/* All places of a block as bytes at once; then 16 of them at a time become words. */
AVX512 ALWAYS_INLINE uint32_t *avx512_places(uint64_t bits, size_t at, uint32_t *to) {
  static const uint8_t numbers[TL_BLOCK] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                            22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
                                            44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
  __m512i places = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers)), first = _mm512_set1_epi32((int)at);
  int count = __builtin_popcountll(bits);
  _mm512_storeu_si512(to, _mm512_add_epi32(first, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places))));
  if (__builtin_expect(count > 16, 0)) {
    _mm512_storeu_si512(to + 16, _mm512_add_epi32(first, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 1))));
    _mm512_storeu_si512(to + 32, _mm512_add_epi32(first, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 2))));
    _mm512_storeu_si512(to + 48, _mm512_add_epi32(first, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 3))));
  }
  return to + count;
}
#endif

/* ---- ARM ---- */

#if defined(__aarch64__)
/* One bit for each of 64 bytes that is all ones. */
ALWAYS_INLINE uint64_t neon_gather(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
  const uint8x16_t bit = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint8x16_t low = vpaddq_u8(vandq_u8(a, bit), vandq_u8(b, bit)), high = vpaddq_u8(vandq_u8(c, bit), vandq_u8(d, bit));
  uint8x16_t sum = vpaddq_u8(low, high);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

ALWAYS_INLINE uint64_t neon_equal(const uint8x16_t v[4], char c) {
  uint8x16_t all = vdupq_n_u8((uint8_t)c);
  return neon_gather(vceqq_u8(v[0], all), vceqq_u8(v[1], all), vceqq_u8(v[2], all), vceqq_u8(v[3], all));
}

ALWAYS_INLINE masks neon_block(const char *bytes, char quote, char separator) {
  const uint8_t *at = (const uint8_t *)bytes;
  uint8x16_t v[4] = {vld1q_u8(at), vld1q_u8(at + 16), vld1q_u8(at + 32), vld1q_u8(at + 48)};
  uint8x16_t most = vmaxq_u8(vmaxq_u8(v[0], v[1]), vmaxq_u8(v[2], v[3]));
  uint8x16_t least = vminq_u8(vminq_u8(v[0], v[1]), vminq_u8(v[2], v[3]));
  return (masks){.quotes = quote ? neon_equal(v, quote) : 0,
                 .separators = neon_equal(v, separator),
                 .feeds = neon_equal(v, '\n'),
                 .returns = neon_equal(v, '\r'),
                 .strange = vmaxvq_u8(most) >= 0x80 || vminvq_u8(least) == 0};
}
#endif

/* ---- survey ---- */

/* What is carried from block to block. */
typedef struct surveying {
  tl_survey *out;
  const char *bytes;
  uint64_t inside, was_end, was_return;
  bool any_quotes; /* so far: once there are, there are in any block, and asking costs more than doing */
  int64_t blanks;  /* inside quotes and outside */
  uint64_t strange;
} surveying;

/* A record starts after the line end at `end`, of which `lines` lie before it. */
static void note_start(surveying *it, tl_survey_case *found, size_t end, int64_t lines, bool blank) {
  bool pair = it->bytes[end] == '\r' && it->bytes[end + 1] == '\n';
  found->record_start = end + 1 + pair;
  found->lines_before = lines + 1;
  found->blank_before = blank;
}

/* The first line ends outside quotes in a block at `at`, for each case that has none yet. */
static __attribute__((noinline)) void find_starts(surveying *it, size_t at, uint64_t line_ends, uint64_t blank, uint64_t quoted) {
  for (int inside = 0; inside < 2; inside++) {
    tl_survey_case *found = &it->out->cases[inside];
    uint64_t ends = line_ends & (inside ? quoted : ~quoted);
    if (found->record_start != TL_NOWHERE || ends == 0) continue;
    int bit = __builtin_ctzll(ends);
    int64_t lines = it->out->line_ends + __builtin_popcountll(line_ends & (((uint64_t)1 << bit) - 1));
    note_start(it, found, at + (size_t)bit, lines, blank >> bit & 1);
  }
}

ALWAYS_INLINE void survey_block(surveying *it, size_t at, masks m, prefix_xor prefix) {
  tl_survey *out = it->out;
  uint64_t quoted = 0;
  if (m.quotes | (uint64_t)it->any_quotes) {
    quoted = it->inside ^ prefix(m.quotes);
    it->inside = (uint64_t)((int64_t)quoted >> 63);
    it->any_quotes = true;
  }
  uint64_t ends = m.feeds | m.returns, line_ends = m.returns | (m.feeds & ~(m.returns << 1 | it->was_return));
  uint64_t blank = line_ends & (ends << 1 | it->was_end);
  bool open[2] = {out->cases[0].record_start == TL_NOWHERE, out->cases[1].record_start == TL_NOWHERE};
  if ((open[0] && (line_ends & ~quoted)) || (open[1] && (line_ends & quoted))) find_starts(it, at, line_ends, blank, quoted);
  out->line_ends += __builtin_popcountll(line_ends);
  out->cases[0].records += __builtin_popcountll(line_ends & ~quoted);
  if (blank) {
    it->blanks += __builtin_popcountll(blank);
    out->cases[0].blanks += __builtin_popcountll(blank & ~quoted);
  }
  it->was_end = ends >> 63;
  it->was_return = m.returns >> 63;
  it->strange |= m.strange;
}

/* The last block is seldom whole: in a copy, what lies past the piece is a byte without meaning. */
ALWAYS_INLINE void survey_with(const char *bytes, size_t size, char before, char quote, tl_survey *out, block_masks block,
                               prefix_xor prefix) {
  *out = (tl_survey){.cases = {{.record_start = TL_NOWHERE}, {.record_start = TL_NOWHERE}}};
  surveying it = {.out = out, .bytes = bytes, .was_end = before == '\n' || before == '\r', .was_return = before == '\r'};
  size_t at = 0;
  for (; at + TL_BLOCK <= size; at += TL_BLOCK) survey_block(&it, at, block(bytes + at, quote, '\n'), prefix);
  if (at < size) {
    char copy[TL_BLOCK];
    memset(copy, quote == ' ' ? '.' : ' ', sizeof copy);
    memcpy(copy, bytes + at, size - at);
    survey_block(&it, at, block(copy, quote, '\n'), prefix);
  }
  out->cases[1].records = out->line_ends - out->cases[0].records;
  out->cases[1].blanks = it.blanks - out->cases[0].blanks;
  out->odd_quotes = it.inside != 0;
  out->plain = it.strange == 0;
  out->ends_line = size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r');
}

/* ---- index ---- */

static __attribute__((noinline)) void note_doubled(tl_scanner *s, uint64_t doubled) {
  for (; doubled; doubled &= doubled - 1) {
    if (s->doubled_count < TL_DOUBLED_MOST)
      s->doubled[s->doubled_count++] = (uint32_t)(s->at + (size_t)__builtin_ctzll(doubled));
    else
      s->doubled_lost++;
  }
}

/* Quotes are regular when each pair stands where a field does, from edge to edge; a quote right after one that closes is doubled.
 * quotes  of the block at s->at, inside `quoted` when they open
 * edges   separators and all bytes of line ends, outside quotes */
ALWAYS_INLINE void note_quotes(tl_scanner *s, uint64_t quotes, uint64_t quoted, uint64_t edges, uint64_t real) {
  uint64_t opens = quotes & quoted, closes = quotes & ~quoted, after_close = closes << 1 | s->was_close;
  uint64_t wrong = ((after_close & ~(edges | opens)) | (opens & ~(after_close | edges << 1 | s->was_edge))) & real;
  uint64_t doubled = opens & after_close;
  s->quotes_end = quotes ? s->at + TL_BLOCK - (size_t)__builtin_clzll(quotes) : s->quotes_end;
  if (doubled) note_doubled(s, doubled);
  if (wrong && s->irregular == TL_NOWHERE) s->irregular = s->at + (size_t)__builtin_ctzll(wrong);
  s->was_close = closes >> 63;
}

/* real  the bytes of the block that belong to the text */
ALWAYS_INLINE uint32_t *index_block(tl_scanner *s, masks m, uint64_t real, uint32_t *to, size_t *line_ends, prefix_xor prefix,
                                    place_writer write_places) {
  uint64_t quotes = m.quotes & real, quoted = 0, edges = m.separators | m.feeds | m.returns;
  if (quotes | s->quotes_end) { /* as in survey_block */
    quoted = s->inside ^ prefix(quotes);
    s->inside = (uint64_t)((int64_t)quoted >> 63);
    edges &= ~quoted;
    note_quotes(s, quotes, quoted, edges, real);
  }
  uint64_t ends = (m.returns | (m.feeds & ~(m.returns << 1 | s->was_return))) & ~quoted & real;
  s->was_edge = edges >> 63;
  s->was_return = m.returns >> 63;
  *line_ends += (size_t)__builtin_popcountll(ends);
  return write_places(ends | (m.separators & ~quoted & real), s->at, to);
}

ALWAYS_INLINE size_t index_with(tl_scanner *scanner, size_t enough, uint32_t *positions, size_t *line_ends, block_masks block,
                                prefix_xor prefix, place_writer write_places) {
  tl_scanner s = *scanner; /* in registers: what is written may not be what is read */
  uint32_t *to = positions, *full = positions + enough;
  size_t found = 0;
  for (; s.at + TL_BLOCK <= s.size && to < full; s.at += TL_BLOCK) {
    to = index_block(&s, block(s.bytes + s.at, s.quote, s.separator), UINT64_MAX, to, &found, prefix, write_places);
  }
  if (s.at < s.size && to < full) {
    uint64_t real = ((uint64_t)1 << (s.size - s.at)) - 1;
    to = index_block(&s, block(s.bytes + s.at, s.quote, s.separator), real, to, &found, prefix, write_places);
    s.at += TL_BLOCK;
  }
  *scanner = s;
  *line_ends = found;
  return (size_t)(to - positions);
}

/* ---- kernels ---- */

/* A level: its name, its attributes, what it brings. */
#define LEVEL(name, attributes, block, prefix, places)                                                                \
  attributes static void name##_survey(const char *bytes, size_t size, char before, char quote, tl_survey *out) {     \
    survey_with(bytes, size, before, quote, out, block, prefix);                                                      \
  }                                                                                                                   \
  attributes static size_t name##_index(tl_scanner *scanner, size_t enough, uint32_t *positions, size_t *line_ends) { \
    return index_with(scanner, enough, positions, line_ends, block, prefix, places);                                  \
  }                                                                                                                   \
  static const tl_scan_kernels name##_kernels = {name##_survey, name##_index};

LEVEL(portable, , portable_block, portable_prefix, portable_places)
#if defined(__x86_64__)
LEVEL(avx2, AVX2, avx2_block, avx2_prefix, portable_places)
LEVEL(avx512, AVX512, avx512_block, avx2_prefix, avx512_places)
#elif defined(__aarch64__)
LEVEL(neon, , neon_block, portable_prefix, portable_places)
#endif

const tl_scan_kernels *tl_scan_kernels_of(tl_cpu level) {
  static const tl_scan_kernels *const kernels[TL_CPU_LEVELS] = {
    [TL_CPU_PORTABLE] = &portable_kernels,
#if defined(__x86_64__)
    [TL_CPU_AVX2] = &avx2_kernels,
    [TL_CPU_AVX512] = &avx512_kernels,
#elif defined(__aarch64__)
    [TL_CPU_NEON] = &neon_kernels,
#endif
  };
  return kernels[level];
}

const tl_scan_kernels *tl_scan_best(void) {
  return tl_scan_kernels_of(tl_cpu_level());
}
