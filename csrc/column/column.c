/* column/column: life, shape and single values of a column. What makes whole columns from others stands in its own rooms: take,
 * concat, cast. */
#include "column/column.h"

#include "column/dictionary.h"

static const char *const type_names[] = {
    [TALLY_MISSING] = "missing", [TALLY_BOOLEAN] = "boolean", [TALLY_INTEGER] = "integer",
    [TALLY_NUMBER] = "number",   [TALLY_TEXT] = "text",       [TALLY_DATE] = "date",
};

const char *tally_type_name(tally_type type) {
  return (unsigned)type < sizeof type_names / sizeof *type_names ? type_names[type] : "unknown";
}

/* ---- life ---- */

void tl_parts_drop(tl_parts *parts) {
  tl_buffer_release(parts->validity);
  tl_buffer_release(parts->values);
  tl_buffer_release(parts->bytes);
  tl_buffer_release(parts->reasons);
  tally_column_release(parts->dictionary);
  tally_column_release(parts->symbols);
  *parts = (tl_parts){0};
}

/* Drops a validity without gaps, and reasons where nothing is missing. */
static void settle_missing(tl_parts *parts) {
  if (parts->validity && parts->missing < 0) {
    parts->missing = parts->length - tl_bits_count(parts->validity->bytes, 0, parts->length);
  }
  if (!parts->validity) parts->missing = 0;
  if (parts->missing > 0) return;
  tl_buffer_release(parts->validity);
  tl_buffer_release(parts->reasons);
  tally_column_release(parts->symbols);
  parts->validity = parts->reasons = NULL;
  parts->symbols = NULL;
}

tally_status tl_column_new(tl_parts parts, tally_column **out, tally_error *error) {
  tally_column *column = tl_mem_new(1, sizeof *column);
  if (!column) {
    tl_parts_drop(&parts);
    return tl_no_memory(error);
  }
  settle_missing(&parts);
  *column = (tally_column){.references = 1,
                           .type = parts.type,
                           .levels = parts.levels,
                           .length = parts.length,
                           .missing = parts.missing,
                           .validity = parts.validity,
                           .values = parts.values,
                           .bytes = parts.bytes,
                           .reasons = parts.reasons,
                           .dictionary = parts.dictionary,
                           .symbols = parts.symbols};
  *out = column;
  return TALLY_OK;
}

tally_column *tally_column_retain(const tally_column *column) {
  tally_column *it = (tally_column *)column;
  if (it) atomic_fetch_add_explicit(&it->references, 1, memory_order_relaxed);
  return it;
}

void tally_column_release(tally_column *column) {
  if (!column || atomic_fetch_sub_explicit(&column->references, 1, memory_order_acq_rel) != 1) return;
  tl_buffer_release(column->validity);
  tl_buffer_release(column->values);
  tl_buffer_release(column->bytes);
  tl_buffer_release(column->reasons);
  tally_column_release(column->dictionary);
  tally_column_release(column->symbols);
  tl_mem_free(column);
}

/* A column over the same buffers, which it retains. */
static tl_parts shared_parts(const tally_column *column) {
  return (tl_parts){.type = column->type,
                    .levels = column->levels,
                    .length = column->length,
                    .missing = column->missing,
                    .validity = tl_buffer_retain(column->validity),
                    .values = tl_buffer_retain(column->values),
                    .bytes = tl_buffer_retain(column->bytes),
                    .reasons = tl_buffer_retain(column->reasons),
                    .dictionary = tally_column_retain(column->dictionary),
                    .symbols = tally_column_retain(column->symbols)};
}

tally_status tally_column_slice(const tally_column *column, int64_t first, int64_t count, tally_column **out, tally_error *error) {
  if (first < 0 || count < 0 || first > column->length || count > column->length - first) {
    return tl_fail(error, TALLY_ERANGE, "a slice of %lld rows after the first %lld is outside a column of %lld", (long long)count,
                   (long long)first, (long long)column->length);
  }
  tl_parts parts = shared_parts(column);
  int64_t start = column->offset + first;
  parts.length = count;
  if (parts.validity) parts.missing = count - tl_bits_count(parts.validity->bytes, start, count);
  TL_TRY(tl_column_new(parts, out, error));
  (*out)->offset = start;
  return TALLY_OK;
}

/* Of two slices of one column, one may have lost the validity that says nothing. */
static bool may_share(const tl_buffer *a, const tl_buffer *b) {
  return !a || !b || a == b;
}

static bool follows(const tally_column *whole, const tally_column *next) {
  return next->offset == whole->offset + whole->length && next->values == whole->values && next->bytes == whole->bytes &&
         next->dictionary == whole->dictionary && next->levels == whole->levels && may_share(next->validity, whole->validity) &&
         may_share(next->reasons, whole->reasons);
}

tally_status tl_column_rejoin(tally_column *const *slices, size_t count, tally_column **out, tally_error *error) {
  tally_column whole = {.length = 0};
  *out = NULL;
  for (size_t i = 0; i < count; i++) {
    const tally_column *next = slices[i];
    if (next->length == 0) continue;
    if (whole.length == 0) {
      whole.type = next->type;
      whole.levels = next->levels;
      whole.offset = next->offset;
      whole.values = next->values;
      whole.bytes = next->bytes;
      whole.dictionary = next->dictionary;
    } else if (!follows(&whole, next)) {
      return TALLY_OK;
    }
    if (next->validity) whole.validity = next->validity;
    if (next->reasons) whole.reasons = next->reasons;
    if (next->symbols) whole.symbols = next->symbols;
    whole.length += next->length;
    whole.missing += next->missing;
  }
  if (whole.length == 0) return TALLY_OK;
  TL_TRY(tl_column_new(shared_parts(&whole), out, error));
  (*out)->offset = whole.offset;
  return TALLY_OK;
}

