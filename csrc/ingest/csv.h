/* ingest/csv: a CSV file as far as it is understood before its rows are read: what its bytes are, how it lies, what its columns
 * are. */
#ifndef TL_INGEST_CSV_H
#define TL_INGEST_CSV_H

#include "ingest/header.h"
#include "ingest/ranges.h"

typedef struct tl_csv {
  tally_csv_options options;
  tl_source source;
  tl_arena arena;
  tl_piece head_piece;
  tl_marks marks;
  const char *encoding;
  int64_t first_byte, first_line; /* after marks and lines left out */
  tl_dialect dialect;
  tl_layout layout;
  tl_ranges ranges;
  tl_plan plan;
  tl_problems invalid;  /* of the encoding */
  tl_problems problems; /* of the header */
} tl_csv;

/* Options of an older, shorter struct keep their defaults. errors: TALLY_ESHAPE */
tally_status tl_csv_options(const tally_csv_options *given, tally_csv_options *out, tally_error *error);

/* Each step once, in this order; csv->source is open, csv->options are set. errors: those of tally_read_csv */

/* The bytes, in UTF-8. */
tally_status tl_csv_decode(tl_csv *csv, tally_error *error);
/* Separator, preamble, header, by the head of the file; and what the head is made of (NULL: nobody asks). */
tally_status tl_csv_sniff(tl_csv *csv, tl_census *head, tally_error *error);
/* Bytes that are surveyed at a time. */
size_t tl_csv_chunk_bytes(const tl_csv *csv);
/* Where rows begin, in all of the file. */
tally_status tl_csv_survey(tl_csv *csv, tally_error *error);
/* Names and manners. dirty: there are bytes that are no text */
tally_status tl_csv_plan(tl_csv *csv, bool dirty, tally_error *error);

/* Whether bytes are no text in UTF-8, and whether the file is rather Windows-1252: not when its encoding was given, or it has a
 * mark. */
static inline bool tl_csv_is_dirty(const tl_census *census) {
  return census->invalid > 0 || census->nuls > 0;
}
static inline bool tl_csv_is_windows(const tl_csv *csv, const tl_census *census) {
  return !csv->options.encoding && csv->marks.count == 0 && tl_encoding_is_windows(census);
}
/* Takes the file for one in another encoding: the first two steps are then done, and sniffing begins again. */
tally_status tl_csv_convert(tl_csv *csv, const char *from, tally_error *error);
/* Says where the quoting goes wrong, when it was not asked to go on. A tl_record_visit; context: a tl_csv. */
tally_status tl_csv_refuse_record(void *context, const tl_record *record, bool *enough, tally_error *error);
/* The first of the problems as an error, when they are to be one. errors: TALLY_ESYNTAX */
tally_status tl_csv_refuse_problems(const tl_csv *csv, const tl_problems *problems, tally_error *error);
/* Facts and metadata of a reading. reader: "fast" or "lax" */
tally_status tl_csv_facts(const tl_csv *csv, const char *reader, tally_reading *out, tally_error *error);
void tl_csv_done(tl_csv *csv);

#endif
