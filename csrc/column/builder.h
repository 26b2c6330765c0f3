/* column/builder: the one mutable thing. Values go in one after another, a column comes out. For rooms above, typed entrances
 * beside the one in tally.h; they do not check the type, which the caller knows, nor UTF-8, which the caller has checked. */
#ifndef TL_COLUMN_BUILDER_H
#define TL_COLUMN_BUILDER_H

#include "column/column.h"
#include "column/dictionary.h"

/* Makes room for `more` rows. Optional. */
tally_status tl_builder_reserve(tally_builder *builder, int64_t more, tally_error *error);
tally_status tl_builder_boolean(tally_builder *builder, bool value, tally_error *error);
tally_status tl_builder_integer(tally_builder *builder, int64_t value, tally_error *error);
tally_status tl_builder_number(tally_builder *builder, double value, tally_error *error);
tally_status tl_builder_date(tally_builder *builder, int32_t value, tally_error *error);
/* Text is put into a dictionary for as long as values repeat (TL_DICTIONARY_TRIAL), then the builder turns plain. */
tally_status tl_builder_text(tally_builder *builder, tally_text value, tally_error *error);
tally_status tl_builder_missing(tally_builder *builder, tally_error *error);
int64_t tl_builder_length(const tally_builder *builder);
/* What was built so far as another type, when the type ladder moves up: integer to number, or anything to missing-only text. Only
 * from a builder whose values are all missing, or integer to number. errors: TALLY_ETYPE */
tally_status tl_builder_widen(tally_builder *builder, tally_type type, tally_error *error);

#endif
