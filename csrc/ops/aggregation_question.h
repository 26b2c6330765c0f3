/* ops/aggregation_question: one aggregate at work. */
#ifndef TL_OPS_AGGREGATION_QUESTION_H
#define TL_OPS_AGGREGATION_QUESTION_H

#include "column/table.h"
#include "ops/aggregation_values.h"

/* One aggregate, and its states for the groups of all batches. */
typedef struct tl_question {
  tl_measure measure;
  tally_expression *argument, *second, *where;
  tl_lexicon lexicon; /* of the texts that states hold */
  char *states;
  size_t count, capacity;
  tl_values values; /* instead of states, when the answers need all of them */
} tl_question;

/* What one aggregate has of the groups of a batch: states, or totals. */
typedef struct tl_part {
  tally_column *argument; /* with the dictionary to which the codes in states belong; or NULL */
  char *states;
  char *totals;
  uint32_t *rows, *known; /* of each group, where they are not those of the batch */
  bool has_totals;
  tl_values_part values;
} tl_part;

/* Begins as zero bytes; to be released with tl_question_done, also after a failure.
 * schema  a table with the names and types of the batches
 * arena   for names
 * errors  TALLY_ENAME, TALLY_ETYPE, TALLY_ESHAPE, TALLY_ERANGE, TALLY_ENOMEM */
tally_status tl_question_ask(tl_question *question, const tally_aggregate *asked, const tally_table *schema, tl_arena *arena,
                             tally_error *error);
void tl_question_done(tl_question *question);

/* What the rows of a batch come to. A part begins as zero bytes; safe from several workers at once.
 * all  all rows of the batch, with their groups */
tally_status tl_part_fill(const tl_question *question, const tally_table *batch, const tl_measure_rows *all, tl_part *part,
                          tally_error *error);
/* count  groups of the batch */
void tl_part_done(const tl_question *question, tl_part *part, size_t count);

/* States for `count` groups, of all batches. */
tally_status tl_question_grow(tl_question *question, size_t count, tally_error *error);
/* Adds what a part has; in the order of the batches.
 * sizes  rows of each group of the batch */
tally_status tl_question_merge(tl_question *question, tl_part *part, const uint32_t *sizes, tl_group_map map, tally_error *error);
/* The answers for the first `count` groups. new reference */
tally_status tl_question_answer(tl_question *question, size_t count, tally_column **out, tally_error *error);

/* The same for the groups of a part, when there are no other batches. */
tally_status tl_question_answer_part(tl_question *question, tl_part *part, const uint32_t *sizes, size_t count, tally_column **out,
                                     tally_error *error);

#endif
