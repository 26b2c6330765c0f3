/* Every aggregate against a plain twin that looks at one group at a time, on random tables of all types and makes, cut into batches
 * in different ways. With all hashes equal the answers must be the same: compile everything with -DTL_TEST_HASH_CONSTANT=0. */
#include "ops/aggregation.h"
#include "twin.h"

enum { KEYS = 3, MOST_ASKED = 24 };

static const tally_value no_value = {.type = TALLY_MISSING};

/* ---- The slow twin: an aggregate of the values of one group, the known ones of `values[0 .. known-1]`, in order ---- */

typedef struct group_values {
  const tally_value *x, *y; /* y: of the second argument */
  int64_t known, rows;      /* rows: with the unknown ones */
} group_values;

static double as_number(tally_value v) {
  return v.type == TALLY_NUMBER ? v.number : v.type == TALLY_BOOLEAN ? v.boolean : (double)v.integer;
}

static __int128 as_integer(tally_value v) {
  return v.type == TALLY_BOOLEAN ? v.boolean : v.integer;
}

static bool equal_values(tally_value a, tally_value b) {
  if (a.type != TALLY_NUMBER) return twin_same_value(a, b);
  return a.number == b.number || (isnan(a.number) && isnan(b.number));
}

/* Less, for min and max; false where there is NaN. */
static bool is_less(tally_value a, tally_value b, bool levels) {
  if (a.type == TALLY_NUMBER) return a.number < b.number;
  if (a.type == TALLY_TEXT) return levels ? twin_level(a.text) < twin_level(b.text) : tl_text_compare(a.text, b.text) < 0;
  if (a.type == TALLY_DATE) return a.date < b.date;
  return as_integer(a) < as_integer(b);
}

static bool is_nan(tally_value v) {
  return v.type == TALLY_NUMBER && isnan(v.number);
}

static tally_value extreme(const group_values *g, bool greatest, bool levels) {
  tally_value best = g->known ? g->x[0] : no_value;
  for (int64_t i = 1; i < g->known; i++) {
    bool better = greatest ? is_less(best, g->x[i], levels) : is_less(g->x[i], best, levels);
    if (better || (is_nan(best) && !is_nan(g->x[i]))) best = g->x[i];
  }
  return best;
}

static int64_t times(const group_values *g, tally_value value, int64_t before) {
  int64_t found = 0;
  for (int64_t i = 0; i < before; i++) found += equal_values(g->x[i], value);
  return found;
}

static tally_value mode(const group_values *g) {
  tally_value best = no_value;
  int64_t most = 0;
  for (int64_t i = 0; i < g->known; i++) {
    int64_t found = times(g, g->x[i], g->known);
    if (found > most) best = g->x[i];
    if (found > most) most = found;
  }
  if (best.type == TALLY_NUMBER && best.number == 0) best.number = 0; /* one zero, one NaN */
  if (is_nan(best)) best.number = NAN;
  return best;
}

static int64_t distinct(const group_values *g) {
  int64_t found = 0;
  for (int64_t i = 0; i < g->known; i++) found += times(g, g->x[i], i) == 0;
  return found;
}

/* *fits: false when the exact sum is no 64-bit integer. */
static tally_value integer_of(__int128 sum, bool *fits) {
  if (sum < INT64_MIN || sum > INT64_MAX) *fits = false;
  return twin_integer((int64_t)sum);
}

static tally_value sum(const group_values *g, tally_type type, bool *fits) {
  if (g->known == 0 && g->rows > 0) return no_value;
  if (type == TALLY_NUMBER) {
    __float128 total = 0;
    for (int64_t i = 0; i < g->known; i++) total += g->x[i].number;
    return twin_number((double)total);
  }
  __int128 total = 0;
  for (int64_t i = 0; i < g->known; i++) total += as_integer(g->x[i]);
  return integer_of(total, fits);
}

static tally_value mean(const group_values *g) {
  __float128 total = 0;
  for (int64_t i = 0; i < g->known; i++) total += as_number(g->x[i]);
  return g->known ? twin_number((double)(total / g->known)) : no_value;
}

