/* ingest/json: JSON and NDJSON, through jansson.
 *
 * The idea: whatever the form of the input (a list of records, an object around one, a single record, one record a line), it is
 * brought to records in parts, and what stands around them becomes metadata. ingest/json_table does the rest. Lines, and a list
 * that is all of the document, are read record by record; any other document becomes a tree of jansson's first. */
#include "base/progress.h"
#include "column/table.h"
#include "ingest/json_lines.h"
#include "ingest/json_list.h"
#include "ingest/json_parse.h"
#include "ingest/json_value.h"

enum { LOOKED_AT = 1 << 16, LINES_JUDGED = 10, SLICE = 1024 };

typedef struct json_reader {
  tally_json_options options;
  tl_source source;
  tl_piece piece;
  int64_t first;    /* the byte after the byte-order marks */
  tally_text all;   /* of a document: all its bytes */
  tl_bytes quoted;  /* the same with large integers in quotes, when there are any */
  tally_text left;  /* what is still to be read, of one of the two */
  json_t *document; /* ours */
  json_t *records;  /* an array; ours */
  json_t *around;   /* the object that holds them, or NULL; borrowed from `document` */
  tl_problems problems;
  tl_metadata_row *metadata;
  size_t metadata_count, metadata_capacity;
  tally_reading *reading;
} json_reader;

static tally_text without_blanks(tally_text text) {
  while (text.size > 0 && tl_json_is_blank(*text.bytes)) text = tl_text(text.bytes + 1, text.size - 1);
  return text;
}

/* The document without blanks before it. */
static tally_text document_text(const json_reader *r) {
  return without_blanks(tl_text(r->all.bytes + r->first, r->all.size - (size_t)r->first));
}

/* ---- where ---- */

/* Fails at byte `at` of the document, with its line and its byte in the line. */
static tally_status fail_here(const json_reader *r, size_t at, const char *text, tally_error *error) {
  int64_t line = 1;
  const char *start = r->all.bytes + r->first, *place = r->all.bytes + at;
  for (const char *end; (end = memchr(start, '\n', (size_t)(place - start))); start = end + 1) line++;
  return tl_fail_at(error, TALLY_ESYNTAX, r->source.name, line, place - start + 1, "%s", text);
}

/* The byte of the document that `at`, in what is left, is. */
static size_t place_of(const json_reader *r, const char *at) {
  if (!r->quoted.at) return (size_t)(at - r->all.bytes);
  return tl_json_unquoted(r->all, (size_t)(at - r->quoted.at));
}

/* ---- one document, or several ---- */

/* One value off the front of what is left. out: new reference. errors: as tl_json_take */
static tally_status take_value(json_reader *r, json_t **out, tl_json_fault *fault, tally_error *error) {
  size_t end;
  tally_status status = tl_json_take(r->left, out, &end, fault, error);
  if (status == TALLY_ESYNTAX) fault->at = place_of(r, r->left.bytes + fault->at);
  if (status == TALLY_OK) r->left = without_blanks(tl_text(r->left.bytes + end, r->left.size - end));
  return status;
}

/* takes `record`. jansson frees it when the list cannot grow. */
static tally_status add_record(json_reader *r, json_t *record, tally_error *error) {
  return json_array_append_new(r->records, record) ? tl_no_memory(error) : TALLY_OK;
}

static tally_status one_record(json_reader *r, json_t *record, tally_error *error) {
  r->records = json_array();
  return r->records ? add_record(r, json_incref(record), error) : tl_no_memory(error);
}

/* Records one after another, on lines of their own or not, as some programs write them; the first has been read. */
static tally_status take_records(json_reader *r, tl_json_fault *fault, tally_error *error) {
  r->reading->facts.format = "ndjson";
  TL_TRY(one_record(r, r->document, error));
  while (r->left.size > 0 && *r->left.bytes == '{') {
    json_t *record;
    TL_TRY(take_value(r, &record, fault, error));
    TL_TRY(add_record(r, record, error));
  }
  return TALLY_OK;
}

