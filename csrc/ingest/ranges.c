/* ingest/ranges: the first pass over a file. Chunks of one size are surveyed in parallel, each for both cases, that it starts
 * inside or outside quotes; then their quotes are added up in order, and each chunk knows where its first record begins and on
 * which line. */
#include "ingest/ranges.h"

#include "base/pool.h"
#include "base/progress.h"
#include "ingest/scan.h"

typedef struct chunk {
  tl_survey survey;
  tl_census census;
} chunk;

typedef struct surveying {
  const tl_source *source;
  tl_survey_kernel survey;
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

/* The chunk is seen with a byte on either side: a line end may be cut in two, and a line that begins with the chunk may be blank.
 */
static tally_status survey_chunk(void *context, size_t task, size_t worker, tally_error *error) {
  surveying *it = context;
  chunk *out = &it->chunks[task];
  int64_t start = chunk_start(it, task);
  size_t size = chunk_size(it, task), before = task > 0, after = task + 1 < it->chunk_count;
  tally_text seen;
  TL_TRY(tl_source_view(it->source, start - (int64_t)before, before + size + after, &it->pieces[worker], &seen, error));
  tally_text bytes = tl_text(seen.bytes + before, size);
  it->survey(bytes.bytes, size, before ? seen.bytes[0] : '\n', it->quote, &out->survey);
  if (!out->survey.plain) tl_encoding_count(bytes, &out->census);
  tl_progress_add((int64_t)size, 0, worker);
  return TALLY_OK;
}

/* Ends the last range at `end`, unless nothing is in it. */
static void close_range(tl_ranges *out, int64_t end) {
  tl_range *last = &out->items[out->count - 1];
  last->size = (size_t)(end - last->byte);
  if (last->size == 0) out->count--;
}

/* The first record that starts in a later chunk begins a range; the line end before it belongs to the range before. */
static void begin_range(const tl_survey_case *found, int64_t chunk_byte, int64_t line, tl_ranges *out) {
  tl_range *last = &out->items[out->count - 1];
  int64_t start = chunk_byte + (int64_t)found->record_start;
  last->records++;
  last->blanks += found->blank_before;
  close_range(out, start);
  out->items[out->count++] = (tl_range){.byte = start,
                                        .line = line + found->lines_before,
                                        .records = found->records - 1,
                                        .blanks = found->blanks - found->blank_before};
}

static void cut(const surveying *it, int64_t line, tl_ranges *out) {
  int inside = 0;
  int64_t first_line = line;
  out->items[out->count++] = (tl_range){.byte = it->first, .line = line};
  for (size_t i = 0; i < it->chunk_count; i++) {
    const tl_survey *survey = &it->chunks[i].survey;
    const tl_survey_case *found = &survey->cases[inside];
    if (i == 0) {
      out->items[0].records = found->records;
      out->items[0].blanks = found->blanks;
    } else if (found->record_start != TL_NOWHERE) {
      begin_range(found, chunk_start(it, i), line, out);
    }
    line += survey->line_ends;
    inside ^= survey->odd_quotes;
    tl_encoding_join(&out->census, &it->chunks[i].census);
  }
  tl_encoding_end(&out->census);
  bool open_line = it->chunk_count > 0 && !it->chunks[it->chunk_count - 1].survey.ends_line;
  out->items[out->count - 1].records += open_line;
  out->lines = line - first_line + open_line;
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
  surveying it = {.source = source,
                  .survey = tl_scan_best()->survey,
                  .quote = quote,
                  .first = byte,
                  .chunk_bytes = chunk_bytes,
                  .piece_count = tl_pool_workers()};
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
