/* ops/aggregation_values: values are kept as they come, batch by batch, and laid out group by group in the end: counted, then put
 * in their places, in a few lanes that each know where their values of each group begin. In a group they stay in the order of rows.
 */
#include "ops/aggregation_values.h"

#include "base/pool.h"
#include "ops/lanes.h"

/* ---- a batch ---- */

tally_status tl_values_take(const tl_measure_rows *rows, tl_values_part *out, tally_error *error) {
  out->values = tl_mem_new_aligned((size_t)rows->count * sizeof *out->values);
  out->groups = tl_mem_new_aligned((size_t)rows->count * sizeof *out->groups);
  if (!out->values || !out->groups) return tl_no_memory(error);
  for (int64_t i = 0, row; tl_measure_next(rows, &i, &row); out->count++) {
    out->values[out->count] = tl_number_at(rows->argument, row);
    out->groups[out->count] = rows->group[row];
  }
  return TALLY_OK;
}

void tl_values_part_done(tl_values_part *part) {
  tl_mem_free_aligned(part->values);
  tl_mem_free_aligned(part->groups);
  tl_mem_free(part->numbers);
  *part = (tl_values_part){0};
}

/* ---- all batches ---- */

tally_status tl_values_add(tl_values *all, tl_values_part *part, tl_group_map map, tally_error *error) {
  part->numbers = tl_mem_new(map.states, sizeof *part->numbers);
  if (!part->numbers) return tl_no_memory(error);
  for (size_t g = 0; g < map.count; g++) part->numbers[map.from[g]] = map.to[g];
  TL_TRY(tl_mem_reserve((void **)&all->parts, &all->capacity, all->count + 1, sizeof *all->parts, error));
  all->parts[all->count++] = *part;
  *part = (tl_values_part){0};
  return TALLY_OK;
}

void tl_values_done(tl_values *all) {
  for (size_t i = 0; i < all->count; i++) tl_values_part_done(&all->parts[i]);
  tl_mem_free(all->parts);
  *all = (tl_values){0};
}

/* ---- group by group ---- */

enum { LANES_MOST = 8, PLACES_OF_LANES = 1 << 22, GROUPS_AT_ONCE = (TL_CHUNK + 63) / 64 };

typedef struct layout {
  const tl_values *all;
  const tl_measure *measure;
  size_t groups, total, lanes;
  size_t *next;   /* of each lane and group: how many values, then where the next one goes */
  size_t *starts; /* of each group, and an end */
  double *values;
  uint64_t *words;
  bool *present;
} layout;

/* What is done with the values that a lane has of a part, from `first` to `end`. */
typedef void (*lane_visit)(const layout *it, const tl_values_part *part, size_t first, size_t end, size_t *next);

/* A lane has a stretch of all values, end to end. */
static void walk_lane(const layout *it, size_t lane, lane_visit visit) {
  size_t first = tl_lane_start(it->total, it->lanes, lane), end = tl_lane_start(it->total, it->lanes, lane + 1), at = 0;
  for (size_t p = 0; p < it->all->count && at < end; at += it->all->parts[p++].count) {
    const tl_values_part *part = &it->all->parts[p];
    if (at + part->count <= first) continue;
    size_t from = first > at ? first - at : 0, to = end - at < part->count ? end - at : part->count;
    visit(it, part, from, to, it->next + lane * it->groups);
  }
}

static void count_values(const layout *it, const tl_values_part *part, size_t first, size_t end, size_t *next) {
  (void)it;
  for (size_t i = first; i < end; i++) next[part->numbers[part->groups[i]]]++;
}

static void place_values(const layout *it, const tl_values_part *part, size_t first, size_t end, size_t *next) {
  for (size_t i = first; i < end; i++) it->values[next[part->numbers[part->groups[i]]]++] = part->values[i];
}

/* Both are tl_pool_tasks over lanes. */
static tally_status count_lane(void *context, size_t lane, size_t worker, tally_error *error) {
  (void)worker, (void)error;
  walk_lane(context, lane, count_values);
  return TALLY_OK;
}

static tally_status place_lane(void *context, size_t lane, size_t worker, tally_error *error) {
  (void)worker, (void)error;
  walk_lane(context, lane, place_values);
  return TALLY_OK;
}

/* A tl_pool_task over stretches of groups. */
static tally_status answer_groups(void *context, size_t task, size_t worker, tally_error *error) {
  const layout *it = context;
  (void)worker, (void)error;
  size_t first = task * GROUPS_AT_ONCE, end = first + GROUPS_AT_ONCE < it->groups ? first + GROUPS_AT_ONCE : it->groups;
  for (size_t g = first; g < end; g++) {
    tl_answer answer = {0};
    it->measure->record->methods->answer(it->measure, it->values + it->starts[g], it->starts[g + 1] - it->starts[g], &answer);
    it->words[g] = answer.present ? answer.word : 0;
    it->present[g] = answer.present;
  }
  return TALLY_OK;
}

static tally_status lay_out(layout *it, tally_error *error) {
  it->next = tl_mem_zero(it->lanes * it->groups, sizeof *it->next);
  it->starts = tl_mem_new(it->groups + 1, sizeof *it->starts);
  it->values = tl_mem_new_aligned(it->total * sizeof *it->values);
  if (!it->next || !it->starts || !it->values) return tl_no_memory(error);
  TL_TRY(tl_pool_run(it->lanes, count_lane, it, error));
  tl_lanes_lay_out(it->next, it->lanes, it->groups, it->starts);
  TL_TRY(tl_pool_run(it->lanes, place_lane, it, error));
  return tl_pool_run((it->groups + GROUPS_AT_ONCE - 1) / GROUPS_AT_ONCE, answer_groups, it, error);
}

tally_status tl_values_answer(const tl_values *all, const tl_measure *measure, size_t groups, uint64_t *words, bool *present,
                              tally_error *error) {
  layout it = {.all = all, .measure = measure, .groups = groups, .words = words, .present = present};
  for (size_t p = 0; p < all->count; p++) it.total += all->parts[p].count;
  it.lanes = groups ? PLACES_OF_LANES / groups : 1;
  if (it.lanes > LANES_MOST) it.lanes = LANES_MOST;
  if (it.lanes < 1) it.lanes = 1;
  tally_status status = lay_out(&it, error);
  tl_mem_free(it.next);
  tl_mem_free(it.starts);
  tl_mem_free_aligned(it.values);
  return status;
}
