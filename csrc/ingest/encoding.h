/* ingest/encoding: what the bytes are, found from the bytes, and how they become UTF-8. */
#ifndef TL_INGEST_ENCODING_H
#define TL_INGEST_ENCODING_H

#include "ingest/reading.h"

/* What the start of a file tells. */
typedef struct tl_marks {
  const char *encoding; /* UTF-8, UTF-16LE, -BE, UTF-32LE or -BE by a mark or by its zero bytes; NULL: not known from the start */
  int32_t count;        /* byte-order marks */
  size_t size;          /* bytes that they take */
} tl_marks;

/* head  the first bytes of the file */
tl_marks tl_encoding_marks(tally_text head);

/* The encoding to convert from: the one that was asked for (NULL: none was), with the order of bytes that the text has. NULL: not
 * known. */
const char *tl_encoding_choose(const char *asked, const tl_marks *marks);

/* What a file is that is not text, and what to do: "a ZIP archive (an .xlsx workbook is one): …"; NULL: not known for anything but
 * text. By how it begins, in any encoding; by what is in it, in UTF-8. */
const char *tl_encoding_signature(tally_text head);
const char *tl_encoding_not_text(tally_text head);

/* Counts of what UTF-8 has or forbids. Where a text is cut into pieces, the ends of a piece may be parts of a character: these
 * bytes are kept until what lies beside them is known. */
enum { TL_CENSUS_HEAD = 3, TL_CENSUS_TAIL = 4 };
typedef struct tl_census {
  int64_t beyond_ascii; /* characters of several bytes that are whole and valid */
  int64_t invalid;      /* bytes that are not part of valid UTF-8 */
  int64_t nuls;
  char head[TL_CENSUS_HEAD], tail[TL_CENSUS_TAIL];
  size_t head_size, tail_size;
  bool all_head; /* the piece is nothing but the middle of a character, or empty */
} tl_census;

/* The census of a piece cut anywhere. */
void tl_encoding_count(tally_text piece, tl_census *census);
/* Adds the piece that follows directly. census: zero at the start of the text */
void tl_encoding_join(tl_census *census, const tl_census *next);
/* No piece follows. */
void tl_encoding_end(tl_census *census);
/* Whether a file of this census is rather Windows-1252: invalid bytes that are not mere accidents among valid characters. */
bool tl_encoding_is_windows(const tl_census *census);

/* `bytes` in the encoding `from` (an iconv name) as UTF-8; what is not valid becomes U+FFFD and is reported.
 * out     taken by the caller, to be freed with tl_mem_free
 * errors  TALLY_ENAME (no such encoding), TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_encoding_convert(tally_text bytes, const char *from, tl_problems *problems, char **out, size_t *size,
                                 tally_error *error);
/* The same name but for case and hyphens: "utf8" is "UTF-8". */
bool tl_encoding_is_utf8(const char *name);
/* The text without what is not UTF-8, each such byte replaced by U+FFFD. `to` has room for three times its size. */
size_t tl_encoding_repair(tally_text text, char *to);

#endif