static tally_value top(const group_values *g, bool two, bool *fits) {
  tally_value first = extreme(g, true, false), second = no_value;
  bool passed = false;
  if (!two || g->known < 2 || is_nan(first)) return first;
  for (int64_t i = 0; i < g->known; i++) {
    bool is_first = !passed && equal_values(g->x[i], first);
    passed |= is_first;
    if (is_first || is_nan(g->x[i])) continue;
    if (second.type == TALLY_MISSING || is_less(second, g->x[i], false)) second = g->x[i];
  }
  if (second.type == TALLY_MISSING) return first;
  if (first.type == TALLY_NUMBER) return twin_number(first.number + second.number);
  return integer_of((__int128)first.integer + second.integer, fits);
}

/* Sum of products of distances from the means. */
static __float128 products(const tally_value *x, const tally_value *y, int64_t count) {
  __float128 mean_x = 0, mean_y = 0, sum_of = 0;
  for (int64_t i = 0; i < count; i++) mean_x += as_number(x[i]), mean_y += as_number(y[i]);
  mean_x /= count;
  mean_y /= count;
  for (int64_t i = 0; i < count; i++) sum_of += (as_number(x[i]) - mean_x) * (as_number(y[i]) - mean_y);
  return sum_of;
}

static tally_value variance(const group_values *g, bool root) {
  if (g->known < 2) return no_value;
  double value = (double)(products(g->x, g->x, g->known) / (g->known - 1));
  return twin_number(root ? sqrt(value) : value);
}

static tally_value correlation(const group_values *g) {
  if (g->known < 2) return no_value;
  double xx = (double)products(g->x, g->x, g->known), yy = (double)products(g->y, g->y, g->known);
  return xx && yy ? twin_number((double)products(g->x, g->y, g->known) / sqrt(xx * yy)) : no_value;
}

static tally_value weighted_mean(const group_values *g) {
  __float128 total = 0, weight = 0;
  for (int64_t i = 0; i < g->known; i++) {
    total += (__float128)as_number(g->x[i]) * as_number(g->y[i]);
    weight += as_number(g->y[i]);
  }
  return weight != 0 ? twin_number((double)(total / weight)) : no_value;
}

/* How many values are smaller; NaN is larger than all. */
static int64_t smaller(const group_values *g, double than) {
  int64_t found = 0;
  for (int64_t i = 0; i < g->known; i++)
    found += isnan(than) ? !is_nan(g->x[i]) && !isnan(as_number(g->x[i])) : as_number(g->x[i]) < than;
  return found;
}

/* The value at a place of the sorted values, without sorting them. */
static double at_place(const group_values *g, int64_t place) {
  double best = NAN;
  int64_t most = -1;
  for (int64_t i = 0; i < g->known; i++) {
    int64_t before = smaller(g, as_number(g->x[i]));
    if (before <= place && before > most) {
      most = before;
      best = as_number(g->x[i]);
    }
  }
  return best;
}

static tally_value quantile(const group_values *g, double probability) {
  if (g->known == 0) return no_value;
  double place = (double)(g->known - 1) * probability, share = place - floor(place);
  double low = at_place(g, (int64_t)place), high = share > 0 ? at_place(g, (int64_t)place + 1) : low;
  return twin_number(low == high ? low : share > 0 ? low * (1 - share) + high * share : low);
}

static int64_t true_ones(const group_values *g) {
  int64_t found = 0;
  for (int64_t i = 0; i < g->known; i++) found += g->x[i].boolean;
  return found;
}

static tally_value truth(bool value) {
  return (tally_value){.type = TALLY_BOOLEAN, .boolean = value};
}

