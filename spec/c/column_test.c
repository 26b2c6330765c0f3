/* csrc/column: building, slicing, taking, joining and casting columns of all types and makes; tables. */
#include "column/builder.h"
#include "column/dictionary.h"
#include "twin.h"

enum { TYPES = 5 };

/* ---- Builder ---- */

static void check_builder(tally_type type) {
  static const char *const symbols[] = {"", "[c]", ".."};
  tally_value values[200];
  int reasons[200];
  tally_builder *builder;
  tally_column *column;
  MUST(tally_builder_new(type, &builder, &check_error));
  if (twin_random(2)) MUST(tl_builder_reserve(builder, 1000, &check_error));
  int64_t missing = 0;
  for (int i = 0; i < 200; i++) {
    values[i] = twin_value(type);
    reasons[i] = twin_random(3);
    if (twin_random(3) == 0) values[i].type = TALLY_MISSING;
    missing += values[i].type == TALLY_MISSING;
    if (values[i].type == TALLY_MISSING)
      MUST(tally_builder_append_missing(builder, tl_text_of(symbols[reasons[i]]), &check_error));
    else
      MUST(tally_builder_append(builder, values[i], &check_error));
  }
  MUST(tally_builder_finish(builder, &column, &check_error));
  CHECK(tl_builder_length(builder) == 0);
  CHECK(column->type == type && column->length == 200 && tally_column_missing(column) == missing);
  for (int i = 0; i < 200; i++) {
    CHECK(twin_same_value(tally_column_value(column, i), values[i]));
    const char *reason = values[i].type == TALLY_MISSING ? symbols[reasons[i]] : "";
    CHECK(tl_text_equal(tally_column_reason(column, i), tl_text_of(reason)));
  }
  CHECK(tally_column_value(column, -1).type == TALLY_MISSING && tally_column_value(column, 200).type == TALLY_MISSING);
  CHECK(tally_column_reason(column, 200).size == 0);
  tally_column_release(column);
  tally_builder_release(builder);
}

/* `rows` texts, of which `distinct` are different. */
static tally_column *texts(int64_t rows, int64_t distinct) {
  tally_builder *builder;
  tally_column *column;
  MUST(tally_builder_new(TALLY_TEXT, &builder, &check_error));
  for (int64_t i = 0; i < rows; i++) {
    char text[32];
    snprintf(text, sizeof text, "text %d", (int)(i % distinct));
    if (i % 7 == 3)
      MUST(tally_builder_append_missing(builder, tl_text_of("[x]"), &check_error));
    else
      MUST(tally_builder_append(builder, twin_text(text), &check_error));
  }
  MUST(tally_builder_finish(builder, &column, &check_error));
  tally_builder_release(builder);
  return column;
}

/* Text is coded while values repeat, and laid out plain when they do not. */
static void test_dictionary_or_plain(void) {
  static const int64_t distinct[] = {10, 2000, 20000};
  for (int i = 0; i < 3; i++) {
    tally_column *column = texts(20000, distinct[i]);
    CHECK(tally_column_has_dictionary(column) == (distinct[i] < 5000));
    bool good = true;
    for (int64_t row = 0; row < 20000 && good; row++) {
      char text[32];
      snprintf(text, sizeof text, "text %d", (int)(row % distinct[i]));
      bool missing = row % 7 == 3;
      good =
          missing ? tally_column_reason(column, row).size == 3 : twin_same_value(tally_column_value(column, row), twin_text(text));
    }
    CHECK(good);
    tally_column_release(column);
  }
}

