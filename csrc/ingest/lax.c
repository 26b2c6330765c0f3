/* ingest/lax: where a record ends is found by going over the bytes as libcsv does; libcsv then makes fields of it. A line that
 * leaves a quote open is looked at together with what follows: where that makes a proper record they are one, else the line is a
 * record alone, so that one quote left open costs one row and not the rest of the file. What was found by looking ahead is kept,
 * since the next open quote would see the same: reading stays linear however many quotes are left open. */
#include "ingest/lax.h"

#include <csv.h>

#include "base/pool.h"
#include "ingest/quoting.h"

/* ---- what is kept while reading ---- */

/* What comes of being inside quotes at `at`, a line end: the record goes on to `end`. */
typedef struct outlook {
  size_t at, end;
  size_t joints;    /* separators between fields from `at` to `end` */
  size_t last_flaw; /* the last text after a closing quote; 0: none */
  bool open;        /* the text ends before the quotes do */
} outlook;

typedef struct lax {
  const tl_dialect *dialect;
  unsigned char quote; /* what libcsv takes for one */
  tally_text text;
  int64_t byte, line; /* of `text`; of the record */
  outlook ahead;
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
  return tl_is_blank((char)c);
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
  it->quote = it->dialect->quote ? (unsigned char)it->dialect->quote : unused_byte(it->text);
  if (csv_init(&it->parser, CSV_EMPTY_IS_NULL | CSV_REPALL_NL) != 0) return tl_no_memory(it->error);
  csv_set_realloc_func(&it->parser, grow);
  csv_set_free_func(&it->parser, tl_mem_free);
  csv_set_delim(&it->parser, (unsigned char)it->dialect->separator);
  csv_set_quote(&it->parser, it->quote);
  csv_set_space_func(&it->parser, it->dialect->trim ? is_blank : no_blank);
  csv_set_term_func(&it->parser, is_line_end);
  return TALLY_OK;
}

