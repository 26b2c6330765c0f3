/* ingest/csv: tally_read_csv, from bytes to a table, step by step: what the bytes are, how the file lies, what each column is, the
 * rows, and what is told about all this. Two readers can do the rows: the fast one, in parallel, where the quoting is regular, and
 * the tolerant one everywhere else. Each step is a room of its own; here is only their order. */
#include "column/table.h"
#include "ingest/encoding.h"
#include "ingest/header.h"
#include "ingest/lax.h"
#include "ingest/passes.h"
#include "ingest/reading.h"

enum { HEAD_BYTES = 1 << 20, CHUNK_BYTES = 1 << 20 };

typedef struct csv {
  tally_csv_options options;
  tl_source source;
  tl_arena arena;
  tl_piece head_piece;
  tl_marks marks;
  const char *encoding;
  int64_t first_byte, first_line; /* after marks and lines left out */
  tl_dialect dialect;
  tl_layout layout;
  tl_ranges ranges;
  tl_plan plan;
  tl_loaded loaded;
  tl_problems invalid;  /* of the encoding */
  tl_problems problems; /* of the header, and in the end all */
  const char *reader;
} csv;

/* ---- bytes ---- */

static tally_status view_head(csv *it, int64_t from, tally_text *out, tally_error *error) {
  int64_t left = it->source.size - from;
  return tl_source_view(&it->source, from, left < HEAD_BYTES ? (size_t)left : HEAD_BYTES, &it->head_piece, out, error);
}

static tally_status nothing_inside(const csv *it, tally_error *error) {
  return tl_fail_at(error, TALLY_ESYNTAX, it->source.name, 0, 0, "is empty");
}

