/* ops/pivot: long to wide.
 *
 * The one idea: the keys are grouped into rows and the names into columns, and every row of the table then has one cell. The cells
 * are lists of row numbers, one list for each column of the result, -1 where a cell stays empty; the columns are taken by them. A
 * cell takes one value: adding up is aggregate's. */
#include <stdio.h>

#include "column/table.h"
#include "ops/group.h"

/* One side of the result: the groups that become its rows, or its columns, in the order in which they are shown. */
typedef struct axis {
  tl_groups groups;
  int64_t *order; /* order[place] is a group; NULL: as they are */
  int64_t *place; /* place[group]; NULL: as they are */
} axis;

typedef struct pivoting {
  const char *const *key_names;
  const char *names_from;
  size_t key_count;
  const tally_column **keys;
  const tally_column *names, *values;
  axis rows, columns;
  int64_t *cells; /* cells[column * rows + row]: the row of `values` to show there, or -1 */
} pivoting;

/* ---- Values as text ---- */

enum { PLAIN_SIZE = 32 };

/* A value in its plain form; `buffer` holds it unless it is a text. */
static tally_text plain_value(tally_value value, char buffer[PLAIN_SIZE]) {
  if (value.type == TALLY_TEXT) return value.text;
  if (value.type == TALLY_MISSING) return tl_text_of("(missing)");
  tally_format_value(value, buffer, PLAIN_SIZE);
  return tl_text_of(buffer);
}

/* The name of the column for the values of names_from that are like row `row`. */
static tally_status column_name(const pivoting *p, int64_t row, tl_arena *arena, const char **out, tally_error *error) {
  char buffer[PLAIN_SIZE];
  tally_text text = plain_value(tally_column_value(p->names, row), buffer);
  if (text.size == 0 || memchr(text.bytes, '\0', text.size))
    return tl_fail_at(error, TALLY_ESHAPE, p->names_from, 0, 0,
                      "row %lld of '%s' is empty or has a NUL byte in it: that cannot be the name of a column", (long long)row + 1,
                      p->names_from);
  *out = tl_arena_text(arena, text.bytes, text.size);
  if (!*out) return tl_no_memory(error);
  for (size_t k = 0; k < p->key_count; k++) {
    if (strcmp(p->key_names[k], *out) != 0) continue;
    return tl_fail_at(error, TALLY_ESHAPE, p->names_from, 0, 0,
                      "'%s' is a value of '%s' and the name of a key too: rename the key before pivot", *out, p->names_from);
  }
  return TALLY_OK;
}

/* ---- Rows, columns, cells ---- */

static tally_status find_columns(pivoting *p, const tally_table *table, const char *values_from, tally_error *error) {
  p->keys = tl_mem_new(p->key_count, sizeof *p->keys);
  if (!p->keys) return tl_no_memory(error);
  for (size_t k = 0; k < p->key_count; k++) TL_TRY(tl_table_need(table, p->key_names[k], &p->keys[k], error));
  TL_TRY(tl_table_need(table, p->names_from, &p->names, error));
  TL_TRY(tl_table_need(table, values_from, &p->values, error));
  if (p->names->type != TALLY_NUMBER) return TALLY_OK;
  return tl_fail_at(error, TALLY_ETYPE, p->names_from, 0, 0,
                    "cannot name columns after '%s' (number): names come from text, integers, dates or booleans", p->names_from);
}

static tally_status axis_init(axis *a, const tally_column *const *by, size_t count, int64_t rows, tally_error *error) {
  TL_TRY(tl_groups_new(by, count, rows, &a->groups, error));
  TL_TRY(tl_groups_order(&a->groups, by, count, &a->order, error));
  if (!a->order) return TALLY_OK;
  a->place = tl_mem_new((size_t)a->groups.count, sizeof *a->place);
  if (!a->place) return tl_no_memory(error);
  for (int64_t i = 0; i < a->groups.count; i++) a->place[a->order[i]] = i;
  return TALLY_OK;
}

static void axis_done(axis *a) {
  tl_groups_done(&a->groups);
  tl_mem_free(a->order);
  tl_mem_free(a->place);
}

static int64_t place_of(const axis *a, int64_t row) {
  uint32_t group = a->groups.group[row];
  return a->place ? a->place[group] : group;
}

/* The row in which the group shown at `place` first appears. */
static int64_t first_row(const axis *a, int64_t place) {
  return a->groups.first[a->order ? a->order[place] : place];
}

/* A text as it fits, cut at a whole character. */
static void show(tally_text text, char *to, size_t size) {
  tally_format_value((tally_value){.type = TALLY_TEXT, .text = text}, to, size);
}

