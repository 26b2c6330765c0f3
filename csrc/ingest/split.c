/* ingest/split: ingest/scan says where fields end; here they become rows. Rows of the same, proper number of fields go on together,
 * as a batch, which is nothing but the list of these places; any other row goes on as a record. All this is right only where every
 * quote opens a field, closes it or is doubled; where the scan finds that it does not hold, or a row of several lines is too short
 * or too long, the text belongs to ingest/lax. */
#include "ingest/split.h"

#include "ingest/scan.h"

typedef struct walk {
  tl_split *split;
  const tl_dialect *dialect;
  tally_text text;
  int64_t byte;
  tl_row_visitor visitor;
  tl_scanner scanner;
  size_t start;     /* of the next record */
  size_t ends;      /* places in split->ends, from the start of the next record */
  size_t line_ends; /* how many of them end a record */
  int64_t line;     /* of the byte at `counted` */
  size_t counted;
  bool regular, enough;
} walk;

/* ---- places ---- */

/* The end of the text ends a record, too. */
static bool ends_record(const walk *w, size_t end) {
  return end == w->text.size || w->text.bytes[end] == '\n' || w->text.bytes[end] == '\r';
}

static size_t next_start(const walk *w, size_t end) {
  return end == w->text.size ? end : tl_after_line_end(w->text.bytes, end);
}

/* The line of a place; it is asked for in order. */
static int64_t line_at(walk *w, size_t place) {
  for (; w->counted < place; w->counted++) {
    char c = w->text.bytes[w->counted];
    bool second = c == '\n' && w->counted > 0 && w->text.bytes[w->counted - 1] == '\r';
    w->line += (c == '\n' || c == '\r') && !second;
  }
  return w->line;
}

/* ---- quotes ---- */

tally_text tl_unfold(tally_text between, char quote, char **scratch) {
  const char *from = between.bytes, *end = from + between.size, *at = between.size ? memchr(from, quote, between.size) : NULL;
  if (!at) return between;
  char *start = *scratch, *to = start;
  for (; at; at = from < end ? memchr(from, quote, (size_t)(end - from)) : NULL) {
    memcpy(to, from, (size_t)(at + 1 - from));
    to += at + 1 - from;
    from = at + 2;
  }
  memcpy(to, from, (size_t)(end - from));
  *scratch = to + (end - from);
  return tl_text(start, (size_t)(*scratch - start));
}

/* The field [start, end) without its quotes. */
static tl_field take_field(const walk *w, size_t start, size_t end, char **scratch) {
  char quote = w->dialect->quote;
  tally_text text = tl_text(w->text.bytes + start, end - start);
  bool quoted = quote && text.size > 0 && text.bytes[0] == quote;
  if (quoted) text = tl_unfold(tl_text(text.bytes + 1, text.size - 2), quote, scratch);
  return (tl_field){text, quoted};
}

/* ---- one record ---- */

static bool is_comment(const walk *w, size_t start) {
  return w->dialect->comment && w->text.bytes[start] == w->dialect->comment;
}

static tally_status visit_record(walk *w, const tl_field *fields, size_t count, size_t start, size_t end, tally_error *error) {
  if (is_comment(w, start)) return TALLY_OK;
  size_t next = next_start(w, end);
  tl_record record = {.fields = fields,
                      .count = count,
                      .raw = tl_text(w->text.bytes + start, end - start),
                      .byte = w->byte + (int64_t)start,
                      .line = line_at(w, start),
                      .next_byte = w->byte + (int64_t)next,
                      .next_line = line_at(w, next)};
  return w->visitor.record(w->visitor.context, &record, &w->enough, error);
}

/* A record of several lines that is a comment or has the wrong number of fields: a quote may have been left open, and ingest/lax
 * tells what it holds. */
static bool may_be_several(const walk *w, size_t count, size_t start, size_t end) {
  const tl_dialect *d = w->dialect;
  bool proper = d->least == 0 || (count >= d->least && count <= d->most);
  if (proper && !is_comment(w, start)) return false;
  const char *bytes = w->text.bytes + start;
  return memchr(bytes, '\n', end - start) || memchr(bytes, '\r', end - start);
}

