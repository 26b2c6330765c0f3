/* ops/unpivot: wide to long.
 *
 * The one idea: the columns, end to end, hold every value of the result; row after row is read across them by one list of row
 * numbers. Which types go together is ops/append's to say. */
#include "column/dictionary.h"
#include "column/table.h"
#include "ops/append.h"

typedef struct unpivoting {
  const tally_table *table;
  const char *const *columns; /* that become rows */
  size_t count;
  const char *names_to, *values_to;
  int64_t rows; /* of the result */
} unpivoting;

static bool is_among(const char *const *names, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

static tally_status check_columns(const unpivoting *u, tally_error *error) {
  const tally_column *column;
  if (u->count == 0) return tl_fail(error, TALLY_ESHAPE, "unpivot needs at least one column to turn into rows");
  for (size_t i = 0; i < u->count; i++) {
    const char *name = u->columns[i];
    TL_TRY(tl_table_need(u->table, name, &column, error));
    if (is_among(u->columns, i, name))
      return tl_fail_at(error, TALLY_ESHAPE, name, 0, 0, "column '%s' is named twice in unpivot", name);
  }
  return TALLY_OK;
}

/* A new column must not have the name of one that stays. */
static tally_status check_new_name(const unpivoting *u, const char *name, tally_error *error) {
  if (tally_table_index(u->table, name) < 0 || is_among(u->columns, u->count, name)) return TALLY_OK;
  return tl_fail_at(error, TALLY_ESHAPE, name, 0, 0, "unpivot would make a second column '%s': choose another name", name);
}

static tally_status check_names(const unpivoting *u, tally_error *error) {
  TL_TRY(check_columns(u, error));
  TL_TRY(check_new_name(u, u->names_to, error));
  TL_TRY(check_new_name(u, u->values_to, error));
  if (strcmp(u->names_to, u->values_to) != 0) return TALLY_OK;
  return tl_fail(error, TALLY_ESHAPE, "unpivot needs two different names for names and values, not '%s' twice", u->names_to);
}

/* ---- Columns of the result ---- */

static tally_status type_clash(const unpivoting *u, const tally_column *const *columns, const size_t clash[2], tally_error *error) {
  const char *first = u->columns[clash[0]], *second = u->columns[clash[1]];
  return tl_fail_at(error, TALLY_ETYPE, second, 0, 0, "cannot unpivot '%s' (%s) with '%s' (%s): values of one column need one type",
                    first, tally_type_name(columns[clash[0]]->type), second, tally_type_name(columns[clash[1]]->type));
}

static tally_status join_ends(const unpivoting *u, tally_column **out, tally_error *error) {
  tally_type type;
  size_t clash[2];
  const tally_column **columns = tl_mem_new(u->count, sizeof *columns);
  if (!columns) return tl_no_memory(error);
  for (size_t i = 0; i < u->count; i++) columns[i] = tally_table_find(u->table, u->columns[i]);
  tally_status status = tl_append_type(columns, u->count, &type, clash)
                            ? tl_append_columns(columns, NULL, u->count, type, out, error)
                            : type_clash(u, columns, clash, error);
  if (status != TALLY_OK) tl_error_where(error, u->values_to);
  tl_mem_free(columns);
  return status;
}

static tally_status make_values(const unpivoting *u, int64_t *rows, tally_column **out, tally_error *error) {
  tally_column *ends;
  TL_TRY(join_ends(u, &ends, error));
  int64_t at = 0;
  for (int64_t row = 0; row < u->table->rows; row++)
    for (size_t i = 0; i < u->count; i++) rows[at++] = (int64_t)i * u->table->rows + row;
  tally_status status = tl_column_take(ends, rows, u->rows, out, error);
  tally_column_release(ends);
  return status;
}

static tally_status name_dictionary(const unpivoting *u, tally_column **out, tally_error *error) {
  tl_dictionary dictionary = TL_DICTIONARY;
  tally_status status = TALLY_OK;
  uint32_t code;
  for (size_t i = 0; i < u->count && status == TALLY_OK; i++)
    status = tl_dictionary_add(&dictionary, tl_text_of(u->columns[i]), &code, error);
  if (status == TALLY_OK) status = tl_dictionary_column(&dictionary, out, error);
  tl_dictionary_done(&dictionary);
  return status;
}

static tally_status make_names(const unpivoting *u, tally_column **out, tally_error *error) {
  tl_parts parts = {.type = TALLY_TEXT, .length = u->rows};
  TL_TRY(name_dictionary(u, &parts.dictionary, error));
  parts.values = tl_buffer_new((size_t)u->rows * sizeof(uint32_t));
  if (!parts.values) {
    tl_parts_drop(&parts);
    return tl_no_memory(error);
  }
  uint32_t *codes = parts.values->bytes;
  for (int64_t row = 0; row < u->table->rows; row++)
    for (size_t i = 0; i < u->count; i++) *codes++ = (uint32_t)i;
  return tl_column_new(parts, out, error);
}

/* The columns that stay, each row as often as there are columns that became rows. */
static tally_status repeat_others(const unpivoting *u, int64_t *rows, tally_table **out, tally_error *error) {
  tally_table *others;
  size_t count = 0;
  const char **names = tl_mem_new(u->table->columns, sizeof *names);
  if (!names) return tl_no_memory(error);
  for (size_t c = 0; c < u->table->columns; c++)
    if (!is_among(u->columns, u->count, u->table->names[c])) names[count++] = u->table->names[c];
  tally_status status = tally_table_select(u->table, names, count, &others, error);
  tl_mem_free(names);
  if (status != TALLY_OK) return status;
  int64_t at = 0;
  for (int64_t row = 0; row < u->table->rows; row++)
    for (size_t i = 0; i < u->count; i++) rows[at++] = row;
  status = tally_table_take(others, rows, u->rows, out, error);
  tally_table_release(others);
  return status;
}

/* rows: scratch for as many row numbers as the result has rows. */
static tally_status make_result(const unpivoting *u, int64_t *rows, tally_table **out, tally_error *error) {
  tally_table *others = NULL, *named = NULL;
  tally_column *names = NULL, *values = NULL;
  tally_status status = repeat_others(u, rows, &others, error);
  if (status == TALLY_OK) status = make_names(u, &names, error);
  if (status == TALLY_OK) status = make_values(u, rows, &values, error);
  if (status == TALLY_OK) status = tally_table_with(others, u->names_to, names, &named, error);
  if (status == TALLY_OK) status = tally_table_with(named, u->values_to, values, out, error);
  tally_table_release(others);
  tally_table_release(named);
  tally_column_release(names);
  tally_column_release(values);
  return status;
}

tally_status tally_table_unpivot(const tally_table *table, const char *const *columns, size_t count, const char *names_to,
                                 const char *values_to, tally_table **out, tally_error *error) {
  unpivoting u = {.table = table, .columns = columns, .count = count, .names_to = names_to, .values_to = values_to};
  TL_TRY(check_names(&u, error));
  if (__builtin_mul_overflow(table->rows, count, &u.rows)) return tl_no_memory(error);
  int64_t *rows = tl_mem_new((size_t)u.rows, sizeof *rows);
  if (!rows) return tl_no_memory(error);
  tally_status status = make_result(&u, rows, out, error);
  tl_mem_free(rows);
  return status;
}
