/* ingest/json_part: a walk over a record. What stands at the ends of its paths goes to the tapes of their places: single values as
 * they are, lists, and objects that are kept whole, as JSON text. */
#include "ingest/json_part.h"

#include "base/date.h"
#include "base/number.h"
#include "ingest/json_value.h"

/* ---- values ---- */

/* A text may be a date, for as long as all texts of its place are. */
static tally_type kind_of(const tl_json_place *at, tally_value value) {
  int32_t date;
  bool text = value.type == TALLY_TEXT && !tl_json_has_seen(at, TALLY_TEXT);
  return text && tally_date_read(value.text, &date) ? TALLY_DATE : value.type;
}

tally_status tl_json_part_put(tl_json_part *part, tl_json_place *at, tally_value value, tally_error *error) {
  at->seen |= 1u << kind_of(at, value);
  if (value.type == TALLY_INTEGER && !tl_number_holds(value.integer)) at->inexact = true;
  if (value.type == TALLY_MISSING || part->shape.surveying) return TALLY_OK;
  return tl_json_tape_put(&at->tape, part->rows, value, error);
}

/* A list or an object as JSON; borrowed until the next call. */
static tally_status whole_value(tl_json_part *part, const json_t *value, tally_value *out, tally_error *error) {
  part->text.size = 0;
  TL_TRY(tl_json_put(&part->text, value, error));
  *out = (tally_value){.type = TALLY_TEXT, .text = tl_bytes_text(&part->text)};
  return TALLY_OK;
}

static tally_status value_of(tl_json_part *part, const json_t *value, tally_value *out, tally_error *error) {
  switch (json_typeof(value)) {
    case JSON_NULL:
      *out = (tally_value){.type = TALLY_MISSING};
      return TALLY_OK;
    case JSON_TRUE:
    case JSON_FALSE:
      *out = (tally_value){.type = TALLY_BOOLEAN, .boolean = json_is_true(value)};
      return TALLY_OK;
    case JSON_INTEGER:
      *out = (tally_value){.type = TALLY_INTEGER, .integer = json_integer_value(value)};
      return TALLY_OK;
    case JSON_REAL:
      *out = (tally_value){.type = TALLY_NUMBER, .number = json_real_value(value)};
      return TALLY_OK;
    case JSON_STRING:
      *out = (tally_value){.type = TALLY_TEXT, .text = tl_json_text(value)};
      return TALLY_OK;
    default:
      return whole_value(part, value, out, error);
  }
}

/* ---- the walk ---- */

static tally_status visit(tl_json_part *part, tl_json_place *at, json_t *value, tally_error *error);

static tally_status visit_members(tl_json_part *part, tl_json_place *at, json_t *object, tally_error *error) {
  if (json_object_size(object) == 0 && at->parent) at->seen |= 1u << TALLY_MISSING;
  uint32_t guess = 0;
  for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
    tl_json_place *member;
    tally_text key = tl_text(json_object_iter_key(i), json_object_iter_key_len(i));
    TL_TRY(tl_json_shape_member(&part->shape, at, key, guess, &member, error));
    if (!member) return TALLY_OK; /* a survey found that it is whole */
    guess = member->code + 1;
    TL_TRY(visit(part, member, json_object_iter_value(i), error));
  }
  return TALLY_OK;
}

static tally_status visit(tl_json_part *part, tl_json_place *at, json_t *value, tally_error *error) {
  if (at->unnested && json_is_array(value)) {
    at->listed = true;
    value = json_array_get(value, part->element);
    if (!value) return tl_json_part_put(part, at, (tally_value){.type = TALLY_MISSING}, error);
  }
  if (json_is_object(value) && !at->whole) return visit_members(part, at, value, error);
  tally_value found;
  TL_TRY(value_of(part, value, &found, error));
  return tl_json_part_put(part, at, found, error);
}

/* ---- records ---- */

tally_status tl_json_part_end_row(tl_json_part *part, tl_json_spot spot, tally_error *error) {
  if (part->options->type_count > 0 && !part->shape.surveying) {
    TL_TRY(tl_mem_reserve((void **)&part->spots, &part->spot_capacity, (size_t)part->rows + 1, sizeof *part->spots, error));
    part->spots[part->rows] = spot;
  }
  part->rows++;
  return TALLY_OK;
}

tally_status tl_json_part_add(tl_json_part *part, json_t *record, tl_json_spot spot, tally_error *error) {
  const char *unnest = part->options->unnest;
  if (part->shape.count == 0) TL_TRY(tl_json_shape_start(&part->shape, part->plan, error));
  json_t *list = unnest ? tl_json_find(record, tl_text_of(unnest)) : NULL;
  size_t rows = json_is_array(list) && json_array_size(list) > 0 ? json_array_size(list) : 1;
  for (part->element = 0; part->element < rows; part->element++) {
    TL_TRY(visit(part, part->shape.places[0], record, error));
    TL_TRY(tl_json_part_end_row(part, spot, error));
  }
  return TALLY_OK;
}

void tl_json_part_done(tl_json_part *part) {
  tl_json_shape_done(&part->shape);
  tl_problems_done(&part->problems);
  tl_problems_done(&part->blank_ends);
  tl_bytes_done(&part->text);
  tl_mem_free(part->spots);
  tl_mem_free(part->kept);
  *part = (tl_json_part){0};
}
