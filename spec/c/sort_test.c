/* tally_table_sort, and tally_table_top, against an insertion sort, on random tables of all types and makes. */
#include "twin.h"

/* ---- The slow twin ---- */

static int compare_integers(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

static int compare_values(const tally_column *column, tally_value a, tally_value b) {
  switch (column->type) {
    case TALLY_BOOLEAN:
      return compare_integers(a.boolean, b.boolean);
    case TALLY_INTEGER:
      return compare_integers(a.integer, b.integer);
    case TALLY_NUMBER:
      return (a.number > b.number) - (a.number < b.number);
    case TALLY_DATE:
      return compare_integers(a.date, b.date);
    default:
      return column->levels ? compare_integers(twin_level(a.text), twin_level(b.text)) : tl_text_compare(a.text, b.text);
  }
}

/* 0 for a value, 1 for NaN, 2 for missing: in this order, whatever the direction. */
static int standing(tally_value value) {
  if (value.type == TALLY_MISSING) return 2;
  return value.type == TALLY_NUMBER && isnan(value.number);
}

static int compare_rows(const tally_table *table, const tally_sort_key *keys, size_t count, int64_t a, int64_t b) {
  for (size_t k = 0; k < count; k++) {
    const tally_column *column = tally_table_find(table, keys[k].column);
    tally_value x = tally_column_value(column, a), y = tally_column_value(column, b);
    int order = standing(x) - standing(y);
    if (order == 0 && standing(x) == 0) order = compare_values(column, x, y) * (keys[k].descending ? -1 : 1);
    if (order) return order;
  }
  return 0;
}

static void sort_slowly(const tally_table *table, const tally_sort_key *keys, size_t count, int64_t *rows) {
  for (int64_t i = 0; i < table->rows; i++) {
    int64_t at = i;
    while (at > 0 && compare_rows(table, keys, count, rows[at - 1], i) > 0) {
      rows[at] = rows[at - 1];
      at--;
    }
    rows[at] = i;
  }
}

static void check_round(int64_t rows) {
  static const char *const names[] = {"x", "y", "z", "row"};
  tally_column *columns[4];
  tally_sort_key keys[3];
  size_t count = 1 + (size_t)twin_random(3);
  for (int c = 0; c < 3; c++) columns[c] = twin_column(twin_type(), rows, twin_random(4) ? twin_random(60) : 0);
  columns[3] = twin_row_numbers(rows);
  tally_table *table = twin_table(names, columns, 4, rows), *sorted;
  for (size_t k = 0; k < count; k++) keys[k] = (tally_sort_key){names[(k + 1) % 3], twin_random(2)};
  MUST(tally_table_sort(table, keys, count, &sorted, &check_error));
  int64_t *expected = tl_mem_new((size_t)rows, sizeof *expected);
  sort_slowly(table, keys, count, expected);
  bool same = tally_table_rows(sorted) == rows && tally_table_columns(sorted) == 4;
  for (size_t c = 0; c < 4 && same; c++) {
    same = strcmp(sorted->names[c], names[c]) == 0 && sorted->column[c]->levels == table->column[c]->levels;
    for (int64_t i = 0; i < rows && same; i++) same = twin_same_cell(sorted->column[c], i, table->column[c], expected[i]);
  }
  CHECK(same);
  tl_mem_free(expected);
  tally_table_release(table);
  tally_table_release(sorted);
}

/* ---- The first of each group ---- */

/* All rows in order, of which those stay that have fewer than `most` of their group before them; then groups in the order in which
 * they first appear. */
static int64_t top_slowly(const tally_table *table, const char *const *by, size_t by_count, int64_t most, int64_t *best) {
  int64_t rows = table->rows, count = 0, *sorted = tl_mem_new((size_t)rows, sizeof *sorted);
  tally_sort_key keys[] = {{by[0], false}, {by[1], false}}, value = {"z", true};
  sort_slowly(table, &value, 1, sorted);
  for (int64_t first = 0; first < rows; first++) {
    bool seen = false;
    for (int64_t i = 0; i < first && !seen; i++) seen = compare_rows(table, keys, by_count, i, first) == 0;
    for (int64_t i = 0, taken = 0; !seen && i < rows && taken < most; i++) {
      if (compare_rows(table, keys, by_count, sorted[i], first) != 0) continue;
      best[count++] = sorted[i];
      taken++;
    }
  }
  tl_mem_free(sorted);
  return count;
}

static void check_top(int64_t rows) {
  static const char *const names[] = {"x", "y", "z", "row"};
  tally_column *columns[4];
  size_t by_count = (size_t)twin_random(3);
  int64_t most = twin_random(6);
  for (int c = 0; c < 3; c++) columns[c] = twin_column(twin_type(), rows, twin_random(4) ? twin_random(60) : 0);
  columns[3] = twin_row_numbers(rows);
  tally_table *table = twin_table(names, columns, 4, rows), *found;
  int64_t *expected = tl_mem_new((size_t)rows, sizeof *expected), count = top_slowly(table, names, by_count, most, expected);
  MUST(tally_table_top(table, names, by_count, "z", most, &found, &check_error));
  bool same = tally_table_rows(found) == count;
  for (int64_t i = 0; i < count && same; i++) same = tl_integers(found->column[3])[i] == tl_integers(table->column[3])[expected[i]];
  CHECK(same);
  tl_mem_free(expected);
  tally_table_release(table);
  tally_table_release(found);
}

/* ---- Cases ---- */

static void test_random(void) {
  static const int64_t sizes[] = {0, 1, 2, 3, 17, 64, 200};
  for (int round = 0; round < 400; round++) check_round(sizes[twin_random(7)]);
  for (int round = 0; round < 400; round++) check_top(sizes[twin_random(7)]);
}

static void test_many_rows(void) {
  const int64_t rows = 150001;
  static const char *const names[] = {"n"};
  tally_builder *builder;
  tally_column *column;
  MUST(tally_builder_new(TALLY_NUMBER, &builder, &check_error));
  for (int64_t i = 0; i < rows; i++)
    MUST(tally_builder_append(builder, twin_number((twin_random(2000000) - 1000000) / 8.0), &check_error));
  MUST(tally_builder_finish(builder, &column, &check_error));
  tally_builder_release(builder);
  tally_table *table = twin_table(names, &column, 1, rows), *sorted;
  MUST(tally_table_sort(table, &(tally_sort_key){"n", true}, 1, &sorted, &check_error));
  const double *values = tl_numbers(sorted->column[0]);
  bool descending = true;
  for (int64_t i = 1; i < rows; i++) descending = descending && values[i - 1] >= values[i];
  CHECK(descending);
  tally_table_release(sorted);
  tally_table_release(table);
}

/* A table that has the order already is given back as it is. */
static void test_sorted_already(void) {
  static const char *const names[] = {"row"};
  tally_column *column = twin_row_numbers(100);
  tally_table *table = twin_table(names, &column, 1, 100), *sorted;
  MUST(tally_table_sort(table, &(tally_sort_key){"row", false}, 1, &sorted, &check_error));
  CHECK(sorted == table);
  tally_table_release(sorted);
  MUST(tally_table_sort(table, NULL, 0, &sorted, &check_error));
  CHECK(sorted == table);
  tally_table_release(sorted);
  MUST(tally_table_sort(table, &(tally_sort_key){"row", true}, 1, &sorted, &check_error));
  CHECK(sorted != table && tl_integers(sorted->column[0])[0] == 99);
  tally_table_release(sorted);
  tally_table_release(table);
}

static void test_errors(void) {
  static const char *const names[] = {"level"};
  tally_column *column = twin_row_numbers(3);
  tally_table *table = twin_table(names, &column, 1, 3), *sorted = NULL;
  FAILS(TALLY_ENAME, "no column 'levle'; did you mean 'level'?",
        tally_table_sort(table, &(tally_sort_key){"levle", false}, 1, &sorted, &check_error));
  CHECK(sorted == NULL);
  tally_table_release(table);
}

static tally_status sort_it(const void *context, tally_table **out, tally_error *error) {
  return tally_table_sort(context, (tally_sort_key[]){{"text", false}, {"n", true}}, 2, out, error);
}

static void test_no_memory(void) {
  static const char *const names[] = {"text", "n"};
  tally_column *columns[] = {twin_column(TALLY_TEXT, 50, 20), twin_column(TALLY_NUMBER, 50, 20)};
  tally_table *table = twin_table(names, columns, 2, 50);
  twin_refuse_each(sort_it, table);
  tally_table_release(table);
}

int main(void) {
  test_random();
  test_many_rows();
  test_sorted_already();
  test_errors();
  test_no_memory();
  CHECK(tally_memory_used() == 0);
  return finish();
}
