/* The CSV reader against what was written, the fast reader against libcsv, every kernel against the others, and the real
 * files when they are there. All is drawn from one fixed seed. */
#define _GNU_SOURCE /* nftw */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <unistd.h>

#include "check.h"
#include "random.h"

/* ---- made files ---- */

static uint64_t state = 0x9E3779B97F4A7C15u;

static size_t draw(size_t below) {
  return (size_t)(next_random(&state) % below);
}

enum { COLUMNS_MOST = 6, ROWS_MOST = 14, TEXT_MOST = 40, FILE_MOST = ROWS_MOST * COLUMNS_MOST * (2 * TEXT_MOST + 4) };

typedef struct made {
  char bytes[FILE_MOST];
  size_t size;
  size_t rows, columns;
  char cells[ROWS_MOST][COLUMNS_MOST][TEXT_MOST * 4];
  size_t sizes[ROWS_MOST][COLUMNS_MOST];
  bool quoted[ROWS_MOST][COLUMNS_MOST];
  char separator;
} made;

static void put(made *file, const char *bytes, size_t size) {
  memcpy(file->bytes + file->size, bytes, size);
  file->size += size;
}

/* A text; with `any` also of separators, quotes and line ends. */
static size_t make_text(char *to, bool any) {
  static const char *const plain[] = {"a", "B", "7", " ", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "xyz", "'"};
  static const char *const special[] = {",", ";", "\t", "|", "\"", "\n", "\r", "\r\n", "\"\"", "\",\""};
  size_t size = 0, parts = draw(8);
  if (draw(30) == 0) parts = 10;
  for (size_t i = 0; i < parts; i++) {
    const char *part = any && draw(3) == 0 ? special[draw(10)] : plain[draw(9)];
    memcpy(to + size, part, strlen(part));
    size += strlen(part);
  }
  return size;
}

static void write_cell(made *file, size_t row, size_t column) {
  char *cell = file->cells[row][column];
  bool quoted = draw(2);
  size_t size = make_text(cell, quoted);
  file->sizes[row][column] = size;
  file->quoted[row][column] = quoted;
  if (!quoted) {
    put(file, cell, size);
    return;
  }
  put(file, "\"", 1);
  for (size_t i = 0; i < size; i++) put(file, cell[i] == '"' ? "\"\"" : cell + i, cell[i] == '"' ? 2 : 1);
  put(file, "\"", 1);
}

static void make_file(made *file) {
  static const char *const ends[] = {"\n", "\r\n", "\r"};
  static const char separators[] = {',', ';', '\t', '|'};
  file->size = 0;
  file->rows = 1 + draw(ROWS_MOST);
  file->columns = 1 + draw(COLUMNS_MOST);
  file->separator = separators[draw(4)];
  size_t end = draw(4); /* 3: mixed, which one column of empty fields cannot bear */
  if (end == 3 && file->columns == 1) end = 0;
  for (size_t row = 0; row < file->rows; row++) {
    for (size_t column = 0; column < file->columns; column++) {
      if (column > 0) put(file, &file->separator, 1);
      write_cell(file, row, column);
    }
    bool may_lack = file->size > 0 && file->bytes[file->size - 1] != '\n' && file->bytes[file->size - 1] != '\r';
    if (row + 1 == file->rows && may_lack && draw(2)) continue;
    const char *bytes = ends[end == 3 ? draw(3) : end];
    put(file, bytes, strlen(bytes));
  }
}

/* ---- comparing ---- */

static bool same_value(tally_value a, tally_value b) {
  if (a.type != b.type) return false;
  switch (a.type) {
    case TALLY_TEXT:
      return a.text.size == b.text.size && memcmp(a.text.bytes, b.text.bytes, a.text.size) == 0;
    case TALLY_INTEGER:
      return a.integer == b.integer;
    case TALLY_NUMBER:
      return memcmp(&a.number, &b.number, sizeof a.number) == 0;
    case TALLY_BOOLEAN:
      return a.boolean == b.boolean;
    case TALLY_DATE:
      return a.date == b.date;
    default:
      return true;
  }
}

static bool same_column(const tally_column *a, const tally_column *b) {
  if (tally_column_type(a) != tally_column_type(b)) return false;
  for (int64_t row = 0; row < tally_column_length(a); row++) {
    tally_text ra = tally_column_reason(a, row), rb = tally_column_reason(b, row);
    if (!same_value(tally_column_value(a, row), tally_column_value(b, row))) return false;
    if (ra.size != rb.size || memcmp(ra.bytes, rb.bytes, ra.size) != 0) return false;
  }
  return true;
}

static bool same_table(const tally_table *a, const tally_table *b) {
  if (tally_table_rows(a) != tally_table_rows(b) || tally_table_columns(a) != tally_table_columns(b)) return false;
  for (size_t i = 0; i < tally_table_columns(a); i++) {
    if (strcmp(tally_table_name(a, i), tally_table_name(b, i)) != 0) return false;
    if (!same_column(tally_table_column(a, i), tally_table_column(b, i))) return false;
  }
  return true;
}

