/* Reading JSON and NDJSON: each folder of spec/data/json is a case: input.json, perhaps options.json, and either expected.json (the
 * table as tally writes it) with types.txt and, where there are any, problems.csv, or error.txt (a part of the message). All of
 * them, and random documents, must come to the same however they are given and cut. Runs in the root of the project. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "sink.h"

static const char folder[] = "spec/data/json";

/* ---- written bytes ---- */

static void put(sink *it, const char *bytes, size_t size) {
  sink_take(it, bytes, size, NULL);
}

static void say(sink *it, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(sink *it, const char *format, ...) {
  char text[1000];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  put(it, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}

/* ---- cases ---- */

/* The content of a file of a case with a NUL after it, NULL when it is not there. */
static char *content(const char *name, const char *file, size_t *size) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s/%s", folder, name, file);
  FILE *in = fopen(path, "rb");
  if (!in) return NULL;
  fseek(in, 0, SEEK_END);
  *size = (size_t)ftell(in);
  rewind(in);
  char *bytes = malloc(*size + 1);
  *size = fread(bytes, 1, *size, in);
  bytes[*size] = '\0';
  fclose(in);
  return bytes;
}

static tally_type type_named(const char *name) {
  for (tally_type type = TALLY_BOOLEAN; type <= TALLY_DATE; type++) {
    if (strcmp(tally_type_name(type), name) == 0) return type;
  }
  return TALLY_MISSING;
}

static tally_on_problem on_problem_named(const char *name) {
  if (name && strcmp(name, "drop") == 0) return TALLY_PROBLEM_DROP;
  return name && strcmp(name, "error") == 0 ? TALLY_PROBLEM_ERROR : TALLY_PROBLEM_REPORT;
}

enum { NAMES_MOST = 10 };

typedef struct given {
  json_t *document;
  const char *names[NAMES_MOST];
  tally_type types[NAMES_MOST];
  tally_json_options options;
} given;

static void read_options(const char *name, given *it) {
  size_t size;
  char *bytes = content(name, "options.json", &size);
  *it = (given){.options = TALLY_JSON_OPTIONS};
  if (!bytes) return;
  it->document = json_loadb(bytes, size, 0, NULL);
  it->options.records = json_string_value(json_object_get(it->document, "records"));
  it->options.unnest = json_string_value(json_object_get(it->document, "unnest"));
  it->options.all_text = json_is_true(json_object_get(it->document, "all_text"));
  it->options.lines = json_is_true(json_object_get(it->document, "lines"));
  it->options.on_problem = on_problem_named(json_string_value(json_object_get(it->document, "on_problem")));
  it->options.type_names = it->names;
  it->options.types = it->types;
  json_t *types = json_object_get(it->document, "types"), *type;
  const char *column;
  json_object_foreach(types, column, type) {
    it->names[it->options.type_count] = column;
    it->types[it->options.type_count++] = type_named(json_string_value(type));
  }
  free(bytes);
}

/* "a:integer b:text", as in types.txt. */
static void say_types(const tally_table *table, sink *to) {
  for (size_t c = 0; c < tally_table_columns(table); c++) {
    say(to, "%s%s:%s", c ? " " : "", tally_table_name(table, c), tally_type_name(tally_column_type(tally_table_column(table, c))));
  }
  say(to, "\n");
}

static bool is_same(const char *name, const char *what, const char *found, const char *expected) {
  if (expected && strcmp(found, expected) == 0) return true;
  fprintf(stderr, "%s: %s is\n%s\nand not\n%s\n", name, what, found, expected ? expected : "(nothing)");
  return false;
}

/* Problems without their header; nothing when there are none. A NUL is shown as '~', so that they can be compared as strings. */
static void say_problems(const tally_reading *reading, sink *to) {
  tally_csv_write_options options = TALLY_CSV_WRITE_OPTIONS;
  options.header = false;
  tally_output output = sink_output(to);
  MUST(tally_write_csv(tally_reading_problems(reading), &output, &options, &check_error));
  for (size_t i = 0; i < to->size; i++) {
    if (to->bytes[i] == '\0') to->bytes[i] = '~';
  }
}

static void check_file(const char *name, const char *file, sink *found) {
  size_t size;
  char *expected = content(name, file, &size);
  CHECK(is_same(name, file, found->bytes ? found->bytes : "", expected ? expected : ""));
  free(expected);
  free(found->bytes);
}

static void check_table(const char *name, const tally_reading *reading) {
  sink table = {0}, types = {0}, problems = {0};
  tally_output output = sink_output(&table);
  MUST(tally_write_json(tally_reading_table(reading), &output, NULL, &check_error));
  say_types(tally_reading_table(reading), &types);
  say_problems(reading, &problems);
  check_file(name, "expected.json", &table);
  check_file(name, "types.txt", &types);
  check_file(name, "problems.csv", &problems);
}

static void check_message(const char *name, tally_status status, const tally_error *error, char *expected) {
  char text[640];
  tally_error_message(error, text, sizeof text);
  if (!expected) {
    fprintf(stderr, "%s: %s\n", name, text);
    CHECK(status == TALLY_OK);
    return;
  }
  expected[strcspn(expected, "\n")] = '\0';
  bool found = error->code == (int)status && strstr(text, expected);
  if (!found) fprintf(stderr, "%s: the message is\n%s\nwithout\n%s\n", name, text, expected);
  CHECK(found);
}

static void read_case(const char *name, const tally_input *input, const tally_json_options *options) {
  size_t size, used = tally_memory_used();
  char *message = content(name, "error.txt", &size);
  tally_error error = {0};
  tally_reading *reading = NULL;
  tally_status status = tally_read_json(input, options, &reading, &error);
  if (status == TALLY_OK) {
    CHECK(is_same(name, "the outcome", message ? "a table" : "", ""));
    check_table(name, reading);
  } else {
    check_message(name, status, &error, message);
  }
  tally_reading_release(reading);
  CHECK(tally_memory_used() == used);
  free(message);
}

/* ---- the same, however it is given and cut ---- */

/* All that a reading tells, or the message. */
static char *outcome(const tally_input *input, const tally_json_options *options) {
  sink it = {0};
  tally_error error = {0};
  tally_reading *reading = NULL;
  if (tally_read_json(input, options, &reading, &error) != TALLY_OK) {
    char text[640];
    tally_error_message(&error, text, sizeof text);
    say(&it, "%s: %s", tally_status_name((tally_status)error.code), text);
    return it.bytes;
  }
  const tally_table *table = tally_reading_table(reading);
  const tally_reading_facts *facts = tally_reading_get_facts(reading);
  tally_output output = sink_output(&it);
  MUST(tally_write_json(table, &output, NULL, &check_error));
  say_types(table, &it);
  for (size_t c = 0; c < tally_table_columns(table); c++) {
    say(&it, "%s ", tally_column_has_dictionary(tally_table_column(table, c)) ? "coded" : "plain");
  }
  say_problems(reading, &it);
  MUST(tally_write_csv(tally_reading_metadata(reading), &output, NULL, &check_error));
  say(&it, "%s %lld %d\n", facts->format, (long long)facts->bytes, (int)facts->byte_order_marks);
  tally_reading_release(reading);
  return it.bytes;
}

typedef struct pouring {
  int descriptor;
  const char *bytes;
  size_t size;
} pouring;

static void *pour(void *context) {
  pouring *it = context;
  for (ssize_t done = 0; it->size > 0; it->bytes += done, it->size -= (size_t)done) {
    done = write(it->descriptor, it->bytes, it->size);
    if (done <= 0) break;
  }
  close(it->descriptor);
  return NULL;
}

static char *outcome_of_pipe(const char *bytes, size_t size, const tally_json_options *options) {
  int ends[2];
  pthread_t thread;
  CHECK(pipe(ends) == 0);
  pouring it = {ends[1], bytes, size};
  pthread_create(&thread, NULL, pour, &it);
  char *text = outcome(&(tally_input){.descriptor = ends[0], .name = "it"}, options);
  close(ends[0]);
  pthread_join(thread, NULL);
  return text;
}

static char scratch_path[] = "/tmp/tally-json-XXXXXX";

static void write_scratch(const char *bytes, size_t size) {
  int descriptor = open(scratch_path, O_WRONLY | O_TRUNC);
  CHECK(descriptor >= 0 && write(descriptor, bytes, size) == (ssize_t)size);
  close(descriptor);
}

/* takes `found` */
static void check_same(const char *name, const char *how, char *found, const char *expected) {
  CHECK(is_same(name, how, found, expected));
  free(found);
}

/* Reads in pieces of each size on each number of threads, from memory, and also from a file and a pipe. */
static void check_all_ways(const char *name, const char *bytes, size_t size, tally_json_options options) {
  static const size_t pieces[] = {1, 2, 3, 7, 31, 64, 65537};
  static const int threads[] = {1, 2, 3, 8};
  tally_input text = {.bytes = bytes, .size = size, .name = "it"}, file = {.path = scratch_path, .name = "it"};
  write_scratch(bytes, size);
  tally_threads(1);
  options.chunk_bytes = 0;
  char *expected = outcome(&text, &options);
  for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
    tally_threads(threads[t]);
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
      options.chunk_bytes = pieces[p];
      check_same(name, "what was read from memory", outcome(&text, &options), expected);
      if (threads[t] == 3) check_same(name, "what was read from a file", outcome(&file, &options), expected);
    }
    check_same(name, "what was read from a pipe", outcome_of_pipe(bytes, size, &options), expected);
  }
  tally_threads(0);
  free(expected);
}

