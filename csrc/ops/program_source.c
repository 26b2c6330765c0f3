/* Sources of programs: a table, cut into batches of TL_CHUNK rows.
 *
 * The idea: a program asks for batch 0, 1, 2 … and for the columns it needs, and does not know what lies behind: rows in memory,
 * which are shared and not copied, or a file that is read as it goes. */
#include "ops/program_source.h"

#include "base/pool.h"

static tally_status table_start(void *context, size_t *batches, tally_error *error) {
  (void)error;
  size_t chunks = tl_chunks(((const tally_table *)context)->rows);
  *batches = chunks ? chunks : 1;
  return TALLY_OK;
}

static tally_status table_batch(void *context, size_t index, const char *const *names, size_t count, tally_table **out,
                                tally_error *error) {
  const tally_table *table = context;
  int64_t first = (int64_t)index * TL_CHUNK, left = table->rows - first;
  tally_table *needed = NULL;
  TL_TRY(tally_table_select(table, names, count, &needed, error));
  tally_status status = tally_table_slice(needed, first, left < TL_CHUNK ? left : TL_CHUNK, out, error);
  tally_table_release(needed);
  return status;
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
