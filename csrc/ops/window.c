/* ops/window: a column computed within groups, in the order of the rows.
 *
 * The idea: rows are listed group by group, each group in the order of its rows, and what looks at neighbours looks along that
 * list. Ranks walk the sorted rows instead. What is an aggregate is computed as one, to the same bits, and given to each row of its
 * group. */
#include "column/table.h"
#include "ops/aggregate_sum.h"
#include "ops/group.h"

typedef struct windowing {
  const char *function, *name; /* name: of the column, or NULL */
  const tally_table *table;
  const tally_column *column; /* or NULL */
  int64_t offset;
  tl_groups groups;
} windowing;

/* ---- integers, missing by missing ---- */

/* The room for a fixed-size result with the missing rows of `like` (NULL: none). */
static tally_status result_parts(const tally_column *like, tally_type type, int64_t rows, tl_parts *parts, tally_error *error) {
  *parts = (tl_parts){.type = type, .length = rows, .missing = -1};
  parts->values = tl_buffer_zero((size_t)rows * sizeof(int64_t));
  parts->validity = tl_buffer_zero(tl_bit_bytes(rows));
  if (!parts->values || !parts->validity) {
    tl_parts_drop(parts);
    return tl_no_memory(error);
  }
  for (int64_t i = 0; i < rows; i++)
    if (!like || tl_present(like, i)) tl_bit_set(parts->validity->bytes, i);
  return TALLY_OK;
}

/* Two columns of one length as a table. Takes `first`. */
static tally_status pair_up(const char *first_name, tally_column *first, const char *second_name, const tally_column *second,
                            tally_table **out, tally_error *error) {
  const char *names[] = {first_name, second_name};
  tally_column *columns[] = {first, tally_column_retain(second)};
  return tl_table_adopt(names, columns, second ? 2 : 1, first->length, out, error);
}

/* ---- aggregates ---- */

static tally_status group_numbers(const windowing *w, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(result_parts(NULL, TALLY_INTEGER, w->table->rows, &parts, error));
  for (int64_t i = 0; i < w->table->rows; i++) ((int64_t *)parts.values->bytes)[i] = w->groups.group[i];
  return tl_column_new(parts, out, error);
}

/* One row for each group, in the order of their numbers: the numbers are the key. */
static tally_status aggregate_groups(const windowing *w, tally_table **out, tally_error *error) {
  const char *result = w->name ? w->name : "rows", *key = strcmp(result, "group") == 0 ? "number" : "group";
  tally_aggregate asked = {.name = result, .function = w->function};
  tally_expression *argument = NULL;
  tally_column *numbers = NULL;
  tally_table *table = NULL;
  tally_status status = w->name ? tally_expression_column(w->name, &argument, error) : TALLY_OK;
  asked.argument = argument;
  if (status == TALLY_OK) status = group_numbers(w, &numbers, error);
  if (status == TALLY_OK) status = pair_up(key, numbers, w->name, w->column, &table, error);
  if (status == TALLY_OK) status = tally_table_aggregate(table, &key, 1, &asked, 1, out, error);
  tally_table_release(table);
  tally_expression_release(argument);
  return status;
}

static tally_status spread_aggregate(const windowing *w, tally_column **out, tally_error *error) {
  tally_table *answers = NULL;
  TL_TRY(aggregate_groups(w, &answers, error));
  int64_t *rows = tl_mem_new((size_t)w->table->rows, sizeof *rows);
  tally_status status = rows ? TALLY_OK : tl_no_memory(error);
  for (int64_t i = 0; rows && i < w->table->rows; i++) rows[i] = w->groups.group[i];
  if (status == TALLY_OK) status = tl_column_take(answers->column[1], rows, w->table->rows, out, error);
  tl_mem_free(rows);
  tally_table_release(answers);
  return status;
}

/* ---- running sums ---- */

static tally_status add_integers(const windowing *w, int64_t *sums, int64_t *to, tally_error *error) {
  const tally_column *c = w->column;
  for (int64_t i = 0; i < c->length; i++) {
    if (!tl_present(c, i)) continue;
    int64_t *sum = &sums[w->groups.group[i]], value = c->type == TALLY_BOOLEAN ? tl_boolean(c, i) : tl_integers(c)[i];
    if (__builtin_add_overflow(*sum, value, sum))
      return tl_fail_at(error, TALLY_ERANGE, w->name, 0, 0,
                        "the running sum of '%s' does not fit 64 bits in row %lld; sum number(...) of it if an approximate figure "
                        "will do",
                        w->name, (long long)i + 1);
    to[i] = *sum;
  }
  return TALLY_OK;
}

