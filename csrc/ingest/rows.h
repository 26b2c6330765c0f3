/* ingest/rows: records in, columns out. Both CSV readers feed this one path, so that they cannot disagree on what a field means. */
#ifndef TL_INGEST_ROWS_H
#define TL_INGEST_ROWS_H

#include "column/builder.h"
#include "ingest/infer.h"
#include "ingest/reading.h"
#include "ingest/record.h"

/* One column of the file. */
typedef struct tl_column_plan {
  const char *name;
  bool nameless; /* the header gives no name: left out when nothing is in it */
  bool asked;    /* its type was given */
  bool wanted;   /* read it in this pass */
  tl_manner manner;
  uint32_t shapes; /* seen so far */
} tl_column_plan;

/* What is done to every row. Fixed during a pass. */
typedef struct tl_plan {
  const tally_csv_options *options;
  const tl_dialect *dialect;
  const char *const *symbols; /* ended by NULL */
  tl_column_plan *columns;
  size_t count;
  size_t least, most;       /* fields of a proper row */
  bool quotes_mean_nothing; /* the file quotes every field, so that "" is a missing value */
  bool dirty;               /* there are bytes that are not UTF-8, or NUL bytes */
  bool report;              /* gather problems */
  int64_t limit;            /* rows at most */
} tl_plan;

/* What became of a run of records. */
typedef struct tl_rows {
  const tl_plan *plan;
  tally_builder **builders; /* NULL for a column that is not wanted */
  uint32_t *shapes;         /* seen in this run */
  bool *fits;               /* every value fitted the manner */
  int64_t count;
  int64_t last_byte; /* where the last row starts; -1 */
  int64_t *dropped;  /* rows with a problem, when these are to be dropped */
  size_t dropped_capacity, dropped_count;
  tl_problems problems;
  char *repaired; /* a field without its invalid bytes */
  size_t repaired_capacity;
} tl_rows;

tally_status tl_rows_start(tl_rows *rows, const tl_plan *plan, tally_error *error);
/* A tl_record_visit; context: a tl_rows. */
tally_status tl_rows_add(void *context, const tl_record *record, bool *enough, tally_error *error);
void tl_rows_done(tl_rows *rows);
/* What a flaw is called. flaw: not TL_FLAW_NONE */
tl_problem tl_problem_of_flaw(tl_flaw flaw);

#endif
