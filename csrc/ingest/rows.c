/* ingest/rows: puts the fields of a record into builders, by the manner of each column, and says what is wrong with the record: too
 * few fields, too many, quotes out of place, bytes that are no text. A field never moves to another column. A value that does not
 * fit the manner of its column is noted by its shape; the column is then read again in a wider manner, so nothing is ever forced.
 */
#include "ingest/rows.h"

#include "base/date.h"
#include "ingest/encoding.h"

/* ---- life ---- */

tally_status tl_rows_start(tl_rows *rows, const tl_plan *plan, tally_error *error) {
  *rows = (tl_rows){.plan = plan, .last_byte = -1};
  rows->builders = tl_mem_zero(plan->count, sizeof *rows->builders);
  rows->shapes = tl_mem_zero(plan->count, sizeof *rows->shapes);
  rows->fits = tl_mem_zero(plan->count, sizeof *rows->fits);
  if (!rows->builders || !rows->shapes || !rows->fits) return tl_no_memory(error);
  for (size_t i = 0; i < plan->count; i++) {
    rows->fits[i] = true;
    if (!plan->columns[i].wanted) continue;
    TL_TRY(tally_builder_new(tl_manner_type(plan->columns[i].manner), &rows->builders[i], error));
  }
  return TALLY_OK;
}

void tl_rows_done(tl_rows *rows) {
  for (size_t i = 0; rows->builders && i < rows->plan->count; i++) tally_builder_release(rows->builders[i]);
  tl_mem_free(rows->builders);
  tl_mem_free(rows->shapes);
  tl_mem_free(rows->fits);
  tl_mem_free(rows->dropped);
  tl_mem_free(rows->repaired);
  tl_problems_done(&rows->problems);
  *rows = (tl_rows){.last_byte = -1};
}

/* ---- one value, by the manner of its column ---- */

typedef struct cell {
  const tl_column_plan *column;
  const tl_plan *plan;
  tally_builder *builder;
  tally_text text; /* trimmed, not empty, not a symbol that counts here */
} cell;

typedef tally_status (*put_value)(const cell *it, bool *fits, tally_error *error);

static tally_status put_nothing(const cell *it, bool *fits, tally_error *error) {
  (void)it, (void)error;
  *fits = false;
  return TALLY_OK;
}

static tally_status put_boolean(const cell *it, bool *fits, tally_error *error) {
  bool value;
  *fits = tl_infer_boolean(it->text, &value);
  return *fits ? tl_builder_boolean(it->builder, value, error) : TALLY_OK;
}

/* Codes and signs that the column does not have elsewhere do not belong to a number, unless a number was asked for. */
static bool numeral_of(const cell *it, tl_numeral *out) {
  if (!tl_numeral_parse(it->text, it->plan->options->decimal, out)) return false;
  if (it->column->asked) return true;
  uint32_t affix = out->pound ? TL_SHAPE_POUND : out->percent ? TL_SHAPE_PERCENT : TL_SHAPE_BARE;
  return !out->padded && !(out->pound && out->percent) && (it->column->shapes & affix);
}

static tally_status put_integer(const cell *it, bool *fits, tally_error *error) {
  tl_numeral numeral;
  int64_t value;
  *fits = numeral_of(it, &numeral) && tl_numeral_is_whole(&numeral) && tl_numeral_integer(&numeral, &value);
  return *fits ? tl_builder_integer(it->builder, value, error) : TALLY_OK;
}

/* An integer past 64 bits is a code among numbers as it is among integers. */
static tally_status put_number(const cell *it, bool *fits, tally_error *error) {
  tl_numeral numeral;
  double value;
  int64_t integer;
  *fits = numeral_of(it, &numeral) && tl_numeral_number(&numeral, &value) &&
          (it->column->asked || !tl_numeral_is_whole(&numeral) || tl_numeral_integer(&numeral, &integer));
  return *fits ? tl_builder_number(it->builder, value, error) : TALLY_OK;
}

static tally_status put_date_iso(const cell *it, bool *fits, tally_error *error) {
  int32_t value;
  *fits = tally_date_read(it->text, &value) || (it->column->asked && tl_date_read_day_first(it->text, &value));
  return *fits ? tl_builder_date(it->builder, value, error) : TALLY_OK;
}

static tally_status put_date_day_first(const cell *it, bool *fits, tally_error *error) {
  int32_t value;
  *fits = tl_date_read_day_first(it->text, &value);
  return *fits ? tl_builder_date(it->builder, value, error) : TALLY_OK;
}

static tally_status put_text(const cell *it, bool *fits, tally_error *error) {
  *fits = true;
  return tl_builder_text(it->builder, it->text, error);
}

static tally_status put_text_in_marks(const cell *it, bool *fits, tally_error *error) {
  tally_text text = it->text;
  *fits = tl_infer_take_marks(&text);
  return *fits ? tl_builder_text(it->builder, text, error) : TALLY_OK;
}