static tally_value expect(const tally_aggregate *asked, tally_type type, bool levels, const group_values *g, bool *fits) {
  const char *name = asked->function;
  if (strcmp(name, "count") == 0) return twin_integer(asked->argument ? g->known : g->rows);
  if (strcmp(name, "sum") == 0) return sum(g, type, fits);
  if (strcmp(name, "mean") == 0) return mean(g);
  if (strcmp(name, "min") == 0) return extreme(g, false, levels);
  if (strcmp(name, "max") == 0) return extreme(g, true, levels);
  if (strcmp(name, "first") == 0) return g->known ? g->x[0] : no_value;
  if (strcmp(name, "last") == 0) return g->known ? g->x[g->known - 1] : no_value;
  if (strcmp(name, "mode") == 0) return mode(g);
  if (strcmp(name, "distinct") == 0) return twin_integer(distinct(g));
  if (strcmp(name, "any") == 0) return g->known ? truth(true_ones(g) > 0) : no_value;
  if (strcmp(name, "all") == 0) return g->known ? truth(true_ones(g) == g->known) : no_value;
  if (strcmp(name, "top1") == 0) return top(g, false, fits);
  if (strcmp(name, "top2") == 0) return top(g, true, fits);
  if (strcmp(name, "median") == 0) return quantile(g, 0.5);
  if (strcmp(name, "quantile") == 0) return quantile(g, asked->parameter);
  if (strcmp(name, "var") == 0) return variance(g, false);
  if (strcmp(name, "sd") == 0) return variance(g, true);
  if (strcmp(name, "corr") == 0) return correlation(g);
  if (strcmp(name, "weighted_mean") == 0) return weighted_mean(g);
  fprintf(stderr, "the twin has no '%s'\n", name);
  exit(1);
}

/* ---- Asking everything of a table with columns a, b, c (keys), x, y, keep ---- */

static const char *const names[] = {"a", "b", "c", "x", "y", "keep"};

typedef struct questions {
  tally_expression *x, *y, *keep;
  tally_aggregate asked[MOST_ASKED];
  char result[MOST_ASKED][24];
  size_t count;
} questions;

static void ask(questions *q, const char *function, bool keep) {
  bool second = strcmp(function, "corr") == 0 || strcmp(function, "weighted_mean") == 0;
  snprintf(q->result[q->count], sizeof *q->result, "r%zu %s", q->count, function);
  q->asked[q->count] = (tally_aggregate){.name = q->result[q->count],
                                         .function = function,
                                         .argument = q->x,
                                         .second = second ? q->y : NULL,
                                         .where = keep ? q->keep : NULL,
                                         .parameter = twin_random(5) / 4.0};
  q->count++;
}

/* Everything that the type has; with `exact` only what has the same bits however rows are cut into batches. */
static void ask_all(questions *q, tally_type type, bool exact) {
  static const char *const moving[] = {"mean", "var", "sd", "corr", "weighted_mean"};
  *q = (questions){0};
  MUST(tally_expression_column("x", &q->x, &check_error));
  MUST(tally_expression_column("y", &q->y, &check_error));
  MUST(tally_expression_column("keep", &q->keep, &check_error));
  for (size_t i = 0; tally_aggregate_name(i); i++) {
    const char *name = tally_aggregate_name(i);
    tally_type result;
    bool moves = exact && strcmp(name, "sum") == 0 && type == TALLY_NUMBER;
    for (size_t m = 0; m < sizeof moving / sizeof *moving; m++) moves |= exact && strcmp(name, moving[m]) == 0;
    if (!moves && tally_aggregate_type(name, type, &result, NULL) == TALLY_OK) ask(q, name, twin_random(2));
  }
  ask(q, "count", true);
  q->asked[q->count - 1].argument = NULL;
}

static void forget(questions *q) {
  tally_expression_release(q->x);
  tally_expression_release(q->y);
  tally_expression_release(q->keep);
}

/* In batches of random sizes, some of them without rows; most: of rows in one. */
static tally_status aggregate_in_batches(const tally_table *table, size_t keys, const questions *q, int most, tally_table **out,
                                         tally_error *error) {
  tl_aggregation *aggregation = NULL;
  TL_TRY(tl_aggregation_new(table, names, keys, q->asked, q->count, &aggregation, error));
  tally_status status = TALLY_OK;
  for (int64_t first = 0; first < table->rows && status == TALLY_OK;) {
    int64_t count = twin_random(most + 1);
    if (count > table->rows - first) count = table->rows - first;
    tally_table *batch = NULL;
    tl_partial *partial = NULL;
    status = tally_table_slice(table, first, count, &batch, error);
    if (status == TALLY_OK) status = tl_aggregation_partial(aggregation, batch, &partial, error);
    if (status == TALLY_OK) status = tl_aggregation_merge(aggregation, partial, error);
    tally_table_release(batch);
    first += count;
  }
  if (status == TALLY_OK) status = tl_aggregation_finish(aggregation, out, error);
  tl_aggregation_release(aggregation);
  return status;
}

