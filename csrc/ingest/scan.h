/* ingest/scan: where the structure of a text lies: 64 bytes become a few words of one bit a byte. */
#ifndef TL_INGEST_SCAN_H
#define TL_INGEST_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

enum { TL_BLOCK = 64 };

/* Bit i belongs to byte i of a block. */
typedef struct tl_masks {
  uint64_t quotes, separators, feeds, returns;
} tl_masks;

/* Masks of `blocks` whole blocks. quote 0: none. */
typedef void (*tl_scan_kernel)(const char *bytes, size_t blocks, char quote, char separator, tl_masks *out);

/* The kernel of a level, NULL where there is none; the one to use. */
tl_scan_kernel tl_scan_kernel_of(tl_cpu level);
tl_scan_kernel tl_scan_best(void);

/* Bit i is set when an odd number of the bits 0 .. i is. */
uint64_t tl_prefix_xor(uint64_t bits);

/* A scanner goes through a text block by block and keeps what the next block needs to know. */
typedef struct tl_scanner {
  tl_scan_kernel kernel;
  char quote, separator;
  const char *bytes;
  size_t size;
  size_t at;       /* of the current block in `bytes` */
  size_t next;     /* of the block after it */
  uint64_t inside; /* all ones when the byte before the next block is inside quotes */
  uint64_t was_return;
  tl_masks batch[64];
  size_t batch_at, batch_count;
  /* Of the current block: */
  uint64_t quotes;
  uint64_t line_ends;  /* every line end once, CR LF by its CR, whether quoted or not */
  uint64_t quoted;     /* bytes inside quotes, the opening quote among them */
  uint64_t separators; /* quoted ones too */
} tl_scanner;

/* inside  whether `bytes` starts inside quotes */
void tl_scanner_start(tl_scanner *scanner, const char *bytes, size_t size, char quote, char separator, bool inside);
/* The next block; false at the end of the text. */
bool tl_scanner_next(tl_scanner *scanner);

#define TL_NOWHERE SIZE_MAX

/* What a piece of a file, cut anywhere, holds. */
typedef struct tl_survey {
  bool odd_quotes;
  bool first_is_feed, last_is_return;
  int64_t line_ends;
  /* Where a record starts after the first line end outside quotes, when the piece starts outside [0] or inside [1] quotes;
   * TL_NOWHERE. And the line ends before it. */
  size_t record_start[2];
  int64_t lines_before[2];
} tl_survey;

/* quote 0: none */
void tl_scan_survey(const char *bytes, size_t size, char quote, tl_survey *out);

#endif
