/* ingest/json_lines: NDJSON, in chunks of whole lines, one document of jansson for each line. Where a line ends is seen without
 * understanding what is in it, since a line feed cannot stand inside a value; so a damaged line costs nothing but itself, and
 * chunks need not know of one another. A line belongs to the chunk where it begins, however far it goes. */
#include "ingest/json_lines.h"

#include <stdio.h>

#include "base/pool.h"
#include "base/progress.h"
#include "ingest/json_parse.h"
#include "ingest/json_plain.h"
#include "ingest/json_value.h"

enum { CHUNK_BYTES = 1 << 20, OVERHANG = 1 << 16, SHOWN_BEFORE = 60 };

tally_text tl_json_trim(tally_text text) {
  while (text.size > 0 && tl_json_is_blank(text.bytes[text.size - 1])) text.size--;
  while (text.size > 0 && tl_json_is_blank(*text.bytes)) text = tl_text(text.bytes + 1, text.size - 1);
  return text;
}

/* ---- lines of a chunk ---- */

static int64_t chunk_start(const tl_json_lines *it, size_t chunk) {
  int64_t left = it->source->size - it->first;
  return it->first + (left / (int64_t)it->chunk_bytes < (int64_t)chunk ? left : (int64_t)(chunk * it->chunk_bytes));
}

/* The byte after the first line feed of the text; 0 when there is none. */
static size_t after_feed(tally_text text) {
  const char *feed = text.size ? memchr(text.bytes, '\n', text.size) : NULL;
  return feed ? (size_t)(feed - text.bytes) + 1 : 0;
}

/* The lines that begin in the chunk, the last of them to its end, and the byte where the first one begins. The byte before the
 * chunk says whether a line begins with it. */
static tally_status view_lines(const tl_json_lines *it, size_t chunk, tl_piece *piece, tally_text *out, int64_t *at,
                               tally_error *error) {
  int64_t from = chunk_start(it, chunk) - (chunk > 0);
  size_t inside = (size_t)(chunk_start(it, chunk + 1) - from), left = (size_t)(it->source->size - from);
  for (size_t more = OVERHANG;; more *= 2) {
    size_t size = more < left - inside ? inside + more : left;
    TL_TRY(tl_source_view(it->source, from, size, piece, out, error));
    size_t skipped = chunk > 0 ? after_feed(tl_text(out->bytes, inside)) : 0;
    bool none = chunk > 0 && skipped == 0;
    size_t end = after_feed(tl_text(out->bytes + inside - 1, size - inside + 1));
    if (!none && !end && size < left) continue;
    *at = from + (int64_t)skipped;
    *out = none ? tl_text(out->bytes, 0) : tl_text(out->bytes + skipped, (end ? inside - 1 + end : size) - skipped);
    return TALLY_OK;
  }
}

/* ---- one line ---- */

typedef struct line {
  const tl_json_lines *lines;
  tl_json_part *part;
  tally_text text; /* without blanks about it */
  size_t indent;   /* blanks before it */
  tl_json_spot spot;
} line;

/* From a little before the fault on, where a character begins. */
static tally_text shown(tally_text text, size_t fault) {
  size_t from = fault > SHOWN_BEFORE * 3 / 2 ? fault - SHOWN_BEFORE : 0;
  while (from < fault && ((unsigned char)text.bytes[from] & 0xC0) == 0x80) from++;
  return tl_text(text.bytes + from, text.size - from);
}

static tally_status refuse_line(const line *it, size_t at, const char *why, tally_error *error) {
  it->part->failed = true;
  return tl_fail_at(error, TALLY_ESYNTAX, NULL, it->spot.line, (int64_t)(it->indent + at) + 1, "%s", why);
}

static tally_status report_fault(const line *it, const tl_json_fault *fault, tally_error *error) {
  if (it->lines->refusing) return refuse_line(it, fault->at, fault->text, error);
  return tl_problems_add(&it->part->problems, it->spot.line, it->spot.byte + (int64_t)fault->at, NULL, fault->what,
                         shown(it->text, fault->at), error);
}

