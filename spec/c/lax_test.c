/* The tolerant reader against a slow twin that feeds libcsv line by line to wherever its quotes end, and against time: texts in
 * which every line leaves a quote open must not cost more than their length. */
#include <csv.h>
#include <time.h>

#include "check.h"
#include "ingest/lax.h"
#include "ingest/open_quote.h"
#include "random.h"

static uint64_t state = 0x2545F4914F6CDD1Du;

static size_t draw(size_t below) {
  return (size_t)((next_random(&state) >> 11) % below);
}

/* ---- records as text ---- */

typedef struct written {
  char bytes[1 << 16];
  size_t size;
} written;

static void write_text(written *out, const char *bytes, size_t size) {
  memcpy(out->bytes + out->size, bytes, size);
  out->size += size;
}

/* "line byte next_line next_byte flaw flaw_at open_to_end raw|field|'quoted field|", and a NUL. */
static void write_places(written *out, const int64_t *places, size_t count, tally_text raw) {
  for (size_t i = 0; i < count; i++) out->size += (size_t)sprintf(out->bytes + out->size, "%lld ", (long long)places[i]);
  write_text(out, raw.bytes, raw.size);
}

static tally_status write_record(void *context, const tl_record *r, bool *enough, tally_error *error) {
  (void)enough, (void)error;
  written *out = context;
  int64_t places[] = {r->line, r->byte, r->next_line, r->next_byte, r->flaw, (int64_t)r->flaw_at, r->open_to_end};
  write_places(out, places, 7, r->raw);
  for (size_t i = 0; i < r->count; i++) {
    write_text(out, r->fields[i].text.size == 0 && r->fields[i].quoted ? "|'" : "|",
               1 + (r->fields[i].text.size == 0 && r->fields[i].quoted));
    write_text(out, r->fields[i].text.bytes, r->fields[i].text.size);
  }
  write_text(out, "", 1);
  return TALLY_OK;
}

/* ---- the twin ---- */

typedef struct twin {
  const tl_dialect *d;
  const char *text;
  size_t size;
  struct csv_parser parser;
  size_t count; /* fields of the record */
  written fields;
} twin;

static void twin_field(void *bytes, size_t size, void *context) {
  twin *t = context;
  write_text(&t->fields, size == 0 && bytes ? "|'" : "|", 1 + (size == 0 && bytes));
  if (size) write_text(&t->fields, bytes, size);
  t->count++;
}

static void twin_row(int end, void *context) {
  (void)end, (void)context;
}

static int twin_blank(unsigned char c) {
  return c == ' ' || c == '\t';
}

static int twin_no_blank(unsigned char c) {
  (void)c;
  return 0;
}

static int twin_end(unsigned char c) {
  return c == '\n';
}

static void twin_must(bool done) {
  if (!done) CHECK(done);
}

static void twin_start(twin *t) {
  twin_must(csv_init(&t->parser, CSV_EMPTY_IS_NULL | CSV_REPALL_NL) == 0);
  csv_set_delim(&t->parser, (unsigned char)t->d->separator);
  csv_set_quote(&t->parser, t->d->quote ? (unsigned char)t->d->quote : 0xFF);
  csv_set_space_func(&t->parser, t->d->trim ? twin_blank : twin_no_blank);
  csv_set_term_func(&t->parser, twin_end);
}

static void twin_feed(twin *t, size_t from, size_t to) {
  twin_must(csv_parse(&t->parser, t->text + from, to - from, twin_field, twin_row, t) == to - from);
}

/* libcsv's own name for the state is not in its header. */
static bool twin_inside(const twin *t) {
  return t->parser.pstate == 2 && t->parser.quoted;
}

static size_t line_end(const twin *t, size_t at) {
  while (at < t->size && t->text[at] != '\n' && t->text[at] != '\r') at++;
  return at;
}

static size_t after_line_end(const twin *t, size_t end) {
  if (end + 1 < t->size && t->text[end] == '\r' && t->text[end + 1] == '\n') return end + 2;
  return end < t->size ? end + 1 : end;
}

/* Reads at most `most` lines as a record; gives its lines. */
static int64_t twin_read(twin *t, size_t start, int64_t most, size_t *end, size_t *next, bool *open) {
  int64_t lines = 0;
  t->count = t->fields.size = 0;
  *next = start;
  *open = true;
  while (lines < most && (*next < t->size || lines == 0)) {
    if (lines > 0) twin_feed(t, *end, *next);
    size_t from = *next;
    *end = line_end(t, from);
    *next = after_line_end(t, *end);
    lines++;
    twin_feed(t, from, *end);
    if (twin_inside(t)) continue;
    twin_must(csv_parse(&t->parser, "\n", 1, twin_field, twin_row, t) == 1);
    *open = false;
    return lines;
  }
  twin_must(csv_fini(&t->parser, twin_field, twin_row, t) == 0);
  return lines;
}