static void run_case(const char *name) {
  size_t size;
  char *bytes = content(name, "input.json", &size);
  given it;
  read_options(name, &it);
  read_case(name, &(tally_input){.bytes = bytes, .size = size}, &it.options);
  check_all_ways(name, bytes, size, it.options);
  json_decref(it.document);
  free(bytes);
}

static void test_cases(void) {
  DIR *cases = opendir(folder);
  int count = 0;
  CHECK(cases != NULL);
  for (struct dirent *entry; cases && (entry = readdir(cases));) {
    if (entry->d_name[0] == '.') continue;
    run_case(entry->d_name);
    count++;
  }
  if (cases) closedir(cases);
  CHECK(count >= 80);
}

/* ---- around the table ---- */

static bool is_text(const tally_table *table, const char *column, int64_t row, const char *expected) {
  tally_value value = tally_column_value(tally_table_find(table, column), row);
  return value.type == TALLY_TEXT && value.text.size == strlen(expected) &&
         memcmp(value.text.bytes, expected, value.text.size) == 0;
}

static tally_reading *read_text(const char *text, const tally_json_options *options) {
  tally_reading *reading;
  MUST(tally_read_json(&(tally_input){.bytes = text, .size = strlen(text)}, options, &reading, &check_error));
  return reading;
}

