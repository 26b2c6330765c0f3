/* ingest/date: dates as they are written in files. */
#ifndef TL_INGEST_DATE_H
#define TL_INGEST_DATE_H

#include "base/text.h"

/* "2019-07-31", all digits there, of the years 0001 to 9999. out: days since 1970-01-01 */
bool tl_date_read_iso(tally_text text, int32_t *out);
/* "31/07/2019" or "1/7/2019": the day first, as it is written in Britain. */
bool tl_date_read_day_first(tally_text text, int32_t *out);

#endif
