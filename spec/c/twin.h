/* For tests that hold an operation against a slow twin: random tables of all types and makes, from a fixed seed, and cells compared
 * to the last bit. */
#ifndef TWIN_H
#define TWIN_H

#include <math.h>

#include "check.h"
#include "column/table.h"

static uint64_t twin_state = 88172645463325252u;

/* 0 .. below-1 */
static inline int twin_random(int below) {
  twin_state ^= twin_state << 13;
  twin_state ^= twin_state >> 7;
  twin_state ^= twin_state << 17;
  return (int)((twin_state >> 20) % (uint64_t)below);
}

static const char *const twin_texts[] = {"PGT", "UG", "", "a", "ab", "\xC3\xA4", "PGR", "b", "UG ", "\xF0\x9F\x8E\x93"};
enum { TWIN_TEXTS = sizeof twin_texts / sizeof *twin_texts };

static inline tally_value twin_text(const char *text) {
  return (tally_value){.type = TALLY_TEXT, .text = {text, strlen(text)}};
}

static inline tally_value twin_integer(int64_t integer) {
  return (tally_value){.type = TALLY_INTEGER, .integer = integer};
}

static inline tally_value twin_number(double number) {
  return (tally_value){.type = TALLY_NUMBER, .number = number};
}

/* Only integers that a number holds to the last digit: for columns that are bound to numbers. */
static bool twin_exact;

/* A value of few, so that values repeat, with the hard ones among them. */
static inline tally_value twin_value(tally_type type) {
  static const int64_t integers[] = {0, 1, -1, 2, 300, -70000, INT64_MAX, INT64_MIN};
  static const double numbers[] = {0.0, -0.0, 1.0, -1.5, 2.0, 1e300, INFINITY, -INFINITY, NAN, 5e-324, -1.0};
  static const int32_t dates[] = {0, -1, 17000, 17001, INT32_MAX, INT32_MIN};
  tally_value value = {.type = type};
  if (type == TALLY_BOOLEAN) value.boolean = twin_random(2);
  if (type == TALLY_INTEGER) value.integer = integers[twin_random(8)];
  if (type == TALLY_INTEGER && twin_exact && value.integer == INT64_MAX) value.integer = INT64_MAX - 1023;
  if (type == TALLY_NUMBER) value.number = numbers[twin_random(11)];
  if (type == TALLY_DATE) value.date = dates[twin_random(6)];
  if (type == TALLY_TEXT) value = twin_text(twin_texts[twin_random(TWIN_TEXTS)]);
  return value;
}

static inline tally_type twin_type(void) {
  return (tally_type)(TALLY_BOOLEAN + twin_random(5));
}

/* The column in one of the makes that text has: dictionary, plain, or declared levels (in reverse order of twin_texts). */
static inline tally_column *twin_make(tally_column *column) {
  tally_column *made = NULL;
  tally_text levels[TWIN_TEXTS];
  int make = column->type == TALLY_TEXT ? twin_random(3) : 0;
  for (int i = 0; i < TWIN_TEXTS; i++) levels[i] = tl_text_of(twin_texts[TWIN_TEXTS - 1 - i]);
  if (make == 0) return column;
  if (make == 1) MUST(tl_column_cast(column, TALLY_TEXT, &made, &check_error));
  if (make == 2) MUST(tally_column_with_levels(column, levels, TWIN_TEXTS, &made, &check_error));
  tally_column_release(column);
  return made;
}

/* `length` rows, as a slice at a random offset. missing: in a hundred; over 100: every row. */
static inline tally_column *twin_column(tally_type type, int64_t length, int missing) {
  static const char *const symbols[] = {"", "[c]", "..", "*"};
  tally_builder *builder;
  tally_column *whole, *slice;
  int64_t before = twin_random(3) ? twin_random(70) : 0, after = twin_random(3);
  MUST(tally_builder_new(type, &builder, &check_error));
  for (int64_t i = 0; i < before + length + after; i++) {
    if (twin_random(100) < missing)
      MUST(tally_builder_append_missing(builder, tl_text_of(symbols[twin_random(4)]), &check_error));
    else
      MUST(tally_builder_append(builder, twin_value(type), &check_error));
  }
  MUST(tally_builder_finish(builder, &whole, &check_error));
  tally_builder_release(builder);
  whole = twin_make(whole);
  MUST(tally_column_slice(whole, before, length, &slice, &check_error));
  tally_column_release(whole);
  return slice;
}

/* 0, 1, 2, …, so that it can be seen where a row came from. */
static inline tally_column *twin_row_numbers(int64_t length) {
  tally_builder *builder;
  tally_column *column;
  MUST(tally_builder_new(TALLY_INTEGER, &builder, &check_error));
  for (int64_t i = 0; i < length; i++) MUST(tally_builder_append(builder, twin_integer(i), &check_error));
  MUST(tally_builder_finish(builder, &column, &check_error));
  tally_builder_release(builder);
  return column;
}

/* Takes the columns. */
static inline tally_table *twin_table(const char *const *names, tally_column **columns, size_t count, int64_t rows) {
  tally_table *table;
  MUST(tl_table_adopt(names, columns, count, rows, &table, &check_error));
  return table;
}