static void test_builder_errors(void) {
  tally_builder *builder = NULL;
  FAILS(TALLY_ETYPE, "missing", tally_builder_new(TALLY_MISSING, &builder, &check_error));
  MUST(tally_builder_new(TALLY_TEXT, &builder, &check_error));
  FAILS(TALLY_ETYPE, "a value of type integer in a column of type text",
        tally_builder_append(builder, twin_integer(1), &check_error));
  FAILS(TALLY_ESYNTAX, "byte 3", tally_builder_append(builder, twin_text("ab\xFF"), &check_error));
  FAILS(TALLY_ESYNTAX, "byte 2", tally_builder_append_missing(builder, tl_text_of("[\xFF]"), &check_error));
  for (int i = 0; i < 255; i++) {
    char symbol[16];
    snprintf(symbol, sizeof symbol, "[%d]", i);
    MUST(tally_builder_append_missing(builder, tl_text_of(symbol), &check_error));
  }
  FAILS(TALLY_ERANGE, "more than 255", tally_builder_append_missing(builder, tl_text_of("[one more]"), &check_error));
  MUST(tally_builder_append_missing(builder, tl_text_of("[254]"), &check_error));
  CHECK(tl_builder_length(builder) == 256);
  tally_builder_release(builder);
}

static void test_builder_keeps_digits(void) {
  tally_builder *builder;
  tally_column *column;
  MUST(tally_builder_new(TALLY_NUMBER, &builder, &check_error));
  MUST(tally_builder_append(builder, twin_integer(1LL << 53), &check_error));
  MUST(tally_builder_append(builder, twin_integer(INT64_MIN), &check_error));
  FAILS(TALLY_ERANGE, "9007199254740993 is an integer that would lose digits in a column of numbers",
        tally_builder_append(builder, twin_integer((1LL << 53) + 1), &check_error));
  FAILS(TALLY_ERANGE, "9223372036854775807", tally_builder_append(builder, twin_integer(INT64_MAX), &check_error));
  MUST(tally_builder_finish(builder, &column, &check_error));
  CHECK(tally_column_length(column) == 2 && tally_column_value(column, 1).number == -0x1p63);
  tally_column_release(column);
  tally_builder_release(builder);
}

static void test_widen(void) {
  tally_builder *builder;
  tally_column *column;
  MUST(tally_builder_new(TALLY_INTEGER, &builder, &check_error));
  MUST(tl_builder_missing(builder, &check_error));
  MUST(tl_builder_integer(builder, -3, &check_error));
  FAILS(TALLY_ETYPE, "integer cannot become text", tl_builder_widen(builder, TALLY_TEXT, &check_error));
  MUST(tl_builder_widen(builder, TALLY_NUMBER, &check_error));
  MUST(tl_builder_number(builder, 0.5, &check_error));
  MUST(tally_builder_finish(builder, &column, &check_error));
  CHECK(column->type == TALLY_NUMBER && column->missing == 1 && tl_numbers(column)[1] == -3 && tl_numbers(column)[2] == 0.5);
  tally_column_release(column);
  tally_builder_release(builder);
  for (int type = TALLY_BOOLEAN; type <= TALLY_DATE; type++) {
    MUST(tally_builder_new(TALLY_BOOLEAN, &builder, &check_error));
    for (int i = 0; i < 100; i++) MUST(tally_builder_append_missing(builder, tl_text_of("*"), &check_error));
    MUST(tl_builder_widen(builder, (tally_type)type, &check_error));
    tally_value value = twin_value((tally_type)type);
    for (int i = 0; i < 100; i++) MUST(tally_builder_append(builder, value, &check_error));
    MUST(tally_builder_finish(builder, &column, &check_error));
    CHECK(column->missing == 100 && twin_same_value(tally_column_value(column, 150), value));
    CHECK(tally_column_reason(column, 99).size == 1);
    tally_column_release(column);
    tally_builder_release(builder);
  }
}