/* The record whose fields end at ends[0 .. count-1]. */
static tally_status take_record(walk *w, const uint32_t *ends, size_t count, tally_error *error) {
  tl_split *s = w->split;
  TL_TRY(tl_mem_reserve((void **)&s->fields, &s->field_capacity, count, sizeof *s->fields, error));
  size_t start = w->start, field = start;
  char *scratch = s->scratch;
  w->regular = !may_be_several(w, count, start, ends[count - 1]);
  if (!w->regular) return TALLY_OK;
  for (size_t i = 0; i < count; field = ends[i++] + 1) s->fields[i] = take_field(w, field, ends[i], &scratch);
  TL_TRY(visit_record(w, s->fields, count, start, ends[count - 1], error));
  w->start = next_start(w, ends[count - 1]);
  return TALLY_OK;
}

/* ---- batches ---- */

/* Fields of the record whose first field ends at ends[0]; 0 when the record is not complete. */
static size_t fields_of(const walk *w, const uint32_t *ends, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (ends_record(w, ends[i])) return i + 1;
  }
  return 0;
}

/* Every `width`-th of so many ends as there are line ends among `count` ends a record: then no other does. */
static bool all_alike(const walk *w, const uint32_t *ends, size_t count, size_t width) {
  if (w->line_ends * width > count || w->dialect->comment) return false;
  for (size_t row = 1; row <= w->line_ends; row++) {
    if (!ends_record(w, ends[row * width - 1])) return false;
  }
  return true;
}

/* How many records from here on have `width` fields, and are no comments. */
static size_t rows_alike(const walk *w, const uint32_t *ends, size_t count, size_t width) {
  if (all_alike(w, ends, count, width)) return w->line_ends;
  size_t rows = 0, start = w->start;
  while (!is_comment(w, start) && fields_of(w, ends, count) == width) {
    start = next_start(w, ends[width - 1]);
    ends += width;
    count -= width;
    rows++;
  }
  return rows;
}

/* A batch of the records from here on that are like the first, which has `width` fields. *taken: the rows of it, 0 when nobody took
 * it. *singly: how many records are to be taken one by one instead. */
static tally_status take_batch(walk *w, const uint32_t *ends, size_t count, size_t width, size_t *taken, size_t *singly,
                               tally_error *error) {
  const tl_dialect *d = w->dialect;
  *taken = 0;
  *singly = 1;
  if (!w->visitor.batch || width < d->least || width > d->most || (width == 1 && d->most > 1)) return TALLY_OK;
  tl_batch batch = {.rows = rows_alike(w, ends, count, width),
                    .width = width,
                    .bytes = w->text.bytes,
                    .byte = w->byte,
                    .start = w->start,
                    .ends = ends,
                    .scratch = w->split->scratch};
  if (batch.rows == 0) return TALLY_OK;
  if (batch.rows > TL_BATCH_ROWS) batch.rows = TL_BATCH_ROWS;
  *singly = batch.rows;
  if (w->scanner.quotes_end > w->start) batch.quote = d->quote;
  batch.doubled = w->split->doubled;
  batch.doubled_count = w->scanner.doubled_count;
  batch.doubled_anywhere = w->scanner.doubled_lost > 0;
  bool wanted;
  TL_TRY(w->visitor.batch(w->visitor.context, &batch, &wanted, &w->enough, error));
  if (!wanted) return TALLY_OK;
  *taken = batch.rows;
  w->start = next_start(w, ends[batch.rows * width - 1]);
  return TALLY_OK;
}

/* ---- the text ---- */

