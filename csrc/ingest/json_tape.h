/* ingest/json_tape: the values of one place in the records of a chunk, of whatever types, one after another. */
#ifndef TL_INGEST_JSON_TAPE_H
#define TL_INGEST_JSON_TAPE_H

#include "base/bytes.h"

typedef struct tl_json_tape {
  tl_bytes bytes;
  int64_t rows; /* the row after that of the last value */
} tl_json_tape;

/* Adds the value of a row, which lies behind those that are there. type: not TALLY_MISSING. errors: TALLY_ENOMEM */
tally_status tl_json_tape_put(tl_json_tape *tape, int64_t row, tally_value value, tally_error *error);

/* Where a tape is read. */
typedef struct tl_json_tape_reader {
  const tl_json_tape *tape;
  size_t at;
  int64_t row; /* of the value that was given last */
} tl_json_tape_reader;

static inline tl_json_tape_reader tl_json_tape_start(const tl_json_tape *tape) {
  return (tl_json_tape_reader){.tape = tape, .row = -1};
}
/* The next value that is there, and its row; false at the end. A text is borrowed from the tape. */
bool tl_json_tape_next(tl_json_tape_reader *reader, tally_value *out);

void tl_json_tape_done(tl_json_tape *tape);

#endif
