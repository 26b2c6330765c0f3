/* column/concat: columns end to end. Values of fixed width are copied; dictionaries and symbols are merged in order of first
 * appearance and the codes translated; parts that share one dictionary are copied as they are. */
#include "column/dictionary.h"
#include "column/table.h"

typedef struct total {
  int64_t length;
  bool missing;   /* some row is */
  bool reasons;   /* some row has one */
  bool all_coded; /* every part has a dictionary (a part where all is missing does not matter) */
  bool shared;    /* every part has the same dictionary */
} total;

/* A part whose every row is missing binds to text of either make. */
static bool is_all_missing(const tally_column *c) {
  return c->missing == c->length;
}

static int64_t text_bytes(const tally_column *c) {
  int64_t bytes = 0;
  for (int64_t i = 0; i < c->length; i++) bytes += tl_present(c, i) ? (int64_t)tl_text_at(c, i).size : 0;
  return bytes;
}

static tally_status measure(tally_column *const *parts, size_t count, total *t, tally_error *error) {
  *t = (total){.all_coded = true, .shared = true};
  for (size_t i = 0; i < count; i++) {
    const tally_column *c = parts[i];
    if (c->type != parts[0]->type) {
      return tl_fail(error, TALLY_ETYPE, "cannot put %s after %s in one column", tally_type_name(c->type),
                     tally_type_name(parts[0]->type));
    }
    if (__builtin_add_overflow(t->length, c->length, &t->length)) return tl_no_memory(error);
    t->missing |= c->missing > 0;
    t->reasons |= c->reasons != NULL;
    t->all_coded &= c->dictionary != NULL || is_all_missing(c);
    t->shared &= c->dictionary != NULL && c->dictionary == parts[0]->dictionary;
  }
  return TALLY_OK;
}

static tally_status join_validity(tally_column *const *parts, size_t count, int64_t length, tl_parts *out, tally_error *error) {
  out->validity = tl_buffer_zero(tl_bit_bytes(length));
  if (!out->validity) return tl_no_memory(error);
  int64_t at = 0;
  out->missing = 0;
  for (size_t i = 0; i < count; at += parts[i++]->length) {
    const tally_column *c = parts[i];
    out->missing += c->missing;
    if (c->validity) {
      tl_bits_copy(out->validity->bytes, at, c->validity->bytes, c->offset, c->length);
    } else {
      tl_bits_fill(out->validity->bytes, at, c->length, true);
    }
  }
  return TALLY_OK;
}

/* Merges the symbols and writes every row's reason by its number in the merged list. */
static tally_status merge_reasons(tally_column *const *parts, size_t count, tl_dictionary *symbols, uint8_t *to,
                                  tally_error *error) {
  for (size_t i = 0; i < count; i++) {
    const tally_column *c = parts[i];
    uint8_t number[256] = {0};
    for (int64_t s = 0; c->reasons && s < c->symbols->length; s++) {
      uint32_t code;
      TL_TRY(tl_dictionary_add(symbols, tl_plain_text(c->symbols, s), &code, error));
      if (code >= 255) return tl_fail(error, TALLY_ERANGE, "more than 255 different symbols for missing values in one column");
      number[s + 1] = (uint8_t)(code + 1);
    }
    for (int64_t row = 0; row < c->length; row++) *to++ = number[tl_reason(c, row)];
  }
  return TALLY_OK;
}

static tally_status join_reasons(tally_column *const *parts, size_t count, int64_t length, tl_parts *out, tally_error *error) {
  out->reasons = tl_buffer_new((size_t)length);
  if (!out->reasons) return tl_no_memory(error);
  tl_dictionary symbols = TL_DICTIONARY;
  tally_status status = merge_reasons(parts, count, &symbols, out->reasons->bytes, error);
  if (status == TALLY_OK) status = tl_dictionary_column(&symbols, &out->symbols, error);
  tl_dictionary_done(&symbols);
  return status;
}

static tally_status join_fixed(tally_column *const *parts, size_t count, int64_t length, tl_parts *out, tally_error *error) {
  size_t size = tl_value_size(parts[0]);
  out->values = tl_buffer_zero(size ? size * (size_t)length : tl_bit_bytes(length));
  if (!out->values) return tl_no_memory(error);
  int64_t at = 0;
  for (size_t i = 0; i < count; at += parts[i++]->length) {
    const tally_column *c = parts[i];
    if (size) {
      memcpy((char *)out->values->bytes + (size_t)at * size, (const char *)c->values->bytes + (size_t)c->offset * size,
             (size_t)c->length * size);
    } else {
      tl_bits_copy(out->values->bytes, at, c->values->bytes, c->offset, c->length);
    }
  }
  return TALLY_OK;
}

/* ---- text ---- */

static bool same_levels(const tally_column *a, const tally_column *b) {
  if (!a->levels || !b->levels || a->dictionary->length != b->dictionary->length) return false;
  for (int64_t i = 0; i < a->dictionary->length; i++) {
    if (!tl_text_equal(tl_plain_text(a->dictionary, i), tl_plain_text(b->dictionary, i))) return false;
  }
  return true;
}

static bool levels_agree(tally_column *const *parts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (parts[i]->dictionary == parts[0]->dictionary && parts[i]->levels && parts[0]->levels) continue;
    if (!same_levels(parts[i], parts[0])) return false;
  }
  return true;
}

