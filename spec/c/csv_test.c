/* The CSV reader against what was written, the fast reader against libcsv, every kernel against the portable one, and the real
 * files when they are there. All is drawn from one fixed seed. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <unistd.h>

#include "check.h"
#include "ingest/scan.h"

/* ---- made files ---- */

static uint64_t state = 0x9E3779B97F4A7C15u;

static size_t draw(size_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (size_t)(state % below);
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
  size_t kinds[COLUMNS_MOST], size = 0, rows = draw(30);
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

static void kernels_agree(void) {
  static char bytes[TL_BLOCK * 64];
  static tl_masks expected[64], found[64];
  static const char *const names[] = {
      [TL_CPU_PORTABLE] = "portable", [TL_CPU_NEON] = "neon", [TL_CPU_AVX2] = "avx2", [TL_CPU_AVX512] = "avx512"};
  const char *before = tally_kernel();
  for (int level = TL_CPU_PORTABLE + 1; level < TL_CPU_LEVELS; level++) {
    tl_scan_kernel kernel = tl_scan_kernel_of((tl_cpu)level);
    if (!kernel || !tally_set_kernel(names[level])) continue;
    for (int i = 0; i < 300; i++) {
      for (size_t b = 0; b < sizeof bytes; b++) bytes[b] = draw(3) ? (char)draw(256) : ",\"\n\r"[draw(4)];
      char quote = draw(5) ? '"' : 0;
      tl_scan_kernel_of(TL_CPU_PORTABLE)(bytes, 64, quote, ',', expected);
      kernel(bytes, 64, quote, ',', found);
      CHECK(memcmp(expected, found, sizeof found) == 0);
    }
  }
  tally_set_kernel(before);
}

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