static const put_value putters[TL_MANNERS] = {
    [TL_MANNER_NONE] = put_nothing,      [TL_MANNER_BOOLEAN] = put_boolean,
    [TL_MANNER_INTEGER] = put_integer,   [TL_MANNER_NUMBER] = put_number,
    [TL_MANNER_DATE_ISO] = put_date_iso, [TL_MANNER_DATE_DAY_FIRST] = put_date_day_first,
    [TL_MANNER_TEXT] = put_text,         [TL_MANNER_TEXT_IN_MARKS] = put_text_in_marks,
    [TL_MANNER_EXACT] = put_text,
};

/* ---- missing values ---- */

static bool is_among(tally_text text, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (tl_text_equal(text, tl_text_of(list[i]))) return true;
  }
  return false;
}

/* "" is an empty text where the column is text and quotes mean something; else, like a field with nothing in it, it is missing. */
static bool is_empty_text(const cell *it, const tl_field *field) {
  if (it->text.size > 0 || !field->quoted) return false;
  if (it->column->manner == TL_MANNER_EXACT) return true;
  return tl_manner_type(it->column->manner) == TALLY_TEXT && !it->plan->quotes_mean_nothing;
}

static bool is_symbol(const tl_plan *plan, tally_text text) {
  for (const char *const *symbol = plan->symbols; *symbol; symbol++) {
    if (tl_text_equal(text, tl_text_of(*symbol))) return true;
  }
  return false;
}

/* A symbol in brackets is one everywhere. Without brackets it is one unless the column is text: among texts it may be a text. */
static bool symbol_counts(const cell *it) {
  if (it->column->manner == TL_MANNER_EXACT || !is_symbol(it->plan, it->text)) return false;
  if (it->text.bytes[0] == '[') return true;
  if (it->column->manner == TL_MANNER_NONE) return true;
  return tl_manner_type(it->column->manner) != TALLY_TEXT;
}

/* ---- one field ---- */

/* A row that a problem was found in. */
typedef struct finding {
  tl_rows *rows;
  const tl_record *record;
  bool bad;
} finding;

static tally_status report(finding *it, tl_problem what, const char *column, tally_text text, int64_t byte, tally_error *error) {
  it->bad = true;
  if (!it->rows->plan->report) return TALLY_OK;
  return tl_problems_add(&it->rows->problems, it->record->line, byte, column, what, text, error);
}

static tally_status repair(tl_rows *rows, tally_text *text, tally_error *error) {
  if (tl_text_valid_utf8(*text) == text->size) return TALLY_OK;
  TL_TRY(tl_mem_reserve((void **)&rows->repaired, &rows->repaired_capacity, text->size * 3, 1, error));
  *text = tl_text(rows->repaired, tl_encoding_repair(*text, rows->repaired));
  return TALLY_OK;
}

static tally_status put_known(finding *found, size_t index, cell *it, tally_error *error) {
  tl_rows *rows = found->rows;
  bool fits;
  TL_TRY(putters[it->column->manner](it, &fits, error));
  if (fits) return TALLY_OK;
  if (it->column->asked) {
    TL_TRY(report(found, TL_PROBLEM_BAD_VALUE, it->column->name, it->text, found->record->byte, error));
  } else {
    rows->fits[index] = false;
    rows->shapes[index] |=
        is_symbol(it->plan, it->text) ? TL_SHAPE_SYMBOL | TL_SHAPE_TEXT : tl_infer_shapes(it->text, it->plan->options->decimal);
  }
  return tl_builder_missing(it->builder, error);
}

static tally_status put_field(finding *found, size_t index, const tl_field *field, tally_error *error) {
  tl_rows *rows = found->rows;
  const tl_plan *plan = rows->plan;
  cell it = {.column = &plan->columns[index], .plan = plan, .builder = rows->builders[index], .text = field->text};
  if (plan->dirty) TL_TRY(repair(rows, &it.text, error));
  if (plan->options->trim && it.column->manner != TL_MANNER_EXACT) it.text = tl_text_trim(it.text);
  if (is_empty_text(&it, field)) return tl_builder_text(it.builder, tl_text("", 0), error);
  if (it.text.size == 0 || is_among(it.text, plan->options->missing, plan->options->missing_count)) {
    return tl_builder_missing(it.builder, error);
  }
  if (!symbol_counts(&it)) return put_known(found, index, &it, error);
  if (it.text.bytes[0] != '[') rows->shapes[index] |= TL_SHAPE_SYMBOL;
  return tally_builder_append_missing(it.builder, it.text, error);
}

/* ---- one record ---- */

