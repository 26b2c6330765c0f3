/* ingest/rolling: chunk by chunk. Whether quotes are open where a chunk begins is known as soon as the chunk before it was
 * surveyed, which is long before it was read; so nobody waits for long. A record that begins in a chunk ends in it or in one that
 * follows, and a little of what follows is read with it. */
#include "ingest/rolling.h"

#include <sched.h>
#include <time.h>

#include "base/pool.h"
#include "ingest/scan.h"

static int64_t chunk_start(const tl_rolling *it, size_t chunk) {
  return it->first + (int64_t)(chunk * it->chunk_bytes);
}

tally_status tl_rolling_start(tl_rolling *it, const tl_source *source, char quote, int64_t byte, int64_t line, size_t chunk_bytes,
                              tally_error *error) {
  *it = (tl_rolling){
      .source = source, .quote = quote, .first = byte, .line = line, .chunk_bytes = chunk_bytes, .failed_at = SIZE_MAX};
  pthread_mutex_init(&it->lock, NULL);
  pthread_cond_init(&it->passed_on, NULL);
  it->state.line = line;
  it->chunk_count = (size_t)((source->size - byte + (int64_t)chunk_bytes - 1) / (int64_t)chunk_bytes);
  it->ranges = tl_mem_zero(it->chunk_count, sizeof *it->ranges);
  it->censuses = tl_mem_zero(it->chunk_count, sizeof *it->censuses);
  return it->ranges && it->censuses ? TALLY_OK : tl_no_memory(error);
}

void tl_rolling_done(tl_rolling *it) {
  if (!it->source) return;
  tl_mem_free(it->ranges);
  tl_mem_free(it->censuses);
  pthread_mutex_destroy(&it->lock);
  pthread_cond_destroy(&it->passed_on);
  *it = (tl_rolling){0};
}

/* ---- from one to the next ---- */

void tl_rolling_stop(tl_rolling *it, size_t chunk) {
  pthread_mutex_lock(&it->lock);
  if (chunk < it->failed_at) it->failed_at = chunk;
  pthread_cond_broadcast(&it->passed_on);
  pthread_mutex_unlock(&it->lock);
}

/* The chunk before is nearly always through, or about to be; to sleep for so short a time costs more than it saves. */
static void wait_a_little(const tl_rolling *it, size_t chunk) {
  enum { LOOKS = 256 };
  for (int i = 0; i < LOOKS && atomic_load_explicit(&it->passed, memory_order_acquire) < chunk; i++) sched_yield();
}

/* Wakes now and then, since whoever was to pass on may have been cancelled before he began. The lock is held. */
static tally_status wait_for_turn(tl_rolling *it, size_t chunk, tally_error *error) {
  enum { PATIENCE = 50 * 1000 * 1000 }; /* nanoseconds */
  while (it->state.chunks < chunk) {
    if (chunk > it->failed_at) return tl_fail(error, TALLY_ECANCEL, "interrupted");
    TL_TRY(tl_pool_check(error));
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += PATIENCE;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&it->passed_on, &it->lock, &until);
  }
  return TALLY_OK;
}

/* before  what the chunks before hand on */
static tally_status pass_on(tl_rolling *it, size_t chunk, const tl_survey *survey, tl_rolling_state *before, tally_error *error) {
  wait_a_little(it, chunk);
  pthread_mutex_lock(&it->lock);
  tally_status status = wait_for_turn(it, chunk, error);
  if (status == TALLY_OK) {
    *before = it->state;
    const tl_survey_case *found = &survey->cases[before->inside];
    it->state = (tl_rolling_state){.chunks = chunk + 1,
                                   .inside = before->inside ^ survey->odd_quotes,
                                   .line = before->line + survey->line_ends,
                                   .records = before->records + found->records,
                                   .blanks = before->blanks + found->blanks};
    atomic_store_explicit(&it->passed, chunk + 1, memory_order_release);
    pthread_cond_broadcast(&it->passed_on);
  }
  pthread_mutex_unlock(&it->lock);
  return status;
}

/* ---- a chunk ---- */

/* Bytes in view: a chunk with the byte before it, and so many after it as are there, `after` at most, and one more. */
typedef struct view {
  tally_text chunk, after;
  char before;
  bool to_end; /* nothing follows */
} view;

static tally_status view_chunk(const tl_rolling *it, size_t chunk, size_t after, tl_piece *piece, view *out, tally_error *error) {
  int64_t start = chunk_start(it, chunk), left = it->source->size - start;
  size_t before = chunk > 0, size = left < (int64_t)it->chunk_bytes ? (size_t)left : it->chunk_bytes;
  size_t rest = (size_t)(left - (int64_t)size), seen = after < rest ? after : rest;
  tally_text text;
  TL_TRY(tl_source_view(it->source, start - (int64_t)before, before + size + seen + (seen < rest), piece, &text, error));
  *out = (view){.chunk = tl_text(text.bytes + before, size),
                .after = tl_text(text.bytes + before + size, seen),
                .before = before ? text.bytes[0] : '\n',
                .to_end = seen == rest};
  return TALLY_OK;
}

