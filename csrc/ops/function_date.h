/* ops/function_date: dates as text. */
#ifndef TL_OPS_FUNCTION_DATE_H
#define TL_OPS_FUNCTION_DATE_H

#include "base/text.h"

/* "2019-08-31", blanks around it allowed, to days since 1970-01-01; false for anything else. */
bool tl_date_read(tally_text text, int32_t *out);

#endif
