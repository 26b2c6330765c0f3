/* column/dictionary: text to code, codes in order of first appearance. Grows; one thread at a time. */
#ifndef TL_COLUMN_DICTIONARY_H
#define TL_COLUMN_DICTIONARY_H

#include "column/column.h"

/* A text as two words, by which short texts are compared. */
typedef struct tl_dictionary_head {
  uint64_t first, second;
} tl_dictionary_head;

typedef struct tl_dictionary {
  int64_t *offsets; /* size + 1 of them; offsets[0] is 0 */
  size_t offset_capacity;
  char *bytes;
  size_t byte_capacity;
  tl_dictionary_head *heads; /* of each code */
  size_t head_capacity;
  uint64_t *slots; /* hash << 32 | code + 1, 0 = free; a power of two of them, at most half full */
  size_t slot_count;
  uint32_t size;
} tl_dictionary;

#define TL_DICTIONARY \
  { 0 }
#define TL_NO_CODE UINT32_MAX

/* Text is coded for as long as values repeat: from TL_DICTIONARY_TRIAL known values on, text of which more than half the values are
 * distinct is kept plain. */
enum { TL_DICTIONARY_TRIAL = 4096 };

/* The code of `text`, added when new. errors: TALLY_ERANGE (2^32 - 2 values), TALLY_ENOMEM */
tally_status tl_dictionary_add(tl_dictionary *dictionary, tally_text text, uint32_t *code, tally_error *error);
/* The codes of many texts, in order. A text whose bytes are NULL is passed over, and its code is 0.
 * texts  TL_PADDING bytes after each may be read */
tally_status tl_dictionary_add_batch(tl_dictionary *dictionary, const tally_text *texts, size_t count, uint32_t *codes,
                                     tally_error *error);
/* The code of `text`, or TL_NO_CODE. */
uint32_t tl_dictionary_find(const tl_dictionary *dictionary, tally_text text);
/* TL_PADDING bytes after it may be read. */
static inline tally_text tl_dictionary_text(const tl_dictionary *d, uint32_t code) {
  return (tally_text){d->bytes + d->offsets[code], (size_t)(d->offsets[code + 1] - d->offsets[code])};
}
/* The values as a plain text column. new reference */
tally_status tl_dictionary_column(const tl_dictionary *dictionary, tally_column **out, tally_error *error);
/* Adds every value of a plain text column, in order. */
tally_status tl_dictionary_add_all(tl_dictionary *dictionary, const tally_column *values, tally_error *error);
void tl_dictionary_done(tl_dictionary *dictionary);

#endif
