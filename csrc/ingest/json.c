/* ingest/json: JSON and NDJSON, through jansson.
 *
 * The idea: whatever the form of the document (a list of records, an object around one, a single record, one record a line), it is
 * brought to one list of records, and what stands around that list becomes metadata. ingest/json_table does the rest. jansson
 * reads from memory only, because its other entrances stop at a NUL byte or lose one; its messages are said again in our words,
 * with line and byte. Runs on the calling thread. */
#include <limits.h>
#include <stdio.h>

#include "column/table.h"
#include "ingest/json_table.h"
#include "ingest/json_value.h"
#include "ingest/source.h"

typedef struct json_reader {
  const tally_json_options *options;
  const char *name;      /* of the input, for messages */
  tally_text bytes, all; /* what is still to be read; everything */
  json_t *records;       /* an array; ours */
  json_t *around;        /* the object that holds them, or NULL; borrowed from `document` */
  json_t *document;      /* ours */
  tl_problems problems;
  tl_metadata_row *metadata;
  size_t metadata_count, metadata_capacity;
  tally_reading *reading;
} json_reader;

/* ---- where ---- */

/* Fails at `at`, with its line and its byte in the line. */
static tally_status fail_here(const json_reader *r, const char *at, const char *text, tally_error *error) {
  int64_t line = 1;
  const char *start = r->all.bytes;
  for (const char *end; (end = memchr(start, '\n', (size_t)(at - start))); start = end + 1) line++;
  int64_t column = at - start + 1;
  return tl_fail_at(error, TALLY_ESYNTAX, r->name, line, column, "'%s', line %lld, byte %lld: %s", r->name, (long long)line,
                    (long long)column, text);
}

/* ---- jansson's errors in our words ---- */

/* What jansson shows of the place: the part after "near", or nothing. */
static const char *near_text(const json_error_t *problem) {
  const char *near = strstr(problem->text, " near ");
  return near ? near + strlen(" near ") : "";
}

static void say_again(const json_error_t *problem, char *text, size_t size) {
  switch (json_error_code(problem)) {
    case json_error_duplicate_key:
      snprintf(text, size, "the key %s is given twice in one object: rename one of them, or take one out", near_text(problem));
      break;
    case json_error_numeric_overflow:
      snprintf(text, size, "the number %s is too large: put it in quotes to keep its digits as text", near_text(problem));
      break;
    case json_error_null_character:
    case json_error_null_byte_in_key:
      snprintf(text, size, "a text with \\u0000 in it cannot be kept: take that character out");
      break;
    case json_error_premature_end_of_input:
      snprintf(text, size, "the document ends in the middle: the file seems to be cut off");
      break;
    case json_error_stack_overflow:
      snprintf(text, size, "lists and objects lie more than 2,048 deep in one another");
      break;
    default:
      snprintf(text, size, "not valid JSON: %s", problem->text);
  }
}

