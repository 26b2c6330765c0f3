/* emit/records: a table as records of text, one for each row, in the form that a writer of CSV or JSON describes. */
#ifndef TL_EMIT_RECORDS_H
#define TL_EMIT_RECORDS_H

#include "base/bytes.h"
#include "column/table.h"

typedef struct tl_record_form {
  tally_text head, tail;    /* before the first record and after the last */
  const tally_text *before; /* of each column: what stands before its values */
  tally_text end, last_end; /* after each record, and after the last */
  tally_text missing;       /* what stands for a missing value */
  bool symbols;             /* but one with a reason is written as this, as a text is */
  bool quoted_dates;
  bool finite; /* numbers that are not finite are written as missing */
  tally_status (*put_text)(const struct tl_record_form *form, tl_bytes *bytes, tally_text text, tally_error *error);
} tl_record_form;

/* form    borrows
 * errors  those of tl_output_write */
tally_status tl_records_write(const tally_table *table, const tl_record_form *form, const tally_output *to, tally_error *error);

#endif
