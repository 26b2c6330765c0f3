/* Writing: numbers in their shortest form, CSV and JSON to the byte. Whether it reads back: round_test. Where it goes: output_test.
 */
#include <math.h>

#include "base/format.h"
#include "base/shortest.h"
#include "sink.h"
#include "twin.h"

/* ---- into memory ---- */

static bool is_written(const sink *it, const char *expected) {
  bool same = it->size == strlen(expected) && (it->size == 0 || memcmp(it->bytes, expected, it->size) == 0);
  if (!same) fprintf(stderr, "written:\n%.*s\nexpected:\n%s\n", (int)it->size, it->bytes ? it->bytes : "", expected);
  return same;
}

static void check_csv(const tally_table *table, const tally_csv_write_options *options, const char *expected) {
  sink it = {0};
  tally_output to = sink_output(&it);
  MUST(tally_write_csv(table, &to, options, &check_error));
  CHECK(is_written(&it, expected));
  free(it.bytes);
}

static void check_json(const tally_table *table, bool lines, const char *expected) {
  sink it = {0};
  tally_output to = sink_output(&it);
  tally_json_write_options options = TALLY_JSON_WRITE_OPTIONS;
  options.lines = lines;
  MUST(tally_write_json(table, &to, &options, &check_error));
  CHECK(is_written(&it, expected));
  free(it.bytes);
}

/* ---- numbers ---- */

static uint64_t random_bits(void) {
  uint64_t bits = 0;
  for (int i = 0; i < 4; i++) bits = bits << 16 | (uint64_t)twin_random(65536);
  return bits;
}

static double from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static bool reads_back(double value) {
  char form[TL_FORMAT_SIZE], *end;
  size_t size = tl_format_number(value, form);
  double again = strtod(form, &end);
  return size < sizeof form && strlen(form) == size && *end == '\0' && memcmp(&again, &value, sizeof value) == 0;
}

