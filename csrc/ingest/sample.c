/* ingest/sample: a file is looked into where rows begin, at places that lie equally far apart, and at its end. */
#include "ingest/sample.h"

#include "ingest/scan.h"

enum { PLACE_BYTES = 1 << 18, END_BYTES = 1 << 14 };

typedef struct sampling {
  const tl_source *source;
  int64_t first;
  tl_piece *piece;
  tl_sample *out;
} sampling;

/* Whole lines within `size` bytes from `from`; none when there is no line end. */
static tally_status lines_at(const sampling *it, int64_t from, int64_t size, tl_range *out, tally_error *error) {
  tally_text bytes;
  tl_survey survey;
  TL_TRY(tl_source_view(it->source, from, (size_t)size, it->piece, &bytes, error));
  tl_scan_best()->survey(bytes.bytes, bytes.size, '\n', 0, &survey);
  bool ends = from + size == it->source->size;
  size_t start = survey.cases[0].record_start, end = bytes.size;
  while (!ends && end > 0 && bytes.bytes[end - 1] != '\n' && bytes.bytes[end - 1] != '\r') end--;
  *out = (tl_range){.byte = from};
  if (start == TL_NOWHERE || start >= end) return TALLY_OK;
  *out = (tl_range){.byte = from + (int64_t)start, .size = end - start, .records = survey.line_ends + 1};
  return TALLY_OK;
}

/* The first rows begin where rows begin; elsewhere, where a line does. */
static tally_status add_place(const sampling *it, int64_t from, int64_t size, tally_error *error) {
  tl_range *range = &it->out->ranges[it->out->count];
  TL_TRY(lines_at(it, from, size, range, error));
  if (from == it->first) {
    range->records = range->size ? range->records + 1 : 2; /* the first, and one that is cut */
    range->size = range->size ? (size_t)(range->byte - from) + range->size : (size_t)size;
    range->byte = from;
  }
  it->out->count += range->size > 0;
  return TALLY_OK;
}

static tally_status choose(const sampling *it, tally_error *error) {
  int64_t size = it->source->size - it->first;
  if (size <= TL_SAMPLE_PLACES * PLACE_BYTES) return size > 0 ? add_place(it, it->first, size, error) : TALLY_OK;
  for (int64_t i = 0; i < TL_SAMPLE_PLACES; i++) {
    TL_TRY(add_place(it, it->first + i * (size / TL_SAMPLE_PLACES), PLACE_BYTES, error));
  }
  return add_place(it, it->first + size - END_BYTES, END_BYTES, error);
}

tally_status tl_sample_choose(const tl_source *source, int64_t first, tl_sample *out, tally_error *error) {
  tl_piece piece = TL_PIECE;
  sampling it = {source, first, &piece, out};
  out->count = 0;
  tally_status status = choose(&it, error);
  tl_piece_done(&piece);
  return status;
}

int64_t tl_sample_records(const tl_sample *sample, int64_t bytes) {
  double records = 0, size = 0;
  for (size_t i = 0; i < sample->count; i++) {
    records += (double)sample->ranges[i].records;
    size += (double)sample->ranges[i].size;
  }
  return size > 0 ? (int64_t)(records / size * (double)bytes) : 0;
}
