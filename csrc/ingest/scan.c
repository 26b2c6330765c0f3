/* ingest/scan: the structural scan. A kernel turns 64 bytes into bit masks of the four bytes that make structure; all that follows
 * is arithmetic on these words and the same for every machine: an exclusive-or over all bits before tells what is quoted, and a
 * line end of two bytes is counted by its first. Nothing here knows of fields. */
#include "ingest/scan.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* ---- kernels ---- */

static void portable_masks(const char *bytes, size_t blocks, char quote, char separator, tl_masks *out) {
  for (size_t b = 0; b < blocks; b++, bytes += TL_BLOCK) {
    tl_masks m = {0};
    for (int i = 0; i < TL_BLOCK; i++) {
      m.quotes |= (uint64_t)(quote && bytes[i] == quote) << i;
      m.separators |= (uint64_t)(bytes[i] == separator) << i;
      m.feeds |= (uint64_t)(bytes[i] == '\n') << i;
      m.returns |= (uint64_t)(bytes[i] == '\r') << i;
    }
    out[b] = m;
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static uint64_t equal_avx2(__m256i low, __m256i high, char c) {
  __m256i all = _mm256_set1_epi8(c);
  uint32_t first = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, all));
  uint32_t second = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, all));
  return first | (uint64_t)second << 32;
}

__attribute__((target("avx2"))) static void avx2_masks(const char *bytes, size_t blocks, char quote, char separator,
                                                       tl_masks *out) {
  for (size_t b = 0; b < blocks; b++, bytes += TL_BLOCK) {
    __m256i low = _mm256_loadu_si256((const __m256i *)bytes), high = _mm256_loadu_si256((const __m256i *)(bytes + 32));
    out[b].quotes = quote ? equal_avx2(low, high, quote) : 0;
    out[b].separators = equal_avx2(low, high, separator);
    out[b].feeds = equal_avx2(low, high, '\n');
    out[b].returns = equal_avx2(low, high, '\r');
  }
}

__attribute__((target("avx512f,avx512bw"))) static void avx512_masks(const char *bytes, size_t blocks, char quote, char separator,
                                                                     tl_masks *out) {
  for (size_t b = 0; b < blocks; b++, bytes += TL_BLOCK) {
    __m512i all = _mm512_loadu_si512(bytes);
    out[b].quotes = quote ? _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(quote)) : 0;
    out[b].separators = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(separator));
    out[b].feeds = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\n'));
    out[b].returns = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\r'));
  }
}
#endif

static const tl_scan_kernel kernels[TL_CPU_LEVELS] = {
    [TL_CPU_PORTABLE] = portable_masks,
#if defined(__x86_64__)
    [TL_CPU_AVX2] = avx2_masks,
    [TL_CPU_AVX512] = avx512_masks,
#endif
};

tl_scan_kernel tl_scan_kernel_of(tl_cpu level) {
  return kernels[level];
}

tl_scan_kernel tl_scan_best(void) {
  tl_scan_kernel kernel = kernels[tl_cpu_level()];
  return kernel ? kernel : portable_masks;
}

uint64_t tl_prefix_xor(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

/* ---- block by block ---- */

void tl_scanner_start(tl_scanner *s, const char *bytes, size_t size, char quote, char separator, bool inside) {
  *s = (tl_scanner){.kernel = tl_scan_best(),
                    .quote = quote,
                    .separator = separator,
                    .bytes = bytes,
                    .size = size,
                    .inside = inside ? UINT64_MAX : 0};
}

/* The last block is seldom whole: it is scanned in a copy, so that nothing past the text is read. */
static void fill_batch(tl_scanner *s) {
  size_t left = s->size - s->next, blocks = left / TL_BLOCK, most = sizeof s->batch / sizeof *s->batch;
  s->batch_at = 0;
  if (blocks > 0) {
    s->batch_count = blocks < most ? blocks : most;
    s->kernel(s->bytes + s->next, s->batch_count, s->quote, s->separator, s->batch);
    return;
  }
  char copy[TL_BLOCK] = {0};
  uint64_t real = ((uint64_t)1 << left) - 1;
  memcpy(copy, s->bytes + s->next, left);
  s->kernel(copy, 1, s->quote, s->separator, s->batch);
  s->batch[0].separators &= real; /* the separator may be NUL, which fills the copy */
  s->batch_count = 1;
}

bool tl_scanner_next(tl_scanner *s) {
  if (s->next >= s->size) return false;
  if (s->batch_at == s->batch_count) fill_batch(s);
  tl_masks m = s->batch[s->batch_at++];
  s->quotes = m.quotes;
  s->separators = m.separators;
  s->quoted = tl_prefix_xor(m.quotes) ^ s->inside;
  s->inside = (uint64_t)((int64_t)s->quoted >> 63);
  s->line_ends = m.returns | (m.feeds & ~(m.returns << 1 | s->was_return));
  s->was_return = m.returns >> 63;
  s->at = s->next;
  s->next += TL_BLOCK;
  return true;
}

/* ---- survey ---- */

/* A record starts after the line end at `end`. A CR that ends the piece may have its LF in the next one, where a record then starts
 * after it: this piece has no say. */
static void note_start(const char *bytes, size_t size, size_t end, int64_t lines, int outside, tl_survey *out) {
  size_t start = end + 1;
  if (bytes[end] == '\r') {
    if (start == size) return;
    if (bytes[start] == '\n') start++;
  }
  out->record_start[outside] = start;
  out->lines_before[outside] = lines + 1;
}

void tl_scan_survey(const char *bytes, size_t size, char quote, tl_survey *out) {
  *out = (tl_survey){.record_start = {TL_NOWHERE, TL_NOWHERE}};
  out->first_is_feed = size > 0 && bytes[0] == '\n';
  out->last_is_return = size > 0 && bytes[size - 1] == '\r';
  bool found[2] = {false, false};
  tl_scanner s;
  tl_scanner_start(&s, bytes, size, quote, '\n', false);
  while (tl_scanner_next(&s)) {
    for (int start_inside = 0; start_inside < 2; start_inside++) {
      uint64_t ends = s.line_ends & (start_inside ? s.quoted : ~s.quoted);
      if (found[start_inside] || !ends) continue;
      int bit = __builtin_ctzll(ends);
      int64_t lines = out->line_ends + __builtin_popcountll(s.line_ends & (((uint64_t)1 << bit) - 1));
      note_start(bytes, size, s.at + (size_t)bit, lines, start_inside, out);
      found[start_inside] = true;
    }
    out->line_ends += __builtin_popcountll(s.line_ends);
  }
  out->odd_quotes = s.inside != 0;
}