static tally_status add_document(const line *it, json_t *document, tally_error *error) {
  if (json_is_object(document)) return tl_json_part_add(it->part, document, it->spot, error);
  tl_json_fault fault = {.what = TL_PROBLEM_NOT_RECORD};
  snprintf(fault.text, sizeof fault.text, "%s where a record was expected, an object in braces", tl_json_kind(document));
  return report_fault(it, &fault, error);
}

static tally_status read_line(const line *it, tally_error *error) {
  json_t *document;
  tl_json_fault fault;
  size_t size;
  bool plain;
  TL_TRY(tl_json_plain_take(it->part, it->text, &size, &plain, error));
  if (plain && size == it->text.size) return tl_json_plain_add(it->part, it->spot, error);
  tally_status status = tl_json_parse(it->text, &document, &fault, error);
  if (status == TALLY_ESYNTAX) return report_fault(it, &fault, error);
  if (status == TALLY_OK) status = add_document(it, document, error);
  json_decref(document);
  return status;
}

/* Blank lines before others are reported with the next that is not blank. */
static tally_status meet_line(const line *it, tally_error *error) {
  tl_json_part *part = it->part;
  if (part->shape.surveying) return it->text.size ? read_line(it, error) : TALLY_OK;
  if (it->text.size == 0)
    return tl_problems_add(&part->blank_ends, it->spot.line, it->spot.byte, NULL, TL_PROBLEM_BLANK_LINE, it->text, error);
  if (part->blank_ends.count > 0) {
    TL_TRY(tl_problems_join(&part->problems, &part->blank_ends, 0, 0, error));
    tl_problems_done(&part->blank_ends);
  }
  return read_line(it, error);
}

/* ---- chunks ---- */

/* at  the byte of the source where the text begins */
static tally_status read_lines(const tl_json_lines *lines, tally_text text, int64_t at, tl_json_part *to, tally_error *error) {
  line it = {.lines = lines, .part = to, .spot.line = 0};
  for (size_t from = 0, size; from < text.size; from += size) {
    size = after_feed(tl_text(text.bytes + from, text.size - from));
    if (size > 0) to->lines++;
    if (size == 0) size = text.size - from;
    tally_text whole = tl_text(text.bytes + from, size);
    it.text = tl_json_trim(whole);
    it.indent = it.text.size ? (size_t)(it.text.bytes - whole.bytes) : 0;
    it.spot.line++;
    it.spot.byte = at + (int64_t)(from + it.indent);
    TL_TRY(meet_line(&it, error));
  }
  return TALLY_OK;
}

/* As tl_json_records.read */
static tally_status read_chunk(void *context, size_t chunk, size_t worker, tl_json_part *to, tally_error *error) {
  tl_json_lines *it = context;
  tally_text text;
  int64_t at;
  TL_TRY(view_lines(it, chunk, &it->pieces[worker], &text, &at, error));
  TL_TRY(read_lines(it, text, at, to, error));
  tl_progress_add((int64_t)text.size, to->rows, worker);
  return TALLY_OK;
}

tally_status tl_json_lines_start(tl_json_lines *lines, const tl_source *source, int64_t first, const tally_json_options *options,
                                 tally_error *error) {
  *lines = (tl_json_lines){.source = source,
                           .first = first,
                           .chunk_bytes = options->chunk_bytes ? options->chunk_bytes : CHUNK_BYTES,
                           .refusing = options->on_problem == TALLY_PROBLEM_ERROR,
                           .piece_count = tl_pool_workers()};
  lines->pieces = tl_mem_zero(lines->piece_count, sizeof *lines->pieces);
  return lines->pieces ? TALLY_OK : tl_no_memory(error);
}

tl_json_records tl_json_lines_records(tl_json_lines *lines) {
  size_t size = (size_t)(lines->source->size - lines->first);
  return (tl_json_records){size / lines->chunk_bytes + (size % lines->chunk_bytes > 0), read_chunk, lines};
}

void tl_json_lines_done(tl_json_lines *lines) {
  for (size_t i = 0; lines->pieces && i < lines->piece_count; i++) tl_piece_done(&lines->pieces[i]);
  tl_mem_free(lines->pieces);
  *lines = (tl_json_lines){0};
}