/* A builder that was refused memory is as it was, and can be used on. */
static void check_refused_builder(int64_t count) {
  tally_builder *builder;
  tally_column *column;
  int64_t rows = 0, reasons = 0;
  MUST(tally_builder_new(TALLY_TEXT, &builder, &check_error));
  tally_fail_allocation(count, false);
  for (int i = 0; i < 100; i++) {
    tally_status status = i % 5 == 1 ? tally_builder_append_missing(builder, tl_text_of(i % 2 ? "[c]" : "[x]"), NULL)
                                     : tally_builder_append(builder, twin_text(twin_texts[i % TWIN_TEXTS]), NULL);
    if (status == TALLY_OK) rows++;
    if (status == TALLY_OK && i % 5 == 1) reasons++;
  }
  tally_fail_allocation(-1, false);
  MUST(tally_builder_finish(builder, &column, &check_error));
  CHECK(column->length == rows && column->missing == reasons);
  for (int64_t i = 0; i < rows; i++) CHECK((tally_column_reason(column, i).size > 0) == !tl_present(column, i));
  tally_column_release(column);
  tally_builder_release(builder);
}

/* ---- Slice, take, concat, cast ---- */

static bool same_rows(const tally_column *column, const tally_column *from, int64_t first) {
  for (int64_t i = 0; i < column->length; i++)
    if (!twin_same_cell(column, i, from, first + i)) return false;
  return true;
}

static void check_slices(tally_type type) {
  int64_t rows = 1 + twin_random(200);
  tally_column *column = twin_column(type, rows, 30), *slice, *inner;
  int64_t first = twin_random((int)rows), count = twin_random((int)(rows - first) + 1);
  MUST(tally_column_slice(column, first, count, &slice, &check_error));
  int64_t more = twin_random((int)count + 1), most = twin_random((int)(count - more) + 1);
  MUST(tally_column_slice(slice, more, most, &inner, &check_error));
  tally_column_release(slice);
  int64_t missing = 0;
  for (int64_t i = 0; i < inner->length; i++) missing += tally_column_value(inner, i).type == TALLY_MISSING;
  CHECK(inner->length == most && inner->missing == missing && same_rows(inner, column, first + more));
  FAILS(TALLY_ERANGE, "outside", tally_column_slice(inner, 0, most + 1, &slice, &check_error));
  FAILS(TALLY_ERANGE, "outside", tally_column_slice(inner, -1, 1, &slice, &check_error));
  FAILS(TALLY_ERANGE, "outside", tally_column_slice(inner, INT64_MAX, INT64_MAX, &slice, &check_error));
  tally_column_release(column);
  tally_column_release(inner);
}

static void check_take(tally_type type) {
  int64_t length = twin_random(100), count = twin_random(200), rows[200], missing = 0;
  tally_column *column = twin_column(type, length, twin_random(2) ? 30 : 0), *taken;
  for (int64_t i = 0; i < count; i++) rows[i] = twin_random((int)length + 1) - 1;
  MUST(tl_column_take(column, rows, count, &taken, &check_error));
  bool good = taken->length == count && taken->levels == column->levels;
  for (int64_t i = 0; i < count; i++) {
    good = good && twin_same_cell(taken, i, column, rows[i]);
    missing += !tl_present(taken, i);
  }
  CHECK(good && taken->missing == missing);
  tally_column_release(taken);
  rows[0] = length;
  FAILS(TALLY_ERANGE, "outside", tl_column_take(column, rows, 1, &taken, &check_error));
  rows[0] = -2;
  FAILS(TALLY_ERANGE, "outside", tl_column_take(column, rows, 1, &taken, &check_error));
  tally_column_release(column);
}

static void check_concat(tally_type type) {
  tally_column *parts[5], *joined;
  size_t count = 1 + (size_t)twin_random(5);
  int64_t at = 0;
  for (size_t i = 0; i < count; i++) parts[i] = twin_column(type, twin_random(80), twin_random(4) ? twin_random(60) : 101);
  MUST(tl_column_concat(parts, count, &joined, &check_error));
  for (size_t i = 0; i < count; i++) {
    for (int64_t row = 0; row < parts[i]->length; row++, at++) CHECK(twin_same_cell(joined, at, parts[i], row));
    tally_column_release(parts[i]);
  }
  CHECK(joined->length == at && joined->type == type);
  tally_column_release(joined);
}

