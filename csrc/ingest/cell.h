/* ingest/cell: what one field means in the manner of its column. Every value that comes from a CSV file is decided here, but for
 * plain numbers and texts, which ingest/convert may read by itself when it comes to the same. */
#ifndef TL_INGEST_CELL_H
#define TL_INGEST_CELL_H

#include "ingest/plan.h"

typedef enum tl_cell_kind {
  TL_CELL_VALUE,
  TL_CELL_MISSING, /* empty, or a text that is missing by option, or a symbol */
  TL_CELL_MISFIT   /* of a shape that the manner does not have: missing, for now */
} tl_cell_kind;

typedef struct tl_cell {
  tl_cell_kind kind;
  tally_value value; /* of the type of the column; a text lies in the field */
  uint8_t reason;    /* of a missing value: the number of its symbol in the plan, from 1; 0: none */
  uint32_t shapes;   /* that the column has now been seen to have */
  tally_text text;   /* the field without blanks around it */
} tl_cell;

/* text    the field, without its quotes; valid UTF-8
 * quoted  whether it had quotes, as far as that is known (tl_field) */
void tl_cell_read(const tl_plan *plan, const tl_column_plan *column, tally_text text, bool quoted, tl_cell *out);

/* Whether a field of the column that is a plain number, "-12" or "0.5", or an ISO date is just that: not when an option says that
 * such a text is missing, or a symbol, or when the numbers of the column have a sign that this one lacks. */
bool tl_cell_is_quick(const tl_plan *plan, const tl_column_plan *column);

#endif
