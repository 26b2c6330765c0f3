/* ingest/sniff: a sample of records decides. The separator is the one under which most records have the same number of fields, more
 * than one, and of those that are equal in this, the one that makes more of the fields numbers and dates. That number is the width
 * of the table; records above it that are much narrower, or read "key:, value", are the preamble; the first that is not is the
 * header, unless it has numbers where only a row of data would. Nothing is decided about types. */
#include "ingest/sniff.h"

#include <stdio.h>

#include "ingest/infer.h"
#include "ingest/lax.h"

enum { SAMPLE_MOST = 200 };

typedef struct sample {
  tl_arena *arena;
  tl_record records[SAMPLE_MOST];
  size_t count;
} sample;

/* ---- gathering ---- */

static tally_status keep_record(void *context, const tl_record *record, bool *enough, tally_error *error) {
  sample *s = context;
  tl_field *fields = tl_arena_new(s->arena, record->count * sizeof *fields);
  if (!fields) return tl_no_memory(error);
  for (size_t i = 0; i < record->count; i++) {
    tally_text text = tl_text_trim(record->fields[i].text);
    fields[i] = (tl_field){tl_text(tl_arena_text(s->arena, text.bytes, text.size), text.size), record->fields[i].quoted};
    if (!fields[i].text.bytes) return tl_no_memory(error);
  }
  s->records[s->count] = *record;
  s->records[s->count++].fields = fields;
  *enough = s->count == SAMPLE_MOST;
  return TALLY_OK;
}

/* The last record of a head that is not the whole file may be cut. */
static tally_status gather(const tl_dialect *dialect, tally_text head, bool whole, int64_t byte, int64_t line, sample *out,
                           tally_error *error) {
  out->count = 0;
  TL_TRY(tl_lax_records(dialect, head, byte, line, keep_record, out, error));
  if (!whole && out->count > 1 && out->records[out->count - 1].next_byte == byte + (int64_t)head.size) out->count--;
  return TALLY_OK;
}

/* ---- width and separator ---- */

typedef struct agreement {
  size_t width;   /* the number of fields ... */
  size_t records; /* ... that so many records have */
  size_t total;   /* records that are not blank */
  size_t shaped;  /* fields of these records that are numbers, dates and the like */
} agreement;

static size_t records_of_width(const sample *s, size_t width) {
  size_t count = 0;
  for (size_t i = 0; i < s->count; i++) count += s->records[i].count == width && !tl_record_is_blank(&s->records[i]);
  return count;
}

/* The width that most separators speak for, so that a long narrow preamble does not outweigh a short wide table. */
static agreement agree(const sample *s) {
  agreement best = {0};
  size_t best_weight = 0, total = 0;
  for (size_t i = 0; i < s->count; i++) {
    if (tl_record_is_blank(&s->records[i])) continue;
    total++;
    size_t width = s->records[i].count, records = records_of_width(s, width);
    size_t weight = (width - 1) * (records > 1 ? records * 16 : 1);
    if (best.records > 0 && weight <= best_weight) continue;
    best = (agreement){.width = width, .records = records};
    best_weight = weight;
  }
  best.total = total;
  return best;
}

static bool is_shaped(tally_text text) {
  return text.size > 0 && ((tl_infer_shapes(text, '.') | tl_infer_shapes(text, ',')) & ~(uint32_t)TL_SHAPE_TEXT);
}

static size_t count_shaped(const sample *s, size_t width) {
  size_t count = 0;
  for (size_t i = 0; i < s->count; i++) {
    for (size_t f = 0; s->records[i].count == width && f < width; f++) count += is_shaped(s->records[i].fields[f].text);
  }
  return count;
}

/* In this order: records that agree, fields that have a shape, both as shares; fields. */
static bool is_better(agreement a, agreement b) {
  if (a.width < 2) return false;
  if (b.width < 2) return true;
  size_t left = a.records * b.total, right = b.records * a.total;
  if (left != right) return left > right;
  left = a.shaped * b.records * b.width;
  right = b.shaped * a.records * a.width;
  return left > right || (left == right && a.width > b.width);
}

static tally_status find_separator(const tl_dialect *dialect, tally_text head, bool whole, sample *s, char *out,
                                   tally_error *error) {
  static const char candidates[] = {',', ';', '\t', '|'};
  agreement best = {0};
  *out = ',';
  for (size_t i = 0; i < sizeof candidates; i++) {
    tl_dialect tried = *dialect;
    tried.separator = candidates[i];
    if (!memchr(head.bytes, tried.separator, head.size)) continue; /* one field a record */
    TL_TRY(gather(&tried, head, whole, 0, 1, s, error));
    agreement found = agree(s);
    found.shaped = count_shaped(s, found.width);
    if (!is_better(found, best)) continue;
    best = found;
    *out = candidates[i];
  }
  return TALLY_OK;
}

