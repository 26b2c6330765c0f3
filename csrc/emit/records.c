/* emit/records: the rows of a table as records of text.
 *
 * The idea: what repeats is put into words once. Every text of a dictionary, the two truth values, small integers and what stands
 * for missing values are written before the first record, each with what stands before the column, so that most cells of a table
 * are copied and nothing else. Rows go in pieces, several at a time, of about as many bytes as stay near a processor. */
#include "emit/records.h"

#include <math.h>

#include "base/format.h"
#include "emit/output.h"

/* STEP: forms are copied in steps of so many bytes; as many are readable after each form and writable after each place. A
 * dictionary of which a form is longer than LONG_FORM is put into words cell by cell, so that room for the longest row is not much.
 */
enum { PIECE_BYTES = 1 << 17, STEP = 32, LONG_FORM = 1 << 14, SMALL_INTEGERS = 1000, SAMPLE_ROWS = 64, USUAL_SIZE = 8 };

/* Texts as they are written, end to end: form i is bytes.at[start[i]] up to start[i + 1]. */
typedef struct forms {
  tl_bytes bytes;
  size_t *start;
  size_t count, longest;
} forms;

/* Where the words of a cell come from. */
typedef enum source { FROM_CODE, FROM_TRUTH, FROM_INTEGER, FROM_NUMBER, FROM_DATE, FROM_TEXT } source;

typedef struct column_writing {
  const tl_record_form *form;
  const tally_column *column;
  const uint8_t *validity; /* NULL: no value is missing */
  const uint32_t *codes;   /* FROM_CODE */
  tally_text before;
  source source;
  forms values; /* of a dictionary by its codes, of false and true, or of integers from 0; else none */
  forms absent; /* of a missing value: without a reason, then of each symbol */
} column_writing;

typedef struct records {
  const tally_table *table;
  const tl_record_form *form;
  forms between; /* before each column; after a record; after the last */
  column_writing *columns;
  int64_t piece_rows;
  size_t row_room; /* for the longest row, texts cell by cell left out */
} records;

/* ---- copying ---- */

static inline char *copy(char *to, tally_text text) {
  for (size_t i = 0; i < text.size; i += STEP) memcpy(to + i, text.bytes + i, STEP);
  return to + text.size;
}

static inline tally_text form_at(const forms *it, size_t index) {
  return tl_text(it->bytes.at + it->start[index], it->start[index + 1] - it->start[index]);
}

/* ---- what repeats ---- */

static void forms_done(forms *it) {
  tl_bytes_done(&it->bytes);
  tl_mem_free(it->start);
  *it = (forms){0};
}

static tally_status start_forms(forms *it, size_t count, tally_error *error) {
  it->start = tl_mem_zero(count + 1, sizeof *it->start);
  return it->start ? TALLY_OK : tl_no_memory(error);
}

/* Makes of what was put into words since the last form the next one. Bytes after it are made readable. */
static tally_status end_form(forms *it, tally_error *error) {
  char *end = tl_bytes_room(&it->bytes, STEP, error);
  if (!end) return TALLY_ENOMEM;
  memset(end, 0, STEP);
  size_t size = it->bytes.size - it->start[it->count];
  if (size > it->longest) it->longest = size;
  it->start[++it->count] = it->bytes.size;
  return TALLY_OK;
}

static tally_status add_text(forms *it, tally_text text, tally_error *error) {
  TL_TRY(tl_bytes_put(&it->bytes, text, error));
  return end_form(it, error);
}

static tally_status add_value(const column_writing *it, forms *to, tally_value value, tally_error *error) {
  TL_TRY(tl_bytes_put(&to->bytes, it->before, error));
  if (value.type == TALLY_TEXT)
    TL_TRY(it->form->put_text(it->form, &to->bytes, value.text, error));
  else
    TL_TRY(tl_bytes_put_value(&to->bytes, value, error));
  return end_form(to, error);
}

/* A dictionary is put into words by one thread, and only when its texts repeat. */
static source source_of(const tally_column *column) {
  static const source sources[] = {[TALLY_BOOLEAN] = FROM_TRUTH,
                                   [TALLY_INTEGER] = FROM_INTEGER,
                                   [TALLY_NUMBER] = FROM_NUMBER,
                                   [TALLY_DATE] = FROM_DATE,
                                   [TALLY_TEXT] = FROM_TEXT};
  return column->dictionary && column->dictionary->length <= column->length / 8 ? FROM_CODE : sources[column->type];
}

