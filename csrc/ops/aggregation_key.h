/* ops/aggregation_key: the groups of all batches, numbered by the values of their keys. */
#ifndef TL_OPS_AGGREGATION_KEY_H
#define TL_OPS_AGGREGATION_KEY_H

#include "ops/aggregation_word.h"

typedef struct tl_key_index {
  size_t keys, stride; /* words of a group: one for each key, then bits that say which keys are present */
  tally_type *types;
  tl_lexicon *lexicons;
  uint64_t *words; /* of group g: words[g * stride …] */
  size_t capacity;
  uint32_t *slots; /* group + 1; 0: free */
  size_t slot_count, count;
} tl_key_index;

/* keys  columns with the types and declared levels of those to come
 * To be released with tl_key_index_done, also after a failure. */
tally_status tl_key_index_init(tl_key_index *index, const tally_column *const *keys, size_t count, tally_error *error);
void tl_key_index_done(tl_key_index *index);
/* The groups of `rows` rows of keys, those that are new added. errors: TALLY_ERANGE (2^32 groups), TALLY_ENOMEM */
tally_status tl_key_index_add(tl_key_index *index, tally_column *const *keys, int64_t rows, uint32_t *groups, tally_error *error);
/* The values of key `key` of all groups. A group of missing values has no reason: it may stand for several. new reference */
tally_status tl_key_index_column(const tl_key_index *index, size_t key, tally_column **out, tally_error *error);

#endif
