/* emit/formula: texts that a spreadsheet would run as formulas. */
#ifndef TL_EMIT_FORMULA_H
#define TL_EMIT_FORMULA_H

#include "base/bytes.h"

/* Whether a spreadsheet may take the text for a formula: it begins with a tab, CR, LF or NUL, or one of its lines begins, after
 * blanks, with = + - @ or the full-width form of one. A number is none, and neither is a single character. */
bool tl_formula_is(tally_text text);

/* Adds the text with a ' before whatever makes it a formula. errors: TALLY_ENOMEM */
tally_status tl_formula_disarm(tl_bytes *to, tally_text text, tally_error *error);

#endif
