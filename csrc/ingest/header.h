/* ingest/header: from the header and the options to a plan for every column. */
#ifndef TL_INGEST_HEADER_H
#define TL_INGEST_HEADER_H

#include "ingest/plan.h"
#include "ingest/sniff.h"

/* Names, manners and the width of a proper row. Texts live in the arena; what is wrong with names goes to `problems`.
 * where   the file, for messages
 * errors  TALLY_ENAME (an option names a column that is not there), TALLY_ESHAPE (more names than columns), TALLY_ENOMEM */
tally_status tl_header_plan(const tally_csv_options *options, const tl_layout *layout, const char *where, tl_arena *arena,
                            tl_problems *problems, tl_plan *out, tally_error *error);
/* The plan as it was before any row was read. */
void tl_header_forget(tl_plan *plan);

#endif