static bool starts_with(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

/* Where jansson had no memory for a string it says that there is no string, though the last byte it took is a closing quote. */
static bool lacked_memory(const json_reader *r, const json_error_t *problem) {
  if (problem->text[0] == '\0' || json_error_code(problem) == json_error_out_of_memory) return true;
  bool whole_string = problem->position > 0 && r->bytes.bytes[problem->position - 1] == '"';
  return whole_string && (starts_with(problem->text, "invalid token") || starts_with(problem->text, "string or"));
}

static tally_status syntax_error(const json_reader *r, const json_error_t *problem, tally_error *error) {
  char text[sizeof problem->text + 64];
  if (lacked_memory(r, problem)) return tl_no_memory(error);
  say_again(problem, text, sizeof text);
  return fail_here(r, r->bytes.bytes + (problem->position > 0 ? problem->position - 1 : 0), text, error);
}

/* ---- the document ---- */

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(json_reader *r) {
  while (r->bytes.size > 0 && is_blank(*r->bytes.bytes)) r->bytes = tl_text(r->bytes.bytes + 1, r->bytes.size - 1);
}

/* One value off the front of the bytes. out: new reference */
static tally_status take_value(json_reader *r, json_t **out, tally_error *error) {
  json_error_t problem = {0};
  size_t most = r->bytes.size < INT_MAX ? r->bytes.size : INT_MAX; /* jansson counts bytes in an int */
  *out = json_loadb(r->bytes.bytes, most, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &problem);
  if (!*out) return syntax_error(r, &problem, error);
  r->bytes = tl_text(r->bytes.bytes + problem.position, r->bytes.size - (size_t)problem.position);
  skip_blanks(r);
  return TALLY_OK;
}

/* takes `record`. jansson frees it when the list cannot grow. */
static tally_status add_record(json_reader *r, json_t *record, tally_error *error) {
  return json_array_append_new(r->records, record) ? tl_no_memory(error) : TALLY_OK;
}

/* One record after another; the first has been read already. */
static tally_status take_lines(json_reader *r, tally_error *error) {
  r->reading->facts.format = "ndjson";
  r->records = json_array();
  if (!r->records) return tl_no_memory(error);
  TL_TRY(add_record(r, json_incref(r->document), error));
  while (r->bytes.size > 0) {
    const char *start = r->bytes.bytes;
    if (*start != '{') return fail_here(r, start, "a record was expected here, an object in braces, or the end of the file", error);
    json_t *record;
    TL_TRY(take_value(r, &record, error));
    TL_TRY(add_record(r, record, error));
  }
  return TALLY_OK;
}

static tally_status check_bytes(json_reader *r, tally_error *error) {
  const char *nul = r->all.size ? memchr(r->all.bytes, '\0', r->all.size) : NULL;
  if (nul) return fail_here(r, nul, "a NUL byte: this is not JSON, or not in UTF-8; save the file as UTF-8", error);
  skip_blanks(r);
  return r->bytes.size ? TALLY_OK : fail_here(r, r->all.bytes + r->all.size, "the file is empty: there is no JSON in it", error);
}

/* ---- the list of records ---- */

static tally_status one_record(json_reader *r, json_t *record, tally_error *error) {
  r->records = json_array();
  return r->records ? add_record(r, json_incref(record), error) : tl_no_memory(error);
}

static tally_status records_at(json_reader *r, tally_error *error) {
  const char *path = r->options->records;
  json_t *found = tl_json_find(r->document, tl_text_of(path));
  if (!found) return tl_fail_at(error, TALLY_ENAME, r->name, 0, 0, "nothing at '%s', where the records should be", path);
  if (json_is_object(found)) return one_record(r, found, error);
  if (!json_is_array(found))
    return tl_fail_at(error, TALLY_ETYPE, r->name, 0, 0, "'%s' is %s, not a list of records", path, tl_json_kind(found));
  r->records = json_incref(found);
  r->around = r->document;
  return TALLY_OK;
}

static bool holds_records(const json_t *value) {
  if (!json_is_array(value)) return false;
  for (size_t i = 0; i < json_array_size(value); i++) {
    if (!json_is_object(json_array_get(value, i))) return false;
  }
  return true;
}

/* What may stand beside the records: single values, empty lists, and an object called "meta" or "metadata". */
static bool is_beside(const char *key, const json_t *value) {
  if (json_is_array(value)) return json_array_size(value) == 0;
  return !json_is_object(value) || strcmp(key, "meta") == 0 || strcmp(key, "metadata") == 0;
}

/* The only list of records in an object that has nothing else but what stands beside one; else NULL: the object is a record. */
static json_t *list_within(json_t *object) {
  json_t *list = NULL, *value;
  const char *key;
  json_object_foreach(object, key, value) {
    bool better = holds_records(value) && (!list || json_array_size(list) == 0);
    if (better)
      list = value;
    else if (!is_beside(key, value))
      return NULL;
  }
  return list;
}

static tally_status find_records(json_reader *r, tally_error *error) {
  if (r->options->records) return records_at(r, error);
  json_t *list = json_is_array(r->document) ? r->document : NULL;
  if (json_is_object(r->document)) {
    list = list_within(r->document);
    if (!list) return one_record(r, r->document, error);
    r->around = r->document;
  }
  if (!list)
    return tl_fail_at(error, TALLY_ESYNTAX, r->name, 0, 0, "the document is %s; records are objects, or a list of them",
                      tl_json_kind(r->document));
  r->records = json_incref(list);
  return TALLY_OK;
}

/* ---- metadata: what stands around the list ---- */

static tally_status add_metadata(json_reader *r, tally_text key, const json_t *value, tally_error *error) {
  tl_bytes text = TL_BYTES;
  tally_status status = json_is_string(value) ? tl_bytes_put(&text, tl_json_text(value), error) : tl_json_put(&text, value, error);
  if (status == TALLY_OK) {
    status = tl_mem_reserve((void **)&r->metadata, &r->metadata_capacity, r->metadata_count + 1, sizeof *r->metadata, error);
  }
  if (status == TALLY_OK) {
    tl_arena *arena = &r->reading->arena;
    tl_metadata_row row = {{tl_arena_text(arena, key.bytes, key.size), key.size},
                           {tl_arena_text(arena, text.at, text.size), text.size}};
    r->metadata[r->metadata_count++] = row;
    if (!row.key.bytes || !row.value.bytes) status = tl_no_memory(error);
  }
  tl_bytes_done(&text);
  return status;
}

/* prefix  ends with a dot, or is empty; it is as it was when this returns */
static tally_status gather_metadata(json_reader *r, json_t *object, tl_bytes *prefix, tally_error *error) {
  size_t before = prefix->size;
  for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
    json_t *value = json_object_iter_value(i);
    if (value == r->records || json_is_null(value)) continue;
    TL_TRY(tl_bytes_put(prefix, tl_text(json_object_iter_key(i), json_object_iter_key_len(i)), error));
    if (json_is_object(value)) {
      TL_TRY(tl_bytes_put(prefix, tl_text_of("."), error));
      TL_TRY(gather_metadata(r, value, prefix, error));
    } else {
      TL_TRY(add_metadata(r, tl_bytes_text(prefix), value, error));
    }
    prefix->size = before;
  }
  return TALLY_OK;
}