static tally_status prepare_truth(column_writing *it, tally_error *error) {
  TL_TRY(start_forms(&it->values, 2, error));
  TL_TRY(add_value(it, &it->values, (tally_value){.type = TALLY_BOOLEAN, .boolean = false}, error));
  return add_value(it, &it->values, (tally_value){.type = TALLY_BOOLEAN, .boolean = true}, error);
}

/* For many rows only. */
static tally_status prepare_integers(column_writing *it, tally_error *error) {
  if (it->column->length / 16 < SMALL_INTEGERS) return TALLY_OK;
  TL_TRY(start_forms(&it->values, SMALL_INTEGERS, error));
  for (int i = 0; i < SMALL_INTEGERS; i++) {
    TL_TRY(add_value(it, &it->values, (tally_value){.type = TALLY_INTEGER, .integer = i}, error));
  }
  return TALLY_OK;
}

/* The texts, none of them missing, with what stands before the column. */
static tally_status add_texts(const column_writing *it, forms *to, const tally_column *texts, tally_error *error) {
  for (int64_t i = 0; i < texts->length; i++) TL_TRY(add_value(it, to, tally_column_value(texts, i), error));
  return TALLY_OK;
}

static tally_status prepare_dictionary(column_writing *it, tally_error *error) {
  it->codes = tl_codes(it->column);
  TL_TRY(start_forms(&it->values, (size_t)it->column->dictionary->length, error));
  TL_TRY(add_texts(it, &it->values, it->column->dictionary, error));
  if (it->values.longest <= LONG_FORM) return TALLY_OK;
  forms_done(&it->values);
  it->source = FROM_TEXT;
  return TALLY_OK;
}

static tally_status prepare_absent(column_writing *it, tally_error *error) {
  const tally_column *symbols = it->form->symbols ? it->column->symbols : NULL;
  TL_TRY(start_forms(&it->absent, 1 + (size_t)(symbols ? symbols->length : 0), error));
  TL_TRY(tl_bytes_put(&it->absent.bytes, it->before, error));
  TL_TRY(add_text(&it->absent, it->form->missing, error));
  return symbols ? add_texts(it, &it->absent, symbols, error) : TALLY_OK;
}

static tally_status prepare_column(column_writing *it, tally_error *error) {
  it->source = source_of(it->column);
  it->validity = it->column->validity ? it->column->validity->bytes : NULL;
  if (it->source == FROM_TRUTH) TL_TRY(prepare_truth(it, error));
  if (it->source == FROM_INTEGER) TL_TRY(prepare_integers(it, error));
  if (it->source == FROM_CODE) TL_TRY(prepare_dictionary(it, error));
  return prepare_absent(it, error);
}

/* ---- cells ---- */

static size_t format_date(int32_t date, bool quoted, char *to) {
  size_t size = tl_format_date(date, to + quoted);
  if (quoted) to[0] = to[size + 1] = '"';
  return size + 2 * quoted;
}

static inline char *put_integer(const column_writing *it, int64_t integer, char *to) {
  if ((uint64_t)integer < it->values.count) return copy(to, form_at(&it->values, (size_t)integer));
  to = copy(to, it->before);
  return to + tl_format_integer(integer, to);
}

static char *put_number(const column_writing *it, double number, char *to) {
  if (it->form->finite && !isfinite(number)) return copy(to, form_at(&it->absent, 0));
  to = copy(to, it->before);
  return to + tl_format_number(number, to);
}

static inline bool is_absent(const column_writing *it, int64_t row) {
  return it->validity && !tl_bit(it->validity, it->column->offset + row);
}

static inline tally_text absent_at(const column_writing *it, int64_t row) {
  return form_at(&it->absent, it->form->symbols ? tl_reason(it->column, row) : 0);
}

/* There is room for the longest form. */
static inline char *put_cell(const column_writing *it, int64_t row, char *to) {
  if (is_absent(it, row)) return copy(to, absent_at(it, row));
  switch (it->source) {
    case FROM_CODE:
      return copy(to, form_at(&it->values, it->codes[row]));
    case FROM_TRUTH:
      return copy(to, form_at(&it->values, tl_boolean(it->column, row)));
    case FROM_NUMBER:
      return put_number(it, tl_numbers(it->column)[row], to);
    case FROM_INTEGER:
      return put_integer(it, tl_integers(it->column)[row], to);
    default:
      to = copy(to, it->before);
      return to + format_date(tl_dates(it->column)[row], it->form->quoted_dates, to);
  }
}

/* A text that was not put into words before. */
static tally_status put_text(const column_writing *it, int64_t row, tl_bytes *bytes, tally_error *error) {
  if (is_absent(it, row)) return tl_bytes_put(bytes, absent_at(it, row), error);
  TL_TRY(tl_bytes_put(bytes, it->before, error));
  return it->form->put_text(it->form, bytes, tl_text_at(it->column, row), error);
}