/* No value of a dictionary stands in it twice, and none is missing. */
static bool is_dictionary(const tally_column *values) {
  for (int64_t i = 0; i < values->length; i++)
    for (int64_t j = 0; j < i; j++)
      if (tl_text_equal(tl_plain_text(values, i), tl_plain_text(values, j))) return false;
  return values->missing == 0 && !values->dictionary;
}

static void test_makes_of_text(void) {
  for (int round = 0; round < 100; round++) {
    tally_column *column = twin_column(TALLY_TEXT, twin_random(90), 20), *plain, *coded;
    MUST(tl_column_cast(column, TALLY_TEXT, &plain, &check_error));
    MUST(tl_column_encode(plain, &coded, &check_error));
    CHECK(!tally_column_has_dictionary(plain) && same_rows(plain, column, 0) && plain->length == column->length);
    CHECK(tally_column_has_dictionary(coded) && same_rows(coded, column, 0) && is_dictionary(tally_column_dictionary(coded)));
    tally_column_release(column);
    tally_column_release(plain);
    tally_column_release(coded);
  }
}

static void test_cast(void) {
  tally_column *integers = twin_column(TALLY_INTEGER, 100, 20), *numbers, *result = NULL;
  MUST(tl_column_cast(integers, TALLY_NUMBER, &numbers, &check_error));
  CHECK(numbers->type == TALLY_NUMBER && same_rows(numbers, integers, 0));
  FAILS(TALLY_ETYPE, "integer cannot be taken as date", tl_column_cast(integers, TALLY_DATE, &result, &check_error));
  FAILS(TALLY_ETYPE, "only text", tl_column_encode(integers, &result, &check_error));
  tally_column *pair[] = {integers, numbers};
  FAILS(TALLY_ETYPE, "cannot put number after integer", tl_column_concat(pair, 2, &result, &check_error));
  tally_column_release(integers);
  tally_column_release(numbers);
}

static void test_levels(void) {
  tally_value values[] = {twin_text("PGT"), twin_text("UG"), {.type = TALLY_MISSING}, twin_text("PGT")};
  tally_text levels[] = {tl_text_of("UG"), tl_text_of("PGR"), tl_text_of("PGT")};
  tally_column *column = twin_column_of(TALLY_TEXT, values, 4), *leveled, *joined, *other, *result = NULL;
  MUST(tally_column_with_levels(column, levels, 3, &leveled, &check_error));
  CHECK(tally_column_has_levels(leveled) && same_rows(leveled, column, 0) && tl_codes(leveled)[0] == 2);
  CHECK(tally_column_dictionary(leveled)->length == 3);
  FAILS(TALLY_ERANGE, "'PGT'", tally_column_with_levels(column, levels, 2, &result, &check_error));
  tally_text twice[] = {tl_text_of("UG"), tl_text_of("UG")};
  FAILS(TALLY_ERANGE, "'UG' is given twice", tally_column_with_levels(column, twice, 2, &result, &check_error));
  tally_text broken[] = {levels[0], levels[1], levels[2], tl_text_of("\xC3")};
  FAILS(TALLY_ESYNTAX, "level 4 is not valid UTF-8", tally_column_with_levels(column, broken, 4, &result, &check_error));
  tally_text turned[] = {levels[2], levels[1], levels[0]};
  MUST(tally_column_with_levels(column, turned, 3, &other, &check_error));
  MUST(tl_column_concat((tally_column *[]){leveled, leveled}, 2, &joined, &check_error));
  CHECK(tally_column_has_levels(joined) && same_rows(leveled, joined, 4));
  tally_column_release(joined);
  MUST(tl_column_concat((tally_column *[]){leveled, other}, 2, &joined, &check_error));
  CHECK(!tally_column_has_levels(joined) && same_rows(other, joined, 4));
  tally_column_release(joined);
  tally_column_release(leveled);
  tally_column_release(other);
  tally_column_release(column);
}

