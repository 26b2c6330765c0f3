/* tl_groups_new, tl_groups_order and tally_table_distinct against comparing every row with every other, on random tables of all
 * types and makes. With all hashes equal the answers must be the same: compile everything with -DTL_TEST_HASH_CONSTANT=0. */
#include "ops/group.h"

#include "twin.h"

enum { MOST_KEYS = 5 };

typedef const tally_column *const *columns_in;

/* ---- The slow twin ---- */

static bool same_keys(tally_column **keys, size_t count, int64_t a, int64_t b) {
  for (size_t k = 0; k < count; k++)
    if (!twin_same_key(keys[k], a, keys[k], b)) return false;
  return true;
}

/* The first row with the keys of `row`. */
static int64_t first_like(tally_column **keys, size_t count, int64_t row) {
  int64_t first = 0;
  while (!same_keys(keys, count, first, row)) first++;
  return first;
}

static bool is_right(const tl_groups *groups, tally_column **keys, size_t count, int64_t rows) {
  int64_t seen = 0;
  for (int64_t i = 0; i < rows; i++) {
    int64_t first = first_like(keys, count, i);
    uint32_t expected = first == i ? (uint32_t)seen : groups->group[first];
    if (groups->group[i] != expected) return false;
    if (first == i && groups->first[seen++] != i) return false;
  }
  return seen == groups->count;
}

static int level_of(const tally_column *key, int64_t row) {
  tally_value value = tally_column_value(key, row);
  return value.type == TALLY_MISSING ? TWIN_TEXTS : twin_level(value.text);
}

/* Whether group a is shown before group b. */
static bool comes_before(const tl_groups *groups, tally_column **keys, size_t count, int64_t a, int64_t b) {
  for (size_t k = 0; k < count; k++) {
    if (!keys[k]->levels) continue;
    int way = level_of(keys[k], groups->first[a]) - level_of(keys[k], groups->first[b]);
    if (way) return way < 0;
  }
  return a < b;
}

static void check_order(const tl_groups *groups, tally_column **keys, size_t count) {
  int64_t *order;
  bool leveled = false, right = true;
  MUST(tl_groups_order(groups, (columns_in)keys, count, &order, &check_error));
  for (size_t k = 0; k < count; k++) leveled |= keys[k]->levels;
  CHECK(leveled == (order != NULL));
  for (int64_t i = 1; order && i < groups->count; i++) right &= comes_before(groups, keys, count, order[i - 1], order[i]);
  CHECK(right);
  tl_mem_free(order);
}

static void check_distinct(tally_column **keys, size_t count, int64_t rows, const tl_groups *groups) {
  static const char *const names[] = {"a", "b", "c", "d", "e", "row"};
  tally_column *columns[MOST_KEYS + 1];
  for (size_t k = 0; k < count; k++) columns[k] = tally_column_retain(keys[k]);
  tally_table *all = twin_table(names, columns, count, rows), *with = NULL, *found = NULL;
  tally_column *numbers = twin_row_numbers(rows);
  MUST(tally_table_distinct(all, NULL, 0, &found, &check_error));
  CHECK(found->rows == groups->count);
  tally_table_release(found);
  MUST(tally_table_with(all, "row", numbers, &with, &check_error));
  MUST(tally_table_distinct(with, names, count, &found, &check_error));
  bool right = found->rows == groups->count && found->columns == count + 1;
  for (int64_t g = 0; g < groups->count && right; g++) right = tl_integers(found->column[count])[g] == groups->first[g];
  CHECK(right);
  tally_column_release(numbers);
  tally_table_release(found);
  tally_table_release(with);
  tally_table_release(all);
}

static void check_round(int64_t rows) {
  tally_column *keys[MOST_KEYS];
  size_t count = 1 + (size_t)twin_random(MOST_KEYS);
  tl_groups groups;
  for (size_t k = 0; k < count; k++) keys[k] = twin_column(twin_type(), rows, twin_random(3) ? twin_random(101) : 0);
  MUST(tl_groups_new((columns_in)keys, count, rows, &groups, &check_error));
  CHECK(is_right(&groups, keys, count, rows));
  check_order(&groups, keys, count);
  check_distinct(keys, count, rows, &groups);
  tl_groups_done(&groups);
  for (size_t k = 0; k < count; k++) tally_column_release(keys[k]);
}

static void test_random(void) {
  static const int64_t sizes[] = {0, 1, 2, 3, 17, 64, 150};
  for (int round = 0; round < 500; round++) check_round(sizes[twin_random(7)]);
}

/* ---- Cases ---- */

