/* tally_table_append, _pivot and _unpivot against slow twins, on random tables of all types and makes. */
#include <inttypes.h>

#include "twin.h"

/* ---- Append ---- */

enum { TABLES_MOST = 4, NAMES = 5 };
static const char *const bound_names[NAMES] = {"a", "b", "c", "d", "e"};
static const char *const labels[TABLES_MOST] = {"one.csv", "two.csv", "three.csv", "one.csv"};

static bool has_values(const tally_column *column) {
  return tally_column_missing(column) < tally_column_length(column);
}

/* Some of the names, each with its type; an integer for a number now and then, and columns without values of any type. */
static tally_table *random_part(const tally_type *types) {
  const char *names[NAMES];
  tally_column *columns[NAMES];
  size_t count = 0;
  int64_t rows = twin_random(3) ? twin_random(80) : 0;
  for (int i = 0; i < NAMES; i++) {
    int name = (i + 2) % NAMES;
    tally_type type = types[name];
    if (twin_random(3) == 0) continue;
    if (type == TALLY_NUMBER && twin_random(2)) type = TALLY_INTEGER;
    bool empty = twin_random(4) == 0;
    twin_exact = true;
    names[count] = bound_names[name];
    columns[count++] = twin_column(empty ? twin_type() : type, rows, empty ? 101 : twin_random(60));
  }
  return twin_table(names, columns, count, rows);
}

static tally_type bound_type(tally_table *const *tables, size_t count, const char *name) {
  const tally_column *model = NULL;
  bool number = false;
  for (size_t t = 0; t < count; t++) {
    const tally_column *column = tally_table_find(tables[t], name);
    if (!column) continue;
    if (!model || (!has_values(model) && has_values(column))) model = column;
    number |= column->type == TALLY_NUMBER;
  }
  return model->type == TALLY_INTEGER && number ? TALLY_NUMBER : model->type;
}

static bool is_bound(const tally_table *result, tally_table *const *tables, size_t count, const char *name) {
  const tally_column *column = tally_table_find(result, name);
  int64_t at = 0;
  if (column->type != bound_type(tables, count, name)) return false;
  for (size_t t = 0; t < count; t++)
    for (int64_t i = 0; i < tables[t]->rows; i++, at++)
      if (!twin_same_cell(column, at, tally_table_find(tables[t], name), i)) return false;
  return at == result->rows;
}

static bool has_origin(const tally_table *result, tally_table *const *tables, size_t count) {
  int64_t at = 0;
  if (strcmp(result->names[0], "file") != 0 || !tally_column_has_dictionary(result->column[0])) return false;
  for (size_t t = 0; t < count; t++)
    for (int64_t i = 0; i < tables[t]->rows; i++, at++)
      if (!twin_same_value(tally_column_value(result->column[0], at), twin_text(labels[t]))) return false;
  return true;
}

/* The columns stand in order of first appearance. */
static bool is_in_order(const tally_table *result, size_t first, tally_table *const *tables, size_t count) {
  size_t at = first;
  for (size_t t = 0; t < count; t++) {
    for (size_t c = 0; c < tables[t]->columns; c++) {
      ptrdiff_t index = tally_table_index(result, tables[t]->names[c]);
      if (index < (ptrdiff_t)first || index > (ptrdiff_t)at) return false;
      if (index == (ptrdiff_t)at) at++;
    }
  }
  return at == result->columns;
}

static void check_append(void) {
  tally_type types[NAMES];
  tally_table *tables[TABLES_MOST], *result;
  size_t count = 1 + (size_t)twin_random(TABLES_MOST);
  bool origin = twin_random(2);
  for (int i = 0; i < NAMES; i++) types[i] = twin_type();
  for (size_t t = 0; t < count; t++) tables[t] = random_part(types);
  MUST(tally_table_append((const tally_table *const *)tables, count, origin ? "file" : NULL, labels, &result, &check_error));
  bool good = is_in_order(result, origin, tables, count) && (!origin || has_origin(result, tables, count));
  for (size_t c = origin; c < result->columns && good; c++) good = is_bound(result, tables, count, result->names[c]);
  CHECK(good);
  for (size_t t = 0; t < count; t++) tally_table_release(tables[t]);
  tally_table_release(result);
}