/* ---- pieces ---- */

static tally_status put_record(const records *it, int64_t row, tl_bytes *bytes, tally_error *error) {
  char *to = tl_bytes_room(bytes, it->row_room, error);
  for (size_t c = 0; c < it->table->columns && to; c++) {
    const column_writing *column = &it->columns[c];
    if (column->source != FROM_TEXT) {
      to = put_cell(column, row, to);
      continue;
    }
    bytes->size = (size_t)(to - bytes->at);
    TL_TRY(put_text(column, row, bytes, error));
    to = tl_bytes_room(bytes, it->row_room, error);
  }
  if (!to) return TALLY_ENOMEM;
  to = copy(to, form_at(&it->between, it->table->columns + (row + 1 == it->table->rows)));
  bytes->size = (size_t)(to - bytes->at);
  return TALLY_OK;
}

/* Head and tail go with the first piece and the last. A table without rows has one piece. */
static tally_status make_piece(void *context, size_t piece, tl_bytes *bytes, tally_error *error) {
  const records *it = context;
  int64_t first = (int64_t)piece * it->piece_rows, left = it->table->rows - first;
  int64_t end = first + (left < it->piece_rows ? left : it->piece_rows);
  if (first == 0) TL_TRY(tl_bytes_put(bytes, it->form->head, error));
  for (int64_t row = first; row < end; row++) TL_TRY(put_record(it, row, bytes, error));
  return end == it->table->rows ? tl_bytes_put(bytes, it->form->tail, error) : TALLY_OK;
}

static size_t cell_size(const column_writing *it, int64_t row) {
  if (is_absent(it, row)) return absent_at(it, row).size;
  if (it->source == FROM_CODE) return form_at(&it->values, it->codes[row]).size;
  return it->before.size + (it->source == FROM_TEXT ? tl_text_at(it->column, row).size : USUAL_SIZE);
}

/* By a few rows from all over the table. */
static void choose_rows(records *it) {
  int64_t rows = it->table->rows, looked_at = rows < SAMPLE_ROWS ? rows : SAMPLE_ROWS;
  size_t bytes = 1;
  for (int64_t i = 0; i < looked_at; i++) {
    for (size_t c = 0; c < it->table->columns; c++) bytes += cell_size(&it->columns[c], rows / looked_at * i);
  }
  it->piece_rows = PIECE_BYTES * looked_at / (int64_t)bytes + 1;
}

static size_t longest_cell(const column_writing *it) {
  size_t value = it->source == FROM_TEXT ? 0 : it->source <= FROM_TRUTH ? it->values.longest : it->before.size + TL_FORMAT_SIZE + 2;
  return value > it->absent.longest ? value : it->absent.longest;
}

/* ---- together ---- */

static tally_status prepare_between(records *it, tally_error *error) {
  TL_TRY(start_forms(&it->between, it->table->columns + 2, error));
  for (size_t c = 0; c < it->table->columns; c++) TL_TRY(add_text(&it->between, it->form->before[c], error));
  TL_TRY(add_text(&it->between, it->form->end, error));
  return add_text(&it->between, it->form->last_end, error);
}

static tally_status prepare(records *it, tally_error *error) {
  it->columns = tl_mem_zero(it->table->columns, sizeof *it->columns);
  if (!it->columns) return tl_no_memory(error);
  TL_TRY(prepare_between(it, error));
  it->row_room = it->between.longest + STEP;
  for (size_t c = 0; c < it->table->columns; c++) {
    tally_text before = form_at(&it->between, c);
    it->columns[c] = (column_writing){.form = it->form, .column = it->table->column[c], .before = before};
    TL_TRY(prepare_column(&it->columns[c], error));
    it->row_room += longest_cell(&it->columns[c]);
  }
  choose_rows(it);
  return TALLY_OK;
}

static void done(records *it) {
  for (size_t c = 0; it->columns && c < it->table->columns; c++) {
    forms_done(&it->columns[c].values);
    forms_done(&it->columns[c].absent);
  }
  tl_mem_free(it->columns);
  forms_done(&it->between);
}

tally_status tl_records_write(const tally_table *table, const tl_record_form *form, const tally_output *to, tally_error *error) {
  records it = {.table = table, .form = form};
  tally_status status = prepare(&it, error);
  size_t pieces = status == TALLY_OK && table->rows > 0 ? (size_t)((table->rows - 1) / it.piece_rows) + 1 : 1;
  if (status == TALLY_OK) status = tl_output_write(to, pieces, make_piece, &it, error);
  done(&it);
  return status;
}
