/* ingest/json_plain: records that are plain. */
#ifndef TL_INGEST_JSON_PLAIN_H
#define TL_INGEST_JSON_PLAIN_H

#include "ingest/json_part.h"

/* Takes the record that the text begins with, if it is plain: an object of texts without escapes, numbers of the usual size, true,
 * false, null, and such objects, whose keys have all been seen before, each once. What is plain is JSON, and means the same to
 * jansson.
 * size    of the record, when it is plain
 * plain   false: it may be damaged or not; nothing has changed
 * errors  TALLY_ENOMEM */
tally_status tl_json_plain_take(tl_json_part *part, tally_text text, size_t *size, bool *plain, tally_error *error);
/* Adds the record that was taken last, as tl_json_part_add does; the text must still be there. */
tally_status tl_json_plain_add(tl_json_part *part, tl_json_spot spot, tally_error *error);

/* The bytes before the first quote, backslash or control character.
 * beyond_ascii  whether there are others than ASCII among them */
size_t tl_json_plain_size(tally_text text, bool *beyond_ascii);

#endif
