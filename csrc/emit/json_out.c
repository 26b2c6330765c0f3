/* emit/json_out: a table as JSON: an array with one record on each line, or only the lines.
 *
 * The idea: a record is its fields in the order of the columns, and the names, escaped once, stand ready between them. Integers are
 * written as integers however large they are; a program that reads them as doubles must know that. */
#include "emit/records.h"

static tally_status put_text(const tl_record_form *form, tl_bytes *bytes, tally_text text, tally_error *error) {
  (void)form;
  return tl_bytes_put_json(bytes, text, error);
}

/* `{"first":` `,"second":` … end to end in `names`; `before` are its parts. */
static tally_status put_names(const tally_table *table, tl_bytes *names, tally_text *before, tally_error *error) {
  for (size_t c = 0; c < table->columns; c++) {
    size_t start = names->size;
    TL_TRY(tl_bytes_put(names, tl_text_of(c ? "," : "{"), error));
    TL_TRY(tl_bytes_put_json(names, tl_text_of(table->names[c]), error));
    TL_TRY(tl_bytes_put(names, tl_text_of(":"), error));
    before[c].size = names->size - start;
  }
  const char *at = names->at;
  for (size_t c = 0; c < table->columns; at += before[c++].size) before[c].bytes = at;
  return TALLY_OK;
}

/* The records of an array stand on lines of their own, with commas between. */
static tl_record_form form_of(const tally_table *table, bool lines, const tally_text *before) {
  bool none = table->columns == 0;
  tally_text end = tl_text_of(none ? "{}\n" : "}\n"), comma = tl_text_of(none ? "{},\n" : "},\n");
  return (tl_record_form){
      .head = tl_text_of(lines         ? ""
                         : table->rows ? "[\n"
                                       : "["),
      .tail = tl_text_of(lines ? "" : "]\n"),
      .before = before,
      .end = lines ? end : comma,
      .last_end = end,
      .missing = tl_text_of("null"),
      .quoted_dates = true,
      .finite = true,
      .put_text = put_text,
  };
}

tally_status tally_write_json(const tally_table *table, const tally_output *output, const tally_json_write_options *options,
                              tally_error *error) {
  tl_bytes names = TL_BYTES;
  tally_text *before = tl_mem_zero(table->columns, sizeof *before);
  tally_status status = before ? put_names(table, &names, before, error) : tl_no_memory(error);
  if (status == TALLY_OK) {
    tl_record_form form = form_of(table, options && options->lines, before);
    status = tl_records_write(table, &form, output, error);
  }
  tl_bytes_done(&names);
  tl_mem_free(before);
  return status;
}