/* All complete records among the places found so far. What is left of the last one moves to the front. */
static tally_status take_records(walk *w, tally_error *error) {
  const uint32_t *ends = w->split->ends;
  size_t left = w->ends, width, singly = 0;
  while (w->regular && !w->enough && (width = fields_of(w, ends, left)) > 0) {
    size_t rows = 0;
    if (singly == 0) TL_TRY(take_batch(w, ends, left, width, &rows, &singly, error));
    if (rows == 0) {
      TL_TRY(take_record(w, ends, width, error));
      singly--;
      rows = 1;
    } else {
      singly = 0;
      width = rows * width;
    }
    ends += width;
    left -= width;
    w->line_ends -= rows;
  }
  memmove(w->split->ends, ends, left * sizeof *ends);
  w->ends = left;
  return TALLY_OK;
}

/* Those before the next record are not asked for again. */
static void forget_doubled(walk *w) {
  tl_scanner *s = &w->scanner;
  size_t passed = 0;
  while (passed < s->doubled_count && s->doubled[passed] < w->start) passed++;
  s->doubled_count -= passed;
  memmove(s->doubled, s->doubled + passed, s->doubled_count * sizeof *s->doubled);
}

/* More places, at least one more unless the text is at its end, which ends the last record, but not inside quotes. */
static tally_status find_ends(walk *w, tl_index_kernel index, tally_error *error) {
  tl_split *s = w->split;
  size_t enough = w->ends < TL_BATCH_FIELDS ? TL_BATCH_FIELDS : w->ends, line_ends;
  forget_doubled(w);
  TL_TRY(tl_mem_reserve((void **)&s->ends, &s->end_capacity, w->ends + enough + TL_INDEX_SLACK, sizeof *s->ends, error));
  w->ends += index(&w->scanner, enough, s->ends + w->ends, &line_ends);
  w->line_ends += line_ends;
  if (w->scanner.at < w->text.size) return TALLY_OK;
  size_t last = w->ends ? s->ends[w->ends - 1] : 0;
  size_t open = w->ends == 0 ? w->start : ends_record(w, last) ? next_start(w, last) : last;
  if (open < w->text.size && w->scanner.inside == 0) {
    s->ends[w->ends++] = (uint32_t)w->text.size;
    w->line_ends++;
  }
  return TALLY_OK;
}

/* What ends at `place` or later does not count. */
static void forget_ends(walk *w, size_t place) {
  const uint32_t *ends = w->split->ends;
  for (; w->ends > 0 && ends[w->ends - 1] >= place; w->ends--) w->line_ends -= ends_record(w, ends[w->ends - 1]);
}

/* Fields cannot unfold to more bytes than the text has; the room is made once, so that they do not move. */
static tally_status walk_text(walk *w, tally_error *error) {
  if (w->dialect->quote) {
    TL_TRY(tl_mem_reserve((void **)&w->split->scratch, &w->split->scratch_capacity, w->text.size + TL_PADDING, 1, error));
  }
  tl_index_kernel index = tl_scan_best()->index;
  do {
    TL_TRY(find_ends(w, index, error));
    forget_ends(w, w->scanner.irregular);
    TL_TRY(take_records(w, error));
    w->regular &= w->enough || w->scanner.irregular == TL_NOWHERE;
  } while (w->regular && !w->enough && w->scanner.at < w->text.size);
  w->regular &= w->enough || w->scanner.inside == 0;
  return TALLY_OK;
}

tally_status tl_split_records(tl_split *split, const tl_dialect *dialect, tally_text text, int64_t byte, int64_t line,
                              tl_row_visitor visitor, bool *regular, tally_error *error) {
  walk w = {.split = split,
            .dialect = dialect,
            .text = text,
            .byte = byte,
            .visitor = visitor,
            .line = line,
            .scanner = tl_scanner_start(text.bytes, text.size, dialect->quote, dialect->separator, split->doubled),
            .regular = text.size < UINT32_MAX};
  if (w.regular && text.size > 0) TL_TRY(walk_text(&w, error));
  *regular = w.regular;
  return TALLY_OK;
}

void tl_split_done(tl_split *split) {
  tl_mem_free(split->ends);
  tl_mem_free(split->fields);
  tl_mem_free(split->scratch);
  *split = (tl_split)TL_SPLIT;
}
