/* ingest/json_list: the records of a list, found one after another by their brackets and then read in parallel, each as a document
 * of its own; so a list takes little memory beside its bytes. When each record is valid by itself, and only commas are between
 * them, so is the list; when anything is amiss this reader gives up, and the document is read as a whole to say what. */
#include "ingest/json_list.h"

#include "base/pool.h"
#include "base/progress.h"
#include "ingest/json_parse.h"
#include "ingest/json_plain.h"

enum { CHUNK_BYTES = 1 << 20 };

/* The place of the first byte from `at` on that is not blank. */
static size_t skip_blanks(tally_text text, size_t at) {
  while (at < text.size && tl_json_is_blank(text.bytes[at])) at++;
  return at;
}

/* ---- records by their brackets ---- */

/* The byte after the text in quotes that begins at `at`. */
static size_t skip_text(tally_text text, size_t at) {
  bool beyond_ascii;
  for (at++; at < text.size; at++) {
    at += tl_json_plain_size(tl_text(text.bytes + at, text.size - at), &beyond_ascii);
    if (at < text.size && text.bytes[at] == '"') return at + 1;
    if (at < text.size && text.bytes[at] == '\\') at++;
  }
  return text.size;
}

/* The place of the comma or bracket after the value at `at`; the size of the text when there is none. */
static size_t find_end(tally_text text, size_t at) {
  for (size_t depth = 0; at < text.size;) {
    switch (text.bytes[at]) {
      case '"':
        at = skip_text(text, at);
        continue;
      case '{':
      case '[':
        depth++;
        break;
      case '}':
      case ']':
        if (depth == 0) return at;
        depth--;
        break;
      case ',':
        if (depth == 0) return at;
        break;
      default:
        break;
    }
    at++;
  }
  return text.size;
}

static tally_status add_stretch(tl_json_list *list, size_t start, size_t end, tally_error *error) {
  TL_TRY(tl_pool_check(error));
  tl_progress_add((int64_t)(end - start), 0, 0);
  TL_TRY(tl_mem_reserve((void **)&list->stretches, &list->capacity, list->count + 1, sizeof *list->stretches, error));
  list->stretches[list->count++] = (tl_json_stretch){start, end - start};
  return TALLY_OK;
}

/* at  the byte after the opening bracket; then that of the closing one */
static tally_status cut(tl_json_list *list, size_t chunk_bytes, size_t *at, tally_error *error) {
  tally_text text = list->text;
  size_t start = *at;
  for (;;) {
    *at = find_end(text, *at);
    bool more = *at < text.size && text.bytes[*at] == ',';
    if (!more || *at - start >= chunk_bytes) {
      TL_TRY(add_stretch(list, start, *at, error));
      start = *at + 1;
    }
    if (!more) return TALLY_OK;
    ++*at;
  }
}

tally_status tl_json_list_find(tl_json_list *list, tally_text text, size_t first, size_t chunk_bytes, tally_error *error) {
  *list = (tl_json_list){.text = text};
  size_t at = skip_blanks(text, first);
  if (at >= text.size || text.bytes[at] != '[') return TALLY_ESYNTAX;
  at = skip_blanks(text, at + 1);
  bool empty = at < text.size && text.bytes[at] == ']';
  if (!empty) TL_TRY(cut(list, chunk_bytes ? chunk_bytes : CHUNK_BYTES, &at, error));
  bool closed = at < text.size && text.bytes[at] == ']' && skip_blanks(text, at + 1) == text.size;
  return closed ? TALLY_OK : TALLY_ESYNTAX;
}

/* ---- reading ---- */

/* As tl_json_parse, for a record. */
static tally_status parse_record(tally_text text, tl_json_part *to, tl_json_spot spot, tally_error *error) {
  json_t *record;
  tl_json_fault fault;
  TL_TRY(tl_json_parse(text, &record, &fault, error));
  tally_status status = json_is_object(record) ? tl_json_part_add(to, record, spot, error) : TALLY_ESYNTAX;
  json_decref(record);
  return status;
}

/* at  the byte of a record; then that of what follows it */
static tally_status read_record(tally_text text, size_t *at, tl_json_part *to, tl_json_spot spot, tally_error *error) {
  size_t size;
  bool plain;
  TL_TRY(tl_json_plain_take(to, tl_text(text.bytes + *at, text.size - *at), &size, &plain, error));
  size_t next = plain ? skip_blanks(text, *at + size) : 0;
  if (plain && (next == text.size || text.bytes[next] == ',')) {
    *at = next;
    return tl_json_plain_add(to, spot, error);
  }
  next = find_end(text, *at);
  if (next == *at) return TALLY_ESYNTAX;
  TL_TRY(parse_record(tl_text(text.bytes + *at, next - *at), to, spot, error));
  *at = next;
  return TALLY_OK;
}

static void count_lines(tally_text text, size_t from, size_t to, int64_t *lines) {
  for (const char *feed; from < to && (feed = memchr(text.bytes + from, '\n', to - from)); ++*lines) {
    from = (size_t)(feed - text.bytes) + 1;
  }
}

/* start  the byte where the text begins */
static tally_status read_records(tally_text text, size_t start, tl_json_part *to, tally_error *error) {
  for (size_t at = 0, counted = 0;; at++) {
    at = skip_blanks(text, at);
    count_lines(text, counted, at, &to->lines);
    counted = at;
    TL_TRY(read_record(text, &at, to, (tl_json_spot){to->lines + 1, (int64_t)(start + at)}, error));
    if (at < text.size) continue;
    count_lines(text, counted, at, &to->lines);
    return TALLY_OK;
  }
}

/* As tl_json_records.read */
static tally_status read_stretch(void *context, size_t index, size_t worker, tl_json_part *to, tally_error *error) {
  const tl_json_list *list = context;
  const tl_json_stretch *it = &list->stretches[index];
  if (index == 0) count_lines(list->text, 0, it->start, &to->lines);
  TL_TRY(read_records(tl_text(list->text.bytes + it->start, it->size), it->start, to, error));
  tl_progress_add((int64_t)it->size, to->rows, worker);
  return TALLY_OK;
}

tl_json_records tl_json_list_records(tl_json_list *list) {
  return (tl_json_records){list->count, read_stretch, list};
}

void tl_json_list_done(tl_json_list *list) {
  tl_mem_free(list->stretches);
  *list = (tl_json_list){0};
}
