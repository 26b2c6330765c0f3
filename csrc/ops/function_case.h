/* ops/function_case: lower and upper case without a locale. */
#ifndef TL_OPS_FUNCTION_CASE_H
#define TL_OPS_FUNCTION_CASE_H

#include <stdbool.h>
#include <stddef.h>

/* Changes the letters of valid UTF-8 in place: Latin (with Latin-1 and Latin Extended-A), Greek and Cyrillic. A letter whose other
 * case takes more or fewer bytes (the German sharp s, the Turkish dotted and dotless i) stays as it is. */
void tl_change_case(char *bytes, size_t size, bool upper);

#endif
