/* ingest/csv: from bytes to what is known of a file before its rows are read, step by step. Each step is a room of its own; here is
 * only their order. */
#include "ingest/csv.h"
#include "ingest/rows.h"

enum { HEAD_BYTES = 1 << 20, CHUNK_BYTES = 1 << 20 };

/* ---- bytes ---- */

static tally_status view_head(tl_csv *it, int64_t from, tally_text *out, tally_error *error) {
  int64_t left = it->source.size - from;
  return tl_source_view(&it->source, from, left < HEAD_BYTES ? (size_t)left : HEAD_BYTES, &it->head_piece, out, error);
}

tally_status tl_csv_convert(tl_csv *it, const char *from, tally_error *error) {
  char *bytes;
  size_t size;
  TL_TRY(tl_source_load(&it->source, error));
  TL_TRY(tl_source_check(&it->source, error));
  TL_TRY(tl_encoding_convert(tl_text(it->source.bytes, (size_t)it->source.size), from, &it->invalid, &bytes, &size, error));
  tl_source_replace(&it->source, bytes, size);
  it->encoding = from;
  it->marks = tl_encoding_marks(tl_text(bytes, size));
  return TALLY_OK;
}

/* Inside quotes, the escape sign before a quote makes it a doubled quote, and before itself it is one sign. Written so, the text
 * needs no further thought. */
static tally_status unescape(tl_csv *it, tally_error *error) {
  char quote = it->options.quote, escape = it->options.escape;
  if (!quote || !escape || escape == quote) return TALLY_OK;
  TL_TRY(tl_source_load(&it->source, error));
  const char *from = it->source.owned, *end = from + it->source.size;
  char *to = it->source.owned;
  bool inside = false;
  for (; from < end; from++) {
    bool pair = inside && *from == escape && from + 1 < end && (from[1] == quote || from[1] == escape);
    if (pair) from++;
    if (pair && *from == quote) *to++ = quote;
    if (!pair && *from == quote) inside = !inside;
    *to++ = *from;
  }
  it->source.size = to - it->source.owned;
  return TALLY_OK;
}

/* After the byte-order marks and the lines that are to be left out. */
static tally_status find_start(tl_csv *it, tally_error *error) {
  it->first_byte = (int64_t)it->marks.size;
  it->first_line = 1;
  if (it->options.skip > 0) TL_TRY(tl_source_load(&it->source, error));
  for (; it->first_line <= it->options.skip && it->first_byte < it->source.size; it->first_byte++) {
    const char *at = it->source.bytes + it->first_byte;
    bool pair = *at == '\r' && it->first_byte + 1 < it->source.size && at[1] == '\n';
    if (*at == '\n' || (*at == '\r' && !pair)) it->first_line++;
  }
  return it->first_byte < it->source.size ? TALLY_OK : tl_source_empty(&it->source, error);
}

static tally_status refuse_what_is_not_text(const tl_csv *it, const char *what, tally_error *error) {
  return what ? tl_fail_at(error, TALLY_ESYNTAX, it->source.name, 0, 0, "is not text but %s", what) : TALLY_OK;
}

/* A small file is read once, not a piece of it now and then. */
static tally_status load_if_small(tl_csv *it, tally_error *error) {
  return it->source.size <= (int64_t)tl_csv_chunk_bytes(it) ? tl_source_load(&it->source, error) : TALLY_OK;
}

tally_status tl_csv_decode(tl_csv *it, tally_error *error) {
  tally_text head;
  TL_TRY(load_if_small(it, error));
  TL_TRY(view_head(it, 0, &head, error));
  TL_TRY(refuse_what_is_not_text(it, tl_encoding_signature(head), error));
  it->marks = tl_encoding_marks(head);
  it->encoding = "UTF-8";
  const char *from = tl_encoding_choose(it->options.encoding, &it->marks);
  if (from && !tl_encoding_is_utf8(from)) {
    TL_TRY(tl_csv_convert(it, from, error));
    TL_TRY(view_head(it, 0, &head, error));
  }
  TL_TRY(refuse_what_is_not_text(it, tl_encoding_not_text(head), error));
  return unescape(it, error);
}

/* ---- the lie of the file ---- */

/* Nothing stands before it. */
static void count_head(tally_text head, bool whole, tl_census *out) {
  tl_census piece;
  tl_encoding_count(head, &piece);
  *out = (tl_census){0};
  tl_encoding_join(out, &piece);
  if (whole) tl_encoding_end(out);
}