/* The table is what was written: a field with nothing in it is missing, "" is an empty text. */
static bool is_as_made(const tally_table *t, const made *file) {
  if (tally_table_rows(t) != (int64_t)file->rows || tally_table_columns(t) != file->columns) return false;
  for (size_t row = 0; row < file->rows; row++) {
    for (size_t column = 0; column < file->columns; column++) {
      tally_value value = tally_column_value(tally_table_column(t, column), (int64_t)row);
      tally_value expected = {.type = TALLY_TEXT, .text = {file->cells[row][column], file->sizes[row][column]}};
      if (file->sizes[row][column] == 0 && !file->quoted[row][column]) expected.type = TALLY_MISSING;
      if (!same_value(value, expected)) return false;
    }
  }
  return true;
}

static tally_reading *read_bytes(const char *bytes, size_t size, const tally_csv_options *options) {
  tally_reading *reading = NULL;
  MUST(tally_read_csv(&(tally_input){.bytes = bytes, .size = size}, options, &reading, &check_error));
  return reading;
}

static void show(const char *what, const char *bytes, size_t size) {
  fprintf(stderr, "  %s: ", what);
  for (size_t i = 0; i < size && i < 400; i++) {
    unsigned char c = (unsigned char)bytes[i];
    if (c < 32 || c == '\\') {
      fprintf(stderr, "\\%03o", c);
    } else {
      fputc(c, stderr);
    }
  }
  fputc('\n', stderr);
}

static const size_t chunk_sizes[] = {1, 2, 3, 7, 31, 64, 65, 4096};

static void readers_agree_on_made_files(void) {
  static made file;
  for (int i = 0; i < 10000; i++) {
    make_file(&file);
    tally_csv_options options = TALLY_CSV_OPTIONS;
    options.all_text = true;
    options.header = TALLY_HEADER_NONE;
    options.separator = file.separator;
    options.reader = TALLY_READER_LAX;
    tally_reading *lax = read_bytes(file.bytes, file.size, &options);
    options.reader = TALLY_READER_FAST;
    options.chunk_bytes = chunk_sizes[draw(8)];
    tally_reading *fast = read_bytes(file.bytes, file.size, &options);
    bool right = is_as_made(tally_reading_table(fast), &file) && is_as_made(tally_reading_table(lax), &file);
    CHECK(right);
    CHECK(tally_table_rows(tally_reading_problems(fast)) == 0 && tally_table_rows(tally_reading_problems(lax)) == 0);
    if (!right) show("made", file.bytes, file.size);
    tally_reading_release(fast);
    tally_reading_release(lax);
  }
}

/* Values of all kinds under a header, with rows too short and too long, blank lines and symbols. */
static size_t make_typed(char *to, size_t columns, const char *end) {
  static const char *const values[][8] = {
      {"1", "22", "-3", "1,000", "0", "", "..", "[c]"},
      {"1.5", "2", "1e3", "", "[x]", "0.25", "-", "7"},
      {"2019-07-31", "2020-02-29", "", "[z]", "..", "2001-01-01", "1999-12-31", "2000-01-01"},
      {"Leeds", "York", "", "\"\"", "-", "x", "Hull", "[c]"},
      {"007", "1", "2", "", "10", "3", "4", "5"},
      {"true", "false", "", "TRUE", "[c]", "false", "true", "true"},
      {"'a'", "'b c'", "'d'", "", "'a'", "' e'", "'a'", "'a'"},
      {"\xC2\xA3"
       "1",
       "\xC2\xA3"
       "2,000",
       "\xC2\xA3"
       "0.50",
       "", "..",
       "\xC2\xA3"
       "3",
       "\xC2\xA3"
       "4",
       "\xC2\xA3"
       "5"},
      {"..", "-", "", "*", ":", "~", "c", "x"},
      {"9", "8", "7", "6", "5", "4", "3", "late"},
  };
  size_t kinds[COLUMNS_MOST], size = 0, rows = draw(8) ? draw(30) : draw(300); /* many are read many at once */
  for (size_t c = 0; c < columns; c++) {
    kinds[c] = draw(10);
    size += (size_t)sprintf(to + size, "%sname%zu", c ? "," : "", draw(20) ? c : 0);
  }
  size += (size_t)sprintf(to + size, "%s", end);
  for (size_t row = 0; row < rows; row++) {
    size_t count = draw(15) ? columns : 1 + draw(columns + 2);
    for (size_t c = 0; c < count; c++) {
      bool quoted = draw(4) == 0;
      const char *value = values[kinds[c % columns]][draw(8)];
      quoted = (quoted || strchr(value, ',')) && value[0] != '"';
      size += (size_t)sprintf(to + size, quoted ? "%s\"%s\"" : "%s%s", c ? "," : "", value);
    }
    size += (size_t)sprintf(to + size, "%s", draw(25) ? end : draw(2) ? "\n\n" : "\n \n");
  }
  return size;
}

static void readers_agree_on_types(void) {
  static char bytes[64 * 1024];
  static const char *const ends[] = {"\n", "\r\n"};
  for (int i = 0; i < 3000; i++) {
    size_t size = make_typed(bytes, 2 + draw(COLUMNS_MOST - 1), ends[draw(2)]);
    tally_csv_options options = TALLY_CSV_OPTIONS;
    options.reader = TALLY_READER_LAX;
    options.on_problem = draw(2) ? TALLY_PROBLEM_DROP : TALLY_PROBLEM_REPORT;
    tally_reading *lax = read_bytes(bytes, size, &options);
    options.reader = TALLY_READER_FAST;
    options.chunk_bytes = chunk_sizes[draw(8)];
    tally_reading *fast = read_bytes(bytes, size, &options);
    bool same = same_table(tally_reading_table(fast), tally_reading_table(lax)) &&
                same_table(tally_reading_problems(fast), tally_reading_problems(lax));
    CHECK(same);
    if (!same) show("typed", bytes, size);
    tally_reading_release(fast);
    tally_reading_release(lax);
  }
}

