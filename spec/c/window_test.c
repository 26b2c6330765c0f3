/* tally_table_window against a plain twin that looks at all rows for each row, on random tables of all types and makes. With all
 * hashes equal the answers must be the same: compile everything with -DTL_TEST_HASH_CONSTANT=0. */
#include "twin.h"

static const char *const names[] = {"a", "b", "x"};
static const tally_value no_value = {.type = TALLY_MISSING};

/* ---- The slow twin ---- */

typedef struct window {
  const tally_table *table;
  const tally_column *x;
  size_t by; /* the first columns of the table */
  int64_t offset;
} window;

static bool together(const window *w, int64_t a, int64_t b) {
  for (size_t k = 0; k < w->by; k++)
    if (!twin_same_key(w->table->column[k], a, w->table->column[k], b)) return false;
  return true;
}

static tally_value at(const window *w, int64_t row) {
  return tally_column_value(w->x, row);
}

static bool is_known(const window *w, int64_t row) {
  return at(w, row).type != TALLY_MISSING;
}

static int64_t number_in_group(const window *w, int64_t row) {
  int64_t number = 1;
  for (int64_t i = 0; i < row; i++) number += together(w, i, row);
  return number;
}

static int64_t row_with_number(const window *w, int64_t row, int64_t number) {
  for (int64_t i = 0; i < w->table->rows; i++)
    if (together(w, i, row) && number_in_group(w, i) == number) return i;
  return -1;
}

/* 0 for a value, 1 for NaN. */
static int64_t standing(tally_value v) {
  return v.type == TALLY_NUMBER && isnan(v.number);
}

/* Above zero when a is larger than b. */
static int compare(const window *w, tally_value a, tally_value b) {
  if (standing(a) || standing(b)) return (int)(standing(b) - standing(a));
  if (a.type == TALLY_NUMBER) return (a.number > b.number) - (a.number < b.number);
  if (a.type == TALLY_TEXT) return w->x->levels ? twin_level(a.text) - twin_level(b.text) : tl_text_compare(a.text, b.text);
  if (a.type == TALLY_DATE) return (a.date > b.date) - (a.date < b.date);
  if (a.type == TALLY_BOOLEAN) return a.boolean - b.boolean;
  return (a.integer > b.integer) - (a.integer < b.integer);
}

/* How many known values of the group come before that of `row`; with `dense` different ones. */
static tally_value rank_of(const window *w, int64_t row, bool dense) {
  int64_t rank = 1;
  if (!is_known(w, row)) return no_value;
  for (int64_t i = 0; i < w->table->rows; i++) {
    if (!is_known(w, i) || !together(w, i, row) || compare(w, at(w, i), at(w, row)) <= 0) continue;
    bool again = false;
    for (int64_t j = 0; j < i && dense; j++) again |= is_known(w, j) && together(w, j, row) && compare(w, at(w, j), at(w, i)) == 0;
    rank += !again;
  }
  return twin_integer(rank);
}

/* *fits: false when the exact sum is no 64-bit integer. */
static tally_value sum_to(const window *w, int64_t row, int64_t end, bool *fits) {
  __int128 total = 0;
  double number = 0; /* of eighths of moderate size: exact */
  for (int64_t i = 0; i < end; i++) {
    if (!is_known(w, i) || !together(w, i, row)) continue;
    tally_value value = at(w, i);
    if (value.type == TALLY_NUMBER) number += value.number;
    if (value.type == TALLY_INTEGER) total += value.integer;
    if (value.type == TALLY_BOOLEAN) total += value.boolean;
  }
  if (w->x->type == TALLY_NUMBER) return twin_number(number);
  if (total > INT64_MAX || total < INT64_MIN) *fits = false;
  return twin_integer((int64_t)total);
}

static int64_t known_in_group(const window *w, int64_t row) {
  int64_t known = 0;
  for (int64_t i = 0; i < w->table->rows; i++) known += is_known(w, i) && together(w, i, row);
  return known;
}

static tally_value edge_value(const window *w, int64_t row, bool last) {
  tally_value found = no_value;
  for (int64_t i = 0; i < w->table->rows; i++)
    if (is_known(w, i) && together(w, i, row) && (last || found.type == TALLY_MISSING)) found = at(w, i);
  return found;
}

static tally_value extreme(const window *w, int64_t row, int way) {
  tally_value best = no_value;
  for (int64_t i = 0; i < w->table->rows; i++) {
    if (!is_known(w, i) || !together(w, i, row)) continue;
    tally_value value = at(w, i);
    bool first = best.type == TALLY_MISSING || (standing(best) && !standing(value));
    if (first || (!standing(value) && compare(w, value, best) * way > 0)) best = value;
  }
  return best;
}

