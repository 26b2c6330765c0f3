/* column/cast: the same values in another make: coded text as plain, plain text as coded, integers as numbers,
 * groups in a declared order. */
#include "column/dictionary.h"

/* A column with everything of `c` but the values; the caller fills in `values` and the rest. From row 0. */
static tally_status parts_like(const tally_column *c, tally_type type, tl_parts *parts, tally_error *error) {
  *parts = (tl_parts){.type = type, .length = c->length, .missing = c->missing};
  if (!c->validity) return TALLY_OK;
  parts->validity = tl_buffer_zero(tl_bit_bytes(c->length));
  if (!parts->validity) return tl_no_memory(error);
  tl_bits_copy(parts->validity->bytes, 0, c->validity->bytes, c->offset, c->length);
  if (!c->reasons) return TALLY_OK;
  parts->reasons = tl_buffer_new((size_t)c->length);
  if (!parts->reasons) return tl_no_memory(error);
  memcpy(parts->reasons->bytes, (const uint8_t *)c->reasons->bytes + c->offset, (size_t)c->length);
  parts->symbols = tally_column_retain(c->symbols);
  return TALLY_OK;
}

static tally_status number_parts(const tally_column *c, tl_parts *parts, tally_error *error) {
  TL_TRY(parts_like(c, TALLY_NUMBER, parts, error));
  parts->values = tl_buffer_new((size_t)c->length * sizeof(double));
  if (!parts->values) return tl_no_memory(error);
  const int64_t *from = tl_integers(c);
  double *to = parts->values->bytes;
  for (int64_t i = 0; i < c->length; i++) to[i] = (double)from[i];
  return TALLY_OK;
}

static tally_status plain_parts(const tally_column *c, tl_parts *parts, tally_error *error) {
  TL_TRY(parts_like(c, TALLY_TEXT, parts, error));
  parts->values = tl_buffer_new(((size_t)c->length + 1) * sizeof(int64_t));
  if (!parts->values) return tl_no_memory(error);
  int64_t *offsets = parts->values->bytes;
  offsets[0] = 0;
  for (int64_t i = 0; i < c->length; i++) {
    int64_t size = tl_present(c, i) ? (int64_t)tl_text_at(c, i).size : 0;
    if (__builtin_add_overflow(offsets[i], size, &offsets[i + 1])) return tl_no_memory(error);
  }
  parts->bytes = tl_buffer_new((size_t)offsets[c->length]);
  if (!parts->bytes) return tl_no_memory(error);
  for (int64_t i = 0; i < c->length; i++) {
    if (offsets[i + 1] == offsets[i]) continue;
    memcpy((char *)parts->bytes->bytes + offsets[i], tl_text_at(c, i).bytes, (size_t)(offsets[i + 1] - offsets[i]));
  }
  return TALLY_OK;
}

static tally_status code_rows(const tally_column *c, tl_dictionary *dictionary, uint32_t *codes, tally_error *error) {
  for (int64_t i = 0; i < c->length; i++) {
    codes[i] = 0;
    if (tl_present(c, i)) TL_TRY(tl_dictionary_add(dictionary, tl_plain_text(c, i), &codes[i], error));
  }
  return TALLY_OK;
}

static tally_status coded_parts(const tally_column *c, tl_parts *parts, tally_error *error) {
  TL_TRY(parts_like(c, TALLY_TEXT, parts, error));
  parts->values = tl_buffer_new((size_t)c->length * sizeof(uint32_t));
  if (!parts->values) return tl_no_memory(error);
  tl_dictionary dictionary = TL_DICTIONARY;
  tally_status status = code_rows(c, &dictionary, parts->values->bytes, error);
  if (status == TALLY_OK) status = tl_dictionary_column(&dictionary, &parts->dictionary, error);
  tl_dictionary_done(&dictionary);
  return status;
}

