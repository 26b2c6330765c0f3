/* ops/numbering: where words are below a small range, through an array. Else rows are dealt out to partitions by the hash of their
 * words, each of which numbers its own through a hash table that fits the cache; where words appear first is then known row by row,
 * and the numbers go by the order of these rows. What comes out does not depend on partitions, nor on who works on them. */
#include "ops/numbering.h"

#include "base/pool.h"
#include "base/text.h"
#include "ops/lanes.h"

typedef struct numbering {
  const uint64_t *words;
  int64_t rows;
  const tl_same *same;
  tl_numbering *out;
} numbering;

static int64_t chunk_end(const numbering *it, size_t chunk) {
  int64_t end = (int64_t)(chunk + 1) * TL_CHUNK;
  return end < it->rows ? end : it->rows;
}

/* ---- through an array ---- */

/* An array of numbers is worth its memory up to here. */
static bool is_small(uint64_t range, int64_t rows) {
  return range != 0 && range / 4 <= (uint64_t)rows + 256;
}

static tally_status number_by_array(numbering *it, uint64_t range, tally_error *error) {
  uint32_t *numbers = tl_mem_zero(range, sizeof *numbers); /* number + 1; 0: not seen */
  if (!numbers) return tl_no_memory(error);
  uint32_t count = 0;
  int64_t *first = it->out->first =
      tl_mem_new_aligned((size_t)((int64_t)range < it->rows ? (int64_t)range : it->rows) * sizeof *first);
  if (!first) {
    tl_mem_free(numbers);
    return tl_no_memory(error);
  }
  for (int64_t i = 0; i < it->rows; i++) {
    uint32_t *number = &numbers[it->words[i]];
    if (*number == 0) {
      first[count] = i;
      *number = ++count;
    }
    it->out->numbers[i] = *number - 1;
  }
  tl_mem_free(numbers);
  it->out->count = count;
  return TALLY_OK;
}

/* ---- through partitions ---- */

enum { ROWS_OF_PARTITION = (TL_CHUNK + 3) / 4, PARTITION_BITS_MOST = 10 };

/* Open addressing, at most half full. */
typedef struct table {
  uint32_t *slots; /* number + 1; 0: free */
  size_t last;
  uint64_t *words; /* of each number */
} table;

/* The rows of all partitions, end to end; in a partition they are in order. */
typedef struct dealing {
  numbering *it;
  unsigned bits; /* of a hash, that say the partition */
  uint64_t seed; /* of the hash */
  size_t partitions, blocks;
  size_t *next;            /* of each block and partition: where its next row goes */
  size_t *starts;          /* of each partition, and an end */
  uint64_t *words;         /* of each row; then, its number in the partition */
  uint32_t *rows;          /* which it is */
  uint32_t *firsts;        /* of each number of a partition, from its start on: the row where it first appears */
  size_t *counts;          /* numbers of each partition */
  uint8_t *is_first;       /* of each row of the table */
  size_t *ranks;           /* of each chunk: how many first rows come before it */
  table *tables;           /* of each worker */
  size_t workers, largest; /* rows of a partition, at most */
} dealing;

static size_t partition_of(const dealing *d, uint64_t hash) {
  return d->bits ? (size_t)(hash >> (64 - d->bits)) : 0;
}

static int64_t block_start(const dealing *d, size_t block) {
  return (int64_t)tl_lane_start((size_t)d->it->rows, d->blocks, block);
}

/* A tl_pool_task over blocks: how many of its rows go where. */
static tally_status count_block(void *context, size_t block, size_t worker, tally_error *error) {
  const dealing *d = context;
  (void)worker, (void)error;
  size_t *counts = d->next + block * d->partitions;
  int64_t end = block_start(d, block + 1);
  for (int64_t i = block_start(d, block); i < end; i++) counts[partition_of(d, tl_hash_integer(d->it->words[i], d->seed))]++;
  return TALLY_OK;
}

static void find_starts(dealing *d) {
  tl_lanes_lay_out(d->next, d->blocks, d->partitions, d->starts);
  for (size_t p = 0; p < d->partitions; p++) {
    size_t size = d->starts[p + 1] - d->starts[p];
    if (size > d->largest) d->largest = size;
  }
}