static void add_numbers(const windowing *w, tl_number_sum *sums, double *to) {
  for (int64_t i = 0; i < w->column->length; i++) {
    if (!tl_present(w->column, i)) continue;
    tl_number_sum *sum = &sums[w->groups.group[i]];
    tl_number_sum_add(sum, tl_numbers(w->column)[i]);
    to[i] = tl_number_sum_value(sum);
  }
}

static tally_status cumulative_sum(const windowing *w, tally_column **out, tally_error *error) {
  tally_type type = w->column->type;
  if (type == TALLY_TEXT || type == TALLY_DATE)
    return tl_fail_at(error, TALLY_ETYPE, w->name, 0, 0,
                      "cannot take the cumulative_sum of %s: '%s' must be integer, number or boolean", tally_type_name(type),
                      w->name);
  tl_parts parts;
  TL_TRY(result_parts(w->column, type == TALLY_NUMBER ? TALLY_NUMBER : TALLY_INTEGER, w->table->rows, &parts, error));
  void *sums = tl_mem_zero((size_t)w->groups.count, sizeof(tl_number_sum));
  tally_status status = sums ? TALLY_OK : tl_no_memory(error);
  if (sums && type == TALLY_NUMBER) add_numbers(w, sums, parts.values->bytes);
  if (sums && type != TALLY_NUMBER) status = add_integers(w, sums, parts.values->bytes, error);
  tl_mem_free(sums);
  if (status == TALLY_OK) return tl_column_new(parts, out, error);
  tl_parts_drop(&parts);
  return status;
}

/* ---- neighbours ---- */

/* Rows group by group: those of group g are list[starts[g]] … list[starts[g + 1] - 1]. */
typedef struct listing {
  int64_t *starts, *list;
  int64_t *place; /* of each row in the list */
} listing;

static void listing_done(listing *l) {
  tl_mem_free(l->starts);
  tl_mem_free(l->list);
  tl_mem_free(l->place);
}

static tally_status list_rows(const windowing *w, listing *l, tally_error *error) {
  size_t rows = (size_t)w->table->rows, groups = (size_t)w->groups.count;
  l->starts = tl_mem_zero(groups + 2, sizeof *l->starts);
  l->list = tl_mem_new(rows, sizeof *l->list);
  l->place = tl_mem_new(rows, sizeof *l->place);
  if (!l->starts || !l->list || !l->place) return tl_no_memory(error);
  int64_t *next = l->starts + 1; /* one past its group while the list is filled */
  for (size_t i = 0; i < rows; i++) l->starts[w->groups.group[i] + 2]++;
  for (size_t g = 0; g < groups; g++) next[g + 1] += next[g];
  for (size_t i = 0; i < rows; i++) {
    l->place[i] = next[w->groups.group[i]]++;
    l->list[l->place[i]] = (int64_t)i;
  }
  return TALLY_OK;
}

static int64_t row_before(const windowing *w, const listing *l, int64_t row) {
  int64_t first = l->starts[w->groups.group[row]], end = l->starts[w->groups.group[row] + 1], place;
  if (__builtin_sub_overflow(l->place[row], w->offset, &place)) return -1;
  return place >= first && place < end ? l->list[place] : -1;
}

static tally_status lag(const windowing *w, tally_column **out, tally_error *error) {
  listing l = {0};
  int64_t *rows = tl_mem_new((size_t)w->table->rows, sizeof *rows);
  tally_status status = rows ? list_rows(w, &l, error) : tl_no_memory(error);
  for (int64_t i = 0; status == TALLY_OK && i < w->table->rows; i++) rows[i] = row_before(w, &l, i);
  if (status == TALLY_OK) status = tl_column_take(w->column, rows, w->table->rows, out, error);
  listing_done(&l);
  tl_mem_free(rows);
  return status;
}

static tally_status row_number(const windowing *w, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(result_parts(NULL, TALLY_INTEGER, w->table->rows, &parts, error));
  int64_t *seen = tl_mem_zero((size_t)w->groups.count, sizeof *seen), *to = parts.values->bytes;
  for (int64_t i = 0; seen && i < w->table->rows; i++) to[i] = ++seen[w->groups.group[i]];
  tl_mem_free(seen);
  if (seen) return tl_column_new(parts, out, error);
  tl_parts_drop(&parts);
  return tl_no_memory(error);
}

/* ---- ranks ---- */

/* Where the walk through the sorted rows is in one group. */
typedef struct standing {
  int64_t rows, rank, dense; /* rows seen, rank of the last of them */
  uint32_t value;            /* number of its value */
} standing;