static tally_column *integers(const int64_t *values, size_t count) {
  tally_value all[64];
  for (size_t i = 0; i < count; i++) all[i] = values[i] == 7 ? (tally_value){.type = TALLY_MISSING} : twin_integer(values[i]);
  return twin_column_of(TALLY_INTEGER, all, count);
}

/* Values that span all of 64 bits, and all but one of its words: none of them may be taken for missing (7 here). */
static void test_wide(void) {
  static const int64_t spans[][6] = {{INT64_MIN, INT64_MAX, 7, -1, 0, INT64_MIN},
                                     {INT64_MIN, INT64_MAX - 1, 7, INT64_MIN + 1, 7, INT64_MAX - 1},
                                     {INT64_MIN + 1, INT64_MAX, 7, INT64_MAX - 1, 0, 7},
                                     {INT64_MIN + 1, INT64_MAX - 1, 7, 0, -1, 1},
                                     {INT64_MIN, INT64_MIN, INT64_MAX, INT64_MAX, 0, 0}};
  for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
    tally_column *keys[] = {integers(spans[i], 6), integers(spans[(i + 1) % 5], 6), integers(spans[(i + 2) % 5], 6)};
    for (size_t count = 1; count <= 3; count++) {
      tl_groups groups;
      MUST(tl_groups_new((columns_in)keys, count, 6, &groups, &check_error));
      CHECK(is_right(&groups, keys, count, 6));
      tl_groups_done(&groups);
    }
    for (size_t k = 0; k < 3; k++) tally_column_release(keys[k]);
  }
}

/* Two hundred keys that never fit one word. */
static void test_many_keys(void) {
  tally_column *keys[200];
  for (size_t k = 0; k < 200; k++) keys[k] = twin_column(k % 2 ? TALLY_INTEGER : TALLY_NUMBER, 20, 97);
  tl_groups groups;
  MUST(tl_groups_new((columns_in)keys, 200, 20, &groups, &check_error));
  CHECK(is_right(&groups, keys, 200, 20));
  tl_groups_done(&groups);
  for (size_t k = 0; k < 200; k++) tally_column_release(keys[k]);
}

static void test_no_keys(void) {
  tl_groups groups;
  MUST(tl_groups_new(NULL, 0, 3, &groups, &check_error));
  CHECK(groups.count == 1 && groups.first[0] == 0 && groups.group[2] == 0);
  tl_groups_done(&groups);
  MUST(tl_groups_new(NULL, 0, 0, &groups, &check_error));
  CHECK(groups.count == 0);
  tl_groups_done(&groups);
}

/* More groups than a first hash table holds, and rows that come back to them. */
static void test_many_groups(void) {
#ifdef TL_TEST_HASH_CONSTANT
  const int64_t rows = 2000;
#else
  const int64_t rows = 100000;
#endif
  tally_value *values = tl_mem_new((size_t)rows, sizeof *values);
  for (int64_t i = 0; i < rows; i++) values[i] = twin_integer((i % (rows / 2)) * INT64_C(1000000007));
  tally_column *key = twin_column_of(TALLY_INTEGER, values, (size_t)rows);
  tl_groups groups;
  MUST(tl_groups_new((columns_in)&key, 1, rows, &groups, &check_error));
  bool right = groups.count == rows / 2;
  for (int64_t i = 0; i < rows && right; i++) right = groups.group[i] == i % (rows / 2);
  for (int64_t g = 0; g < groups.count && right; g++) right = groups.first[g] == g;
  CHECK(right);
  tl_groups_done(&groups);
  tally_column_release(key);
  tl_mem_free(values);
}

static tally_status distinct_of(const void *context, tally_table **out, tally_error *error) {
  return tally_table_distinct(context, NULL, 0, out, error);
}

static void test_distinct(void) {
  static const char *const names[] = {"level", "n"}, *const wrong[] = {"levle"};
  tally_column *columns[] = {twin_column(TALLY_TEXT, 40, 20), twin_column(TALLY_INTEGER, 40, 20)};
  tally_table *table = twin_table(names, columns, 2, 40), *found = NULL;
  FAILS(TALLY_ENAME, "no column 'levle'; did you mean 'level'?", tally_table_distinct(table, wrong, 1, &found, &check_error));
  CHECK(found == NULL);
  twin_refuse_each(distinct_of, table);
  tally_table_release(table);
}

int main(void) {
  test_random();
  test_wide();
  test_many_keys();
  test_no_keys();
  test_many_groups();
  test_distinct();
  CHECK(tally_memory_used() == 0);
  return finish();
}