/* ---- preamble ---- */

/* Fields up to the last that is not empty. */
static size_t used_fields(const tl_record *record) {
  size_t count = record->count;
  while (count > 0 && record->fields[count - 1].text.size == 0) count--;
  return count;
}

static bool ends_with_colon(tally_text text) {
  return text.size > 0 && text.bytes[text.size - 1] == ':';
}

/* A record that belongs above a table of `width` columns, not into it. */
static bool is_preamble(const tl_record *record, size_t width, bool continues) {
  size_t used = used_fields(record);
  if (width < 2 || used > 3) return used == 0 && width > 1;
  if (used < 2 || ends_with_colon(record->fields[0].text)) return true;
  return used * 2 <= width || (continues && record->fields[0].text.size == 0);
}

/* The first record that is no preamble; when all are, the first that is not blank. */
static size_t find_table(const sample *s, size_t width) {
  bool continues = false;
  size_t first = s->count;
  for (size_t i = 0; i < s->count; i++) {
    const tl_record *record = &s->records[i];
    if (tl_record_is_blank(record)) continue;
    if (first == s->count) first = i;
    if (!is_preamble(record, width, continues)) return i;
    continues = true;
  }
  return first;
}

/* ---- header or not ---- */

static bool is_number(tally_text text) {
  return (tl_infer_shapes(text, '.') & (TL_SHAPE_INTEGER | TL_SHAPE_DECIMAL)) != 0;
}

/* Every value below the record `header` in this column is a number, and there is one. */
static bool is_numeric_column(const sample *s, size_t header, size_t column) {
  bool any = false;
  for (size_t i = header + 1; i < s->count; i++) {
    if (column >= s->records[i].count || s->records[i].fields[column].text.size == 0) continue;
    if (!is_number(s->records[i].fields[column].text)) return false;
    any = true;
  }
  return any;
}

/* Numbers that name columns: years, or a series of equal steps such as 0, 1, 2. */
typedef struct series {
  size_t count;
  bool years, steps;
  int64_t last, step;
} series;

static void extend_series(series *s, tally_text text) {
  tl_numeral numeral;
  int64_t value = 0;
  bool whole = tl_numeral_parse(text, '.', &numeral) && tl_numeral_is_whole(&numeral) && tl_numeral_integer(&numeral, &value);
  s->years = s->years && whole && value >= 1800 && value <= 2200;
  int64_t step = s->count > 0 ? (int64_t)((uint64_t)value - (uint64_t)s->last) : 0;
  s->steps = s->steps && whole && (s->count == 0 || step > 0) && (s->count < 2 || step == s->step);
  s->last = value;
  s->step = step;
  s->count++;
}

/* A row of data has numbers where the rows below it have them. */
static bool is_data(const sample *s, size_t at) {
  const tl_record *record = &s->records[at];
  series numbers = {.years = true, .steps = true};
  for (size_t i = 0; i < record->count; i++) {
    tally_text text = record->fields[i].text;
    if (text.size == 0 || !is_numeric_column(s, at, i)) continue;
    if (!is_number(text)) return false;
    extend_series(&numbers, text);
  }
  return numbers.count > 0 && !numbers.years && !(numbers.steps && numbers.count >= 3);
}

/* ---- metadata ---- */

/* A line of dashes, equal signs or underscores. */
static bool is_rule(tally_text text) {
  if (text.size < 3) return false;
  for (size_t i = 0; i < text.size; i++) {
    if (text.bytes[i] != text.bytes[0] || !strchr("-=_*", text.bytes[i])) return false;
  }
  return true;
}

/* "Title: value" at its first colon; without one the key is missing. The colon of an address is none. */
static tl_metadata_row split_at_colon(tally_text text) {
  for (size_t i = 0; i < text.size; i++) {
    if (text.bytes[i] != ':' || (i + 1 < text.size && text.bytes[i + 1] == '/')) continue;
    return (tl_metadata_row){tl_text_trim(tl_text(text.bytes, i)), tl_text_trim(tl_text(text.bytes + i + 1, text.size - i - 1))};
  }
  return (tl_metadata_row){.value = text};
}

/* Fields first .. count-1, joined by ": ". */
static tally_status join_fields(const tl_record *record, size_t first, size_t count, tl_arena *arena, tally_text *out,
                                tally_error *error) {
  size_t size = 0;
  for (size_t i = first; i < count; i++) size += record->fields[i].text.size + 2;
  char *text = tl_arena_new(arena, size + 1), *to = text;
  if (!text) return tl_no_memory(error);
  for (size_t i = first; i < count; i++) {
    tally_text field = record->fields[i].text;
    if (to > text) to = (char *)memcpy(to, ": ", 2) + 2;
    memcpy(to, field.bytes, field.size);
    to += field.size;
  }
  *out = tl_text(text, (size_t)(to - text));
  return TALLY_OK;
}

