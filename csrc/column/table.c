/* column/table: named columns of one length. Making a table retains its columns and copies its names; everything that is made from
 * a table shares the columns it does not change. */
#include "column/table.h"

#include <stdio.h>

#include "base/pool.h"

/* ---- life ---- */

static void free_table(tally_table *table) {
  for (size_t i = 0; i < table->columns; i++) {
    tl_mem_free(table->names[i]);
    tally_column_release(table->column[i]);
  }
  tl_mem_free(table->names);
  tl_mem_free(table->column);
  tl_mem_free(table);
}

tally_table *tally_table_retain(const tally_table *table) {
  tally_table *it = (tally_table *)table;
  if (it) atomic_fetch_add_explicit(&it->references, 1, memory_order_relaxed);
  return it;
}

void tally_table_release(tally_table *table) {
  if (table && atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) == 1) free_table(table);
}

static tally_status allocate(size_t columns, int64_t rows, tally_table **out, tally_error *error) {
  tally_table *table = tl_mem_zero(1, sizeof *table);
  if (!table) return tl_no_memory(error);
  table->references = 1;
  table->rows = rows;
  table->names = tl_mem_zero(columns, sizeof *table->names);
  table->column = tl_mem_zero(columns, sizeof *table->column);
  if (!table->names || !table->column) {
    free_table(table);
    return tl_no_memory(error);
  }
  table->columns = columns;
  *out = table;
  return TALLY_OK;
}

/* Names in a table are few; wide tables (thousands of columns) are checked through a small hash set of indices. */
static tally_status check_unique(const char *const *names, size_t count, tally_error *error) {
  size_t slots = 16;
  while (slots < count * 2) slots *= 2;
  size_t *slot = tl_mem_zero(slots, sizeof *slot);
  if (!slot) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < count && status == TALLY_OK; i++) {
    size_t at = (size_t)tl_text_hash(tl_text_of(names[i])) & (slots - 1);
    while (slot[at] && strcmp(names[slot[at] - 1], names[i]) != 0) at = (at + 1) & (slots - 1);
    if (slot[at]) status = tl_fail(error, TALLY_ESHAPE, "two columns are named '%s'", names[i]);
    slot[at] = i + 1;
  }
  tl_mem_free(slot);
  return status;
}

static tally_status check_columns(const char *const *names, tally_column *const *columns, size_t count, int64_t rows,
                                  tally_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (!names[i] || names[i][0] == '\0') return tl_fail(error, TALLY_ESHAPE, "column %zu has no name", i + 1);
    tally_text name = tl_text_of(names[i]);
    if (tl_text_valid_utf8(name) < name.size) {
      return tl_fail(error, TALLY_ESYNTAX, "the name of column %zu is not valid UTF-8", i + 1);
    }
    if (columns[i]->length != rows) {
      return tl_fail(error, TALLY_ESHAPE, "column '%s' has %lld rows, the table has %lld", names[i], (long long)columns[i]->length,
                     (long long)rows);
    }
  }
  return check_unique(names, count, error);
}

tally_status tally_table_new(const char *const *names, tally_column *const *columns, size_t count, int64_t rows, tally_table **out,
                             tally_error *error) {
  TL_TRY(check_columns(names, columns, count, rows, error));
  tally_table *table = NULL;
  TL_TRY(allocate(count, rows, &table, error));
  for (size_t i = 0; i < count; i++) {
    table->column[i] = tally_column_retain(columns[i]);
    table->names[i] = tl_mem_text(names[i], strlen(names[i]));
    if (!table->names[i]) {
      free_table(table);
      return tl_no_memory(error);
    }
  }
  *out = table;
  return TALLY_OK;
}

tally_status tl_table_adopt(const char *const *names, tally_column **columns, size_t count, int64_t rows, tally_table **out,
                            tally_error *error) {
  tally_status status = tally_table_new(names, columns, count, rows, out, error);
  for (size_t i = 0; i < count; i++) tally_column_release(columns[i]);
  return status;
}

/* ---- looking at a table ---- */

