/* ingest/encoding: byte-order marks first, then the zero bytes that give UTF-16 away, then Windows-1252 by elimination, when the
 * bytes cannot be UTF-8. Conversion is done by iconv, once and for the whole text; afterwards everything is UTF-8. */
#include "ingest/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>

static bool starts_with(tally_text text, const char *prefix, size_t size) {
  return text.size >= size && memcmp(text.bytes, prefix, size) == 0;
}

/* ---- recognising ---- */

/* UTF-16 without a mark: of the first bytes nearly half are zero, all on the same side. */
static const char *by_zero_bytes(tally_text head) {
  size_t size = head.size < 4096 ? head.size : 4096, zero[2] = {0, 0};
  for (size_t i = 0; i < size; i++) zero[i & 1] += head.bytes[i] == 0;
  if (size < 4) return NULL;
  if (zero[1] * 4 > size && zero[0] * 20 < size) return "UTF-16LE";
  return zero[0] * 4 > size && zero[1] * 20 < size ? "UTF-16BE" : NULL;
}

tl_marks tl_encoding_marks(tally_text head) {
  static const struct {
    const char *encoding, *bytes;
    size_t size;
  } marks[] = {{"UTF-8", "\xEF\xBB\xBF", 3}, {"UTF-16LE", "\xFF\xFE", 2}, {"UTF-16BE", "\xFE\xFF", 2}};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    tl_marks found = {.encoding = marks[i].encoding};
    for (tally_text rest = head; starts_with(rest, marks[i].bytes, marks[i].size); found.count++) {
      rest = tl_text(rest.bytes + marks[i].size, rest.size - marks[i].size);
      found.size += marks[i].size;
    }
    if (found.count > 0) return found;
  }
  return (tl_marks){.encoding = by_zero_bytes(head)};
}

const char *tl_encoding_not_text(tally_text head) {
  if (starts_with(head, "PK\x03\x04", 4)) return "a ZIP archive (an .xlsx workbook is one): save the sheet as CSV first";
  if (starts_with(head, "\xD0\xCF\x11\xE0", 4)) return "an .xls workbook: save the sheet as CSV first";
  if (starts_with(head, "\x1F\x8B", 2)) return "gzip inside gzip: unpack it first, with gunzip";
  if (starts_with(head, "\x28\xB5\x2F\xFD", 4)) return "a .zst archive: unpack it first, with unzstd";
  if (starts_with(head,
                  "\xFD"
                  "7zXZ",
                  5))
    return "an .xz archive: unpack it first, with unxz";
  if (starts_with(head, "BZh", 3) && head.size > 9 && starts_with(tl_text(head.bytes + 4, 6), "1AY&SY", 6)) {
    return "a .bz2 archive: unpack it first, with bunzip2";
  }
  if (starts_with(head, "%PDF", 4)) return "a PDF: look for the table as CSV where it was published";
  size_t strange = 0;
  for (size_t i = 0; i < head.size; i++) {
    unsigned char c = (unsigned char)head.bytes[i];
    strange += c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
  }
  return strange > 8 && strange * 50 > head.size ? "binary data: look for the table as CSV where it was published" : NULL;
}

/* ---- counting ---- */

static bool is_continuation(char c) {
  return ((unsigned char)c & 0xC0) == 0x80;
}

static int64_t count_characters(tally_text valid) {
  int64_t count = 0;
  for (size_t i = 0; i < valid.size; i++) count += (unsigned char)valid.bytes[i] >= 0xC0;
  return count;
}

static void count_whole(tally_text text, tl_census *census) {
  for (size_t valid; (valid = tl_text_valid_utf8(text)) < text.size; census->invalid++) {
    census->beyond_ascii += count_characters(tl_text(text.bytes, valid));
    text = tl_text(text.bytes + valid + 1, text.size - valid - 1);
  }
  census->beyond_ascii += count_characters(text);
}

/* The bytes at the start that may belong to a character begun before. */
static size_t head_size(tally_text piece) {
  size_t size = 0;
  while (size < piece.size && size < TL_CENSUS_HEAD && is_continuation(piece.bytes[size])) size++;
  return size;
}

/* The bytes at the end that may belong to a character that goes on. */
static size_t tail_size(tally_text piece) {
  size_t size = 0;
  while (size < piece.size && size < TL_CENSUS_HEAD && is_continuation(piece.bytes[piece.size - 1 - size])) size++;
  return size < piece.size && (unsigned char)piece.bytes[piece.size - 1 - size] >= 0xC0 ? size + 1 : 0;
}

