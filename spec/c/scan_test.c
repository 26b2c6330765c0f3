/* Every kernel of the structural scan against a twin that goes byte by byte, on pieces of any size and at the edge of a page. */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "ingest/scan.h"
#include "random.h"

static uint64_t state = 0x9E3779B97F4A7C15u;

static size_t draw(size_t below) {
  return (size_t)(next_random(&state) % below);
}

/* ---- the twins ---- */

static bool is_end(char c) {
  return c == '\n' || c == '\r';
}

/* A line end at `at`; the LF of CR LF is none. */
static bool is_line_end(const char *bytes, size_t at, char before) {
  char last = at > 0 ? bytes[at - 1] : before;
  return bytes[at] == '\r' || (bytes[at] == '\n' && last != '\r');
}

static tl_survey survey_slowly(const char *bytes, size_t size, char before, char quote) {
  tl_survey out = {.cases = {{.record_start = TL_NOWHERE}, {.record_start = TL_NOWHERE}}, .plain = true};
  int odd = 0;
  for (size_t i = 0; i < size; i++) {
    odd ^= quote && bytes[i] == quote;
    out.plain = out.plain && (signed char)bytes[i] > 0;
    if (!is_line_end(bytes, i, before)) continue;
    bool blank = is_end(i > 0 ? bytes[i - 1] : before);
    tl_survey_case *found = &out.cases[odd];
    if (found->record_start == TL_NOWHERE) {
      found->record_start = i + 1 + (bytes[i] == '\r' && bytes[i + 1] == '\n');
      found->lines_before = out.line_ends + 1;
      found->blank_before = blank;
    }
    found->records++;
    found->blanks += blank;
    out.line_ends++;
  }
  out.odd_quotes = odd;
  out.ends_line = size > 0 && is_end(bytes[size - 1]);
  return out;
}

static size_t index_slowly(const char *bytes, size_t size, char quote, char separator, uint32_t *to) {
  size_t count = 0;
  bool inside = false;
  for (size_t i = 0; i < size; i++) {
    if (quote && bytes[i] == quote) inside = !inside;
    if (!inside && (bytes[i] == separator || is_line_end(bytes, i, '\n'))) to[count++] = (uint32_t)i;
  }
  return count;
}

/* What the scanner is to say of quotes when all of the text is indexed. */
static tl_scanner quotes_slowly(const char *bytes, size_t size, char quote, char separator, uint32_t *doubled) {
  tl_scanner out = tl_scanner_start(bytes, size, quote, separator, doubled);
  bool inside = false, closed = false, edge = true; /* of the byte before: it closes quotes, a field may begin after it */
  for (size_t i = 0; i < size; i++) {
    bool is_quote = quote && bytes[i] == quote, is_edge = !inside && (bytes[i] == separator || is_end(bytes[i]));
    bool opens = is_quote && !inside, closes = is_quote && inside;
    bool wrong = (closed && !is_edge && !opens) || (opens && !edge && !closed);
    if (wrong && out.irregular == TL_NOWHERE) out.irregular = i;
    if (is_quote) out.quotes_end = i + 1;
    if (opens && closed && out.doubled_count < TL_DOUBLED_MOST)
      doubled[out.doubled_count++] = (uint32_t)i;
    else
      out.doubled_lost += opens && closed;
    inside ^= is_quote;
    closed = closes;
    edge = is_edge;
  }
  out.inside = inside ? UINT64_MAX : 0;
  return out;
}

/* ---- the comparison ---- */

enum { SIZE_MOST = 700 };

static bool same_case(const tl_survey_case *a, const tl_survey_case *b) {
  return a->record_start == b->record_start && a->lines_before == b->lines_before && a->blank_before == b->blank_before &&
         a->records == b->records && a->blanks == b->blanks;
}

static void check_survey(const tl_scan_kernels *kernels, const char *bytes, size_t size, char before, char quote) {
  tl_survey expected = survey_slowly(bytes, size, before, quote), found;
  kernels->survey(bytes, size, before, quote, &found);
  CHECK(same_case(&expected.cases[0], &found.cases[0]) && same_case(&expected.cases[1], &found.cases[1]));
  CHECK(expected.line_ends == found.line_ends && expected.odd_quotes == found.odd_quotes);
  CHECK(expected.ends_line == found.ends_line && expected.plain == found.plain);
}

