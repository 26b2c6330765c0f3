/* Memory that is refused: each step of a day's work is run with its first allocation refused, then its second, and so on, once and
 * from then on. Each time it must say so, leak nothing and leave everything as it was, until it succeeds. The allocations of
 * jansson are among them. */
#include <jansson.h>

#include "twin.h"

static const char enrolments[] =
    "Title:,Enrolments by level\n"
    "Date:,2021-01-26\n"
    "\n"
    "UKPRN,Provider,Level,Students,Share,Day\n"
    "10007774,\"Oxford, University of\",UG,\"11,930\",0.481,2019-07-31\n"
    "10007788,Cambridge,UG,[c],0.5,2019-07-31\n"
    "10007788,Cambridge,PGT,4370,..,2020-07-31\n"
    "10003270,\"Imperial \"\"College\"\"\",PGR,3930,,2020-07-31\n"
    "10003270,Imperial,UG\n"
    ",Total,,20230,,\n";

static const char providers[] = "UKPRN,Group\n10007774,Russell Group\n10007788,Russell Group\n10003270,Other\n10000001,Other\n";

static const char works[] =
    "{\"meta\":{\"count\":3},\"results\":[{\"id\":\"W1\",\"year\":2019,\"geo\":{\"x\":0.1,\"y\":null},\"countries\":[\"CN\",\"GB\"]"
    "},"
    "{\"id\":\"W2\",\"year\":2020,\"open\":true,\"countries\":[]},"
    "{\"id\":\"W3\",\"year\":\"soon\",\"day\":\"2020-02-29\",\"countries\":[\"DE\"]}]}";

/* No text or number of sixteen bytes and more: jansson 2.14 drops a byte of one without a word when its growing buffer is refused
 * memory once only (lex_save in its load.c). When memory stays refused, as it does in life, the text itself is refused next. */
static const char lines[] =
    "{\"a\":1,\"b\":\"x\"}\n\n{\"a\":}\n{\"a\":2.5,\"b\":{\"c\":[1,{\"d\":\"short\"}]}}\n{\"\":\"?\",\"e\":1e400}\n"
    "{\"b\":\"\",\"a\":\"z\"}\n";

/* ---- reading ---- */

/* The table of a reading that is let go; takes the reading. */
static tally_status keep_table(tally_status status, tally_reading *reading, tally_table **out) {
  if (status == TALLY_OK) *out = tally_table_retain(tally_reading_table(reading));
  tally_reading_release(reading);
  return status;
}

static tally_status read_csv(const void *options, tally_table **out, tally_error *error) {
  tally_reading *reading = NULL;
  tally_input input = {.bytes = enrolments, .size = sizeof enrolments - 1};
  tally_status status = tally_read_csv(&input, options, &reading, error);
  return keep_table(status, reading, out);
}

typedef struct document {
  tally_input input;
  tally_json_options options;
} document;

static tally_status read_json(const void *context, tally_table **out, tally_error *error) {
  const document *it = context;
  tally_reading *reading = NULL;
  tally_status status = tally_read_json(&it->input, &it->options, &reading, error);
  return keep_table(status, reading, out);
}

static void refuse_csv(void) {
  tally_csv_options options = TALLY_CSV_OPTIONS;
  twin_refuse_each(read_csv, NULL);
  options.reader = TALLY_READER_LAX;
  twin_refuse_each(read_csv, &options);
  options.reader = TALLY_READER_FAST;
  options.chunk_bytes = 64;
  twin_refuse_each(read_csv, &options);
  options.all_text = true;
  options.encoding = "WINDOWS-1252";
  twin_refuse_each(read_csv, &options);
}