static tally_status take_all(json_reader *r, tl_json_fault *fault, tally_error *error) {
  TL_TRY(take_value(r, &r->document, fault, error));
  bool several = r->left.size > 0 && *r->left.bytes == '{' && json_is_object(r->document) && !r->options.records;
  if (several) TL_TRY(take_records(r, fault, error));
  if (r->left.size == 0) return TALLY_OK;
  *fault = (tl_json_fault){
      .what = TL_PROBLEM_BAD_JSON, .at = place_of(r, r->left.bytes), .text = "the document has ended, but more follows"};
  return TALLY_ESYNTAX;
}

static void drop_document(json_reader *r) {
  json_decref(r->records);
  json_decref(r->document);
  r->records = r->document = NULL;
}

/* Integers past 64 bits are put in quotes once one has been met, and all is read again. */
static tally_status take_document(json_reader *r, tl_json_fault *fault, tally_error *error) {
  r->left = document_text(r);
  tally_status status = take_all(r, fault, error);
  if (status != TALLY_ESYNTAX || fault->what != TL_PROBLEM_LARGE_NUMBER) return status;
  drop_document(r);
  TL_TRY(tl_json_quote_large(r->all, &r->quoted, error));
  r->left = without_blanks(tl_text(r->quoted.at + r->first, r->quoted.size - (size_t)r->first));
  return take_all(r, fault, error);
}

/* ---- the list of records ---- */

