/* ingest/json_lines: NDJSON: one record a line. */
#ifndef TL_INGEST_JSON_LINES_H
#define TL_INGEST_JSON_LINES_H

#include "ingest/json_table.h"
#include "ingest/source.h"

typedef struct tl_json_lines {
  const tl_source *source;
  int64_t first; /* the byte where the first line begins */
  size_t chunk_bytes;
  bool refusing;    /* a line that is no record is an error */
  tl_piece *pieces; /* one for each worker */
  size_t piece_count;
} tl_json_lines;

/* on_problem  as in tally_json_options
 * chunk_bytes 0: chosen
 * errors      TALLY_ENOMEM */
tally_status tl_json_lines_start(tl_json_lines *lines, const tl_source *source, int64_t first, const tally_json_options *options,
                                 tally_error *error);
/* The lines, cut into chunks, each line in that where it begins; read borrows `lines`. A line that is not a record is a problem and
 * no row, or an error (TALLY_ESYNTAX); a blank line is a problem. */
tl_json_records tl_json_lines_records(tl_json_lines *lines);
void tl_json_lines_done(tl_json_lines *lines);

/* Without blanks at either end. */
tally_text tl_json_trim(tally_text text);

#endif