/* The flaw of the bytes [start, end), and its place from `start`. */
static tl_flaw twin_flaw(const twin *t, size_t start, size_t end, size_t *at) {
  tl_flaw found = TL_FLAW_NONE;
  bool in_field = false, quoted = false, closed = false, blank = false;
  size_t opened = 0;
  *at = 0;
  for (size_t i = start; i < end && t->d->quote; i++) {
    char c = t->text[i];
    bool is_blank = t->d->trim && twin_blank((unsigned char)c), is_quote = c == t->d->quote;
    if (quoted && !closed) {
      closed = is_quote, blank = false;
    } else if (c == t->d->separator) {
      in_field = quoted = closed = false;
    } else if (closed && is_blank) {
      blank = true;
    } else if (closed && is_quote && !blank) {
      closed = false;
    } else if (closed) {
      if (found < TL_FLAW_AFTER_QUOTE) *at = i - start, found = TL_FLAW_AFTER_QUOTE;
      closed = is_quote, blank = false;
    } else if (in_field && is_quote) {
      if (found == TL_FLAW_NONE) *at = i - start, found = TL_FLAW_STRAY_QUOTE;
    } else if (!in_field && is_quote) {
      in_field = quoted = true, opened = i;
    } else if (!is_blank) {
      in_field = true;
    }
  }
  if (quoted && !closed && found < TL_FLAW_AFTER_QUOTE) *at = opened - start, found = TL_FLAW_UNCLOSED_QUOTE;
  return found;
}

static bool twin_has_width(const twin *t, size_t count) {
  return count >= t->d->least && count <= t->d->most;
}

static bool twin_went_wrong(const twin *t, size_t start, int64_t lines, tl_flaw flaw) {
  if (flaw == TL_FLAW_UNCLOSED_QUOTE || (flaw == TL_FLAW_AFTER_QUOTE && lines > 1)) return true;
  if (lines < 2 || t->d->least == 0 || twin_has_width(t, t->count)) return false;
  size_t second = after_line_end(t, line_end(t, start)), count = 1;
  for (size_t i = second; i < line_end(t, second); i++) count += t->text[i] == t->d->separator;
  return twin_has_width(t, count);
}

static void twin_records(const tl_dialect *d, const char *text, size_t size, written *out) {
  static twin t;
  t = (twin){.d = d, .text = text, .size = size};
  twin_start(&t);
  int64_t line = 1;
  for (size_t start = 0, end, next, flaw_at; start < size; start = next) {
    if (d->comment && text[start] == d->comment) {
      next = after_line_end(&t, line_end(&t, start)), line++;
      continue;
    }
    bool open, to_end;
    int64_t lines = twin_read(&t, start, INT64_MAX, &end, &next, &to_end);
    tl_flaw flaw = twin_flaw(&t, start, end, &flaw_at);
    if (to_end || twin_went_wrong(&t, start, lines, flaw)) {
      lines = twin_read(&t, start, 1, &end, &next, &open);
      flaw = twin_flaw(&t, start, end, &flaw_at);
    }
    if (t.count == 0) twin_field(NULL, 0, &t);
    int64_t places[] = {line, (int64_t)start, line + lines, (int64_t)next, flaw, (int64_t)flaw_at, to_end};
    write_places(out, places, 7, tl_text(text + start, end - start));
    write_text(out, t.fields.bytes, t.fields.size);
    write_text(out, "", 1);
    line += lines;
  }
  csv_free(&t.parser);
}

/* ---- against the twin ---- */

static size_t make_text(char *to) {
  static const char *const parts[] = {"a",  "bc",   " ",  "\t", ",", ",",     ",",   "\"",   "\"",        "\"\"",     "\n",
                                      "\n", "\r\n", "\r", "#",  ";", "\",\"", ",\"", "\"\n", "a\",\"b\n", "\"a\",b\n"};
  size_t size = 0, count = draw(40);
  for (size_t i = 0; i < count; i++) {
    const char *part = parts[draw(sizeof parts / sizeof *parts)];
    memcpy(to + size, part, strlen(part));
    size += strlen(part);
  }
  return size;
}

static tl_dialect make_dialect(void) {
  static const char separators[] = {',', ',', ',', ';', '\t'};
  tl_dialect d = {.separator = separators[draw(5)], .quote = draw(12) ? '"' : 0, .trim = draw(2)};
  if (draw(4) == 0) d.comment = '#';
  if (draw(3)) d.least = 1 + draw(3), d.most = d.least + draw(2);
  return d;
}

