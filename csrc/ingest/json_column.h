/* ingest/json_column: the values of one place, from all parts, as a column. */
#ifndef TL_INGEST_JSON_COLUMN_H
#define TL_INGEST_JSON_COLUMN_H

#include <stdatomic.h>

#include "ingest/json_shape.h"
#include "ingest/reading.h"

/* The tape of a part in which the place occurs. */
typedef struct tl_json_piece {
  tl_json_tape *tape;
  int64_t first_row; /* of the part */
} tl_json_piece;

typedef struct tl_json_column {
  tl_json_piece *pieces; /* in order */
  size_t piece_count, piece_capacity;
  tally_column *column;
  tl_problems bad; /* values of another type than was asked for; in place of lines there are rows, from 1 */
} tl_json_column;

/* The type that holds whatever was seen at the place. */
tally_type tl_json_found_type(const tl_json_place *place);
/* Makes the column, of `rows` values; the tapes are done with. A value that is not of the type is missing.
 * bad_rows  where the rows of such values are marked; NULL: nowhere
 * errors    TALLY_ERANGE, TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_json_column_make(tl_json_column *it, const char *name, tally_type type, int64_t rows, atomic_uchar *bad_rows,
                                 tally_error *error);
void tl_json_column_done(tl_json_column *it);

#endif