void tl_encoding_count(tally_text piece, tl_census *census) {
  *census = (tl_census){0};
  const char *at = piece.bytes, *end = piece.bytes + piece.size;
  while (at < end && (at = memchr(at, 0, (size_t)(end - at)))) {
    census->nuls++;
    at++;
  }
  census->head_size = head_size(piece);
  memcpy(census->head, piece.bytes, census->head_size);
  piece = tl_text(piece.bytes + census->head_size, piece.size - census->head_size);
  census->all_head = piece.size == 0;
  census->tail_size = tail_size(piece);
  memcpy(census->tail, piece.bytes + piece.size - census->tail_size, census->tail_size);
  count_whole(tl_text(piece.bytes, piece.size - census->tail_size), census);
}

/* What stands at the seam is known only now; where `next` is nothing but the middle of a character, it may go on yet. */
void tl_encoding_join(tl_census *census, const tl_census *next) {
  char seam[TL_CENSUS_TAIL + TL_CENSUS_HEAD];
  size_t size = census->tail_size + next->head_size;
  memcpy(seam, census->tail, census->tail_size);
  memcpy(seam + census->tail_size, next->head, next->head_size);
  census->beyond_ascii += next->beyond_ascii;
  census->invalid += next->invalid;
  census->nuls += next->nuls;
  census->tail_size = next->all_head ? tail_size(tl_text(seam, size)) : next->tail_size;
  const char *tail = next->all_head ? seam + size - census->tail_size : next->tail;
  memcpy(census->tail, tail, census->tail_size);
  count_whole(tl_text(seam, next->all_head ? size - census->tail_size : size), census);
}

void tl_encoding_end(tl_census *census) {
  count_whole(tl_text(census->tail, census->tail_size), census);
  census->tail_size = 0;
}

bool tl_encoding_is_windows(const tl_census *census) {
  return census->invalid > census->beyond_ascii;
}

/* ---- converting ---- */

bool tl_encoding_is_utf8(const char *name) {
  return tl_text_equal_fold(tl_text_of(name), tl_text_of("UTF-8")) || tl_text_equal_fold(tl_text_of(name), tl_text_of("UTF8"));
}

size_t tl_encoding_repair(tally_text text, char *to) {
  char *start = to;
  for (;;) {
    size_t valid = tl_text_valid_utf8(text);
    memcpy(to, text.bytes, valid);
    to += valid;
    if (valid == text.size) return (size_t)(to - start);
    memcpy(to, "\xEF\xBF\xBD", 3);
    to += 3;
    text = tl_text(text.bytes + valid + 1, text.size - valid - 1);
  }
}

typedef struct conversion {
  iconv_t state;
  tally_text from;
  size_t unit; /* bytes of the smallest character: what is passed over when one is not valid */
  size_t at;
  char *out;
  size_t capacity, size;
  int64_t line; /* of what comes next */
  size_t counted;
  tl_problems *problems;
} conversion;

static int64_t line_of_next(conversion *it) {
  for (; it->counted < it->size; it->counted++) it->line += it->out[it->counted] == '\n';
  return it->line;
}

static tally_status replace_invalid(conversion *it, tally_error *error) {
  size_t left = it->from.size - it->at, bad = left < it->unit ? left : it->unit;
  TL_TRY(tl_problems_add(it->problems, line_of_next(it), (int64_t)it->at, NULL, TL_PROBLEM_BAD_BYTES,
                         tl_text(it->from.bytes + it->at, bad), error));
  memcpy(it->out + it->size, "\xEF\xBF\xBD", 3);
  it->size += 3;
  it->at += bad;
  return TALLY_OK;
}

static tally_status convert_all(conversion *it, tally_error *error) {
  while (it->at < it->from.size) {
    TL_TRY(tl_mem_reserve((void **)&it->out, &it->capacity, it->size + 4096, 1, error));
    char *in = (char *)it->from.bytes + it->at, *to = it->out + it->size;
    size_t left = it->from.size - it->at, room = it->capacity - it->size - 4;
    size_t done = iconv(it->state, &in, &left, &to, &room);
    int why = errno;
    it->at = it->from.size - left;
    it->size = (size_t)(to - it->out);
    if (done == (size_t)-1 && why != E2BIG) TL_TRY(replace_invalid(it, error));
  }
  return TALLY_OK;
}

static size_t unit_of(const char *encoding) {
  if (strstr(encoding, "32")) return 4;
  return strstr(encoding, "16") ? 2 : 1;
}

tally_status tl_encoding_convert(tally_text bytes, const char *from, tl_problems *problems, char **out, size_t *size,
                                 tally_error *error) {
  conversion it = {.from = bytes, .unit = unit_of(from), .line = 1, .problems = problems};
  it.state = iconv_open("UTF-8", from);
  if (it.state == (iconv_t)-1) {
    return tl_fail(error, TALLY_ENAME, "no encoding called '%s'; 'iconv -l' lists those there are, such as UTF-8 and WINDOWS-1252",
                   from);
  }
  tally_status status = convert_all(&it, error);
  iconv_close(it.state);
  if (status != TALLY_OK) {
    tl_mem_free(it.out);
    return status;
  }
  *out = it.out;
  *size = it.size;
  return TALLY_OK;
}
