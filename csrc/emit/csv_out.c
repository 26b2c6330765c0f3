/* emit/csv_out: a table as CSV.
 *
 * The idea: quote as little as reads back exactly. A text is quoted when it holds the separator, a quote or a line end, when a
 * reader would trim it, and when it is empty, so that it is not taken for a missing value. Formulas are not disarmed here: what
 * goes to a spreadsheet is the business of the reports. */
#include "emit/records.h"

typedef struct csv_form {
  tl_record_form form; /* the first member: put_text finds the rest by it */
  tally_csv_write_options options;
  bool marks[256]; /* bytes for which a text is quoted */
  tl_bytes head, missing;
  tally_text *before;
} csv_form;

/* ---- texts ---- */

static bool needs_quotes(const csv_form *it, tally_text text) {
  if (text.size == 0 || tl_text_trim(text).size < text.size) return true;
  bool marked = false;
  for (size_t i = 0; i < text.size; i++) marked |= it->marks[(unsigned char)text.bytes[i]];
  return marked;
}

static tally_status put_quoted(tl_bytes *bytes, tally_text text, tally_error *error) {
  TL_TRY(tl_bytes_put(bytes, tl_text_of("\""), error));
  while (text.size > 0) {
    const char *quote = memchr(text.bytes, '"', text.size);
    size_t size = quote ? (size_t)(quote - text.bytes) + 1 : text.size;
    TL_TRY(tl_bytes_put(bytes, tl_text(text.bytes, size), error));
    if (quote) TL_TRY(tl_bytes_put(bytes, tl_text_of("\""), error));
    text = tl_text(text.bytes + size, text.size - size);
  }
  return tl_bytes_put(bytes, tl_text_of("\""), error);
}

static tally_status put_text(const tl_record_form *form, tl_bytes *bytes, tally_text text, tally_error *error) {
  return needs_quotes((const csv_form *)form, text) ? put_quoted(bytes, text, error) : tl_bytes_put(bytes, text, error);
}

static tally_status put_header(csv_form *it, const tally_table *table, tally_error *error) {
  for (size_t c = 0; c < table->columns; c++) {
    TL_TRY(tl_bytes_put(&it->head, it->form.before[c], error));
    TL_TRY(put_text(&it->form, &it->head, tl_text_of(table->names[c]), error));
  }
  return tl_bytes_put(&it->head, it->form.end, error);
}

/* ---- options ---- */

/* What values of any type are written with cannot separate them. */
static bool separates(char c) {
  bool written = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("\"\n\r+-.", c);
  return (unsigned char)c < 0x80 && !written;
}

static tally_status set_options(csv_form *it, const tally_csv_write_options *options, tally_error *error) {
  it->options = (tally_csv_write_options)TALLY_CSV_WRITE_OPTIONS;
  if (options) memcpy(&it->options, options, options->size < sizeof it->options ? options->size : sizeof it->options);
  if (!it->options.separator) it->options.separator = ',';
  char separator = it->options.separator;
  if (!separates(separator))
    return tl_fail(error, TALLY_ESYNTAX, "byte %d cannot separate fields: take ',', ';', '|' or a tab", (unsigned char)separator);
  it->marks[(unsigned char)separator] = it->marks['"'] = it->marks['\n'] = it->marks['\r'] = true;
  it->form.end = it->form.last_end = tl_text_of(it->options.line_end ? it->options.line_end : "\n");
  it->form.symbols = it->options.symbols;
  it->form.put_text = put_text;
  return TALLY_OK;
}

/* ---- together ---- */

static tally_status prepare(csv_form *it, const tally_table *table, tally_error *error) {
  it->before = tl_mem_zero(table->columns, sizeof *it->before);
  if (!it->before) return tl_no_memory(error);
  for (size_t c = 1; c < table->columns; c++) it->before[c] = tl_text(&it->options.separator, 1);
  it->form.before = it->before;
  const char *missing = it->options.missing;
  if (missing && *missing) TL_TRY(put_text(&it->form, &it->missing, tl_text_of(missing), error));
  it->form.missing = tl_bytes_text(&it->missing);
  if (it->options.header) TL_TRY(put_header(it, table, error));
  it->form.head = tl_bytes_text(&it->head);
  return TALLY_OK;
}

tally_status tally_write_csv(const tally_table *table, const tally_output *output, const tally_csv_write_options *options,
                             tally_error *error) {
  csv_form it = {0};
  TL_TRY(set_options(&it, options, error));
  tally_status status = prepare(&it, table, error);
  if (status == TALLY_OK) status = tl_records_write(table, &it.form, output, error);
  tl_bytes_done(&it.head);
  tl_bytes_done(&it.missing);
  tl_mem_free(it.before);
  return status;
}
