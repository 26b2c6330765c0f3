/* ingest/infer: what the values of a column look like, and what type that makes it. */
#ifndef TL_INGEST_INFER_H
#define TL_INGEST_INFER_H

#include "base/number.h"

/* What one value looks like. A column is the union of its values' shapes: it only grows, and the type with it. */
typedef enum tl_shape {
  TL_SHAPE_SYMBOL = 1 << 0, /* a published symbol that may also be a text: "-", "*", ".." */
  TL_SHAPE_BOOLEAN = 1 << 1,
  TL_SHAPE_INTEGER = 1 << 2,
  TL_SHAPE_DECIMAL = 1 << 3,
  TL_SHAPE_BARE = 1 << 4, /* a number with neither £ nor % */
  TL_SHAPE_POUND = 1 << 5,
  TL_SHAPE_PERCENT = 1 << 6,
  TL_SHAPE_DATE_ISO = 1 << 7,
  TL_SHAPE_DATE_DAY_FIRST = 1 << 8,
  TL_SHAPE_QUOTE_MARKS = 1 << 9, /* 'text' */
  TL_SHAPE_TEXT = 1 << 10        /* anything else; also codes such as "007" and integers past 64 bits */
} tl_shape;

/* How the fields of a column are to be read. */
typedef enum tl_manner {
  TL_MANNER_NONE = 0, /* nothing but missing values and symbols was seen so far */
  TL_MANNER_BOOLEAN,
  TL_MANNER_INTEGER,
  TL_MANNER_NUMBER,
  TL_MANNER_DATE_ISO,
  TL_MANNER_DATE_DAY_FIRST,
  TL_MANNER_TEXT,
  TL_MANNER_TEXT_IN_MARKS, /* every value in single quotes, which are taken off */
  TL_MANNER_EXACT,         /* text, exactly as it stands */
  TL_MANNERS
} tl_manner;

/* shapes  of all values that are not missing */
tl_manner tl_infer_manner(uint32_t shapes);
tally_type tl_manner_type(tl_manner manner);
/* The manner of a type that was asked for. Its values may be written in any form. */
tl_manner tl_manner_of_type(tally_type type);

/* The shapes of one trimmed value that is not empty and not a symbol. */
uint32_t tl_infer_shapes(tally_text text, char decimal);

/* Whether a column of this name holds codes, which stay text: "UKPRN", "country_code", "nuts_id", "ISBN". */
bool tl_infer_is_identifier(tally_text name);

/* "true" and "false" in three spellings. */
bool tl_infer_boolean(tally_text text, bool *out);
/* 'text' without its marks and the blanks beside them. */
bool tl_infer_take_marks(tally_text *text);

#endif
