/* Programs and filters against a slow twin that goes row by row: for numbers of rows on both sides of the borders of chunks, for
 * slices with odd offsets, for one thread and for many, which must give the same bits. */
#include <stdint.h>

#include "check.h"
#include "random.h"
#include "column/table.h"
#include "ops/filter.h"

static const char *const names[] = {"n", "x", "level", "code", "flag", "day"};
enum { COLUMNS = 6 };

static uint64_t state = 76;

static uint64_t next(void) {
  return next_random(&state);
}

static tally_value text(const char *bytes) {
  return (tally_value){.type = TALLY_TEXT, .text = {bytes, strlen(bytes)}};
}
static tally_value integer(int64_t n) {
  return (tally_value){.type = TALLY_INTEGER, .integer = n};
}

/* ---- tables ---- */

static tally_value random_cell(size_t column, char *code, size_t size) {
  static const char *const levels[] = {"UG", "PGT", "PGR", "FE", ""};
  static const tally_type types[] = {TALLY_INTEGER, TALLY_NUMBER, TALLY_TEXT, TALLY_TEXT, TALLY_BOOLEAN, TALLY_DATE};
  tally_value value = {.type = next() % 11 == 0 ? TALLY_MISSING : types[column]};
  if (value.type == TALLY_INTEGER) value.integer = (int64_t)(next() % 2000) - 1000;
  if (value.type == TALLY_NUMBER) value.number = (double)(int64_t)(next() % 100000) / 7 - 5000;
  if (value.type == TALLY_BOOLEAN) value.boolean = next() & 1;
  if (value.type == TALLY_DATE) value.date = (int32_t)(next() % 20000);
  if (value.type != TALLY_TEXT) return value;
  if (column == 2) return text(levels[next() % 5]);
  snprintf(code, size, "%llu", (unsigned long long)next());
  return text(code);
}

static tally_column *random_column(size_t column, int64_t rows) {
  static const tally_type types[] = {TALLY_INTEGER, TALLY_NUMBER, TALLY_TEXT, TALLY_TEXT, TALLY_BOOLEAN, TALLY_DATE};
  tally_builder *builder;
  tally_column *out;
  char code[32];
  MUST(tally_builder_new(types[column], &builder, must_));
  for (int64_t i = 0; i < rows; i++) {
    tally_value value = random_cell(column, code, sizeof code);
    if (value.type == TALLY_MISSING && i % 2)
      MUST(tally_builder_append_missing(builder, (tally_text){"[c]", 3}, must_));
    else
      MUST(tally_builder_append(builder, value, must_));
  }
  MUST(tally_builder_finish(builder, &out, must_));
  tally_builder_release(builder);
  return out;
}

/* `rows` rows, from row 5 of a longer table. */
static tally_table *random_table(int64_t rows) {
  tally_column *columns[COLUMNS];
  tally_table *whole, *slice;
  for (size_t i = 0; i < COLUMNS; i++) columns[i] = random_column(i, rows + 9);
  MUST(tally_table_new(names, columns, COLUMNS, rows + 9, &whole, must_));
  MUST(tally_table_slice(whole, 5, rows, &slice, must_));
  tally_table_release(whole);
  for (size_t i = 0; i < COLUMNS; i++) tally_column_release(columns[i]);
  return slice;
}

/* ---- formulas ---- */

static tally_expression *column(const char *name) {
  tally_expression *out;
  MUST(tally_expression_column(name, &out, must_));
  return out;
}

static tally_expression *constant(tally_value value) {
  tally_expression *out;
  MUST(tally_expression_value(value, &out, must_));
  return out;
}

static tally_expression *call(const char *function, tally_expression *a, tally_expression *b) {
  tally_expression *out, *arguments[] = {a, b};
  MUST(tally_expression_call(function, arguments, b ? 2 : 1, &out, must_));
  return out;
}

static void add_filter(tally_program *program, tally_expression *keep) {
  MUST(tally_program_filter(program, keep, must_));
  tally_expression_release(keep);
}

static void add_derive(tally_program *program, const char *name, tally_expression *value) {
  MUST(tally_program_derive(program, name, value, must_));
  tally_expression_release(value);
}

static tally_program *program_of(const tally_table *table) {
  tally_program *program;
  MUST(tally_program_new(table, &program, must_));
  return program;
}

/* ---- comparing ---- */