static tally_table *one_column(const char *name, tally_column *column) {
  return twin_table(&name, &column, 1, tally_column_length(column));
}

static tally_table *text_table(const char *name, const char *a, const char *b) {
  tally_value values[] = {twin_text(a), twin_text(b)};
  return one_column(name, twin_column_of(TALLY_TEXT, values, 2));
}

/* A table that lacks the column, or has no value in it, leaves declared levels as they are. */
static void test_append_levels(void) {
  tally_text levels[] = {tl_text_of("UG"), tl_text_of("PGT")};
  tally_table *plain = text_table("level", "PGT", "UG");
  tally_column *leveled;
  MUST(tally_column_with_levels(plain->column[0], levels, 2, &leveled, &check_error));
  tally_table *tables[] = {one_column("level", twin_column(TALLY_TEXT, 2, 101)), one_column("level", leveled),
                           one_column("n", twin_row_numbers(3))};
  tally_table *result;
  MUST(tally_table_append((const tally_table *const *)tables, 3, NULL, NULL, &result, &check_error));
  CHECK(result->rows == 7 && tally_column_has_levels(result->column[0]));
  CHECK(twin_same_value(tally_column_value(result->column[0], 2), twin_text("PGT")));
  tally_table_release(result);
  for (int i = 0; i < 3; i++) tally_table_release(tables[i]);
  tally_table_release(plain);
}

static void test_append_errors(void) {
  tally_table *text = text_table("n", "1", "x"), *numbers = one_column("n", twin_row_numbers(2)), *result = NULL;
  const tally_table *tables[] = {numbers, numbers, text};
  const char *const files[] = {"a.csv", "b.csv", "c.csv"};
  FAILS(TALLY_ETYPE, "column 'n' is integer in 'a.csv' and text in 'c.csv': read both as text, e.g. types = { n = \"text\" }",
        tally_table_append(tables, 3, NULL, files, &result, &check_error));
  FAILS(TALLY_ETYPE, "column 'n' is integer in 'table 1' and text in 'table 3'",
        tally_table_append(tables, 3, NULL, NULL, &result, &check_error));
  FAILS(TALLY_ESHAPE, "'a.csv' has a column 'n' already", tally_table_append(tables, 2, "n", files, &result, &check_error));
  FAILS(TALLY_ESHAPE, "at least one table", tally_table_append(tables, 0, NULL, NULL, &result, &check_error));
  FAILS(TALLY_ESHAPE, "needs a label", tally_table_append(tables, 2, "file", NULL, &result, &check_error));
  const char *const broken[] = {"a.csv", "\xFF.csv"};
  FAILS(TALLY_ESYNTAX, "label of table 2", tally_table_append(tables, 2, "file", broken, &result, &check_error));
  CHECK(result == NULL);
  tally_table_release(text);
  tally_table_release(numbers);
}

/* An integer is not changed in silence by the numbers that it is put beside, under one another or side by side. */
static void test_inexact_integers(void) {
  tally_value integers[] = {twin_integer(1), twin_integer(-9007199254740993)};
  const char *const both[] = {"n", "x"};
  tally_column *columns[] = {twin_column_of(TALLY_INTEGER, integers, 2), twin_column(TALLY_NUMBER, 2, 0)};
  tally_table *table = twin_table(both, columns, 2, 2), *exact, *number = NULL, *result = NULL;
  MUST(tally_table_select(table, both + 1, 1, &number, &check_error));
  MUST(tally_table_rename(number, both + 1, both, 1, &result, &check_error));
  tally_table_release(number);
  number = result, result = NULL;
  FAILS(TALLY_ERANGE, "-9007199254740993 is an integer that would lose digits",
        tally_table_append((const tally_table *[]){number, table}, 2, NULL, NULL, &result, &check_error));
  CHECK(strcmp(check_error.where, "n") == 0 && !result);
  FAILS(TALLY_ERANGE, "-9007199254740993", tally_table_unpivot(table, both, 2, "name", "value", &result, &check_error));
  CHECK(strcmp(check_error.where, "value") == 0 && !result);
  MUST(tally_table_slice(table, 0, 1, &exact, &check_error));
  MUST(tally_table_unpivot(exact, both, 2, "name", "value", &result, &check_error));
  CHECK(result->rows == 2 && result->column[1]->type == TALLY_NUMBER && tl_numbers(result->column[1])[0] == 1);
  tally_table_release(result);
  tally_table_release(exact);
  tally_table_release(number);
  tally_table_release(table);
}