static void test_metadata(void) {
  tally_reading *reading = read_text(
      "\xEF\xBB\xBF{\"meta\":{\"count\":1,\"page\":{\"n\":0.5}},\"licence\":\"OGL\",\"next\":null,\"results\":[{\"a\":1}]}", NULL);
  const tally_table *metadata = tally_reading_metadata(reading);
  CHECK(tally_table_rows(metadata) == 3);
  CHECK(is_text(metadata, "key", 0, "meta.count") && is_text(metadata, "value", 0, "1"));
  CHECK(is_text(metadata, "key", 1, "meta.page.n") && is_text(metadata, "value", 1, "0.5"));
  CHECK(is_text(metadata, "key", 2, "licence") && is_text(metadata, "value", 2, "OGL"));
  const tally_reading_facts *facts = tally_reading_get_facts(reading);
  CHECK(strcmp(facts->format, "json") == 0 && strcmp(facts->reader, "jansson") == 0 && facts->byte_order_marks == 1);
  CHECK(facts->separator == 0 && facts->bytes == 88);
  tally_reading_release(reading);
  reading = read_text("{\"a\":1}\n{\"a\":2}\n", NULL);
  CHECK(strcmp(tally_reading_get_facts(reading)->format, "ndjson") == 0);
  CHECK(tally_table_rows(tally_reading_metadata(reading)) == 0);
  tally_reading_release(reading);
}

static void test_problems(void) {
  const char *names[] = {"a"};
  tally_type types[] = {TALLY_INTEGER};
  tally_json_options options = TALLY_JSON_OPTIONS;
  options.type_names = names;
  options.types = types;
  options.type_count = 1;
  tally_reading *reading = read_text("[{\"a\":\"ten\"},{\"a\":10},{\"a\":[1]},{\"a\":9.5}]", &options);
  const tally_table *problems = tally_reading_problems(reading);
  CHECK(tally_table_rows(problems) == 3);
  CHECK(is_text(problems, "column", 0, "a") && is_text(problems, "text", 0, "ten") && is_text(problems, "text", 2, "9.5"));
  CHECK(tally_column_missing(tally_table_column(tally_reading_table(reading), 0)) == 3);
  tally_reading_release(reading);
}

/* ---- random documents ---- */

static uint64_t random_state = 0x9E3779B97F4A7C15u;

/* 0 .. below-1 */
static int random_below(int below) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (int)((random_state >> 20) % (uint64_t)below);
}

static const char *one_of(const char *const *texts, int count) {
  return texts[random_below(count)];
}

static const char *random_number(bool integer) {
  static const char *const integers[] = {"0",
                                         "1",
                                         "-1",
                                         "-0",
                                         "42",
                                         "9007199254740993",
                                         "-9223372036854775808",
                                         "9223372036854775807",
                                         "9223372036854775808",
                                         "-18446744073709551616"};
  static const char *const numbers[] = {"0.0",
                                        "-0.0",
                                        "0.1",
                                        "1e2",
                                        "1.5E-3",
                                        "2.2250738585072014e-308",
                                        "5e-324",
                                        "1e-400",
                                        "123456789.123456789",
                                        "1.7976931348623157e308",
                                        "100000000000000000000.5",
                                        "9e15"};
  return integer ? one_of(integers, random_below(4) ? 5 : 10) : one_of(numbers, 12);
}

static const char *random_text(void) {
  static const char *const texts[] = {"\"\"",
                                      "\"UG\"",
                                      "\"PGT\"",
                                      "\"2020-02-29\"",
                                      "\"2021-01-31\"",
                                      "\"a\\\"b\\\\c\\/\\n\"",
                                      "\"\\u00e9\\ud83c\\udf93\"",
                                      "\"\xC3\xA9t\xC3\xA9\"",
                                      "\"{[,:]}\"",
                                      "\"true\"",
                                      "\"12\"",
                                      "\"a text longer than sixteen bytes\""};
  return one_of(texts, 12);
}

static void say_value(sink *to, int kind, int depth);

static void say_object(sink *to, int kind, int depth) {
  static const char *const keys[] = {"\"x\"", "\"y\"", "\"\\u00e9\"", "\"z z\"", "\"\""};
  const char *between = "";
  say(to, "{");
  for (int i = 0; i < 5; i++) {
    if (random_below(3)) continue;
    say(to, "%s%s%s: ", between, random_below(5) ? "" : " ", keys[i]);
    say_value(to, random_below(4) ? kind : random_below(8), depth + 1);
    between = ",";
  }
  say(to, "}");
}

static void say_list(sink *to, int depth) {
  say(to, "[");
  for (int i = random_below(4); i > 0; i--) {
    say_value(to, random_below(8), depth + 1);
    say(to, i > 1 ? " , " : "");
  }
  say(to, "]");
}

/* kind  0 null, 1 boolean, 2 integer, 3 number, 4 and 5 text, 6 list, 7 object */
static void say_value(sink *to, int kind, int depth) {
  if (depth > 3 && kind > 5) kind = 0;
  if (kind == 0) say(to, "null");
  if (kind == 1) say(to, "%s", random_below(2) ? "true" : "false");
  if (kind == 2 || kind == 3) say(to, "%s", random_number(kind == 2));
  if (kind == 4 || kind == 5) say(to, "%s", random_text());
  if (kind == 6) say_list(to, depth);
  if (kind == 7) say_object(to, random_below(8), depth);
}

