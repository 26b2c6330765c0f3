/* tally_table_join against two nested loops, on random tables of all types and makes. */
#include "ops/append.h"
#include "twin.h"

enum { LEFT_ROWS_MOST = 60, PAIRS_MOST = 8000 };

static const char *const left_names[] = {"k1", "k2", "value", "row"};
static const char *const right_names[] = {"id", "k2", "value", "other"};

/* ---- The slow twin ---- */

typedef struct pairs {
  int64_t left[PAIRS_MOST], right[PAIRS_MOST]; /* -1: none */
  int64_t count;
  tally_join_report report;
} pairs;

static void add_pair(pairs *p, int64_t left, int64_t right) {
  if (p->count == PAIRS_MOST) exit(2);
  p->left[p->count] = left;
  p->right[p->count++] = right;
}

static bool rows_match(const tally_table *a, int64_t row_a, const tally_table *b, int64_t row_b, const tally_join_options *o) {
  for (size_t k = 0; k < o->key_count; k++) {
    const tally_column *left = tally_table_find(a, o->left_keys[k]), *right = tally_table_find(b, o->right_keys[k]);
    if (!twin_same_key(left, row_a, right, row_b)) return false;
    if (!o->match_missing && tally_column_value(left, row_a).type == TALLY_MISSING) return false;
  }
  return true;
}

/* Whether the value of a row of right comes at or before that of a row of left; both have one. */
static bool is_not_after(tally_value right, tally_value left) {
  if (right.type == TALLY_MISSING || left.type == TALLY_MISSING) return false;
  if (right.type == TALLY_NUMBER) return right.number <= left.number;
  return right.type == TALLY_DATE ? right.date <= left.date : right.integer <= left.integer;
}

/* Of the rows of right that match, the last not after; of equal ones, the last in the table. -1: none */
static int64_t last_match(const tally_table *a, int64_t row, const tally_table *b, const tally_join_options *o) {
  const tally_column *left = tally_table_find(a, o->left_as_of), *right = tally_table_find(b, o->right_as_of);
  int64_t last = -1;
  for (int64_t j = 0; j < b->rows; j++) {
    tally_value value = tally_column_value(right, j);
    if (!rows_match(a, row, b, j, o) || !is_not_after(value, tally_column_value(left, row))) continue;
    if (last < 0 || is_not_after(tally_column_value(right, last), value)) last = j;
  }
  return last;
}

static bool are_pair(const tally_table *a, int64_t row_a, const tally_table *b, int64_t row_b, const tally_join_options *o) {
  return o->left_as_of ? last_match(a, row_a, b, o) == row_b : rows_match(a, row_a, b, row_b, o);
}

static void join_slowly(const tally_table *left, const tally_table *right, const tally_join_options *o, pairs *p) {
  int matches_of_right[LEFT_ROWS_MOST] = {0};
  p->count = 0;
  p->report = (tally_join_report){0};
  for (int64_t j = 0; j < right->rows; j++)
    for (int64_t i = 0; i < left->rows; i++) matches_of_right[j] += are_pair(left, i, right, j, o);
  for (int64_t i = 0; i < left->rows; i++) {
    int matches = 0;
    for (int64_t j = 0; j < right->rows; j++) {
      if (!are_pair(left, i, right, j, o)) continue;
      matches++;
      if (o->kind != TALLY_JOIN_SEMI && o->kind != TALLY_JOIN_ANTI) add_pair(p, i, j);
      if (matches > 1 && matches_of_right[j] > 1) p->report.many_to_many = true;
    }
    if (matches == 0) p->report.left_unmatched++;
    if (matches > 1) p->report.left_repeated++;
    bool alone = o->kind == TALLY_JOIN_LEFT || o->kind == TALLY_JOIN_FULL || o->kind == TALLY_JOIN_ANTI;
    if (matches ? o->kind == TALLY_JOIN_SEMI : alone) add_pair(p, i, -1);
  }
  for (int64_t j = 0; j < right->rows; j++) {
    if (matches_of_right[j]) continue;
    p->report.right_unmatched++;
    if (o->kind == TALLY_JOIN_RIGHT || o->kind == TALLY_JOIN_FULL) add_pair(p, -1, j);
  }
}

/* ---- Comparing ---- */

static const char *name_of_kind(tally_join_kind kind) {
  static const char *const names[] = {"inner", "left", "right", "full", "semi", "anti"};
  return names[kind];
}

