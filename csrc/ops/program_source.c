/* Sources of programs: a table, cut into batches of TL_CHUNK rows.
 *
 * The idea: a program asks for batch 0, 1, 2 … and for the columns it needs, and does not know what lies behind: rows in memory,
 * which are shared and not copied, or a file that is read as it goes. */
#include "ops/program_source.h"

#include "base/pool.h"

size_t tl_table_batches(const tally_table *table, int64_t rows) {
  return table->rows ? (size_t)((table->rows - 1) / rows) + 1 : 1;
}

tally_status tl_table_batch(const tally_table *table, int64_t rows, size_t index, const char *const *names, size_t count,
                            tally_table **out, tally_error *error) {
  int64_t first = (int64_t)index * rows, left = table->rows - first;
  tally_table *needed = NULL;
  TL_TRY(tally_table_select(table, names, count, &needed, error));
  tally_status status = tally_table_slice(needed, first, left < rows ? left : rows, out, error);
  tally_table_release(needed);
  return status;
}

static tally_status table_start(void *context, size_t *batches, tally_error *error) {
  (void)error;
  *batches = tl_table_batches(context, TL_CHUNK);
  return TALLY_OK;
}

static tally_status table_batch(void *context, size_t index, const char *const *names, size_t count, tally_table **out,
                                tally_error *error) {
  return tl_table_batch(context, TL_CHUNK, index, names, count, out, error);
}

static void table_release(void *context) {
  tally_table_release(context);
}

tally_status tl_source_of_table(const tally_table *table, tally_source *out, tally_error *error) {
  tally_table *schema = NULL;
  TL_TRY(tally_table_slice(table, 0, 0, &schema, error));
  *out = (tally_source){
      .context = tally_table_retain(table), .schema = schema, .start = table_start, .batch = table_batch, .release = table_release};
  return TALLY_OK;
}

void tl_source_done(tally_source *source) {
  tally_table_release(source->schema);
  if (source->release) source->release(source->context);
  *source = (tally_source){0};
}