/* A tl_pool_task over blocks: its rows go to their partitions. */
static tally_status deal_block(void *context, size_t block, size_t worker, tally_error *error) {
  const dealing *d = context;
  (void)worker, (void)error;
  size_t *next = d->next + block * d->partitions;
  int64_t end = block_start(d, block + 1);
  for (int64_t i = block_start(d, block); i < end; i++) {
    uint64_t word = d->it->words[i];
    size_t to = next[partition_of(d, tl_hash_integer(word, d->seed))]++;
    d->words[to] = word;
    d->rows[to] = (uint32_t)i;
  }
  return TALLY_OK;
}

static size_t slots_for(size_t rows) {
  size_t slots = 16;
  while (slots < 2 * rows) slots *= 2;
  return slots;
}

/* Of a worker, for the largest partition; made when first needed, and emptied for each. */
static tally_status clear_table(const dealing *d, table *t, size_t rows, tally_error *error) {
  if (!t->slots) t->slots = tl_mem_new(slots_for(d->largest), sizeof *t->slots);
  if (!t->words) t->words = tl_mem_new(d->largest + 1, sizeof *t->words);
  if (!t->slots || !t->words) return tl_no_memory(error);
  t->last = slots_for(rows) - 1;
  memset(t->slots, 0, (t->last + 1) * sizeof *t->slots);
  return TALLY_OK;
}

/* Rows of a partition lie all over the table: while one is compared, others are on their way to the cache. */
static inline void fetch_ahead(const dealing *d, size_t k, size_t end) {
  enum { NEAR = 8, FAR = 24 };
  const tl_same *same = d->it->same;
  if (k + FAR < end) same->find(same->context, d->rows[k + FAR]);
  if (k + NEAR < end) same->fetch(same->context, d->rows[k + NEAR]);
}

/* Whether a row has the word and the value of a number. first: rows of the numbers */
static inline bool is_number_of(const dealing *d, const table *t, uint32_t number, const uint32_t *first, size_t k) {
  const tl_same *same = d->it->same;
  return t->words[number] == d->words[k] && (!same || same->rows(same->context, first[number], d->rows[k]));
}

/* A tl_pool_task over partitions. */
static tally_status number_partition(void *context, size_t partition, size_t worker, tally_error *error) {
  dealing *d = context;
  size_t start = d->starts[partition], end = d->starts[partition + 1];
  uint32_t *first = d->firsts + start;
  size_t count = 0;
  TL_TRY(clear_table(d, &d->tables[worker], end - start, error));
  table t = d->tables[worker];
  for (size_t k = start; k < end; k++) {
    uint64_t word = d->words[k];
    size_t slot = tl_hash_integer(word, d->seed) & t.last;
    if (d->it->same) fetch_ahead(d, k, end);
    while (t.slots[slot] && !is_number_of(d, &t, t.slots[slot] - 1, first, k)) slot = (slot + 1) & t.last;
    if (t.slots[slot] == 0) {
      t.words[count] = word;
      first[count] = d->rows[k];
      d->is_first[d->rows[k]] = 1;
      t.slots[slot] = (uint32_t)++count;
    }
    d->words[k] = t.slots[slot] - 1;
  }
  d->counts[partition] = count;
  return TALLY_OK;
}

/* A tl_pool_task over chunks of the table. */
static tally_status count_first(void *context, size_t chunk, size_t worker, tally_error *error) {
  dealing *d = context;
  (void)worker, (void)error;
  int64_t end = chunk_end(d->it, chunk);
  size_t count = 0;
  for (int64_t i = (int64_t)chunk * TL_CHUNK; i < end; i++) count += d->is_first[i];
  d->ranks[chunk] = count;
  return TALLY_OK;
}

/* A tl_pool_task over chunks of the table: a first row gets its number. */
static tally_status rank_first(void *context, size_t chunk, size_t worker, tally_error *error) {
  dealing *d = context;
  (void)worker, (void)error;
  int64_t end = chunk_end(d->it, chunk);
  size_t rank = d->ranks[chunk];
  for (int64_t i = (int64_t)chunk * TL_CHUNK; i < end; i++) {
    if (!d->is_first[i]) continue;
    d->it->out->first[rank] = i;
    d->it->out->numbers[i] = (uint32_t)rank++;
  }
  return TALLY_OK;
}

/* A tl_pool_task over partitions: all rows get the numbers of their first rows. */
static tally_status spread_numbers(void *context, size_t partition, size_t worker, tally_error *error) {
  dealing *d = context;
  (void)worker, (void)error;
  size_t start = d->starts[partition], end = d->starts[partition + 1];
  uint32_t *numbers = d->it->out->numbers, *of = d->firsts + start;
  for (size_t n = 0; n < d->counts[partition]; n++) of[n] = numbers[of[n]];
  for (size_t k = start; k < end; k++) numbers[d->rows[k]] = of[d->words[k]];
  return TALLY_OK;
}

