/* base/format: values as text, in the one form that writers, printers and messages share. No locale has a say in it. */
#ifndef TL_BASE_FORMAT_H
#define TL_BASE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* Holds every value but a text, the NUL that is put after it, and what may be written beyond that on the way. */
enum { TL_FORMAT_SIZE = 40 };

/* Each returns the number of bytes before the NUL. */

size_t tl_format_integer(int64_t value, char to[TL_FORMAT_SIZE]);
/* The shortest form that reads back to the same bits, and that shows a number to be one: "2.0", "0.1", "-0.0", "1e16", "2.5e-7".
 * Plain from 0.0001 up to below 10^16, else with an exponent; "nan", "inf", "-inf". */
size_t tl_format_number(double value, char to[TL_FORMAT_SIZE]);
/* ISO 8601: "2020-01-31"; years outside 0 … 9999 with a sign: "-0044-03-15", "+12020-01-01". */
size_t tl_format_date(int32_t value, char to[TL_FORMAT_SIZE]);

#endif