static tally_status records_at(json_reader *r, tally_error *error) {
  const char *path = r->options.records;
  json_t *found = tl_json_find(r->document, tl_text_of(path));
  if (!found) return tl_fail_at(error, TALLY_ENAME, r->source.name, 0, 0, "nothing at '%s', where the records should be", path);
  if (json_is_object(found)) return one_record(r, found, error);
  if (!json_is_array(found))
    return tl_fail_at(error, TALLY_ETYPE, r->source.name, 0, 0, "'%s' is %s, not a list of records", path, tl_json_kind(found));
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
  if (r->options.records) return records_at(r, error);
  json_t *list = json_is_array(r->document) ? r->document : NULL;
  if (json_is_object(r->document)) {
    list = list_within(r->document);
    if (!list) return one_record(r, r->document, error);
    r->around = r->document;
  }
  if (!list)
    return tl_fail_at(error, TALLY_ESYNTAX, r->source.name, 0, 0, "the document is %s; records are objects, or a list of them",
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

/* ---- records of a tree, in slices ---- */

static tally_status not_a_record(size_t index, const json_t *value, tally_error *error) {
  return tl_fail(error, TALLY_ESYNTAX, "element %zu of the list of records is %s; a record is an object: {\"name\": value, …}",
                 index + 1, tl_json_kind(value));
}

/* As tl_json_records.read */
static tally_status read_slice(void *context, size_t slice, size_t worker, tl_json_part *to, tally_error *error) {
  (void)worker;
  const json_reader *r = context;
  size_t count = json_array_size(r->records), last = (slice + 1) * SLICE;
  for (size_t i = slice * SLICE; i < count && i < last; i++) {
    json_t *record = json_array_get(r->records, i);
    if (!json_is_object(record)) return not_a_record(i, record, error);
    TL_TRY(tl_json_part_add(to, record, (tl_json_spot){0, -1}, error));
  }
  return TALLY_OK;
}

static tally_status make_table(json_reader *r, const tl_json_records *records, tally_error *error) {
  return tl_json_table(records, &r->options, &r->problems, &r->reading->table, error);
}

static tally_status read_tree(json_reader *r, tally_error *error) {
  if (!r->records) TL_TRY(find_records(r, error));
  TL_TRY(set_metadata(r, error));
  tl_json_records records = {(json_array_size(r->records) + SLICE - 1) / SLICE, read_slice, r};
  return make_table(r, &records, error);
}

/* ---- lines ---- */

static tally_status read_lines(json_reader *r, tally_error *error) {
  tl_json_lines lines;
  drop_document(r);
  r->reading->facts.format = "ndjson";
  TL_TRY(set_metadata(r, error));
  tally_status status = tl_json_lines_start(&lines, &r->source, r->first, &r->options, error);
  tl_json_records records = tl_json_lines_records(&lines);
  if (status == TALLY_OK) status = make_table(r, &records, error);
  tl_json_lines_done(&lines);
  TL_TRY(status);
  bool nothing = tally_table_rows(r->reading->table) == 0 && r->problems.count == 0;
  return nothing ? tl_source_empty(&r->source, error) : TALLY_OK;
}

static tally_status is_record(tally_text text, bool *out, tally_error *error) {
  json_t *value;
  tl_json_fault fault;
  tally_status status = tl_json_parse(text, &value, &fault, error);
  *out = status == TALLY_OK && json_is_object(value);
  if (status == TALLY_OK) json_decref(value);
  return status == TALLY_ESYNTAX ? TALLY_OK : status;
}

/* Takes the first line that is not blank off the text; it is empty when there is none. */
static tally_text take_line(tally_text *text) {
  tally_text rest = without_blanks(*text);
  const char *feed = rest.size ? memchr(rest.bytes, '\n', rest.size) : NULL;
  size_t size = feed ? (size_t)(feed - rest.bytes) : rest.size;
  *text = tl_text(rest.bytes + size, rest.size - size);
  return tl_text(rest.bytes, size);
}

/* Whether a whole record stands on the first line that is not blank, and something on another. */
static tally_status begins_with_record(json_reader *r, bool *out, tally_error *error) {
  int64_t left = r->source.size - r->first;
  *out = false;
  for (int64_t size = LOOKED_AT;; size *= 2) {
    bool whole = size >= left;
    tally_text text;
    TL_TRY(tl_source_view(&r->source, r->first, (size_t)(whole ? left : size), &r->piece, &text, error));
    tally_text line = take_line(&text);
    if (line.size > 0 && *line.bytes != '{') return TALLY_OK;
    if (without_blanks(text).size > 0) return is_record(line, out, error);
    if (whole) return TALLY_OK;
  }
}

/* A document that is none may be lines of which the first is damaged: when it does not begin as a list, and of the first ones at
 * least every other is a record. */
static tally_status seems_lines(const json_reader *r, bool *out, tally_error *error) {
  tally_text text = document_text(r);
  int lines = 0, records = 0;
  *out = false;
  if (r->options.records || *text.bytes == '[') return TALLY_OK;
  for (tally_text line; lines < LINES_JUDGED && (line = take_line(&text)).size > 0; lines++) {
    bool record;
    TL_TRY(is_record(line, &record, error));
    records += record;
  }
  *out = records > 0 && records * 2 >= lines;
  return TALLY_OK;
}

/* ---- together ---- */

static tally_status find_start(json_reader *r, tally_error *error) {
  tally_text head;
  size_t size = r->source.size < LOOKED_AT ? (size_t)r->source.size : LOOKED_AT;
  TL_TRY(tl_source_view(&r->source, 0, size, &r->piece, &head, error));
  while (head.size >= 3 && memcmp(head.bytes, "\xEF\xBB\xBF", 3) == 0) {
    head = tl_text(head.bytes + 3, head.size - 3);
    r->first += 3;
    r->reading->facts.byte_order_marks++;
  }
  return TALLY_OK;
}

/* As a list, without a word when it is none. */
static tally_status read_list(json_reader *r, tally_error *error) {
  tl_json_list list;
  tl_progress_extend(r->source.size);
  tally_status status = tl_json_list_find(&list, r->all, (size_t)r->first, r->options.chunk_bytes, error);
  tl_json_records records = tl_json_list_records(&list);
  if (status == TALLY_OK) status = make_table(r, &records, error);
  tl_json_list_done(&list);
  return status == TALLY_OK ? set_metadata(r, error) : status;
}

/* As a whole; when it is no document, perhaps as lines after all. */
static tally_status read_whole(json_reader *r, tally_error *error) {
  tl_json_fault fault;
  bool lines;
  tl_problems_done(&r->problems);
  tally_status status = tl_json_has_nul(r->all, &fault) ? TALLY_ESYNTAX : take_document(r, &fault, error);
  if (status == TALLY_OK) return read_tree(r, error);
  if (status != TALLY_ESYNTAX) return status;
  TL_TRY(seems_lines(r, &lines, error));
  return lines ? read_lines(r, error) : fail_here(r, fault.at, fault.text, error);
}

static tally_status read_document(json_reader *r, tally_error *error) {
  tally_error of_list = {0};
  TL_TRY(tl_source_view(&r->source, 0, (size_t)r->source.size, &r->piece, &r->all, error));
  if (document_text(r).size == 0) return tl_source_empty(&r->source, error);
  tally_status status = r->options.records ? TALLY_ESYNTAX : read_list(r, &of_list);
  if (status == TALLY_ESYNTAX && of_list.code == TALLY_OK) return read_whole(r, error);
  if (status != TALLY_OK && error && error->code == TALLY_OK) *error = of_list;
  return status;
}

static tally_status read_all(json_reader *r, tally_error *error) {
  bool lines = r->options.lines;
  r->reading->facts = (tally_reading_facts){.format = "json", .encoding = "UTF-8", .reader = "jansson"};
  r->reading->facts.bytes = r->source.size_in_file;
  r->reading->facts.compression = r->source.compression;
  TL_TRY(find_start(r, error));
  if (!lines && !r->options.records) TL_TRY(begins_with_record(r, &lines, error));
  TL_TRY(lines ? read_lines(r, error) : read_document(r, error));
  return tl_problems_table(&r->problems, &r->reading->problems, error);
}

static tally_status read_source(json_reader *r, tally_error *error) {
  tally_error found = {0};
  tl_progress_begin(r->source.name, r->source.size);
  tally_status status = read_all(r, &found);
  tl_progress_end();
  return tl_source_settle(&r->source, status, &found, error);
}

static void done(json_reader *r) {
  drop_document(r);
  tl_bytes_done(&r->quoted);
  tl_problems_done(&r->problems);
  tl_mem_free(r->metadata);
  tl_piece_done(&r->piece);
  tl_source_close(&r->source);
}

/* Options of an older, shorter struct keep their defaults. */
static tally_status take_options(const tally_json_options *given, tally_json_options *out, tally_error *error) {
  *out = (tally_json_options)TALLY_JSON_OPTIONS;
  if (!given) return TALLY_OK;
  if (given->size == 0 || given->size > sizeof *out) {
    return tl_fail(error, TALLY_ESHAPE, "json options of %zu bytes: start from TALLY_JSON_OPTIONS of this version", given->size);
  }
  memcpy(out, given, given->size);
  if (!out->lines || !out->records) return TALLY_OK;
  return tl_fail(error, TALLY_ESHAPE, "'%s' is where the records are in one document, and lines are many: give one of the two",
                 out->records);
}

tally_status tally_read_json(const tally_input *input, const tally_json_options *options, tally_reading **out, tally_error *error) {
  json_reader r = {.source.descriptor = -1};
  TL_TRY(take_options(options, &r.options, error));
  json_object_seed(0); /* before there are several threads */
  tally_status status = tl_reading_new(&r.reading, error);
  if (status == TALLY_OK) status = tl_source_open(&r.source, input, error);
  if (status == TALLY_OK) status = read_source(&r, error);
  if (status != TALLY_OK) tl_error_where(error, r.source.name);
  done(&r);
  if (status == TALLY_OK)
    *out = r.reading;
  else
    tally_reading_release(r.reading);
  return status;
}