tally_status tl_csv_sniff(tl_csv *it, tl_census *census, tally_error *error) {
  tally_text head;
  TL_TRY(find_start(it, error));
  TL_TRY(view_head(it, it->first_byte, &head, error));
  bool whole = it->first_byte + (int64_t)head.size == it->source.size;
  it->dialect = (tl_dialect){.separator = it->options.separator,
                             .quote = it->options.quote,
                             .comment = it->options.comment,
                             .trim = it->options.trim && !it->options.all_text};
  TL_TRY(tl_sniff(&it->options, &it->dialect, head, whole, it->first_byte, it->first_line, &it->arena, &it->layout, error));
  it->dialect.separator = it->layout.separator;
  if (census) count_head(head, whole, census);
  return TALLY_OK;
}

/* What stands above the rows counts, too. */
static tally_status count_above(tl_csv *it, tally_error *error) {
  tally_text head;
  tl_census above;
  TL_TRY(view_head(it, it->first_byte, &head, error));
  tl_encoding_count(tl_text(head.bytes, (size_t)(it->layout.data_byte - it->first_byte)), &above);
  tl_encoding_join(&it->ranges.census, &above);
  tl_encoding_end(&it->ranges.census);
  return TALLY_OK;
}

size_t tl_csv_chunk_bytes(const tl_csv *it) {
  return it->options.chunk_bytes ? it->options.chunk_bytes : CHUNK_BYTES;
}

tally_status tl_csv_survey(tl_csv *it, tally_error *error) {
  tl_ranges_done(&it->ranges);
  TL_TRY(tl_ranges_find(&it->source, it->dialect.quote, it->layout.data_byte, it->layout.data_line, tl_csv_chunk_bytes(it),
                        &it->ranges, error));
  return count_above(it, error);
}

/* Says where the quoting goes wrong, when it was not asked to go on. A tl_record_visit. */
tally_status tl_csv_refuse_record(void *context, const tl_record *record, bool *enough, tally_error *error) {
  const tl_csv *it = context;
  (void)enough;
  if (record->flaw == TL_FLAW_NONE) return TALLY_OK;
  const char *what = record->open_to_end ? tl_open_quote_text : tl_problem_text(tl_problem_of_flaw(record->flaw));
  return tl_fail_at(error, TALLY_ESYNTAX, it->source.name, record->line, (int64_t)record->flaw_at + 1, "%s", what);
}

/* ---- the header ---- */

static tally_status report_header(tl_csv *it, tl_problem what, tally_text text, size_t at, tally_error *error) {
  const tl_record *header = &it->layout.header;
  return tl_problems_add(&it->problems, header->line, header->byte + (int64_t)at, NULL, what, text, error);
}

static tally_status check_header(tl_csv *it, tally_error *error) {
  const tl_record *header = &it->layout.header;
  if (header->count == 0) return TALLY_OK;
  if (header->open_to_end && it->options.reader != TALLY_READER_LAX) return tl_csv_refuse_record(it, header, NULL, error);
  if (header->flaw != TL_FLAW_NONE)
    TL_TRY(report_header(it, tl_problem_of_flaw(header->flaw), header->raw, header->flaw_at, error));
  const char *nul = memchr(header->raw.bytes, 0, header->raw.size);
  if (nul) TL_TRY(report_header(it, TL_PROBLEM_NUL_BYTE, header->raw, (size_t)(nul - header->raw.bytes), error));
  size_t valid = tl_text_valid_utf8(header->raw);
  return valid == header->raw.size ? TALLY_OK : report_header(it, TL_PROBLEM_BAD_BYTES, header->raw, valid, error);
}

tally_status tl_csv_plan(tl_csv *it, bool dirty, tally_error *error) {
  TL_TRY(check_header(it, error));
  TL_TRY(tl_header_plan(&it->options, &it->layout, it->source.name, &it->arena, &it->problems, &it->plan, error));
  it->plan.dialect = &it->dialect;
  it->plan.dirty = dirty;
  it->dialect.least = it->plan.least;
  it->dialect.most = it->plan.most;
  return TALLY_OK;
}

/* ---- what is told ---- */

