/* ingest/json_table: records become a table.
 *
 * The idea: the same walk goes over all records twice. The first grows a tree of places, one for each path of keys that occurs,
 * and notes what kinds of values stand there; from these follows the type of each column. The second fills the columns. So no
 * value is ever read as one type and changed to another afterwards. An object with very many different keys is data rather than
 * structure (words of an abstract, say), and is kept whole as JSON text, as lists are. */
#include "ingest/json_table.h"

#include <math.h>
#include <stdio.h>

#include "base/date.h"
#include "base/number.h"
#include "base/pool.h"
#include "column/builder.h"
#include "column/table.h"
#include "ingest/json_value.h"

enum { KEYS_MOST = 1000, PLACES_MOST = 20000 };

typedef struct place {
  char *name;         /* keys joined by '.' */
  tl_dictionary keys; /* of the objects that stand here; members[code] is the place below */
  struct place **members;
  size_t member_capacity;
  unsigned seen;   /* kinds of values that stand here, as bits */
  bool whole;      /* objects are not taken apart */
  bool unnested;   /* lists give one row for each element */
  bool listed;     /* a list was seen where lists are unnested */
  bool other_text; /* a text that is not a date */
  bool inexact;    /* an integer that no double holds */
  tally_builder *builder;
} place;

typedef struct shaping {
  const tally_json_options *options;
  tl_problems *problems;
  tl_arena arena;
  place **places; /* all of them, in order of first appearance; places[0] is the record itself */
  size_t count, capacity;
  bool filling; /* the second walk */
  int64_t row;
  size_t element; /* of the list that is unnested */
  tl_bytes text;
} shaping;

/* ---- places ---- */

static char *join_name(shaping *s, const place *parent, tally_text key) {
  size_t front = *parent->name ? strlen(parent->name) + 1 : 0;
  char *name = tl_arena_new(&s->arena, front + key.size + 1);
  if (!name) return NULL;
  if (front) {
    memcpy(name, parent->name, front - 1);
    name[front - 1] = '.';
  }
  memcpy(name + front, key.bytes, key.size);
  name[front + key.size] = '\0';
  return name;
}

static tally_status new_place(shaping *s, char *name, place **out, tally_error *error) {
  if (s->count >= PLACES_MOST)
    return tl_fail(error, TALLY_ESHAPE, "the records have more than %d different keys, '%s' among them: these are data, not names",
                   PLACES_MOST, name);
  place *it = name ? tl_mem_zero(1, sizeof *it) : NULL;
  if (!it) return tl_no_memory(error);
  tally_status status = tl_mem_reserve((void **)&s->places, &s->capacity, s->count + 1, sizeof *s->places, error);
  if (status != TALLY_OK) {
    tl_mem_free(it);
    return status;
  }
  it->name = name;
  it->unnested = s->options->unnest && strcmp(name, s->options->unnest) == 0;
  s->places[s->count++] = *out = it;
  return TALLY_OK;
}

/* A record whose key is "" still needs a name for its column. */
static tally_status name_nameless(shaping *s, place *it, tally_error *error) {
  char name[32];
  int size = snprintf(name, sizeof name, "column_%zu", s->count - 1);
  it->name = tl_arena_text(&s->arena, name, (size_t)size);
  if (!it->name) return tl_no_memory(error);
  return tl_problems_add(s->problems, 0, -1, it->name, TL_PROBLEM_NO_NAME, tl_text("", 0), error);
}

static tally_status add_member(shaping *s, place *at, tally_text key, place **out, tally_error *error) {
  TL_TRY(tl_mem_reserve((void **)&at->members, &at->member_capacity, at->keys.size + 1, sizeof(place *), error));
  TL_TRY(new_place(s, join_name(s, at, key), out, error));
  if (*(*out)->name == '\0') TL_TRY(name_nameless(s, *out, error));
  at->members[at->keys.size] = *out;
  uint32_t code;
  return tl_dictionary_add(&at->keys, key, &code, error);
}

