/* column/table: the inside of a table. */
#ifndef TL_COLUMN_TABLE_H
#define TL_COLUMN_TABLE_H

#include "column/take.h"

struct tally_table {
  atomic_int references;
  size_t columns;
  int64_t rows;
  char **names;
  tally_column **column;
};

/* The column `name`. borrows. errors: TALLY_ENAME with the names there are and the nearest of them */
tally_status tl_table_need(const tally_table *table, const char *name, const tally_column **out, tally_error *error);
/* Fails for a name that is not there: "no column 'levle'; did you mean 'level'? (columns: year, level)". */
tally_status tl_table_no_column(const tally_table *table, const char *name, tally_error *error);
/* As tally_table_new, but takes the columns, even on failure. */
tally_status tl_table_adopt(const char *const *names, tally_column **columns, size_t count, int64_t rows, tally_table **out,
                            tally_error *error);
/* Rows of a table. pick: its rows are not checked. new reference
 * errors: TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_table_pick(const tally_table *table, const tl_pick *pick, tally_table **out, tally_error *error);
/* The same operation on every column, several at once when there are many rows. `each` gives a new reference; when it fails it
 * leaves *out alone. */
typedef tally_status (*tl_column_map)(void *context, const tally_column *column, tally_column **out, tally_error *error);
tally_status tl_table_map(const tally_table *table, int64_t rows, tl_column_map each, void *context, tally_table **out,
                          tally_error *error);
/* Tables of the same names and types end to end, dictionaries merged. count > 0. (column/concat) */
tally_status tl_table_concat(tally_table *const *tables, size_t count, tally_table **out, tally_error *error);

#endif