tally_status tl_column_with_reasons(const tally_column *column, const tally_column *from, tally_column **out, tally_error *error) {
  tl_buffer *reasons = tl_buffer_zero((size_t)(column->offset + column->length));
  if (!reasons) return tl_no_memory(error);
  if (from->length)
    memcpy((uint8_t *)reasons->bytes + column->offset, (const uint8_t *)from->reasons->bytes + from->offset, (size_t)from->length);
  tl_parts parts = shared_parts(column);
  tl_buffer_release(parts.reasons);
  tally_column_release(parts.symbols);
  parts.reasons = reasons;
  parts.symbols = tally_column_retain(from->symbols);
  TL_TRY(tl_column_new(parts, out, error));
  (*out)->offset = column->offset;
  return TALLY_OK;
}

/* ---- columns of one value ---- */

size_t tl_value_size(const tally_column *column) {
  return column->type == TALLY_TEXT && !column->dictionary ? 0 : tl_type_size(column->type);
}

/* Bytes of `values` for `length` rows of a type; text as codes. */
static size_t values_bytes(tally_type type, int64_t length) {
  size_t size = tl_type_size(type);
  return size ? (size_t)length * size : tl_bit_bytes(length);
}

/* A plain text column of one value, or of none. */
static tally_status dictionary_of(tally_text text, size_t count, tally_column **out, tally_error *error) {
  tl_dictionary one = TL_DICTIONARY;
  uint32_t code;
  tally_status status = count ? tl_dictionary_add(&one, text, &code, error) : TALLY_OK;
  if (status == TALLY_OK) status = tl_dictionary_column(&one, out, error);
  tl_dictionary_done(&one);
  return status;
}

tally_status tl_column_new_missing(tally_type type, int64_t length, tally_column **out, tally_error *error) {
  if (type == TALLY_MISSING) type = TALLY_BOOLEAN;
  tl_parts parts = {.type = type, .length = length, .missing = length};
  if (type == TALLY_TEXT) TL_TRY(dictionary_of((tally_text){0}, 0, &parts.dictionary, error));
  parts.values = tl_buffer_zero(values_bytes(type, length));
  parts.validity = tl_buffer_zero(tl_bit_bytes(length));
  if (!parts.values || !parts.validity) {
    tl_parts_drop(&parts);
    return tl_no_memory(error);
  }
  return tl_column_new(parts, out, error);
}

static void fill_values(tl_buffer *values, tally_value value, int64_t length) {
  if (value.type == TALLY_BOOLEAN) {
    tl_bits_fill(values->bytes, 0, length, value.boolean);
  } else if (value.type == TALLY_INTEGER || value.type == TALLY_NUMBER) {
    for (int64_t i = 0; i < length; i++) ((int64_t *)values->bytes)[i] = value.integer; /* the same eight bytes */
  } else if (value.type == TALLY_DATE) {
    for (int64_t i = 0; i < length; i++) ((int32_t *)values->bytes)[i] = value.date;
  }
}

tally_status tl_column_new_constant(tally_value value, int64_t length, tally_column **out, tally_error *error) {
  if (value.type == TALLY_MISSING) return tl_column_new_missing(TALLY_BOOLEAN, length, out, error);
  tl_parts parts = {.type = value.type, .length = length};
  if (value.type == TALLY_TEXT) TL_TRY(dictionary_of(value.text, 1, &parts.dictionary, error));
  parts.values = tl_buffer_zero(values_bytes(value.type, length));
  if (!parts.values) {
    tl_parts_drop(&parts);
    return tl_no_memory(error);
  }
  fill_values(parts.values, value, length);
  return tl_column_new(parts, out, error);
}

/* ---- looking at a column ---- */

tally_type tally_column_type(const tally_column *column) {
  return column->type;
}

int64_t tally_column_length(const tally_column *column) {
  return column->length;
}

int64_t tally_column_missing(const tally_column *column) {
  return column->missing;
}

bool tally_column_has_dictionary(const tally_column *column) {
  return column->dictionary != NULL;
}

bool tally_column_has_levels(const tally_column *column) {
  return column->levels;
}

const tally_column *tally_column_dictionary(const tally_column *column) {
  return column->dictionary;
}

static size_t buffer_bytes(const tl_buffer *buffer) {
  return buffer ? buffer->size : 0;
}

size_t tally_column_bytes(const tally_column *column) {
  if (!column) return 0;
  return sizeof *column + buffer_bytes(column->validity) + buffer_bytes(column->values) + buffer_bytes(column->bytes) +
         buffer_bytes(column->reasons) + tally_column_bytes(column->dictionary) + tally_column_bytes(column->symbols);
}

tally_value tally_column_value(const tally_column *column, int64_t row) {
  tally_value value = {.type = TALLY_MISSING};
  if (row < 0 || row >= column->length || !tl_present(column, row)) return value;
  value.type = column->type;
  switch (column->type) {
    case TALLY_BOOLEAN:
      value.boolean = tl_boolean(column, row);
      break;
    case TALLY_INTEGER:
      value.integer = tl_integers(column)[row];
      break;
    case TALLY_NUMBER:
      value.number = tl_numbers(column)[row];
      break;
    case TALLY_DATE:
      value.date = tl_dates(column)[row];
      break;
    case TALLY_TEXT:
      value.text = tl_text_at(column, row);
      break;
    case TALLY_MISSING:
      break;
  }
  return value;
}

tally_text tally_column_reason(const tally_column *column, int64_t row) {
  uint8_t reason = row < 0 || row >= column->length ? 0 : tl_reason(column, row);
  return reason ? tl_plain_text(column->symbols, reason - 1) : (tally_text){"", 0};
}