static tally_status find_member(shaping *s, place *at, tally_text key, place **out, tally_error *error) {
  uint32_t code = at->keys.size ? tl_dictionary_find(&at->keys, key) : TL_NO_CODE;
  if (code == TL_NO_CODE) return add_member(s, at, key, out, error);
  *out = at->members[code];
  return TALLY_OK;
}

static void forget_members(place *at) {
  for (uint32_t i = 0; i < at->keys.size; i++) {
    at->members[i]->seen = 0;
    forget_members(at->members[i]);
  }
}

/* ---- the first walk: what stands where ---- */

static unsigned bit(json_type kind) {
  return 1u << kind;
}

static void survey(place *at, const json_t *value) {
  int32_t date;
  at->seen |= bit(json_typeof(value));
  if (json_is_string(value) && !at->other_text) at->other_text = !tally_date_read(tl_json_text(value), &date);
  if (!json_is_integer(value)) return;
  json_int_t integer = json_integer_value(value);
  if ((__int128)(double)integer != integer) at->inexact = true;
}

static tally_type found_type(const place *at) {
  const unsigned boolean = bit(JSON_TRUE) | bit(JSON_FALSE), number = bit(JSON_INTEGER) | bit(JSON_REAL);
  unsigned seen = at->seen & ~bit(JSON_NULL);
  if (seen == 0) return TALLY_TEXT;
  if ((seen & ~boolean) == 0) return TALLY_BOOLEAN;
  if (seen == bit(JSON_INTEGER)) return TALLY_INTEGER;
  if ((seen & ~number) == 0) return at->inexact && seen == number ? TALLY_TEXT : TALLY_NUMBER;
  return seen == bit(JSON_STRING) && !at->other_text ? TALLY_DATE : TALLY_TEXT;
}

/* Nulls where other records have an object are that object with everything missing. */
static bool has_column(const place *at) {
  return at->seen && !(at->seen == bit(JSON_NULL) && at->keys.size > 0);
}

static tally_type column_type(const shaping *s, const place *at) {
  for (size_t i = 0; i < s->options->type_count; i++) {
    if (strcmp(s->options->type_names[i], at->name) == 0) return s->options->types[i];
  }
  return s->options->all_text ? TALLY_TEXT : found_type(at);
}

/* ---- the second walk: filling ---- */

static bool text_value(tally_text text, tally_type type, tally_value *out) {
  tl_numeral numeral;
  switch (type) {
    case TALLY_BOOLEAN:
      out->boolean = tl_text_equal(text, tl_text_of("true"));
      return out->boolean || tl_text_equal(text, tl_text_of("false"));
    case TALLY_DATE:
      return tally_date_read(text, &out->date) || tl_date_read_day_first(text, &out->date);
    case TALLY_INTEGER:
      return tl_numeral_parse(text, '.', &numeral) && !numeral.percent && tl_numeral_is_whole(&numeral) &&
             tl_numeral_integer(&numeral, &out->integer);
    default:
      return tl_numeral_parse(text, '.', &numeral) && !numeral.percent && tl_numeral_number(&numeral, &out->number);
  }
}

static bool real_value(double real, tally_type type, tally_value *out) {
  out->number = real;
  if (type != TALLY_INTEGER) return type == TALLY_NUMBER;
  if (real != floor(real) || real < -0x1p63 || real >= 0x1p63) return false;
  out->integer = (int64_t)real;
  return true;
}

static bool integer_value(int64_t integer, tally_type type, tally_value *out) {
  if (type == TALLY_NUMBER)
    out->number = (double)integer;
  else
    out->integer = integer;
  return type == TALLY_NUMBER || type == TALLY_INTEGER;
}

