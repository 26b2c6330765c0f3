/* ingest/encoding: byte-order marks first, then the zero bytes that give UTF-16 and UTF-32 away, then Windows-1252 by elimination,
 * when the bytes cannot be UTF-8. Conversion is done by iconv, once and for the whole text; afterwards everything is UTF-8. */
#include "ingest/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>

#include "base/pool.h"

static bool starts_with(tally_text text, const char *prefix, size_t size) {
  return text.size >= size && memcmp(text.bytes, prefix, size) == 0;
}

/* ---- recognising ---- */

/* Whether so many bytes of `size` are zero in the one place, and so few in the other, that it is no accident. */
static bool are_high_bytes(size_t zero, size_t other, size_t size) {
  return (zero * 4 > size || (zero >= 8 && zero * 16 > size)) && other * 20 < zero;
}

/* Without a mark: in UTF-16 one byte of two is zero wherever a character is ASCII, in UTF-32 always two of four. In a text that has
 * few letters of ASCII, separators, digits and line ends still are. */
static const char *by_zero_bytes(tally_text head) {
  enum { LOOKED_AT = 4096 };
  size_t size = head.size < LOOKED_AT ? head.size & ~(size_t)3 : LOOKED_AT, zero[4] = {0};
  for (size_t i = 0; i < size; i++) zero[i & 3] += head.bytes[i] == 0;
  if (size == 0) return NULL;
  if (zero[3] * 4 == size && are_high_bytes(zero[2], zero[0], size / 2)) return "UTF-32LE";
  if (zero[0] * 4 == size && are_high_bytes(zero[1], zero[3], size / 2)) return "UTF-32BE";
  size_t even = zero[0] + zero[2], odd = zero[1] + zero[3];
  if (are_high_bytes(odd, even, size)) return "UTF-16LE";
  return are_high_bytes(even, odd, size) ? "UTF-16BE" : NULL;
}

tl_marks tl_encoding_marks(tally_text head) {
  static const struct {
    const char *encoding, *bytes;
    size_t size;
  } marks[] = {{"UTF-8", "\xEF\xBB\xBF", 3},
               {"UTF-32LE", "\xFF\xFE\0\0", 4},
               {"UTF-32BE", "\0\0\xFE\xFF", 4},
               {"UTF-16LE", "\xFF\xFE", 2},
               {"UTF-16BE", "\xFE\xFF", 2}};
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

static bool is_called(const char *name, const char *with_hyphen, const char *without) {
  return tl_text_equal_fold(tl_text_of(name), tl_text_of(with_hyphen)) || tl_text_equal_fold(tl_text_of(name), tl_text_of(without));
}

/* "UTF-16" does not say in which order the bytes are; the text does, and where it does not, they are as on most machines. */
const char *tl_encoding_choose(const char *asked, const tl_marks *marks) {
  if (!asked) return marks->encoding;
  bool two = is_called(asked, "UTF-16", "UTF16"), four = is_called(asked, "UTF-32", "UTF32");
  if (!two && !four) return asked;
  bool known = marks->encoding && strncmp(marks->encoding, two ? "UTF-16" : "UTF-32", 6) == 0;
  return known ? marks->encoding : two ? "UTF-16LE" : "UTF-32LE";
}

static const struct {
  const char *bytes;
  size_t size;
  const char *what;
} signatures[] = {
    {"PK\x03\x04", 4, "a ZIP archive (an .xlsx workbook is one): save the sheet as CSV first"},
    {"\xD0\xCF\x11\xE0", 4, "an .xls workbook: save the sheet as CSV first"},
    {"%PDF", 4, "a PDF: look for the table as CSV where it was published"},
    {"\x1F\x8B", 2, "gzip inside gzip: unpack it first, with gunzip"},
    {"\x28\xB5\x2F\xFD", 4, "a .zst archive: unpack it first, with unzstd"},
    {"\xFD\x37zXZ", 5, "an .xz archive: unpack it first, with unxz"},
    {"\x42\x5A\x68\x39\x31\x41\x59\x26\x53\x59", 10, "a .bz2 archive: unpack it first, with bunzip2"},
};

const char *tl_encoding_signature(tally_text head) {
  for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
    if (starts_with(head, signatures[i].bytes, signatures[i].size)) return signatures[i].what;
  }
  return NULL;
}

