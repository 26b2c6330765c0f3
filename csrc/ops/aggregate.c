/* ops/aggregate: the register, and what it says of an aggregate before any row is seen.
 *
 * The idea: an aggregate may have several rows, one for each group of types that it handles in its own way; the first row that
 * takes the type of the argument is the one. How states grow is in aggregate_basic, aggregate_value, aggregate_moments and
 * aggregate_holistic; what groups there are is in aggregation. */
#include "ops/aggregate.h"

#include "column/table.h"

enum {
  BOOLEAN = 1u << TALLY_BOOLEAN,
  INTEGER = 1u << TALLY_INTEGER,
  NUMBER = 1u << TALLY_NUMBER,
  NUMERIC = INTEGER | NUMBER,
  ANY = BOOLEAN | NUMERIC | 1u << TALLY_TEXT | 1u << TALLY_DATE
};

#define SAME TALLY_MISSING /* the type of the argument */

/* Rows of one name stand together. */
static const tl_aggregate_record records[] = {
    /* name, takes, second, coded, gives, methods, variant */
    {"count", ANY | TL_AGGREGATE_ROWS, false, false, TALLY_INTEGER, &tl_count_methods, 0},
    {"sum", BOOLEAN | INTEGER, false, false, TALLY_INTEGER, &tl_integer_sum_methods, TL_TOTAL},
    {"sum", NUMBER, false, false, TALLY_NUMBER, &tl_number_sum_methods, TL_TOTAL},
    {"mean", BOOLEAN | INTEGER, false, false, TALLY_NUMBER, &tl_integer_sum_methods, TL_MEAN},
    {"mean", NUMBER, false, false, TALLY_NUMBER, &tl_number_sum_methods, TL_MEAN},
    {"median", NUMERIC, false, false, TALLY_NUMBER, &tl_quantile_methods, TL_MEDIAN},
    {"quantile", NUMERIC, false, false, TALLY_NUMBER, &tl_quantile_methods, TL_QUANTILE},
    {"min", ANY, false, true, SAME, &tl_value_methods, TL_LEAST},
    {"max", ANY, false, true, SAME, &tl_value_methods, TL_GREATEST},
    {"first", ANY, false, true, SAME, &tl_value_methods, TL_FIRST},
    {"last", ANY, false, true, SAME, &tl_value_methods, TL_LAST},
    {"mode", ANY, false, true, SAME, &tl_set_methods, TL_MODE},
    {"distinct", ANY, false, true, TALLY_INTEGER, &tl_set_methods, TL_DISTINCT},
    {"any", BOOLEAN, false, false, TALLY_BOOLEAN, &tl_truth_methods, TL_ANY},
    {"all", BOOLEAN, false, false, TALLY_BOOLEAN, &tl_truth_methods, TL_ALL},
    {"sd", NUMERIC, false, false, TALLY_NUMBER, &tl_moments_methods, TL_DEVIATION},
    {"var", NUMERIC, false, false, TALLY_NUMBER, &tl_moments_methods, TL_VARIANCE},
    {"weighted_mean", NUMERIC, true, false, TALLY_NUMBER, &tl_weighted_mean_methods, 0},
    {"corr", NUMERIC, true, false, TALLY_NUMBER, &tl_correlation_methods, 0},
    {"top1", NUMERIC, false, false, SAME, &tl_top_methods, TL_TOP_ONE},
    {"top2", NUMERIC, false, false, SAME, &tl_top_methods, TL_TOP_TWO},
};

enum { RECORDS = sizeof records / sizeof *records };

const char *tally_aggregate_name(size_t index) {
  for (size_t r = 0; r < RECORDS; r++) {
    if (r > 0 && strcmp(records[r].name, records[r - 1].name) == 0) continue;
    if (index-- == 0) return records[r].name;
  }
  return NULL;
}

static tally_status no_aggregate(const char *name, tally_error *error) {
  const char *names[RECORDS];
  size_t count = 0;
  while (tally_aggregate_name(count)) {
    names[count] = tally_aggregate_name(count);
    count++;
  }
  const char *near = tally_nearest(name, names, count);
  if (!near) return tl_fail(error, TALLY_ENAME, "no aggregate '%s'", name);
  return tl_fail(error, TALLY_ENAME, "no aggregate '%s'; did you mean '%s'?", name, near);
}

/* What a name is of: "the sum of text" and the like. */
static tally_status refuse(const char *name, tally_type argument, tally_error *error) {
  if (argument == TALLY_MISSING)
    return tl_fail(error, TALLY_ETYPE, "'%s' needs something to work on: write the name of a column, as in %s(students)", name,
                   name);
  return tl_fail(error, TALLY_ETYPE, "cannot take the %s of %s", name, tally_type_name(argument));
}

tally_status tl_aggregate_find(const char *name, tally_type argument, const tl_aggregate_record **out, tally_error *error) {
  bool named = false;
  for (size_t r = 0; r < RECORDS; r++) {
    if (strcmp(records[r].name, name) != 0) continue;
    named = true;
    if (!(records[r].takes >> argument & 1)) continue;
    *out = &records[r];
    return TALLY_OK;
  }
  return named ? refuse(name, argument, error) : no_aggregate(name, error);
}

tally_status tally_aggregate_type(const char *function, tally_type argument, tally_type *out, tally_error *error) {
  const tl_aggregate_record *record = NULL;
  TL_TRY(tl_aggregate_find(function, argument, &record, error));
  *out = record->gives == SAME ? argument : record->gives;
  return TALLY_OK;
}
