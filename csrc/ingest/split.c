/* ingest/split: walks from one structural byte to the next by the masks of ingest/scan. That is right only where every quote opens
 * a field, closes it or is doubled; it is checked on the way, by counting the quotes that fields account for, and where it does not
 * hold the text belongs to ingest/lax. */
#include "ingest/split.h"

#include "ingest/scan.h"

typedef struct walk {
  tl_split *split;
  const tl_dialect *dialect;
  tally_text text;
  int64_t byte;
  tl_record_visit visit;
  void *context;
  tl_scanner scanner;
  size_t record_start, field_start, count;
  size_t scratch_used;
  int64_t record_line, lines; /* line of the record; line ends before the current block */
  int64_t quotes_seen, quotes_used;
  bool regular, enough;
} walk;

/* A quoted field in `field`, quotes included: doubled quotes are made single in the scratch room. */
static bool unquote(walk *w, tally_text field, tl_field *out) {
  char quote = w->dialect->quote;
  tally_text body = tl_text(field.bytes + 1, field.size - 2);
  *out = (tl_field){body, true};
  w->quotes_used += 2;
  const char *end = body.bytes + body.size, *at = body.size ? memchr(body.bytes, quote, body.size) : NULL;
  if (!at) return true;
  char *start = w->split->scratch + w->scratch_used, *to = start;
  const char *from = body.bytes;
  for (; at; at = from < end ? memchr(from, quote, (size_t)(end - from)) : NULL) {
    if (at + 1 == end || at[1] != quote) return false;
    w->quotes_used += 2;
    memcpy(to, from, (size_t)(at + 1 - from));
    to += at + 1 - from;
    from = at + 2;
  }
  memcpy(to, from, (size_t)(end - from));
  to += end - from;
  w->scratch_used += (size_t)(to - start);
  out->text = tl_text(start, (size_t)(to - start));
  return true;
}

static tally_status end_field(walk *w, size_t end, tally_error *error) {
  tl_split *s = w->split;
  TL_TRY(tl_mem_reserve((void **)&s->fields, &s->field_capacity, w->count + 1, sizeof *s->fields, error));
  tally_text field = tl_text(w->text.bytes + w->field_start, end - w->field_start);
  tl_field *out = &s->fields[w->count++];
  *out = (tl_field){field, false};
  char quote = w->dialect->quote;
  if (!quote || field.size == 0 || field.bytes[0] != quote) return TALLY_OK;
  if (field.size < 2 || field.bytes[field.size - 1] != quote || !unquote(w, field, out)) w->regular = false;
  return TALLY_OK;
}

static bool is_comment(const walk *w) {
  return w->dialect->comment && w->text.bytes[w->record_start] == w->dialect->comment;
}

/* The record ends at `end`; what follows starts at `next`, on the line `next_line`. */
static tally_status end_record(walk *w, size_t end, size_t next, int64_t next_line, tally_error *error) {
  TL_TRY(end_field(w, end, error));
  tl_record record = {.fields = w->split->fields,
                      .count = w->count,
                      .raw = tl_text(w->text.bytes + w->record_start, end - w->record_start),
                      .byte = w->byte + (int64_t)w->record_start,
                      .line = w->record_line,
                      .next_byte = w->byte + (int64_t)next,
                      .next_line = next_line};
  if (w->regular && !is_comment(w)) TL_TRY(w->visit(w->context, &record, &w->enough, error));
  w->record_start = w->field_start = next;
  w->count = w->scratch_used = 0;
  w->record_line = next_line;
  return TALLY_OK;
}

/* A record cannot unfold to more bytes than the text has; the room is made once, so that fields in it do not move. */
static tally_status start_walk(walk *w, tally_error *error) {
  tl_split *s = w->split;
  tl_scanner_start(&w->scanner, w->text.bytes, w->text.size, w->dialect->quote, w->dialect->separator, false);
  return tl_mem_reserve((void **)&s->scratch, &s->scratch_capacity, w->text.size, 1, error);
}

static tally_status walk_block(walk *w, tally_error *error) {
  tl_scanner *s = &w->scanner;
  uint64_t ends = s->line_ends & ~s->quoted, structure = ends | (s->separators & ~s->quoted);
  for (; structure && w->regular && !w->enough; structure &= structure - 1) {
    int bit = __builtin_ctzll(structure);
    size_t at = s->at + (size_t)bit, next = at + 1;
    if (at < w->field_start) continue;
    if (ends >> bit & 1) {
      int64_t lines = w->lines + __builtin_popcountll(s->line_ends & (((uint64_t)2 << bit) - 1));
      if (w->text.bytes[at] == '\r' && next < w->text.size && w->text.bytes[next] == '\n') next++;
      TL_TRY(end_record(w, at, next, lines, error));
    } else {
      TL_TRY(end_field(w, at, error));
      w->field_start = next;
    }
  }
  w->lines += __builtin_popcountll(s->line_ends);
  w->quotes_seen += __builtin_popcountll(s->quotes);
  return TALLY_OK;
}

tally_status tl_split_records(tl_split *split, const tl_dialect *dialect, tally_text text, int64_t byte, int64_t line,
                              tl_record_visit visit, void *context, bool *regular, tally_error *error) {
  walk w = {.split = split,
            .dialect = dialect,
            .text = text,
            .byte = byte,
            .visit = visit,
            .context = context,
            .record_line = line,
            .lines = line,
            .regular = true};
  TL_TRY(start_walk(&w, error));
  while (w.regular && !w.enough && tl_scanner_next(&w.scanner)) TL_TRY(walk_block(&w, error));
  if (w.regular && !w.enough) {
    if (w.record_start < text.size) TL_TRY(end_record(&w, text.size, text.size, 0, error));
    w.regular = w.regular && w.quotes_seen == w.quotes_used && w.scanner.inside == 0;
  }
  *regular = w.regular;
  return TALLY_OK;
}

void tl_split_done(tl_split *split) {
  tl_mem_free(split->fields);
  tl_mem_free(split->scratch);
  *split = (tl_split)TL_SPLIT;
}
