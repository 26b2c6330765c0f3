/* ingest/ranges: the first pass over a file. Chunks of one size are surveyed in parallel, each for both cases, that it starts
 * inside or outside quotes; then their quotes are added up in order, and each chunk knows where its first record begins and on
 * which line. */
#include "ingest/ranges.h"

#include "base/pool.h"
#include "ingest/scan.h"

typedef struct chunk {
  tl_survey survey;
  tl_census census;
} chunk;

typedef struct surveying {
  const tl_source *source;
  char quote;
  int64_t first;
  size_t chunk_bytes;
  chunk *chunks;
  size_t chunk_count;
  tl_piece *pieces; /* one for each worker */
  size_t piece_count;
} surveying;

static int64_t chunk_start(const surveying *it, size_t index) {
  return it->first + (int64_t)(index * it->chunk_bytes);
}

static size_t chunk_size(const surveying *it, size_t index) {
  int64_t left = it->source->size - chunk_start(it, index);
  return left < (int64_t)it->chunk_bytes ? (size_t)left : it->chunk_bytes;
}

static tally_status survey_chunk(void *context, size_t task, size_t worker, tally_error *error) {
  surveying *it = context;
  tally_text bytes;
  TL_TRY(tl_source_view(it->source, chunk_start(it, task), chunk_size(it, task), &it->pieces[worker], &bytes, error));
  tl_scan_survey(bytes.bytes, bytes.size, it->quote, &it->chunks[task].survey);
  tl_encoding_count(bytes, &it->chunks[task].census);
  return TALLY_OK;
}

/* Ends the last range at `end`, unless nothing is in it. */
static void close_range(tl_ranges *out, int64_t end) {
  tl_range *last = &out->items[out->count - 1];
  last->size = (size_t)(end - last->byte);
  if (last->size == 0) out->count--;
}

static void cut(const surveying *it, int64_t line, tl_ranges *out) {
  int inside = 0;
  out->items[out->count++] = (tl_range){.byte = it->first, .line = line};
  for (size_t i = 0; i < it->chunk_count; i++) {
    const tl_survey *survey = &it->chunks[i].survey;
    int split_line_end = i > 0 && it->chunks[i - 1].survey.last_is_return && survey->first_is_feed;
    if (survey->record_start[inside] != TL_NOWHERE) {
      int64_t start = chunk_start(it, i) + (int64_t)survey->record_start[inside];
      close_range(out, start);
      out->items[out->count++] = (tl_range){.byte = start, .line = line + survey->lines_before[inside] - split_line_end};
    }
    line += survey->line_ends - split_line_end;
    inside ^= survey->odd_quotes;
    out->census.beyond_ascii += it->chunks[i].census.beyond_ascii;
    out->census.invalid += it->chunks[i].census.invalid;
    out->census.nuls += it->chunks[i].census.nuls;
  }
  close_range(out, it->source->size);
  out->quotes_closed = inside == 0;
}

static tally_status survey_all(surveying *it, int64_t line, tl_ranges *out, tally_error *error) {
  it->chunks = tl_mem_zero(it->chunk_count, sizeof *it->chunks);
  it->pieces = tl_mem_zero(it->piece_count, sizeof *it->pieces);
  out->items = tl_mem_new(it->chunk_count + 1, sizeof *out->items);
  if (!it->chunks || !it->pieces || !out->items) return tl_no_memory(error);
  TL_TRY(tl_pool_run(it->chunk_count, survey_chunk, it, error));
  cut(it, line, out);
  return TALLY_OK;
}

tally_status tl_ranges_find(const tl_source *source, char quote, int64_t byte, int64_t line, size_t chunk_bytes, tl_ranges *out,
                            tally_error *error) {
  *out = (tl_ranges){0};
  surveying it = {.source = source, .quote = quote, .first = byte, .chunk_bytes = chunk_bytes, .piece_count = tl_pool_workers()};
  it.chunk_count = (size_t)((source->size - byte + (int64_t)chunk_bytes - 1) / (int64_t)chunk_bytes);
  tally_status status = survey_all(&it, line, out, error);
  for (size_t i = 0; it.pieces && i < it.piece_count; i++) tl_piece_done(&it.pieces[i]);
  tl_mem_free(it.pieces);
  tl_mem_free(it.chunks);
  return status;
}

void tl_ranges_done(tl_ranges *ranges) {
  tl_mem_free(ranges->items);
  *ranges = (tl_ranges){0};
}
