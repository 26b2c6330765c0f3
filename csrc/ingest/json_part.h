/* ingest/json_part: the records of one chunk, taken apart: the places in them, and on each place its values. */
#ifndef TL_INGEST_JSON_PART_H
#define TL_INGEST_JSON_PART_H

#include <jansson.h>

#include "ingest/json_shape.h"
#include "ingest/reading.h"

/* Where a record stands in the input. line 0, byte -1: not known. */
typedef struct tl_json_spot {
  int64_t line, byte;
} tl_json_spot;

typedef struct tl_json_kept {
  tl_json_place *place;
  tally_value value;
} tl_json_kept;

typedef struct tl_json_part {
  const tally_json_options *options;
  const tl_json_shape *plan;
  tl_json_shape shape; /* empty until there is a record */
  int64_t rows;
  tl_json_spot *spots; /* of each row; NULL when types are only found, so that no value can be of the wrong one */
  size_t spot_capacity;
  /* Of lines; all lines here are counted from the start of the part. */
  int64_t lines;          /* that end in it */
  tl_problems problems;   /* lines without a record */
  tl_problems blank_ends; /* blank lines after all others */
  bool failed;            /* an error names a line */
  /* While a record is taken apart. */
  size_t element; /* of the list that is unnested */
  tl_bytes text;
  uint64_t walks; /* of ingest/json_plain */
  tl_json_kept *kept;
  size_t kept_count, kept_capacity;
} tl_json_part;

/* plan  borrowed; NULL: none */
static inline tl_json_part tl_json_part_of(const tally_json_options *options, const tl_json_shape *plan) {
  return (tl_json_part){.options = options, .plan = plan, .shape.unnest = options->unnest};
}
/* The row of a record, or one for each element of the list that is unnested; in a survey only the shape.
 * record  an object, borrowed
 * errors  TL_JSON_CROWDED, TALLY_ESHAPE, TALLY_ERANGE, TALLY_ENOMEM */
tally_status tl_json_part_add(tl_json_part *part, json_t *record, tl_json_spot spot, tally_error *error);
/* The two steps of it: one value of the row, and the end of the row. errors: TALLY_ENOMEM */
tally_status tl_json_part_put(tl_json_part *part, tl_json_place *at, tally_value value, tally_error *error);
tally_status tl_json_part_end_row(tl_json_part *part, tl_json_spot spot, tally_error *error);
void tl_json_part_done(tl_json_part *part);

#endif
