/* ingest/lax: libcsv is fed one line at a time and told of a line end only once, so that it neither sees CR LF as two nor loses a
 * blank line; what lies inside quotes reaches it as it is. Its quotes are then gone over: a quote out of place is reported, and a
 * record of several lines that went wrong is read again as its first line alone, so that one quote left open costs one row and
 * not the rest of the file. */
#include "ingest/lax.h"

#include <csv.h>

#include "base/pool.h"

typedef struct lax {
  const tl_dialect *dialect;
  tally_text text;
  int64_t byte, line; /* of `text`; of the record */
  struct csv_parser parser;
  tl_field *fields;
  size_t field_capacity, count;
  char *bytes; /* of the fields, end to end */
  size_t byte_capacity, byte_count;
  tally_status status; /* of the callbacks */
  tally_error *error;
} lax;

/* ---- what libcsv calls ---- */

/* The texts of fields are found when the record is whole: until then their bytes may move. */
static void on_field(void *bytes, size_t size, void *context) {
  lax *it = context;
  if (it->status == TALLY_OK)
    it->status = tl_mem_reserve((void **)&it->fields, &it->field_capacity, it->count + 1, sizeof *it->fields, it->error);
  if (it->status == TALLY_OK)
    it->status = tl_mem_reserve((void **)&it->bytes, &it->byte_capacity, it->byte_count + size + 1, 1, it->error);
  if (it->status != TALLY_OK) return;
  if (size) memcpy(it->bytes + it->byte_count, bytes, size);
  it->fields[it->count++] = (tl_field){tl_text(NULL, size), bytes != NULL};
  it->byte_count += size;
}

static void on_record(int end, void *context) {
  (void)end, (void)context;
}

static void *grow(void *block, size_t size) {
  return tl_mem_resize(block, size, 1);
}

static int no_blank(unsigned char c) {
  (void)c;
  return 0;
}

static int is_blank(unsigned char c) {
  return c == ' ' || c == '\t';
}

/* Every line end outside quotes is fed as this one. */
static int is_line_end(unsigned char c) {
  return c == '\n';
}

/* ---- the parser ---- */

/* A byte that is nowhere in the text: one that UTF-8 does not have, or else a control character. */
static unsigned char unused_byte(tally_text text) {
  static const unsigned char candidates[] = {0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0xFA, 0xF9, 0xF8, 0xC0, 0xC1, 1, 2, 3, 4, 5, 6, 7, 8};
  for (size_t i = 0; i < sizeof candidates; i++) {
    if (text.size == 0 || !memchr(text.bytes, candidates[i], text.size)) return candidates[i];
  }
  return candidates[0];
}

/* CSV_EMPTY_IS_NULL tells an empty field from ""; CSV_REPALL_NL reports blank lines. A parser cannot be without a quote: it is then
 * given a byte that the text does not have. */
static tally_status start_parser(lax *it) {
  if (csv_init(&it->parser, CSV_EMPTY_IS_NULL | CSV_REPALL_NL) != 0) return tl_no_memory(it->error);
  csv_set_realloc_func(&it->parser, grow);
  csv_set_free_func(&it->parser, tl_mem_free);
  csv_set_delim(&it->parser, (unsigned char)it->dialect->separator);
  csv_set_quote(&it->parser, it->dialect->quote ? (unsigned char)it->dialect->quote : unused_byte(it->text));
  csv_set_space_func(&it->parser, it->dialect->trim ? is_blank : no_blank);
  csv_set_term_func(&it->parser, is_line_end);
  csv_set_blk_size(&it->parser, 4096);
  return TALLY_OK;
}

static tally_status feed(lax *it, const char *bytes, size_t size) {
  if (size > 0 && csv_parse(&it->parser, bytes, size, on_field, on_record, it) != size) return tl_no_memory(it->error);
  return it->status;
}

/* libcsv's own names for its states are not in its header. */
static bool inside_quotes(const lax *it) {
  enum { FIELD_BEGUN = 2 };
  return it->parser.pstate == FIELD_BEGUN && it->parser.quoted;
}

/* ---- lines ---- */

typedef struct line_span {
  size_t start, end, next; /* [start, end) without its line end */
} line_span;

static line_span line_at(tally_text text, size_t start) {
  size_t end = start;
  while (end < text.size && text.bytes[end] != '\n' && text.bytes[end] != '\r') end++;
  size_t next = end < text.size ? end + 1 : end;
  if (end + 1 < text.size && text.bytes[end] == '\r' && text.bytes[end + 1] == '\n') next++;
  return (line_span){start, end, next};
}

/* The number of fields of a line if its quotes meant nothing. */
static size_t plain_fields(const lax *it, line_span of) {
  size_t count = 1;
  for (size_t i = of.start; i < of.end; i++) count += it->text.bytes[i] == it->dialect->separator;
  return count;
}

/* ---- quotes out of place ---- */

typedef struct flaw {
  tl_flaw kind;
  size_t at;
} flaw;

/* A quote inside an unquoted field does least harm: another flaw of the record goes before it. */
static void note_flaw(flaw *found, tl_flaw kind, size_t at) {
  if (found->kind == TL_FLAW_NONE || (found->kind == TL_FLAW_STRAY_QUOTE && kind != TL_FLAW_STRAY_QUOTE)) *found = (flaw){kind, at};
}

typedef enum place { AT_START, UNQUOTED, QUOTED, CLOSED } place;

