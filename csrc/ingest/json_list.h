/* ingest/json_list: a document that is a list of records. */
#ifndef TL_INGEST_JSON_LIST_H
#define TL_INGEST_JSON_LIST_H

#include "ingest/json_table.h"

/* Whole records, from the start of one to the comma before another. */
typedef struct tl_json_stretch {
  size_t start, size;
} tl_json_stretch;

typedef struct tl_json_list {
  tally_text text; /* borrowed */
  tl_json_stretch *stretches;
  size_t count, capacity;
} tl_json_list;

/* Finds where the records of a list lie.
 * text         borrowed; the document begins at byte `first`
 * chunk_bytes  of records in one part; 0: chosen
 * errors       TALLY_ESYNTAX (not a list, or what is about it is not in order; the error is left alone), TALLY_ENOMEM,
 *              TALLY_ECANCEL */
tally_status tl_json_list_find(tl_json_list *list, tally_text text, size_t first, size_t chunk_bytes, tally_error *error);
/* The records; reading them borrows `list`. errors: TALLY_ESYNTAX when something is not a record; the error is left alone */
tl_json_records tl_json_list_records(tl_json_list *list);
void tl_json_list_done(tl_json_list *list);

#endif
