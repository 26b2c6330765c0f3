/* ingest/json_plain: records that are plain. */
#ifndef TL_INGEST_JSON_PLAIN_H
#define TL_INGEST_JSON_PLAIN_H

#include "ingest/json_part.h"

/* Adds a record as tl_json_part_add does, if it is plain: an object of texts without escapes, numbers of the usual size, true,
 * false, null, and such objects, whose keys have all been seen before, each once. What is plain is JSON, and means the same to
 * jansson. added   false: the record is not plain, and may be damaged; nothing has changed errors  TALLY_ENOMEM */
tally_status tl_json_plain_add(tl_json_part *part, tally_text record, tl_json_spot spot, bool *added, tally_error *error);

#endif