/* Column `name` of the result holds the rows `rows` of `from`. */
static bool holds(const tally_table *result, const char *name, const tally_column *from, const int64_t *rows) {
  const tally_column *column = tally_table_find(result, name);
  if (!column || column->type != from->type) return false;
  for (int64_t i = 0; i < result->rows; i++)
    if (!twin_same_cell(column, i, from, rows[i])) return false;
  return true;
}

/* The key has the values of left, and of right in the rows that only right has. */
static bool holds_key(const tally_table *result, const char *name, const tally_column *left, const tally_column *right, pairs *p) {
  const tally_column *column = tally_table_find(result, name);
  for (int64_t i = 0; i < result->rows; i++) {
    bool from_left = p->left[i] >= 0;
    if (!twin_same_cell(column, i, from_left ? left : right, from_left ? p->left[i] : p->right[i])) return false;
  }
  return true;
}

static bool is_as_expected(const tally_table *result, const tally_table *left, const tally_table *right,
                           const tally_join_options *o, pairs *p) {
  bool one_side = o->kind == TALLY_JOIN_SEMI || o->kind == TALLY_JOIN_ANTI;
  bool first_is_key = o->key_count > 0, second_is_key = o->key_count == 2;
  if (result->rows != p->count) return false;
  if (result->columns != (one_side ? 4u : 8u - o->key_count)) return false;
  if (first_is_key && !holds_key(result, "k1", left->column[0], right->column[0], p)) return false;
  if (second_is_key && !holds_key(result, "k2", left->column[1], right->column[1], p)) return false;
  if (!second_is_key && !holds(result, "k2", left->column[1], p->left)) return false;
  if (!holds(result, "value", left->column[2], p->left) || !holds(result, "row", left->column[3], p->left)) return false;
  if (one_side) return true;
  if (!second_is_key && !holds(result, "k2_right", right->column[1], p->right)) return false;
  return holds(result, "value_right", right->column[2], p->right) && holds(result, "other", right->column[3], p->right);
}

static bool same_report(tally_join_report a, tally_join_report b) {
  return a.left_unmatched == b.left_unmatched && a.right_unmatched == b.right_unmatched && a.left_repeated == b.left_repeated &&
         a.many_to_many == b.many_to_many;
}

static tally_type partner_of(tally_type type) {
  if (type == TALLY_INTEGER && twin_random(3) == 0) return TALLY_NUMBER;
  if (type == TALLY_NUMBER && twin_random(3) == 0) return TALLY_INTEGER;
  return type;
}

static bool may_be_as_of(tally_join_kind kind) {
  return kind != TALLY_JOIN_RIGHT && kind != TALLY_JOIN_FULL;
}

static void check_round(tally_join_kind kind, int64_t left_rows, int64_t right_rows) {
  static const tally_type ordered[] = {TALLY_INTEGER, TALLY_NUMBER, TALLY_DATE};
  bool as_of = may_be_as_of(kind) && twin_random(3) == 0;
  tally_type of_value = as_of ? ordered[twin_random(3)] : twin_type(), of_other_value = as_of ? of_value : twin_type();
  tally_type first = twin_type(), second = twin_type(), right_first = partner_of(first), right_second = partner_of(second);
  twin_exact = right_first != first || right_second != second;
  int missing = twin_random(3) ? twin_random(50) : 0;
  tally_column *of_left[] = {twin_column(first, left_rows, missing), twin_column(second, left_rows, missing),
                             twin_column(of_value, left_rows, 20), twin_row_numbers(left_rows)};
  tally_column *of_right[] = {twin_column(right_first, right_rows, missing), twin_column(right_second, right_rows, missing),
                              twin_column(of_other_value, right_rows, 20), twin_column(twin_type(), right_rows, 0)};
  tally_table *left = twin_table(left_names, of_left, 4, left_rows), *right = twin_table(right_names, of_right, 4, right_rows);
  tally_join_options options = {.size = sizeof options, .kind = kind, .left_keys = left_names, .right_keys = right_names};
  options.key_count = as_of ? (size_t)twin_random(3) : 1 + (size_t)twin_random(2);
  if (as_of) options.left_as_of = options.right_as_of = "value";
  options.match_missing = twin_random(2);
  static pairs expected;
  tally_join_report report;
  tally_table *result;
  MUST(tally_table_join(left, right, &options, &report, &result, &check_error));
  join_slowly(left, right, &options, &expected);
  bool good = is_as_expected(result, left, right, &options, &expected) && same_report(report, expected.report);
  if (!good) fprintf(stderr, "a join of kind %s differs\n", name_of_kind(kind));
  CHECK(good);
  tally_table_release(left);
  tally_table_release(right);
  tally_table_release(result);
}

/* ---- Cases ---- */