static tally_status metadata_of(const tl_record *record, tl_arena *arena, tl_metadata_row *out, tally_error *error) {
  size_t used = used_fields(record);
  tally_text first = record->fields[0].text;
  if (used == 1) {
    *out = split_at_colon(first);
    return TALLY_OK;
  }
  if (ends_with_colon(first)) first = tl_text_trim(tl_text(first.bytes, first.size - 1));
  *out = (tl_metadata_row){.key = first};
  return join_fields(record, 1, used, arena, &out->value, error);
}

static tally_status gather_metadata(const sample *s, size_t table, tl_layout *out, tally_error *error) {
  out->metadata = tl_arena_new(s->arena, (table + 1) * sizeof *out->metadata);
  if (!out->metadata) return tl_no_memory(error);
  for (size_t i = 0; i < table; i++) {
    const tl_record *record = &s->records[i];
    size_t used = used_fields(record);
    if (used == 0 || (used == 1 && is_rule(record->fields[0].text))) continue;
    TL_TRY(metadata_of(record, s->arena, &out->metadata[out->metadata_count++], error));
  }
  return TALLY_OK;
}

/* ---- together ---- */

/* Whether between any two fields of the record stands quote, separator, quote, and a quote at either end. */
static bool is_quoted_throughout(const tl_record *record, const tl_dialect *d) {
  tally_text raw = record->raw;
  if (raw.size < 2 || raw.bytes[0] != d->quote || raw.bytes[raw.size - 1] != d->quote) return false;
  size_t joints = 0;
  for (size_t i = 1; i + 1 < raw.size; i++) {
    joints += raw.bytes[i] == d->separator && raw.bytes[i - 1] == d->quote && raw.bytes[i + 1] == d->quote;
  }
  return joints + 1 >= record->count;
}

static bool all_quoted(const sample *s, int64_t from_byte, const tl_dialect *d) {
  bool any = false;
  for (size_t i = 0; i < s->count; i++) {
    if (s->records[i].byte < from_byte || tl_record_is_blank(&s->records[i])) continue;
    if (!is_quoted_throughout(&s->records[i], d)) return false;
    any = true;
  }
  return any;
}

/* Rows begin at the first record of the table, or after it when it is the header. */
static tally_status lay_out(const tally_csv_options *options, const sample *s, tl_layout *out, tally_error *error) {
  agreement found = agree(s);
  out->width = found.width;
  out->agreeing = found.records;
  out->sampled = found.total;
  if (options->header == TALLY_HEADER_NONE) return TALLY_OK;
  size_t table = find_table(s, options->header == TALLY_HEADER_GUESS ? out->width : 0);
  if (table == s->count) return TALLY_OK;
  TL_TRY(gather_metadata(s, table, out, error));
  const tl_record *first = &s->records[table];
  bool is_header = options->header == TALLY_HEADER_FIRST || !is_data(s, table);
  if (is_header) out->header = *first;
  out->data_byte = is_header ? first->next_byte : first->byte;
  out->data_line = is_header ? first->next_line : first->line;
  return TALLY_OK;
}

tally_status tl_sniff(const tally_csv_options *options, const tl_dialect *dialect, tally_text head, bool whole, int64_t byte,
                      int64_t line, tl_arena *arena, tl_layout *out, tally_error *error) {
  *out = (tl_layout){.separator = dialect->separator, .data_byte = byte, .data_line = line};
  tl_dialect found = *dialect;
  sample *s = tl_arena_new(arena, sizeof *s);
  if (!s) return tl_no_memory(error);
  s->arena = arena;
  out->guessed = found.separator == 0;
  if (out->guessed) TL_TRY(find_separator(dialect, head, whole, s, &found.separator, error));
  TL_TRY(gather(&found, head, whole, byte, line, s, error));
  out->separator = found.separator;
  TL_TRY(lay_out(options, s, out, error));
  out->everything_quoted = found.quote && all_quoted(s, out->data_byte, &found);
  return TALLY_OK;
}

void tl_layout_evidence(const tl_layout *layout, char *to, size_t size) {
  if (!layout->guessed) {
    snprintf(to, size, "given");
  } else if (layout->width < 2) {
    snprintf(to, size, "no separator was found: one column");
  } else {
    snprintf(to, size, "%zu of the first %zu records have %zu fields", layout->agreeing, layout->sampled, layout->width);
  }
}