/* ---- Pivot ---- */

enum { SHOWN_MOST = 64 };
static const char *const pivot_names[] = {"key 1", "key 2", "name", "value"};

/* Rows that stand for different combinations of `columns`, in the order in which these are shown. */
static int show(const tally_table *table, const size_t *columns, size_t count, int64_t *shown) {
  int found = 0;
  for (int64_t row = 0; row < table->rows; row++) {
    int at = 0;
    bool known = false;
    for (int i = 0; i < found && !known; i++) {
      known = true;
      for (size_t c = 0; c < count; c++)
        known = known && twin_same_key(table->column[columns[c]], row, table->column[columns[c]], shown[i]);
    }
    if (known) continue;
    for (at = found; at > 0; at--) {
      int order = 0;
      for (size_t c = 0; c < count && order == 0; c++) {
        const tally_column *column = table->column[columns[c]];
        if (!column->levels) continue;
        tally_value before = tally_column_value(column, shown[at - 1]), after = tally_column_value(column, row);
        order = (before.type == TALLY_MISSING ? TWIN_TEXTS : twin_level(before.text)) -
                (after.type == TALLY_MISSING ? TWIN_TEXTS : twin_level(after.text));
      }
      if (order <= 0) break;
      shown[at] = shown[at - 1];
    }
    shown[at] = row;
    found++;
  }
  return found;
}

/* The row of the table that belongs in a cell; -1: none, -2: more than one. */
static int64_t find_cell(const tally_table *table, int64_t row, int64_t name_row) {
  int64_t found = -1;
  for (int64_t i = 0; i < table->rows; i++) {
    if (!twin_same_key(table->column[0], i, table->column[0], row)) continue;
    if (!twin_same_key(table->column[1], i, table->column[1], row)) continue;
    if (!twin_same_key(table->column[2], i, table->column[2], name_row)) continue;
    found = found == -1 ? i : -2;
  }
  return found;
}

static void name_of(tally_value value, char *to, size_t size) {
  if (value.type == TALLY_TEXT)
    snprintf(to, size, "%.*s", (int)value.text.size, value.text.bytes);
  else if (value.type == TALLY_MISSING)
    snprintf(to, size, "(missing)");
  else if (value.type == TALLY_BOOLEAN)
    snprintf(to, size, "%s", value.boolean ? "true" : "false");
  else if (value.type == TALLY_INTEGER)
    snprintf(to, size, "%" PRId64, value.integer);
  else
    tally_format_value(value, to, size);
}

static bool is_pivoted(const tally_table *result, const tally_table *table) {
  static const size_t keys[] = {0, 1}, name[] = {2};
  int64_t rows[SHOWN_MOST * 4], columns[SHOWN_MOST];
  int row_count = show(table, keys, 2, rows), column_count = show(table, name, 1, columns);
  if (result->rows != row_count || result->columns != (size_t)column_count + 2) return false;
  for (int i = 0; i < row_count; i++)
    for (int k = 0; k < 2; k++)
      if (!twin_same_cell(result->column[k], i, table->column[k], rows[i])) return false;
  for (int c = 0; c < column_count; c++) {
    char text[64] = "";
    name_of(tally_column_value(table->column[2], columns[c]), text, sizeof text);
    if (strcmp(result->names[c + 2], text) != 0) return false;
    for (int i = 0; i < row_count; i++)
      if (!twin_same_cell(result->column[c + 2], i, table->column[3], find_cell(table, rows[i], columns[c]))) return false;
  }
  return true;
}