static tally_value expect(const window *w, const char *function, int64_t row, bool *fits) {
  if (strcmp(function, "row_number") == 0) return twin_integer(number_in_group(w, row));
  if (strcmp(function, "rank") == 0) return rank_of(w, row, false);
  if (strcmp(function, "dense_rank") == 0) return rank_of(w, row, true);
  if (strcmp(function, "first") == 0) return edge_value(w, row, false);
  if (strcmp(function, "last") == 0) return edge_value(w, row, true);
  if (strcmp(function, "min") == 0) return extreme(w, row, -1);
  if (strcmp(function, "max") == 0) return extreme(w, row, 1);
  if (strcmp(function, "count") == 0) return twin_integer(known_in_group(w, row));
  if (strcmp(function, "cumulative_sum") == 0) return is_known(w, row) ? sum_to(w, row, row + 1, fits) : no_value;
  return known_in_group(w, row) ? sum_to(w, row, w->table->rows, fits) : no_value;
}

/* ---- Random tables ---- */

static tally_column *values_column(tally_type type, int64_t rows) {
  int missing = twin_random(3) ? twin_random(101) : 0;
  if (type != TALLY_NUMBER) return twin_column(type, rows, missing);
  tally_value *values = tl_mem_new((size_t)rows, sizeof *values);
  for (int64_t i = 0; i < rows; i++) values[i] = twin_random(100) < missing ? no_value : twin_number(twin_random(40) / 8.0 - 2);
  tally_column *column = twin_column_of(type, values, (size_t)rows);
  tl_mem_free(values);
  return column;
}

static bool is_right(const window *w, const char *function, const tally_column *found, bool *fits) {
  bool right = true;
  for (int64_t row = 0; row < w->table->rows; row++) {
    tally_value expected = expect(w, function, row, fits);
    if (!found || twin_same_value(tally_column_value(found, row), expected)) continue;
    fprintf(stderr, "%s of %s is wrong in row %d\n", function, tally_type_name(w->x->type), (int)row);
    right = false;
  }
  return right;
}

static void check_function(const window *w, const char *function) {
  bool sums = strstr(function, "sum") != NULL, fits = true;
  if (sums && (w->x->type == TALLY_TEXT || w->x->type == TALLY_DATE)) return;
  tally_column *found = NULL;
  is_right(w, function, NULL, &fits);
  check_error = (tally_error){0};
  tally_status status = tally_table_window(w->table, function, "x", names, w->by, 0, &found, &check_error);
  CHECK(status == (fits ? TALLY_OK : TALLY_ERANGE));
  CHECK(fits || (twin_contains(check_error.text, "of 'x' does not fit 64 bits") && strcmp(check_error.where, "x") == 0));
  if (status == TALLY_OK) CHECK(found->length == w->table->rows && is_right(w, function, found, &fits));
  tally_column_release(found);
}

static void check_lag(window *w) {
  static const int64_t offsets[] = {0, 1, 2, -1, -3, 1000, INT64_MAX, INT64_MIN};
  tally_column *found = NULL;
  bool right = true;
  w->offset = offsets[twin_random(8)];
  MUST(tally_table_window(w->table, "lag", "x", names, w->by, w->offset, &found, &check_error));
  for (int64_t row = 0; row < w->table->rows && right; row++) {
    int64_t number;
    bool far = __builtin_sub_overflow(number_in_group(w, row), w->offset, &number);
    right = twin_same_cell(found, row, w->x, far ? -1 : row_with_number(w, row, number));
  }
  CHECK(right && found->levels == w->x->levels);
  tally_column_release(found);
}

static void check_round(int64_t rows, tally_type type) {
  static const char *const functions[] = {"sum",  "count",          "min",        "max",  "first",
                                          "last", "cumulative_sum", "row_number", "rank", "dense_rank"};
  tally_column *columns[] = {twin_column(twin_type(), rows, 20), twin_column(twin_type(), rows, 0), values_column(type, rows)};
  tally_table *table = twin_table(names, columns, 3, rows);
  window w = {.table = table, .x = columns[2], .by = (size_t)twin_random(3)};
  for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) check_function(&w, functions[f]);
  check_lag(&w);
  tally_table_release(table);
}

static void test_random(void) {
  static const int64_t sizes[] = {0, 1, 2, 3, 17, 40};
  for (int round = 0; round < 200; round++) check_round(sizes[twin_random(6)], twin_type());
}

/* ---- Cases ---- */

