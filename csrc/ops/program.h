/* ops/program: the inside of a program, for what runs it. */
#ifndef TL_OPS_PROGRAM_H
#define TL_OPS_PROGRAM_H

#include "ops/expression.h"
#include "ops/program_source.h"

typedef struct tl_step {
  char *name; /* of the column that is derived; NULL for a filter */
  tally_expression *expression;
} tl_step;

struct tally_program {
  tally_source source;
  tally_table *table;  /* all the rows, when they are in memory; else NULL */
  tally_table *schema; /* names and types after the last step; no rows */
  tl_step *steps;
  size_t count, capacity;
  tally_grouping grouping; /* of the last aggregation */
  int64_t places;
};

/* A program with the needs of one sink: which columns of the schema have to be there before each step, and at the end. */
typedef struct tl_plan {
  const tally_program *program;
  int64_t batch_rows; /* of a table in memory, that are seen at a time: TL_CHUNK, unless a sink asks for more */
  bool *live;         /* count + 1 rows of as many flags as the schema has columns */
} tl_plan;

/* Nothing is needed yet. errors: TALLY_ENOMEM */
tally_status tl_plan_new(const tally_program *program, tl_plan *out, tally_error *error);
void tl_plan_done(tl_plan *plan);
/* What the sink needs: a column, or the columns of a formula (NULL: none). errors: TALLY_ENAME */
tally_status tl_plan_need(tl_plan *plan, const char *name, tally_error *error);
tally_status tl_plan_need_formula(tl_plan *plan, const tally_expression *expression, tally_error *error);
/* When the sink has said everything: what the steps need for it. */
tally_status tl_plan_settle(tl_plan *plan, tally_error *error);
/* True for a step whose column nobody needs. */
bool tl_plan_skips(const tl_plan *plan, size_t step);

/* Whether a step makes a column of this name, so that the source's is not what comes out. */
bool tl_plan_makes(const tl_plan *plan, const char *name);
/* The names and types of the batches that come out; no rows. new reference */
tally_status tl_plan_schema(const tl_plan *plan, tally_table **out, tally_error *error);
/* Batch `index` after the last step. Safe from several workers at once. new reference */
tally_status tl_plan_batch(const tl_plan *plan, size_t index, tally_table **out, tally_error *error);

#endif
