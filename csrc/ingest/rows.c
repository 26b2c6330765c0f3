/* ingest/rows: puts the fields of a record into a row, and says what is wrong with the record: too few fields, too many, quotes out
 * of place, bytes that are no text. A field never moves to another column. */
#include "ingest/rows.h"

#include "ingest/encoding.h"

void tl_rows_done(tl_rows *rows) {
  tl_mem_free(rows->repaired);
  rows->repaired = NULL;
  rows->repaired_capacity = 0;
}

tally_status tl_rows_check_room(const tl_rows *rows, size_t count, tally_error *error) {
  if ((int64_t)count <= rows->part->capacity - rows->part->count) return TALLY_OK;
  return tl_fail_at(error, TALLY_EIO, rows->where, 0, 0, "was changed while being read: read it again when it is complete");
}

/* ---- one field ---- */

/* A row that a problem was found in. */
typedef struct finding {
  tl_rows *rows;
  const tl_plan *plan;
  const tl_record *record;
  bool bad;
} finding;

static tally_status report(finding *it, tl_problem what, const char *column, tally_text text, int64_t byte, tally_error *error) {
  it->bad = true;
  if (!it->plan->report) return TALLY_OK;
  return tl_problems_add(&it->rows->part->problems, it->record->line, byte, column, what, text, error);
}

static tally_status repair(tl_rows *rows, tally_text *text, tally_error *error) {
  if (tl_text_valid_utf8(*text) == text->size) return TALLY_OK;
  TL_TRY(tl_mem_reserve((void **)&rows->repaired, &rows->repaired_capacity, text->size * 3, 1, error));
  *text = tl_text(rows->repaired, tl_encoding_repair(*text, rows->repaired));
  return TALLY_OK;
}

/* "8123: 'abc' in column 'fee' is no integer, …" */
static tally_status refuse_value(const finding *it, const tl_column_plan *column, tally_text text, tally_error *error) {
  return tl_fail_at(error, TALLY_ETYPE, it->rows->where, it->record->line, 0,
                    "'%.*s' in column '%s' is not read as %s, as the values looked at before were: say what the column is, e.g. "
                    "types = { [\"%s\"] = \"text\" }",
                    text.size < 40 ? (int)text.size : 40, text.bytes, column->name, tally_type_name(tl_manner_type(column->manner)),
                    column->name);
}

static tally_status put_field(finding *it, size_t index, const tl_field *field, tally_error *error) {
  const tl_column_plan *column = &it->plan->columns[index];
  tally_text text = field->text;
  if (it->plan->dirty) TL_TRY(repair(it->rows, &text, error));
  tl_cell cell;
  tl_cell_read(it->plan, column, text, field->quoted, &cell);
  if (cell.kind == TL_CELL_MISFIT && !column->asked && it->plan->strict) return refuse_value(it, column, cell.text, error);
  if (cell.kind == TL_CELL_MISFIT && column->asked) {
    TL_TRY(report(it, TL_PROBLEM_BAD_VALUE, column->name, cell.text, it->record->byte, error));
  }
  return tl_store_put(it->rows->store, it->rows->part, index, it->rows->part->count, &cell, error);
}

static tally_status put_fields(finding *it, tally_error *error) {
  tl_rows *rows = it->rows;
  for (size_t i = 0; i < it->plan->count; i++) {
    if (!it->plan->columns[i].wanted) continue;
    if (i < it->record->count) {
      TL_TRY(put_field(it, i, &it->record->fields[i], error));
    } else {
      TL_TRY(tl_store_missing(rows->store, rows->part, i, rows->part->count, 0, error));
    }
  }
  return TALLY_OK;
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
  if (record->count < it->plan->least) return report(it, TL_PROBLEM_SHORT_ROW, NULL, record->raw, record->byte, error);
  if (record->count <= it->plan->most) return TALLY_OK;
  return report(it, TL_PROBLEM_LONG_ROW, NULL, surplus(record, it->plan), record->byte, error);
}

tl_problem tl_problem_of_flaw(tl_flaw flaw) {
  static const tl_problem problems[] = {
      [TL_FLAW_STRAY_QUOTE] = TL_PROBLEM_STRAY_QUOTE,
      [TL_FLAW_AFTER_QUOTE] = TL_PROBLEM_AFTER_QUOTE,
      [TL_FLAW_UNCLOSED_QUOTE] = TL_PROBLEM_UNCLOSED_QUOTE,
  };
  return problems[flaw];
}

const char tl_open_quote_text[] =
    "a quote is opened here and never closed: close it, or read with reader = \"lax\", which goes on and "
    "reports it, or with quote = false, to which quotes are characters like others";

/* A quote that nothing closes may have swallowed what was meant: only a reader who was told to goes on. */
static tally_status check_open_quote(const finding *it, tally_error *error) {
  const tl_record *record = it->record;
  if (!record->open_to_end || it->plan->options->reader == TALLY_READER_LAX) return TALLY_OK;
  return tl_fail_at(error, TALLY_ESYNTAX, NULL, record->line, (int64_t)record->flaw_at + 1, "%s", tl_open_quote_text);
}

static tally_status check_quotes(finding *it, tally_error *error) {
  const tl_record *record = it->record;
  if (record->flaw == TL_FLAW_NONE) return TALLY_OK;
  tally_text from_flaw = tl_text(record->raw.bytes + record->flaw_at, record->raw.size - record->flaw_at);
  return report(it, tl_problem_of_flaw(record->flaw), NULL, from_flaw, record->byte + (int64_t)record->flaw_at, error);
}

static tally_status check_bytes(finding *it, tally_error *error) {
  tally_text raw = it->record->raw;
  if (!it->plan->dirty || raw.size == 0) return TALLY_OK;
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

static tally_status drop_row(tl_store_part *part, tally_error *error) {
  TL_TRY(tl_mem_reserve((void **)&part->dropped, &part->dropped_capacity, part->dropped_count + 1, sizeof *part->dropped, error));
  part->dropped[part->dropped_count++] = part->count;
  return TALLY_OK;
}

/* In a file of one column a blank line is a missing value. */
tally_status tl_rows_add(void *context, const tl_record *record, bool *enough, tally_error *error) {
  tl_rows *rows = context;
  tl_store_part *part = rows->part;
  const tl_plan *plan = rows->store->plan;
  finding it = {rows, plan, record, false};
  if (plan->most > 1 && tl_record_is_blank(record)) {
    return report(&it, TL_PROBLEM_BLANK_LINE, NULL, record->raw, record->byte, error);
  }
  TL_TRY(tl_rows_check_room(rows, 1, error));
  TL_TRY(check_width(&it, error));
  TL_TRY(check_open_quote(&it, error));
  TL_TRY(check_quotes(&it, error));
  TL_TRY(check_bytes(&it, error));
  TL_TRY(put_fields(&it, error));
  if (it.bad && plan->report && plan->options->on_problem == TALLY_PROBLEM_DROP) TL_TRY(drop_row(part, error));
  part->count++;
  part->last_byte = record->byte;
  *enough = part->count >= rows->limit;
  return TALLY_OK;
}
