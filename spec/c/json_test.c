/* Reading JSON: each folder of spec/data/json is a case: input.json, perhaps options.json, and either expected.json (the table as
 * tally writes it) with types.txt, or error.txt (a part of the message). Runs in the root of the project. */
#include <dirent.h>
#include <jansson.h>
#include <stdbool.h>

#include "check.h"

static const char folder[] = "spec/data/json";

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

/* ---- what came out ---- */

typedef struct sink {
  char *bytes;
  size_t size;
} sink;

static tally_status take(void *context, const void *bytes, size_t size, tally_error *error) {
  (void)error;
  sink *it = context;
  it->bytes = realloc(it->bytes, it->size + size + 1);
  memcpy(it->bytes + it->size, bytes, size);
  it->size += size;
  it->bytes[it->size] = '\0';
  return TALLY_OK;
}

/* "a:integer b:text", as in types.txt. */
static void shown_types(const tally_table *table, char *to, size_t size) {
  size_t used = 0;
  to[0] = '\0';
  for (size_t c = 0; c < tally_table_columns(table); c++) {
    used += (size_t)snprintf(to + used, size - used, "%s%s:%s", c ? " " : "", tally_table_name(table, c),
                             tally_type_name(tally_column_type(tally_table_column(table, c))));
  }
  snprintf(to + used, size - used, "\n");
}

static bool is_same(const char *name, const char *what, const char *found, const char *expected) {
  if (expected && strcmp(found, expected) == 0) return true;
  fprintf(stderr, "%s: %s is\n%s\nand not\n%s\n", name, what, found, expected ? expected : "(nothing)");
  return false;
}

static void check_table(const char *name, const tally_reading *reading, const char *expected) {
  sink it = {0};
  size_t size;
  char types[512], *expected_types = content(name, "types.txt", &size);
  MUST(tally_write_json(tally_reading_table(reading), &(tally_output){.write = take, .context = &it}, NULL, &check_error));
  CHECK(is_same(name, "the table", it.bytes, expected));
  shown_types(tally_reading_table(reading), types, sizeof types);
  CHECK(is_same(name, "the line of types", types, expected_types));
  free(expected_types);
  free(it.bytes);
}

static void check_message(const char *name, tally_status status, const tally_error *error, char *expected) {
  if (!expected) {
    fprintf(stderr, "%s: %s\n", name, error->text);
    CHECK(status == TALLY_OK);
    return;
  }
  expected[strcspn(expected, "\n")] = '\0';
  bool found = error->code == (int)status && strstr(error->text, expected);
  if (!found) fprintf(stderr, "%s: the message is\n%s\nwithout\n%s\n", name, error->text, expected);
  CHECK(found);
}

static void run_case(const char *name) {
  size_t size, used = tally_memory_used();
  char *expected = content(name, "expected.json", &size), *message = content(name, "error.txt", &size);
  char *bytes = content(name, "input.json", &size);
  given it;
  tally_error error = {0};
  tally_reading *reading = NULL;
  read_options(name, &it);
  tally_status status = tally_read_json(&(tally_input){.bytes = bytes, .size = size}, &it.options, &reading, &error);
  if (status == TALLY_OK) {
    CHECK(is_same(name, "the outcome", message ? "a table" : "", ""));
    check_table(name, reading, expected);
  } else {
    check_message(name, status, &error, message);
  }
  tally_reading_release(reading);
  CHECK(tally_memory_used() == used);
  json_decref(it.document);
  free(bytes);
  free(expected);
  free(message);
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
  CHECK(count >= 50);
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
  test_cases();
  test_metadata();
  test_problems();
  test_published();
  test_files();
  return finish();
}
