/* ingest/open_quote: the records are gone over as ingest/lax does, but for looking ahead: a record of several lines that is a
 * proper one is passed, and with the first that is not the search ends. */
#include "ingest/open_quote.h"

#include <string.h>

#include "base/pool.h"
#include "ingest/quoting.h"
#include "ingest/rows.h"

typedef struct search {
  const tl_dialect *dialect;
  tl_place now;
  size_t joints;       /* separators in the record */
  bool comment;        /* the line is passed over */
  bool fresh;          /* nothing of the line was seen */
  bool several;        /* a line of the record has ended inside quotes; its first one ... */
  bool flawed;         /* text comes after a closing quote */
  bool lost;           /* the search has ended */
  bool was_return;     /* the byte before is a CR */
  int64_t line, start; /* of the record: its first line, its first byte */
  int64_t opened;      /* ... where the quote was opened in which that line ended */
  int64_t lines;       /* of the record so far */
} search;

static void begin_record(search *s, int64_t at) {
  s->line += s->lines;
  s->start = at;
  s->lines = 0;
  s->joints = 0;
  s->now = TL_AT_START;
  s->fresh = true;
  s->comment = s->several = s->flawed = false;
}

static bool is_proper(const search *s) {
  const tl_dialect *d = s->dialect;
  return !s->flawed && (d->least == 0 || (s->joints + 1 >= d->least && s->joints + 1 <= d->most));
}

static void end_line(search *s, int64_t next) {
  s->lines++;
  if (s->now == TL_QUOTED && !s->comment) {
    s->lost |= !s->several && s->flawed;
    s->several = true;
    return;
  }
  s->lost |= s->several && !is_proper(s);
  begin_record(s, next);
}

static void pass_byte(search *s, char c, int64_t at) {
  const tl_dialect *d = s->dialect;
  if (s->fresh && d->comment && c == d->comment) s->comment = true;
  s->fresh = false;
  if (s->comment) return;
  tl_step step = tl_step_over(d, (unsigned char)d->quote, s->now, c);
  s->now = step.now;
  s->joints += step.joint;
  s->flawed |= step.after;
  if (step.opens && !s->several) s->opened = at;
}

/* A CR LF ends one line. */
static void pass_piece(search *s, tally_text piece, int64_t byte) {
  for (size_t i = 0; i < piece.size && !s->lost; i++) {
    char c = piece.bytes[i];
    int64_t at = byte + (int64_t)i;
    if (c == '\n' && s->was_return) {
      if (!s->several) s->start = at + 1;
    } else if (c == '\n' || c == '\r') {
      end_line(s, at + 1);
    } else {
      pass_byte(s, c, at);
    }
    s->was_return = c == '\r';
  }
}

static tally_status pass_all(search *s, const tl_source *source, int64_t byte, tally_error *error) {
  enum { PIECE_BYTES = 1 << 20 };
  tl_piece piece = TL_PIECE;
  tally_status status = TALLY_OK;
  for (; byte < source->size && !s->lost && status == TALLY_OK; byte += PIECE_BYTES) {
    int64_t left = source->size - byte;
    tally_text text;
    status = tl_pool_check(error);
    if (status == TALLY_OK)
      status = tl_source_view(source, byte, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES, &piece, &text, error);
    if (status == TALLY_OK) pass_piece(s, text, byte);
  }
  tl_piece_done(&piece);
  return status;
}

tally_status tl_open_quote_refuse(const tl_source *source, const tl_dialect *dialect, int64_t byte, int64_t line,
                                  tally_error *error) {
  search s = {.dialect = dialect, .line = line};
  if (!dialect->quote) return TALLY_OK;
  begin_record(&s, byte);
  TL_TRY(pass_all(&s, source, byte, error));
  if (s.lost || s.comment || s.now != TL_QUOTED || (s.flawed && !s.several)) return TALLY_OK;
  return tl_fail_at(error, TALLY_ESYNTAX, source->name, s.line, s.opened - s.start + 1, "%s", tl_open_quote_text);
}
