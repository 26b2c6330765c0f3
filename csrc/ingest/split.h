/* ingest/split: the fast reader: records out of a piece of text whose quoting is regular, in batches of rows of one width. */
#ifndef TL_INGEST_SPLIT_H
#define TL_INGEST_SPLIT_H

#include "base/mem.h"
#include "ingest/record.h"

/* Room that is used again from piece to piece. */
typedef struct tl_split {
  uint32_t *ends; /* of fields */
  size_t end_capacity;
  tally_text *texts; /* the fields of a batch with quotes in it, row by row, without their quotes ... */
  size_t text_capacity;
  bool *quoted; /* ... and which of them had any */
  size_t quoted_capacity;
  tl_field *fields; /* of one record */
  size_t field_capacity;
  char *scratch; /* fields whose doubled quotes were made single */
  size_t scratch_capacity;
} tl_split;

#define TL_SPLIT \
  { 0 }

/* Rows that lie one after another and have the same number of fields, a proper one. */
typedef struct tl_batch {
  size_t rows, width;
  const char *bytes;       /* of the piece ... */
  int64_t byte;            /* ... and its place in the file */
  size_t start;            /* of the first field, in `bytes` */
  const uint32_t *ends;    /* of all fields, row by row, in `bytes` */
  const tally_text *texts; /* the fields themselves, when there are quotes among them; else NULL */
  const bool *quoted;
} tl_batch;

/* Rows of a batch at most; fields of a batch, unless one row has more. */
enum { TL_BATCH_ROWS = 1024, TL_BATCH_FIELDS = 4096 };

/* The fields of a column, row by row; TL_PADDING bytes after each may be read. Which of them had quotes: batch->quoted. */
void tl_batch_column(const tl_batch *batch, size_t column, tally_text *texts);
static inline bool tl_batch_quoted(const tl_batch *batch, size_t row, size_t column) {
  return batch->quoted && batch->quoted[row * batch->width + column];
}

/* Who takes the rows. A batch that is not taken comes again record by record, as do rows that no batch is made of. */
typedef struct tl_row_visitor {
  tally_status (*batch)(void *context, const tl_batch *batch, bool *taken, bool *enough, tally_error *error); /* NULL: none */
  tl_record_visit record;
  void *context;
} tl_row_visitor;

/* text     starts at the start of a record and ends at the end of one, or of the file; TL_PADDING bytes more may be read
 * byte     its place in the file
 * line     its first line
 * regular  false when a quote stands where none may be, or is not closed: what was visited then does not count
 * errors   those of the visitor, TALLY_ENOMEM */
tally_status tl_split_records(tl_split *split, const tl_dialect *dialect, tally_text text, int64_t byte, int64_t line,
                              tl_row_visitor visitor, bool *regular, tally_error *error);
void tl_split_done(tl_split *split);

#endif
