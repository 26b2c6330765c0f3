/* ops/distinct: the first row of each combination of values.
 *
 * The idea: rows are grouped, and every group knows the row in which it first appears. */
#include "column/table.h"
#include "ops/group.h"

static tally_status take_first_rows(const tally_table *table, const tally_column *const *keys, size_t count, tally_table **out,
                                    tally_error *error) {
  tl_groups groups;
  TL_TRY(tl_groups_new(keys, count, table->rows, &groups, error));
  tally_status status = TALLY_OK;
  if (groups.count == table->rows)
    *out = tally_table_retain(table);
  else
    status = tally_table_take(table, groups.first, groups.count, out, error);
  tl_groups_done(&groups);
  return status;
}

tally_status tally_table_distinct(const tally_table *table, const char *const *columns, size_t count, tally_table **out,
                                  tally_error *error) {
  if (count == 0) return take_first_rows(table, (const tally_column *const *)table->column, table->columns, out, error);
  const tally_column **keys = tl_mem_new(count, sizeof *keys);
  if (!keys) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  for (size_t k = 0; k < count && status == TALLY_OK; k++) status = tl_table_need(table, columns[k], &keys[k], error);
  if (status == TALLY_OK) status = take_first_rows(table, keys, count, out, error);
  tl_mem_free(keys);
  return status;
}