/* Neither the nearest number with one digit less nor its neighbours read back; and of its own length it is the nearest. */
static bool is_shortest(double value) {
  char form[64], nearest[64];
  int exponent, count, power;
  uint64_t digits = tl_shortest(value, &exponent);
  count = snprintf(form, sizeof form, "%llu", (unsigned long long)digits);
  snprintf(nearest, sizeof nearest, "%.*e", count - 1, value);
  power = atoi(strchr(nearest, 'e') + 1);
  if (strtod(nearest, NULL) == value) { /* else the only one of its length that reads back is not the nearest */
    if (count > 1) memmove(nearest + 1, nearest + 2, (size_t)count - 1);
    if (memcmp(form, nearest, (size_t)count) != 0 || power != exponent + count - 1) return false;
  }
  for (int64_t step = -1; count > 1 && step <= 2; step++) {
    snprintf(form, sizeof form, "%llue%d", (unsigned long long)(digits / 10) + (unsigned long long)step, exponent + 1);
    if (strtod(form, NULL) == value) return false;
  }
  return true;
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { RANDOM_NUMBERS = 50000 };
#else
enum { RANDOM_NUMBERS = 1000000 };
#endif

static void test_random_numbers(void) {
  int bad = 0, long_forms = 0;
  for (int i = 0; i < RANDOM_NUMBERS; i++) {
    double value = from_bits(random_bits());
    if (!isfinite(value)) continue;
    bad += !reads_back(value);
    if (i % 20 == 0 && value != 0) long_forms += !is_shortest(fabs(value));
  }
  for (int i = 0; i < RANDOM_NUMBERS / 50; i++) { /* few decimals, as tables have them */
    double value = twin_random(1000000000) / pow(10, twin_random(8));
    bad += !reads_back(value);
    if (value != 0) long_forms += !is_shortest(value);
  }
  CHECK(bad == 0);
  CHECK(long_forms == 0);
}

static void check_number(double value, const char *expected) {
  char form[TL_FORMAT_SIZE];
  tl_format_number(value, form);
  CHECK(twin_contains(form, expected) && strlen(form) == strlen(expected));
}

static void test_numbers(void) {
  check_number(0.0, "0.0");
  check_number(-0.0, "-0.0");
  check_number(1, "1.0");
  check_number(-12.5, "-12.5");
  check_number(0.1, "0.1");
  check_number(0.1 + 0.2, "0.30000000000000004");
  check_number(1e15, "1000000000000000.0");
  check_number(9007199254740993.0, "9007199254740992.0");
  check_number(1e16, "1e16");
  check_number(1.5e300, "1.5e300");
  check_number(0.0001, "0.0001");
  check_number(0.00012345678901234567, "0.00012345678901234567");
  check_number(0.00001, "1e-5");
  check_number(5e-324, "5e-324");
  check_number(2.2250738585072014e-308, "2.2250738585072014e-308");
  check_number(1.7976931348623157e308, "1.7976931348623157e308");
  check_number(9007199254740991.0, "9007199254740991.0");
  check_number(4503599627370495.5, "4503599627370495.5");
  check_number(1801514316094494.25, "1801514316094494.2");
  check_number(5e-324 * 3, "1.5e-323");
  check_number(9.5367431640625e-07, "9.5367431640625e-7");
  check_number(1e23, "1e23");
  check_number(NAN, "nan");
  check_number(-INFINITY, "-inf");
  bool powers = true;
  for (int i = -1074; i < 1024; i++) {
    double power = ldexp(1, i);
    powers &= reads_back(power) && is_shortest(power) && reads_back(nextafter(power, 0)) && reads_back(nextafter(power, INFINITY));
  }
  CHECK(powers);
}

static void check_value(tally_value value, const char *expected) {
  char form[TL_FORMAT_SIZE];
  CHECK(tally_format_value(value, form, sizeof form) == strlen(expected));
  CHECK(strcmp(form, expected) == 0);
}

static void test_values(void) {
  check_value(twin_integer(INT64_MIN), "-9223372036854775808");
  check_value(twin_integer(INT64_MAX), "9223372036854775807");
  check_value(twin_integer(0), "0");
  check_value((tally_value){.type = TALLY_BOOLEAN, .boolean = true}, "true");
  check_value((tally_value){.type = TALLY_MISSING}, "");
  check_value((tally_value){.type = TALLY_DATE, .date = 0}, "1970-01-01");
  check_value((tally_value){.type = TALLY_DATE, .date = -1}, "1969-12-31");
  check_value((tally_value){.type = TALLY_DATE, .date = 18321}, "2020-02-29");
  check_value((tally_value){.type = TALLY_DATE, .date = -719528}, "0000-01-01");
  check_value((tally_value){.type = TALLY_DATE, .date = -719529}, "-0001-12-31");
  check_value((tally_value){.type = TALLY_DATE, .date = 2932897}, "+10000-01-01");
  check_value((tally_value){.type = TALLY_DATE, .date = INT32_MAX}, "+5881580-07-11");
  char cut[4];
  CHECK(tally_format_value(twin_text("ab\xC3\xA4"), cut, sizeof cut) == 4 && strcmp(cut, "ab") == 0);
  CHECK(tally_format_value(twin_text("abc"), cut, sizeof cut) == 3 && strcmp(cut, "abc") == 0);
  CHECK(tally_format_value(twin_text("abc"), NULL, 0) == 3);
}

/* ---- tables ---- */

static tally_table *sample(void) {
  static const char *const names[] = {"a, b", "n", "x", "when", "ok"};
  const tally_value none = {.type = TALLY_MISSING};
  tally_builder *builder;
  tally_column *columns[5];
  MUST(tally_builder_new(TALLY_TEXT, &builder, &check_error));
  static const char *const texts[] = {"plain", "", "say \"hi\"", "two\nlines", " blank", "\xE2\x80\xA8\x01\\"};
  for (int i = 0; i < 6; i++) MUST(tally_builder_append(builder, twin_text(texts[i]), &check_error));
  MUST(tally_builder_append_missing(builder, tl_text_of("[c]"), &check_error));
  MUST(tally_builder_append_missing(builder, tl_text_of(""), &check_error));
  MUST(tally_builder_finish(builder, &columns[0], &check_error));
  tally_builder_release(builder);
  tally_value n[] = {twin_integer(1), twin_integer(INT64_MIN), twin_integer(INT64_MAX), none, none, none, none, none};
  columns[1] = twin_column_of(TALLY_INTEGER, n, 8);
  tally_value x[] = {twin_number(0.1),       twin_number(2),          twin_number(NAN),  none,
                     twin_number(-INFINITY), twin_number(123456.789), twin_number(-0.0), none};
  columns[2] = twin_column_of(TALLY_NUMBER, x, 8);
  tally_value when[8] = {{.type = TALLY_DATE, .date = 18321}};
  columns[3] = twin_column_of(TALLY_DATE, when, 8);
  tally_value ok[8] = {{.type = TALLY_BOOLEAN, .boolean = true}, {.type = TALLY_BOOLEAN}};
  columns[4] = twin_column_of(TALLY_BOOLEAN, ok, 8);
  return twin_table(names, columns, 5, 8);
}

static void test_csv(const tally_table *table) {
  check_csv(table, NULL,
            "\"a, b\",n,x,when,ok\n"
            "plain,1,0.1,2020-02-29,true\n"
            "\"\",-9223372036854775808,2.0,,false\n"
            "\"say \"\"hi\"\"\",9223372036854775807,nan,,\n"
            "\"two\nlines\",,,,\n"
            "\" blank\",,-inf,,\n"
            "\xE2\x80\xA8\x01\\,,123456.789,,\n"
            "[c],,-0.0,,\n"
            ",,,,\n");
  tally_csv_write_options options = TALLY_CSV_WRITE_OPTIONS;
  options.separator = ';';
  options.header = false;
  options.symbols = false;
  options.missing = "NA";
  options.line_end = "\r\n";
  tally_table *last;
  MUST(tally_table_slice(table, 6, 2, &last, &check_error));
  check_csv(last, &options, "NA;NA;-0.0;NA;NA\r\nNA;NA;NA;NA;NA\r\n");
  tally_table_release(last);
  static const char never[] = "\"\n.-+0ez"; /* what numbers and dates are written with would part them */
  sink it = {0};
  tally_output to = sink_output(&it);
  for (const char *separator = never; *separator; separator++) {
    options.separator = *separator;
    FAILS(TALLY_ESYNTAX, "cannot separate fields", tally_write_csv(table, &to, &options, &check_error));
  }
}

/* Formulas are disarmed, and nothing else is changed. */
static void test_spreadsheet(void) {
  static const char *const names[] = {"=name", "n", "x", "when"};
  static const char *const texts[] = {"=1+1",
                                      "+44 20 7946 0000",
                                      "@SUM(A1)",
                                      "=a,\"b\"",
                                      "\t1",
                                      "a\n=b",
                                      "\r=c",
                                      " \xC2\xA0=d",
                                      "\xEF\xBC\x9D"
                                      "e",
                                      "-x",
                                      "-5.3",
                                      "+5",
                                      "-1,234",
                                      "-",
                                      "=",
                                      "don't",
                                      "a=b",
                                      ""};
  enum { TEXTS = sizeof texts / sizeof *texts };
  tally_value n[TEXTS + 1] = {twin_integer(-5)}, x[TEXTS + 1] = {twin_number(-5.5)};
  tally_value when[TEXTS + 1] = {{.type = TALLY_DATE, .date = -719529}};
  tally_builder *builder;
  tally_column *columns[4];
  MUST(tally_builder_new(TALLY_TEXT, &builder, &check_error));
  for (int i = 0; i < TEXTS; i++) MUST(tally_builder_append(builder, twin_text(texts[i]), &check_error));
  MUST(tally_builder_append_missing(builder, tl_text_of("=s"), &check_error));
  MUST(tally_builder_finish(builder, &columns[0], &check_error));
  tally_builder_release(builder);
  columns[1] = twin_column_of(TALLY_INTEGER, n, TEXTS + 1);
  columns[2] = twin_column_of(TALLY_NUMBER, x, TEXTS + 1);
  columns[3] = twin_column_of(TALLY_DATE, when, TEXTS + 1);
  tally_table *table = twin_table(names, columns, 4, TEXTS + 1);
  tally_csv_write_options options = TALLY_CSV_WRITE_OPTIONS;
  options.missing = "=NA()"; /* the caller's, who may want one */
  options.for_spreadsheet = true;
  options.separator = ';';
  check_csv(table, &options,
            "\xEF\xBB\xBF'=name;n;x;when\n"
            "'=1+1;-5;-5.5;-0001-12-31\n"
            "'+44 20 7946 0000;=NA();=NA();=NA()\n"
            "'@SUM(A1);=NA();=NA();=NA()\n"
            "\"'=a,\"\"b\"\"\";=NA();=NA();=NA()\n"
            "'\t1;=NA();=NA();=NA()\n"
            "\"a\n'=b\";=NA();=NA();=NA()\n"
            "\"'\r'=c\";=NA();=NA();=NA()\n"
            "' \xC2\xA0=d;=NA();=NA();=NA()\n"
            "'\xEF\xBC\x9D"
            "e;=NA();=NA();=NA()\n"
            "'-x;=NA();=NA();=NA()\n"
            "-5.3;=NA();=NA();=NA()\n"
            "+5;=NA();=NA();=NA()\n"
            "-1,234;=NA();=NA();=NA()\n"
            "-;=NA();=NA();=NA()\n"
            "=;=NA();=NA();=NA()\n"
            "don't;=NA();=NA();=NA()\n"
            "a=b;=NA();=NA();=NA()\n"
            "\"\";=NA();=NA();=NA()\n"
            "'=s;=NA();=NA();=NA()\n");
  tally_table_release(table);
}

static void test_json(const tally_table *table) {
  tally_table *some, *none;
  MUST(tally_table_slice(table, 0, 3, &some, &check_error));
  check_json(some, false,
             "[\n{\"a, b\":\"plain\",\"n\":1,\"x\":0.1,\"when\":\"2020-02-29\",\"ok\":true},\n"
             "{\"a, b\":\"\",\"n\":-9223372036854775808,\"x\":2.0,\"when\":null,\"ok\":false},\n"
             "{\"a, b\":\"say \\\"hi\\\"\",\"n\":9223372036854775807,\"x\":null,\"when\":null,\"ok\":null}\n]\n");
  tally_table_release(some);
  MUST(tally_table_slice(table, 5, 2, &some, &check_error));
  check_json(some, true,
             "{\"a, b\":\"\\u2028\\u0001\\\\\",\"n\":null,\"x\":123456.789,\"when\":null,\"ok\":null}\n"
             "{\"a, b\":null,\"n\":null,\"x\":-0.0,\"when\":null,\"ok\":null}\n");
  tally_table_release(some);
  MUST(tally_table_slice(table, 0, 0, &none, &check_error));
  check_json(none, false, "[]\n");
  check_json(none, true, "");
  tally_table_release(none);
  MUST(tally_table_new(NULL, NULL, 0, 2, &none, &check_error));
  check_json(none, true, "{}\n{}\n");
  tally_table_release(none);
}

/* ---- any table, against a slow twin ---- */

static void twin_put(sink *to, const char *bytes, size_t size) {
  sink_take(to, bytes, size, NULL);
}

static bool begins_or_ends_with(tally_text text, const char *blank) {
  size_t size = strlen(blank);
  return text.size >= size && (!memcmp(text.bytes, blank, size) || !memcmp(text.bytes + text.size - size, blank, size));
}

static void twin_csv_text(sink *to, tally_text text, char separator) {
  static const char *const blanks[] = {" ", "\t", "\xC2\xA0", "\xEF\xBB\xBF"};
  bool quoted = text.size == 0;
  for (size_t i = 0; i < text.size; i++) quoted |= text.bytes[i] == separator || memchr("\"\r\n", text.bytes[i], 3) != NULL;
  for (int i = 0; i < 4; i++) quoted |= begins_or_ends_with(text, blanks[i]);
  if (quoted) twin_put(to, "\"", 1);
  for (size_t i = 0; i < text.size; i++) twin_put(to, text.bytes[i] == '"' ? "\"\"" : text.bytes + i, 1 + (text.bytes[i] == '"'));
  if (quoted) twin_put(to, "\"", 1);
}

static void twin_plain(sink *to, tally_value value) {
  char form[TL_FORMAT_SIZE];
  twin_put(to, form, tally_format_value(value, form, sizeof form));
}

static void twin_csv(sink *to, const tally_table *table, char separator) {
  for (size_t c = 0; c < table->columns; c++) {
    if (c) twin_put(to, &separator, 1);
    twin_csv_text(to, tl_text_of(table->names[c]), separator);
  }
  for (int64_t row = 0; row < table->rows; row++) {
    for (size_t c = 0; c < table->columns; c++) {
      tally_value value = tally_column_value(table->column[c], row);
      tally_text reason = tally_column_reason(table->column[c], row);
      twin_put(to, c ? &separator : "\n", 1);
      if (value.type == TALLY_TEXT)
        twin_csv_text(to, value.text, separator);
      else if (reason.size)
        twin_csv_text(to, reason, separator);
      else
        twin_plain(to, value);
    }
  }
  twin_put(to, "\n", 1);
}

/* The texts of twin_texts need no escapes. */
static void twin_json(sink *to, const tally_table *table) {
  for (int64_t row = 0; row < table->rows; row++) {
    for (size_t c = 0; c < table->columns; c++) {
      tally_value value = tally_column_value(table->column[c], row);
      bool none = value.type == TALLY_MISSING || (value.type == TALLY_NUMBER && !isfinite(value.number));
      bool quoted = value.type == TALLY_TEXT || value.type == TALLY_DATE;
      twin_put(to, c ? ",\"" : "{\"", 2);
      twin_put(to, table->names[c], strlen(table->names[c]));
      twin_put(to, "\":\"", quoted ? 3 : 2);
      if (none)
        twin_put(to, "null", 4);
      else if (value.type == TALLY_TEXT)
        twin_put(to, value.text.bytes, value.text.size);
      else
        twin_plain(to, value);
      if (quoted) twin_put(to, "\"", 1);
    }
    twin_put(to, "}\n", 2);
  }
}

static void check_twin(const tally_table *table, char separator) {
  tally_csv_write_options csv = TALLY_CSV_WRITE_OPTIONS;
  tally_json_write_options json = TALLY_JSON_WRITE_OPTIONS;
  csv.separator = separator;
  json.lines = true;
  for (int form = 0; form < 2; form++) {
    sink written = {0}, expected = {0};
    tally_output to = sink_output(&written);
    if (form)
      twin_json(&expected, table);
    else
      twin_csv(&expected, table, separator);
    if (form)
      MUST(tally_write_json(table, &to, &json, &check_error));
    else
      MUST(tally_write_csv(table, &to, &csv, &check_error));
    CHECK(written.size == expected.size && (written.size == 0 || memcmp(written.bytes, expected.bytes, written.size) == 0));
    free(written.bytes);
    free(expected.bytes);
  }
}

static void test_twins(void) {
  static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g"};
  static const int many[] = {1, 2, 3, 8, 64, 200};
  for (int round = 0; round < 60; round++) {
    tally_column *columns[7];
    int width = 1 + twin_random(7), rows = round < 54 ? twin_random(many[round % 6]) : 20000;
    for (int c = 0; c < width; c++) columns[c] = twin_column(twin_type(), rows, twin_random(2) ? twin_random(101) : 0);
    tally_table *table = twin_table(names, columns, (size_t)width, rows);
    tally_threads(1 + round % 3);
    check_twin(table, ",;\t|"[round % 4]);
    tally_table_release(table);
  }
  tally_threads(0);
}

/* A dictionary with a text that is too long to be kept ready. */
static void test_long_text(void) {
  static const char *const names[] = {"text"};
  char *text = malloc(100001);
  memset(text, 'x', 100000);
  text[100000] = '\0';
  tally_value values[64];
  for (int i = 0; i < 64; i++) values[i] = twin_text(i % 3 ? "a" : text);
  tally_column *column = twin_column_of(TALLY_TEXT, values, 64);
  CHECK(tally_column_has_dictionary(column));
  tally_table *table = twin_table(names, &column, 1, 64);
  check_twin(table, ',');
  tally_table_release(table);
  free(text);
}

int main(void) {
  tally_table *table = sample();
  test_numbers();
  test_random_numbers();
  test_values();
  test_csv(table);
  test_spreadsheet();
  test_json(table);
  test_twins();
  test_long_text();
  tally_table_release(table);
  return finish();
}