static void test_random(void) {
  static const int64_t sizes[] = {0, 1, 2, 9, 33, LEFT_ROWS_MOST};
  for (int kind = TALLY_JOIN_INNER; kind <= TALLY_JOIN_ANTI; kind++)
    for (int round = 0; round < 120; round++) check_round((tally_join_kind)kind, sizes[twin_random(6)], sizes[twin_random(6)]);
}

/* A table {key = 0 … rows-1, second = the same}, under these names. */
static tally_table *numbers_table(const char *key, const char *second, int64_t rows) {
  const char *names[] = {key, second};
  tally_column *columns[] = {twin_row_numbers(rows), twin_row_numbers(rows)};
  return twin_table(names, columns, 2, rows);
}

static void test_names(void) {
  tally_table *left = numbers_table("id", "n", 3), *right = numbers_table("key", "n", 4), *result = NULL;
  const char *id = "id", *key = "key";
  tally_join_options options = {
      .size = sizeof options, .kind = TALLY_JOIN_RIGHT, .left_keys = &id, .right_keys = &key, .key_count = 1};
  MUST(tally_table_join(left, right, &options, NULL, &result, &check_error));
  CHECK(result->columns == 3 && result->rows == 4);
  CHECK(strcmp(result->names[0], "id") == 0 && strcmp(result->names[1], "n") == 0 && strcmp(result->names[2], "n_right") == 0);
  CHECK(tally_column_value(result->column[0], 3).integer == 3);
  CHECK(tally_column_value(result->column[1], 3).type == TALLY_MISSING);
  tally_table_release(result);
  options.suffix = ".y";
  MUST(tally_table_join(left, right, &options, NULL, &result, &check_error));
  CHECK(tally_table_index(result, "n.y") == 2);
  tally_table_release(result);
  tally_table_release(left);
  tally_table_release(right);
}

/* A join on a column of right that has the name of another column of left keeps that one. */
static void test_key_named_like_another(void) {
  tally_table *left = numbers_table("a", "b", 2), *right = numbers_table("b", "c", 2), *result;
  const char *a = "a", *b = "b";
  tally_join_options options = {.size = sizeof options, .left_keys = &a, .right_keys = &b, .key_count = 1};
  MUST(tally_table_join(left, right, &options, NULL, &result, &check_error));
  CHECK(result->columns == 3 && tally_table_index(result, "a") == 0 && tally_table_index(result, "b") == 1);
  CHECK(tally_table_index(result, "c") == 2);
  tally_table_release(result);
  tally_table_release(left);
  tally_table_release(right);
}

/* The suffix makes a name that left has already. right: columns ukprn and n */
static void test_names_twice(const tally_table *right) {
  tally_table *left = numbers_table("n", "n_right", 5), *more, *result = NULL;
  tally_column *ids = twin_row_numbers(5);
  const char *key = "ukprn";
  MUST(tally_table_with(left, key, ids, &more, &check_error));
  tally_join_options options = {.size = sizeof options, .left_keys = &key, .right_keys = &key, .key_count = 1};
  FAILS(TALLY_ESHAPE, "two columns are named 'n_right'", tally_table_join(more, right, &options, NULL, &result, &check_error));
  tally_column_release(ids);
  tally_table_release(left);
  tally_table_release(more);
}

static void test_errors(void) {
  const char *names[] = {"UKPRN", "Total UK"}, *others[] = {"ukprn", "n"};
  tally_column *text[] = {twin_column(TALLY_TEXT, 5, 0), twin_column(TALLY_DATE, 5, 0)};
  tally_table *left = twin_table(names, text, 2, 5), *right = numbers_table("ukprn", "n", 5), *result = NULL;
  tally_join_options options = {.size = sizeof options, .left_keys = names, .right_keys = others, .key_count = 1};
  FAILS(TALLY_ETYPE, "cannot join 'UKPRN' (text) with 'ukprn' (integer): read both as text, e.g. types = { ukprn = \"text\" }",
        tally_table_join(left, right, &options, NULL, &result, &check_error));
  options.left_keys = names + 1;
  FAILS(TALLY_ETYPE,
        "cannot join 'Total UK' (date) with 'ukprn' (integer): read both as text, e.g. types = { [\"Total UK\"] = \"text\" }",
        tally_table_join(left, right, &options, NULL, &result, &check_error));
  options.left_keys = (const char *[]){"UKPRM"};
  FAILS(TALLY_ENAME, "no column 'UKPRM'; did you mean 'UKPRN'?",
        tally_table_join(left, right, &options, NULL, &result, &check_error));
  options.key_count = 0;
  FAILS(TALLY_ESHAPE, "a join needs at least one key", tally_table_join(left, right, &options, NULL, &result, &check_error));
  options.left_as_of = "UKPRN", options.right_as_of = "n";
  FAILS(TALLY_ETYPE, "cannot join 'UKPRN' (text) as of 'n' (integer): both must be integers, numbers or dates",
        tally_table_join(left, right, &options, NULL, &result, &check_error));
  options.kind = TALLY_JOIN_FULL;
  FAILS(TALLY_ESHAPE, "a join as of 'UKPRN' is inner, left, semi or anti",
        tally_table_join(left, right, &options, NULL, &result, &check_error));
  options.size = sizeof options + 8;
  FAILS(TALLY_ESHAPE, "join options of ", tally_table_join(left, right, &options, NULL, &result, &check_error));
  test_names_twice(right);
  CHECK(result == NULL);
  tally_table_release(left);
  tally_table_release(right);
}

