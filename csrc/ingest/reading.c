/* ingest/reading: the result of a reader, and the list of problems it gathers. The list is capped, so that a hopeless file does not
 * fill the memory with complaints; what is left out is counted and said. */
#include "ingest/reading.h"

#include <stdio.h>

#include "column/builder.h"
#include "column/table.h"
#include "ingest/csv_batches.h"

static const char *const problem_texts[TL_PROBLEM_KINDS] = {
    [TL_PROBLEM_SHORT_ROW] = "row has too few fields",
    [TL_PROBLEM_LONG_ROW] = "row has too many fields",
    [TL_PROBLEM_BLANK_LINE] = "blank line skipped",
    [TL_PROBLEM_STRAY_QUOTE] = "quote inside an unquoted field",
    [TL_PROBLEM_AFTER_QUOTE] = "text after a closing quote",
    [TL_PROBLEM_UNCLOSED_QUOTE] = "quote that is never closed",
    [TL_PROBLEM_BAD_VALUE] = "value is not of the type asked for",
    [TL_PROBLEM_BAD_BYTES] = "bytes are not valid in the encoding",
    [TL_PROBLEM_NUL_BYTE] = "nul byte in a field",
    [TL_PROBLEM_NAME_TWICE] = "column name used twice",
    [TL_PROBLEM_NO_NAME] = "column without a name",
    [TL_PROBLEM_QUOTE_MARKS] = "quote marks around every value removed",
    [TL_PROBLEM_BAD_JSON] = "line is not valid JSON",
    [TL_PROBLEM_NOT_RECORD] = "line is not a record",
    [TL_PROBLEM_KEY_TWICE] = "key used twice in an object",
    [TL_PROBLEM_LARGE_NUMBER] = "number too large",
    [TL_PROBLEM_TOO_DEEP] = "lists and objects too deep in one another",
    [TL_PROBLEM_TOO_LONG] = "line longer than 2 GiB",
};

const char *tl_problem_text(tl_problem problem) {
  return problem_texts[problem];
}

/* ---- life ---- */

tally_status tl_reading_new(tally_reading **out, tally_error *error) {
  *out = tl_mem_zero(1, sizeof **out);
  if (!*out) return tl_no_memory(error);
  atomic_init(&(*out)->references, 1);
  return TALLY_OK;
}

tally_reading *tl_reading_retain(tally_reading *reading) {
  atomic_fetch_add_explicit(&reading->references, 1, memory_order_relaxed);
  return reading;
}

void tally_reading_release(tally_reading *reading) {
  if (!reading || atomic_fetch_sub_explicit(&reading->references, 1, memory_order_acq_rel) != 1) return;
  tl_batches_release(reading->batches);
  tally_table_release(reading->table);
  tally_table_release(reading->problems);
  tally_table_release(reading->metadata);
  tally_table_release(reading->sample);
  tl_arena_done(&reading->arena);
  tl_mem_free(reading);
}

const tally_table *tally_reading_table(const tally_reading *reading) {
  return reading->table;
}

const tally_table *tally_reading_problems(const tally_reading *reading) {
  return reading->problems;
}

const tally_table *tally_reading_metadata(const tally_reading *reading) {
  return reading->metadata;
}

const tally_table *tally_reading_sample(const tally_reading *reading) {
  return reading->sample;
}

const tally_reading_facts *tally_reading_get_facts(const tally_reading *reading) {
  return &reading->facts;
}

/* ---- problems ---- */

/* The bytes as valid UTF-8 of at most TL_PROBLEM_BYTES, what is not valid replaced by U+FFFD. `to` has TL_PROBLEM_BYTES. */
static size_t readable(tally_text bytes, char *to) {
  size_t size = 0;
  while (bytes.size > 0) {
    size_t valid = tl_text_valid_utf8(bytes), room = TL_PROBLEM_BYTES - size;
    if (valid > room) {
      for (valid = room; valid > 0 && ((unsigned char)bytes.bytes[valid] & 0xC0) == 0x80;) valid--;
      memcpy(to + size, bytes.bytes, valid);
      return size + valid;
    }
    memcpy(to + size, bytes.bytes, valid);
    size += valid;
    if (valid == bytes.size || TL_PROBLEM_BYTES - size < 3) return size;
    memcpy(to + size, "\xEF\xBF\xBD", 3);
    size += 3;
    bytes = tl_text(bytes.bytes + valid + 1, bytes.size - valid - 1);
  }
  return size;
}

static tally_status append_row(tl_problems *problems, tl_problem_row row, tally_error *error) {
  if (problems->count >= TL_PROBLEMS_MOST) {
    problems->left_out++;
    return TALLY_OK;
  }
  TL_TRY(tl_mem_reserve((void **)&problems->rows, &problems->capacity, problems->count + 1, sizeof *problems->rows, error));
  if (row.column) {
    row.column = tl_arena_text(&problems->arena, row.column, strlen(row.column));
    if (!row.column) return tl_no_memory(error);
  }
  row.text.bytes = tl_arena_text(&problems->arena, row.text.bytes, row.text.size);
  if (!row.text.bytes) return tl_no_memory(error);
  problems->rows[problems->count++] = row;
  return TALLY_OK;
}

tally_status tl_problems_add(tl_problems *problems, int64_t line, int64_t byte, const char *column, tl_problem what,
                             tally_text bytes, tally_error *error) {
  char text[TL_PROBLEM_BYTES];
  size_t size = readable(bytes, text);
  return append_row(problems, (tl_problem_row){line, byte, column, what, tl_text(text, size)}, error);
}