static void refuse_json(void) {
  document it = {{.bytes = works, .size = sizeof works - 1}, TALLY_JSON_OPTIONS};
  twin_refuse_each(read_json, &it);
  it.options.unnest = "countries";
  twin_refuse_each(read_json, &it);
  it.options.all_text = true;
  it.options.records = "results";
  twin_refuse_each(read_json, &it);
  it = (document){{.bytes = lines, .size = sizeof lines - 1}, TALLY_JSON_OPTIONS};
  twin_refuse_each(read_json, &it);
  it.options.type_names = (const char *[]){"a"};
  it.options.types = (tally_type[]){TALLY_INTEGER};
  it.options.type_count = 1;
  it.options.on_problem = TALLY_PROBLEM_DROP;
  it.options.chunk_bytes = 20;
  twin_refuse_each(read_json, &it);
}

/* ---- formulas ---- */

static tally_status call(const char *function, tally_expression *a, tally_expression *b, tally_expression **out,
                         tally_error *error) {
  return tally_expression_call(function, (tally_expression *[]){a, b}, 2, out, error);
}

/* The column and a value, called together. */
static tally_status column_and_value(const char *function, const char *column, tally_value value, tally_expression **out,
                                     tally_error *error) {
  tally_expression *left = NULL, *right = NULL;
  tally_status status = tally_expression_column(column, &left, error);
  if (status == TALLY_OK) status = tally_expression_value(value, &right, error);
  if (status == TALLY_OK) return call(function, left, right, out, error);
  tally_expression_release(left);
  return status;
}

static tally_status filter(const void *table, tally_table **out, tally_error *error) {
  tally_expression *keep = NULL;
  tally_status status = column_and_value("==", "Level", twin_text("UG"), &keep, error);
  if (status == TALLY_OK) status = tally_table_filter(table, keep, out, error);
  tally_expression_release(keep);
  return status;
}

static tally_status run_program(tally_program *program, tally_table **out, tally_error *error) {
  tally_expression *keep = NULL, *twice = NULL, *word = NULL;
  tally_status status = column_and_value(">", "Students", twin_integer(100), &keep, error);
  if (status == TALLY_OK) status = tally_program_filter(program, keep, error);
  if (status == TALLY_OK) status = column_and_value("*", "Students", twin_number(2), &twice, error);
  if (status == TALLY_OK) status = tally_program_derive(program, "twice", twice, error);
  if (status == TALLY_OK) status = column_and_value("concat", "Provider", twin_text("!"), &word, error);
  if (status == TALLY_OK) status = tally_program_derive(program, "word", word, error);
  if (status == TALLY_OK) status = tally_program_collect(program, NULL, 0, out, error);
  tally_expression_release(keep);
  tally_expression_release(twice);
  tally_expression_release(word);
  return status;
}

static tally_status program(const void *table, tally_table **out, tally_error *error) {
  tally_program *it = NULL;
  tally_status status = tally_program_new(table, &it, error);
  if (status == TALLY_OK) status = run_program(it, out, error);
  tally_program_release(it);
  return status;
}

/* ---- tables ---- */

static tally_status aggregate(const void *table, tally_table **out, tally_error *error) {
  const char *keys[] = {"Level", "Day"};
  tally_expression *students = NULL;
  tally_status status = tally_expression_column("Students", &students, error);
  tally_aggregate aggregates[] = {
      {.name = "rows", .function = "count"},
      {.name = "sum", .function = "sum", .argument = students},
      {.name = "median", .function = "median", .argument = students},
      {.name = "most", .function = "max", .argument = students},
      {.name = "different", .function = "distinct", .argument = students},
  };
  if (status == TALLY_OK) status = tally_table_aggregate(table, keys, 2, aggregates, 5, out, error);
  tally_expression_release(students);
  return status;
}

typedef struct pair {
  const tally_table *left, *right;
} pair;

static tally_status join(const void *context, tally_table **out, tally_error *error) {
  const pair *it = context;
  const char *keys[] = {"UKPRN"};
  tally_join_options options = {
      .size = sizeof options, .kind = TALLY_JOIN_FULL, .left_keys = keys, .right_keys = keys, .key_count = 1};
  tally_join_report report;
  return tally_table_join(it->left, it->right, &options, &report, out, error);
}