static tally_status set_metadata(json_reader *r, tally_error *error) {
  tl_bytes prefix = TL_BYTES;
  tally_status status = r->around ? gather_metadata(r, r->around, &prefix, error) : TALLY_OK;
  tl_bytes_done(&prefix);
  TL_TRY(status);
  return tl_metadata_table(r->metadata, r->metadata_count, &r->reading->metadata, error);
}

/* ---- together ---- */

static void strip_marks(json_reader *r) {
  while (r->bytes.size >= 3 && memcmp(r->bytes.bytes, "\xEF\xBB\xBF", 3) == 0) {
    r->bytes = tl_text(r->bytes.bytes + 3, r->bytes.size - 3);
    r->reading->facts.byte_order_marks++;
  }
}

static tally_status read_all(json_reader *r, tally_error *error) {
  r->reading->facts = (tally_reading_facts){.format = "json", .encoding = "UTF-8", .reader = "jansson"};
  r->reading->facts.bytes = (int64_t)r->all.size;
  strip_marks(r);
  TL_TRY(check_bytes(r, error));
  TL_TRY(take_value(r, &r->document, error));
  bool lines = r->bytes.size > 0 && json_is_object(r->document) && *r->bytes.bytes == '{';
  if (!lines && r->bytes.size > 0) return fail_here(r, r->bytes.bytes, "the document has ended, but more follows", error);
  TL_TRY(lines ? take_lines(r, error) : find_records(r, error));
  TL_TRY(set_metadata(r, error));
  TL_TRY(tl_json_table(r->records, r->options, &r->problems, &r->reading->table, error));
  return tl_problems_table(&r->problems, &r->reading->problems, error);
}

static tally_status read_bytes(json_reader *r, tally_reading **out, tally_error *error) {
  TL_TRY(tl_reading_new(&r->reading, error));
  tally_status status = read_all(r, error);
  tl_error_where(error, r->name);
  json_decref(r->records);
  json_decref(r->document);
  tl_problems_done(&r->problems);
  tl_mem_free(r->metadata);
  if (status == TALLY_OK)
    *out = r->reading;
  else
    tally_reading_release(r->reading);
  return status;
}

static tally_status read_source(tl_source *source, json_reader *r, tally_reading **out, tally_error *error) {
  tl_piece piece = TL_PIECE;
  tally_status status = tl_source_view(source, 0, (size_t)source->size, &piece, &r->all, error);
  if (status == TALLY_OK) status = tl_source_check(source, error);
  r->bytes = r->all;
  r->name = source->name;
  if (status == TALLY_OK) status = read_bytes(r, out, error);
  tl_piece_done(&piece);
  return status;
}

tally_status tally_read_json(const tally_input *input, const tally_json_options *options, tally_reading **out, tally_error *error) {
  tally_json_options given = TALLY_JSON_OPTIONS;
  if (options) memcpy(&given, options, options->size < sizeof given ? options->size : sizeof given);
  json_reader r = {.options = &given};
  tl_source source;
  tally_status status = tl_source_open(&source, input, error);
  if (status == TALLY_OK) status = read_source(&source, &r, out, error);
  tl_source_close(&source);
  return status;
}
