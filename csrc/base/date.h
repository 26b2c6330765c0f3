/* base/date: dates as they are written in files. */
#ifndef TL_BASE_DATE_H
#define TL_BASE_DATE_H

#include "base/text.h"

/* ISO dates are read by tally_date_read in tally.h. */
/* "31/07/2019" or "1/7/2019": the day first, as it is written in Britain. */
bool tl_date_read_day_first(tally_text text, int32_t *out);

/* Days since 1970-01-01 as year, month (from 1) and day (from 1) of the proleptic Gregorian calendar. */
void tl_date_split(int32_t date, int64_t *year, int *month, int *day);

#endif
