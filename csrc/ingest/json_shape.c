/* ingest/json_shape: a tree of places that grows as records come. Records of one file are mostly alike, so the place that followed
 * last time is tried before the key is looked up. */
#include "ingest/json_shape.h"

#include <stdio.h>

static char *join_name(const tl_json_place *parent, tally_text key) {
  size_t front = *parent->name ? strlen(parent->name) + 1 : 0;
  char *name = tl_mem_new(front + key.size + 1, 1);
  if (!name) return NULL;
  if (front) {
    memcpy(name, parent->name, front - 1);
    name[front - 1] = '.';
  }
  if (key.size) memcpy(name + front, key.bytes, key.size);
  name[front + key.size] = '\0';
  return name;
}

/* A record whose key is "" still needs a name for its column. */
static char *name_nameless(const tl_json_shape *shape) {
  char name[32];
  int size = snprintf(name, sizeof name, "column_%zu", shape->count);
  return tl_mem_text(name, (size_t)size);
}

/* takes the name, which may be NULL */
static tally_status new_place(tl_json_shape *shape, char *name, tl_json_place **out, tally_error *error) {
  tl_json_place *it = name ? tl_mem_zero(1, sizeof *it) : NULL;
  tally_status status = it ? TALLY_OK : tl_no_memory(error);
  if (status == TALLY_OK)
    status = tl_mem_reserve((void **)&shape->places, &shape->capacity, shape->count + 1, sizeof *shape->places, error);
  if (status != TALLY_OK) {
    tl_mem_free(name);
    tl_mem_free(it);
    return status;
  }
  it->index = shape->count;
  it->name = name;
  it->unnested = shape->unnest && strcmp(name, shape->unnest) == 0;
  shape->places[shape->count++] = *out = it;
  return TALLY_OK;
}

static void follow_plan(tl_json_place *it) {
  const tl_json_place *above = it->parent->planned;
  uint32_t code = above ? tl_dictionary_find(&above->keys, tl_json_key(it)) : TL_NO_CODE;
  if (code == TL_NO_CODE) return;
  it->planned = above->members[code];
  it->whole = it->planned->whole;
}

static tally_status too_many(const tl_json_shape *shape, const tl_json_place *at, tally_text key, tally_error *error) {
  if (!shape->surveying) return TL_JSON_CROWDED;
  return tl_fail(error, TALLY_ESHAPE,
                 "the records have more than %d different keys, '%s%s%.*s' among them: these are data, not names",
                 TL_JSON_PLACES_MOST, at->name, *at->name ? "." : "", (int)(key.size < 64 ? key.size : 64), key.bytes);
}

static tally_status quote_key(tl_json_place *it, tally_text key, tally_error *error) {
  char *quoted = tl_mem_new(key.size + 2, 1);
  if (!quoted) return tl_no_memory(error);
  quoted[0] = quoted[key.size + 1] = '"';
  if (key.size) memcpy(quoted + 1, key.bytes, key.size);
  it->quoted = tl_text(quoted, key.size + 2);
  for (size_t i = 0; i < key.size; i++) {
    it->escaped |= key.bytes[i] == '"' || key.bytes[i] == '\\' || (unsigned char)key.bytes[i] < 0x20;
  }
  return TALLY_OK;
}

static tally_status add_member(tl_json_shape *shape, tl_json_place *at, tally_text key, tl_json_place **out, tally_error *error) {
  TL_TRY(tl_mem_reserve((void **)&at->members, &at->member_capacity, (size_t)at->keys.size + 1, sizeof *at->members, error));
  char *name = *at->name == '\0' && key.size == 0 ? name_nameless(shape) : join_name(at, key);
  tl_json_place *it;
  TL_TRY(new_place(shape, name, &it, error));
  it->parent = at;
  at->members[at->keys.size] = *out = it;
  TL_TRY(quote_key(it, key, error));
  TL_TRY(tl_dictionary_add(&at->keys, key, &it->code, error));
  follow_plan(it);
  return TALLY_OK;
}

/* A place that had not been seen before, if there may be another. */
static tally_status meet_key(tl_json_shape *shape, tl_json_place *at, tally_text key, tl_json_place **out, tally_error *error) {
  *out = NULL;
  if (at->parent && at->keys.size >= TL_JSON_KEYS_MOST) {
    at->whole = true;
    return shape->surveying ? TALLY_OK : TL_JSON_CROWDED;
  }
  if (shape->count >= TL_JSON_PLACES_MOST) return too_many(shape, at, key, error);
  return add_member(shape, at, key, out, error);
}

tl_json_place *tl_json_shape_find(const tl_json_place *at, tally_text key, uint32_t guess) {
  bool guessed = guess < at->keys.size && tl_text_equal(tl_json_key(at->members[guess]), key);
  uint32_t code = guessed ? guess : tl_dictionary_find(&at->keys, key);
  return code == TL_NO_CODE ? NULL : at->members[code];
}

tally_status tl_json_shape_member(tl_json_shape *shape, tl_json_place *at, tally_text key, uint32_t guess, tl_json_place **out,
                                  tally_error *error) {
  *out = tl_json_shape_find(at, key, guess);
  return *out ? TALLY_OK : meet_key(shape, at, key, out, error);
}

tally_status tl_json_shape_start(tl_json_shape *shape, const tl_json_shape *plan, tally_error *error) {
  tl_json_place *record;
  TL_TRY(new_place(shape, tl_mem_text("", 0), &record, error));
  record->unnested = false;
  record->planned = plan ? plan->places[0] : NULL;
  return TALLY_OK;
}

void tl_json_shape_done(tl_json_shape *shape) {
  for (size_t i = 0; i < shape->count; i++) {
    tl_dictionary_done(&shape->places[i]->keys);
    tl_mem_free(shape->places[i]->members);
    tl_mem_free(shape->places[i]->name);
    tl_mem_free((char *)shape->places[i]->quoted.bytes);
    tl_json_tape_done(&shape->places[i]->tape);
    tl_mem_free(shape->places[i]);
  }
  tl_mem_free(shape->places);
  *shape = (tl_json_shape){0};
}