static bool is_empty_text(tally_value value) {
  return value.type == TALLY_TEXT && value.text.size == 0;
}

/* The rows that a pivot can take: one for each cell, and a name for each column. */
static tally_table *without_repeats(const tally_table *table) {
  int64_t rows[256], count = 0;
  tally_table *kept;
  for (int64_t i = 0; i < table->rows; i++) {
    bool good = !is_empty_text(tally_column_value(table->column[2], i));
    for (int64_t j = 0; j < count && good; j++)
      for (int c = 0; c < 3; c++) {
        if (!twin_same_key(table->column[c], i, table->column[c], rows[j])) break;
        good = c < 2;
      }
    if (good) rows[count++] = i;
  }
  MUST(tally_table_take(table, rows, count, &kept, &check_error));
  return kept;
}

static void check_pivot(void) {
  tally_type name_type;
  do name_type = twin_type();
  while (name_type == TALLY_NUMBER);
  int64_t rows = twin_random(200);
  tally_column *columns[] = {twin_column(twin_type(), rows, 15), twin_column(TALLY_BOOLEAN, rows, 15),
                             twin_column(name_type, rows, 10), twin_column(twin_type(), rows, 30)};
  tally_table *all = twin_table(pivot_names, columns, 4, rows), *table = without_repeats(all), *result = NULL;
  MUST(tally_table_pivot(table, pivot_names, 2, "name", "value", &result, &check_error));
  CHECK(is_pivoted(result, table));
  tally_table_release(result);
  tally_table_release(table);
  tally_table_release(all);
}

/* level, domicile, n: a row for each */
static tally_table *students(const char *const (*cells)[2], size_t count) {
  static const char *const names[] = {"level", "domicile", "n"};
  tally_value values[2][8];
  for (size_t i = 0; i < count; i++)
    for (int c = 0; c < 2; c++) values[c][i] = cells[i][c] ? twin_text(cells[i][c]) : (tally_value){.type = TALLY_MISSING};
  tally_column *columns[] = {twin_column_of(TALLY_TEXT, values[0], count), twin_column_of(TALLY_TEXT, values[1], count),
                             twin_row_numbers((int64_t)count)};
  return twin_table(names, columns, 3, (int64_t)count);
}

static void test_pivot_errors(void) {
  static const char *const twice[][2] = {{"UG", "UK"}, {"UG", "China"}, {"PGT", NULL}, {"UG", "China"}};
  static const char *const missing_twice[][2] = {{"PGT", NULL}, {"PGT", NULL}};
  static const char *const clash[][2] = {{"UG", "UK"}, {"UG", "level"}};
  static const char *const unnamed[][2] = {{"UG", ""}};
  static const char *const same[][2] = {{"UG", NULL}, {"UG", "(missing)"}};
  const char *key = "level", *nothing = "levle";
  tally_table *result = NULL;
  tally_table *table = students(twice, 4);
  FAILS(TALLY_ESHAPE, "two rows for level 'UG' and domicile 'China': aggregate before pivot",
        tally_table_pivot(table, &key, 1, "domicile", "n", &result, &check_error));
  FAILS(TALLY_ENAME, "did you mean 'level'?", tally_table_pivot(table, &nothing, 1, "domicile", "n", &result, &check_error));
  FAILS(TALLY_ENAME, "no column 'x'", tally_table_pivot(table, &key, 1, "domicile", "x", &result, &check_error));
  tally_table_release(table);
  table = students(missing_twice, 2);
  FAILS(TALLY_ESHAPE, "two rows for level 'PGT' and domicile '(missing)'",
        tally_table_pivot(table, &key, 1, "domicile", "n", &result, &check_error));
  tally_table_release(table);
  table = students(clash, 2);
  FAILS(TALLY_ESHAPE, "'level' is a value of 'domicile' and the name of a key too",
        tally_table_pivot(table, &key, 1, "domicile", "n", &result, &check_error));
  tally_table_release(table);
  table = students(unnamed, 1);
  FAILS(TALLY_ESHAPE, "row 1 of 'domicile'", tally_table_pivot(table, &key, 1, "domicile", "n", &result, &check_error));
  tally_table_release(table);
  table = students(same, 2);
  FAILS(TALLY_ESHAPE, "two columns are named '(missing)'",
        tally_table_pivot(table, &key, 1, "domicile", "n", &result, &check_error));
  tally_table_release(table);
  table = one_column("x", twin_column(TALLY_NUMBER, 3, 0));
  FAILS(TALLY_ETYPE, "cannot name columns after 'x' (number)", tally_table_pivot(table, NULL, 0, "x", "x", &result, &check_error));
  tally_table_release(table);
  CHECK(result == NULL);
}

