/* A C program without Lua: reads a CSV file, groups it by a column, and prints the number of rows and the sum of another.
 *
 *     gcc -Icsrc examples/group_csv.c build/libtally.a -lcsv -ljansson -lz -lpthread -lm -o group_csv
 *     ./group_csv examples/data/hesa/students-by-level/students-by-level-2019-2020.csv domicile students
 */
#include <stdio.h>
#include <tally.h>

static tally_status group(const tally_table *table, const char *key, const char *value, tally_error *error) {
  tally_expression *amount;
  if (tally_expression_column(value, &amount, error)) return (tally_status)error->code;
  tally_aggregate aggregates[] = {{.name = "rows", .function = "count"}, {.name = value, .function = "sum", .argument = amount}};
  tally_table *groups = NULL;
  tally_status status = tally_table_aggregate(table, &key, 1, aggregates, 2, &groups, error);
  if (status == TALLY_OK) status = tally_write_csv(groups, &(tally_output){.descriptor = 1}, NULL, error);
  tally_table_release(groups);
  tally_expression_release(amount);
  return status;
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: %s FILE COLUMN VALUE\n", arguments[0]);
    return 2;
  }
  tally_error error = {0};
  tally_reading *reading = NULL;
  tally_status status = tally_read_csv(&(tally_input){.path = arguments[1]}, NULL, &reading, &error);
  if (status == TALLY_OK) status = group(tally_reading_table(reading), arguments[2], arguments[3], &error);
  tally_reading_release(reading);
  tally_shutdown();
  if (status != TALLY_OK) {
    char message[640];
    tally_error_message(&error, message, sizeof message);
    fprintf(stderr, "%s\n", message);
  }
  return status != TALLY_OK;
}
