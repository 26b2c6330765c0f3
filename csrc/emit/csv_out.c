/* emit/csv_out: a table as CSV.
 *
 * The idea: quote as little as reads back exactly. A text is quoted when it holds the separator, a quote or a line end, when a
 * reader would trim it, and when it is empty, so that it is not taken for a missing value. What looks like a number or a date is
 * not quoted: no reader would take it for a text because of that. */
#include "emit/formula.h"
#include "emit/records.h"

/* What a byte of a text asks for. */
enum { QUOTES = 1, A_CLOSER_LOOK = 2 /* at the start or the end, where it may be a blank or a part of one */ };

typedef struct csv_form {
  tl_record_form form; /* the first member: put_text finds the rest by it */
  tally_csv_write_options options;
  uint8_t marks[256];
  tl_bytes head, missing;
  tally_text *before;
} csv_form;

/* ---- texts ---- */

static bool needs_quotes(const csv_form *it, tally_text text) {
  const unsigned char *bytes = (const unsigned char *)text.bytes;
  if (text.size == 0) return true;
  unsigned marks = 0;
  for (size_t i = 0; i < text.size; i++) marks |= it->marks[bytes[i]];
  if (marks & QUOTES) return true;
  bool look = (it->marks[bytes[0]] | it->marks[bytes[text.size - 1]]) & A_CLOSER_LOOK;
  return look && tl_text_trim(text).size < text.size;
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

static tally_status put_as_needed(const csv_form *it, tl_bytes *bytes, tally_text text, tally_error *error) {
  return needs_quotes(it, text) ? put_quoted(bytes, text, error) : tl_bytes_put(bytes, text, error);
}

static tally_status put_disarmed(const csv_form *it, tl_bytes *bytes, tally_text text, tally_error *error) {
  tl_bytes disarmed = TL_BYTES;
  tally_status status = tl_formula_disarm(&disarmed, text, error);
  if (status == TALLY_OK) status = put_as_needed(it, bytes, tl_bytes_text(&disarmed), error);
  tl_bytes_done(&disarmed);
  return status;
}

/* Names and symbols are texts from a file too. */
static tally_status put_text(const tl_record_form *form, tl_bytes *bytes, tally_text text, tally_error *error) {
  const csv_form *it = (const csv_form *)form;
  if (it->options.for_spreadsheet && tl_formula_is(text)) return put_disarmed(it, bytes, text, error);
  return put_as_needed(it, bytes, text, error);
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

/* The blanks of tl_text_trim: space, tab, U+00A0 and U+FEFF. */
static void set_marks(csv_form *it) {
  static const unsigned char of_blanks[] = {' ', '\t', 0xC2, 0xA0, 0xEF, 0xBF};
  for (size_t i = 0; i < sizeof of_blanks; i++) it->marks[of_blanks[i]] = A_CLOSER_LOOK;
  it->marks[(unsigned char)it->options.separator] = it->marks['"'] = it->marks['\n'] = it->marks['\r'] = QUOTES;
}

static bool ends_lines(const char *text) {
  return strcmp(text, "\n") == 0 || strcmp(text, "\r\n") == 0 || strcmp(text, "\r") == 0;
}

static tally_status set_options(csv_form *it, const tally_csv_write_options *options, tally_error *error) {
  it->options = (tally_csv_write_options)TALLY_CSV_WRITE_OPTIONS;
  if (options) memcpy(&it->options, options, options->size < sizeof it->options ? options->size : sizeof it->options);
  if (!it->options.separator) it->options.separator = ',';
  if (!it->options.line_end) it->options.line_end = "\n";
  if (!separates(it->options.separator))
    return tl_fail(error, TALLY_ESYNTAX, "byte %d cannot separate fields: take ',', ';', '|' or a tab",
                   (unsigned char)it->options.separator);
  if (!ends_lines(it->options.line_end))
    return tl_fail(error, TALLY_ESYNTAX, "a line ends with a line feed, a carriage return, or a carriage return and a line feed");
  set_marks(it);
  it->form.end = it->form.last_end = tl_text_of(it->options.line_end);
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
  if (missing && *missing) TL_TRY(put_as_needed(it, &it->missing, tl_text_of(missing), error));
  it->form.missing = tl_bytes_text(&it->missing);
  if (it->options.for_spreadsheet) TL_TRY(tl_bytes_put(&it->head, tl_text_of("\xEF\xBB\xBF"), error));
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
