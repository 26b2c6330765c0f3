/* ingest/reading: what a reader hands back, and the list of problems it gathers on the way. Shared by the CSV and the JSON reader.
 */
#ifndef TL_INGEST_READING_H
#define TL_INGEST_READING_H

#include <stdatomic.h>

#include "base/mem.h"
#include "base/status.h"
#include "base/text.h"

/* Filled by a reader; the tables are taken by the reading, the texts of `facts` are literals or live in `arena`. Counted: where
 * rows are read only when they are needed, those who need them hold it. */
struct tally_reading {
  atomic_int references;
  tally_table *table;
  tally_table *problems;
  tally_table *metadata;
  tally_table *sample; /* of tally_scan_csv; else NULL */
  tally_reading_facts facts;
  tl_arena arena;
  struct tl_batches *batches; /* of tally_scan_csv: the rows, read when they are needed; else NULL */
};

/* An empty reading. new reference, to be released with tally_reading_release. errors: TALLY_ENOMEM */
tally_status tl_reading_new(tally_reading **out, tally_error *error);

tally_reading *tl_reading_retain(tally_reading *reading);

/* ---- problems ---- */

/* What may be wrong. Each is one fixed phrase in the column `what`. */
typedef enum tl_problem {
  TL_PROBLEM_SHORT_ROW = 0,
  TL_PROBLEM_LONG_ROW,
  TL_PROBLEM_BLANK_LINE,
  TL_PROBLEM_STRAY_QUOTE, /* inside a field that does not begin with one */
  TL_PROBLEM_AFTER_QUOTE,
  TL_PROBLEM_UNCLOSED_QUOTE,
  TL_PROBLEM_BAD_VALUE, /* not of the type that was asked for; read as missing */
  TL_PROBLEM_BAD_BYTES, /* not valid in the encoding; replaced by U+FFFD */
  TL_PROBLEM_NUL_BYTE,
  TL_PROBLEM_NAME_TWICE,
  TL_PROBLEM_NO_NAME,
  TL_PROBLEM_QUOTE_MARKS, /* single quotes around every value of a column, taken off */
  TL_PROBLEM_BAD_JSON,    /* this and what follows: of a line of NDJSON, which is left out */
  TL_PROBLEM_NOT_RECORD,
  TL_PROBLEM_KEY_TWICE,
  TL_PROBLEM_LARGE_NUMBER,
  TL_PROBLEM_TOO_DEEP,
  TL_PROBLEM_TOO_LONG,
  TL_PROBLEM_KINDS
} tl_problem;

/* The phrase, for messages: "row has too few fields". */
const char *tl_problem_text(tl_problem problem);

/* TL_PROBLEMS_MOST rows are kept; then one more row says how many were left out. */
enum { TL_PROBLEMS_MOST = 10000, TL_PROBLEM_BYTES = 120 };

typedef struct tl_problem_row {
  int64_t line;       /* from 1; 0: not known */
  int64_t byte;       /* from 0; -1: not known */
  const char *column; /* in the arena; NULL: none */
  tl_problem what;
  tally_text text; /* in the arena: valid UTF-8, at most TL_PROBLEM_BYTES */
} tl_problem_row;

/* The collector. One thread at a time; lists of several chunks are joined in order by tl_problems_join. */
typedef struct tl_problems {
  tl_problem_row *rows;
  size_t capacity;
  size_t count;
  int64_t left_out;
  tl_arena arena;
} tl_problems;

#define TL_PROBLEMS \
  { 0 }

/* column  copied; NULL: none
 * bytes   the offending bytes, copied, cut, and what is not UTF-8 in them replaced. errors: TALLY_ENOMEM */
tally_status tl_problems_add(tl_problems *problems, int64_t line, int64_t byte, const char *column, tl_problem what,
                             tally_text bytes, tally_error *error);
/* Puts the rows of `from` after those of `to`, `lines` and `bytes` added to their places. `from` may then be done. */
tally_status tl_problems_join(tl_problems *to, const tl_problems *from, int64_t lines, int64_t bytes, tally_error *error);
/* Puts the rows of `from` among those of `to`, both in the order of lines; of one line, those of `from` come first. */
tally_status tl_problems_merge(tl_problems *to, const tl_problems *from, tally_error *error);
/* The table of tally_reading_problems, rows in the order of the file. new reference */
tally_status tl_problems_table(tl_problems *problems, tally_table **out, tally_error *error);
void tl_problems_done(tl_problems *problems);

/* ---- metadata ---- */

/* A table of two text columns from pairs; a key of size 0 is missing. Also for a reading without any. new reference */
typedef struct tl_metadata_row {
  tally_text key, value;
} tl_metadata_row;
tally_status tl_metadata_table(const tl_metadata_row *rows, size_t count, tally_table **out, tally_error *error);

#endif