/* ---- Comparing ---- */

static bool in_group(const tally_table *table, const tally_table *result, size_t keys, int64_t row, int64_t group) {
  for (size_t k = 0; k < keys; k++)
    if (!twin_same_key(table->column[k], row, result->column[k], group)) return false;
  return true;
}

static group_values values_of(const tally_table *table, const tally_table *result, size_t keys, const tally_aggregate *asked,
                              int64_t group, tally_value *x, tally_value *y) {
  group_values g = {.x = x, .y = y};
  for (int64_t row = 0; row < table->rows; row++) {
    tally_value keep = tally_column_value(table->column[KEYS + 2], row);
    if (!in_group(table, result, keys, row, group)) continue;
    if (asked->where && (keep.type == TALLY_MISSING || !keep.boolean)) continue;
    x[g.known] = tally_column_value(table->column[KEYS], row);
    y[g.known] = tally_column_value(table->column[KEYS + 1], row);
    g.rows++;
    if (x[g.known].type == TALLY_MISSING || (asked->second && y[g.known].type == TALLY_MISSING)) continue;
    g.known++;
  }
  return g;
}

static bool is_near(tally_value a, tally_value b) {
  if (a.type != TALLY_NUMBER || b.type != TALLY_NUMBER) return twin_same_value(a, b);
  if (isnan(a.number) || isnan(b.number)) return isnan(a.number) && isnan(b.number);
  return a.number == b.number || fabs(a.number - b.number) <= 1e-11 * (1 + fabs(a.number));
}

/* Every cell; *fits false when some exact sum does not fit. */
static bool is_right(const tally_table *table, const tally_table *result, size_t keys, const questions *q, bool *fits) {
  tally_value *x = tl_mem_new((size_t)table->rows + 1, sizeof *x), *y = tl_mem_new((size_t)table->rows + 1, sizeof *y);
  bool right = true;
  const tally_column *column = table->column[KEYS];
  for (size_t a = 0; a < q->count; a++)
    for (int64_t g = 0; g < result->rows; g++) {
      group_values values = values_of(table, result, keys, &q->asked[a], g, x, y);
      tally_value expected = expect(&q->asked[a], column->type, column->levels, &values, fits);
      tally_value found = keys + a < result->columns ? tally_column_value(result->column[keys + a], g) : expected;
      if (is_near(found, expected)) continue;
      fprintf(stderr, "%s of %s, group %d of %d rows: %g %lld, not %g %lld\n", q->asked[a].function, tally_type_name(column->type),
              (int)g, (int)values.rows, found.number, (long long)found.integer, expected.number, (long long)expected.integer);
      right = false;
    }
  tl_mem_free(x);
  tl_mem_free(y);
  return right;
}

/* The groups alone, which have been compared with a twin elsewhere. */
static tally_table *groups_of(const tally_table *table, size_t keys) {
  questions none = {0};
  tally_table *groups = NULL;
  MUST(aggregate_in_batches(table, keys, &none, 1 << 20, &groups, &check_error));
  return groups;
}

/* Numbers of moderate size, in eighths: every sum of them is exact. */
static tally_column *moderate_column(tally_type type, int64_t rows, int missing) {
  tally_builder *builder;
  tally_column *column;
  MUST(tally_builder_new(type, &builder, &check_error));
  for (int64_t i = 0; i < rows; i++) {
    tally_value value =
        type == TALLY_NUMBER ? twin_number((twin_random(4000) - 2000) / 8.0) : twin_integer(twin_random(4000) - 2000);
    MUST(tally_builder_append(builder, twin_random(100) < missing ? no_value : value, &check_error));
  }
  MUST(tally_builder_finish(builder, &column, &check_error));
  tally_builder_release(builder);
  return column;
}

