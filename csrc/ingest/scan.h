/* ingest/scan: where the structure of a text lies: 64 bytes become a few words of one bit a byte, and the words become counts, or
 * positions. */
#ifndef TL_INGEST_SCAN_H
#define TL_INGEST_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

enum { TL_BLOCK = 64 };

/* ---- survey: what a piece of a file, cut anywhere, holds ---- */

#define TL_NOWHERE SIZE_MAX

/* Line ends are CR LF, LF and CR, each counted once. A line end outside quotes ends a record. */
typedef struct tl_survey_case {
  size_t record_start;  /* after the first line end outside quotes, one past the piece when its LF lies there; TL_NOWHERE */
  int64_t lines_before; /* line ends before `record_start` */
  bool blank_before;    /* nothing stands on the line that ends there */
  int64_t records;      /* line ends outside quotes */
  int64_t blanks;       /* those before which nothing stands on the line */
} tl_survey_case;

typedef struct tl_survey {
  tl_survey_case cases[2]; /* the piece starts outside [0] or inside [1] quotes */
  int64_t line_ends;       /* inside quotes and outside */
  bool odd_quotes;
  bool ends_line; /* the last byte is the end of a line */
  bool plain;     /* every byte is ASCII, and none is NUL */
} tl_survey;

/* bytes   `size` of them, and TL_BLOCK more that may be read
 * before  the byte before the piece; a line feed at the start of what is read
 * quote   0: none */
typedef void (*tl_survey_kernel)(const char *bytes, size_t size, char before, char quote, tl_survey *out);

/* ---- index: where fields end ---- */

/* Goes through a text that starts at the start of a record. */
typedef struct tl_scanner {
  const char *bytes; /* and TL_BLOCK more than `size` that may be read */
  size_t size;       /* at most UINT32_MAX */
  char quote, separator;
  size_t at;           /* of the next block */
  uint64_t inside;     /* all ones when the byte before it is inside quotes; of that byte, 1 when ... */
  uint64_t was_return, /* it is a CR */
      was_close,       /* it closes quotes */
      was_edge;        /* quotes may open after it: it separates fields, ends a line or closes quotes; so at the start, too */
  size_t quotes_end;   /* after the last quote so far ... */
  uint32_t *doubled;   /* ... and places of those that were doubled ... */
  size_t doubled_count, doubled_lost; /* ... and how many of them found no more room */
  size_t irregular; /* the first place where quotes open inside a field, or something follows quotes that were closed; TL_NOWHERE */
} tl_scanner;

/* Places of doubled quotes that are kept. */
enum { TL_DOUBLED_MOST = 64 };

/* doubled  room for TL_DOUBLED_MOST places */
static inline tl_scanner tl_scanner_start(const char *bytes, size_t size, char quote, char separator, uint32_t *doubled) {
  return (tl_scanner){.bytes = bytes,
                      .size = size,
                      .quote = quote,
                      .separator = separator,
                      .was_edge = 1,
                      .doubled = doubled,
                      .irregular = TL_NOWHERE};
}

/* Room that positions need past those that were asked for. */
enum { TL_INDEX_SLACK = 2 * TL_BLOCK };

/* The places of separators and line ends outside quotes, CR LF by its CR, block by block until there are `enough` or the text ends.
 * positions  room for `enough` + TL_INDEX_SLACK
 * Gives how many there are; *line_ends, how many of them are line ends. */
typedef size_t (*tl_index_kernel)(tl_scanner *scanner, size_t enough, uint32_t *positions, size_t *line_ends);

/* ---- kernels ---- */

typedef struct tl_scan_kernels {
  tl_survey_kernel survey;
  tl_index_kernel index;
} tl_scan_kernels;

/* The kernels of a level, NULL where there are none; those to use. */
const tl_scan_kernels *tl_scan_kernels_of(tl_cpu level);
const tl_scan_kernels *tl_scan_best(void);

#endif
