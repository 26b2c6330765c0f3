/* ops/sort: the rows of a table in order.
 *
 * The one idea: every key column becomes one 64-bit word a row that sorts, as an unsigned number, the way its values do: integers
 * and dates with the sign turned, doubles by the sign trick, text by the rank of its value in the sorted dictionary, or by its
 * code where the order is declared. These are in ops/sort_word. Then one stable radix sort does for all types, key after key from
 * the last to the first: in passes of a few bits, of which only those are made that tell words apart, each in lanes that work side
 * by side. Rows that have no value come last in either direction: a pass of their own. */
#include "base/pool.h"
#include "column/table.h"
#include "ops/lanes.h"
#include "ops/sort_word.h"

typedef struct sorting {
  size_t rows, lanes;
  int64_t *order, *spare_order;  /* the rows in the order reached so far */
  uint64_t *words, *spare_words; /* of each, of the key being sorted by */
} sorting;

/* ---- The words of the rows in their order ---- */

static size_t lane_start(const sorting *s, size_t lane) {
  return tl_lane_start(s->rows, s->lanes, lane);
}

typedef struct fetching {
  sorting *s;
  const uint64_t *words; /* of each row */
} fetching;

/* A tl_pool_task over lanes. */
static tally_status fetch_lane(void *context, size_t lane, size_t worker, tally_error *error) {
  const fetching *it = context;
  (void)worker, (void)error;
  for (size_t i = lane_start(it->s, lane), end = lane_start(it->s, lane + 1); i < end; i++)
    it->s->words[i] = it->words[it->s->order[i]];
  return TALLY_OK;
}

/* ---- A pass: rows go to buckets, in the order they are in ---- */

enum { BITS_OF_PASS = 11 };

typedef struct pass {
  sorting *s;
  const tally_column *whether; /* buckets are: has a value, has none; NULL: by the words */
  int shift;
  unsigned bits;
  size_t *next; /* of each lane and bucket: how many, then where the next one goes */
} pass;

static inline size_t bucket_of(const pass *p, size_t i) {
  if (p->whether) return !tl_present(p->whether, p->s->order[i]);
  return p->s->words[i] >> p->shift & (((size_t)1 << p->bits) - 1);
}

/* Both are tl_pool_tasks over lanes. */
static tally_status count_lane(void *context, size_t lane, size_t worker, tally_error *error) {
  const pass *p = context;
  (void)worker, (void)error;
  size_t *counts = p->next + (lane << p->bits);
  for (size_t i = lane_start(p->s, lane), end = lane_start(p->s, lane + 1); i < end; i++) counts[bucket_of(p, i)]++;
  return TALLY_OK;
}

static tally_status move_lane(void *context, size_t lane, size_t worker, tally_error *error) {
  const pass *p = context;
  (void)worker, (void)error;
  const sorting *s = p->s;
  size_t *next = p->next + (lane << p->bits);
  for (size_t i = lane_start(s, lane), end = lane_start(s, lane + 1); i < end; i++) {
    size_t to = next[bucket_of(p, i)]++;
    s->spare_order[to] = s->order[i];
    s->spare_words[to] = s->words[i];
  }
  return TALLY_OK;
}

static void swap_orders(sorting *s) {
  int64_t *order = s->order;
  uint64_t *words = s->words;
  s->order = s->spare_order;
  s->words = s->spare_words;
  s->spare_order = order;
  s->spare_words = words;
}

static tally_status run_pass(pass p, tally_error *error) {
  p.next = tl_mem_zero(p.s->lanes << p.bits, sizeof *p.next);
  if (!p.next) return tl_no_memory(error);
  tally_status status = tl_pool_run(p.s->lanes, count_lane, &p, error);
  tl_lanes_lay_out(p.next, p.s->lanes, (size_t)1 << p.bits, NULL);
  if (status == TALLY_OK) status = tl_pool_run(p.s->lanes, move_lane, &p, error);
  if (status == TALLY_OK) swap_orders(p.s);
  tl_mem_free(p.next);
  return status;
}