/* Asked for a few places at a time, which must add up to all. */
static void check_index(const tl_scan_kernels *kernels, const char *bytes, size_t size, char quote, char separator) {
  static uint32_t expected[SIZE_MOST], found[SIZE_MOST + TL_INDEX_SLACK];
  size_t count = index_slowly(bytes, size, quote, separator, expected), done = 0, line_ends = 0, all_line_ends = 0;
  uint32_t doubled[TL_DOUBLED_MOST], twin_doubled[TL_DOUBLED_MOST];
  tl_scanner scanner = tl_scanner_start(bytes, size, quote, separator, doubled);
  tl_scanner twin = quotes_slowly(bytes, size, quote, separator, twin_doubled);
  while (scanner.at < size) {
    done += kernels->index(&scanner, 1 + draw(100), found + done, &line_ends);
    all_line_ends += line_ends;
  }
  CHECK(done == count && (count == 0 || memcmp(expected, found, count * sizeof *found) == 0));
  size_t ends = 0;
  for (size_t i = 0; i < count; i++) ends += is_end(bytes[expected[i]]);
  CHECK(all_line_ends == ends && scanner.inside == twin.inside && scanner.irregular == twin.irregular);
  CHECK(scanner.quotes_end == twin.quotes_end);
  CHECK(scanner.doubled_count == twin.doubled_count && scanner.doubled_lost == twin.doubled_lost &&
        memcmp(doubled, twin_doubled, twin.doubled_count * sizeof *doubled) == 0);
}

static void fill_with_anything(char *bytes, size_t size) {
  size_t plain = 1 + draw(12);
  bool ascii = draw(2);
  for (size_t i = 0; i < size; i++) bytes[i] = draw(plain) ? (char)(ascii ? 'a' + draw(26) : draw(256)) : ",\"\n\r"[draw(4)];
}

/* Fields as they should be, some of them with quotes, and seldom a quote too many. */
static void fill_with_fields(char *bytes, size_t size) {
  static const char *const fields[] = {"a,",         "bc\n",  ",",          "\"d\",",     "\"e,\n\"\r\n",
                                       "\"f\"\"\",", "\"\",", "\"\"\"\"\n", "ghijklmnop,"};
  size_t faults = 3 + draw(300);
  for (size_t i = 0; i < size;) {
    const char *field = draw(faults) ? fields[draw(sizeof fields / sizeof *fields)] : "\"";
    for (; *field && i < size; field++) bytes[i++] = *field;
  }
}

static void fill(char *bytes, size_t size) {
  if (draw(2)) {
    fill_with_anything(bytes, size);
  } else {
    fill_with_fields(bytes, size);
  }
}

/* Pieces end where a page begins that may not be read, but for the bytes that kernels may read past a piece. */
static void every_kernel(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0) abort();
  for (int level = TL_CPU_PORTABLE; level < TL_CPU_LEVELS; level++) {
    static const char *const names[] = {
        [TL_CPU_PORTABLE] = "portable", [TL_CPU_NEON] = "neon", [TL_CPU_AVX2] = "avx2", [TL_CPU_AVX512] = "avx512"};
    const tl_scan_kernels *kernels = tl_scan_kernels_of((tl_cpu)level);
    if (!kernels || !tally_set_kernel(names[level])) continue;
    for (int i = 0; i < 4000; i++) {
      size_t size = i < 200 ? (size_t)i : draw(SIZE_MOST);
      char *bytes = pages + page - TL_BLOCK - size, quote = draw(5) ? '"' : draw(2) ? ' ' : 0;
      fill(bytes - 1, size + 1 + TL_BLOCK);
      check_survey(kernels, bytes, size, draw(2) ? '\n' : bytes[-1], quote);
      check_index(kernels, bytes, size, quote, draw(8) ? ',' : '\0');
    }
  }
  munmap(pages, 2 * page);
}

int main(void) {
  const char *before = tally_kernel();
  every_kernel();
  tally_set_kernel(before);
  return finish();
}
