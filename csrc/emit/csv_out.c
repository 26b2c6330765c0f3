/* emit/csv_out: a table as CSV.
 *
 * The idea: quote as little as reads back exactly. A field is quoted when it holds the separator, a quote or a line end, when a
 * reader would trim it, and when it is an empty text, which must not be taken for a missing value. Formulas are not disarmed
 * here: what goes to a spreadsheet is the business of the reports. */
#include "column/table.h"
#include "emit/output.h"

typedef struct csv_writer {
  tl_output out;
  tally_csv_write_options options;
  tally_text separator, missing, line_end;
} csv_writer;

static tally_status put(csv_writer *w, tally_text text, tally_error *error) {
  return tl_bytes_put(&w->out.bytes, text, error);
}

/* ---- fields ---- */

static bool needs_quotes(const csv_writer *w, tally_text text) {
  if (text.size == 0 || tl_text_trim(text).size < text.size) return true;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.bytes[i];
    if (c == w->options.separator || c == '"' || c == '\n' || c == '\r') return true;
  }
  return false;
}

static tally_status put_quoted(csv_writer *w, tally_text text, tally_error *error) {
  TL_TRY(put(w, tl_text_of("\""), error));
  while (text.size > 0) {
    const char *quote = memchr(text.bytes, '"', text.size);
    size_t size = quote ? (size_t)(quote - text.bytes) + 1 : text.size;
    TL_TRY(put(w, tl_text(text.bytes, size), error));
    if (quote) TL_TRY(put(w, tl_text_of("\""), error));
    text = tl_text(text.bytes + size, text.size - size);
  }
  return put(w, tl_text_of("\""), error);
}

static tally_status put_text(csv_writer *w, tally_text text, tally_error *error) {
  return needs_quotes(w, text) ? put_quoted(w, text, error) : put(w, text, error);
}

static tally_status put_missing(csv_writer *w, const tally_column *column, int64_t row, tally_error *error) {
  tally_text reason = w->options.symbols ? tally_column_reason(column, row) : (tally_text){0};
  if (reason.size) return put_text(w, reason, error);
  return w->missing.size ? put_text(w, w->missing, error) : TALLY_OK;
}

static tally_status put_field(csv_writer *w, const tally_column *column, int64_t row, tally_error *error) {
  tally_value value = tally_column_value(column, row);
  if (value.type == TALLY_MISSING) return put_missing(w, column, row, error);
  if (value.type == TALLY_TEXT) return put_text(w, value.text, error);
  return tl_bytes_put_value(&w->out.bytes, value, error);
}

/* ---- lines ---- */

static tally_status put_header(csv_writer *w, const tally_table *table, tally_error *error) {
  for (size_t c = 0; c < table->columns; c++) {
    if (c) TL_TRY(put(w, w->separator, error));
    TL_TRY(put_text(w, tl_text_of(table->names[c]), error));
  }
  return put(w, w->line_end, error);
}

static tally_status put_row(csv_writer *w, const tally_table *table, int64_t row, tally_error *error) {
  for (size_t c = 0; c < table->columns; c++) {
    if (c) TL_TRY(put(w, w->separator, error));
    TL_TRY(put_field(w, table->column[c], row, error));
  }
  TL_TRY(put(w, w->line_end, error));
  return tl_output_step(&w->out, error);
}

static tally_status put_table(csv_writer *w, const tally_table *table, tally_error *error) {
  if (w->options.header) TL_TRY(put_header(w, table, error));
  for (int64_t row = 0; row < table->rows; row++) TL_TRY(put_row(w, table, row, error));
  return TALLY_OK;
}

/* ---- options ---- */

/* What values of any type are written with cannot separate them. */
static bool separates(char c) {
  bool written = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("\"\n\r+-.", c);
  return (unsigned char)c < 0x80 && !written;
}

static tally_status set_options(csv_writer *w, const tally_csv_write_options *options, tally_error *error) {
  w->options = (tally_csv_write_options)TALLY_CSV_WRITE_OPTIONS;
  if (options) memcpy(&w->options, options, options->size < sizeof w->options ? options->size : sizeof w->options);
  if (!w->options.separator) w->options.separator = ',';
  char separator = w->options.separator;
  if (!separates(separator))
    return tl_fail(error, TALLY_ESYNTAX, "byte %d cannot separate fields: take ',', ';', '|' or a tab", (unsigned char)separator);
  w->separator = tl_text(&w->options.separator, 1);
  w->missing = tl_text_of(w->options.missing ? w->options.missing : "");
  w->line_end = tl_text_of(w->options.line_end ? w->options.line_end : "\n");
  return TALLY_OK;
}

tally_status tally_write_csv(const tally_table *table, const tally_output *output, const tally_csv_write_options *options,
                             tally_error *error) {
  csv_writer w;
  TL_TRY(set_options(&w, options, error));
  TL_TRY(tl_output_open(&w.out, output, error));
  return tl_output_close(&w.out, put_table(&w, table, error), error);
}