enum { COLUMNS_MOST = 6 };

/* A record whose values are mostly of the kinds of their columns. */
static void say_record(sink *to, const int *kinds, int mixed) {
  static const char *const keys[COLUMNS_MOST] = {"\"id\"", "\"level\"", "\"n\"", "\"share\"", "\"day\"", "\"g\\u0065o\""};
  const char *between = "";
  say(to, "{");
  for (int i = 0; i < COLUMNS_MOST; i++) {
    if (random_below(10) == 0) continue;
    say(to, "%s%s:%s", between, keys[i], random_below(4) ? "" : " ");
    say_value(to, random_below(100) < mixed ? random_below(8) : kinds[i], 0);
    between = random_below(4) ? "," : " ,\t";
  }
  say(to, "}");
}

/* The same records one a line, with `damage` in a hundred lines that are none, and as a list. */
static int say_records(sink *lines, sink *list, int most, int damage) {
  static const char *const none[] = {"",     " ",    "5",    "{\"id\":}",   "{\"id\":1,\"id\":2}", "{\"late\":1", "}",
                                     "\xFF", "[{}]", "null", "{\"new\":[}", "{\"id\":1e999}",      "{\"id\":01}", "{} {}"};
  int kinds[COLUMNS_MOST], mixed = random_below(3) ? random_below(8) : 0, count = 0;
  for (int i = 0; i < COLUMNS_MOST; i++) kinds[i] = random_below(8);
  say(list, "[");
  for (int left = 1 + random_below(most); left > 0; left--) {
    if (random_below(100) < damage) {
      say(lines, "%s\n", one_of(none, 14));
      continue;
    }
    size_t start = lines->size;
    say_record(lines, kinds, mixed);
    say(list, "%s", count++ ? ",\n" : "");
    put(list, lines->bytes + start, lines->size - start);
    say(lines, "%s", random_below(5) ? "\n" : "\r\n");
  }
  say(list, "]");
  return count;
}

/* ---- a slow twin: each record is parsed again, and each of its values looked up in the table ---- */

typedef struct looking {
  const tally_table *table;
  int64_t row;
  int64_t seen; /* values that are not null */
} looking;

/* The text of a column of text for a value; static until the next call. */
static const char *text_form(const json_t *value) {
  static char form[64];
  static char *list;
  if (json_is_string(value)) return json_string_value(value);
  if (json_is_true(value)) return "true";
  if (json_is_false(value)) return "false";
  free(list);
  list = json_is_array(value) ? json_dumps(value, JSON_COMPACT) : NULL;
  if (list) return list;
  tally_value plain = {.type = json_is_integer(value) ? TALLY_INTEGER : TALLY_NUMBER, .integer = json_integer_value(value)};
  if (json_is_real(value)) plain.number = json_real_value(value);
  tally_format_value(plain, form, sizeof form);
  return form;
}

static bool is_text_of(tally_text text, const json_t *value) {
  if (json_is_array(value)) { /* written otherwise by jansson: compared as values */
    json_t *again = json_loadb(text.bytes, text.size, JSON_DECODE_ANY, NULL);
    bool same = again && json_equal(again, value);
    json_decref(again);
    return same;
  }
  const char *form = text_form(value);
  return text.size == strlen(form) && memcmp(text.bytes, form, text.size) == 0;
}

static bool is_value_of(tally_value cell, const json_t *value) {
  char day[32];
  double number = json_number_value(value);
  switch (cell.type) {
    case TALLY_BOOLEAN:
      return json_is_boolean(value) && cell.boolean == json_is_true(value);
    case TALLY_INTEGER:
      return json_is_integer(value) && cell.integer == json_integer_value(value);
    case TALLY_NUMBER:
      return json_is_number(value) && memcmp(&cell.number, &number, sizeof number) == 0;
    case TALLY_DATE:
      tally_format_value(cell, day, sizeof day);
      return json_is_string(value) && strcmp(day, json_string_value(value)) == 0;
    case TALLY_TEXT:
      return is_text_of(cell.text, value);
    default:
      return false;
  }
}

static void look_up(looking *it, const char *path, json_t *value) {
  char name[256];
  const char *key;
  json_t *member;
  if (json_is_object(value)) {
    json_object_foreach(value, key, member) {
      snprintf(name, sizeof name, "%s%s%s", path, *path ? "." : "", key);
      look_up(it, name, member);
    }
    return;
  }
  if (json_is_null(value)) return;
  const tally_column *column = tally_table_find(it->table, path);
  it->seen++;
  CHECK(column && is_value_of(tally_column_value(column, it->row), value));
}

/* Integers past 64 bits are for jansson none: those of random_number in quotes, but not where they are the text of a list. */
static void quote_large(sink *it) {
  static const char *const large[] = {"9223372036854775808", "-18446744073709551616"};
  for (int i = 0; i < 2; i++) {
    size_t size = strlen(large[i]);
    for (char *at = it->bytes; (at = strstr(at, large[i])); at += size + 2) {
      if (at[-1] == '-') continue;
      size_t before = (size_t)(at - it->bytes);
      put(it, "  ", 2);
      at = it->bytes + before;
      memmove(at + size + 2, at + size, it->size - 2 - before - size);
      memmove(at + 1, at, size);
      at[0] = at[size + 1] = '"';
    }
  }
}

