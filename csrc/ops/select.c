/* ops/select: Hoare's quickselect, by the median of three, in passes that move values without asking which way; where passes do not
 * get anywhere, heapsort ends it. */
#include "ops/select.h"

#include <math.h>

static void swap(double *a, double *b) {
  double was = *a;
  *a = *b;
  *b = was;
}

/* Moves the NaNs to the end; gives how many other values there are. */
static size_t set_nan_aside(double *values, size_t count) {
  for (size_t i = 0; i < count;) {
    if (isnan(values[i]))
      swap(&values[i], &values[--count]);
    else
      i++;
  }
  return count;
}

/* ---- the last resort ---- */

static void sift(double *values, size_t root, size_t count) {
  for (size_t child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && values[child] < values[child + 1]) child++;
    if (values[root] >= values[child]) return;
    swap(&values[root], &values[child]);
  }
}

static void heapsort(double *values, size_t count) {
  for (size_t root = count / 2; root-- > 0;) sift(values, root, count);
  for (size_t end = count; end-- > 1;) {
    swap(&values[0], &values[end]);
    sift(values, 0, end);
  }
}

/* ---- passes ---- */

static void insertion_sort(double *values, size_t count) {
  for (size_t i = 1; i < count; i++) {
    double value = values[i];
    size_t at = i;
    for (; at > 0 && value < values[at - 1]; at--) values[at] = values[at - 1];
    values[at] = value;
  }
}

/* The median of the first, the middle and the last becomes the last. */
static void choose_pivot(double *values, size_t count) {
  double *first = &values[0], *middle = &values[count / 2], *last = &values[count - 1];
  if (*middle < *first) swap(middle, first);
  if (*last < *first) swap(last, first);
  if (*middle < *last) swap(middle, last);
}

/* Those smaller than the last value move to the front, and it after them; gives where it then is. */
static size_t part_smaller(double *values, size_t count) {
  double pivot = values[count - 1];
  size_t smaller = 0;
  for (size_t i = 0; i + 1 < count; i++) {
    double value = values[i];
    values[i] = values[smaller];
    values[smaller] = value;
    smaller += value < pivot;
  }
  swap(&values[smaller], &values[count - 1]);
  return smaller;
}

/* Those equal to the first value move to the front; gives how many they are. For values of which none is smaller. */
static size_t part_equal(double *values, size_t count) {
  double pivot = values[0];
  size_t equal = 0;
  for (size_t i = 0; i < count; i++) {
    double value = values[i];
    values[i] = values[equal];
    values[equal] = value;
    equal += value == pivot;
  }
  return equal;
}

void tl_select(double *values, size_t count, size_t place) {
  enum { FEW = 24 };
  count = set_nan_aside(values, count);
  if (place >= count) return;
  for (size_t passes = 0, most = 2 * (size_t)(8 * sizeof count); count > FEW; passes++) {
    if (passes > most) {
      heapsort(values, count);
      return;
    }
    choose_pivot(values, count);
    size_t smaller = part_smaller(values, count);
    if (place < smaller) {
      count = smaller;
      continue;
    }
    values += smaller;
    count -= smaller;
    place -= smaller;
    size_t equal = part_equal(values, count);
    if (place < equal) return;
    values += equal;
    count -= equal;
    place -= equal;
  }
  insertion_sort(values, count);
}
