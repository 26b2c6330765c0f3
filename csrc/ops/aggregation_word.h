/* ops/aggregation_word: values of every type as 64-bit words, so that groups and aggregates are written once for all types. */
#ifndef TL_OPS_AGGREGATION_WORD_H
#define TL_OPS_AGGREGATION_WORD_H

#include <math.h>

#include "column/dictionary.h"

static inline uint64_t tl_word_of_number(double number) {
  uint64_t word;
  memcpy(&word, &number, sizeof word);
  return word;
}

static inline double tl_word_number(uint64_t word) {
  double number;
  memcpy(&number, &word, sizeof number);
  return number;
}

/* The word of a row: an integer or date as itself, a number as its bits, a boolean as 0 or 1, a text as its code. Text must have a
 * dictionary; what stands under a missing row is of no meaning. */
static inline uint64_t tl_word_at(const tally_column *c, int64_t row) {
  switch (c->type) {
    case TALLY_BOOLEAN:
      return tl_boolean(c, row);
    case TALLY_DATE:
      return (uint64_t)(int64_t)tl_dates(c)[row];
    case TALLY_TEXT:
      return tl_codes(c)[row];
    default:
      return (uint64_t)tl_integers(c)[row]; /* a number: the same eight bytes */
  }
}

/* Words that are equal exactly when the values are: -0.0 equals 0.0, and every NaN every other. */
static inline uint64_t tl_word_normal(tally_type type, uint64_t word) {
  if (type != TALLY_NUMBER) return word;
  double number = tl_word_number(word);
  if (isnan(number)) return UINT64_C(0x7FF8000000000000);
  return number == 0 ? 0 : word;
}

/* ---- Order ---- */

/* Where the texts of words stand, and how they are ordered. */
typedef struct tl_word_order {
  tally_type type;
  bool levels;
  const tally_column *column;      /* codes of this dictionary ... */
  const tl_dictionary *dictionary; /* ... or, when that is NULL, of this one */
} tl_word_order;

/* The order of the words of a column with values of its own. */
tl_word_order tl_word_order_of(const tally_column *column);
/* Less than, equal to, greater than zero. NaN comes before every other number and equals itself. */
int tl_word_compare(const tl_word_order *order, uint64_t a, uint64_t b);

/* ---- Texts of several batches under one set of codes ---- */

typedef struct tl_lexicon {
  tl_dictionary texts;
  bool levels;              /* the order of the codes is a declared order */
  tally_column *dictionary; /* of the batch at hand ... */
  uint32_t *codes;          /* ... and what its codes are here, TL_NO_CODE: not asked for yet */
} tl_lexicon;

/* like  a column with the type and the declared levels of those to come */
tally_status tl_lexicon_init(tl_lexicon *lexicon, const tally_column *like, tally_error *error);
void tl_lexicon_done(tl_lexicon *lexicon);
/* From now on words come from `column`. Does nothing for a column that is not text. */
tally_status tl_lexicon_turn(tl_lexicon *lexicon, const tally_column *column, tally_error *error);
/* What a word of a column of this type is here. Only the words of texts change. */
tally_status tl_lexicon_word(tl_lexicon *lexicon, tally_type type, uint64_t word, uint64_t *out, tally_error *error);
tl_word_order tl_lexicon_order(const tl_lexicon *lexicon, tally_type type);

/* A column of `count` words, of which words[i] is missing unless present[i]. new reference
 * dictionary  what the words of texts are codes of; taken, even on failure; NULL for other types */
tally_status tl_column_of_codes(tally_type type, const uint64_t *words, const bool *present, int64_t count,
                                tally_column *dictionary, bool levels, tally_column **out, tally_error *error);
/* The same, of texts that are codes of a lexicon. */
tally_status tl_column_of_words(tally_type type, const uint64_t *words, const bool *present, int64_t count,
                                const tl_lexicon *lexicon, tally_column **out, tally_error *error);

#endif