static void check_constant(tally_type type) {
  tally_value value = twin_value(type);
  tally_column *column, *missing;
  MUST(tl_column_new_constant(value, 77, &column, &check_error));
  MUST(tl_column_new_missing(type, 77, &missing, &check_error));
  CHECK(column->length == 77 && column->missing == 0 && column->type == type);
  CHECK(missing->length == 77 && missing->missing == 77 && missing->type == type);
  for (int i = 0; i < 77; i++) CHECK(twin_same_value(tally_column_value(column, i), value));
  for (int i = 0; i < 77; i++) CHECK(tally_column_value(missing, i).type == TALLY_MISSING);
  CHECK(tally_column_bytes(column) > 0);
  tally_column_release(column);
  tally_column_release(missing);
}

/* ---- Tables ---- */

static tally_table *table_of(const char *const *names, size_t count, int64_t rows) {
  tally_column *columns[8];
  for (size_t i = 0; i < count; i++) columns[i] = twin_column((tally_type)(TALLY_BOOLEAN + i % TYPES), rows, 20);
  return twin_table(names, columns, count, rows);
}

static void test_table(void) {
  static const char *const names[] = {"year", "level", "domicile", "students"}, *const two[] = {"students", "year"};
  tally_table *table = table_of(names, 4, 90), *result = NULL;
  MUST(tally_table_select(table, two, 2, &result, &check_error));
  CHECK(result->columns == 2 && result->column[0] == table->column[3] && strcmp(result->names[1], "year") == 0);
  tally_table_release(result);
  MUST(tally_table_rename(table, two, (const char *[]){"n", "students"}, 2, &result, &check_error));
  CHECK(strcmp(result->names[0], "students") == 0 && strcmp(result->names[3], "n") == 0);
  tally_table_release(result);
  MUST(tally_table_with(table, "level", table->column[0], &result, &check_error));
  CHECK(result->columns == 4 && result->column[1] == table->column[0]);
  tally_table_release(result);
  MUST(tally_table_with(table, "new", table->column[0], &result, &check_error));
  CHECK(result->columns == 5 && tally_table_find(result, "new") == table->column[0]);
  tally_table_release(result);
  MUST(tally_table_slice(table, 13, 50, &result, &check_error));
  for (size_t c = 0; c < 4; c++) CHECK(same_rows(result->column[c], table->column[c], 13) && result->column[c]->length == 50);
  tally_table *parts[] = {result, table}, *joined;
  MUST(tl_table_concat(parts, 2, &joined, &check_error));
  CHECK(joined->rows == 140);
  for (size_t c = 0; c < 4; c++) CHECK(same_rows(table->column[c], joined->column[c], 50));
  tally_table_release(joined);
  tally_table_release(result);
  tally_table_release(table);
}

/* Columns of a large table are taken on several threads. */
static void test_large_take(void) {
  static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
  enum { ROWS = 70000 };
  tally_table *table = table_of(names, 6, 1000), *taken, *failed = NULL;
  int64_t *rows = tl_mem_new(ROWS, sizeof *rows);
  for (int i = 0; i < ROWS; i++) rows[i] = twin_random(1001) - 1;
  MUST(tally_table_take(table, rows, ROWS, &taken, &check_error));
  bool good = true;
  for (size_t c = 0; c < 6; c++)
    for (int i = 0; i < ROWS; i += 7) good = good && twin_same_cell(taken->column[c], i, table->column[c], rows[i]);
  CHECK(good);
  rows[ROWS - 1] = 1000;
  FAILS(TALLY_ERANGE, "outside", tally_table_take(table, rows, ROWS, &failed, &check_error));
  CHECK(failed == NULL);
  tl_mem_free(rows);
  tally_table_release(taken);
  tally_table_release(table);
}