static bool same_value(tally_value a, tally_value b) {
  if (a.type != b.type) return false;
  if (a.type == TALLY_TEXT)
    return a.text.size == b.text.size && (!a.text.size || memcmp(a.text.bytes, b.text.bytes, a.text.size) == 0);
  if (a.type == TALLY_BOOLEAN) return a.boolean == b.boolean;
  if (a.type == TALLY_DATE) return a.date == b.date;
  return a.type == TALLY_MISSING || a.integer == b.integer; /* the bits of a number too */
}

static bool same_reason(tally_text a, tally_text b) {
  return a.size == b.size && (!a.size || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static bool same_column(const tally_column *a, const tally_column *b) {
  if (a->type != b->type || a->length != b->length || a->missing != b->missing || !a->dictionary != !b->dictionary) return false;
  for (int64_t i = 0; i < a->length; i++)
    if (!same_value(tally_column_value(a, i), tally_column_value(b, i)) ||
        !same_reason(tally_column_reason(a, i), tally_column_reason(b, i)))
      return false;
  return true;
}

static bool same_table(const tally_table *a, const tally_table *b) {
  bool same = a->rows == b->rows && a->columns == b->columns;
  for (size_t i = 0; same && i < a->columns; i++)
    same = strcmp(a->names[i], b->names[i]) == 0 && same_column(a->column[i], b->column[i]);
  return same;
}

/* ---- filter, derive, filter, derive; against rows ---- */

static tally_value cell(const tally_table *table, const char *name, int64_t row) {
  return tally_column_value(tally_table_find(table, name), row);
}

/* double n; keep n > -500 and level in UG, PGT; label = level .. code; keep flag */
static tally_program *long_program(const tally_table *table) {
  tally_program *program = program_of(table);
  tally_expression *members[] = {column("level"), constant(text("UG")), constant(text("PGT"))}, *in;
  add_derive(program, "n", call("*", column("n"), constant(integer(2))));
  MUST(tally_expression_call("in", members, 3, &in, must_));
  add_filter(program, call("and", call(">", column("n"), constant(integer(-500))), in));
  add_derive(program, "label", call("..", column("level"), column("code")));
  add_filter(program, column("flag"));
  return program;
}

static bool twin_keeps(const tally_table *table, int64_t row) {
  tally_value n = cell(table, "n", row), level = cell(table, "level", row), flag = cell(table, "flag", row);
  if (n.type == TALLY_MISSING || n.integer * 2 <= -500 || level.type == TALLY_MISSING) return false;
  if (!same_value(level, text("UG")) && !same_value(level, text("PGT"))) return false;
  return flag.type != TALLY_MISSING && flag.boolean;
}

static bool twin_label(const tally_table *table, int64_t row, tally_value label) {
  tally_value level = cell(table, "level", row), code = cell(table, "code", row);
  if (code.type == TALLY_MISSING) return label.type == TALLY_MISSING;
  return label.type == TALLY_TEXT && label.text.size == level.text.size + code.text.size &&
         memcmp(label.text.bytes, level.text.bytes, level.text.size) == 0 &&
         memcmp(label.text.bytes + level.text.size, code.text.bytes, code.text.size) == 0;
}

static void check_rows(const tally_table *table, const tally_table *got) {
  int64_t at = 0;
  int wrong = 0;
  for (int64_t row = 0; row < table->rows; row++) {
    if (!twin_keeps(table, row)) continue;
    wrong += cell(got, "n", at).integer != 2 * cell(table, "n", row).integer;
    wrong += !same_value(cell(got, "x", at), cell(table, "x", row)) || !same_value(cell(got, "day", at), cell(table, "day", row));
    wrong +=
        !same_reason(tally_column_reason(tally_table_find(got, "x"), at), tally_column_reason(tally_table_find(table, "x"), row));
    wrong += !twin_label(table, row, cell(got, "label", at));
    at++;
  }
  CHECK(wrong == 0 && at == got->rows);
}

static void test_steps(int64_t rows) {
  static const int threads[] = {1, 2, 3, 8};
  tally_table *table = random_table(rows), *first = NULL;
  tally_program *program = long_program(table);
  for (size_t i = 0; i < 4; i++) {
    tally_threads(threads[i]);
    tally_table *got;
    int64_t count;
    MUST(tally_program_collect(program, NULL, 0, &got, must_));
    MUST(tally_program_count(program, &count, must_));
    CHECK(count == got->rows && got->columns == COLUMNS + 1 && strcmp(got->names[COLUMNS], "label") == 0);
    if (!first) {
      first = got;
      check_rows(table, got);
      continue;
    }
    CHECK(same_table(first, got));
    tally_table_release(got);
  }
  tally_threads(2);
  tally_table_release(first);
  tally_program_release(program);
  tally_table_release(table);
}

/* More batches than a wave has for one thread. */
static void test_waves(void) {
  enum { ROWS = 9 * 65536 + 1 };
  tally_column *n = random_column(0, ROWS);
  tally_table *table, *got[2];
  MUST(tally_table_new(names, &n, 1, ROWS, &table, must_));
  tally_program *program = program_of(table);
  add_filter(program, call(">=", column("n"), constant(integer(0))));
  for (int i = 0; i < 2; i++) {
    tally_threads(1 + 2 * i);
    MUST(tally_program_collect(program, NULL, 0, &got[i], must_));
  }
  int64_t at = 0;
  int wrong = 0;
  for (int64_t row = 0; row < ROWS; row++) {
    if (!tl_present(n, row) || tl_integers(n)[row] < 0) continue;
    wrong += at >= got[0]->rows || tl_integers(got[0]->column[0])[at] != tl_integers(n)[row];
    at++;
  }
  CHECK(wrong == 0 && at == got[0]->rows && same_table(got[0], got[1]));
  tally_table_release(got[0]);
  tally_table_release(got[1]);
  tally_program_release(program);
  tally_table_release(table);
  tally_column_release(n);
}

/* ---- evaluation over chunks ---- */

static void test_evaluate(int64_t rows) {
  tally_table *table = random_table(rows);
  tally_expression *square = call("*", column("n"), column("n")), *label = call("..", column("level"), constant(text("!")));
  tally_column *first[2] = {0}, *got[2];
  for (int threads = 1; threads <= 3; threads += 2) {
    tally_threads(threads);
    MUST(tally_evaluate(table, square, &got[0], must_));
    MUST(tally_evaluate(table, label, &got[1], must_));
    for (size_t i = 0; i < 2; i++) {
      if (first[i]) CHECK(same_column(first[i], got[i]));
      tally_column_release(first[i]);
      first[i] = got[i];
    }
  }
  int wrong = 0;
  for (int64_t row = 0; row < rows; row++) {
    tally_value n = cell(table, "n", row);
    tally_value wanted = n.type == TALLY_MISSING ? n : integer(n.integer * n.integer);
    wrong += !same_value(wanted, tally_column_value(first[0], row));
  }
  CHECK(wrong == 0);
  if (rows > 100) CHECK(tally_column_has_dictionary(first[1]) && first[1]->dictionary->length == 5);
  tally_column_release(first[0]);
  tally_column_release(first[1]);
  tally_expression_release(square);
  tally_expression_release(label);
  tally_table_release(table);
}

/* ---- aggregates through steps are aggregates of what is collected ---- */

static void test_aggregate(int64_t rows) {
  tally_table *table = random_table(rows), *collected, *wanted = NULL, *got;
  tally_program *program = long_program(table);
  const char *keys[] = {"level"};
  tally_expression *n = column("n"), *x = column("x");
  tally_aggregate aggregates[] = {{.name = "rows", .function = "count"},
                                  {.name = "students", .function = "sum", .argument = n},
                                  {.name = "x", .function = "mean", .argument = x}};
  MUST(tally_program_collect(program, NULL, 0, &collected, must_));
  int64_t counted = 0, students = 0;
  for (int threads = 1; threads <= 3; threads += 2) {
    tally_threads(threads);
    MUST(tally_program_aggregate(program, keys, 1, aggregates, 3, &got, must_));
    if (threads == 1) wanted = got;
    if (threads == 1) continue;
    CHECK(same_table(wanted, got));
    tally_table_release(got);
  }
  for (int64_t i = 0; i < wanted->rows; i++)
    counted += cell(wanted, "rows", i).integer, students += cell(wanted, "students", i).integer;
  for (int64_t i = 0; i < collected->rows; i++) students -= cell(collected, "n", i).integer;
  CHECK(counted == collected->rows && students == 0 && wanted->rows <= 2);
  MUST(tally_table_aggregate(collected, NULL, 0, aggregates, 1, &got, must_));
  CHECK(got->rows == 1 && cell(got, "rows", 0).integer == collected->rows);
  tally_table_release(got);
  tally_table_release(wanted);
  tally_table_release(collected);
  tally_expression_release(n);
  tally_expression_release(x);
  tally_program_release(program);
  tally_table_release(table);
}

/* ---- filter ---- */

static void test_true_rows(void) {
  for (int64_t rows = 0; rows < 300; rows = rows * 3 / 2 + 1) {
    tally_table *table = random_table(rows);
    const tally_column *flag = tally_table_find(table, "flag");
    int64_t *found, count, at = 0;
    MUST(tl_true_rows(flag, &found, &count, must_));
    int wrong = 0;
    for (int64_t row = 0; row < rows; row++) {
      tally_value value = tally_column_value(flag, row);
      if (value.type == TALLY_MISSING || !value.boolean) continue;
      wrong += found && found[at] != row;
      at++;
    }
    CHECK(wrong == 0 && at == count && (found != NULL) == (count != rows));
    tl_mem_free(found);
    tally_table_release(table);
  }
}

static void test_filter(void) {
  tally_table *table = random_table(1000), *none, *all;
  tally_expression *yes = constant((tally_value){.type = TALLY_BOOLEAN, .boolean = true}),
                   *no = call("<", column("n"), constant(integer(-5000)));
  MUST(tally_table_filter(table, yes, &all, must_));
  MUST(tally_table_filter(table, no, &none, must_));
  CHECK(same_table(table, all) && none->rows == 0 && none->columns == COLUMNS);
  CHECK(all->column[0]->values == table->column[0]->values); /* a filter that keeps all copies nothing */
  tally_table_release(all);
  tally_table_release(none);
  tally_expression_release(yes);
  tally_expression_release(no);
  tally_table_release(table);
}

/* ---- sharing, skipping, mistakes ---- */

static void test_sharing(void) {
  tally_table *table = random_table(100), *got;
  tally_program *program = program_of(table);
  add_derive(program, "twice", call("*", column("n"), constant(integer(2))));
  add_derive(program, "too_large", call("+", column("n"), constant(integer(INT64_MAX))));
  MUST(tally_program_collect(program, (const char *const[]){"level", "twice"}, 2, &got, must_)); /* nobody needs too_large */
  CHECK(got->columns == 2 && got->column[0] == tally_table_find(table, "level") && strcmp(got->names[1], "twice") == 0);
  tally_table_release(got);
  tally_error error = {0};
  CHECK(tally_program_collect(program, NULL, 0, &got, &error) == TALLY_ERANGE &&
        strcmp(error.text, "integer overflow in '+'") == 0);
  int64_t count;
  MUST(tally_program_count(program, &count, must_));
  CHECK(count == 100);
  error = (tally_error){0};
  CHECK(tally_program_collect(program, (const char *const[]){"levle"}, 1, &got, &error) == TALLY_ENAME &&
        strstr(error.text, "'levle'"));
  tally_program_release(program);
  tally_table_release(table);
}

static void check_refused(tally_program *program, tally_expression *keep, tally_status status, const char *message) {
  tally_error error = {0};
  CHECK(tally_program_filter(program, keep, &error) == status && error.code == (int32_t)status && strstr(error.text, message));
  tally_expression_release(keep);
}

static void test_mistakes(void) {
  tally_table *table = random_table(10);
  tally_program *program = program_of(table);
  tally_value nil = {.type = TALLY_MISSING};
  check_refused(program, column("n"), TALLY_ETYPE, "a filter must be true or false, not integer");
  check_refused(program, call("==", column("n"), constant(nil)), TALLY_ETYPE, "is_missing(x)");
  check_refused(program, call("==", column("level"), constant(integer(1))), TALLY_ETYPE, "cannot compare text with integer");
  check_refused(program, call("==", column("label"), constant(text("x"))), TALLY_ENAME, "no column 'label' (columns: ");
  add_derive(program, "label", column("level")); /* a step sees what the steps before it made */
  add_filter(program, call("==", column("label"), constant(text("UG"))));
  tally_program_release(program);
  tally_table_release(table);
}

/* Whatever allocation fails, there is an error and nothing is lost (which the sanitizer watches). */
static void test_refused_memory(void) {
  tally_table *table = random_table(200);
  tally_threads(1);
  tally_status status = TALLY_ENOMEM;
  for (int64_t refused = 0; status != TALLY_OK && refused < 50000; refused++) {
    tally_program *program = long_program(table);
    tally_table *got = NULL;
    tally_error error = {0};
    tally_fail_allocation(refused, false);
    status = tally_program_collect(program, NULL, 0, &got, &error);
    tally_fail_allocation(-1, false);
    if (status != TALLY_OK) CHECK(status == TALLY_ENOMEM && error.code == TALLY_ENOMEM && !got);
    tally_table_release(got);
    tally_program_release(program);
  }
  CHECK(status == TALLY_OK);
  tally_table_release(table);
}

/* ---- a source of the host's own ---- */

/* Batches of the numbers from 0 on, as many in each as its number. */
typedef struct counting {
  size_t batches, drawn, finished, released;
  bool refuses; /* what it gave, in the end */
} counting;

static tally_status counting_start(void *context, size_t *batches, tally_error *error) {
  (void)error;
  *batches = ((counting *)context)->batches;
  return TALLY_OK;
}

/* The numbers first .. first + count - 1. */
static tally_status numbers_from(int64_t first, int64_t count, tally_column **out, tally_error *error) {
  tally_builder *builder;
  tally_status status = tally_builder_new(TALLY_INTEGER, &builder, error);
  if (status != TALLY_OK) return status;
  for (int64_t i = 0; i < count && status == TALLY_OK; i++) status = tally_builder_append(builder, integer(first + i), error);
  if (status == TALLY_OK) status = tally_builder_finish(builder, out, error);
  tally_builder_release(builder);
  return status;
}

static tally_status counting_batch(void *context, size_t index, const char *const *wanted, size_t count, tally_table **out,
                                   tally_error *error) {
  counting *it = context;
  __atomic_fetch_add(&it->drawn, 1, __ATOMIC_RELAXED);
  tally_column *column = NULL;
  tally_status status = numbers_from((int64_t)(index * (index - 1) / 2), (int64_t)index, &column, error);
  if (status == TALLY_OK) status = tally_table_new(wanted, &column, count, (int64_t)index, out, error);
  tally_column_release(column);
  return status;
}

static tally_status counting_finish(void *context, bool complete, tally_error *error) {
  counting *it = context;
  it->finished++;
  if (!complete) return TALLY_OK;
  if (it->refuses && error) strcpy(error->text, "it was all wrong");
  return it->refuses ? TALLY_EIO : TALLY_OK;
}

static void counting_release(void *context) {
  ((counting *)context)->released++;
}

static tally_program *over(counting *it) {
  tally_column *column;
  tally_builder *builder;
  tally_program *program;
  tally_source source = {it, NULL, counting_start, counting_batch, counting_finish, counting_release};
  MUST(tally_builder_new(TALLY_INTEGER, &builder, must_));
  MUST(tally_builder_finish(builder, &column, must_));
  MUST(tally_table_new(names, &column, 1, 0, &source.schema, must_));
  MUST(tally_program_over(&source, &program, must_));
  tally_column_release(column);
  tally_builder_release(builder);
  return program;
}

static void test_source(void) {
  counting numbers = {.batches = 100};
  tally_program *program = over(&numbers);
  tally_table *got;
  tally_error error = {0};
  int64_t count;
  MUST(tally_program_count(program, &count, must_));
  CHECK(count == 99 * 100 / 2 && numbers.drawn == 100 && numbers.finished == 1);
  add_filter(program, call(">=", column("n"), constant(integer(20))));
  MUST(tally_program_collect(program, NULL, 0, &got, must_));
  CHECK(got->rows == 99 * 100 / 2 - 20 && cell(got, "n", 0).integer == 20 && cell(got, "n", got->rows - 1).integer == 4949);
  tally_table_release(got);
  numbers.drawn = 0;
  MUST(tally_program_head(program, names, 1, 5, &got, must_));
  CHECK(got->rows == 5 && cell(got, "n", 4).integer == 24 && numbers.drawn < 100);
  tally_table_release(got);
  MUST(tally_program_head(program, NULL, 0, 0, &got, must_));
  CHECK(got->rows == 0 && got->columns == 1);
  tally_table_release(got);
  numbers.refuses = true;
  CHECK(tally_program_collect(program, NULL, 0, &got, &error) == TALLY_EIO && strcmp(error.text, "it was all wrong") == 0);
  CHECK(numbers.released == 0);
  tally_program_release(program);
  CHECK(numbers.released == 1);
}

int main(void) {
  static const int64_t rows[] = {0, 1, 65535, 65536, 65537, 200000};
  test_true_rows();
  test_filter();
  test_sharing();
  test_mistakes();
  test_refused_memory();
  test_waves();
  test_source();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    test_steps(rows[i]);
    test_evaluate(rows[i]);
    test_aggregate(rows[i]);
  }
  tally_shutdown();
  return finish();
}
