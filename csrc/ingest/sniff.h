/* ingest/sniff: the lie of a file, by evidence from its first records: separator, preamble, header. */
#ifndef TL_INGEST_SNIFF_H
#define TL_INGEST_SNIFF_H

#include "ingest/reading.h"
#include "ingest/record.h"

/* Texts and rows live in the arena that was given. */
typedef struct tl_layout {
  char separator;
  tl_record header;             /* its fields trimmed; count 0: there is none */
  int64_t data_byte, data_line; /* where rows begin */
  size_t width;                 /* fields of most rows */
  size_t agreeing, sampled;     /* so many of the records that were looked at have them */
  bool guessed;                 /* the separator was not given */
  bool everything_quoted;       /* every field of every row seen */
  tl_metadata_row *metadata;
  size_t metadata_count;
} tl_layout;

/* dialect  separator 0: to be found
 * head     the start of what is to be read; whole: all of it
 * byte, line  its place in the file
 * errors   TALLY_ENOMEM */
tally_status tl_sniff(const tally_csv_options *options, const tl_dialect *dialect, tally_text head, bool whole, int64_t byte,
                      int64_t line, tl_arena *arena, tl_layout *out, tally_error *error);

/* Why the separator is what it is: "198 of the first 200 records have 13 fields". */
enum { TL_EVIDENCE_SIZE = 128 };
void tl_layout_evidence(const tl_layout *layout, char *to, size_t size);

#endif
