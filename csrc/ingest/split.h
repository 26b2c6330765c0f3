/* ingest/split: the fast reader: records out of a piece of text whose quoting is regular. */
#ifndef TL_INGEST_SPLIT_H
#define TL_INGEST_SPLIT_H

#include "base/mem.h"
#include "ingest/record.h"

/* Room that is used again from record to record and from piece to piece. */
typedef struct tl_split {
  tl_field *fields;
  size_t field_capacity;
  char *scratch; /* fields whose doubled quotes were made single */
  size_t scratch_capacity;
} tl_split;

#define TL_SPLIT \
  { 0 }

/* text     starts at the start of a record and ends at the end of one, or of the file
 * byte     its place in the file
 * line     its first line
 * regular  false when a quote stands where none may be, or is not closed: what was visited then does not count
 * errors   those of the visitor, TALLY_ENOMEM */
tally_status tl_split_records(tl_split *split, const tl_dialect *dialect, tally_text text, int64_t byte, int64_t line,
                              tl_record_visit visit, void *context, bool *regular, tally_error *error);
void tl_split_done(tl_split *split);

#endif
