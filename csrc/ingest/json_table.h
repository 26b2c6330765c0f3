/* ingest/json_table: records become a table. */
#ifndef TL_INGEST_JSON_TABLE_H
#define TL_INGEST_JSON_TABLE_H

#include "ingest/json_part.h"

/* Records, wherever they come from, in parts that may be read at the same time and more than once. */
typedef struct tl_json_records {
  size_t parts;
  /* Adds the records of a part, counted from 0, to `to`. worker: as in base/pool */
  tally_status (*read)(void *context, size_t part, size_t worker, tl_json_part *to, tally_error *error);
  void *context;
} tl_json_records;

/* records   borrowed
 * problems  what was not as it should be is added, in the order of the input
 * out       new reference
 * errors    those of reading; TALLY_ENAME (an option names what is not there), TALLY_ETYPE (what is to be unnested is no list),
 *           TALLY_ESHAPE (two paths give one name; too many columns), TALLY_ESYNTAX (a problem under TALLY_PROBLEM_ERROR),
 *           TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_json_table(const tl_json_records *records, const tally_json_options *options, tl_problems *problems,
                           tally_table **out, tally_error *error);

#endif