/* ---- kernels ---- */

static void every_kernel_reads_the_same(void) {
  static made file;
  static const char *const names[] = {"portable", "avx2", "avx512", "neon"};
  const char *before = tally_kernel();
  for (int i = 0; i < 500; i++) {
    make_file(&file);
    tally_csv_options options = TALLY_CSV_OPTIONS;
    options.all_text = true;
    options.header = TALLY_HEADER_NONE;
    options.separator = file.separator;
    options.reader = TALLY_READER_FAST;
    options.chunk_bytes = chunk_sizes[draw(8)];
    for (int k = 0; k < 4; k++) {
      if (!tally_set_kernel(names[k])) continue;
      tally_reading *reading = read_bytes(file.bytes, file.size, &options);
      CHECK(is_as_made(tally_reading_table(reading), &file));
      tally_reading_release(reading);
    }
  }
  tally_set_kernel(before);
}

/* ---- what becomes of what: input, and the table and the problems as one line of text ---- */

static size_t print_value(char *to, tally_value value, tally_text reason) {
  switch (value.type) {
    case TALLY_TEXT:
      return (size_t)sprintf(to, "'%.*s'", (int)value.text.size, value.text.bytes);
    case TALLY_INTEGER:
      return (size_t)sprintf(to, "%" PRId64, value.integer);
    case TALLY_NUMBER:
      return (size_t)sprintf(to, "%.17g", value.number);
    case TALLY_DATE:
      return (size_t)sprintf(to, "day %d", value.date);
    case TALLY_BOOLEAN:
      return (size_t)sprintf(to, "%s", value.boolean ? "true" : "false");
    default:
      return (size_t)sprintf(to, "%s%.*s", reason.size ? "nil " : "nil", (int)reason.size, reason.bytes);
  }
}

/* "a:integer 1 nil [c]; b:text 'x' nil | 3 row has too few fields; " */
static void print_reading(char *to, const tally_reading *reading) {
  const tally_table *table = tally_reading_table(reading), *problems = tally_reading_problems(reading);
  for (size_t c = 0; c < tally_table_columns(table); c++) {
    const tally_column *column = tally_table_column(table, c);
    to += sprintf(to, "%s%s:%s", c ? "; " : "", tally_table_name(table, c), tally_type_name(tally_column_type(column)));
    for (int64_t row = 0; row < tally_table_rows(table); row++) {
      *to++ = ' ';
      to += print_value(to, tally_column_value(column, row), tally_column_reason(column, row));
    }
  }
  for (int64_t row = 0; row < tally_table_rows(problems); row++) {
    tally_text what = tally_column_value(tally_table_find(problems, "what"), row).text;
    tally_value line = tally_column_value(tally_table_find(problems, "line"), row);
    to += sprintf(to, "%s%" PRId64 " %.*s", row ? "; " : " | ", line.integer, (int)what.size, what.bytes);
  }
  *to = '\0';
}

static void expect_bytes(const char *bytes, size_t size, const tally_csv_options *options, const char *expected) {
  static char found[64 * 1024];
  tally_reading *reading = read_bytes(bytes, size, options);
  print_reading(found, reading);
  CHECK(strcmp(found, expected) == 0);
  if (strcmp(found, expected) != 0) fprintf(stderr, "  expected  %s\n  found     %s\n", expected, found);
  tally_reading_release(reading);
}

static void expect(const char *text, const char *expected) {
  expect_bytes(text, strlen(text), NULL, expected);
}

static void expect_with(const tally_csv_options *options, const char *text, const char *expected) {
  expect_bytes(text, strlen(text), options, expected);
}

static void missing_values(void) {
  expect("a,b\n1,x\n,\n[c],[x]\n..,..\n", "a:integer 1 nil nil [c] nil ..; b:text 'x' nil nil [x] '..'");
  expect("a,b\n-,1\n*,2\n", "a:text '-' '*'; b:integer 1 2");
  expect("a,b\n-,1\n5,2\n", "a:integer nil - 5; b:integer 1 2");
  expect("a,b\nNA,1\n5,2\n", "a:text 'NA' '5'; b:integer 1 2");
  expect("a,b\n\"\",1\nx,2\n", "a:text '' 'x'; b:integer 1 2");
  expect("a,b\n\"\",\"1\"\n\"x\",\"2\"\n", "a:text nil 'x'; b:integer 1 2");
  expect("a,b\n\"\",x\n3,y\n", "a:integer nil 3; b:text 'x' 'y'");
  expect("a,b\n,1\n,2\n", "a:text nil nil; b:integer 1 2");
  const char *const none[] = {"NA", "?"};
  tally_csv_options options = TALLY_CSV_OPTIONS;
  options.missing = none;
  options.missing_count = 2;
  const char *text = "a,b\nNA,..\n5,?\n";
  expect_bytes(text, strlen(text), &options, "a:integer nil 5; b:text '..' nil");
  const char *const symbols[] = {"?"};
  options = (tally_csv_options)TALLY_CSV_OPTIONS;
  options.symbols = symbols;
  options.symbol_count = 1;
  expect_bytes("a,b\n?,1\n5,..\n", 13, &options, "a:integer nil ? 5; b:text '1' '..'");
}