static tally_table *random_table(int64_t rows, tally_type type, bool moderate) {
  int missing = twin_random(3) ? twin_random(101) : 0;
  tally_column *columns[KEYS + 3];
  for (int k = 0; k < KEYS; k++) columns[k] = twin_column(twin_type(), rows, twin_random(2) ? 20 : 0);
  columns[KEYS] = moderate ? moderate_column(type, rows, missing) : twin_column(type, rows, missing);
  columns[KEYS + 1] = moderate_column(twin_random(2) ? TALLY_NUMBER : TALLY_INTEGER, rows, 10);
  columns[KEYS + 2] = twin_column(TALLY_BOOLEAN, rows, 10);
  return twin_table(names, columns, KEYS + 3, rows);
}

static bool all_exact_fit(const tally_table *table, size_t keys, const questions *q) {
  bool fits = true;
  tally_table *groups = groups_of(table, keys);
  is_right(table, groups, keys, q, &fits);
  tally_table_release(groups);
  return fits;
}

/* ---- Random tables ---- */

static void check_round(int64_t rows, tally_type type, bool moderate, bool exact) {
  tally_table *table = random_table(rows, type, moderate), *whole = NULL, *cut = NULL;
  size_t keys = (size_t)twin_random(KEYS + 1);
  questions q;
  ask_all(&q, type, exact);
  bool fits = all_exact_fit(table, keys, &q);
  check_error = (tally_error){0};
  tally_status status = tally_table_aggregate(table, names, keys, q.asked, q.count, &whole, &check_error);
  CHECK(status == (fits ? TALLY_OK : TALLY_ERANGE));
  CHECK(fits || (twin_contains(check_error.text, "of 'x'") && twin_contains(check_error.text, "fit 64 bits")));
  check_error = (tally_error){0};
  CHECK(status == aggregate_in_batches(table, keys, &q, 1 + twin_random(60), &cut, &check_error));
  if (status == TALLY_OK) {
    CHECK(is_right(table, whole, keys, &q, &fits) && is_right(table, cut, keys, &q, &fits));
    CHECK(!exact || twin_same_table(whole, cut));
    CHECK(keys > 0 || whole->rows == 1);
  }
  tally_table_release(whole);
  tally_table_release(cut);
  forget(&q);
  tally_table_release(table);
}

static void test_random(void) {
  static const int64_t sizes[] = {0, 1, 2, 3, 17, 64, 150};
  for (int round = 0; round < 400; round++) check_round(sizes[twin_random(7)], twin_type(), false, true);
  for (int round = 0; round < 150; round++)
    check_round(sizes[twin_random(7)], twin_random(2) ? TALLY_INTEGER : TALLY_NUMBER, true, false);
}

/* Sums of numbers that are exact have the same bits however they are cut. */
static void test_exact_sums(void) {
  questions q = {0};
  tally_table *table = random_table(500, TALLY_NUMBER, true), *whole = NULL;
  ask_all(&q, TALLY_NUMBER, true);
  ask(&q, "sum", false);
  ask(&q, "mean", true);
  MUST(tally_table_aggregate(table, names, 1, q.asked, q.count, &whole, &check_error));
  for (int round = 0; round < 20; round++) {
    tally_table *cut = NULL;
    MUST(aggregate_in_batches(table, 1, &q, 1 + 10 * round, &cut, &check_error));
    CHECK(twin_same_table(whole, cut));
    tally_table_release(cut);
  }
  tally_table_release(whole);
  tally_table_release(table);
  forget(&q);
}

/* ---- Threads ---- */

static void test_threads(void) {
  const int64_t rows = 5 * 65536 + 17;
  tally_builder *builder;
  questions q;
  tally_table *table = random_table(rows, TALLY_NUMBER, true), *one = NULL, *with = NULL;
  tally_column *wild;
  MUST(tally_builder_new(TALLY_NUMBER, &builder, &check_error));
  for (int64_t i = 0; i < rows; i++)
    MUST(tally_builder_append(builder, twin_number(exp(twin_random(400) / 7.0) / 3), &check_error));
  MUST(tally_builder_finish(builder, &wild, &check_error));
  tally_builder_release(builder);
  MUST(tally_table_with(table, "x", wild, &with, &check_error));
  ask_all(&q, TALLY_NUMBER, false);
  for (int threads = 1; threads <= 8; threads++) {
    tally_table *result = NULL;
    tally_threads(threads);
    MUST(tally_table_aggregate(with, names, 2, q.asked, q.count, &result, &check_error));
    CHECK(!one || twin_same_table(one, result));
    if (!one) one = tally_table_retain(result);
    tally_table_release(result);
  }
  tally_threads(0);
  tally_table_release(one);
  tally_table_release(with);
  tally_column_release(wild);
  tally_table_release(table);
  forget(&q);
}