int64_t tally_table_rows(const tally_table *table) {
  return table->rows;
}

size_t tally_table_columns(const tally_table *table) {
  return table->columns;
}

const char *tally_table_name(const tally_table *table, size_t index) {
  return index < table->columns ? table->names[index] : NULL;
}

const tally_column *tally_table_column(const tally_table *table, size_t index) {
  return index < table->columns ? table->column[index] : NULL;
}

ptrdiff_t tally_table_index(const tally_table *table, const char *name) {
  for (size_t i = 0; i < table->columns; i++) {
    if (strcmp(table->names[i], name) == 0) return (ptrdiff_t)i;
  }
  return -1;
}

const tally_column *tally_table_find(const tally_table *table, const char *name) {
  ptrdiff_t index = tally_table_index(table, name);
  return index < 0 ? NULL : table->column[index];
}

size_t tally_table_bytes(const tally_table *table) {
  size_t bytes = sizeof *table;
  for (size_t i = 0; i < table->columns; i++) bytes += tally_column_bytes(table->column[i]);
  return bytes;
}

/* ---- a name that is not there ---- */

/* The names, comma-separated, as many as fit. */
static void list_names(const tally_table *table, char *to, size_t room) {
  size_t used = 0;
  to[0] = '\0';
  for (size_t i = 0; i < table->columns; i++) {
    size_t need = strlen(table->names[i]) + 2;
    if (used + need + 4 > room) {
      snprintf(to + used, room - used, "%s...", i ? ", " : "");
      return;
    }
    used += (size_t)snprintf(to + used, room - used, "%s%s", i ? ", " : "", table->names[i]);
  }
}

tally_status tl_table_no_column(const tally_table *table, const char *name, tally_error *error) {
  char names[256];
  list_names(table, names, sizeof names);
  const char *near = tally_nearest(name, (const char *const *)table->names, table->columns);
  if (!near) return tl_fail(error, TALLY_ENAME, "no column '%s' (columns: %s)", name, names);
  return tl_fail(error, TALLY_ENAME, "no column '%s'; did you mean '%s'? (columns: %s)", name, near, names);
}

tally_status tl_table_need(const tally_table *table, const char *name, const tally_column **out, tally_error *error) {
  *out = tally_table_find(table, name);
  return *out ? TALLY_OK : tl_table_no_column(table, name, error);
}

/* ---- tables from tables ---- */

tally_status tally_table_select(const tally_table *table, const char *const *names, size_t count, tally_table **out,
                                tally_error *error) {
  tally_column **columns = tl_mem_new(count, sizeof *columns);
  if (!columns) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < count && status == TALLY_OK; i++) {
    status = tl_table_need(table, names[i], (const tally_column **)&columns[i], error);
  }
  if (status == TALLY_OK) status = tally_table_new(names, columns, count, table->rows, out, error);
  tl_mem_free(columns);
  return status;
}

tally_status tally_table_rename(const tally_table *table, const char *const *names, const char *const *new_names, size_t count,
                                tally_table **out, tally_error *error) {
  const char **all = tl_mem_new(table->columns, sizeof *all);
  if (!all) return tl_no_memory(error);
  if (table->columns) memcpy(all, table->names, table->columns * sizeof *all);
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < count && status == TALLY_OK; i++) {
    ptrdiff_t index = tally_table_index(table, names[i]);
    if (index < 0) {
      status = tl_table_no_column(table, names[i], error);
    } else {
      all[index] = new_names[i];
    }
  }
  if (status == TALLY_OK) status = tally_table_new(all, table->column, table->columns, table->rows, out, error);
  tl_mem_free(all);
  return status;
}