static void check_values(const tally_table *table, const sink *list) {
  sink quoted = {0};
  looking it = {.table = table};
  int64_t present = 0;
  put(&quoted, list->bytes, list->size);
  quote_large(&quoted);
  json_t *records = json_loadb(quoted.bytes, quoted.size, 0, NULL);
  CHECK(records && tally_table_rows(table) == (int64_t)json_array_size(records));
  for (; it.row < tally_table_rows(table); it.row++) look_up(&it, "", json_array_get(records, (size_t)it.row));
  for (size_t c = 0; c < tally_table_columns(table); c++) {
    present += tally_table_rows(table) - tally_column_missing(tally_table_column(table, c));
  }
  CHECK(present == it.seen);
  json_decref(records);
  free(quoted.bytes);
}

/* ---- what must hold of random documents ---- */

/* The table and its types; takes the reading. */
static char *table_text(tally_reading *reading) {
  sink it = {0};
  tally_output output = sink_output(&it);
  MUST(tally_write_json(tally_reading_table(reading), &output, NULL, &check_error));
  say_types(tally_reading_table(reading), &it);
  tally_reading_release(reading);
  return it.bytes;
}

/* A list inside an object goes through jansson alone, and is the referee of the others. */
static tally_reading *read_inside_object(const sink *list) {
  sink it = {0};
  tally_reading *reading;
  tally_json_options options = TALLY_JSON_OPTIONS;
  options.records = "r";
  say(&it, "{\"r\":");
  put(&it, list->bytes, list->size);
  say(&it, "}");
  MUST(tally_read_json(&(tally_input){.bytes = it.bytes, .size = it.size}, &options, &reading, &check_error));
  free(it.bytes);
  return reading;
}

static tally_reading *read_sink(const sink *it, const tally_json_options *options) {
  tally_reading *reading;
  MUST(tally_read_json(&(tally_input){.bytes = it->bytes, .size = it->size}, options, &reading, &check_error));
  return reading;
}

/* Written and read again it is the same, as a list and in lines. */
static void check_round_trip(const tally_table *table, const char *expected) {
  for (int lines = 0; lines < 2; lines++) {
    sink it = {0};
    tally_output output = sink_output(&it);
    tally_json_options options = TALLY_JSON_OPTIONS;
    options.lines = lines;
    tally_json_write_options how = {sizeof how, lines};
    MUST(tally_write_json(table, &output, &how, &check_error));
    check_same("a table", "what was written and read", table_text(read_sink(&it, &options)), expected);
    free(it.bytes);
  }
}

static void check_random(int most, int damage) {
  sink lines = {0}, list = {0};
  tally_json_options options = TALLY_JSON_OPTIONS;
  options.lines = true;
  options.chunk_bytes = random_below(2) ? 0 : 1 + (size_t)random_below(300);
  if (say_records(&lines, &list, most, damage) > 0) {
    tally_reading *reading = read_inside_object(&list);
    check_values(tally_reading_table(reading), &list);
    tally_table *table = tally_table_retain(tally_reading_table(reading));
    char *expected = table_text(reading);
    check_same("lines", "what was read", table_text(read_sink(&lines, &options)), expected);
    options.lines = false;
    check_same("a list", "what was read", table_text(read_sink(&list, &options)), expected);
    check_round_trip(table, expected);
    tally_table_release(table);
    free(expected);
  }
  free(lines.bytes);
  free(list.bytes);
}

static void test_random(void) {
  for (int i = 0; i < 400; i++) check_random(60, random_below(2) ? 0 : 10);
  check_random(20000, 1);
  for (int i = 0; i < 3; i++) {
    sink lines = {0}, list = {0};
    tally_json_options options = TALLY_JSON_OPTIONS;
    options.lines = true;
    options.on_problem = i == 2 ? TALLY_PROBLEM_ERROR : TALLY_PROBLEM_REPORT;
    say_records(&lines, &list, 150, 20);
    check_all_ways("random lines", lines.bytes, lines.size, options);
    check_all_ways("a random list", list.bytes, list.size, (tally_json_options)TALLY_JSON_OPTIONS);
    free(lines.bytes);
    free(list.bytes);
  }
}

/* ---- plain records: the second line has only keys of the first, so that it need not go through jansson ---- */

static const char first_record[] = "{\"a\":1,\"b\":{\"c\":\"x\",\"\xC3\xA9\":null},\"d\":true}";

/* The list is read when it is one of records, as jansson has it, and else is an error. */
static void check_refused(const sink *list) {
  tally_error error = {0};
  tally_reading *reading = NULL;
  json_t *value = json_loadb(list->bytes, list->size, JSON_REJECT_DUPLICATES, NULL);
  bool records = json_is_array(value);
  for (size_t i = 0; records && i < json_array_size(value); i++) records = json_is_object(json_array_get(value, i));
  if (memchr(list->bytes, 0, list->size)) records = false;
  tally_status status = tally_read_json(&(tally_input){.bytes = list->bytes, .size = list->size}, NULL, &reading, &error);
  CHECK((status == TALLY_OK) == records && (records || error.code == TALLY_ESYNTAX));
  tally_reading_release(reading);
  json_decref(value);
}