static tally_status append(const void *context, tally_table **out, tally_error *error) {
  const pair *it = context;
  const char *labels[] = {"one", "two"};
  return tally_table_append((const tally_table *[]){it->left, it->right}, 2, "file", labels, out, error);
}

static tally_status sort(const void *table, tally_table **out, tally_error *error) {
  tally_sort_key keys[] = {{"Level", true}, {"Students", false}};
  return tally_table_sort(table, keys, 2, out, error);
}

static tally_status distinct(const void *table, tally_table **out, tally_error *error) {
  const char *columns[] = {"UKPRN", "Level"};
  return tally_table_distinct(table, columns, 2, out, error);
}

static tally_status pivot(const void *table, tally_table **out, tally_error *error) {
  const char *keys[] = {"UKPRN"};
  return tally_table_pivot(table, keys, 1, "Level", "Students", out, error);
}

static tally_status unpivot(const void *table, tally_table **out, tally_error *error) {
  const char *columns[] = {"Students", "Share"};
  return tally_table_unpivot(table, columns, 2, "what", "value", out, error);
}

static tally_status window(const void *table, tally_table **out, tally_error *error) {
  const char *by[] = {"Level"};
  tally_column *sums = NULL;
  tally_status status = tally_table_window(table, "cumulative_sum", "Students", by, 1, 0, &sums, error);
  if (status == TALLY_OK) status = tally_table_with(table, "running", sums, out, error);
  tally_column_release(sums);
  return status;
}

static tally_status levels(const void *table, tally_table **out, tally_error *error) {
  tally_text order[] = {tl_text_of("UG"), tl_text_of("PGT"), tl_text_of("PGR")};
  tally_column *ordered = NULL;
  tally_status status = tally_column_with_levels(tally_table_find(table, "Level"), order, 3, &ordered, error);
  if (status == TALLY_OK) status = tally_table_with(table, "Level", ordered, out, error);
  tally_column_release(ordered);
  return status;
}

/* ---- writing ---- */

static tally_status forget(void *context, const void *bytes, size_t size, tally_error *error) {
  (void)context, (void)bytes, (void)size, (void)error;
  return TALLY_OK;
}

static tally_status write_csv(const void *table, tally_table **out, tally_error *error) {
  (void)out;
  return tally_write_csv(table, &(tally_output){.write = forget}, NULL, error);
}

static tally_status write_json(const void *table, tally_table **out, tally_error *error) {
  (void)out;
  return tally_write_json(table, &(tally_output){.write = forget}, NULL, error);
}

/* ---- all of it ---- */

static tally_table *table_of(const char *csv) {
  tally_reading *reading = NULL;
  tally_table *table = NULL;
  MUST(tally_read_csv(&(tally_input){.bytes = csv, .size = strlen(csv)}, NULL, &reading, &check_error));
  MUST(keep_table(TALLY_OK, reading, &table));
  return table;
}

static void refuse_operations(void) {
  static const twin_operation operations[] = {filter,  program, aggregate, sort,      distinct,  pivot,
                                              unpivot, window,  levels,    write_csv, write_json};
  tally_table *left = table_of(enrolments), *right = table_of(providers);
  pair both = {left, right};
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) twin_refuse_each(operations[i], left);
  twin_refuse_each(join, &both);
  twin_refuse_each(append, &both);
  tally_table_release(left);
  tally_table_release(right);
}

static void *take_for_jansson(size_t size) {
  return tl_mem_new(size, 1);
}

int main(void) {
  json_set_alloc_funcs(take_for_jansson, tl_mem_free);
  refuse_json();
  refuse_csv();
  refuse_operations();
  tally_shutdown();
  CHECK(tally_memory_used() == 0);
  return finish();
}
