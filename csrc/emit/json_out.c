/* emit/json_out: a table as JSON: an array with one record on each line, or only the lines.
 *
 * The idea: a record is its fields in the order of the columns, and the names, escaped once, stand ready between them. Integers are
 * written as integers however large they are; a program that reads them as doubles must know that. */
#include <math.h>

#include "column/table.h"
#include "emit/output.h"

typedef struct json_writer {
  tl_output out;
  bool lines;
  tl_bytes names;   /* `{"first":` `,"second":` … end to end */
  size_t *name_end; /* of each in `names` */
} json_writer;

static tally_status put(json_writer *w, const char *text, tally_error *error) {
  return tl_bytes_put(&w->out.bytes, tl_text_of(text), error);
}

static tally_status put_value(json_writer *w, tally_value value, tally_error *error) {
  tl_bytes *bytes = &w->out.bytes;
  if (value.type == TALLY_MISSING || (value.type == TALLY_NUMBER && !isfinite(value.number))) return put(w, "null", error);
  if (value.type == TALLY_TEXT) return tl_bytes_put_json(bytes, value.text, error);
  bool quoted = value.type == TALLY_DATE;
  if (quoted) TL_TRY(put(w, "\"", error));
  TL_TRY(tl_bytes_put_value(bytes, value, error));
  return quoted ? put(w, "\"", error) : TALLY_OK;
}

static tally_status put_record(json_writer *w, const tally_table *table, int64_t row, tally_error *error) {
  size_t start = 0;
  for (size_t c = 0; c < table->columns; c++) {
    TL_TRY(tl_bytes_put(&w->out.bytes, tl_text(w->names.at + start, w->name_end[c] - start), error));
    TL_TRY(put_value(w, tally_column_value(table->column[c], row), error));
    start = w->name_end[c];
  }
  return put(w, table->columns ? "}" : "{}", error);
}

static tally_status put_table(json_writer *w, const tally_table *table, tally_error *error) {
  if (!w->lines) TL_TRY(put(w, "[", error));
  for (int64_t row = 0; row < table->rows; row++) {
    if (!w->lines) TL_TRY(put(w, row ? ",\n" : "\n", error));
    TL_TRY(put_record(w, table, row, error));
    if (w->lines) TL_TRY(put(w, "\n", error));
    TL_TRY(tl_output_step(&w->out, error));
  }
  if (w->lines) return TALLY_OK;
  return put(w, table->rows ? "\n]\n" : "]\n", error);
}

static tally_status prepare_names(json_writer *w, const tally_table *table, tally_error *error) {
  w->name_end = tl_mem_new(table->columns, sizeof *w->name_end);
  if (!w->name_end) return tl_no_memory(error);
  for (size_t c = 0; c < table->columns; c++) {
    TL_TRY(tl_bytes_put(&w->names, tl_text_of(c ? "," : "{"), error));
    TL_TRY(tl_bytes_put_json(&w->names, tl_text_of(table->names[c]), error));
    TL_TRY(tl_bytes_put(&w->names, tl_text_of(":"), error));
    w->name_end[c] = w->names.size;
  }
  return TALLY_OK;
}

tally_status tally_write_json(const tally_table *table, const tally_output *output, const tally_json_write_options *options,
                              tally_error *error) {
  json_writer w = {.lines = options && options->lines};
  TL_TRY(tl_output_open(&w.out, output, error));
  tally_status status = prepare_names(&w, table, error);
  if (status == TALLY_OK) status = put_table(&w, table, error);
  tl_bytes_done(&w.names);
  tl_mem_free(w.name_end);
  return tl_output_close(&w.out, status, error);
}