/* Read as a line after the first record it must be what jansson makes of it, and nothing where jansson refuses it. */
static void check_plain(const char *record, size_t size) {
  sink lines = {0}, list = {0};
  tally_json_options options = TALLY_JSON_OPTIONS;
  options.lines = true;
  say(&lines, "%s\n", first_record);
  say(&list, "[%s,", first_record);
  lines.bytes = realloc(lines.bytes, lines.size + size); /* to the byte, so that one read past the end is seen */
  memcpy(lines.bytes + lines.size, record, size);
  lines.size += size;
  put(&list, record, size);
  say(&list, "]");
  json_t *value = memchr(record, 0, size) ? NULL : json_loadb(record, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
  tally_reading *reading = read_sink(&lines, &options);
  CHECK(tally_table_rows(tally_reading_table(reading)) == 1 + json_is_object(value));
  if (json_is_object(value)) {
    char *expected = table_text(read_inside_object(&list));
    check_same(record, "a plain line", table_text(reading), expected);
    check_same(record, "a plain element", table_text(read_sink(&list, NULL)), expected);
    free(expected);
  } else {
    CHECK(tally_table_rows(tally_reading_problems(reading)) == 1);
    tally_reading_release(reading);
    check_refused(&list);
  }
  json_decref(value);
  free(lines.bytes);
  free(list.bytes);
}

static void test_plain_values(void) {
  static const char *const values[] = {"0",
                                       "-0",
                                       "-",
                                       "01",
                                       "-01",
                                       "1.",
                                       ".5",
                                       "1.5",
                                       "-1.5",
                                       "1.e5",
                                       "1e5",
                                       "1E+5",
                                       "1e-5",
                                       "1e",
                                       "1e+",
                                       "1.5e5.5",
                                       "+1",
                                       "0x10",
                                       "1e400",
                                       "-1e400",
                                       "1e99999",
                                       "1e-99999",
                                       "0.0000000000000000000000000000000000000000000000000000000000000000001e70",
                                       "999999999999999999",
                                       "-999999999999999999",
                                       "1000000000000000000",
                                       "9223372036854775807",
                                       "NaN",
                                       "Infinity",
                                       "1 2",
                                       "1a",
                                       "true",
                                       "false",
                                       "null",
                                       "tru",
                                       "truee",
                                       "True",
                                       "nul",
                                       "nulll",
                                       "falsey",
                                       "t",
                                       "n",
                                       "",
                                       "\"\"",
                                       "\"x",
                                       "x\"",
                                       "\"a\"b\"",
                                       "\"\xC3\xA9\"",
                                       "\"\xC3\"",
                                       "\"\xED\xA0\x80\"",
                                       "\"\xF4\x90\x80\x80\"",
                                       "\"\xC0\x80\"",
                                       "\"\x7F\"",
                                       "\"\x1F\"",
                                       "\"\t\"",
                                       "\"12345678\"",
                                       "\"1234567\\\"8\"",
                                       "\"123456\x01\"",
                                       "\"a long text \xE2\x80\xA8 of many bytes\"",
                                       "{}",
                                       "{\"c\":1}",
                                       "{\"c\":1,\"c\":2}",
                                       "{\"c\":{}}",
                                       "{\"c\":1,}",
                                       "{,}",
                                       "{\"c\"}",
                                       "{\"c\":}",
                                       "{\"c\" : 1 }",
                                       "{c:1}",
                                       "[]",
                                       "[1,2]",
                                       "{\"new\":1}",
                                       "{\"\\u00e9\":1}",
                                       "{\"\xC3\xA9\":1}",
                                       "2020-01-01",
                                       "\"2020-01-01\"",
                                       "\"2020-01-32\""};
  static const char *const frames[] = {"{\"a\":%s}",        "{\"b\":%s}",         " { \"d\" :\t%s , \"a\" : 1 } ",
                                       "{\"d\":%s,\"a\":1", "{\"a\":1,\"a\":%s}", "{\"a\":%s}}",
                                       "{\"a\":%s},"};
  char record[200];
  for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
    for (size_t f = 0; f < sizeof frames / sizeof *frames; f++) {
      int size = snprintf(record, sizeof record, frames[f], values[v]);
      check_plain(record, (size_t)size);
    }
  }
}

/* One byte or two changed, added or taken out. */
static void test_plain_damage(void) {
  static const char bytes[] = "{}[]:,\"\\ \t09-+.eEtrufalsn\x01\x7F\x80\xC3\xA9";
  for (int i = 0; i < 20000; i++) {
    char record[200] = "{\"a\": -12.5e3,\"b\":{\"c\":\"some text\",\"\xC3\xA9\":[]},\"d\":null,\"b\":0}";
    if (random_below(4)) memcpy(record, first_record, sizeof first_record);
    for (int times = 1 + random_below(2); times > 0; times--) {
      size_t size = strlen(record), at = (size_t)random_below((int)size);
      int how = random_below(3);
      if (how == 0) memmove(record + at, record + at + 1, size - at);
      if (how == 1) memmove(record + at + 1, record + at, size - at + 1);
      if (how > 0) record[at] = bytes[random_below(sizeof bytes - 1)];
    }
    check_plain(record, strlen(record));
  }
}

/* ---- depth, width, locales, memory, interruption ---- */

static void say_times(sink *to, const char *text, int times) {
  for (int i = 0; i < times; i++) say(to, "%s", text);
}