/* NaN stands behind all numbers, and all NaN stand together. */
static void test_ranks(void) {
  tally_value values[] = {twin_number(NAN), twin_number(3),    no_value,       twin_number(5),
                          twin_number(3),   twin_number(-0.0), twin_number(0), twin_number(-NAN)};
  int64_t ranks[] = {6, 2, 0, 1, 2, 4, 4, 6}, dense[] = {4, 2, 0, 1, 2, 3, 3, 4};
  tally_column *column = twin_column_of(TALLY_NUMBER, values, 8), *found = NULL;
  tally_table *table = twin_table((const char *[]){"x"}, &column, 1, 8);
  MUST(tally_table_window(table, "rank", "x", NULL, 0, 0, &found, &check_error));
  for (int i = 0; i < 8; i++) CHECK(i == 2 ? !tl_present(found, i) : tl_integers(found)[i] == ranks[i]);
  tally_column_release(found);
  MUST(tally_table_window(table, "dense_rank", "x", NULL, 0, 0, &found, &check_error));
  for (int i = 0; i < 8; i++) CHECK(i == 2 ? !tl_present(found, i) : tl_integers(found)[i] == dense[i]);
  tally_column_release(found);
  tally_table_release(table);
}

/* Without a column, and with columns that are called what the inside might call its own. */
static void test_names(void) {
  static const char *const given[] = {"group", "rows", "number", "value"};
  tally_column *columns[4], *found = NULL;
  for (int c = 0; c < 4; c++) columns[c] = twin_row_numbers(6);
  tally_table *table = twin_table(given, columns, 4, 6);
  for (int c = 0; c < 4; c++) {
    MUST(tally_table_window(table, "sum", given[c], given, 4, 0, &found, &check_error));
    CHECK(tl_integers(found)[5] == 5);
    tally_column_release(found);
    MUST(tally_table_window(table, "rank", given[c], given, 1, 0, &found, &check_error));
    CHECK(tl_integers(found)[5] == 1);
    tally_column_release(found);
  }
  MUST(tally_table_window(table, "count", NULL, NULL, 0, 0, &found, &check_error));
  CHECK(tl_integers(found)[3] == 6);
  tally_column_release(found);
  MUST(tally_table_window(table, "row_number", NULL, NULL, 0, 0, &found, &check_error));
  CHECK(tl_integers(found)[3] == 4);
  tally_column_release(found);
  tally_table_release(table);
}

static void test_errors(void) {
  tally_column *columns[] = {twin_column(TALLY_TEXT, 5, 0), twin_column(TALLY_DATE, 5, 0), twin_column(TALLY_INTEGER, 5, 0)},
               *out = NULL;
  tally_table *table = twin_table(names, columns, 3, 5);
  const char *const wrong[] = {"bb"};
  FAILS(TALLY_ENAME, "no window function 'ranks'; did you mean 'rank'?",
        tally_table_window(table, "ranks", "x", NULL, 0, 0, &out, &check_error));
  FAILS(TALLY_ENAME, "'sum' needs the name of a column", tally_table_window(table, "sum", NULL, NULL, 0, 0, &out, &check_error));
  FAILS(TALLY_ENAME, "no column 'xx'", tally_table_window(table, "sum", "xx", NULL, 0, 0, &out, &check_error));
  FAILS(TALLY_ENAME, "no column 'bb'", tally_table_window(table, "sum", "x", wrong, 1, 0, &out, &check_error));
  FAILS(TALLY_ETYPE, "cannot take the sum of text", tally_table_window(table, "sum", "a", NULL, 0, 0, &out, &check_error));
  FAILS(TALLY_ETYPE, "cannot take the cumulative_sum of date: 'b'",
        tally_table_window(table, "cumulative_sum", "b", NULL, 0, 0, &out, &check_error));
  CHECK(out == NULL);
  tally_table_release(table);
}

typedef struct refused {
  const tally_table *table;
  const char *function;
} refused;

static tally_status window_refused(const void *context, tally_table **out, tally_error *error) {
  const refused *it = context;
  tally_column *found = NULL;
  TL_TRY(tally_table_window(it->table, it->function, "x", names, 2, 1, &found, error));
  tally_status status = tally_table_with(it->table, "found", found, out, error);
  tally_column_release(found);
  return status;
}

static void test_refusals(void) {
  static const char *const functions[] = {"sum", "max", "cumulative_sum", "lag", "row_number", "dense_rank"};
  tally_column *columns[] = {twin_column(TALLY_TEXT, 40, 20), twin_column(TALLY_NUMBER, 40, 20), values_column(TALLY_NUMBER, 40)};
  tally_table *table = twin_table(names, columns, 3, 40);
  for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
    twin_refuse_each(window_refused, &(refused){table, functions[f]});
  tally_table_release(table);
}

int main(void) {
  test_random();
  test_ranks();
  test_names();
  test_errors();
  test_refusals();
  tally_shutdown();
  CHECK(tally_memory_used() == 0);
  return finish();
}