/* "two rows for level 'UG' and domicile 'China': aggregate before pivot" */
static tally_status two_rows(const pivoting *p, int64_t row, tally_error *error) {
  enum { SHOWN = 80 };
  char cell[300] = "", buffer[PLAIN_SIZE], name[SHOWN], value[SHOWN];
  size_t used = 0;
  for (size_t k = 0; k <= p->key_count; k++) {
    bool last = k == p->key_count;
    tally_text text = plain_value(tally_column_value(last ? p->names : p->keys[k], row), buffer);
    show(tl_text_of(last ? p->names_from : p->key_names[k]), name, SHOWN);
    show(text, value, SHOWN);
    if (used + strlen(name) + strlen(value) + sizeof " and  ''" > sizeof cell) break;
    used += (size_t)snprintf(cell + used, sizeof cell - used, "%s%s '%s'", k ? " and " : "", name, value);
  }
  return tl_fail(error, TALLY_ESHAPE, "two rows for %s: aggregate before pivot", cell);
}

static tally_status fill_cells(pivoting *p, tally_error *error) {
  int64_t count, rows = p->rows.groups.count;
  if (__builtin_mul_overflow(rows, p->columns.groups.count, &count)) return tl_no_memory(error);
  p->cells = tl_mem_new((size_t)count, sizeof *p->cells);
  if (!p->cells) return tl_no_memory(error);
  memset(p->cells, 0xFF, (size_t)count * sizeof *p->cells); /* -1 */
  for (int64_t row = 0; row < p->values->length; row++) {
    int64_t *cell = &p->cells[place_of(&p->columns, row) * rows + place_of(&p->rows, row)];
    if (*cell >= 0) return two_rows(p, row, error);
    *cell = row;
  }
  return TALLY_OK;
}

/* ---- The result ---- */

static tally_status take_keys(const pivoting *p, tally_column **columns, tally_error *error) {
  int64_t count = p->rows.groups.count;
  int64_t *first = tl_mem_new((size_t)count, sizeof *first);
  if (!first) return tl_no_memory(error);
  for (int64_t i = 0; i < count; i++) first[i] = first_row(&p->rows, i);
  tally_status status = TALLY_OK;
  for (size_t k = 0; k < p->key_count && status == TALLY_OK; k++)
    status = tl_column_take(p->keys[k], first, count, &columns[k], error);
  tl_mem_free(first);
  return status;
}

/* names, columns: of the result, both with room for all; what was made is there even on failure. */
static tally_status make_columns(const pivoting *p, tl_arena *arena, const char **names, tally_column **columns,
                                 tally_error *error) {
  int64_t rows = p->rows.groups.count;
  for (size_t k = 0; k < p->key_count; k++) names[k] = p->key_names[k];
  TL_TRY(take_keys(p, columns, error));
  for (int64_t i = 0; i < p->columns.groups.count; i++) {
    TL_TRY(column_name(p, first_row(&p->columns, i), arena, &names[p->key_count + (size_t)i], error));
    TL_TRY(tl_column_take(p->values, p->cells + i * rows, rows, &columns[p->key_count + (size_t)i], error));
  }
  return TALLY_OK;
}

static tally_status make_result(const pivoting *p, tally_table **out, tally_error *error) {
  size_t count = p->key_count + (size_t)p->columns.groups.count;
  tl_arena arena = TL_ARENA;
  const char **names = tl_mem_new(count, sizeof *names);
  tally_column **columns = tl_mem_zero(count, sizeof *columns);
  tally_status status = names && columns ? make_columns(p, &arena, names, columns, error) : tl_no_memory(error);
  if (status == TALLY_OK) status = tally_table_new(names, columns, count, p->rows.groups.count, out, error);
  for (size_t i = 0; i < count && columns; i++) tally_column_release(columns[i]);
  tl_mem_free(columns);
  tl_mem_free(names);
  tl_arena_done(&arena);
  return status;
}

tally_status tally_table_pivot(const tally_table *table, const char *const *keys, size_t key_count, const char *names_from,
                               const char *values_from, tally_table **out, tally_error *error) {
  pivoting p = {.key_names = keys, .key_count = key_count, .names_from = names_from};
  tally_status status = find_columns(&p, table, values_from, error);
  if (status == TALLY_OK) status = axis_init(&p.rows, p.keys, key_count, table->rows, error);
  if (status == TALLY_OK) status = axis_init(&p.columns, &p.names, 1, table->rows, error);
  if (status == TALLY_OK) status = fill_cells(&p, error);
  if (status == TALLY_OK) status = make_result(&p, out, error);
  axis_done(&p.rows);
  axis_done(&p.columns);
  tl_mem_free(p.keys);
  tl_mem_free(p.cells);
  return status;
}