tally_status tl_problems_join(tl_problems *to, const tl_problems *from, int64_t lines, int64_t bytes, tally_error *error) {
  for (size_t i = 0; i < from->count; i++) {
    tl_problem_row row = from->rows[i];
    if (row.line > 0) row.line += lines;
    if (row.byte >= 0) row.byte += bytes;
    TL_TRY(append_row(to, row, error));
  }
  to->left_out += from->left_out;
  return TALLY_OK;
}

tally_status tl_problems_merge(tl_problems *to, const tl_problems *from, tally_error *error) {
  tl_problems merged = {.left_out = to->left_out + from->left_out};
  tally_status status = TALLY_OK;
  for (size_t i = 0, j = 0; status == TALLY_OK && i + j < to->count + from->count;) {
    bool is_from = j < from->count && (i == to->count || from->rows[j].line <= to->rows[i].line);
    status = append_row(&merged, is_from ? from->rows[j++] : to->rows[i++], error);
  }
  tl_problems_done(status == TALLY_OK ? to : &merged);
  if (status == TALLY_OK) *to = merged;
  return status;
}

void tl_problems_done(tl_problems *problems) {
  tl_mem_free(problems->rows);
  tl_arena_done(&problems->arena);
  *problems = (tl_problems)TL_PROBLEMS;
}

/* ---- tables from rows of values ---- */

enum { WIDTH_MOST = 5 };

typedef struct table_maker {
  size_t width;
  tally_builder *builders[WIDTH_MOST];
} table_maker;

static tally_status maker_start(table_maker *maker, const tally_type *types, size_t width, tally_error *error) {
  *maker = (table_maker){.width = width};
  for (size_t i = 0; i < width; i++) TL_TRY(tally_builder_new(types[i], &maker->builders[i], error));
  return TALLY_OK;
}

static tally_status maker_row(table_maker *maker, const tally_value *values, tally_error *error) {
  for (size_t i = 0; i < maker->width; i++) TL_TRY(tally_builder_append(maker->builders[i], values[i], error));
  return TALLY_OK;
}

static tally_status maker_finish(table_maker *maker, const char *const *names, tally_table **out, tally_error *error) {
  tally_column *columns[WIDTH_MOST] = {0};
  int64_t rows = tl_builder_length(maker->builders[0]);
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < maker->width && status == TALLY_OK; i++) {
    status = tally_builder_finish(maker->builders[i], &columns[i], error);
  }
  if (status == TALLY_OK) status = tally_table_new(names, columns, maker->width, rows, out, error);
  for (size_t i = 0; i < maker->width; i++) tally_column_release(columns[i]);
  return status;
}

static void maker_done(table_maker *maker) {
  for (size_t i = 0; i < maker->width; i++) tally_builder_release(maker->builders[i]);
}

static tally_value text_or_missing(tally_text text, bool present) {
  return present ? (tally_value){.type = TALLY_TEXT, .text = text} : (tally_value){.type = TALLY_MISSING};
}

static tally_value integer_or_missing(int64_t value, bool present) {
  return present ? (tally_value){.type = TALLY_INTEGER, .integer = value} : (tally_value){.type = TALLY_MISSING};
}

static tally_status problem_rows(table_maker *maker, const tl_problems *problems, tally_error *error) {
  for (size_t i = 0; i < problems->count; i++) {
    const tl_problem_row *row = &problems->rows[i];
    tally_value values[] = {integer_or_missing(row->line, row->line > 0), integer_or_missing(row->byte, row->byte >= 0),
                            text_or_missing(tl_text_of(row->column ? row->column : ""), row->column != NULL),
                            text_or_missing(tl_text_of(problem_texts[row->what]), true), text_or_missing(row->text, true)};
    TL_TRY(maker_row(maker, values, error));
  }
  if (problems->left_out == 0) return TALLY_OK;
  char more[64];
  snprintf(more, sizeof more, "%lld more problems are not listed", (long long)problems->left_out);
  tally_value last[WIDTH_MOST] = {[3] = text_or_missing(tl_text_of(more), true)};
  return maker_row(maker, last, error);
}

tally_status tl_problems_table(tl_problems *problems, tally_table **out, tally_error *error) {
  static const char *const names[] = {"line", "byte", "column", "what", "text"};
  static const tally_type types[] = {TALLY_INTEGER, TALLY_INTEGER, TALLY_TEXT, TALLY_TEXT, TALLY_TEXT};
  table_maker maker;
  tally_status status = maker_start(&maker, types, 5, error);
  if (status == TALLY_OK) status = problem_rows(&maker, problems, error);
  if (status == TALLY_OK) status = maker_finish(&maker, names, out, error);
  maker_done(&maker);
  return status;
}

/* ---- metadata ---- */

static tally_status metadata_rows(table_maker *maker, const tl_metadata_row *rows, size_t count, tally_error *error) {
  for (size_t i = 0; i < count; i++) {
    tally_value values[] = {text_or_missing(rows[i].key, rows[i].key.size > 0), text_or_missing(rows[i].value, true)};
    TL_TRY(maker_row(maker, values, error));
  }
  return TALLY_OK;
}

tally_status tl_metadata_table(const tl_metadata_row *rows, size_t count, tally_table **out, tally_error *error) {
  static const char *const names[] = {"key", "value"};
  static const tally_type types[] = {TALLY_TEXT, TALLY_TEXT};
  table_maker maker;
  tally_status status = maker_start(&maker, types, 2, error);
  if (status == TALLY_OK) status = metadata_rows(&maker, rows, count, error);
  if (status == TALLY_OK) status = maker_finish(&maker, names, out, error);
  maker_done(&maker);
  return status;
}
