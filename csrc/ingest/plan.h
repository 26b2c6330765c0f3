/* ingest/plan: what is done to every row of a file: its columns, and how each is read. */
#ifndef TL_INGEST_PLAN_H
#define TL_INGEST_PLAN_H

#include "ingest/infer.h"
#include "ingest/record.h"

/* One column of the file. */
typedef struct tl_column_plan {
  const char *name;
  bool nameless; /* the header gives no name: left out when nothing is in it */
  bool asked;    /* its type was given */
  bool wanted;   /* read it in this pass */
  bool plain;    /* text whose values do not repeat: it is not coded */
  bool judged;   /* whether they do was looked into */
  bool quick;    /* a plain number or date is just that (tl_cell_is_quick); set for each pass */
  tl_manner manner;
  uint32_t shapes; /* seen so far */
} tl_column_plan;

/* Fixed during a pass. */
typedef struct tl_plan {
  const tally_csv_options *options;
  const tl_dialect *dialect;
  const char *const *symbols; /* ended by NULL; at most TL_SYMBOLS_MOST */
  tl_column_plan *columns;
  size_t count;
  size_t least, most;       /* fields of a proper row */
  bool quotes_mean_nothing; /* the file quotes every field, so that "" is a missing value */
  bool dirty;               /* there are bytes that are not UTF-8, or NUL bytes */
  bool report;              /* gather problems */
  bool strict;              /* a value that does not fit the manner of its column is an error */
  int64_t limit;            /* rows at most */
} tl_plan;

/* A reason is one byte, and 0 is none. */
enum { TL_SYMBOLS_MOST = 255 };

#endif