/* A table of one column of values, for small cases by hand; a value of type TALLY_MISSING is missing. */
static inline tally_column *twin_column_of(tally_type type, const tally_value *values, size_t count) {
  tally_builder *builder;
  tally_column *column;
  MUST(tally_builder_new(type, &builder, &check_error));
  for (size_t i = 0; i < count; i++) MUST(tally_builder_append(builder, values[i], &check_error));
  MUST(tally_builder_finish(builder, &column, &check_error));
  tally_builder_release(builder);
  return column;
}

/* Equal to the last bit; but an integer equals the number made of it. */
static inline bool twin_same_value(tally_value a, tally_value b) {
  if (a.type == TALLY_INTEGER && b.type == TALLY_NUMBER) a = twin_number((double)a.integer);
  if (b.type == TALLY_INTEGER && a.type == TALLY_NUMBER) b = twin_number((double)b.integer);
  if (a.type != b.type) return false;
  switch (a.type) {
    case TALLY_BOOLEAN:
      return a.boolean == b.boolean;
    case TALLY_INTEGER:
      return a.integer == b.integer;
    case TALLY_NUMBER:
      return memcmp(&a.number, &b.number, sizeof a.number) == 0;
    case TALLY_DATE:
      return a.date == b.date;
    case TALLY_TEXT:
      return tl_text_equal(a.text, b.text);
    default:
      return true;
  }
}

/* Value and reason of a row of `a` and one of `b`; row -1 of b, or b NULL: missing without a reason. */
static inline bool twin_same_cell(const tally_column *a, int64_t row_a, const tally_column *b, int64_t row_b) {
  tally_value value = {.type = TALLY_MISSING};
  tally_text reason = {"", 0};
  if (b && row_b >= 0) {
    value = tally_column_value(b, row_b);
    reason = tally_column_reason(b, row_b);
  }
  return twin_same_value(tally_column_value(a, row_a), value) && tl_text_equal(tally_column_reason(a, row_a), reason);
}

/* Equal as keys: missing equals missing, -0.0 equals 0.0, NaN equals NaN. */
static inline bool twin_same_key(const tally_column *a, int64_t row_a, const tally_column *b, int64_t row_b) {
  tally_value x = tally_column_value(a, row_a), y = tally_column_value(b, row_b);
  if (x.type == TALLY_INTEGER && b->type == TALLY_NUMBER) x = twin_number((double)x.integer);
  if (y.type == TALLY_INTEGER && a->type == TALLY_NUMBER) y = twin_number((double)y.integer);
  if (x.type == TALLY_NUMBER && y.type == TALLY_NUMBER) return x.number == y.number || (isnan(x.number) && isnan(y.number));
  return twin_same_value(x, y);
}

/* The place of a text value in the declared order of twin_make. */
static inline int twin_level(tally_text text) {
  for (int i = 0; i < TWIN_TEXTS; i++)
    if (tl_text_equal(text, tl_text_of(twin_texts[TWIN_TEXTS - 1 - i]))) return i;
  return -1;
}

static inline bool twin_contains(const char *text, const char *part) {
  if (strstr(text, part)) return true;
  fprintf(stderr, "'%s' is not in '%s'\n", part, text);
  return false;
}

/* A call that must fail in this way, with this in its message. */
#define FAILS(status, part, call)                 \
  do {                                            \
    check_error = (tally_error){0};               \
    CHECK((call) == (status));                    \
    CHECK(check_error.code == (int)(status));     \
    CHECK(twin_contains(check_error.text, part)); \
  } while (0)

static inline bool twin_same_table(const tally_table *a, const tally_table *b) {
  if (!a || !b) return a == b;
  if (a->rows != b->rows || a->columns != b->columns) return false;
  for (size_t c = 0; c < a->columns; c++) {
    if (strcmp(a->names[c], b->names[c]) != 0 || a->column[c]->type != b->column[c]->type) return false;
    for (int64_t i = 0; i < a->rows; i++)
      if (!twin_same_cell(a->column[c], i, b->column[c], i)) return false;
  }
  return true;
}

/* Refuses every allocation of an operation in turn: each of them alone, and from each of them on. Each time the operation must fail
 * cleanly, or, where it can do without, give what it gives when nothing is refused. */
typedef tally_status (*twin_operation)(const void *context, tally_table **out, tally_error *error);

static inline tally_status twin_refuse(twin_operation run, const void *context, int64_t count, bool forever,
                                       const tally_table *whole) {
  size_t before = tally_memory_used();
  tally_table *out = NULL;
  check_error = (tally_error){0};
  tally_fail_allocation(count, forever);
  tally_status status = run(context, &out, &check_error);
  tally_fail_allocation(-1, false);
  if (status == TALLY_OK)
    CHECK(twin_same_table(out, whole));
  else
    CHECK(status == TALLY_ENOMEM && check_error.code == TALLY_ENOMEM && out == NULL);
  tally_table_release(out);
  CHECK(tally_memory_used() == before);
  return status;
}

static inline void twin_refuse_each(twin_operation run, const void *context) {
  tally_table *whole = NULL;
  int64_t all = 0;
  MUST(run(context, &whole, &check_error));
  while (all < 10000 && twin_refuse(run, context, all, true, whole) != TALLY_OK) all++;
  CHECK(all > 0 && all < 10000);
  for (int64_t count = 0; count < all; count++) twin_refuse(run, context, count, false, whole);
  tally_table_release(whole);
}

#endif