tally_status tl_csv_refuse_problems(const tl_csv *it, const tl_problems *problems, tally_error *error) {
  if (it->options.on_problem != TALLY_PROBLEM_ERROR || problems->count == 0) return TALLY_OK;
  const tl_problem_row *first = &problems->rows[0];
  return tl_fail_at(error, TALLY_ESYNTAX, it->source.name, first->line, 0, "%s: '%.*s'", tl_problem_text(first->what),
                    (int)first->text.size, first->text.bytes);
}

static bool is_percent(const tl_column_plan *column) {
  return tl_manner_type(column->manner) != TALLY_TEXT && (column->shapes & TL_SHAPE_PERCENT);
}

/* The columns whose numbers are percentages, so that whoever adds columns up can leave them out. */
static tally_status note_percent_columns(const tl_csv *it, tally_reading *out, tally_error *error) {
  const char **names = tl_arena_new(&out->arena, (it->plan.count + 1) * sizeof *names);
  size_t count = 0;
  if (!names) return tl_no_memory(error);
  for (size_t i = 0; i < it->plan.count; i++) {
    const tl_column_plan *column = &it->plan.columns[i];
    if (!is_percent(column)) continue;
    names[count] = tl_arena_text(&out->arena, column->name, strlen(column->name));
    if (!names[count++]) return tl_no_memory(error);
  }
  names[count] = NULL;
  out->facts.percent_columns = names;
  return TALLY_OK;
}

tally_status tl_csv_facts(const tl_csv *it, const char *reader, tally_reading *out, tally_error *error) {
  out->facts = (tally_reading_facts){.format = "csv",
                                     .reader = reader,
                                     .byte_order_marks = it->marks.count,
                                     .separator = it->dialect.separator,
                                     .header_line = it->layout.header.count > 0 ? it->layout.header.line : 0,
                                     .bytes = it->source.size_in_file,
                                     .compression = it->source.compression};
  char evidence[TL_EVIDENCE_SIZE];
  tl_layout_evidence(&it->layout, evidence, sizeof evidence);
  out->facts.separator_evidence = tl_arena_text(&out->arena, evidence, strlen(evidence));
  out->facts.encoding = tl_arena_text(&out->arena, it->encoding, strlen(it->encoding));
  if (!out->facts.encoding || !out->facts.separator_evidence) return tl_no_memory(error);
  TL_TRY(note_percent_columns(it, out, error));
  return tl_metadata_table(it->layout.metadata, it->layout.metadata_count, &out->metadata, error);
}

/* ---- life ---- */

static bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

/* Signs that mean two things at once mean nothing. An escape that is the quote is a doubled quote. */
static tally_status check_signs(const tally_csv_options *o, tally_error *error) {
  static const char *const names[] = {"separator", "quote", "comment", "escape"};
  const char signs[] = {o->separator, o->quote, o->comment, o->escape == o->quote ? '\0' : o->escape};
  if (o->decimal != '.' && o->decimal != ',') return tl_fail(error, TALLY_ERANGE, "decimal is '.' or ',', not '%c'", o->decimal);
  for (size_t i = 0; i < sizeof signs; i++) {
    if (is_line_end(signs[i])) return tl_fail(error, TALLY_ERANGE, "the %s cannot be a line end", names[i]);
    for (size_t j = 0; j < i; j++) {
      if (!signs[i] || signs[i] != signs[j]) continue;
      return tl_fail(error, TALLY_ERANGE, "%s and %s cannot both be '%c'", names[j], names[i], signs[i]);
    }
  }
  return TALLY_OK;
}

tally_status tl_csv_options(const tally_csv_options *given, tally_csv_options *out, tally_error *error) {
  *out = (tally_csv_options)TALLY_CSV_OPTIONS;
  if (!given) return TALLY_OK;
  if (given->size == 0 || given->size > sizeof *out) {
    return tl_fail(error, TALLY_ESHAPE, "csv options of %zu bytes: start from TALLY_CSV_OPTIONS of this version", given->size);
  }
  memcpy(out, given, given->size);
  if (out->decimal == 0) out->decimal = '.';
  return check_signs(out, error);
}

void tl_csv_done(tl_csv *it) {
  tl_ranges_done(&it->ranges);
  tl_problems_done(&it->problems);
  tl_problems_done(&it->invalid);
  tl_piece_done(&it->head_piece);
  tl_source_close(&it->source);
  tl_arena_done(&it->arena);
}