tally_status tally_table_with(const tally_table *table, const char *name, const tally_column *column, tally_table **out,
                              tally_error *error) {
  ptrdiff_t index = tally_table_index(table, name);
  size_t count = table->columns + (index < 0);
  const char **names = tl_mem_new(count, sizeof *names);
  tally_column **columns = tl_mem_new(count, sizeof *columns);
  tally_status status = names && columns ? TALLY_OK : tl_no_memory(error);
  if (status == TALLY_OK) {
    if (table->columns) {
      memcpy(names, table->names, table->columns * sizeof *names);
      memcpy(columns, table->column, table->columns * sizeof *columns);
    }
    size_t at = index < 0 ? table->columns : (size_t)index;
    names[at] = name;
    columns[at] = (tally_column *)column;
    status = tally_table_new(names, columns, count, table->columns || table->rows ? table->rows : column->length, out, error);
  }
  tl_mem_free(names);
  tl_mem_free(columns);
  return status;
}

typedef struct mapping {
  const tally_table *table;
  tl_column_map each;
  void *context;
  tally_column **columns; /* of the result */
} mapping;

static tally_status map_column(void *context, size_t index, size_t worker, tally_error *error) {
  const mapping *it = context;
  (void)worker;
  return it->each(it->context, it->table->column[index], &it->columns[index], error);
}

/* The columns of a large table are handed to the pool. */
static tally_status map_columns(mapping *it, int64_t rows, tally_error *error) {
  if (rows > TL_CHUNK) return tl_pool_run(it->table->columns, map_column, it, error);
  for (size_t i = 0; i < it->table->columns; i++) TL_TRY(map_column(it, i, 0, error));
  return TALLY_OK;
}

tally_status tl_table_map(const tally_table *table, int64_t rows, tl_column_map each, void *context, tally_table **out,
                          tally_error *error) {
  mapping it = {table, each, context, tl_mem_zero(table->columns, sizeof *it.columns)};
  if (!it.columns) return tl_no_memory(error);
  tally_status status = map_columns(&it, rows, error);
  if (status == TALLY_OK) {
    status = tally_table_new((const char *const *)table->names, it.columns, table->columns, rows, out, error);
  }
  for (size_t i = 0; i < table->columns; i++) tally_column_release(it.columns[i]);
  tl_mem_free(it.columns);
  return status;
}

typedef struct span {
  int64_t first, count;
} span;

static tally_status slice_column(void *context, const tally_column *column, tally_column **out, tally_error *error) {
  const span *it = context;
  return tally_column_slice(column, it->first, it->count, out, error);
}

tally_status tally_table_slice(const tally_table *table, int64_t first, int64_t count, tally_table **out, tally_error *error) {
  if (first < 0 || count < 0 || first > table->rows || count > table->rows - first) {
    return tl_fail(error, TALLY_ERANGE, "a slice of %lld rows after the first %lld is outside a table of %lld", (long long)count,
                   (long long)first, (long long)table->rows);
  }
  span it = {first, count};
  return tl_table_map(table, count, slice_column, &it, out, error);
}

/* A join that only looks things up, and a sort of what is sorted, take every row in its place. */
static bool is_every_row(const tally_table *table, const int64_t *rows, int64_t count) {
  if (count != table->rows) return false;
  for (int64_t i = 0; i < count; i++) {
    if (rows[i] != i) return false;
  }
  return true;
}

tally_status tl_table_pick(const tally_table *table, const tl_pick *pick, tally_table **out, tally_error *error) {
  tally_column **columns = tl_mem_zero(table->columns, sizeof *columns);
  if (!columns) return tl_no_memory(error);
  tally_status status = tl_columns_pick(table->column, table->columns, pick, columns, error);
  if (status == TALLY_OK) {
    status = tl_table_adopt((const char *const *)table->names, columns, table->columns, pick->count, out, error);
  }
  tl_mem_free(columns);
  return status;
}

tally_status tally_table_take(const tally_table *table, const int64_t *rows, int64_t count, tally_table **out, tally_error *error) {
  if (is_every_row(table, rows, count)) {
    *out = tally_table_retain(table);
    return TALLY_OK;
  }
  bool gaps;
  TL_TRY(tl_rows_check(rows, count, table->rows, &gaps, error));
  tl_pick pick = {.count = count, .rows = rows, .gaps = gaps};
  return tl_table_pick(table, &pick, out, error);
}
