/* Sources of programs: a table, cut into batches of TL_CHUNK rows.
 *
 * The idea: a program asks for batch 0, 1, 2 … until there is none, and for the columns it needs, and does not know what lies
 * behind: rows in memory, which are shared and not copied, or a file that is read as it goes. */
#include "ops/program_source.h"

#include "base/pool.h"

static tally_status table_batch(void *context, size_t index, const char *const *names, size_t count, tally_table **out,
                                tally_error *error) {
  const tally_table *table = context;
  *out = NULL;
  if (index > 0 && index >= tl_chunks(table->rows)) return TALLY_OK;
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

tally_status tl_source_of_table(const tally_table *table, tl_source *out, tally_error *error) {
  tally_table *schema = NULL;
  TL_TRY(tally_table_slice(table, 0, 0, &schema, error));
  tally_table *retained = tally_table_retain(table);
  size_t chunks = tl_chunks(table->rows);
  *out = (tl_source){.context = retained,
                     .schema = schema,
                     .table = retained,
                     .batches = chunks ? chunks : 1,
                     .batch = table_batch,
                     .release = table_release};
  return TALLY_OK;
}

void tl_source_done(tl_source *source) {
  tally_table_release(source->schema);
  if (source->release) source->release(source->context);
  *source = (tl_source){0};
}
