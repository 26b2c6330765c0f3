/* ops/aggregate: the register of aggregates. An aggregate is a record: what it takes, what it gives, and the methods of its states,
 * one state for each group, in a flat array indexed by group number. Adding one is one group of methods and one row of the
 * register.
 *
 * Missing values are skipped. NaN is a number like any other and makes a sum or a mean NaN; only where numbers are compared for
 * their size (min, max, top1, top2) is it passed over, unless there is nothing else; in median and quantile it comes after all
 * others. */
#ifndef TL_OPS_AGGREGATE_H
#define TL_OPS_AGGREGATE_H

#include "ops/aggregation_word.h"

typedef struct tl_aggregate_record tl_aggregate_record;

/* An aggregate at work. */
typedef struct tl_measure {
  const tl_aggregate_record *record;
  tally_type type; /* of the argument */
  double parameter;
  const char *name;    /* of the result */
  const char *subject; /* what messages call the argument */
} tl_measure;

/* Rows for the states of their groups. */
typedef struct tl_measure_rows {
  const tally_column *argument; /* NULL: rows are counted */
  const tally_column *second;   /* or NULL */
  const uint32_t *group;        /* of each row of the batch */
  size_t groups;                /* that there are numbers for */
  const uint32_t *sizes;        /* rows of the batch in each group */
  const int64_t *rows;          /* those that count; NULL: row 0 .. count-1 */
  int64_t count;
} tl_measure_rows;

/* What a state comes to; the word as in aggregation_word. */
typedef struct tl_answer {
  bool present;
  uint64_t word;
} tl_answer;

/* What the rows of a batch come to, group by group, with nothing between one group and the next: as little as can be told without
 * the other batches, for sums, means and the like of most columns. It is added to the states when the batch is merged. */
typedef struct tl_totals {
  void *totals;                 /* of each group, zero bytes at first */
  const uint32_t *rows, *known; /* rows of each group that count; and those with a value */
} tl_totals;

/* Groups of a batch and of all. */
typedef struct tl_group_map {
  const uint32_t *from; /* where a group is in the batch ... */
  const uint32_t *to;   /* ... and among all */
  size_t count;
  size_t states; /* all places in the batch that `from` is of */
} tl_group_map;

typedef struct tl_totals_methods {
  size_t size; /* of a total; 0: the counts say it all */
  /* false when the rows cannot be told so: the totals then do not count, and the states are stepped */
  bool (*add)(const tl_measure *measure, const tl_measure_rows *rows, void *totals);
  void (*fold)(const tl_measure *measure, const tl_totals *totals, tl_group_map map, void *states);
} tl_totals_methods;

/* A state begins as zero bytes. */
typedef struct tl_aggregate_methods {
  size_t size; /* of a state */
  tally_status (*step)(const tl_measure *measure, const tl_measure_rows *rows, void *states, tally_error *error);
  /* Adds the state `from` of later rows to `into`; what `from` holds may be moved. lexicon: turned to where `from` has its texts,
   * itself the place of those of `into` */
  tally_status (*merge)(const tl_measure *measure, tl_lexicon *lexicon, void *into, void *from, tally_error *error);
  tally_status (*finish)(const tl_measure *measure, void *state, tl_answer *answer, tally_error *error);
  void (*drop)(void *state);       /* lets go of what a state holds; NULL: nothing */
  const tl_totals_methods *totals; /* NULL: none */
  /* What all known values of a group, as numbers, come to; they may be moved about. Not NULL: there are no states, nor anything
   * above */
  void (*answer)(const tl_measure *measure, double *values, size_t count, tl_answer *answer);
} tl_aggregate_methods;

enum { TL_AGGREGATE_ROWS = 1u << TALLY_MISSING }; /* in `takes`: may do without an argument */

struct tl_aggregate_record {
  const char *name;
  unsigned takes;   /* a set of types, bits 1 << tally_type */
  bool second;      /* takes a second argument, a number */
  bool coded;       /* states hold values: texts come as codes */
  tally_type gives; /* TALLY_MISSING: the type of the argument */
  const tl_aggregate_methods *methods;
  int variant; /* tells aggregates apart that share methods */
};

/* The record of an aggregate for an argument of this type. errors: TALLY_ENAME, TALLY_ETYPE */
tally_status tl_aggregate_find(const char *name, tally_type argument, const tl_aggregate_record **out, tally_error *error);

static inline tally_type tl_measure_type(const tl_measure *measure) {
  return measure->record->gives == TALLY_MISSING ? measure->type : measure->record->gives;
}

/* Row i of those that count. */
static inline int64_t tl_measure_row(const tl_measure_rows *rows, int64_t i) {
  return rows->rows ? rows->rows[i] : i;
}

/* Walks the rows that count and whose arguments are known: `for (int64_t i = 0, row; tl_measure_next(rows, &i, &row);)`. */
static inline bool tl_measure_next(const tl_measure_rows *rows, int64_t *i, int64_t *row) {
  while (*i < rows->count) {
    *row = tl_measure_row(rows, (*i)++);
    bool known = !rows->argument || tl_present(rows->argument, *row);
    if (known && (!rows->second || tl_present(rows->second, *row))) return true;
  }
  return false;
}

/* A row of a boolean or integer column, and of a boolean, integer or number column. */
static inline int64_t tl_integer_at(const tally_column *c, int64_t row) {
  return c->type == TALLY_BOOLEAN ? tl_boolean(c, row) : tl_integers(c)[row];
}
static inline double tl_number_at(const tally_column *c, int64_t row) {
  return c->type == TALLY_NUMBER ? tl_numbers(c)[row] : (double)tl_integer_at(c, row);
}

/* ---- methods, and the variants that they tell apart ---- */

/* aggregate_basic */
enum { TL_TOTAL, TL_MEAN };
enum { TL_ANY, TL_ALL };
extern const tl_aggregate_methods tl_count_methods, tl_integer_sum_methods, tl_number_sum_methods, tl_truth_methods;
/* aggregate_value */
enum { TL_FIRST, TL_LAST, TL_LEAST, TL_GREATEST };
enum { TL_TOP_ONE, TL_TOP_TWO };
extern const tl_aggregate_methods tl_value_methods, tl_top_methods;
/* aggregate_moments */
enum { TL_VARIANCE, TL_DEVIATION };
extern const tl_aggregate_methods tl_moments_methods, tl_weighted_mean_methods, tl_correlation_methods;
/* aggregate_holistic */
enum { TL_MEDIAN, TL_QUANTILE };
enum { TL_DISTINCT, TL_MODE };
extern const tl_aggregate_methods tl_quantile_methods, tl_set_methods;

#endif