/* From the first field too many to the end of the record. */
static tally_text surplus(const tl_record *record, const tl_plan *plan) {
  tally_text raw = record->raw;
  size_t left = plan->most;
  bool inside = false;
  for (size_t i = 0; i < raw.size; i++) {
    if (plan->dialect->quote && raw.bytes[i] == plan->dialect->quote) inside = !inside;
    if (raw.bytes[i] != plan->dialect->separator || inside || --left > 0) continue;
    return tl_text(raw.bytes + i + 1, raw.size - i - 1);
  }
  return raw;
}

static tally_status check_width(finding *it, tally_error *error) {
  const tl_record *record = it->record;
  const tl_plan *plan = it->rows->plan;
  if (record->count < plan->least) return report(it, TL_PROBLEM_SHORT_ROW, NULL, record->raw, record->byte, error);
  if (record->count <= plan->most) return TALLY_OK;
  return report(it, TL_PROBLEM_LONG_ROW, NULL, surplus(record, plan), record->byte, error);
}

tl_problem tl_problem_of_flaw(tl_flaw flaw) {
  static const tl_problem problems[] = {
      [TL_FLAW_STRAY_QUOTE] = TL_PROBLEM_STRAY_QUOTE,
      [TL_FLAW_AFTER_QUOTE] = TL_PROBLEM_AFTER_QUOTE,
      [TL_FLAW_UNCLOSED_QUOTE] = TL_PROBLEM_UNCLOSED_QUOTE,
  };
  return problems[flaw];
}

/* A quote that nothing closes may have swallowed what was meant: only a reader who was told to goes on. */
static tally_status check_open_quote(const finding *it, tally_error *error) {
  const tl_record *record = it->record;
  if (!record->open_to_end || it->rows->plan->options->reader == TALLY_READER_LAX) return TALLY_OK;
  return tl_fail_at(error, TALLY_ESYNTAX, NULL, record->line, (int64_t)record->flaw_at + 1,
                    "a quote is opened here and never closed");
}

static tally_status check_quotes(finding *it, tally_error *error) {
  const tl_record *record = it->record;
  if (record->flaw == TL_FLAW_NONE) return TALLY_OK;
  tally_text from_flaw = tl_text(record->raw.bytes + record->flaw_at, record->raw.size - record->flaw_at);
  return report(it, tl_problem_of_flaw(record->flaw), NULL, from_flaw, record->byte + (int64_t)record->flaw_at, error);
}

static tally_status check_bytes(finding *it, tally_error *error) {
  tally_text raw = it->record->raw;
  if (!it->rows->plan->dirty || raw.size == 0) return TALLY_OK;
  const char *nul = memchr(raw.bytes, 0, raw.size);
  if (nul) {
    size_t at = (size_t)(nul - raw.bytes);
    TL_TRY(report(it, TL_PROBLEM_NUL_BYTE, NULL, raw, it->record->byte + (int64_t)at, error));
  }
  size_t valid = tl_text_valid_utf8(raw);
  if (valid == raw.size) return TALLY_OK;
  tally_text from_bad = tl_text(raw.bytes + valid, raw.size - valid);
  return report(it, TL_PROBLEM_BAD_BYTES, NULL, from_bad, it->record->byte + (int64_t)valid, error);
}

static tally_status put_fields(finding *it, tally_error *error) {
  tl_rows *rows = it->rows;
  for (size_t i = 0; i < rows->plan->count; i++) {
    if (!rows->builders[i]) continue;
    if (i < it->record->count) {
      TL_TRY(put_field(it, i, &it->record->fields[i], error));
    } else {
      TL_TRY(tl_builder_missing(rows->builders[i], error));
    }
  }
  return TALLY_OK;
}

static tally_status drop_row(tl_rows *rows, tally_error *error) {
  TL_TRY(tl_mem_reserve((void **)&rows->dropped, &rows->dropped_capacity, rows->dropped_count + 1, sizeof *rows->dropped, error));
  rows->dropped[rows->dropped_count++] = rows->count;
  return TALLY_OK;
}

/* In a file of one column a blank line is a missing value. */
tally_status tl_rows_add(void *context, const tl_record *record, bool *enough, tally_error *error) {
  tl_rows *rows = context;
  const tl_plan *plan = rows->plan;
  finding it = {rows, record, false};
  if (plan->most > 1 && tl_record_is_blank(record)) {
    return report(&it, TL_PROBLEM_BLANK_LINE, NULL, record->raw, record->byte, error);
  }
  TL_TRY(check_width(&it, error));
  TL_TRY(check_open_quote(&it, error));
  TL_TRY(check_quotes(&it, error));
  TL_TRY(check_bytes(&it, error));
  TL_TRY(put_fields(&it, error));
  if (it.bad && plan->report && plan->options->on_problem == TALLY_PROBLEM_DROP) TL_TRY(drop_row(rows, error));
  rows->count++;
  rows->last_byte = record->byte;
  *enough = rows->count >= plan->limit;
  return TALLY_OK;
}
