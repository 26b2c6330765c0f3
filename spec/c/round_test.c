/* What is written reads back: random tables of all types, with missing values and their reasons, through CSV and JSON and both
 * readers of CSV. What a file has no form for stands in tally.h and is not made here. */
#include "sink.h"
#include "twin.h"

enum { WIDTH = 6 };

static const char *const names[WIDTH] = {"flag", "n", "the, \"x\"", "t\n", "day", "note"};

/* The types are said to the reader, or are to be found by it: then every column has a value that shows its type, and no text has
 * blanks around it. */
static bool told;

/* ---- tables ---- */

static double random_number(void) {
  uint64_t bits = 0;
  double value;
  for (int i = 0; i < 4; i++) bits = bits << 16 | (uint64_t)twin_random(65536);
  memcpy(&value, &bits, sizeof value);
  if (!isfinite(value) || twin_random(3) == 0) return twin_random(2) ? -0.0 : twin_random(100000) / 100.0;
  return value;
}

static tally_value random_text(void) {
  static const char *const texts[] = {
      "",         "a",   "a,b",          "\"",         "say \"hi\"", "line\nline", "\r\n",         "cr\rcr",
      "\xC3\xA4", "007", "true",         "2020-01-01", "x;y|z\t.",   "=1+1",       "'a'",          "c",
      "-",        "1e5", "\xE2\x80\xA9", " pad ",      "\xC2\xA0x",  "\t",         "y\xEF\xBB\xBF"};
  enum { TEXTS = sizeof texts / sizeof *texts, WITH_BLANKS = 4 };
  return twin_text(texts[twin_random(told ? TEXTS : TEXTS - WITH_BLANKS)]);
}

static tally_value random_value(tally_type type) {
  tally_value value = twin_value(type);
  if (type == TALLY_TEXT) value = random_text();
  if (type == TALLY_DATE) value.date = twin_random(2000000) - 700000;
  if (type == TALLY_NUMBER) value.number = random_number();
  return value;
}

static tally_value telling_value(tally_type type) {
  return type == TALLY_TEXT ? twin_text("word") : random_value(type);
}

/* Among texts a symbol without brackets is read as a text, and booleans with such a symbol as well, unless the type is said. */
static const char *random_symbol(tally_type type) {
  static const char *const symbols[] = {"", "[c]", "..", "*"};
  bool brackets = type == TALLY_TEXT || (type == TALLY_BOOLEAN && !told);
  return symbols[twin_random(brackets ? 2 : 4)];
}

/* telling  a row that has a telling value; -1: none
 * A slice, and of plain text or codes. */
static tally_column *random_column(tally_type type, int64_t rows, int64_t telling) {
  tally_builder *builder;
  tally_column *whole, *plain, *column;
  int64_t before = twin_random(10);
  int missing = twin_random(101);
  MUST(tally_builder_new(type, &builder, &check_error));
  for (int64_t i = -before; i < rows; i++) {
    if (i == telling && i >= 0)
      MUST(tally_builder_append(builder, telling_value(type), &check_error));
    else if (twin_random(100) < missing)
      MUST(tally_builder_append_missing(builder, tl_text_of(random_symbol(type)), &check_error));
    else
      MUST(tally_builder_append(builder, random_value(type), &check_error));
  }
  MUST(tally_builder_finish(builder, &whole, &check_error));
  tally_builder_release(builder);
  if (type == TALLY_TEXT && twin_random(2)) {
    MUST(tl_column_cast(whole, TALLY_TEXT, &plain, &check_error));
    tally_column_release(whole);
    whole = plain;
  }
  MUST(tally_column_slice(whole, before, rows, &column, &check_error));
  tally_column_release(whole);
  return column;
}

/* A table of texts alone has a plain one in its first row: where all is quoted, quotes mean nothing to the reader. */
static tally_table *random_table(int64_t rows) {
  tally_column *columns[WIDTH];
  tally_type types[WIDTH];
  size_t width = 1 + (size_t)twin_random(WIDTH);
  bool texts = true;
  for (size_t c = 0; c < width; c++) {
    types[c] = twin_type();
    texts &= types[c] == TALLY_TEXT;
  }
  for (size_t c = 0; c < width; c++) {
    int64_t telling = told ? -1 : twin_random((int)rows);
    columns[c] = random_column(types[c], rows, texts && c == 0 ? 0 : telling);
  }
  return twin_table(names, columns, width, rows);
}