static void rows_out_of_shape(void) {
  expect("a,b,c\n1,2\n3,4,5\n", "a:integer 1 3; b:integer 2 4; c:integer nil 5 | 2 row has too few fields");
  expect("a,b\n1,2\n3,4,5\n6,7\n", "a:integer 1 3 6; b:integer 2 4 7 | 3 row has too many fields");
  expect("a,b\n1,2\n\n3,4\n\n\n", "a:integer 1 3; b:integer 2 4 | 3 blank line skipped");
  expect("a,b,\n1,2,\n3,4,\n", "a:integer 1 3; b:integer 2 4");
  expect("a,b,\n1,2\n3,4\n", "a:integer 1 3; b:integer 2 4");
  expect("a\n1\n\n3\n", "a:integer 1 nil 3");
  expect("a,a,,a_2\n1,2,3,4\n",
         "a:integer 1; a_2:integer 2; column_3:integer 3; a_2_2:integer 4 | 1 column name used twice; 1 column name used twice");
}

static void quotes_out_of_place(void) {
  expect("a,b\n3\" pipe,1\n", "a:text '3\" pipe'; b:integer 1 | 2 quote inside an unquoted field");
  expect("a,b\n\"x\"y\",1\n", "a:text 'x\"y'; b:integer 1 | 2 text after a closing quote");
  tally_csv_options lax = TALLY_CSV_OPTIONS;
  lax.reader = TALLY_READER_LAX;
  expect_bytes("a,b\nx,\"1\ny,2\nz,3\n", 17, &lax, "a:text 'x' 'y' 'z'; b:integer 1 2 3 | 2 quote that is never closed");
  expect("a,b\nx,\"1\ny,\"2\"\nz,3\n", "a:text 'x' 'y' 'z'; b:integer 1 2 3 | 2 quote that is never closed");
  /* Closed by the quote of a later row, which would make one row of three. */
  expect("a,b\n\"x,1\ny,2\nz\"\nw,4\n",
         "a:text 'x,1' 'y' 'z\"' 'w'; b:integer nil 2 nil 4 | 2 row has too few fields; 2 quote that is never closed; "
         "4 row has too few fields; 4 quote inside an unquoted field");
  tally_csv_options comments = TALLY_CSV_OPTIONS;
  comments.comment = '#';
  expect_with(&comments, "a,b\n#,\"x\n1,2\n3,4\"\n5,6\n",
              "a:integer 1 3 5; b:text '2' '4\"' '6' | 4 quote inside an unquoted field");
  expect("a, b\n1, \"x, y\"\n", "a:integer 1; b:text 'x, y'");
  expect("a,b\n\"x\ny\",\"1\"\n", "a:text 'x\ny'; b:integer 1");
}

static void strange_bytes(void) {
  expect(
      "\xEF\xBB\xBF\xEF\xBB\xBF"
      "a,b\n1,2\n",
      "a:integer 1; b:integer 2");
  expect("a,b\ncaf\xE9,1\n", "a:text 'caf\xC3\xA9'; b:integer 1");
  expect(
      "a,b\n\xC5\x81\xC3\xB3"
      "d\xC5\xBA,1\nx\xE9y,2\n",
      "a:text '\xC5\x81\xC3\xB3"
      "d\xC5\xBA' 'x\xEF\xBF\xBDy'; b:integer 1 2 | 3 bytes are not valid in the encoding");
  expect_bytes(
      "\xFF\xFE"
      "a\0,\0b\0\n\0001\0,\0\xE9\0\n\0",
      18, NULL, "a:integer 1; b:text '\xC3\xA9'");
  expect_bytes("a\0,\0b\0\n\0001\0,\0x\0\n\0", 16, NULL, "a:integer 1; b:text 'x'");
  expect_bytes("a\0\0\0,\0\0\0b\0\0\0\n\0\0\0001\0\0\0,\0\0\0x\0\0\0", 28, NULL, "a:integer 1; b:text 'x'");
  expect_bytes("\0\0\xFE\xFF\0\0\0a\0\0\0,\0\0\0b\0\0\0\n\0\0\0001\0\0\0,\0\0\0x", 32, NULL, "a:integer 1; b:text 'x'");
  tally_csv_options named = TALLY_CSV_OPTIONS;
  named.encoding = "utf-16";
  expect_bytes("\xFE\xFF\0a\0,\0b\0\n\0001\0,\0x", 16, &named, "a:integer 1; b:text 'x'");
  named.encoding = "KOI8-R";
  expect_bytes("a,b\n1,\xF0\xD2\xC9\n", 10, &named, "a:integer 1; b:text '\xD0\x9F\xD1\x80\xD0\xB8'");
  named.encoding = "WINDOWS-1252";
  expect_bytes("a,b\n1,\x81\n2,x\n", 12, &named,
               "a:integer 1 2; b:text '\xEF\xBF\xBD' 'x' | 2 bytes are not valid in the encoding");
  expect_bytes("a,b\n1\n2,\x81\n3,x,y\n", 16, &named,
               "a:integer 1 2 3; b:text nil '\xEF\xBF\xBD' 'x' | 2 row has too few fields; 3 bytes are not valid in the encoding; "
               "4 row has too many fields");
  /* A mark is believed, and what is not UTF-8 after all is said. */
  expect(
      "\xEF\xBB\xBF"
      "a,b\ncaf\xE9,1\n",
      "a:text 'caf\xEF\xBF\xBD'; b:integer 1 | 2 bytes are not valid in the encoding");
  expect_bytes("a,b\nx\0y,1\n", 10, NULL, "a:text 'x'; b:integer 1 | 2 nul byte in a field");
}