/* ---- Cases by hand ---- */

static tally_value one_of(const char *function, tally_type type, const tally_value *values, size_t count) {
  tally_column *column = twin_column_of(type, values, count);
  tally_table *table = twin_table((const char *[]){"x"}, &column, 1, (int64_t)count), *result = NULL;
  tally_expression *x;
  MUST(tally_expression_column("x", &x, &check_error));
  tally_aggregate asked = {.name = "r", .function = function, .argument = x};
  MUST(tally_table_aggregate(table, NULL, 0, &asked, 1, &result, &check_error));
  tally_value value = tally_column_value(result->column[0], 0);
  CHECK(result->rows == 1 && value.type != TALLY_TEXT);
  tally_table_release(result);
  tally_table_release(table);
  tally_expression_release(x);
  return value;
}

static void test_by_hand(void) {
  const tally_value none[] = {no_value, no_value};
  const tally_value far[] = {twin_integer(INT64_MAX), twin_integer(INT64_MAX), twin_integer(-INT64_MAX), twin_integer(-5)};
  const tally_value small[] = {twin_number(1e16), twin_number(1), twin_number(-1e16)};
  const tally_value nans[] = {twin_number(NAN), twin_number(2), twin_number(-3), twin_number(NAN)};
  const tally_value close[] = {twin_integer(INT64_C(1000000007)), twin_integer(INT64_C(1000000004)),
                               twin_integer(INT64_C(1000000010))};
  CHECK(twin_same_value(one_of("sum", TALLY_INTEGER, NULL, 0), twin_integer(0)));
  CHECK(one_of("sum", TALLY_INTEGER, none, 2).type == TALLY_MISSING);
  CHECK(one_of("sum", TALLY_NUMBER, none, 2).type == TALLY_MISSING);
  CHECK(one_of("mean", TALLY_INTEGER, NULL, 0).type == TALLY_MISSING);
  CHECK(one_of("median", TALLY_INTEGER, none, 2).type == TALLY_MISSING);
  CHECK(one_of("any", TALLY_BOOLEAN, none, 2).type == TALLY_MISSING);
  CHECK(twin_same_value(one_of("distinct", TALLY_DATE, none, 2), twin_integer(0)));
  CHECK(twin_same_value(one_of("count", TALLY_DATE, none, 2), twin_integer(0)));
  CHECK(twin_same_value(one_of("sum", TALLY_INTEGER, far, 4), twin_integer(INT64_MAX - 5)));
  CHECK(twin_same_value(one_of("sum", TALLY_NUMBER, small, 3), twin_number(1)));
  CHECK(twin_same_value(one_of("min", TALLY_NUMBER, nans, 4), twin_number(-3)));
  CHECK(twin_same_value(one_of("max", TALLY_NUMBER, nans, 4), twin_number(2)));
  CHECK(twin_same_value(one_of("top2", TALLY_NUMBER, nans, 4), twin_number(-1)));
  CHECK(isnan(one_of("max", TALLY_NUMBER, nans, 1).number) && isnan(one_of("sum", TALLY_NUMBER, nans, 4).number));
  CHECK(twin_same_value(one_of("var", TALLY_INTEGER, close, 3), twin_number(9)));
  CHECK(one_of("sd", TALLY_INTEGER, close, 1).type == TALLY_MISSING);
  CHECK(twin_same_value(one_of("median", TALLY_INTEGER, close, 2), twin_number(1000000005.5)));
  CHECK(twin_same_value(one_of("mean", TALLY_INTEGER, far, 2), twin_number(9223372036854775807.0)));
}