static tally_status convert(csv *it, const char *from, tally_error *error) {
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
static tally_status unescape(csv *it, tally_error *error) {
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
static tally_status find_start(csv *it, tally_error *error) {
  it->first_byte = (int64_t)it->marks.size;
  it->first_line = 1;
  if (it->options.skip > 0) TL_TRY(tl_source_load(&it->source, error));
  for (; it->first_line <= it->options.skip && it->first_byte < it->source.size; it->first_byte++) {
    const char *at = it->source.bytes + it->first_byte;
    bool pair = *at == '\r' && it->first_byte + 1 < it->source.size && at[1] == '\n';
    if (*at == '\n' || (*at == '\r' && !pair)) it->first_line++;
  }
  return it->first_byte < it->source.size ? TALLY_OK : nothing_inside(it, error);
}

static tally_status refuse_what_is_not_text(const csv *it, const char *what, tally_error *error) {
  return what ? tl_fail_at(error, TALLY_ESYNTAX, it->source.name, 0, 0, "is not text but %s", what) : TALLY_OK;
}

static tally_status decode(csv *it, tally_error *error) {
  tally_text head;
  TL_TRY(view_head(it, 0, &head, error));
  TL_TRY(refuse_what_is_not_text(it, tl_encoding_signature(head), error));
  it->marks = tl_encoding_marks(head);
  it->encoding = "UTF-8";
  const char *from = tl_encoding_choose(it->options.encoding, &it->marks);
  if (from && !tl_encoding_is_utf8(from)) {
    TL_TRY(convert(it, from, error));
    TL_TRY(view_head(it, 0, &head, error));
  }
  TL_TRY(refuse_what_is_not_text(it, tl_encoding_not_text(head), error));
  return unescape(it, error);
}

/* ---- the lie of the file ---- */

static tally_status look_once(csv *it, tally_error *error) {
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
  tl_ranges_done(&it->ranges);
  size_t chunk_bytes = it->options.chunk_bytes ? it->options.chunk_bytes : CHUNK_BYTES;
  TL_TRY(
      tl_ranges_find(&it->source, it->dialect.quote, it->layout.data_byte, it->layout.data_line, chunk_bytes, &it->ranges, error));
  tl_census above;
  tl_encoding_count(tl_text(head.bytes, (size_t)(it->layout.data_byte - it->first_byte)), &above);
  tl_encoding_join(&it->ranges.census, &above);
  tl_encoding_end(&it->ranges.census);
  return TALLY_OK;
}

/* Bytes that cannot be UTF-8 may be far down: then all is looked at again. A mark at the start is believed before them. */
static tally_status look(csv *it, tally_error *error) {
  TL_TRY(look_once(it, error));
  if (it->options.encoding || it->marks.count > 0 || !tl_encoding_is_windows(&it->ranges.census)) return TALLY_OK;
  TL_TRY(convert(it, "WINDOWS-1252", error));
  return look_once(it, error);
}

/* Says where the quoting goes wrong, when it was not asked to go on. A tl_record_visit. */
static tally_status refuse_record(void *context, const tl_record *record, bool *enough, tally_error *error) {
  const csv *it = context;
  (void)enough;
  if (record->flaw == TL_FLAW_NONE) return TALLY_OK;
  const char *what =
      record->open_to_end ? "a quote is opened here and never closed" : tl_problem_text(tl_problem_of_flaw(record->flaw));
  return tl_fail_at(error, TALLY_ESYNTAX, it->source.name, record->line, (int64_t)record->flaw_at + 1, "%s", what);
}

/* ---- the header ---- */

static tally_status report_header(csv *it, tl_problem what, tally_text text, size_t at, tally_error *error) {
  const tl_record *header = &it->layout.header;
  return tl_problems_add(&it->problems, header->line, header->byte + (int64_t)at, NULL, what, text, error);
}

static tally_status check_header(csv *it, tally_error *error) {
  const tl_record *header = &it->layout.header;
  if (header->count == 0) return TALLY_OK;
  if (header->open_to_end && it->options.reader != TALLY_READER_LAX) return refuse_record(it, header, NULL, error);
  if (header->flaw != TL_FLAW_NONE)
    TL_TRY(report_header(it, tl_problem_of_flaw(header->flaw), header->raw, header->flaw_at, error));
  const char *nul = memchr(header->raw.bytes, 0, header->raw.size);
  if (nul) TL_TRY(report_header(it, TL_PROBLEM_NUL_BYTE, header->raw, (size_t)(nul - header->raw.bytes), error));
  size_t valid = tl_text_valid_utf8(header->raw);
  return valid == header->raw.size ? TALLY_OK : report_header(it, TL_PROBLEM_BAD_BYTES, header->raw, valid, error);
}

static tally_status plan(csv *it, tally_error *error) {
  TL_TRY(check_header(it, error));
  TL_TRY(tl_header_plan(&it->options, &it->layout, it->source.name, &it->arena, &it->problems, &it->plan, error));
  it->plan.dialect = &it->dialect;
  it->plan.dirty = it->ranges.census.invalid > 0 || it->ranges.census.nuls > 0;
  it->dialect.least = it->plan.least;
  it->dialect.most = it->plan.most;
  return TALLY_OK;
}

/* ---- the rows ---- */

/* The tolerant reader starts afresh: what the fast one saw was cut in the wrong places. */
static tally_status load_lax(csv *it, tally_error *error) {
  tl_extent all = {
      .source = &it->source, .ranges = &it->ranges, .lax = true, .byte = it->layout.data_byte, .line = it->layout.data_line};
  TL_TRY(tl_source_load(&it->source, error));
  it->reader = "lax";
  return tl_passes_run(&all, &it->dialect, &it->plan, &it->loaded, error);
}

static tally_status refuse(csv *it, tally_error *error) {
  TL_TRY(tl_source_load(&it->source, error));
  tally_text rows = tl_text(it->source.bytes + it->layout.data_byte, (size_t)(it->source.size - it->layout.data_byte));
  TL_TRY(tl_lax_records(&it->dialect, rows, it->layout.data_byte, it->layout.data_line, refuse_record, it, error));
  return tl_fail_at(error, TALLY_ESYNTAX, it->source.name, 0, 0,
                    "has blanks or comments about its quotes, which only the lax reader takes");
}

static tally_status load(csv *it, tally_error *error) {
  if (it->options.reader == TALLY_READER_LAX) return load_lax(it, error);
  it->reader = "fast";
  tl_extent ranges = {.source = &it->source, .ranges = &it->ranges};
  it->loaded.regular = it->ranges.quotes_closed;
  if (it->loaded.regular) TL_TRY(tl_passes_run(&ranges, &it->dialect, &it->plan, &it->loaded, error));
  if (it->loaded.regular) return TALLY_OK;
  if (it->options.reader == TALLY_READER_FAST) return refuse(it, error);
  tl_loaded_done(&it->loaded);
  tl_header_forget(&it->plan);
  return load_lax(it, error);
}

/* ---- what is handed back ---- */

static bool is_kept(const csv *it, size_t index) {
  const tally_column *column = it->loaded.columns[index];
  return column && !(it->plan.columns[index].nameless && tally_column_missing(column) == tally_column_length(column));
}

/* Columns as they are in the file, but for those without name and values. */
static tally_status gather_table(csv *it, tally_table **out, tally_error *error) {
  const char **names = tl_arena_new(&it->arena, it->plan.count * sizeof *names);
  tally_column **columns = tl_arena_new(&it->arena, it->plan.count * sizeof *columns);
  size_t count = 0;
  if (!names || !columns) return tl_no_memory(error);
  for (size_t i = 0; i < it->plan.count; i++) {
    if (!is_kept(it, i)) continue;
    names[count] = it->plan.columns[i].name;
    columns[count++] = it->loaded.columns[i];
  }
  return tally_table_new(names, columns, count, it->loaded.rows, out, error);
}

static tally_status select_columns(const csv *it, tally_table **table, tally_error *error) {
  if (!it->options.columns) return TALLY_OK;
  tally_table *whole = *table;
  *table = NULL;
  tally_status status = tally_table_select(whole, it->options.columns, it->options.column_count, table, error);
  tally_table_release(whole);
  return status;
}

static tally_status drop_rows(const csv *it, tally_table **table, tally_error *error) {
  const tl_loaded *loaded = &it->loaded;
  if (loaded->dropped_count == 0) return TALLY_OK;
  int64_t *kept = tl_mem_new((size_t)loaded->rows, sizeof *kept), count = 0;
  if (!kept) return tl_no_memory(error);
  size_t next = 0;
  for (int64_t row = 0; row < loaded->rows; row++) {
    if (next < loaded->dropped_count && loaded->dropped[next] == row) {
      next++;
    } else {
      kept[count++] = row;
    }
  }
  tally_table *whole = *table;
  *table = NULL;
  tally_status status = tally_table_take(whole, kept, count, table, error);
  tally_table_release(whole);
  tl_mem_free(kept);
  return status;
}

/* What can be said of columns only when their values are known. */
static tally_status report_columns(csv *it, tally_error *error) {
  const tl_record *header = &it->layout.header;
  for (size_t i = 0; i < it->plan.count; i++) {
    const tl_column_plan *column = &it->plan.columns[i];
    if (!is_kept(it, i)) continue;
    if (column->manner == TL_MANNER_TEXT_IN_MARKS) {
      TL_TRY(
          tl_problems_add(&it->problems, header->line, header->byte, column->name, TL_PROBLEM_QUOTE_MARKS, (tally_text){0}, error));
    }
    if (column->nameless && i >= header->count) {
      TL_TRY(tl_problems_add(&it->problems, header->line, header->byte, column->name, TL_PROBLEM_NO_NAME, header->raw, error));
    }
  }
  TL_TRY(tl_problems_join(&it->problems, &it->loaded.problems, 0, 0, error));
  return tl_problems_merge(&it->problems, &it->invalid, error);
}

static tally_status refuse_problems(const csv *it, tally_error *error) {
  if (it->options.on_problem != TALLY_PROBLEM_ERROR || it->problems.count == 0) return TALLY_OK;
  const tl_problem_row *first = &it->problems.rows[0];
  return tl_fail_at(error, TALLY_ESYNTAX, it->source.name, first->line, 0, "%s: '%.*s'", tl_problem_text(first->what),
                    (int)first->text.size, first->text.bytes);
}

static tally_status fill_facts(const csv *it, tally_reading *out, tally_error *error) {
  out->facts = (tally_reading_facts){.format = "csv",
                                     .reader = it->reader,
                                     .byte_order_marks = it->marks.count,
                                     .separator = it->dialect.separator,
                                     .header_line = it->layout.header.count > 0 ? it->layout.header.line : 0,
                                     .bytes = it->source.size_in_file,
                                     .compression = it->source.compression};
  char evidence[TL_EVIDENCE_SIZE];
  tl_layout_evidence(&it->layout, evidence, sizeof evidence);
  out->facts.separator_evidence = tl_arena_text(&out->arena, evidence, strlen(evidence));
  out->facts.encoding = tl_arena_text(&out->arena, it->encoding, strlen(it->encoding));
  return out->facts.encoding && out->facts.separator_evidence ? TALLY_OK : tl_no_memory(error);
}

static tally_status hand_back(csv *it, tally_reading *out, tally_error *error) {
  TL_TRY(report_columns(it, error));
  TL_TRY(refuse_problems(it, error));
  TL_TRY(gather_table(it, &out->table, error));
  TL_TRY(drop_rows(it, &out->table, error));
  TL_TRY(select_columns(it, &out->table, error));
  TL_TRY(tl_problems_table(&it->problems, &out->problems, error));
  TL_TRY(tl_metadata_table(it->layout.metadata, it->layout.metadata_count, &out->metadata, error));
  return fill_facts(it, out, error);
}

/* ---- all together ---- */

static tally_status read_all(csv *it, tally_reading *out, tally_error *error) {
  TL_TRY(decode(it, error));
  TL_TRY(look(it, error));
  TL_TRY(plan(it, error));
  TL_TRY(load(it, error));
  return hand_back(it, out, error);
}

static tally_status read_input(csv *it, const tally_input *input, tally_reading *out, tally_error *error) {
  TL_TRY(tl_source_open(&it->source, input, error));
  tally_error found = {0};
  return tl_source_settle(&it->source, read_all(it, out, &found), &found, error);
}

static void done(csv *it) {
  tl_loaded_done(&it->loaded);
  tl_ranges_done(&it->ranges);
  tl_problems_done(&it->problems);
  tl_problems_done(&it->invalid);
  tl_piece_done(&it->head_piece);
  tl_source_close(&it->source);
  tl_arena_done(&it->arena);
}

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

/* Options of an older, shorter struct keep their defaults. */
static tally_status take_options(const tally_csv_options *given, tally_csv_options *out, tally_error *error) {
  *out = (tally_csv_options)TALLY_CSV_OPTIONS;
  if (!given) return TALLY_OK;
  if (given->size == 0 || given->size > sizeof *out) {
    return tl_fail(error, TALLY_ESHAPE, "csv options of %zu bytes: start from TALLY_CSV_OPTIONS of this version", given->size);
  }
  memcpy(out, given, given->size);
  if (out->decimal == 0) out->decimal = '.';
  return check_signs(out, error);
}

tally_status tally_read_csv(const tally_input *input, const tally_csv_options *options, tally_reading **out, tally_error *error) {
  csv it = {.source.descriptor = -1};
  TL_TRY(take_options(options, &it.options, error));
  tally_reading *reading;
  TL_TRY(tl_reading_new(&reading, error));
  tally_status status = read_input(&it, input, reading, error);
  if (status != TALLY_OK) tl_error_where(error, it.source.name);
  done(&it);
  if (status == TALLY_OK) {
    *out = reading;
  } else {
    tally_reading_release(reading);
  }
  return status;
}