static void shapes_of_files(void) {
  expect("a;b\n1,5;x\n2,5;y\n", "a:text '1,5' '2,5'; b:text 'x' 'y'");
  expect("a\tb\n1\tx, y\n", "a:integer 1; b:text 'x, y'");
  expect("a|b|c\n1|2|3\n", "a:integer 1; b:integer 2; c:integer 3");
  expect("Leeds,1204,3.5\nYork,99,0.5\n", "column_1:text 'Leeds' 'York'; column_2:integer 1204 99; column_3:number 3.5 0.5");
  expect("age,0,1,2\nx,5,9,1\n", "age:text 'x'; 0:integer 5; 1:integer 9; 2:integer 1");
  expect("Title: a table\nSource:,x\n\na,b,c\n1,2,3\n4,5,6\n", "a:integer 1 4; b:integer 2 5; c:integer 3 6");
  expect("a,b\r1,2\r3,4", "a:integer 1 3; b:integer 2 4");
  expect("a,b\n1,2\r\n3,4\r5,6", "a:integer 1 3 5; b:integer 2 4 6");
  expect("a,b", "a:text; b:text");
}

static void options_do(void) {
  const char *text = "note\n# one\nx;007;1,5\n# two\ny;8;2.000,25\n";
  const char *const names[] = {"k", "c", "v"}, *const columns[] = {"v", "k"}, *const typed[] = {"c"};
  const tally_type types[] = {TALLY_INTEGER};
  tally_csv_options o = TALLY_CSV_OPTIONS;
  o.skip = 1;
  o.comment = '#';
  o.header = TALLY_HEADER_NONE;
  o.decimal = ',';
  o.names = names;
  o.name_count = 3;
  expect_bytes(text, strlen(text), &o, "k:text 'x' 'y'; c:text '007' '8'; v:number 1.5 2000.25");
  o.type_names = typed;
  o.types = types;
  o.type_count = 1;
  expect_bytes(text, strlen(text), &o, "k:text 'x' 'y'; c:integer 7 8; v:number 1.5 2000.25");
  o.columns = columns;
  o.column_count = 2;
  o.limit = 1;
  expect_bytes(text, strlen(text), &o, "v:number 1.5; k:text 'x'");
  o.limit = 0;
  expect_bytes(text, strlen(text), &o, "v:number; k:text");

  tally_csv_options escaped = TALLY_CSV_OPTIONS;
  escaped.escape = '\\';
  expect_bytes("a,b\n\"x\\\"y\",1\n", 13, &escaped, "a:text 'x\"y'; b:integer 1");
  expect_with(&escaped, "a,b\n\"C:\\\\\",\"x\\\\\\\"y\"\n\"\\n\",\"z\"\"\\\"\"\n", "a:text 'C:\\' '\\n'; b:text 'x\\\"y' 'z\"\"'");
  tally_csv_options unquoted = TALLY_CSV_OPTIONS;
  unquoted.quote = 0;
  expect_bytes("a,b\n\"x,1\n", 9, &unquoted, "a:text '\"x'; b:integer 1");
  tally_csv_options dropping = TALLY_CSV_OPTIONS;
  dropping.on_problem = TALLY_PROBLEM_DROP;
  dropping.type_names = (const char *const[]){"b"};
  dropping.types = types;
  dropping.type_count = 1;
  expect_bytes("a,b\n1,2\n3\n4,q\n5,6\n", 18, &dropping,
               "a:integer 1 5; b:integer 2 6 | 3 row has too few fields; 4 value is not of the type asked for");
  tally_csv_options exact = TALLY_CSV_OPTIONS;
  exact.all_text = true;
  expect_bytes("a,b\n 1 ,[c]\n,\"\"\n", 16, &exact, "a:text ' 1 ' nil; b:text '[c]' ''");
}

/* ---- what is found, and why ---- */

static void separator_is(const char *text, const tally_csv_options *options, char separator, const char *evidence) {
  tally_reading *reading = read_bytes(text, strlen(text), options);
  const tally_reading_facts *facts = tally_reading_get_facts(reading);
  bool right = facts->separator == separator && strcmp(facts->separator_evidence, evidence) == 0;
  CHECK(right);
  if (!right) fprintf(stderr, "  %.30s: '%c', %s\n", text, facts->separator, facts->separator_evidence);
  tally_reading_release(reading);
}