/* Declared levels order the groups and the texts, and stay declared. */
static void test_levels(void) {
  tally_text levels[] = {tl_text_of("UG"), tl_text_of("PGT"), tl_text_of("PGR")};
  tally_value values[] = {twin_text("PGR"), twin_text("UG"), no_value, twin_text("PGT"), twin_text("UG")};
  tally_column *plain = twin_column_of(TALLY_TEXT, values, 5), *column = NULL;
  MUST(tally_column_with_levels(plain, levels, 3, &column, &check_error));
  tally_table *table = twin_table((const char *[]){"level"}, &column, 1, 5), *result = NULL;
  tally_expression *level;
  MUST(tally_expression_column("level", &level, &check_error));
  const char *keys[] = {"level"};
  tally_aggregate asked[] = {{.name = "n", .function = "count"}, {.name = "least", .function = "min", .argument = level}};
  MUST(tally_table_aggregate(table, keys, 1, asked, 2, &result, &check_error));
  CHECK(result->rows == 4 && result->column[0]->levels && result->column[2]->levels);
  for (int i = 0; i < 3; i++) CHECK(tl_text_equal(tally_column_value(result->column[0], i).text, levels[i]));
  CHECK(tally_column_value(result->column[0], 3).type == TALLY_MISSING && tally_column_value(result->column[1], 0).integer == 2);
  tally_table_release(result);
  MUST(tally_table_aggregate(table, NULL, 0, asked, 2, &result, &check_error));
  CHECK(tl_text_equal(tally_column_value(result->column[1], 0).text, levels[0]));
  tally_table_release(result);
  tally_expression_release(level);
  tally_table_release(table);
  tally_column_release(plain);
}

static tally_table *table_with_levels(const tally_value *values, const tally_text *levels) {
  tally_column *plain = twin_column_of(TALLY_TEXT, values, 2), *column = NULL;
  MUST(tally_column_with_levels(plain, levels, 2, &column, &check_error));
  tally_column_release(plain);
  return twin_table((const char *[]){"level"}, &column, 1, 2);
}

/* Batches that do not agree on the order have none: groups go by first appearance, texts by their bytes. */
static void test_levels_that_differ(void) {
  tally_text levels[] = {tl_text_of("UG"), tl_text_of("PGT")}, turned[] = {levels[1], levels[0]};
  tally_value values[] = {twin_text("PGT"), twin_text("UG")};
  tally_table *batches[] = {table_with_levels(values, levels), table_with_levels(values, turned)}, *result = NULL;
  tl_aggregation *aggregation;
  MUST(tl_aggregation_new(batches[0], (const char *[]){"level"}, 1, NULL, 0, &aggregation, &check_error));
  for (int b = 0; b < 2; b++) {
    tl_partial *partial;
    MUST(tl_aggregation_partial(aggregation, batches[b], &partial, &check_error));
    MUST(tl_aggregation_merge(aggregation, partial, &check_error));
    tally_table_release(batches[b]);
  }
  MUST(tl_aggregation_finish(aggregation, &result, &check_error));
  CHECK(result->rows == 2 && !result->column[0]->levels);
  for (int i = 0; i < 2; i++) CHECK(twin_same_value(tally_column_value(result->column[0], i), values[i]));
  tally_table_release(result);
  tl_aggregation_release(aggregation);
}

/* ---- Mistakes, and memory ---- */