static void survey_chunk(tl_rolling *it, size_t chunk, const view *v, tl_survey *out) {
  tl_scan_best()->survey(v->chunk.bytes, v->chunk.size, v->before, it->quote, out);
  if (!out->plain) tl_encoding_count(v->chunk, &it->censuses[chunk]);
}

/* The first bytes of what follows a chunk, in which a record nearly always ends; and how far is looked for its end. */
enum { AFTER = 1 << 12, AFTER_MOST = 1 << 24 };

static bool is_clean(const tl_census *census) {
  return census->invalid == 0 && census->nuls == 0;
}

/* Whether the bytes after the chunk, up to `end`, are text, the character on the border included. */
static bool follows_cleanly(const view *v, size_t end) {
  size_t back = 0;
  while (back < 3 && back < v->chunk.size && ((unsigned char)v->after.bytes[-(ptrdiff_t)back] & 0xC0) == 0x80) back++;
  tally_text text = tl_text(v->after.bytes - back, back + end);
  return tl_text_valid_utf8(text) == text.size && !memchr(text.bytes, 0, text.size);
}

/* Looks ever further for the end of the last record that begins in the chunk.
 * v    of the chunk; of more, when that was needed
 * end  in what follows the chunk */
static tally_status find_end(tl_rolling *it, size_t chunk, int inside, tl_piece *piece, view *v, tl_rolled *out, size_t *end,
                             tally_error *error) {
  *end = 0;
  out->odd = true;
  for (size_t after = AFTER; after <= AFTER_MOST; after *= 4) {
    tl_survey survey;
    if (after > AFTER) TL_TRY(view_chunk(it, chunk, after, piece, v, error));
    char before = v->chunk.bytes[v->chunk.size - 1];
    tl_scan_best()->survey(v->after.bytes, v->after.size, before, it->quote, &survey);
    const tl_survey_case *found = &survey.cases[inside];
    if (found->record_start == TL_NOWHERE && !v->to_end) continue;
    bool ends = found->record_start != TL_NOWHERE, open = !(v->after.size ? survey.ends_line : before == '\n' || before == '\r');
    *end = ends ? found->record_start : v->after.size;
    if (!ends) it->open_line = open;
    out->range.records += ends || open;
    out->range.blanks += ends && found->blank_before;
    bool unclosed = !ends && (inside ^ survey.odd_quotes);
    out->odd = unclosed || !is_clean(&it->censuses[chunk]) || !(survey.plain || follows_cleanly(v, *end));
    return TALLY_OK;
  }
  return TALLY_OK;
}

/* start  of the first record, in the chunk */
static tally_status find_range(tl_rolling *it, size_t chunk, const tl_survey *survey, const tl_rolling_state *before,
                               tl_piece *piece, view *v, tl_rolled *out, tally_error *error) {
  const tl_survey_case *found = &survey->cases[before->inside];
  size_t start = chunk > 0 ? found->record_start : 0, end;
  out->range = (tl_range){.byte = chunk_start(it, chunk) + (int64_t)start};
  if (start == TL_NOWHERE) return TALLY_OK;
  bool later = chunk > 0; /* a line end comes before the first record */
  out->records_before = before->records + later;
  out->blanks_before = before->blanks + (later && found->blank_before);
  out->range.line = before->line + (later ? found->lines_before : 0);
  out->range.records = found->records - later;
  out->range.blanks = found->blanks - (later && found->blank_before);
  TL_TRY(find_end(it, chunk, before->inside ^ survey->odd_quotes, piece, v, out, &end, error));
  if (out->odd) return TALLY_OK;
  out->range.size = v->chunk.size + end - start;
  out->text = tl_text(v->chunk.bytes + start, out->range.size);
  return TALLY_OK;
}

static tally_status take(tl_rolling *it, size_t chunk, tl_piece *piece, tl_rolled *out, tally_error *error) {
  view v;
  tl_survey survey;
  tl_rolling_state before;
  TL_TRY(view_chunk(it, chunk, AFTER, piece, &v, error));
  survey_chunk(it, chunk, &v, &survey);
  TL_TRY(pass_on(it, chunk, &survey, &before, error));
  TL_TRY(find_range(it, chunk, &survey, &before, piece, &v, out, error));
  it->ranges[chunk] = out->range;
  return TALLY_OK;
}

tally_status tl_rolling_take(tl_rolling *it, size_t chunk, tl_piece *piece, tl_rolled *out, tally_error *error) {
  *out = (tl_rolled){0};
  return take(it, chunk, piece, out, error);
}

void tl_rolling_end(tl_rolling *it, tl_ranges *out) {
  out->items = it->ranges;
  it->ranges = NULL;
  for (size_t i = 0; i < it->chunk_count; i++) {
    if (out->items[i].size > 0) out->items[out->count++] = out->items[i];
    tl_encoding_join(&out->census, &it->censuses[i]);
  }
  tl_encoding_end(&out->census);
  out->lines = it->state.line - it->line + it->open_line;
  out->quotes_closed = it->state.inside == 0;
}