static void separators(void) {
  separator_is("a,b\n1,2\n3,4\n", NULL, ',', "3 of the first 3 records have 2 fields");
  separator_is("a\tb\tc\n1\t2\t3\n", NULL, '\t', "2 of the first 2 records have 3 fields");
  separator_is("a|b\n1|2\n1\n", NULL, '|', "2 of the first 3 records have 2 fields");
  separator_is("a;b\n1,5;2,5\n3,5;4,5\n", NULL, ';', "3 of the first 3 records have 2 fields");
  /* As many records agree under a comma: what the fields are decides. */
  separator_is("1,5;2,5\n3,5;4,5\n", NULL, ';', "2 of the first 2 records have 2 fields");
  separator_is("2019,5;2,25;x\n2020,5;4,5;y\n", NULL, ';', "2 of the first 2 records have 3 fields");
  separator_is("1,234|5\n2,345|6\n", NULL, '|', "2 of the first 2 records have 2 fields");
  separator_is("x;y,1\nz;w,2\n", NULL, ',', "2 of the first 2 records have 2 fields");
  separator_is("name\nLeeds\nYork\n", NULL, ',', "no separator was found: one column");
  separator_is("\"a;b\",c\n\"d;e\",f\n", NULL, ',', "2 of the first 2 records have 2 fields");
  separator_is("Title: x; y; z\n\na,b\n1,2\n3,4\n5,6\n", NULL, ',', "4 of the first 5 records have 2 fields");
  tally_csv_options given = TALLY_CSV_OPTIONS;
  given.separator = ':';
  separator_is("a:b\n1:2\n", &given, ':', "given");
}

static void values_that_are_not_guessed(void) {
  expect("a,b\n\\N,1\nNA,2\n", "a:text '\\N' 'NA'; b:integer 1 2");
  tally_csv_options o = TALLY_CSV_OPTIONS;
  o.missing = (const char *const[]){"\\N", "NA", "NULL"};
  o.missing_count = 3;
  expect_with(&o, "a,b\n\\N,1\nNA,NULL\n7,3\n", "a:integer nil nil 7; b:integer 1 nil 3");
  expect("day,n\n2019-07-31,1\n2020-02-29,2\n", "day:date day 18108 day 18321; n:integer 1 2");
  expect("day,n\n31/07/2019,1\n29/02/2020,2\n", "day:date day 18108 day 18321; n:integer 1 2");
  expect("day,n\n07/31/2019,1\n", "day:text '07/31/2019'; n:integer 1");
  expect("year,n\n2019/20,1\n2020/21,2\n", "year:text '2019/20' '2020/21'; n:integer 1 2");
  expect("year,n\n2019-20,1\n", "year:text '2019-20'; n:integer 1");
}

/* A line of blanks is no row, whoever reads it, even where blanks count. */
static void blank_lines(void) {
  for (int lax = 0; lax < 2; lax++) {
    tally_csv_options o = TALLY_CSV_OPTIONS;
    o.all_text = true;
    o.reader = lax ? TALLY_READER_LAX : TALLY_READER_FAST;
    expect_with(&o, "a,b\n1,2\n \n\xEF\xBB\xBF\n3,4\n\" \",\n",
                "a:text '1' '3' ' '; b:text '2' '4' nil | 3 blank line skipped; 4 blank line skipped");
  }
}

/* ---- errors ---- */

static void refuse(const tally_input *input, const tally_csv_options *options, tally_status status, int64_t line,
                   const char *part) {
  tally_error error = {0};
  tally_reading *reading = NULL;
  tally_status found = tally_read_csv(input, options, &reading, &error);
  bool right = found == status && reading == NULL && error.line == line && strstr(error.text, part);
  CHECK(right);
  if (!right) fprintf(stderr, "  %s, line %" PRId64 ": %s\n", tally_status_name(found), error.line, error.text);
}