static void test_advised_key(void) {
  static const char *const keys[][2] = {
      {"ukprn", "ukprn"},
      {"_n1", "_n1"},
      {"end", "[\"end\"]"},
      {"goto", "[\"goto\"]"},
      {"ends", "ends"},
      {"1st", "[\"1st\"]"},
      {"Total UK", "[\"Total UK\"]"},
      {"ééééé", "[\"ééé\"]"},
      {"abcdefghijklmn", "abcdefghijk"},
  };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    char key[12 + 4];
    size_t size = strlen(keys[i][0]) < 9 ? sizeof key : 12;
    CHECK(strcmp(tl_append_key(keys[i][0], key, size), keys[i][1]) == 0);
  }
}

/* 2^53 + 1 lies next to 2^53, the nearest number, and is not it. */
static void test_inexact_keys(void) {
  tally_value integers[] = {twin_integer(9007199254740992), twin_integer(9007199254740993)}, numbers[] = {twin_number(0x1p53)};
  tally_column *of_left[] = {twin_column_of(TALLY_INTEGER, integers, 2)}, *of_right[] = {twin_column_of(TALLY_NUMBER, numbers, 1)};
  const char *left_key = "id", *right_key = "number";
  tally_table *left = twin_table(&left_key, of_left, 1, 2), *right = twin_table(&right_key, of_right, 1, 1), *some, *result = NULL;
  tally_join_options options = {.size = sizeof options, .left_keys = &left_key, .right_keys = &right_key, .key_count = 1};
  FAILS(TALLY_ERANGE, "9007199254740993 is an integer that would lose digits",
        tally_table_join(left, right, &options, NULL, &result, &check_error));
  CHECK(strcmp(check_error.where, "id") == 0 && !result);
  options.left_keys = &right_key, options.right_keys = &left_key;
  FAILS(TALLY_ERANGE, "9007199254740993", tally_table_join(right, left, &options, NULL, &result, &check_error));
  CHECK(strcmp(check_error.where, "id") == 0 && !result);
  MUST(tally_table_slice(left, 0, 1, &some, &check_error));
  MUST(tally_table_join(right, some, &options, NULL, &result, &check_error));
  CHECK(result->rows == 1);
  tally_table_release(result);
  tally_table_release(some);
  tally_table_release(left);
  tally_table_release(right);
}

static tally_status join_it(const void *context, tally_table **out, tally_error *error) {
  const tally_table *table = context;
  tally_join_options options = {.size = sizeof options, .kind = TALLY_JOIN_FULL, .left_keys = left_names, .right_keys = left_names};
  options.key_count = 2;
  return tally_table_join(table, table, &options, NULL, out, error);
}

static tally_status join_it_as_of(const void *context, tally_table **out, tally_error *error) {
  const tally_table *table = context;
  tally_join_options options = {.size = sizeof options, .left_keys = left_names, .right_keys = left_names, .key_count = 1};
  options.left_as_of = options.right_as_of = "k2";
  return tally_table_join(table, table, &options, NULL, out, error);
}

static void test_no_memory(void) {
  tally_column *columns[] = {twin_column(TALLY_TEXT, 30, 20), twin_column(TALLY_NUMBER, 30, 20), twin_column(TALLY_TEXT, 30, 0),
                             twin_row_numbers(30)};
  tally_table *table = twin_table(left_names, columns, 4, 30);
  twin_refuse_each(join_it, table);
  twin_refuse_each(join_it_as_of, table);
  tally_table_release(table);
}

int main(void) {
  test_random();
  test_names();
  test_key_named_like_another();
  test_errors();
  test_advised_key();
  test_inexact_keys();
  test_no_memory();
  CHECK(tally_memory_used() == 0);
  return finish();
}
