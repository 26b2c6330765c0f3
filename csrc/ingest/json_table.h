/* ingest/json_table: records become a table. */
#ifndef TL_INGEST_JSON_TABLE_H
#define TL_INGEST_JSON_TABLE_H

#include <jansson.h>

#include "ingest/reading.h"

/* records   an array, borrowed
 * out       new reference
 * errors    TALLY_ESYNTAX (an element is not an object), TALLY_ENAME (an option names what is not there), TALLY_ETYPE (what is to
 * be unnested is no list), TALLY_ESHAPE (two paths give one name; too many columns), TALLY_ENOMEM */
tally_status tl_json_table(json_t *records, const tally_json_options *options, tl_problems *problems, tally_table **out,
                           tally_error *error);

#endif