/* ---- A key ---- */

/* The bits in which the words are not all the same; none when they are in order already. */
static uint64_t differing_bits(const sorting *s) {
  uint64_t differing = 0;
  bool ordered = true;
  for (size_t i = 1; i < s->rows; i++) {
    differing |= s->words[i] ^ s->words[0];
    ordered &= s->words[i - 1] <= s->words[i];
  }
  return ordered ? 0 : differing;
}

static tally_status sort_by_words(sorting *s, tally_error *error) {
  uint64_t differing = differing_bits(s);
  if (differing == 0) return TALLY_OK;
  int first = __builtin_ctzll(differing), bits = 64 - __builtin_clzll(differing) - first;
  int passes = (bits + BITS_OF_PASS - 1) / BITS_OF_PASS, each = (bits + passes - 1) / passes;
  for (int shift = first; shift < first + bits; shift += each) {
    int left = first + bits - shift;
    unsigned width = (unsigned)(left < each ? left : each);
    if ((differing >> shift & (((uint64_t)1 << width) - 1)) == 0) continue;
    TL_TRY(run_pass((pass){.s = s, .shift = shift, .bits = width}, error));
  }
  return TALLY_OK;
}

static tally_status fetch_words(sorting *s, const tally_column *column, bool descending, tally_error *error) {
  uint64_t *words = tl_mem_zero_aligned(s->rows * sizeof *words);
  if (!words) return tl_no_memory(error);
  tally_status status = tl_sort_words(column, descending, words, error);
  fetching it = {s, words};
  if (status == TALLY_OK) status = tl_pool_run(s->lanes, fetch_lane, &it, error);
  tl_mem_free_aligned(words);
  return status;
}

static tally_status sort_by_key(sorting *s, const tally_column *column, bool descending, tally_error *error) {
  TL_TRY(tl_pool_check(error));
  TL_TRY(fetch_words(s, column, descending, error));
  TL_TRY(sort_by_words(s, error));
  if (column->missing == 0) return TALLY_OK;
  return run_pass((pass){.s = s, .whether = column, .bits = 1}, error);
}

/* ---- A table ---- */

static tally_status sorting_init(sorting *s, int64_t rows, tally_error *error) {
  size_t count = (size_t)rows;
  *s = (sorting){.rows = count, .lanes = rows > TL_CHUNK ? tl_pool_workers() : 1};
  s->order = tl_mem_new_aligned(count * sizeof *s->order);
  s->spare_order = tl_mem_new_aligned(count * sizeof *s->spare_order);
  s->words = tl_mem_new_aligned(count * sizeof *s->words);
  s->spare_words = tl_mem_new_aligned(count * sizeof *s->spare_words);
  if (!s->order || !s->spare_order || !s->words || !s->spare_words) return tl_no_memory(error);
  for (size_t i = 0; i < count; i++) s->order[i] = (int64_t)i;
  return TALLY_OK;
}

static void sorting_done(sorting *s) {
  tl_mem_free_aligned(s->order);
  tl_mem_free_aligned(s->spare_order);
  tl_mem_free_aligned(s->words);
  tl_mem_free_aligned(s->spare_words);
}

tally_status tally_table_sort(const tally_table *table, const tally_sort_key *keys, size_t count, tally_table **out,
                              tally_error *error) {
  const tally_column *column;
  for (size_t k = 0; k < count; k++) TL_TRY(tl_table_need(table, keys[k].column, &column, error));
  sorting s;
  tally_status status = sorting_init(&s, table->rows, error);
  for (size_t k = count; k-- > 0 && status == TALLY_OK;)
    status = sort_by_key(&s, tally_table_find(table, keys[k].column), keys[k].descending, error);
  if (status == TALLY_OK) status = tally_table_take(table, s.order, table->rows, out, error);
  sorting_done(&s);
  return status;
}