/* The value as one of `type`, which is not text; false when it is none. */
static bool typed_value(const json_t *value, tally_type type, tally_value *out) {
  out->type = type;
  switch (json_typeof(value)) {
    case JSON_STRING:
      return text_value(tl_json_text(value), type, out);
    case JSON_INTEGER:
      return integer_value(json_integer_value(value), type, out);
    case JSON_REAL:
      return real_value(json_real_value(value), type, out);
    case JSON_TRUE:
    case JSON_FALSE:
      out->boolean = json_is_true(value);
      return type == TALLY_BOOLEAN;
    default:
      return false;
  }
}

/* A string as it is, anything else as JSON; borrowed until the next call. */
static tally_status shown_text(shaping *s, const json_t *value, tally_text *out, tally_error *error) {
  *out = json_is_string(value) ? tl_json_text(value) : (tally_text){0};
  if (json_is_string(value)) return TALLY_OK;
  s->text.size = 0;
  TL_TRY(tl_json_put(&s->text, value, error));
  *out = tl_bytes_text(&s->text);
  return TALLY_OK;
}

/* Missing values for the rows that had nothing here. */
static tally_status fill_up(place *at, int64_t rows, tally_error *error) {
  while (tl_builder_length(at->builder) < rows) TL_TRY(tl_builder_missing(at->builder, error));
  return TALLY_OK;
}

static tally_status fill(shaping *s, place *at, const json_t *value, tally_error *error) {
  if (json_is_null(value)) return TALLY_OK;
  TL_TRY(fill_up(at, s->row, error));
  tally_value typed = {.type = TALLY_TEXT};
  tally_type type = tl_builder_type(at->builder);
  if (type != TALLY_TEXT && typed_value(value, type, &typed)) return tally_builder_append(at->builder, typed, error);
  tally_text text;
  TL_TRY(shown_text(s, value, &text, error));
  if (type == TALLY_TEXT) return tl_builder_text(at->builder, text, error);
  return tl_problems_add(s->problems, 0, -1, at->name, TL_PROBLEM_BAD_VALUE, text, error);
}

/* ---- the walk ---- */

static tally_status visit(shaping *s, place *at, json_t *value, tally_error *error);

static tally_status visit_members(shaping *s, place *at, json_t *object, tally_error *error) {
  if (json_object_size(object) == 0) at->seen |= at == s->places[0] ? 0 : bit(JSON_NULL);
  for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
    place *member;
    TL_TRY(find_member(s, at, tl_text(json_object_iter_key(i), json_object_iter_key_len(i)), &member, error));
    if (at->keys.size > KEYS_MOST && at != s->places[0]) {
      at->whole = true;
      forget_members(at);
      return visit(s, at, object, error);
    }
    TL_TRY(visit(s, member, json_object_iter_value(i), error));
  }
  return TALLY_OK;
}

static tally_status visit(shaping *s, place *at, json_t *value, tally_error *error) {
  if (at->unnested && json_is_array(value)) {
    at->listed = true;
    value = json_array_get(value, s->element);
    if (!value) {
      at->seen |= bit(JSON_NULL);
      return TALLY_OK;
    }
  }
  if (json_is_object(value) && !at->whole) return visit_members(s, at, value, error);
  if (s->filling) return fill(s, at, value, error);
  survey(at, value);
  return TALLY_OK;
}

/* One row, or one for each element of the list that is unnested. */
static tally_status visit_record(shaping *s, json_t *record, tally_error *error) {
  json_t *list = s->options->unnest ? tl_json_find(record, tl_text_of(s->options->unnest)) : NULL;
  size_t rows = json_is_array(list) && json_array_size(list) > 0 ? json_array_size(list) : 1;
  for (s->element = 0; s->element < rows; s->element++) {
    TL_TRY(visit(s, s->places[0], record, error));
    s->row++;
  }
  return TALLY_OK;
}

static tally_status visit_records(shaping *s, json_t *records, tally_error *error) {
  s->row = 0;
  for (size_t i = 0; i < json_array_size(records); i++) {
    json_t *record = json_array_get(records, i);
    if (i % 4096 == 0) TL_TRY(tl_pool_check(error));
    if (!json_is_object(record))
      return tl_fail(error, TALLY_ESYNTAX, "element %zu of the list of records is %s; a record is an object: {\"name\": value, …}",
                     i + 1, tl_json_kind(record));
    TL_TRY(visit_record(s, record, error));
  }
  return TALLY_OK;
}

