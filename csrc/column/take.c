/* column/take: rows of a column by their numbers. One loop for each width of value; missing rows and their reasons go along. */
#include "column/column.h"

/* The row to read for output row `i`, or -1 when it is missing. */
static inline int64_t present_row(const tally_column *c, const int64_t *rows, int64_t i) {
  return rows[i] >= 0 && tl_present(c, rows[i]) ? rows[i] : -1;
}

static tally_status check_rows(const tally_column *c, const int64_t *rows, int64_t count, bool *gaps, tally_error *error) {
  for (int64_t i = 0; i < count; i++) {
    if (rows[i] < -1 || rows[i] >= c->length) {
      return tl_fail(error, TALLY_ERANGE, "row %lld (from 0) is outside a column of %lld rows", (long long)rows[i],
                     (long long)c->length);
    }
    *gaps |= rows[i] < 0;
  }
  return TALLY_OK;
}

static tally_status take_validity(const tally_column *c, const int64_t *rows, int64_t count, tl_parts *parts, tally_error *error) {
  parts->validity = tl_buffer_zero(tl_bit_bytes(count));
  if (!parts->validity) return tl_no_memory(error);
  for (int64_t i = 0; i < count; i++) {
    if (present_row(c, rows, i) >= 0) tl_bit_set(parts->validity->bytes, i);
  }
  parts->missing = -1;
  if (!c->reasons) return TALLY_OK;
  parts->reasons = tl_buffer_new((size_t)count);
  if (!parts->reasons) return tl_no_memory(error);
  parts->symbols = tally_column_retain(c->symbols);
  for (int64_t i = 0; i < count; i++) ((uint8_t *)parts->reasons->bytes)[i] = rows[i] < 0 ? 0 : tl_reason(c, rows[i]);
  return TALLY_OK;
}

static void take_64(const tally_column *c, const int64_t *rows, int64_t count, int64_t *to) {
  const int64_t *from = tl_integers(c);
  for (int64_t i = 0; i < count; i++) to[i] = rows[i] < 0 ? 0 : from[rows[i]];
}

static void take_32(const tally_column *c, const int64_t *rows, int64_t count, int32_t *to) {
  const int32_t *from = tl_dates(c);
  for (int64_t i = 0; i < count; i++) to[i] = rows[i] < 0 ? 0 : from[rows[i]];
}

static void take_bits(const tally_column *c, const int64_t *rows, int64_t count, uint8_t *to) {
  memset(to, 0, tl_bit_bytes(count));
  for (int64_t i = 0; i < count; i++) {
    if (rows[i] >= 0 && tl_boolean(c, rows[i])) tl_bit_set(to, i);
  }
}

static tally_status take_fixed(const tally_column *c, const int64_t *rows, int64_t count, tl_parts *parts, tally_error *error) {
  size_t size = tl_value_size(c);
  parts->values = tl_buffer_new(size ? size * (size_t)count : tl_bit_bytes(count));
  if (!parts->values) return tl_no_memory(error);
  parts->dictionary = tally_column_retain(c->dictionary);
  if (size == 8) {
    take_64(c, rows, count, parts->values->bytes);
  } else if (size == 4) {
    take_32(c, rows, count, parts->values->bytes);
  } else {
    take_bits(c, rows, count, parts->values->bytes);
  }
  return TALLY_OK;
}

static tally_status take_plain_text(const tally_column *c, const int64_t *rows, int64_t count, tl_parts *parts,
                                    tally_error *error) {
  parts->values = tl_buffer_new(((size_t)count + 1) * sizeof(int64_t));
  if (!parts->values) return tl_no_memory(error);
  int64_t *offsets = parts->values->bytes;
  offsets[0] = 0;
  for (int64_t i = 0; i < count; i++) {
    size_t size = rows[i] < 0 ? 0 : tl_plain_text(c, rows[i]).size;
    if (__builtin_add_overflow(offsets[i], (int64_t)size, &offsets[i + 1])) return tl_no_memory(error);
  }
  parts->bytes = tl_buffer_new((size_t)offsets[count]);
  if (!parts->bytes) return tl_no_memory(error);
  for (int64_t i = 0; i < count; i++) {
    if (offsets[i + 1] == offsets[i]) continue;
    memcpy((char *)parts->bytes->bytes + offsets[i], tl_plain_text(c, rows[i]).bytes, (size_t)(offsets[i + 1] - offsets[i]));
  }
  return TALLY_OK;
}

static tally_status gather(const tally_column *c, const int64_t *rows, int64_t count, tl_parts *parts, tally_error *error) {
  bool gaps = false;
  TL_TRY(check_rows(c, rows, count, &gaps, error));
  if (gaps || c->validity) TL_TRY(take_validity(c, rows, count, parts, error));
  if (c->type == TALLY_TEXT && !c->dictionary) return take_plain_text(c, rows, count, parts, error);
  return take_fixed(c, rows, count, parts, error);
}

tally_status tl_column_take(const tally_column *column, const int64_t *rows, int64_t count, tally_column **out,
                            tally_error *error) {
  tl_parts parts = {.type = column->type, .levels = column->levels, .length = count};
  tally_status status = gather(column, rows, count, &parts, error);
  if (status == TALLY_OK) return tl_column_new(parts, out, error);
  tl_parts_drop(&parts);
  return status;
}
