/* What the fuzzers share: conditions that end the process, and tables that must be the same to the last bit and make. */
#ifndef FUZZ_SAME_H
#define FUZZ_SAME_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

#define FUZZ_MUST(condition)                                                  \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      abort();                                                                \
    }                                                                         \
  } while (0)

static bool same_text(tally_text a, tally_text b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static bool same_value(const tally_column *a, const tally_column *b, int64_t row) {
  tally_value x = tally_column_value(a, row), y = tally_column_value(b, row);
  if (x.type != y.type || !same_text(tally_column_reason(a, row), tally_column_reason(b, row))) return false;
  switch (x.type) {
    case TALLY_BOOLEAN:
      return x.boolean == y.boolean;
    case TALLY_INTEGER:
      return x.integer == y.integer;
    case TALLY_NUMBER:
      return memcmp(&x.number, &y.number, sizeof x.number) == 0;
    case TALLY_TEXT:
      return same_text(x.text, y.text);
    case TALLY_DATE:
      return x.date == y.date;
    default:
      return true;
  }
}

static void must_be_same(const tally_table *a, const tally_table *b) {
  FUZZ_MUST(tally_table_rows(a) == tally_table_rows(b) && tally_table_columns(a) == tally_table_columns(b));
  for (size_t i = 0; i < tally_table_columns(a); i++) {
    const tally_column *left = tally_table_column(a, i), *right = tally_table_column(b, i);
    FUZZ_MUST(strcmp(tally_table_name(a, i), tally_table_name(b, i)) == 0);
    FUZZ_MUST(tally_column_type(left) == tally_column_type(right));
    FUZZ_MUST(tally_column_has_dictionary(left) == tally_column_has_dictionary(right));
    for (int64_t row = 0; row < tally_table_rows(a); row++) FUZZ_MUST(same_value(left, right, row));
  }
}

#endif