static void test_pivot_without_keys(void) {
  static const char *const cells[][2] = {{"UG", "UK"}, {"UG", "China"}};
  tally_table *table = students(cells, 2), *result;
  MUST(tally_table_pivot(table, NULL, 0, "domicile", "n", &result, &check_error));
  CHECK(result->rows == 1 && result->columns == 2 && strcmp(result->names[1], "China") == 0);
  CHECK(tally_column_value(result->column[1], 0).integer == 1);
  tally_table_release(result);
  tally_table_release(table);
}

/* ---- Unpivot ---- */

static bool is_long(const tally_table *result, const tally_table *table, const char *const *wide, size_t count) {
  const tally_column *names = tally_table_find(result, "name"), *values = tally_table_find(result, "value");
  size_t others = table->columns - count;
  if (result->rows != table->rows * (int64_t)count || result->columns != others + 2) return false;
  if (names != result->column[others] || values != result->column[others + 1] || names->levels) return false;
  for (int64_t i = 0; i < result->rows; i++) {
    const char *from = wide[i % (int64_t)count];
    int64_t row = i / (int64_t)count;
    if (!twin_same_value(tally_column_value(names, i), twin_text(from))) return false;
    if (!twin_same_cell(values, i, tally_table_find(table, from), row)) return false;
    for (size_t c = 0; c < others; c++)
      if (!twin_same_cell(result->column[c], i, tally_table_find(table, result->names[c]), row)) return false;
  }
  return true;
}

static void check_unpivot(void) {
  static const char *const all[] = {"a", "b", "c", "d", "e"}, *const wide[] = {"d", "b", "e"};
  int64_t rows = twin_random(4) ? twin_random(60) : 0;
  tally_type type = twin_type();
  tally_column *columns[5];
  twin_exact = true;
  for (int i = 0; i < 5; i++) {
    bool empty = twin_random(5) == 0;
    bool integer = type == TALLY_NUMBER && twin_random(2);
    columns[i] = twin_column(empty ? twin_type() : integer ? TALLY_INTEGER : type, rows, empty ? 101 : twin_random(50));
  }
  tally_table *table = twin_table(all, columns, 5, rows), *result;
  size_t count = 1 + (size_t)twin_random(3);
  MUST(tally_table_unpivot(table, wide, count, "name", "value", &result, &check_error));
  CHECK(is_long(result, table, wide, count));
  tally_table_release(result);
  MUST(tally_table_unpivot(table, all + 4, 1, "name", "e", &result, &check_error)); /* a name that has become free */
  CHECK(result->columns == 6 && tally_table_index(result, "e") == 5);
  tally_table_release(result);
  tally_table_release(table);
}

