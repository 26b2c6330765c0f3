/* ops/top: the rows with the largest values, in each group, without sorting the others.
 *
 * The idea: each group has a heap of the best rows seen so far, the worst of them on top, so that most rows are passed over at one
 * look. Which rows are the best is told by value and place alone; so the table is cut into a few stretches, whose heaps are made
 * side by side, and what is left of them in the end is the same. */
#include "base/pool.h"
#include "column/table.h"
#include "ops/group.h"
#include "ops/lanes.h"
#include "ops/sort_word.h"

/* Earlier is better, then the row that comes first. */
typedef struct entry {
  uint64_t word;
  int64_t row;
} entry;

typedef struct search {
  const tally_table *table;
  const tally_column *column;
  size_t most; /* rows of a group */
  tl_groups groups;
  uint64_t *words; /* of each row */
  size_t stretches;
  size_t *starts; /* of the heap of each group; an end */
  entry *heaps;   /* of each stretch, one after another */
  uint32_t *sizes;
} search;

static bool is_worse(entry a, entry b) {
  return a.word != b.word ? a.word > b.word : a.row > b.row;
}

/* ---- heaps, the worst on top ---- */

static void sift_down(entry *heap, size_t size, size_t at) {
  entry moved = heap[at];
  for (size_t child; (child = 2 * at + 1) < size; at = child) {
    if (child + 1 < size && is_worse(heap[child + 1], heap[child])) child++;
    if (!is_worse(heap[child], moved)) break;
    heap[at] = heap[child];
  }
  heap[at] = moved;
}

static void sift_up(entry *heap, size_t at) {
  entry moved = heap[at];
  for (size_t parent; at > 0 && is_worse(moved, heap[parent = (at - 1) / 2]); at = parent) heap[at] = heap[parent];
  heap[at] = moved;
}

static void offer(entry *heap, uint32_t *size, size_t most, entry candidate) {
  if (*size < most) {
    heap[*size] = candidate;
    sift_up(heap, (*size)++);
  } else if (most > 0 && is_worse(heap[0], candidate)) {
    heap[0] = candidate;
    sift_down(heap, most, 0);
  }
}

/* From the best to the worst. */
static void sort_heap(entry *heap, size_t size) {
  for (size_t end = size; end-- > 1;) {
    entry worst = heap[0];
    heap[0] = heap[end];
    heap[end] = worst;
    sift_down(heap, end, 0);
  }
}

/* ---- rows ---- */

static entry *heap_of(const search *it, size_t stretch, size_t group) {
  return it->heaps + stretch * it->starts[it->groups.count] + it->starts[group];
}

static uint32_t *size_of(const search *it, size_t stretch, size_t group) {
  return &it->sizes[stretch * (size_t)it->groups.count + group];
}

static size_t room_of(const search *it, size_t group) {
  return it->starts[group + 1] - it->starts[group];
}

/* A tl_pool_task over stretches of rows. Those without a value come after all others. */
static tally_status search_stretch(void *context, size_t stretch, size_t worker, tally_error *error) {
  const search *it = context;
  (void)worker, (void)error;
  size_t rows = (size_t)it->table->rows;
  int64_t first = (int64_t)tl_lane_start(rows, it->stretches, stretch),
          end = (int64_t)tl_lane_start(rows, it->stretches, stretch + 1);
  for (int64_t row = first; row < end; row++) {
    uint32_t group = it->groups.group[row];
    if (!tl_present(it->column, row)) continue;
    offer(heap_of(it, stretch, group), size_of(it, stretch, group), room_of(it, group), (entry){it->words[row], row});
  }
  return TALLY_OK;
}

/* A tl_pool_task over groups, many at a time: the heaps of all stretches become the first, sorted. */
enum { GROUPS_AT_ONCE = (TL_CHUNK + 15) / 16 };

static tally_status join_heaps(void *context, size_t task, size_t worker, tally_error *error) {
  const search *it = context;
  (void)worker, (void)error;
  size_t first = task * GROUPS_AT_ONCE, count = (size_t)it->groups.count;
  for (size_t group = first; group < first + GROUPS_AT_ONCE && group < count; group++) {
    for (size_t s = 1; s < it->stretches; s++) {
      for (uint32_t i = 0; i < *size_of(it, s, group); i++)
        offer(heap_of(it, 0, group), size_of(it, 0, group), room_of(it, group), heap_of(it, s, group)[i]);
    }
    sort_heap(heap_of(it, 0, group), *size_of(it, 0, group));
  }
  return TALLY_OK;
}