static void check_start(const sink *it, const tally_json_options *options, const char *start) {
  char *text = outcome(&(tally_input){.bytes = it->bytes, .size = it->size, .name = "it"}, options);
  text[strlen(text) < strlen(start) ? strlen(text) : strlen(start)] = '\0';
  CHECK(is_same("a document", "the start of the outcome", text, start));
  free(text);
}

/* As a document, and as the second of three lines. */
static void check_deep(const char *open, const char *middle, const char *close, int depth, const char *start) {
  sink one = {0}, lines = {0};
  tally_json_options options = TALLY_JSON_OPTIONS;
  say_times(&one, open, depth);
  say(&one, "%s", middle);
  say_times(&one, close, depth);
  check_start(&one, &options, start);
  options.lines = true;
  say(&lines, "{\"a\":1}\n");
  put(&lines, one.bytes, one.size);
  say(&lines, "\n{\"a\":2}\n");
  tally_reading *reading = read_sink(&lines, &options);
  CHECK(tally_table_rows(tally_reading_table(reading)) == 2 + (start[0] == '['));
  tally_reading_release(reading);
  free(one.bytes);
  free(lines.bytes);
}

static void *test_deep(void *unused) {
  check_deep("[", "", "]", 1 << 16, "syntax: it:1:2049: lists and objects lie more than 2,048 deep");
  check_deep("[", "", "", 1 << 20, "syntax: it:1:2049: lists and objects lie more than 2,048 deep");
  check_deep("{\"a\":", "1", "}", 1 << 16, "syntax: it:1:10241: lists and objects lie more than 2,048 deep");
  check_deep("{\"a\":", "1", "}", 2047, "[\n{\"a.a.a.a");
  check_deep("{\"a\":[", "", "]}", 1000, "[\n{\"a\":\"[{\\\"a\\\":[{");
  return unused;
}

/* Half a megabyte; sanitizers want more for the same functions. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { SMALL_STACK = 1 << 22 };
#else
enum { SMALL_STACK = 1 << 19 };
#endif

static void run_on_small_stack(void *(*test)(void *)) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, SMALL_STACK);
  int failed = pthread_create(&thread, &attributes, test, NULL);
  if (!failed) pthread_join(thread, NULL);
  CHECK(!failed);
  pthread_attr_destroy(&attributes);
}

/* Lines of which each has a key of its own beside `id`, in an object of its own or not. */
static void say_keys(sink *to, int lines, const char *before, const char *after) {
  for (int i = 0; i < lines; i++) say(to, "{\"id\":%d,%s\"k%d\":{\"v\":%d}%s}\n", i, before, i, i, after);
}

static void test_many_keys(void) {
  sink nested = {0}, flat = {0}, wide = {0};
  tally_json_options options = TALLY_JSON_OPTIONS;
  say_keys(&nested, 1000, "\"words\":{", "}");
  check_start(&nested, &options, "[\n{\"id\":0,\"words.k0.v\":0,\"words.k1.v\":null");
  say_keys(&nested, 1000, "\"words\":{", "}");
  check_start(&nested, &options, "[\n{\"id\":0,\"words.k0.v\":0,\"words.k1.v\":null");
  nested.size = 0;
  say_keys(&nested, 1001, "\"words\":{", "}");
  check_start(&nested, &options, "[\n{\"id\":0,\"words\":\"{\\\"k0\\\":{\\\"v\\\":0}}\"},\n{\"id\":1,\"words\":\"{");
  say(&nested, "{\"id\":1001,\"words\":{}}\n{\"id\":1002,\"words\":{}}\n{\"id\":1003,\"words\":null}\n");
  check_all_ways("many keys", nested.bytes, nested.size, options);
  say_keys(&flat, 1100, "", "");
  check_start(&flat, &options, "[\n{\"id\":0,\"k0.v\":0,\"k1.v\":null");
  say_keys(&wide, 20001, "", "");
  check_start(&wide, &options, "shape: it: the records have more than 20000 different keys, 'k9999' among them");
  free(nested.bytes);
  free(flat.bytes);
  free(wide.bytes);
}

/* A locale whose decimal sign is a comma; it is compiled when the machine has none. */
static bool set_comma_locale(void) {
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
  for (int i = 0; i < 3; i++) {
    if (setlocale(LC_ALL, names[i])) return true;
  }
  char made[64], command[256];
  snprintf(made, sizeof made, "%s.locale", scratch_path);
  snprintf(command, sizeof command, "mkdir -p %s && localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >&2", made, made);
  if (system(command) != 0) return false;
  setenv("LOCPATH", made, 1);
  bool set = setlocale(LC_ALL, names[0]) != NULL;
  snprintf(command, sizeof command, "rm -r %s", made);
  return system(command) == 0 && set;
}

static void test_locale(void) {
  static const char text[] = "{\"a\":0.1,\"b\":1.5e-3}\n{\"a\":123456.789,\"b\":17976931348623157.0e292}\n{\"a\":{\"x\":[2.5]}}\n";
  const sink it = {.bytes = (char *)text, .size = sizeof text - 1};
  CHECK(set_comma_locale() && strcmp(localeconv()->decimal_point, ",") == 0);
  check_start(&it, NULL,
              "[\n{\"a\":0.1,\"b\":0.0015,\"a.x\":null},\n{\"a\":123456.789,\"b\":1.7976931348623157e308,\"a.x\":null},\n"
              "{\"a\":null,\"b\":null,\"a.x\":\"[2.5]\"}\n]\na:number b:number a.x:text\n");
  setlocale(LC_ALL, "C");
}