static tally_status feed(lax *it, const char *bytes, size_t size) {
  if (size > 0 && csv_parse(&it->parser, bytes, size, on_field, on_record, it) != size) return tl_no_memory(it->error);
  return it->status;
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

/* Whether the line has the number of fields that a record should have, if its quotes meant nothing. */
static bool is_like_a_record(const lax *it, line_span of) {
  size_t count = 1;
  for (size_t i = of.start; i < of.end; i++) count += it->text.bytes[i] == it->dialect->separator;
  return count >= it->dialect->least && count <= it->dialect->most;
}

/* ---- going over bytes as libcsv does ---- */

typedef struct flaw {
  tl_flaw kind;
  size_t at;
} flaw;

typedef struct walk {
  size_t at;
  tl_place now;
  size_t joints;    /* separators between fields */
  size_t opened;    /* where the last quoted field begins */
  flaw found;       /* the first, but see note_flaw */
  size_t last_flaw; /* the last text after a closing quote; 0: none */
} walk;

/* A quote inside an unquoted field does least harm: another flaw of the record goes before it. */
static void note_flaw(flaw *found, tl_flaw kind, size_t at) {
  if (found->kind == TL_FLAW_NONE || (found->kind == TL_FLAW_STRAY_QUOTE && kind != TL_FLAW_STRAY_QUOTE)) *found = (flaw){kind, at};
}

static void pass_byte(const lax *it, walk *w) {
  tl_step step = tl_step_over(it->dialect, it->quote, w->now, it->text.bytes[w->at]);
  w->now = step.now;
  w->joints += step.joint;
  if (step.opens) w->opened = w->at;
  if (step.stray) note_flaw(&w->found, TL_FLAW_STRAY_QUOTE, w->at);
  if (step.after) {
    note_flaw(&w->found, TL_FLAW_AFTER_QUOTE, w->at);
    w->last_flaw = w->at;
  }
  w->at++;
}

/* Inside quotes, straight to the next quote or to `end`. */
static void step(const lax *it, walk *w, size_t end) {
  if (w->now == TL_QUOTED) {
    const char *from = it->text.bytes + w->at, *quote = memchr(from, it->quote, end - w->at);
    w->at = quote ? w->at + (size_t)(quote - from) : end;
    if (!quote) return;
  }
  pass_byte(it, w);
}

static void walk_to(const lax *it, walk *w, size_t end) {
  while (w->at < end) step(it, w, end);
}

/* To the line end that ends the record, or to the end of the text. */
static void walk_record(const lax *it, walk *w) {
  while (w->at < it->text.size) {
    char c = it->text.bytes[w->at];
    if (w->now != TL_QUOTED && (c == '\n' || c == '\r')) return;
    step(it, w, it->text.size);
  }
}

/* ---- where a record ends ---- */

/* Bytes [start, end) of the text, in `lines` lines. */
typedef struct extent {
  size_t start, end, next;
  int64_t lines;
  bool quotes;      /* there are quotes in it */
  bool open;        /* its last quote is not closed in it ... */
  bool open_to_end; /* ... nor below */
  flaw found;
} extent;

/* Fills it->ahead for `at`, a line end inside quotes. Two walks that are inside quotes at the same place go on alike; so as long as
 * `at` lies in what was looked at last, the answer is the same but for what lies between. */
static void look_ahead(lax *it, size_t at) {
  walk w = {.at = at, .now = TL_QUOTED};
  if (at < it->ahead.end) {
    w.at = it->ahead.at;
    walk_to(it, &w, at);
    it->ahead.joints -= w.joints;
    it->ahead.at = at;
    return;
  }
  walk_record(it, &w);
  it->ahead = (outlook){.at = at, .end = w.at, .joints = w.joints, .last_flaw = w.last_flaw, .open = w.now == TL_QUOTED};
}

/* Whether a line that ends inside quotes makes a proper record with what follows. One of the wrong width is none if the line below
 * is one by itself. */
static bool goes_on(const lax *it, const walk *line, line_span of) {
  const outlook *ahead = &it->ahead;
  if (ahead->open || ahead->last_flaw > of.end || line->found.kind == TL_FLAW_AFTER_QUOTE) return false;
  size_t fields = line->joints + ahead->joints + 1;
  if (it->dialect->least == 0 || (fields >= it->dialect->least && fields <= it->dialect->most)) return true;
  return !is_like_a_record(it, line_at(it->text, of.next));
}

/* The record of several lines that it->ahead is about. */
static extent record_ahead(const lax *it, size_t start) {
  line_span last = line_at(it->text, start);
  int64_t lines = 1;
  for (; last.end < it->ahead.end; lines++) last = line_at(it->text, last.next);
  walk w = {.at = start};
  walk_to(it, &w, last.end);
  return (extent){.start = start, .end = last.end, .next = last.next, .lines = lines, .quotes = true, .found = w.found};
}

static extent find_record(lax *it, size_t start) {
  line_span line = line_at(it->text, start);
  extent alone = {.start = start, .end = line.end, .next = line.next, .lines = 1};
  alone.quotes = memchr(it->text.bytes + start, it->quote, line.end - start) != NULL;
  if (!alone.quotes) return alone;
  walk w = {.at = start};
  walk_to(it, &w, line.end);
  alone.found = w.found;
  if (w.now != TL_QUOTED) return alone;
  look_ahead(it, line.end);
  if (goes_on(it, &w, line)) return record_ahead(it, start);
  note_flaw(&alone.found, TL_FLAW_UNCLOSED_QUOTE, w.opened);
  alone.open = true;
  alone.open_to_end = it->ahead.open;
  return alone;
}

/* ---- records ---- */

/* Whatever its size, the record makes libcsv's buffer grow once at most. */
static tally_status read_record(lax *it, extent of) {
  enum { BUFFER_LEAST = 4096 };
  size_t size = of.end - of.start;
  it->count = it->byte_count = 0;
  csv_set_blk_size(&it->parser, size > BUFFER_LEAST ? size : BUFFER_LEAST);
  TL_TRY(feed(it, it->text.bytes + of.start, size));
  if (!of.open) return feed(it, "\n", 1);
  if (csv_fini(&it->parser, on_field, on_record, it) != 0) return tl_no_memory(it->error);
  return it->status;
}

/* libcsv tells only of empty fields whether they were quoted. */
static void place_fields(lax *it, bool quotes) {
  const char *at = it->bytes;
  for (size_t i = 0; i < it->count; i++) {
    it->fields[i].quoted &= quotes;
    it->fields[i].text.bytes = it->fields[i].text.size ? at : "";
    at += it->fields[i].text.size;
  }
}

static tally_status next_record(lax *it, size_t *at, tl_record_visit visit, void *context, bool *enough) {
  extent read = find_record(it, *at);
  TL_TRY(read_record(it, read));
  if (it->count == 0) on_field(NULL, 0, it);
  TL_TRY(it->status);
  place_fields(it, read.quotes);
  tl_record record = {.fields = it->fields,
                      .count = it->count,
                      .raw = tl_text(it->text.bytes + read.start, read.end - read.start),
                      .byte = it->byte + (int64_t)read.start,
                      .line = it->line,
                      .next_byte = it->byte + (int64_t)read.next,
                      .next_line = it->line + read.lines,
                      .flaw = read.found.kind,
                      .flaw_at = read.found.kind ? read.found.at - read.start : 0,
                      .open_to_end = read.open_to_end};
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
