/* ingest/split: the fast reader: records out of a piece of text whose quoting is regular, in batches of rows of one width. */
#ifndef TL_INGEST_SPLIT_H
#define TL_INGEST_SPLIT_H

#include "base/mem.h"
#include "ingest/record.h"
#include "ingest/scan.h"

/* Room that is used again from piece to piece. */
typedef struct tl_split {
  uint32_t doubled[TL_DOUBLED_MOST];
  uint32_t *ends; /* of fields */
  size_t end_capacity;
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
  char quote;              /* a field that begins with it stands between two of it; 0: no field does */
  const uint32_t *doubled; /* where in such a field it is doubled, in `bytes` ... */
  size_t doubled_count;
  bool doubled_anywhere; /* ... and there are more such places */
  char *scratch;         /* room for the fields of a column whose doubled quotes are made single */
} tl_batch;

/* Rows of a batch at most; fields of a batch, unless one row has more. */
enum { TL_BATCH_ROWS = 1024, TL_BATCH_FIELDS = 4096 };

/* After the line end at `end`. */
static inline size_t tl_after_line_end(const char *bytes, size_t end) {
  return end + 1 + (bytes[end] == '\r' && bytes[end + 1] == '\n');
}

static inline size_t tl_batch_start(const tl_batch *b, size_t row, size_t column) {
  const uint32_t *end = b->ends + row * b->width + column;
  if (__builtin_expect(column > 0, 1)) return (size_t)end[-1] + 1;
  return row == 0 ? b->start : tl_after_line_end(b->bytes, end[-1]);
}

/* Whether a field stands between quotes. */
static inline bool tl_batch_quoted(const tl_batch *b, size_t row, size_t column) {
  return b->quote && b->bytes[tl_batch_start(b, row, column)] == b->quote;
}

/* What then stands between them, quotes in it still doubled; TL_PADDING bytes after it may be read. */
static inline tally_text tl_batch_field(const tl_batch *b, size_t row, size_t column) {
  size_t start = tl_batch_start(b, row, column), size = b->ends[row * b->width + column] - start;
  size_t quoted = b->quote && b->bytes[start] == b->quote;
  return tl_text(b->bytes + start + quoted, size - 2 * quoted);
}

/* A text between quotes, doubled quotes made single; if there are any, at *scratch, which moves on. */
tally_text tl_unfold(tally_text between, char quote, char **scratch);

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