static void the_twin_agrees(void) {
  static written found, expected;
  static char text[512];
  for (int i = 0; i < 100000; i++) {
    size_t size = make_text(text);
    tl_dialect d = make_dialect();
    found.size = expected.size = 0;
    MUST(tl_lax_records(&d, tl_text(text, size), 0, 1, write_record, &found, &check_error));
    twin_records(&d, text, size, &expected);
    bool same = found.size == expected.size && memcmp(found.bytes, expected.bytes, found.size) == 0;
    CHECK(same);
    if (same) continue;
    fprintf(stderr, "  separator %d, quote %d, trim %d, fields %zu to %zu: ", d.separator, d.quote, d.trim, d.least, d.most);
    for (size_t c = 0; c < size; c++) fprintf(stderr, text[c] < 32 ? "\\%03o" : "%c", text[c]);
    fprintf(stderr, "\n");
  }
}

/* ---- against time ---- */

/* ---- a quote that is never closed, found without what comes before and after it ---- */

typedef struct place {
  int64_t line, column; /* 0: none */
} place;

/* The first that is open to the end. */
static tally_status note_open(void *context, const tl_record *record, bool *enough, tally_error *error) {
  (void)error;
  if (!record->open_to_end) return TALLY_OK;
  *(place *)context = (place){record->line, (int64_t)record->flaw_at + 1};
  *enough = true;
  return TALLY_OK;
}

static void open_quotes_are_found(void) {
  static char text[512];
  size_t there = 0, found = 0;
  for (int i = 0; i < 100000; i++) {
    size_t size = make_text(text);
    tl_dialect dialect = make_dialect();
    place expected = {0, 0};
    tally_error error = {0};
    MUST(tl_lax_records(&dialect, tl_text(text, size), 0, 1, note_open, &expected, &check_error));
    tl_source source = {.name = "text", .descriptor = -1, .bytes = text, .size = (int64_t)size};
    tally_status status = tl_open_quote_refuse(&source, &dialect, 0, 1, &error);
    there += expected.line > 0;
    found += status != TALLY_OK;
    bool good = status == TALLY_OK || (status == TALLY_ESYNTAX && error.line == expected.line && error.column == expected.column);
    CHECK(good);
    if (!good) fprintf(stderr, "%.*s\n", (int)size, text);
  }
  CHECK(found * 4 > there); /* the others take all of the text to be judged */
}

static tally_status count_record(void *context, const tl_record *record, bool *enough, tally_error *error) {
  (void)record, (void)enough, (void)error;
  ++*(size_t *)context;
  return TALLY_OK;
}

/* The least processor time of three readings of `first` and `count` times `line`. */
static double time_of(const char *first, const char *line, size_t count, size_t width, size_t *records) {
  size_t head = strlen(first), each = strlen(line), size = head + count * each;
  char *text = malloc(size);
  memcpy(text, first, head);
  for (size_t i = 0; i < count; i++) memcpy(text + head + i * each, line, each);
  tl_dialect d = {.separator = ',', .quote = '"', .least = width, .most = width};
  double best = 1e9;
  for (int i = 0; i < 3; i++) {
    clock_t start = clock();
    *records = 0;
    MUST(tl_lax_records(&d, tl_text(text, size), 0, 1, count_record, records, &check_error));
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (seconds < best) best = seconds;
  }
  free(text);
  return best;
}

/* Eight times the text takes about eight times as long; if each line looked to the end, it would be 64 times. */
static void open_quotes_cost_their_length(void) {
  static const struct {
    const char *first, *line;
    size_t width;
  } texts[] = {
      {"", "a\",\"b\n", 0},                            /* every line opens a quote that none closes */
      {"", "a\",\"b\n", 2},                            /* the same, where the width of a record is known */
      {"", "a\",\"b\n", 3},        {"", "a,\"b\n", 2}, /* every line closes the quote of the line before */
      {"", "\"\"a,b\n", 2},        {"", "a,\"\n\n\n\n", 2},     {"a,\"b\n", "c,d\n", 2}, /* one quote at the head */
      {"a,\"b\n", "c,d\"\"\n", 2}, {"a,\"b\n", "c\",\"d\n", 2},
  };
  enum { LINES = 20000 };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    size_t few, many;
    double small = time_of(texts[i].first, texts[i].line, LINES, texts[i].width, &few);
    double large = time_of(texts[i].first, texts[i].line, LINES * 8, texts[i].width, &many);
    CHECK(few > 1000 && many > few * 7);
    CHECK(large < 24 * (small > 1e-4 ? small : 1e-4));
  }
}

int main(void) {
  the_twin_agrees();
  open_quotes_are_found();
  open_quotes_cost_their_length();
  return finish();
}