/* Long texts are cut at a whole character, and no longer list of keys leaves half of one. */
static void test_pivot_long_message(void) {
  char level[101] = "a", name[101] = "n";
  for (size_t i = 0; i < 49; i++) memcpy(level + 1 + 2 * i, "\xC3\xA9", 3), memcpy(name + 1 + 2 * i, "\xC3\xA9", 3);
  const char *const names[] = {name, "b", "c", "d", "domicile", "n"};
  tally_value twice[] = {twin_text(level), twin_text(level)};
  tally_column *columns[6];
  for (size_t c = 0; c < 5; c++) columns[c] = twin_column_of(TALLY_TEXT, twice, 2);
  columns[5] = twin_row_numbers(2);
  tally_table *table = twin_table(names, columns, 6, 2), *result = NULL;
  for (size_t count = 1; count <= 4; count++) {
    FAILS(TALLY_ESHAPE, "two rows for n", tally_table_pivot(table, names, count, "domicile", "n", &result, &check_error));
    CHECK(tl_text_valid_utf8(tl_text_of(check_error.text)) == strlen(check_error.text));
    CHECK(strstr(check_error.text, ": aggregate before pivot"));
  }
  tally_table_release(table);
}

static void test_unpivot_errors(void) {
  static const char *const names[] = {"level", "UK", "note"}, *const wide[] = {"UK", "note", "UK"};
  tally_column *columns[] = {twin_column(TALLY_TEXT, 4, 0), twin_row_numbers(4), twin_column(TALLY_TEXT, 4, 0)};
  tally_table *table = twin_table(names, columns, 3, 4), *result = NULL;
  FAILS(TALLY_ETYPE, "cannot unpivot 'UK' (integer) with 'note' (text)",
        tally_table_unpivot(table, wide, 2, "name", "value", &result, &check_error));
  FAILS(TALLY_ESHAPE, "column 'UK' is named twice", tally_table_unpivot(table, wide, 3, "name", "value", &result, &check_error));
  FAILS(TALLY_ESHAPE, "a second column 'level'", tally_table_unpivot(table, wide, 1, "level", "value", &result, &check_error));
  FAILS(TALLY_ESHAPE, "a second column 'note'", tally_table_unpivot(table, wide, 1, "name", "note", &result, &check_error));
  FAILS(TALLY_ESHAPE, "not 'x' twice", tally_table_unpivot(table, wide, 1, "x", "x", &result, &check_error));
  FAILS(TALLY_ESHAPE, "at least one column", tally_table_unpivot(table, wide, 0, "name", "value", &result, &check_error));
  FAILS(TALLY_ENAME, "no column 'Note'; did you mean 'note'?",
        tally_table_unpivot(table, (const char *[]){"Note"}, 1, "name", "value", &result, &check_error));
  CHECK(result == NULL);
  tally_table_release(table);
}

/* ---- Memory ---- */

static tally_status append_it(const void *context, tally_table **out, tally_error *error) {
  tally_table *part = NULL;
  TL_TRY(tally_table_select(context, pivot_names + 1, 2, &part, error));
  tally_status status = tally_table_append((const tally_table *[]){context, part}, 2, "file", labels, out, error);
  tally_table_release(part);
  return status;
}

static tally_status pivot_it(const void *context, tally_table **out, tally_error *error) {
  return tally_table_pivot(context, pivot_names, 2, "name", "value", out, error);
}

static tally_status unpivot_it(const void *context, tally_table **out, tally_error *error) {
  return tally_table_unpivot(context, pivot_names, 2, "to", "from", out, error);
}

static void test_no_memory(void) {
  tally_column *columns[] = {twin_column(TALLY_TEXT, 30, 20), twin_column(TALLY_TEXT, 30, 101), twin_column(TALLY_BOOLEAN, 30, 0),
                             twin_row_numbers(30)};
  tally_table *all = twin_table(pivot_names, columns, 4, 30), *table = without_repeats(all);
  twin_refuse_each(append_it, table);
  twin_refuse_each(pivot_it, table);
  twin_refuse_each(unpivot_it, table);
  tally_table_release(table);
  tally_table_release(all);
}

int main(void) {
  for (int round = 0; round < 300; round++) {
    check_append();
    check_pivot();
    check_unpivot();
  }
  test_append_levels();
  test_append_errors();
  test_inexact_integers();
  test_pivot_errors();
  test_pivot_long_message();
  test_pivot_without_keys();
  test_unpivot_errors();
  test_no_memory();
  CHECK(tally_memory_used() == 0);
  return finish();
}
