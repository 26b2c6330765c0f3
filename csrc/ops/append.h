/* ops/append: columns and tables end to end. */
#ifndef TL_OPS_APPEND_H
#define TL_OPS_APPEND_H

#include "column/table.h"

/* The type that holds the values of all of `columns` (NULL: passed over): the one they share, number for integers and numbers.
 * A column without any value goes with every type. False when there is no such type; then clash[0] and clash[1] are the first
 * columns that differ. */
bool tl_append_type(const tally_column *const *columns, size_t count, tally_type *type, size_t clash[2]);

/* The columns end to end as a type that tl_append_type gave for them. A NULL column stands for lengths[i] missing values; lengths
 * may be NULL when no column is. Reasons are kept, declared levels too when all columns with values have the same.
 * out     new reference
 * errors  TALLY_ERANGE (an integer that would lose digits as a number), TALLY_ENOMEM */
tally_status tl_append_columns(const tally_column *const *columns, const int64_t *lengths, size_t count, tally_type type,
                               tally_column **out, tally_error *error);

/* What to advise when types differ, for "read both as text, e.g. types = { ukprn = "text" }": the name as the key of a Lua table,
 * "ukprn" or "[\"Total UK\"]"; reserved words are quoted too. A name too long for `size`, which is at least 8, is cut at a whole
 * character. Returns `to`. */
const char *tl_append_key(const char *name, char *to, size_t size);

#endif