/* The end of each of the makers above: the column, or nothing left behind. */
static tally_status column_of(tally_status status, tl_parts *parts, tally_column **out, tally_error *error) {
  if (status == TALLY_OK) return tl_column_new(*parts, out, error);
  tl_parts_drop(parts);
  return status;
}

tally_status tl_column_encode(const tally_column *c, tally_column **out, tally_error *error) {
  if (c->type != TALLY_TEXT) return tl_fail(error, TALLY_ETYPE, "only text has codes, not %s", tally_type_name(c->type));
  if (c->dictionary) {
    *out = tally_column_retain(c);
    return TALLY_OK;
  }
  tl_parts parts = {0};
  return column_of(coded_parts(c, &parts, error), &parts, out, error);
}

tally_status tl_column_cast(const tally_column *c, tally_type type, tally_column **out, tally_error *error) {
  tl_parts parts = {0};
  if (type == TALLY_TEXT && c->dictionary) return column_of(plain_parts(c, &parts, error), &parts, out, error);
  if (type == TALLY_NUMBER && c->type == TALLY_INTEGER) return column_of(number_parts(c, &parts, error), &parts, out, error);
  if (type == c->type) {
    *out = tally_column_retain(c);
    return TALLY_OK;
  }
  if (c->missing == c->length) return tl_column_new_missing(type, c->length, out, error);
  return tl_fail(error, TALLY_ETYPE, "%s cannot be taken as %s", tally_type_name(c->type), tally_type_name(type));
}

/* ---- declared levels ---- */

static tally_status levels_dictionary(const tally_text *levels, size_t count, tl_dictionary *dictionary, tally_error *error) {
  for (size_t i = 0; i < count; i++) {
    uint32_t code;
    if (tl_text_valid_utf8(levels[i]) < levels[i].size) return tl_fail(error, TALLY_ESYNTAX, "level %zu is not valid UTF-8", i + 1);
    TL_TRY(tl_dictionary_add(dictionary, levels[i], &code, error));
    if (code != i) {
      return tl_fail(error, TALLY_ERANGE, "level '%.*s' is given twice", (int)levels[i].size, levels[i].bytes);
    }
  }
  return TALLY_OK;
}

/* The new code of every row of an encoded column; values that no row has need not be among the levels. */
static tally_status recode(const tally_column *column, const tl_dictionary *levels, uint32_t *codes, tally_error *error) {
  for (int64_t row = 0; row < column->length; row++) {
    codes[row] = 0;
    if (!tl_present(column, row)) continue;
    tally_text text = tl_text_at(column, row);
    codes[row] = tl_dictionary_find(levels, text);
    if (codes[row] == TL_NO_CODE) {
      return tl_fail(error, TALLY_ERANGE, "value '%.*s' is not among the declared levels", (int)text.size, text.bytes);
    }
  }
  return TALLY_OK;
}

static tally_status leveled_parts(const tally_column *column, const tl_dictionary *levels, tl_parts *parts, tally_error *error) {
  TL_TRY(parts_like(column, TALLY_TEXT, parts, error));
  parts->levels = true;
  TL_TRY(tl_dictionary_column(levels, &parts->dictionary, error));
  parts->values = tl_buffer_new((size_t)column->length * sizeof(uint32_t));
  if (!parts->values) return tl_no_memory(error);
  return recode(column, levels, parts->values->bytes, error);
}

tally_status tally_column_with_levels(const tally_column *column, const tally_text *levels, size_t count, tally_column **out,
                                      tally_error *error) {
  if (column->type != TALLY_TEXT) {
    return tl_fail(error, TALLY_ETYPE, "only text has levels, not %s", tally_type_name(column->type));
  }
  tl_dictionary dictionary = TL_DICTIONARY;
  tl_parts parts = {0};
  tally_status status = levels_dictionary(levels, count, &dictionary, error);
  if (status == TALLY_OK) status = leveled_parts(column, &dictionary, &parts, error);
  tl_dictionary_done(&dictionary);
  return column_of(status, &parts, out, error);
}
