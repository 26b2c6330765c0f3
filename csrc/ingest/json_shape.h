/* ingest/json_shape: the places at which values stand in records: a tree, one place for each path of keys that occurs. */
#ifndef TL_INGEST_JSON_SHAPE_H
#define TL_INGEST_JSON_SHAPE_H

#include "column/dictionary.h"
#include "ingest/json_tape.h"

/* An object with more different keys than this is data rather than structure (words of an abstract, say). */
enum { TL_JSON_KEYS_MOST = 1000, TL_JSON_PLACES_MOST = 20000 };

/* A status of these rooms only: there are too many keys for a shape that is found record by record. */
#define TL_JSON_CROWDED ((tally_status)100)

typedef struct tl_json_place {
  size_t index;                 /* among the places of the shape */
  struct tl_json_place *parent; /* NULL: this is the record itself */
  uint32_t code;                /* of its key in the parent's keys */
  char *name;                   /* keys joined by '.' */
  tl_dictionary keys;           /* of the objects that stand here; members[code] is the place below */
  struct tl_json_place **members;
  size_t member_capacity;
  const struct tl_json_place *planned; /* the same place in the plan; NULL: there is no plan */
  bool whole;                          /* objects are not taken apart */
  bool unnested;                       /* lists give one row for each element */
  bool listed;                         /* a list was seen where lists are unnested */
  bool inexact;                        /* an integer that no double holds */
  unsigned seen;                       /* types of values that stand here, as bits: 1 << tally_type */
  tally_text quoted;                   /* its key in quotes; "" for the record itself */
  bool escaped;                        /* the key does not stand so in a record */
  uint64_t met;                        /* the last walk of ingest/json_plain that came here */
  tl_json_tape tape;
} tl_json_place;

typedef struct tl_json_shape {
  const char *unnest;     /* the name of the place whose lists are unnested, borrowed; NULL: none */
  bool surveying;         /* a place with too many keys is found to be whole, rather than a reason to give up */
  tl_json_place **places; /* in order of first appearance; places[0] is the record itself */
  size_t count, capacity;
} tl_json_shape;

/* A shape of the record alone. What the caller has put into `unnest` and `surveying` stays.
 * plan    borrowed: says which places are whole; NULL: none is
 * errors  TALLY_ENOMEM */
tally_status tl_json_shape_start(tl_json_shape *shape, const tl_json_shape *plan, tally_error *error);
/* The place below `at` for `key`, made when there is none.
 * guess   the code that the key probably has
 * out     borrows; NULL when `at` was found to be whole
 * errors  TL_JSON_CROWDED, TALLY_ESHAPE (too many places, in a survey), TALLY_ERANGE, TALLY_ENOMEM */
tally_status tl_json_shape_member(tl_json_shape *shape, tl_json_place *at, tally_text key, uint32_t guess, tl_json_place **out,
                                  tally_error *error);
/* The place below `at` for `key`; NULL when there is none. borrows */
tl_json_place *tl_json_shape_find(const tl_json_place *at, tally_text key, uint32_t guess);
void tl_json_shape_done(tl_json_shape *shape);

static inline bool tl_json_has_seen(const tl_json_place *place, tally_type type) {
  return place->seen >> type & 1;
}

/* The key of a place below another. */
static inline tally_text tl_json_key(const tl_json_place *place) {
  return tl_text(place->quoted.bytes + 1, place->quoted.size - 2);
}

#endif