static tally_status make_room(dealing *d, tally_error *error) {
  size_t rows = (size_t)d->it->rows;
  d->next = tl_mem_zero(d->partitions * d->blocks, sizeof *d->next);
  d->starts = tl_mem_zero(d->partitions + 1, sizeof *d->starts);
  d->tables = tl_mem_zero(d->workers, sizeof *d->tables);
  d->counts = tl_mem_zero(d->partitions, sizeof *d->counts);
  d->ranks = tl_mem_zero(tl_chunks(d->it->rows), sizeof *d->ranks);
  d->words = tl_mem_new_aligned(rows * sizeof *d->words);
  d->rows = tl_mem_new_aligned(rows * sizeof *d->rows);
  d->firsts = tl_mem_new_aligned(rows * sizeof *d->firsts);
  d->is_first = tl_mem_zero_aligned(rows);
  bool all = d->next && d->starts && d->tables && d->counts && d->ranks && d->words && d->rows && d->firsts && d->is_first;
  return all ? TALLY_OK : tl_no_memory(error);
}

static void dealing_done(dealing *d) {
  for (size_t w = 0; d->tables && w < d->workers; w++) {
    tl_mem_free(d->tables[w].slots);
    tl_mem_free(d->tables[w].words);
  }
  tl_mem_free(d->tables);
  tl_mem_free(d->next);
  tl_mem_free(d->starts);
  tl_mem_free(d->counts);
  tl_mem_free(d->ranks);
  tl_mem_free_aligned(d->words);
  tl_mem_free_aligned(d->rows);
  tl_mem_free_aligned(d->firsts);
  tl_mem_free_aligned(d->is_first);
}

static tally_status deal(dealing *d, tally_error *error) {
  size_t chunks = tl_chunks(d->it->rows);
  TL_TRY(make_room(d, error));
  TL_TRY(tl_pool_run(d->blocks, count_block, d, error));
  find_starts(d);
  TL_TRY(tl_pool_run(d->blocks, deal_block, d, error));
  TL_TRY(tl_pool_run(d->partitions, number_partition, d, error));
  for (size_t p = 0; p < d->partitions; p++) d->it->out->count += (int64_t)d->counts[p];
  d->it->out->first = tl_mem_new_aligned((size_t)d->it->out->count * sizeof *d->it->out->first);
  if (!d->it->out->first) return tl_no_memory(error);
  TL_TRY(tl_pool_run(chunks, count_first, d, error));
  tl_lanes_lay_out(d->ranks, 1, chunks, NULL);
  TL_TRY(tl_pool_run(chunks, rank_first, d, error));
  return tl_pool_run(d->partitions, spread_numbers, d, error);
}

static tally_status number_by_hash(numbering *it, tally_error *error) {
  enum { BLOCKS_MOST = 64 };
  dealing d = {.it = it, .seed = tl_hash_seed(), .workers = tl_pool_workers()};
  while (d.bits < PARTITION_BITS_MOST && it->rows >> d.bits > ROWS_OF_PARTITION) d.bits++;
  d.partitions = (size_t)1 << d.bits;
  d.blocks = tl_chunks(it->rows) < BLOCKS_MOST ? tl_chunks(it->rows) : BLOCKS_MOST;
  tally_status status = deal(&d, error);
  dealing_done(&d);
  return status;
}

/* ---- either way ---- */

tally_status tl_numbering_new(const uint64_t *words, int64_t rows, uint64_t range, const tl_same *same, tl_numbering *out,
                              tally_error *error) {
  *out = (tl_numbering){0};
  if (rows >= UINT32_MAX) return tl_fail(error, TALLY_ERANGE, "more than 4,294,967,294 rows: group fewer at a time");
  out->numbers = tl_mem_new_aligned((size_t)rows * sizeof *out->numbers);
  numbering it = {words, rows, same, out};
  tally_status status = out->numbers ? TALLY_OK : tl_no_memory(error);
  if (status == TALLY_OK && rows > 0) {
    status = is_small(range, rows) ? number_by_array(&it, range, error) : number_by_hash(&it, error);
  }
  if (status != TALLY_OK) tl_numbering_done(out);
  return status;
}

void tl_numbering_done(tl_numbering *it) {
  tl_mem_free_aligned(it->numbers);
  tl_mem_free_aligned(it->first);
  *it = (tl_numbering){0};
}
