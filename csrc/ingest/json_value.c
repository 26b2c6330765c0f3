/* ingest/json_value: jansson's values, found and written. They are written here and not by jansson, because it prints 0.1 with
 * seventeen digits. */
#include "ingest/json_value.h"

static const char *const kinds[] = {
    [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list", [JSON_STRING] = "a text", [JSON_INTEGER] = "an integer",
    [JSON_REAL] = "a number",    [JSON_TRUE] = "true",    [JSON_FALSE] = "false",   [JSON_NULL] = "null",
};

const char *tl_json_kind(const json_t *value) {
  return kinds[json_typeof(value)];
}

json_t *tl_json_find(json_t *from, tally_text path) {
  if (!json_is_object(from)) return NULL;
  json_t *found = json_object_getn(from, path.bytes, path.size);
  for (size_t i = path.size; !found && i-- > 0;) {
    if (path.bytes[i] != '.') continue;
    json_t *member = json_object_getn(from, path.bytes, i);
    if (member) found = tl_json_find(member, tl_text(path.bytes + i + 1, path.size - i - 1));
  }
  return found;
}

/* ---- writing ---- */

static tally_status put(tl_bytes *bytes, const char *text, tally_error *error) {
  return tl_bytes_put(bytes, tl_text_of(text), error);
}

static tally_status put_list(tl_bytes *bytes, const json_t *list, tally_error *error) {
  TL_TRY(put(bytes, "[", error));
  for (size_t i = 0; i < json_array_size(list); i++) {
    if (i) TL_TRY(put(bytes, ",", error));
    TL_TRY(tl_json_put(bytes, json_array_get(list, i), error));
  }
  return put(bytes, "]", error);
}

static tally_status put_object(tl_bytes *bytes, json_t *object, tally_error *error) {
  TL_TRY(put(bytes, "{", error));
  for (void *at = json_object_iter(object), *first = at; at; at = json_object_iter_next(object, at)) {
    if (at != first) TL_TRY(put(bytes, ",", error));
    TL_TRY(tl_bytes_put_json(bytes, tl_text(json_object_iter_key(at), json_object_iter_key_len(at)), error));
    TL_TRY(put(bytes, ":", error));
    TL_TRY(tl_json_put(bytes, json_object_iter_value(at), error));
  }
  return put(bytes, "}", error);
}

tally_status tl_json_put(tl_bytes *bytes, const json_t *value, tally_error *error) {
  switch (json_typeof(value)) {
    case JSON_OBJECT:
      return put_object(bytes, (json_t *)value, error);
    case JSON_ARRAY:
      return put_list(bytes, value, error);
    case JSON_STRING:
      return tl_bytes_put_json(bytes, tl_json_text(value), error);
    case JSON_INTEGER:
      return tl_bytes_put_value(bytes, (tally_value){.type = TALLY_INTEGER, .integer = json_integer_value(value)}, error);
    case JSON_REAL:
      return tl_bytes_put_value(bytes, (tally_value){.type = TALLY_NUMBER, .number = json_real_value(value)}, error);
    default:
      return put(bytes, kinds[json_typeof(value)], error);
  }
}
