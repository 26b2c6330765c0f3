/* ops/program_source: where the batches of a program come from. */
#ifndef TL_OPS_PROGRAM_SOURCE_H
#define TL_OPS_PROGRAM_SOURCE_H

#include "column/table.h"

#define TL_BATCHES_UNKNOWN SIZE_MAX

/* Batches are numbered from 0 and may be asked for by several workers at once; their borders never depend on the number of threads.
 * There is always one, if only of no rows. */
typedef struct tl_source {
  void *context;
  tally_table *schema; /* names and types, no rows */
  tally_table *table;  /* all the rows, when they are in memory; else NULL */
  size_t batches;      /* how many; TL_BATCHES_UNKNOWN when only the last will tell */
  /* Batch `index` with columns `names`. *out is NULL past the last. new reference */
  tally_status (*batch)(void *context, size_t index, const char *const *names, size_t count, tally_table **out, tally_error *error);
  void (*release)(void *context);
} tl_source;

/* out  to be released with tl_source_done */
tally_status tl_source_of_table(const tally_table *table, tl_source *out, tally_error *error);
void tl_source_done(tl_source *source);

#endif