static void test_memory(void) {
  sink it = {0};
  tally_json_options options = TALLY_JSON_OPTIONS;
  options.chunk_bytes = 1 << 16;
  for (int i = 0; i < 30000; i++)
    say(&it, "{\"provider\":\"University number %d of many\",\"level\":\"First degree\",\"students\":%d}\n", i % 500, i);
  tally_set_memory_limit(tally_memory_used() + it.size);
  tally_reading_release(read_sink(&it, &options));
  tally_set_memory_limit(tally_memory_used() + it.size / 100);
  check_start(&it, &options, "memory: ");
  tally_set_memory_limit(0);
  free(it.bytes);
}

static void test_cancel(void) {
  const sink lines = {.bytes = (char *)"{\"a\":1}\n{\"a\":2}\n", .size = 16};
  const sink list = {.bytes = (char *)"[{\"a\":1},{\"a\":2}]", .size = 17};
  tally_cancel(true);
  check_start(&lines, NULL, "cancel: ");
  check_start(&list, NULL, "cancel: ");
  tally_cancel(false);
  check_start(&lines, NULL, "[\n{\"a\":1},\n{\"a\":2}\n]\n");
}

typedef struct told {
  int ends;
  tally_progress last;
} told;

static void listen(void *context, const tally_progress *progress) {
  told *it = context;
  it->ends += progress->ended;
  it->last = *progress;
}

static void test_progress(void) {
  static const char *const documents[] = {"{\"a\":1}\n{\"a\":2}\n", "[{\"a\":1},{\"a\":2}]"};
  for (int i = 0; i < 2; i++) {
    told it = {0};
    tally_on_progress(listen, &it);
    free(outcome(&(tally_input){.bytes = documents[i], .size = strlen(documents[i])}, NULL));
    CHECK(it.ends == 1 && it.last.rows == 2 && it.last.done > 0 && it.last.done <= it.last.total);
  }
  tally_on_progress(NULL, NULL);
}

/* A program made for an older or a newer version. */
static void test_options(void) {
  const sink it = {.bytes = (char *)"{\"a\":1}\nx\n", .size = 10};
  tally_json_options options = TALLY_JSON_OPTIONS;
  options.on_problem = TALLY_PROBLEM_ERROR;
  check_start(&it, &options, "syntax: it:2:1: ");
  options.size = offsetof(tally_json_options, on_problem);
  check_start(&it, &options, "[\n{\"a\":1}\n]");
  options.size = sizeof options + 8;
  check_start(&it, &options, "shape: json options of ");
  options.size = 0;
  check_start(&it, &options, "shape: json options of ");
}

/* ---- published files, where they are ---- */

static tally_reading *read_file(const char *name, const char *unnest) {
  char path[500];
  snprintf(path, sizeof path, "%s/%s", published_folder(), name);
  tally_reading *reading = NULL;
  tally_json_options options = TALLY_JSON_OPTIONS;
  options.unnest = unnest;
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fclose(file);
  MUST(tally_read_json(&(tally_input){.path = path}, &options, &reading, &check_error));
  return reading;
}

static bool has_shape(tally_reading *reading, int64_t rows, size_t columns) {
  if (!reading) return true;
  const tally_table *table = tally_reading_table(reading);
  bool same = tally_table_rows(table) == rows && tally_table_columns(table) == columns;
  if (!same) fprintf(stderr, "%lld rows, %zu columns\n", (long long)tally_table_rows(table), tally_table_columns(table));
  tally_reading_release(reading);
  return same;
}

static void test_published(void) {
  CHECK(has_shape(read_file("funding/a002400000KeYdsAAF.json", NULL), 379, 26));
  CHECK(has_shape(read_file("research/collaborations_20250921_110919.json", NULL), 31, 28));
  CHECK(has_shape(read_file("research/openalex-institution.json", NULL), 1, 136));
  CHECK(has_shape(read_file("research/openalex-institution.json", "counts_by_year"), 14, 138));
}

static void test_files(void) {
  tally_error error = {0};
  tally_reading *reading = NULL;
  CHECK(tally_read_json(&(tally_input){.path = "spec/no-such.json"}, NULL, &reading, &error) == TALLY_EIO);
  CHECK(strcmp(error.where, "spec/no-such.json") == 0 && !reading);
  error = (tally_error){0};
  CHECK(tally_read_json(&(tally_input){.path = "spec"}, NULL, &reading, &error) == TALLY_EIO);
  CHECK(strcmp(error.where, "spec") == 0 && strstr(error.text, "is a directory"));
}

int main(void) {
  int descriptor = mkstemp(scratch_path);
  signal(SIGPIPE, SIG_IGN); /* a pipe that is not read to its end */
  if (descriptor >= 0) close(descriptor);
  test_cases();
  test_metadata();
  test_problems();
  test_random();
  test_plain_values();
  test_plain_damage();
  run_on_small_stack(test_deep);
  test_many_keys();
  test_locale();
  test_memory();
  test_cancel();
  test_progress();
  test_options();
  test_published();
  test_files();
  unlink(scratch_path);
  tally_shutdown();
  return finish();
}