static void test_errors(void) {
  const char *const keys[] = {"a"}, *const wrong[] = {"aa"};
  tally_table *table = random_table(5, TALLY_INTEGER, false), *out = NULL;
  tally_type type;
  questions q;
  ask_all(&q, TALLY_INTEGER, false);
  tally_expression *text;
  MUST(tally_expression_value(twin_text("UG"), &text, &check_error));
  FAILS(TALLY_ENAME, "no aggregate 'summ'; did you mean 'sum'?", tally_aggregate_type("summ", TALLY_INTEGER, &type, &check_error));
  FAILS(TALLY_ENAME, "no aggregate 'wholly unlike'", tally_aggregate_type("wholly unlike", TALLY_INTEGER, &type, &check_error));
  FAILS(TALLY_ETYPE, "cannot take the sum of text", tally_aggregate_type("sum", TALLY_TEXT, &type, &check_error));
  FAILS(TALLY_ETYPE, "cannot take the any of integer", tally_aggregate_type("any", TALLY_INTEGER, &type, &check_error));
  FAILS(TALLY_ETYPE, "'sum' needs something to work on", tally_aggregate_type("sum", TALLY_MISSING, &type, &check_error));
  FAILS(TALLY_ENAME, "no column 'aa'; did you mean 'a'?", tally_table_aggregate(table, wrong, 1, q.asked, 1, &out, &check_error));
  tally_aggregate asked = {.name = "a", .function = "count"};
  FAILS(TALLY_ESHAPE, "'a'", tally_table_aggregate(table, keys, 1, &asked, 1, &out, &check_error));
  asked = (tally_aggregate){.name = "n", .function = "sum", .argument = text};
  FAILS(TALLY_ETYPE, "cannot take the sum of text", tally_table_aggregate(table, keys, 1, &asked, 1, &out, &check_error));
  CHECK(strcmp(check_error.where, "n") == 0);
  asked = (tally_aggregate){.name = "n", .function = "corr", .argument = q.x};
  FAILS(TALLY_ESHAPE, "'corr' takes two arguments", tally_table_aggregate(table, keys, 1, &asked, 1, &out, &check_error));
  asked = (tally_aggregate){.name = "n", .function = "corr", .argument = q.x, .second = text};
  FAILS(TALLY_ETYPE, "second argument of 'corr'", tally_table_aggregate(table, keys, 1, &asked, 1, &out, &check_error));
  asked = (tally_aggregate){.name = "n", .function = "sum", .argument = q.x, .second = q.x};
  FAILS(TALLY_ESHAPE, "'sum' takes one argument", tally_table_aggregate(table, keys, 1, &asked, 1, &out, &check_error));
  asked = (tally_aggregate){.name = "n", .function = "count", .where = text};
  FAILS(TALLY_ETYPE, "the 'where' of 'n' must be true or false",
        tally_table_aggregate(table, keys, 1, &asked, 1, &out, &check_error));
  asked = (tally_aggregate){.name = "n", .function = "quantile", .argument = q.x, .parameter = 1.5};
  FAILS(TALLY_ERANGE, "from 0 to 1, not '1.5'", tally_table_aggregate(table, keys, 1, &asked, 1, &out, &check_error));
  CHECK(out == NULL);
  tally_expression_release(text);
  tally_table_release(table);
  forget(&q);
}

static void test_overflow(void) {
  tally_value values[] = {twin_integer(INT64_MAX), twin_integer(1)};
  tally_column *column = twin_column_of(TALLY_INTEGER, values, 2);
  tally_table *table = twin_table((const char *[]){"students"}, &column, 1, 2), *out = NULL;
  tally_expression *students;
  MUST(tally_expression_column("students", &students, &check_error));
  tally_aggregate asked = {.name = "total", .function = "sum", .argument = students};
  FAILS(TALLY_ERANGE, "the sum of 'students' does not fit 64 bits",
        tally_table_aggregate(table, NULL, 0, &asked, 1, &out, &check_error));
  CHECK(strcmp(check_error.where, "total") == 0);
  asked.function = "top2";
  FAILS(TALLY_ERANGE, "of 'students' together do not fit 64 bits",
        tally_table_aggregate(table, NULL, 0, &asked, 1, &out, &check_error));
  tally_expression_release(students);
  tally_table_release(table);
}

typedef struct refused {
  const tally_table *table;
  const questions *questions;
  uint64_t cuts; /* the same batches each time */
} refused;

static tally_status aggregate_refused(const void *context, tally_table **out, tally_error *error) {
  const refused *it = context;
  twin_state = it->cuts;
  return aggregate_in_batches(it->table, 2, it->questions, 30, out, error);
}

static void test_refusals(void) {
  tally_table *table = random_table(60, TALLY_TEXT, false);
  questions q;
  ask_all(&q, TALLY_TEXT, false);
  for (int round = 0; round < 2; round++) {
    twin_refuse_each(aggregate_refused, &(refused){table, &q, twin_state});
    forget(&q);
    tally_table_release(table);
    table = random_table(60, TALLY_NUMBER, true);
    ask_all(&q, TALLY_NUMBER, false);
  }
  tally_table_release(table);
  forget(&q);
}

int main(void) {
  test_random();
  test_exact_sums();
  test_by_hand();
  test_levels();
  test_levels_that_differ();
  test_errors();
  test_overflow();
  test_refusals();
  test_threads();
  tally_shutdown();
  CHECK(tally_memory_used() == 0);
  return finish();
}