static place place_after(const tl_dialect *d, place now, char c, size_t at, flaw *found) {
  if (now == QUOTED) return c == d->quote ? CLOSED : QUOTED;
  if (now == CLOSED && c == d->quote) return QUOTED;
  if (c == d->separator) return AT_START;
  if (d->trim && now != UNQUOTED && is_blank((unsigned char)c)) return now;
  if (now == CLOSED) {
    note_flaw(found, TL_FLAW_AFTER_QUOTE, at);
    return QUOTED;
  }
  if (c != d->quote) return UNQUOTED;
  if (now == UNQUOTED) note_flaw(found, TL_FLAW_STRAY_QUOTE, at);
  return now == UNQUOTED ? UNQUOTED : QUOTED;
}

/* Goes over the record as libcsv does. */
static flaw find_flaw(const tl_dialect *d, tally_text record) {
  flaw found = {TL_FLAW_NONE, 0};
  if (!d->quote || record.size == 0 || !memchr(record.bytes, d->quote, record.size)) return found;
  place now = AT_START;
  size_t opened = 0;
  for (size_t i = 0; i < record.size; i++) {
    place next = place_after(d, now, record.bytes[i], i, &found);
    if (now == AT_START && next == QUOTED) opened = i;
    now = next;
  }
  if (now == QUOTED) note_flaw(&found, TL_FLAW_UNCLOSED_QUOTE, opened);
  return found;
}

/* ---- records ---- */

/* What was read of a record: bytes [start, end) of the text in `lines` lines. */
typedef struct extent {
  size_t start, end, next;
  int64_t lines;
  bool open; /* a quote was not closed */
} extent;

/* Reads the record at `start`, of at most `most` lines. A quote still open then ends with the last of them. */
static tally_status read_record(lax *it, size_t start, int64_t most, extent *out) {
  it->count = it->byte_count = 0;
  *out = (extent){.start = start, .next = start};
  do {
    line_span now = line_at(it->text, out->next);
    TL_TRY(feed(it, it->text.bytes + now.start, now.end - now.start));
    out->end = now.end;
    out->next = now.next;
    out->lines++;
    if (!inside_quotes(it)) return feed(it, "\n", 1);
    if (out->lines < most) TL_TRY(feed(it, it->text.bytes + now.end, now.next - now.end));
  } while (out->lines < most && out->next < it->text.size);
  out->open = true;
  if (csv_fini(&it->parser, on_field, on_record, it) != 0) return tl_no_memory(it->error);
  return it->status;
}

/* A record of several lines that is not what it should be: its first line is better read alone. */
static bool went_wrong(const lax *it, extent read, flaw found) {
  if (read.lines < 2) return false;
  if (found.kind == TL_FLAW_AFTER_QUOTE || found.kind == TL_FLAW_UNCLOSED_QUOTE) return true;
  const tl_dialect *d = it->dialect;
  if (d->least == 0 || (it->count >= d->least && it->count <= d->most)) return false;
  line_span first = line_at(it->text, read.start);
  size_t second = plain_fields(it, line_at(it->text, first.next));
  return second >= d->least && second <= d->most;
}

static tally_text raw_of(const lax *it, extent read) {
  return tl_text(it->text.bytes + read.start, read.end - read.start);
}

static void place_fields(lax *it) {
  const char *at = it->bytes;
  for (size_t i = 0; i < it->count; i++) {
    it->fields[i].text.bytes = it->fields[i].text.size ? at : "";
    at += it->fields[i].text.size;
  }
}

static tally_status next_record(lax *it, size_t *at, tl_record_visit visit, void *context, bool *enough) {
  extent read;
  TL_TRY(read_record(it, *at, INT64_MAX, &read));
  bool open_to_end = read.open;
  flaw found = find_flaw(it->dialect, raw_of(it, read));
  if (went_wrong(it, read, found)) {
    TL_TRY(read_record(it, *at, 1, &read));
    found = find_flaw(it->dialect, raw_of(it, read));
  }
  if (it->count == 0) on_field(NULL, 0, it);
  TL_TRY(it->status);
  place_fields(it);
  tl_record record = {.fields = it->fields,
                      .count = it->count,
                      .raw = raw_of(it, read),
                      .byte = it->byte + (int64_t)read.start,
                      .line = it->line,
                      .next_byte = it->byte + (int64_t)read.next,
                      .next_line = it->line + read.lines,
                      .flaw = found.kind,
                      .flaw_at = found.at,
                      .open_to_end = open_to_end};
  it->line += read.lines;
  *at = read.next;
  return visit(context, &record, enough, it->error);
}

static tally_status all_records(lax *it, tl_record_visit visit, void *context) {
  bool enough = false;
  for (size_t at = 0; at < it->text.size && !enough;) {
    if (it->line % 4096 == 0) TL_TRY(tl_pool_check(it->error));
    if (it->dialect->comment && it->text.bytes[at] == it->dialect->comment) {
      at = line_at(it->text, at).next;
      it->line++;
      continue;
    }
    TL_TRY(next_record(it, &at, visit, context, &enough));
  }
  return TALLY_OK;
}

tally_status tl_lax_records(const tl_dialect *dialect, tally_text text, int64_t byte, int64_t line, tl_record_visit visit,
                            void *context, tally_error *error) {
  lax it = {.dialect = dialect, .text = text, .byte = byte, .line = line, .error = error};
  TL_TRY(start_parser(&it));
  tally_status status = all_records(&it, visit, context);
  csv_free(&it.parser);
  tl_mem_free(it.fields);
  tl_mem_free(it.bytes);
  return status;
}