/* Groups with too few values get rows without one, in their order. */
static void add_missing(const search *it) {
  for (int64_t row = 0; it->column->missing && row < it->table->rows; row++) {
    uint32_t group = it->groups.group[row], *size = size_of(it, 0, group);
    if (tl_present(it->column, row) || *size >= room_of(it, group)) continue;
    heap_of(it, 0, group)[(*size)++].row = row;
  }
}

/* ---- room ---- */

/* No group needs more room than it has rows. */
static tally_status make_starts(search *it, tally_error *error) {
  size_t count = (size_t)it->groups.count;
  it->starts = tl_mem_zero(count + 1, sizeof *it->starts);
  if (!it->starts) return tl_no_memory(error);
  for (int64_t row = 0; row < it->table->rows; row++) it->starts[it->groups.group[row] + 1]++;
  for (size_t g = 0; g < count; g++) {
    size_t room = it->starts[g + 1] < it->most ? it->starts[g + 1] : it->most;
    it->starts[g + 1] = it->starts[g] + room;
  }
  return TALLY_OK;
}

/* Heaps side by side are worth it where they are small. */
static tally_status make_heaps(search *it, tally_error *error) {
  size_t room = it->starts[it->groups.count];
  it->stretches = it->table->rows > TL_CHUNK && room < (size_t)it->table->rows / 8 ? tl_pool_workers() : 1;
  it->heaps = tl_mem_new(it->stretches * room + 1, sizeof *it->heaps);
  it->sizes = tl_mem_zero(it->stretches * (size_t)it->groups.count, sizeof *it->sizes);
  it->words = tl_mem_zero_aligned((size_t)it->table->rows * sizeof *it->words);
  return it->heaps && it->sizes && it->words ? TALLY_OK : tl_no_memory(error);
}

/* ---- together ---- */

static tally_status take_best(const search *it, tally_table **out, tally_error *error) {
  size_t room = it->starts[it->groups.count], count = 0;
  int64_t *rows = tl_mem_new(room, sizeof *rows);
  if (!rows) return tl_no_memory(error);
  for (size_t g = 0; g < (size_t)it->groups.count; g++) {
    for (uint32_t i = 0; i < *size_of(it, 0, g); i++) rows[count++] = heap_of(it, 0, g)[i].row;
  }
  tally_status status = tally_table_take(it->table, rows, (int64_t)count, out, error);
  tl_mem_free(rows);
  return status;
}

static tally_status find_keys(const tally_table *table, const char *const *by, size_t count, const tally_column **keys,
                              tally_error *error) {
  for (size_t k = 0; k < count; k++) TL_TRY(tl_table_need(table, by[k], &keys[k], error));
  return TALLY_OK;
}

static tally_status group_rows(search *it, const char *const *by, size_t by_count, tally_error *error) {
  const tally_column **keys = tl_mem_new(by_count, sizeof *keys);
  if (!keys) return tl_no_memory(error);
  tally_status status = find_keys(it->table, by, by_count, keys, error);
  if (status == TALLY_OK) status = tl_groups_new(keys, by_count, it->table->rows, &it->groups, error);
  tl_mem_free(keys);
  return status;
}

static tally_status find_best(search *it, tally_table **out, tally_error *error) {
  TL_TRY(make_starts(it, error));
  TL_TRY(make_heaps(it, error));
  TL_TRY(tl_sort_words(it->column, true, it->words, error));
  TL_TRY(tl_pool_run(it->stretches, search_stretch, it, error));
  TL_TRY(tl_pool_run(((size_t)it->groups.count + GROUPS_AT_ONCE - 1) / GROUPS_AT_ONCE, join_heaps, it, error));
  add_missing(it);
  return take_best(it, out, error);
}

tally_status tally_table_top(const tally_table *table, const char *const *by, size_t by_count, const char *column, int64_t most,
                             tally_table **out, tally_error *error) {
  search it = {.table = table, .most = most > 0 ? (size_t)most : 0};
  TL_TRY(tl_table_need(table, column, &it.column, error));
  tally_status status = group_rows(&it, by, by_count, error);
  if (status == TALLY_OK) status = find_best(&it, out, error);
  tl_mem_free(it.starts);
  tl_mem_free(it.heaps);
  tl_mem_free(it.sizes);
  tl_mem_free_aligned(it.words);
  tl_groups_done(&it.groups);
  return status;
}
