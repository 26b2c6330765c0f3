/* ingest/json_report: what the parts and the columns found wrong, put in order. */
#ifndef TL_INGEST_JSON_REPORT_H
#define TL_INGEST_JSON_REPORT_H

#include "ingest/json_column.h"
#include "ingest/json_part.h"

typedef struct tl_json_findings {
  const tl_json_part *parts;
  size_t part_count;
  tl_json_place *const *places;
  const tl_json_column *columns; /* of each place */
  size_t place_count;
} tl_json_findings;

/* Adds all problems in the order of the input: names, then line by line, or record by record, and place by place.
 * errors: TALLY_ENOMEM */
tally_status tl_json_report(const tl_json_findings *findings, tl_problems *to, tally_error *error);

#endif
