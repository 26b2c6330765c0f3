/* ops/place: keys whose values are few, and known before the first row: a key is then a place in an array. */
#ifndef TL_OPS_PLACE_H
#define TL_OPS_PLACE_H

#include "column/table.h"

/* One key: its values are the codes of a dictionary, or the integers from `least` on. */
typedef struct tl_place_key {
  tally_type type;
  tally_column *dictionary;
  bool levels;
  bool missing; /* there are rows without a value; they come before all values */
  int64_t least;
  uint64_t range, factor; /* places of this key; of the keys after it together */
} tl_place_key;

typedef struct tl_places {
  size_t key_count;
  tl_place_key *keys;
  uint64_t count; /* of all keys together; 0: they have none */
} tl_places;

/* The places of columns of a table, when there are at most `most`; else none.
 * errors: TALLY_ENAME, TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_places_find(const tally_table *table, const char *const *names, size_t count, uint64_t most, tl_places *out,
                            tally_error *error);
void tl_places_done(tl_places *places);

/* The place of each row of key columns that were taken from those of the table.
 * room  for `rows` places; *out may point to it, or into a column */
void tl_places_of_rows(const tl_places *places, const tally_column *const *keys, int64_t rows, uint32_t *room,
                       const uint32_t **out);

/* The values that a key has at `count` places. new reference. errors: TALLY_ENOMEM */
tally_status tl_places_column(const tl_places *places, size_t key, const uint32_t *at, size_t count, tally_column **out,
                              tally_error *error);

#endif
