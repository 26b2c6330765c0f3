/* tl_select against qsort, on values that repeat, are in order, are not numbers. */
#include "ops/select.h"

#include <math.h>

#include "check.h"
#include "random.h"

static uint64_t state = 0x2545F4914F6CDD1Du;

static size_t draw(size_t below) {
  return (size_t)(next_random(&state) % below);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
  return (x > y) - (x < y);
}

static bool is_same(double a, double b) {
  return a == b || (isnan(a) && isnan(b));
}

static double draw_value(size_t kind, size_t i, size_t different) {
  switch (kind) {
    case 0:
      return (double)i;
    case 1:
      return -(double)i;
    case 2:
      return draw(10) ? (double)draw(different) : NAN;
    case 3:
      return i % 2 ? (double)i : -(double)i;
    default:
      return draw(50) ? (double)draw(different) / 8 : draw(2) ? INFINITY : -INFINITY;
  }
}

static void check_round(size_t most) {
  static double values[5000], sorted[5000];
  size_t count = 1 + draw(most), kind = draw(6), different = 1 + draw(2 * most), place = draw(count);
  for (size_t i = 0; i < count; i++) sorted[i] = values[i] = draw_value(kind, i, different);
  qsort(sorted, count, sizeof *sorted, compare);
  tl_select(values, count, place);
  bool right = is_same(values[place], sorted[place]);
  for (size_t i = 0; i < place && right; i++) right = compare(&values[i], &values[place]) <= 0;
  for (size_t i = place + 1; i < count && right; i++) right = compare(&values[i], &values[place]) >= 0;
  CHECK(right);
}

int main(void) {
  for (int i = 0; i < 20000; i++) check_round(i % 100 ? 60 : 5000);
  return finish();
}