static void test_table_errors(void) {
  static const char *const names[] = {"year", "level", "domicile", "students"}, *const twice[] = {"a", "b", "a"};
  tally_table *table = table_of(names, 4, 5), *result = NULL;
  tally_column *columns[] = {table->column[0], table->column[1], table->column[2]};
  FAILS(TALLY_ENAME, "no column 'levle'; did you mean 'level'? (columns: year, level, domicile, students)",
        tally_table_select(table, (const char *[]){"levle"}, 1, &result, &check_error));
  FAILS(TALLY_ENAME, "no column 'population' (columns: year,",
        tally_table_rename(table, (const char *[]){"population"}, names, 1, &result, &check_error));
  FAILS(TALLY_ESHAPE, "two columns are named 'level'",
        tally_table_rename(table, names, (const char *[]){"level"}, 1, &result, &check_error));
  FAILS(TALLY_ESHAPE, "two columns are named 'a'", tally_table_new(twice, columns, 3, 5, &result, &check_error));
  FAILS(TALLY_ESHAPE, "has no name", tally_table_new((const char *[]){""}, columns, 1, 5, &result, &check_error));
  FAILS(TALLY_ESHAPE, "'a' has 5 rows", tally_table_new(twice, columns, 1, 6, &result, &check_error));
  FAILS(TALLY_ESYNTAX, "the name of column 2 is not valid UTF-8",
        tally_table_new((const char *[]){"a", "caf\xE9"}, columns, 2, 5, &result, &check_error));
  tally_table *bare;
  MUST(tally_table_select(table, NULL, 0, &bare, &check_error));
  CHECK(bare->rows == 5);
  FAILS(TALLY_ERANGE, "row 5 (from 0) is outside a table of 5 rows",
        tally_table_take(bare, (int64_t[]){4, 5}, 2, &result, &check_error));
  FAILS(TALLY_ERANGE, "row -2", tally_table_take(bare, (int64_t[]){-2}, 1, &result, &check_error));
  tally_table *three;
  MUST(tally_table_take(bare, (int64_t[]){4, -1, 0}, 3, &three, &check_error));
  CHECK(three->rows == 3 && three->columns == 0);
  tally_table_release(three);
  tally_column *short_one;
  MUST(tally_column_slice(columns[0], 0, 2, &short_one, &check_error));
  FAILS(TALLY_ESHAPE, "'a' has 2 rows, the table has 5", tally_table_with(bare, "a", short_one, &result, &check_error));
  tally_column_release(short_one);
  tally_table_release(bare);
  FAILS(TALLY_ERANGE, "outside", tally_table_slice(table, 3, 3, &result, &check_error));
  FAILS(TALLY_ERANGE, "outside", tally_table_slice(table, 1, INT64_MAX, &result, &check_error));
  CHECK(result == NULL);
  tally_table_release(table);
}

static tally_status rebuild(const void *context, tally_table **out, tally_error *error) {
  const tally_table *table = context;
  static const int64_t rows[] = {3, -1, 0, 3};
  tally_table *taken = NULL, *slice = NULL;
  tally_status status = tally_table_take(table, rows, 4, &taken, error);
  if (status == TALLY_OK) status = tally_table_slice(table, 5, 20, &slice, error);
  if (status == TALLY_OK) status = tl_table_concat((tally_table *[]){taken, slice}, 2, out, error);
  tally_table_release(taken);
  tally_table_release(slice);
  return status;
}

static void test_no_memory(void) {
  static const char *const names[] = {"a", "b", "c", "d", "e"};
  tally_table *table = table_of(names, 5, 30);
  twin_refuse_each(rebuild, table);
  tally_table_release(table);
  for (int64_t count = 0; count < 40; count++) check_refused_builder(count);
}

int main(void) {
  for (int round = 0; round < 60; round++) {
    for (int type = TALLY_BOOLEAN; type <= TALLY_DATE; type++) {
      if (round < 5) check_builder((tally_type)type);
      check_slices((tally_type)type);
      check_take((tally_type)type);
      check_concat((tally_type)type);
      check_constant((tally_type)type);
    }
  }
  test_dictionary_or_plain();
  test_builder_errors();
  test_builder_keeps_digits();
  test_widen();
  test_makes_of_text();
  test_cast();
  test_levels();
  test_table();
  test_large_take();
  test_table_errors();
  test_no_memory();
  tally_shutdown();
  CHECK(tally_memory_used() == 0);
  return finish();
}