/* The codes of one part in the merged dictionary. Values that no row uses are left out, unless their order is declared. */
static tally_status translate(const tally_column *c, bool levels, tl_dictionary *merged, uint32_t *to, tally_error *error) {
  if (is_all_missing(c) && !levels) {
    memset(to, 0, (size_t)c->length * sizeof *to);
    return TALLY_OK;
  }
  uint32_t *map = tl_mem_new((size_t)c->dictionary->length, sizeof *map);
  if (!map) return tl_no_memory(error);
  memset(map, 0xFF, (size_t)c->dictionary->length * sizeof *map);
  tally_status status = levels ? tl_dictionary_add_all(merged, c->dictionary, error) : TALLY_OK;
  const uint32_t *codes = tl_codes(c);
  for (int64_t row = 0; status == TALLY_OK && row < c->length; row++) {
    to[row] = 0;
    if (!tl_present(c, row)) continue;
    uint32_t *code = &map[codes[row]];
    if (*code == TL_NO_CODE) status = tl_dictionary_add(merged, tl_plain_text(c->dictionary, codes[row]), code, error);
    to[row] = *code;
  }
  tl_mem_free(map);
  return status;
}

static tally_status join_coded(tally_column *const *parts, size_t count, int64_t length, tl_parts *out, tally_error *error) {
  out->values = tl_buffer_new((size_t)length * sizeof(uint32_t));
  if (!out->values) return tl_no_memory(error);
  out->levels = levels_agree(parts, count);
  tl_dictionary merged = TL_DICTIONARY;
  tally_status status = TALLY_OK;
  uint32_t *to = out->values->bytes;
  for (size_t i = 0; i < count && status == TALLY_OK; to += parts[i++]->length) {
    status = translate(parts[i], out->levels, &merged, to, error);
  }
  if (status == TALLY_OK) status = tl_dictionary_column(&merged, &out->dictionary, error);
  tl_dictionary_done(&merged);
  return status;
}

static tally_status join_plain(tally_column *const *parts, size_t count, int64_t length, tl_parts *out, tally_error *error) {
  int64_t bytes = 0;
  for (size_t i = 0; i < count; i++) {
    if (__builtin_add_overflow(bytes, text_bytes(parts[i]), &bytes)) return tl_no_memory(error);
  }
  out->values = tl_buffer_new(((size_t)length + 1) * sizeof(int64_t));
  out->bytes = tl_buffer_new((size_t)bytes);
  if (!out->values || !out->bytes) return tl_no_memory(error);
  int64_t *offset = out->values->bytes;
  char *to = out->bytes->bytes;
  *offset = 0;
  for (size_t i = 0; i < count; i++) {
    for (int64_t row = 0; row < parts[i]->length; row++, offset++) {
      tally_text text = tl_present(parts[i], row) ? tl_text_at(parts[i], row) : (tally_text){0};
      if (text.size) memcpy(to + *offset, text.bytes, text.size);
      offset[1] = offset[0] + (int64_t)text.size;
    }
  }
  return TALLY_OK;
}

static tally_status join_values(tally_column *const *parts, size_t count, const total *t, tl_parts *out, tally_error *error) {
  if (out->type != TALLY_TEXT) return join_fixed(parts, count, t->length, out, error);
  if (t->shared) {
    out->dictionary = tally_column_retain(parts[0]->dictionary);
    out->levels = levels_agree(parts, count);
    return join_fixed(parts, count, t->length, out, error);
  }
  if (t->all_coded) return join_coded(parts, count, t->length, out, error);
  return join_plain(parts, count, t->length, out, error);
}

static tally_status join_all(tally_column *const *parts, size_t count, tl_parts *out, tally_error *error) {
  total t;
  TL_TRY(measure(parts, count, &t, error));
  out->length = t.length;
  if (t.missing) TL_TRY(join_validity(parts, count, t.length, out, error));
  if (t.reasons) TL_TRY(join_reasons(parts, count, t.length, out, error));
  return join_values(parts, count, &t, out, error);
}

tally_status tl_column_concat(tally_column *const *parts, size_t count, tally_column **out, tally_error *error) {
  if (count == 1) {
    *out = tally_column_retain(parts[0]);
    return TALLY_OK;
  }
  TL_TRY(tl_column_rejoin(parts, count, out, error));
  if (*out) return TALLY_OK;
  tl_parts joined = {.type = parts[0]->type};
  tally_status status = join_all(parts, count, &joined, error);
  if (status == TALLY_OK) return tl_column_new(joined, out, error);
  tl_parts_drop(&joined);
  return status;
}

/* Column `index` of every table, end to end. */
static tally_status concat_index(tally_table *const *tables, size_t count, size_t index, tally_column **parts, tally_column **out,
                                 tally_error *error) {
  for (size_t i = 0; i < count; i++) parts[i] = tables[i]->column[index];
  tally_status status = tl_column_concat(parts, count, out, error);
  if (status != TALLY_OK) tl_error_where(error, tables[0]->names[index]);
  return status;
}

tally_status tl_table_concat(tally_table *const *tables, size_t count, tally_table **out, tally_error *error) {
  if (count == 1) {
    *out = tally_table_retain(tables[0]);
    return TALLY_OK;
  }
  size_t width = tables[0]->columns, done = 0;
  int64_t rows = 0;
  for (size_t i = 0; i < count; i++) rows += tables[i]->rows;
  tally_column **columns = tl_mem_zero(width, sizeof *columns), **parts = tl_mem_new(count, sizeof *parts);
  tally_status status = columns && parts ? TALLY_OK : tl_no_memory(error);
  for (; status == TALLY_OK && done < width; done++) {
    status = concat_index(tables, count, done, parts, &columns[done], error);
  }
  if (status == TALLY_OK) status = tally_table_new((const char *const *)tables[0]->names, columns, width, rows, out, error);
  for (size_t i = 0; columns && i < width; i++) tally_column_release(columns[i]);
  tl_mem_free(columns);
  tl_mem_free(parts);
  return status;
}