const char *tl_encoding_not_text(tally_text head) {
  enum { ENOUGH = 1 << 16 };
  size_t strange = 0;
  if (head.size > ENOUGH) head.size = ENOUGH;
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

static void count_whole(tally_text text, tl_census *census) {
  int64_t beyond_ascii;
  for (size_t valid; (valid = tl_text_count_utf8(text, &beyond_ascii)) < text.size; census->invalid++) {
    census->beyond_ascii += beyond_ascii;
    text = tl_text(text.bytes + valid + 1, text.size - valid - 1);
  }
  census->beyond_ascii += beyond_ascii;
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
  return is_called(name, "UTF-8", "UTF8");
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

enum { REPLACEMENT = 3 }; /* bytes of U+FFFD */

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

/* Lines end in LF, CR or both. */
static int64_t line_of_next(conversion *it) {
  for (; it->counted < it->size; it->counted++) {
    bool after_return = it->counted > 0 && it->out[it->counted - 1] == '\r';
    it->line += it->out[it->counted] == '\r' || (it->out[it->counted] == '\n' && !after_return);
  }
  return it->line;
}

static tally_status replace_invalid(conversion *it, tally_error *error) {
  size_t left = it->from.size - it->at, bad = left < it->unit ? left : it->unit;
  TL_TRY(tl_problems_add(it->problems, line_of_next(it), (int64_t)it->at, NULL, TL_PROBLEM_BAD_BYTES,
                         tl_text(it->from.bytes + it->at, bad), error));
  memcpy(it->out + it->size, "\xEF\xBF\xBD", REPLACEMENT);
  it->size += REPLACEMENT;
  it->at += bad;
  return TALLY_OK;
}

/* Converts what fits into the room there is. With `in` NULL: what iconv still holds back. Whether it stopped for another reason. */
static tally_status convert_some(conversion *it, char **in, size_t *left, bool *stopped, tally_error *error) {
  enum { ROOM_LEAST = 4096, ROOM_MOST = 1 << 20 };
  TL_TRY(tl_pool_check(error));
  TL_TRY(tl_mem_reserve((void **)&it->out, &it->capacity, it->size + ROOM_LEAST, 1, error));
  char *to = it->out + it->size;
  size_t room = it->capacity - it->size - REPLACEMENT;
  if (room > ROOM_MOST) room = ROOM_MOST;
  *stopped = iconv(it->state, in, left, &to, &room) == (size_t)-1 && errno != E2BIG;
  it->size = (size_t)(to - it->out);
  return TALLY_OK;
}

static tally_status convert_all(conversion *it, tally_error *error) {
  bool stopped;
  while (it->at < it->from.size) {
    char *in = (char *)it->from.bytes + it->at;
    size_t left = it->from.size - it->at;
    TL_TRY(convert_some(it, &in, &left, &stopped, error));
    it->at = it->from.size - left;
    if (stopped) TL_TRY(replace_invalid(it, error));
  }
  return convert_some(it, NULL, NULL, &stopped, error);
}

/* Bytes of the smallest character. */
static size_t unit_of(const char *encoding) {
  tally_text family = tl_text(encoding, strnlen(encoding, 3));
  bool utf = tl_text_equal_fold(family, tl_text_of("UTF")), ucs = tl_text_equal_fold(family, tl_text_of("UCS"));
  if ((utf && strstr(encoding, "32")) || (ucs && strchr(encoding, '4'))) return 4;
  return (utf && strstr(encoding, "16")) || (ucs && strchr(encoding, '2')) ? 2 : 1;
}

static tally_status unknown(const char *name, tally_error *error) {
  static const char *const names[] = {"UTF-8",        "UTF-16",     "UTF-32",     "WINDOWS-1252", "WINDOWS-1250",
                                      "WINDOWS-1251", "ISO-8859-1", "ISO-8859-2", "ISO-8859-15",  "LATIN1",
                                      "MACINTOSH",    "CP437",      "CP850",      "KOI8-R",       "SHIFT_JIS",
                                      "EUC-JP",       "EUC-KR",     "GB18030",    "BIG5"};
  const char *meant = tally_nearest(name, names, sizeof names / sizeof *names);
  if (meant) return tl_fail(error, TALLY_ENAME, "no encoding called '%s'; did you mean '%s'? ('iconv -l' lists all)", name, meant);
  return tl_fail(
      error, TALLY_ENAME,
      "no encoding called '%s'; there are UTF-8, UTF-16, WINDOWS-1252, ISO-8859-15, MACINTOSH, CP850, SHIFT_JIS, GB18030 "
      "and others ('iconv -l' lists all)",
      name);
}

/* A name with a slash would tell iconv to leave out what it cannot convert; one without letters stands for the locale's. */
static bool open_converter(const char *from, iconv_t *out) {
  if (from[0] == '\0' || strchr(from, '/')) return false;
  *out = iconv_open("UTF-8", from);
  return *out != (iconv_t)-1;
}

tally_status tl_encoding_convert(tally_text bytes, const char *from, tl_problems *problems, char **out, size_t *size,
                                 tally_error *error) {
  conversion it = {.from = bytes, .unit = unit_of(from), .line = 1, .problems = problems};
  if (!open_converter(from, &it.state)) return unknown(from, error);
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