static void rank_rows(const windowing *w, const int64_t *sorted, const tl_groups *values, standing *standings, int64_t *to) {
  bool dense = strcmp(w->function, "dense_rank") == 0;
  for (int64_t i = 0; i < w->table->rows; i++) {
    int64_t row = sorted[i];
    standing *s = &standings[w->groups.group[row]];
    if (!tl_present(w->column, row)) continue;
    s->rows++;
    if (s->rows == 1 || values->group[row] != s->value) {
      s->rank = s->rows;
      s->dense++;
    }
    s->value = values->group[row];
    to[row] = dense ? s->dense : s->rank;
  }
}

/* The numbers of the rows, from the largest value down. new reference */
static tally_status sort_rows(const windowing *w, tally_table **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(result_parts(NULL, TALLY_INTEGER, w->table->rows, &parts, error));
  for (int64_t i = 0; i < w->table->rows; i++) ((int64_t *)parts.values->bytes)[i] = i;
  tally_column *numbers = NULL;
  TL_TRY(tl_column_new(parts, &numbers, error));
  tally_table *table = NULL;
  TL_TRY(pair_up("row", numbers, "value", w->column, &table, error));
  tally_status status = tally_table_sort(table, &(tally_sort_key){"value", true}, 1, out, error);
  tally_table_release(table);
  return status;
}

static tally_status rank_values(const windowing *w, const tally_table *sorted, const tl_groups *values, tally_column **out,
                                tally_error *error) {
  tl_parts parts;
  TL_TRY(result_parts(w->column, TALLY_INTEGER, w->table->rows, &parts, error));
  standing *standings = tl_mem_zero((size_t)w->groups.count, sizeof *standings);
  if (!standings) {
    tl_parts_drop(&parts);
    return tl_no_memory(error);
  }
  rank_rows(w, tl_integers(sorted->column[0]), values, standings, parts.values->bytes);
  tl_mem_free(standings);
  return tl_column_new(parts, out, error);
}

static tally_status ranks(const windowing *w, tally_column **out, tally_error *error) {
  tally_table *sorted = NULL;
  tl_groups values = {0};
  tally_status status = sort_rows(w, &sorted, error);
  if (status == TALLY_OK) status = tl_groups_new(&w->column, 1, w->table->rows, &values, error);
  if (status == TALLY_OK) status = rank_values(w, sorted, &values, out, error);
  tl_groups_done(&values);
  tally_table_release(sorted);
  return status;
}

/* ---- the register ---- */

typedef struct window_function {
  const char *name;
  bool alone; /* does without a column */
  tally_status (*compute)(const windowing *w, tally_column **out, tally_error *error);
} window_function;

static const window_function functions[] = {
    {"sum", false, spread_aggregate},
    {"count", true, spread_aggregate},
    {"min", false, spread_aggregate},
    {"max", false, spread_aggregate},
    {"first", false, spread_aggregate},
    {"last", false, spread_aggregate},
    {"cumulative_sum", false, cumulative_sum},
    {"lag", false, lag},
    {"row_number", true, row_number},
    {"rank", false, ranks},
    {"dense_rank", false, ranks},
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

static tally_status find_function(const char *name, const window_function **out, tally_error *error) {
  const char *names[FUNCTIONS];
  for (size_t f = 0; f < FUNCTIONS; f++) {
    names[f] = functions[f].name;
    *out = &functions[f];
    if (strcmp(names[f], name) == 0) return TALLY_OK;
  }
  const char *near = tally_nearest(name, names, FUNCTIONS);
  if (!near) return tl_fail(error, TALLY_ENAME, "no window function '%s'", name);
  return tl_fail(error, TALLY_ENAME, "no window function '%s'; did you mean '%s'?", name, near);
}

static tally_status group_rows(windowing *w, const char *const *by, size_t by_count, tally_error *error) {
  const tally_column **keys = tl_mem_new(by_count, sizeof *keys);
  if (!keys) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  for (size_t k = 0; k < by_count && status == TALLY_OK; k++) status = tl_table_need(w->table, by[k], &keys[k], error);
  if (status == TALLY_OK) status = tl_groups_new(keys, by_count, w->table->rows, &w->groups, error);
  tl_mem_free(keys);
  return status;
}

tally_status tally_table_window(const tally_table *table, const char *function, const char *column, const char *const *by,
                                size_t by_count, int64_t offset, tally_column **out, tally_error *error) {
  const window_function *found;
  windowing w = {.function = function, .name = column, .table = table, .offset = offset};
  TL_TRY(find_function(function, &found, error));
  if (!column && !found->alone)
    return tl_fail(error, TALLY_ENAME, "'%s' needs the name of a column to work on, as in %s(students)", function, function);
  if (column) TL_TRY(tl_table_need(table, column, &w.column, error));
  TL_TRY(group_rows(&w, by, by_count, error));
  tally_status status = found->compute(&w, out, error);
  tl_groups_done(&w.groups);
  return status;
}
