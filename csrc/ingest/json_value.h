/* ingest/json_value: single values of a JSON document: finding one by its path, and writing one out. */
#ifndef TL_INGEST_JSON_VALUE_H
#define TL_INGEST_JSON_VALUE_H

#include <jansson.h>

#include "base/bytes.h"

/* The value at `path`, keys joined by '.'. A key may hold dots itself: the longest key that leads on is taken.
 * borrows; NULL when there is none */
json_t *tl_json_find(json_t *from, tally_text path);
/* Adds the value as compact JSON, keys in the order of the file, integers exact, numbers in their shortest form. */
tally_status tl_json_put(tl_bytes *bytes, const json_t *value, tally_error *error);
/* "a list", "an object", "a text", "an integer", "a number", "true", "false", "null", for messages. */
const char *tl_json_kind(const json_t *value);

static inline tally_text tl_json_text(const json_t *string) {
  return tl_text(json_string_value(string), json_string_length(string));
}

#endif