static void errors(void) {
  tally_csv_options o = TALLY_CSV_OPTIONS;
  refuse(&(tally_input){.path = "/nowhere/x.csv"}, NULL, TALLY_EIO, 0, "is not there: no folder '/nowhere' can be opened");
  refuse(&(tally_input){.path = "spec/c/csv_tset.c"}, NULL, TALLY_EIO, 0, "is not there; did you mean 'csv_test.c'?");
  refuse(&(tally_input){.path = "spec/c/zzz"}, NULL, TALLY_EIO, 0, "is not there, and nothing like it in its folder");
  refuse(&(tally_input){.path = "reamde.md"}, NULL, TALLY_EIO, 0, "is not there; did you mean 'README.md'?");
  refuse(&(tally_input){.path = "/tmp"}, NULL, TALLY_EIO, 0, "is a directory; to read the files in it, name them: \"/tmp/*.csv\"");
  refuse(&(tally_input){.path = "/dev/null"}, NULL, TALLY_ESYNTAX, 0, "is empty");
  refuse(&(tally_input){.bytes = "", .size = 0}, NULL, TALLY_ESYNTAX, 0, "is empty");
  refuse(&(tally_input){.bytes = "\xEF\xBB\xBF", .size = 3}, NULL, TALLY_ESYNTAX, 0, "is empty");
  refuse(&(tally_input){.bytes = "PK\x03\x04xxxx", .size = 8, .name = "t.xlsx"}, NULL, TALLY_ESYNTAX, 0,
         "is not text but a ZIP archive");
  refuse(&(tally_input){.bytes = "\x01\x02\x03\x04\x05\x06\x07\x08\x0B\x0E\x0F", .size = 11}, NULL, TALLY_ESYNTAX, 0, "binary");
  o.on_problem = TALLY_PROBLEM_ERROR;
  refuse(&(tally_input){.bytes = "a,b\n1,2\n3\n", .size = 10, .name = "f"}, &o, TALLY_ESYNTAX, 3, "row has too few fields: '3'");
  o = (tally_csv_options)TALLY_CSV_OPTIONS;
  refuse(&(tally_input){.bytes = "a,b\n1,2\n3,\"4\n5,6\n", .size = 17}, &o, TALLY_ESYNTAX, 3,
         "a quote is opened here and never closed");
  refuse(&(tally_input){.bytes = "a,\"b\n1,2\n", .size = 9}, &o, TALLY_ESYNTAX, 1, "a quote is opened here and never closed");
  o.reader = TALLY_READER_FAST;
  refuse(&(tally_input){.bytes = "a,b\n1,2\n3,\"4\n", .size = 13}, &o, TALLY_ESYNTAX, 3, "never closed");
  refuse(&(tally_input){.bytes = "a,b\n1,2\n3\"\"x,4\n", .size = 15}, &o, TALLY_ESYNTAX, 3, "unquoted field");
  o = (tally_csv_options)TALLY_CSV_OPTIONS;
  o.columns = (const char *const[]){"bb"};
  o.column_count = 1;
  refuse(&(tally_input){.bytes = "aa,b\n1,2\n", .size = 9}, &o, TALLY_ENAME, 0, "no column 'bb'");
  o = (tally_csv_options)TALLY_CSV_OPTIONS;
  o.encoding = "no-such";
  refuse(&(tally_input){.bytes = "a,b\n1,2\n", .size = 8}, &o, TALLY_ENAME, 0, "'no-such'");
}

static void signs_that_mean_two_things(void) {
  tally_input input = {.bytes = "a,b\n1,2\n", .size = 8};
  tally_csv_options o = TALLY_CSV_OPTIONS;
  o.separator = '"';
  refuse(&input, &o, TALLY_ERANGE, 0, "separator and quote cannot both be '\"'");
  o = (tally_csv_options)TALLY_CSV_OPTIONS;
  o.separator = o.comment = ';';
  refuse(&input, &o, TALLY_ERANGE, 0, "separator and comment cannot both be ';'");
  o = (tally_csv_options)TALLY_CSV_OPTIONS;
  o.separator = '\n';
  refuse(&input, &o, TALLY_ERANGE, 0, "the separator cannot be a line end");
  o = (tally_csv_options)TALLY_CSV_OPTIONS;
  o.decimal = ';';
  refuse(&input, &o, TALLY_ERANGE, 0, "decimal is '.' or ',', not ';'");
  o = (tally_csv_options)TALLY_CSV_OPTIONS;
  o.escape = '"';
  expect_with(&o, "a,b\n\"x\"\"y\",2\n", "a:text 'x\"y'; b:integer 2");
}

/* Refuses every allocation in turn: a clean error each time, and nothing left behind. */
static void without_memory(void) {
  const char *text = "Title:,x\n\na,b,b,\n1,\"x \"\"y\",2019-07-31,\n[c],caf\xE9,..,\n3\"\n1,2,3,4,5\n9.5,x,y,z\n";
  size_t before = tally_memory_used();
  for (int reader = 0; reader < 2; reader++) {
    tally_csv_options o = TALLY_CSV_OPTIONS;
    o.reader = reader ? TALLY_READER_LAX : TALLY_READER_GUESS;
    o.chunk_bytes = 16;
    o.on_problem = TALLY_PROBLEM_DROP;
    tally_status status = TALLY_ENOMEM;
    for (int64_t count = 0; status != TALLY_OK && count < 100000; count++) {
      tally_error error = {0};
      tally_reading *reading = NULL;
      tally_fail_allocation(count, false);
      status = tally_read_csv(&(tally_input){.bytes = text, .size = strlen(text)}, &o, &reading, &error);
      tally_fail_allocation(-1, false);
      if (status != TALLY_OK) CHECK(status == TALLY_ENOMEM && reading == NULL);
      tally_reading_release(reading);
      CHECK(tally_memory_used() == before);
    }
    CHECK(status == TALLY_OK);
  }
}

/* ---- streams and real files ---- */

static void columns_of_percentages(void) {
  static const char bytes[] = "a,b,c,d,e\n12.5%,5%,3,\"7%\",5%\n[c],7%,4%,word,6\n";
  tally_reading *reading = NULL;
  MUST(tally_read_csv(&(tally_input){.bytes = bytes, .size = sizeof bytes - 1}, NULL, &reading, &check_error));
  const char *const *names = tally_reading_get_facts(reading)->percent_columns;
  CHECK(names[0] && strcmp(names[0], "a") == 0 && names[1] && strcmp(names[1], "b") == 0 && names[2] == NULL);
  tally_reading_release(reading);
}