/* ---- reading back ---- */

static bool same_tables(const tally_table *a, const tally_table *b, bool reasons) {
  if (a->rows != b->rows || a->columns != b->columns) return false;
  for (size_t c = 0; c < a->columns; c++) {
    const tally_column *x = a->column[c], *y = b->column[c];
    if (strcmp(a->names[c], b->names[c]) != 0 || x->type != y->type) return false;
    for (int64_t i = 0; i < a->rows; i++) {
      bool same = reasons ? twin_same_cell(x, i, y, i) : twin_same_value(tally_column_value(x, i), tally_column_value(y, i));
      if (!same) return false;
    }
  }
  return true;
}

/* Takes the reading. */
static void check_same(tally_reading *reading, const tally_table *table, bool reasons, const sink *written) {
  bool same = same_tables(tally_reading_table(reading), table, reasons);
  if (!same) fprintf(stderr, "not read back:\n%.*s\n", (int)written->size, written->bytes);
  CHECK(same);
  CHECK(tally_table_rows(tally_reading_problems(reading)) == 0);
  tally_reading_release(reading);
}

static void check_json(const tally_table *table, const tally_type *types) {
  for (int lines = 0; lines < 2; lines++) {
    sink it = {0};
    tally_output to = sink_output(&it);
    tally_json_write_options out = TALLY_JSON_WRITE_OPTIONS;
    tally_json_options in = TALLY_JSON_OPTIONS;
    tally_reading *reading;
    out.lines = lines;
    in.type_names = names;
    in.types = types;
    in.type_count = table->columns;
    MUST(tally_write_json(table, &to, &out, &check_error));
    MUST(tally_read_json(&(tally_input){.bytes = it.bytes, .size = it.size}, &in, &reading, &check_error));
    check_same(reading, table, false, &it);
    free(it.bytes);
  }
}

/* As the writer was told, and what the file cannot say. */
static tally_csv_options reading_of(const tally_csv_write_options *written, size_t width, const tally_type *types) {
  tally_csv_options in = TALLY_CSV_OPTIONS;
  in.separator = written->separator;
  in.header = written->header ? TALLY_HEADER_FIRST : TALLY_HEADER_NONE;
  in.names = names;
  in.name_count = written->header ? 0 : width;
  in.trim = !told;
  in.type_names = names;
  in.types = types;
  in.type_count = told ? width : 0;
  return in;
}

static void check_csv(const tally_table *table, const tally_type *types, const tally_csv_write_options *out) {
  sink it = {0};
  tally_output to = sink_output(&it);
  tally_csv_options in = reading_of(out, table->columns, types);
  tally_reading *reading;
  MUST(tally_write_csv(table, &to, out, &check_error));
  for (in.reader = TALLY_READER_GUESS; in.reader <= TALLY_READER_LAX; in.reader++) {
    in.chunk_bytes = twin_random(2) ? 0 : 64;
    MUST(tally_read_csv(&(tally_input){.bytes = it.bytes, .size = it.size}, &in, &reading, &check_error));
    check_same(reading, table, true, &it);
  }
  free(it.bytes);
}

static void check_table(const tally_table *table, int round) {
  static const char *const line_ends[] = {"\n", "\r\n"};
  tally_csv_write_options out = TALLY_CSV_WRITE_OPTIONS;
  tally_type types[WIDTH];
  for (size_t c = 0; c < table->columns; c++) types[c] = table->column[c]->type;
  out.separator = ",;\t|"[round % 4];
  out.line_end = line_ends[round / 4 % 2];
  out.header = round / 8 % 4 != 0;
  tally_threads(1 + round % 3);
  check_csv(table, types, &out);
  if (told) check_json(table, types);
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { ROUNDS = 100 };
#else
enum { ROUNDS = 2000 };
#endif

int main(void) {
  for (int round = 0; round < ROUNDS; round++) {
    told = round % 3 > 0;
    tally_table *table = random_table(round % 500 == 499 ? 30000 : 1 + twin_random(round % 2 ? 5 : 60));
    check_table(table, round);
    tally_table_release(table);
  }
  return finish();
}