/* ---- the table ---- */

static tally_status start_columns(shaping *s, tally_error *error) {
  for (size_t i = 0; i < s->count; i++) {
    place *at = s->places[i];
    if (has_column(at)) TL_TRY(tally_builder_new(column_type(s, at), &at->builder, error));
  }
  return TALLY_OK;
}

/* columns  as many as there are places, all NULL */
static tally_status finish_columns(shaping *s, const char **names, tally_column **columns, size_t *count, tally_error *error) {
  *count = 0;
  for (size_t i = 0; i < s->count; i++) {
    place *at = s->places[i];
    if (!at->builder) continue;
    TL_TRY(fill_up(at, s->row, error));
    names[*count] = at->name;
    TL_TRY(tally_builder_finish(at->builder, &columns[*count], error));
    ++*count;
  }
  return TALLY_OK;
}

static tally_status make_table(shaping *s, tally_table **out, tally_error *error) {
  const char **names = tl_mem_new(s->count, sizeof *names);
  tally_column **columns = tl_mem_zero(s->count, sizeof *columns);
  size_t count = 0;
  tally_status status = names && columns ? finish_columns(s, names, columns, &count, error) : tl_no_memory(error);
  if (status == TALLY_OK) status = tally_table_new(names, columns, count, s->row, out, error);
  for (size_t i = 0; columns && i < s->count; i++) tally_column_release(columns[i]);
  tl_mem_free(columns);
  tl_mem_free(names);
  return status;
}

static tally_status check_unnested(const shaping *s, const tally_table *table, tally_error *error) {
  if (!s->options->unnest || s->row == 0) return TALLY_OK;
  for (size_t i = 0; i < s->count; i++) {
    const place *at = s->places[i];
    if (!at->unnested) continue;
    if (at->listed || at->seen == bit(JSON_NULL)) return TALLY_OK;
    return tl_fail_at(error, TALLY_ETYPE, at->name, 0, 0, "'%s' holds no lists: there is nothing to unnest", at->name);
  }
  return tl_table_no_column(table, s->options->unnest, error);
}

/* What the options name must be there. */
static tally_status check_names(const shaping *s, const tally_table *table, tally_error *error) {
  for (size_t i = 0; i < s->options->type_count && table->columns > 0; i++) {
    const char *name = s->options->type_names[i];
    if (!tally_table_find(table, name)) return tl_table_no_column(table, name, error);
  }
  return check_unnested(s, table, error);
}

static tally_status shape(shaping *s, json_t *records, tally_table **out, tally_error *error) {
  place *root;
  char *no_name = tl_arena_text(&s->arena, "", 0);
  TL_TRY(new_place(s, no_name, &root, error));
  TL_TRY(visit_records(s, records, error));
  TL_TRY(start_columns(s, error));
  s->filling = true;
  TL_TRY(visit_records(s, records, error));
  TL_TRY(make_table(s, out, error));
  tally_status status = check_names(s, *out, error);
  if (status == TALLY_OK) return TALLY_OK;
  tally_table_release(*out);
  *out = NULL;
  return status;
}

static void done(shaping *s) {
  for (size_t i = 0; i < s->count; i++) {
    tl_dictionary_done(&s->places[i]->keys);
    tl_mem_free(s->places[i]->members);
    tally_builder_release(s->places[i]->builder);
    tl_mem_free(s->places[i]);
  }
  tl_mem_free(s->places);
  tl_bytes_done(&s->text);
  tl_arena_done(&s->arena);
}

tally_status tl_json_table(json_t *records, const tally_json_options *options, tl_problems *problems, tally_table **out,
                           tally_error *error) {
  shaping s = {.options = options, .problems = problems};
  tally_status status = shape(&s, records, out, error);
  done(&s);
  return status;
}