static void pipes(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  CHECK(write(ends[1], "a,b\n1,\"x\ny\"\n", 12) == 12);
  close(ends[1]);
  tally_reading *reading = NULL;
  MUST(tally_read_csv(&(tally_input){.descriptor = ends[0]}, NULL, &reading, &check_error));
  char found[200];
  print_reading(found, reading);
  CHECK(strcmp(found, "a:integer 1; b:text 'x\ny'") == 0);
  CHECK(strcmp(tally_reading_get_facts(reading)->reader, "fast") == 0);
  tally_reading_release(reading);
  close(ends[0]);
}

typedef struct published {
  const char *path;
  int64_t rows;
  size_t columns;
  int64_t header_line, metadata;
  const char *encoding;
  int32_t marks;
} published;

/* Whether a file is what it is on paper. */
static void check_published(const published *expected) {
  char path[500];
  snprintf(path, sizeof path, "%s/%s", published_folder(), expected->path);
  if (access(path, R_OK) != 0) return;
  tally_reading *reading = NULL;
  MUST(tally_read_csv(&(tally_input){.path = path}, NULL, &reading, &check_error));
  const tally_reading_facts *facts = tally_reading_get_facts(reading);
  const tally_table *table = tally_reading_table(reading);
  bool right = tally_table_rows(table) == expected->rows && tally_table_columns(table) == expected->columns &&
               facts->header_line == expected->header_line && strcmp(facts->encoding, expected->encoding) == 0 &&
               facts->byte_order_marks == expected->marks &&
               tally_table_rows(tally_reading_metadata(reading)) == expected->metadata && strcmp(facts->reader, "fast") == 0;
  CHECK(right);
  if (!right) fprintf(stderr, "  %s\n", path);
  tally_reading_release(reading);
}

static int compared; /* files */

/* The two readers agree on a file, cut into small chunks. For nftw. */
static int compare_readers(const char *path, const struct stat *status, int kind, struct FTW *place) {
  (void)status, (void)place;
  size_t size = strlen(path);
  if (kind != FTW_F || size < 4 || strcmp(path + size - 4, ".csv") != 0) return 0;
  tally_reading *fast = NULL, *lax = NULL;
  tally_csv_options options = TALLY_CSV_OPTIONS;
  options.chunk_bytes = 4096;
  MUST(tally_read_csv(&(tally_input){.path = path}, &options, &fast, &check_error));
  options.reader = TALLY_READER_LAX;
  MUST(tally_read_csv(&(tally_input){.path = path}, &options, &lax, &check_error));
  bool same = same_table(tally_reading_table(fast), tally_reading_table(lax)) &&
              same_table(tally_reading_problems(fast), tally_reading_problems(lax)) &&
              same_table(tally_reading_metadata(fast), tally_reading_metadata(lax));
  CHECK(same);
  if (!same) fprintf(stderr, "  %s\n", path);
  tally_reading_release(fast);
  tally_reading_release(lax);
  compared++;
  return 0;
}

static void published_files(void) {
  static const published files[] = {
      {"hesa/students-by-domicile/dt051-table-1-20182019.csv", 170, 13, 18, 15, "UTF-8", 2},
      {"hesa/nonuk-students-by-provider/dt051-table-28-2019-2020.csv", 244, 41, 1, 0, "UTF-8", 1},
      {"hesa/academic-staff-terms/HESA-dt025-table-7-2021-2022.csv", 214, 5, 1, 0, "UTF-8", 1},
      {"hesa/scotland/finances.csv", 8814, 10, 1, 0, "UTF-8", 1},
      {"hesa/students-by-domicile-country/Total_HE_student_enrolments_by_level_of_study__Total_UK_Domicile.csv", 10, 12, 1, 0,
       "UTF-8", 0},
      {"hesa/students-by-domicile-country/Total_HE_student_enrolments_by_level_of_study__Total_NonUK_Domicile.csv", 31, 12, 1, 0,
       "UTF-8", 0},
      {"homeoffice/Study_ByInstitutionType.csv", 767, 6, 1, 0, "UTF-8", 1},
      {"providers/mission_groups.csv", 104, 3, 1, 0, "UTF-8", 0},
      {"funding/grants_eng_LAD_ward_donor_year.csv", 45901, 8, 1, 0, "UTF-8", 0},
      {"research/ai_growth_2010_2020.csv", 204, 4, 1, 0, "UTF-8", 0},
      {"ucas/EOC_data_resource_2016-DR2_002_06.csv", 2130, 3, 6, 4, "WINDOWS-1252", 0},
      {"ucas/EOC_data_resource_2021_017_1.csv", 10564, 8 - 1, 16, 10, "UTF-8", 0},
  };
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) check_published(&files[i]);
  if (access(published_folder(), R_OK) != 0) return;
  CHECK(nftw(published_folder(), compare_readers, 8, 0) == 0);
  CHECK(compared > 0);
  fprintf(stderr, "both readers on %d published files\n", compared);
}

int main(void) {
  missing_values();
  rows_out_of_shape();
  quotes_out_of_place();
  strange_bytes();
  shapes_of_files();
  options_do();
  separators();
  values_that_are_not_guessed();
  blank_lines();
  errors();
  signs_that_mean_two_things();
  columns_of_percentages();
  pipes();
  every_kernel_reads_the_same();
  readers_agree_on_made_files();
  readers_agree_on_types();
  without_memory();
  published_files();
  tally_shutdown();
  return finish();
}
