/* column/column: the inside of a column, laid out as Apache Arrow lays it out. For rooms above; the outside is in tally.h.
 *
 *     boolean   values: one bit a row
 *     integer   values: int64_t
 *     number    values: double
 *     date      values: int32_t, days since 1970-01-01
 *     text      plain:      values: int64_t[length + 1] offsets into bytes
 *               dictionary: values: uint32_t codes into `dictionary`, a plain text column of distinct values, none missing
 *
 * validity: one bit a row, 1 = present; NULL when nothing is missing. The value under a missing row is zero (code 0, an
 * empty text), so that kernels may read it.
 * reasons: one byte a row, NULL when no missing value has a reason. 0: none. k: symbols[k - 1], a plain text column.
 * A row that is present has reason 0.
 *
 * `offset` is the first row of a slice inside the buffers; the accessors below apply it. */
#ifndef TL_COLUMN_COLUMN_H
#define TL_COLUMN_COLUMN_H

#include "base/bits.h"
#include "base/text.h"
#include "column/buffer.h"

struct tally_column {
  atomic_int references;
  tally_type type;
  bool levels; /* the order of the dictionary is a declared order */
  int64_t length, offset;
  int64_t missing; /* how many rows are missing */
  tl_buffer *validity, *values, *bytes, *reasons;
  tally_column *dictionary, *symbols;
  atomic_bool span_known; /* of tl_column_span: what it found */
  atomic_llong least, most;
};

/* The parts of a new column. Buffers and columns are taken, even on failure. missing: counted by tl_column_new from validity when
 * -1; a validity under which nothing is missing is dropped. */
typedef struct tl_parts {
  tally_type type;
  bool levels;
  int64_t length;
  int64_t missing;
  tl_buffer *validity, *values, *bytes, *reasons;
  tally_column *dictionary, *symbols;
} tl_parts;

/* new reference. errors: TALLY_ENOMEM */
tally_status tl_column_new(tl_parts parts, tally_column **out, tally_error *error);
/* Lets go of the parts that a failed construction has gathered. */
void tl_parts_drop(tl_parts *parts);

/* A column of `length` missing values. */
tally_status tl_column_new_missing(tally_type type, int64_t length, tally_column **out, tally_error *error);
/* A column of `length` times one value. */
tally_status tl_column_new_constant(tally_value value, int64_t length, tally_column **out, tally_error *error);
/* The same column as plain text (dictionary text is written out) or the column itself; integer as number when `type` is number.
 * For appending and comparing columns of different make. errors: TALLY_ETYPE, TALLY_ENOMEM */
tally_status tl_column_cast(const tally_column *column, tally_type type, tally_column **out, tally_error *error);
/* Text as codes: the column itself when it has a dictionary, else a new column with one in order of first appearance. Groups and
 * joins need it. errors: TALLY_ETYPE (not text), TALLY_ENOMEM */
tally_status tl_column_encode(const tally_column *column, tally_column **out, tally_error *error);

/* The same column with the reasons of `from`, which is as long, has reasons, and is missing only where the column is.
 * new reference */
tally_status tl_column_with_reasons(const tally_column *column, const tally_column *from, tally_column **out, tally_error *error);

/* Between which two values those of a column are: of integers and dates the least and the largest, of booleans 0 and 1, of text
 * with a dictionary its first code and its last; *least > *most when there is none. Not for numbers and plain text. (column/span)
 * errors: TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_column_span(const tally_column *column, int64_t *least, int64_t *most, tally_error *error);

static inline bool tl_present(const tally_column *c, int64_t row) {
  return !c->validity || tl_bit(c->validity->bytes, c->offset + row);
}

/* The missing rows of a column, one after another: `tl_gaps gaps = {column}; while ((row = tl_next_gap(&gaps)) >= 0)`. */
typedef struct tl_gaps {
  const tally_column *column;
  int64_t at;    /* rows looked at */
  uint64_t left; /* bits of the last 64 of them */
} tl_gaps;

static inline int64_t tl_next_gap(tl_gaps *gaps) {
  const tally_column *c = gaps->column;
  while (gaps->left == 0) {
    if (!c->validity || gaps->at >= c->length) return -1;
    int64_t more = c->length - gaps->at;
    gaps->left = ~tl_bits_load(c->validity->bytes, c->offset + gaps->at);
    if (more < 64) gaps->left &= ((uint64_t)1 << more) - 1;
    gaps->at += 64;
  }
  int64_t row = gaps->at - 64 + __builtin_ctzll(gaps->left);
  gaps->left &= gaps->left - 1;
  return row;
}

static inline const int64_t *tl_integers(const tally_column *c) {
  return (const int64_t *)c->values->bytes + c->offset;
}
static inline const double *tl_numbers(const tally_column *c) {
  return (const double *)c->values->bytes + c->offset;
}
static inline const int32_t *tl_dates(const tally_column *c) {
  return (const int32_t *)c->values->bytes + c->offset;
}
/* Dictionary text only. */
static inline const uint32_t *tl_codes(const tally_column *c) {
  return (const uint32_t *)c->values->bytes + c->offset;
}
/* Plain text only: row i is bytes [offsets[i], offsets[i + 1]). */
static inline const int64_t *tl_offsets(const tally_column *c) {
  return (const int64_t *)c->values->bytes + c->offset;
}
static inline bool tl_boolean(const tally_column *c, int64_t row) {
  return tl_bit(c->values->bytes, c->offset + row);
}
static inline uint8_t tl_reason(const tally_column *c, int64_t row) {
  return c->reasons ? ((const uint8_t *)c->reasons->bytes)[c->offset + row] : 0;
}

static inline bool tl_is_dictionary(const tally_column *c) {
  return c->dictionary != NULL;
}

static inline tally_text tl_plain_text(const tally_column *c, int64_t row) {
  const int64_t *at = tl_offsets(c) + row;
  return (tally_text){(const char *)c->bytes->bytes + at[0], (size_t)(at[1] - at[0])};
}

/* The text of a row of either make. */
static inline tally_text tl_text_at(const tally_column *c, int64_t row) {
  return c->dictionary ? tl_plain_text(c->dictionary, tl_codes(c)[row]) : tl_plain_text(c, row);
}

/* Bytes of one value of a type in `values`, text as codes; 0 for boolean (bits). */
static inline size_t tl_type_size(tally_type type) {
  switch (type) {
    case TALLY_INTEGER:
    case TALLY_NUMBER:
      return 8;
    case TALLY_DATE:
    case TALLY_TEXT:
      return 4;
    default:
      return 0;
  }
}

/* Bytes of one value in `values`; 0 for boolean (bits) and plain text (offsets). */
size_t tl_value_size(const tally_column *column);

/* Slices that follow one another in one column become a slice of it again; *out is NULL when they do not. */
tally_status tl_column_rejoin(tally_column *const *slices, size_t count, tally_column **out, tally_error *error);
/* Columns of one type end to end; dictionaries are merged in order of first appearance (declared levels stay only when all parts
 * have the same), reasons too. A plain part among dictionary parts makes plain text. (column/concat)
 * errors: TALLY_ETYPE (types differ), TALLY_ENOMEM */
tally_status tl_column_concat(tally_column *const *parts, size_t count, tally_column **out, tally_error *error);

#endif
