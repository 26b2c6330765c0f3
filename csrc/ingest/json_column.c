/* ingest/json_column: when all records are read it is known what stands at a place, and so the type of its column; then its values
 * are put into one builder, part after part. So no value is ever read as one type and changed to another afterwards, and how the
 * input was cut into parts leaves no trace. */
#include "ingest/json_column.h"

#include <math.h>

#include "base/date.h"
#include "base/number.h"
#include "base/pool.h"
#include "column/builder.h"

/* ---- types ---- */

static unsigned bit(tally_type type) {
  return 1u << type;
}

tally_type tl_json_found_type(const tl_json_place *place) {
  const unsigned numbers = bit(TALLY_INTEGER) | bit(TALLY_NUMBER);
  unsigned seen = place->seen & ~bit(TALLY_MISSING);
  if (seen == bit(TALLY_BOOLEAN)) return TALLY_BOOLEAN;
  if (seen == bit(TALLY_INTEGER)) return TALLY_INTEGER;
  if (seen == bit(TALLY_DATE)) return TALLY_DATE;
  if (seen == 0 || (seen & ~numbers) || (seen == numbers && place->inexact)) return TALLY_TEXT;
  return TALLY_NUMBER;
}

/* ---- a value as one of a type that is not text ---- */

static bool text_value(tally_text text, tally_type type, tally_value *out) {
  tl_numeral numeral;
  switch (type) {
    case TALLY_BOOLEAN:
      out->boolean = tl_text_equal(text, tl_text_of("true"));
      return out->boolean || tl_text_equal(text, tl_text_of("false"));
    case TALLY_DATE:
      return tally_date_read(text, &out->date) || tl_date_read_day_first(text, &out->date);
    case TALLY_INTEGER:
      return tl_numeral_parse(text, '.', &numeral) && !numeral.percent && tl_numeral_is_whole(&numeral) &&
             tl_numeral_integer(&numeral, &out->integer);
    default:
      return tl_numeral_parse(text, '.', &numeral) && !numeral.percent && tl_numeral_number(&numeral, &out->number);
  }
}

static bool number_value(double number, tally_type type, tally_value *out) {
  out->number = number;
  if (type != TALLY_INTEGER) return type == TALLY_NUMBER;
  if (number != floor(number) || number < -0x1p63 || number >= 0x1p63) return false;
  out->integer = (int64_t)number;
  return true;
}

static bool integer_value(int64_t integer, tally_type type, tally_value *out) {
  if (type == TALLY_NUMBER)
    out->number = (double)integer;
  else
    out->integer = integer;
  return type == TALLY_NUMBER || type == TALLY_INTEGER;
}

static bool typed_value(tally_value value, tally_type type, tally_value *out) {
  out->type = type;
  switch (value.type) {
    case TALLY_TEXT:
      return text_value(value.text, type, out);
    case TALLY_INTEGER:
      return integer_value(value.integer, type, out);
    case TALLY_NUMBER:
      return number_value(value.number, type, out);
    default:
      out->boolean = value.boolean;
      return type == TALLY_BOOLEAN;
  }
}

/* ---- filling ---- */

typedef struct filling {
  tl_json_column *column;
  const char *name;
  tally_type type;
  tally_builder *builder;
  atomic_uchar *bad_rows;
} filling;

static tally_text text_of(tally_value value, char *form, size_t size) {
  if (value.type == TALLY_TEXT) return value.text;
  return tl_text(form, tally_format_value(value, form, size));
}

static tally_status note_bad(filling *it, int64_t row, tally_text text, tally_error *error) {
  if (it->bad_rows) atomic_store_explicit(&it->bad_rows[row], 1, memory_order_relaxed);
  return tl_problems_add(&it->column->bad, row + 1, -1, it->name, TL_PROBLEM_BAD_VALUE, text, error);
}

static tally_status fill_up(tally_builder *builder, int64_t rows, tally_error *error) {
  while (tl_builder_length(builder) < rows) TL_TRY(tl_builder_missing(builder, error));
  return TALLY_OK;
}

static tally_status put(filling *it, int64_t row, tally_value value, tally_error *error) {
  char form[32];
  tally_value typed;
  if (it->type != TALLY_TEXT && typed_value(value, it->type, &typed)) {
    TL_TRY(fill_up(it->builder, row, error));
    return tally_builder_append(it->builder, typed, error);
  }
  tally_text text = text_of(value, form, sizeof form);
  if (it->type != TALLY_TEXT) return note_bad(it, row, text, error);
  TL_TRY(fill_up(it->builder, row, error));
  return tl_builder_text(it->builder, text, error);
}

static tally_status put_piece(filling *it, const tl_json_piece *piece, tally_error *error) {
  TL_TRY(tl_pool_check(error));
  tl_json_tape_reader reader = tl_json_tape_start(piece->tape);
  for (tally_value value; tl_json_tape_next(&reader, &value);) TL_TRY(put(it, piece->first_row + reader.row, value, error));
  tl_json_tape_done(piece->tape);
  return TALLY_OK;
}

static tally_status fill(filling *it, int64_t rows, tally_error *error) {
  TL_TRY(tl_builder_reserve(it->builder, rows, error));
  for (size_t i = 0; i < it->column->piece_count; i++) TL_TRY(put_piece(it, &it->column->pieces[i], error));
  TL_TRY(fill_up(it->builder, rows, error));
  return tally_builder_finish(it->builder, &it->column->column, error);
}

tally_status tl_json_column_make(tl_json_column *it, const char *name, tally_type type, int64_t rows, atomic_uchar *bad_rows,
                                 tally_error *error) {
  filling f = {.column = it, .name = name, .type = type, .bad_rows = bad_rows};
  TL_TRY(tally_builder_new(type, &f.builder, error));
  tally_status status = fill(&f, rows, error);
  tally_builder_release(f.builder);
  return status;
}

void tl_json_column_done(tl_json_column *it) {
  tally_column_release(it->column);
  tl_problems_done(&it->bad);
  tl_mem_free(it->pieces);
  *it = (tl_json_column){0};
}
