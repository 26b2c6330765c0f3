/* column/builder: growing arrays for values, validity and reasons, turned into a column at the end. Text goes through a dictionary
 * while values repeat; when they do not, it is laid out plain from then on (what was coded is written out once). Validity and
 * reasons exist only from the first missing value on. */
#include "column/builder.h"

#include "base/number.h"

struct tally_builder {
  tally_type type;
  bool plain; /* text that is not coded any more */
  int64_t length;
  int64_t missing;
  void *values; /* as in column/column.h; plain text has length + 1 offsets */
  size_t value_capacity;
  char *bytes; /* of plain text */
  size_t byte_capacity;
  uint8_t *validity;
  size_t validity_capacity;
  uint8_t *reasons;
  size_t reason_capacity;
  tl_dictionary dictionary, symbols;
};

/* ---- life ---- */

tally_status tally_builder_new(tally_type type, tally_builder **out, tally_error *error) {
  if (type <= TALLY_MISSING || type > TALLY_DATE) {
    return tl_fail(error, TALLY_ETYPE, "a column cannot be of type '%s'", tally_type_name(type));
  }
  *out = tl_mem_zero(1, sizeof **out);
  if (!*out) return tl_no_memory(error);
  (*out)->type = type;
  return TALLY_OK;
}

/* Empties the builder; its type stays. */
static void clear(tally_builder *b) {
  tally_type type = b->type;
  tl_mem_free(b->values);
  tl_mem_free(b->bytes);
  tl_mem_free(b->validity);
  tl_mem_free(b->reasons);
  tl_dictionary_done(&b->dictionary);
  tl_dictionary_done(&b->symbols);
  *b = (tally_builder){.type = type};
}

void tally_builder_release(tally_builder *builder) {
  if (!builder) return;
  clear(builder);
  tl_mem_free(builder);
}

int64_t tl_builder_length(const tally_builder *builder) {
  return builder->length;
}

/* ---- room ---- */

/* Of plain text: an offset. */
static size_t value_size(const tally_builder *b) {
  return b->type == TALLY_TEXT && b->plain ? sizeof(int64_t) : tl_type_size(b->type);
}

static tally_status reserve_values(tally_builder *b, int64_t rows, tally_error *error) {
  if (b->type == TALLY_BOOLEAN) return tl_mem_reserve(&b->values, &b->value_capacity, tl_bit_bytes(rows), 1, error);
  size_t need = (size_t)rows + (b->type == TALLY_TEXT && b->plain ? 1 : 0);
  return tl_mem_reserve(&b->values, &b->value_capacity, need, value_size(b), error);
}

tally_status tl_builder_reserve(tally_builder *b, int64_t more, tally_error *error) {
  return reserve_values(b, b->length + more, error);
}

/* Room for one more row, and its validity bit where there is validity. */
static tally_status begin_row(tally_builder *b, bool present, tally_error *error) {
  TL_TRY(reserve_values(b, b->length + 1, error));
  if (!b->validity) return TALLY_OK;
  TL_TRY(tl_mem_reserve((void **)&b->validity, &b->validity_capacity, tl_bit_bytes(b->length + 1), 1, error));
  tl_bit_put(b->validity, b->length, present);
  if (!b->reasons) return TALLY_OK;
  TL_TRY(tl_mem_reserve((void **)&b->reasons, &b->reason_capacity, (size_t)b->length + 1, 1, error));
  b->reasons[b->length] = 0;
  return TALLY_OK;
}

static tally_status start_validity(tally_builder *b, tally_error *error) {
  if (b->validity) return TALLY_OK;
  TL_TRY(tl_mem_reserve((void **)&b->validity, &b->validity_capacity, tl_bit_bytes(b->length + 1), 1, error));
  tl_bits_fill(b->validity, 0, b->length, true);
  return TALLY_OK;
}

/* Reasons never stand without validity: begin_row relies on it. */
static tally_status start_reasons(tally_builder *b, tally_error *error) {
  if (b->reasons) return TALLY_OK;
  TL_TRY(start_validity(b, error));
  TL_TRY(tl_mem_reserve((void **)&b->reasons, &b->reason_capacity, (size_t)b->length + 1, 1, error));
  memset(b->reasons, 0, (size_t)b->length);
  return TALLY_OK;
}

/* ---- typed entrances ---- */

tally_status tl_builder_boolean(tally_builder *b, bool value, tally_error *error) {
  TL_TRY(begin_row(b, true, error));
  tl_bit_put(b->values, b->length++, value);
  return TALLY_OK;
}

tally_status tl_builder_integer(tally_builder *b, int64_t value, tally_error *error) {
  TL_TRY(begin_row(b, true, error));
  ((int64_t *)b->values)[b->length++] = value;
  return TALLY_OK;
}

tally_status tl_builder_number(tally_builder *b, double value, tally_error *error) {
  TL_TRY(begin_row(b, true, error));
  ((double *)b->values)[b->length++] = value;
  return TALLY_OK;
}

tally_status tl_builder_date(tally_builder *b, int32_t value, tally_error *error) {
  TL_TRY(begin_row(b, true, error));
  ((int32_t *)b->values)[b->length++] = value;
  return TALLY_OK;
}

/* Room for `more` bytes of plain text after those that are there. */
static tally_status reserve_bytes(tally_builder *b, size_t more, tally_error *error) {
  size_t end = (size_t)((int64_t *)b->values)[b->length], need;
  if (__builtin_add_overflow(end, more, &need)) return tl_no_memory(error);
  return tl_mem_reserve((void **)&b->bytes, &b->byte_capacity, need, 1, error);
}

static tally_status append_plain(tally_builder *b, tally_text value, bool present, tally_error *error) {
  TL_TRY(begin_row(b, present, error));
  TL_TRY(reserve_bytes(b, value.size, error));
  int64_t *offsets = b->values, end = offsets[b->length];
  if (value.size) memcpy(b->bytes + end, value.bytes, value.size);
  offsets[++b->length] = end + (int64_t)value.size;
  return TALLY_OK;
}

static int64_t coded_bytes(const tally_builder *b) {
  int64_t total = 0;
  for (int64_t i = 0; i < b->length; i++) {
    if (!b->validity || tl_bit(b->validity, i))
      total += (int64_t)tl_dictionary_text(&b->dictionary, ((uint32_t *)b->values)[i]).size;
  }
  return total;
}

/* Writes the coded texts out; from here on the builder is plain. */
static tally_status turn_plain(tally_builder *b, tally_error *error) {
  size_t room = (size_t)coded_bytes(b);
  int64_t *offsets = tl_mem_new((size_t)b->length + 1, sizeof *offsets);
  char *bytes = tl_mem_new(room, 1);
  if (!offsets || !bytes) {
    tl_mem_free(offsets);
    tl_mem_free(bytes);
    return tl_no_memory(error);
  }
  offsets[0] = 0;
  for (int64_t i = 0; i < b->length; i++) {
    offsets[i + 1] = offsets[i];
    if (b->validity && !tl_bit(b->validity, i)) continue;
    tally_text text = tl_dictionary_text(&b->dictionary, ((uint32_t *)b->values)[i]);
    if (text.size) memcpy(bytes + offsets[i], text.bytes, text.size);
    offsets[i + 1] += (int64_t)text.size;
  }
  tl_mem_free(b->values);
  b->values = offsets;
  b->value_capacity = (size_t)b->length + 1;
  b->bytes = bytes;
  b->byte_capacity = room;
  b->plain = true;
  tl_dictionary_done(&b->dictionary);
  return TALLY_OK;
}

/* Coding pays while at most half of the known values are distinct. */
static bool coding_fails(const tally_builder *b) {
  int64_t known = b->length - b->missing;
  return known >= TL_DICTIONARY_TRIAL && (int64_t)b->dictionary.size > known / 2;
}

tally_status tl_builder_text(tally_builder *b, tally_text value, tally_error *error) {
  if (!b->plain && coding_fails(b)) TL_TRY(turn_plain(b, error));
  if (b->plain) return append_plain(b, value, true, error);
  uint32_t code;
  TL_TRY(tl_dictionary_add(&b->dictionary, value, &code, error));
  TL_TRY(begin_row(b, true, error));
  ((uint32_t *)b->values)[b->length++] = code;
  return TALLY_OK;
}

tally_status tl_builder_missing(tally_builder *b, tally_error *error) {
  TL_TRY(start_validity(b, error));
  if (b->plain) {
    TL_TRY(append_plain(b, (tally_text){0}, false, error));
  } else {
    TL_TRY(begin_row(b, false, error));
    size_t size = value_size(b);
    if (size) {
      memset((char *)b->values + (size_t)b->length * size, 0, size);
    } else {
      tl_bit_clear(b->values, b->length);
    }
    b->length++;
  }
  b->missing++;
  return TALLY_OK;
}

/* ---- entrances of tally.h ---- */

static tally_status wrong_type(const tally_builder *b, tally_type given, tally_error *error) {
  return tl_fail(error, TALLY_ETYPE, "a value of type %s in a column of type %s", tally_type_name(given), tally_type_name(b->type));
}

static tally_status check_utf8(tally_text text, tally_error *error) {
  size_t valid = tl_text_valid_utf8(text);
  if (valid == text.size) return TALLY_OK;
  return tl_fail(error, TALLY_ESYNTAX, "byte %zu of a text of %zu bytes is not valid UTF-8", valid + 1, text.size);
}

/* An integer in a column of numbers, as long as it keeps its digits there. */
static tally_status append_as_number(tally_builder *b, int64_t integer, tally_error *error) {
  if (tl_number_holds(integer)) return tl_builder_number(b, (double)integer, error);
  return tl_fail(error, TALLY_ERANGE,
                 "%lld is an integer that would lose digits in a column of numbers: give the column as text, or the value as a "
                 "number if an approximate one will do",
                 (long long)integer);
}

tally_status tally_builder_append(tally_builder *b, tally_value value, tally_error *error) {
  if (value.type == TALLY_MISSING) return tl_builder_missing(b, error);
  if (b->type == TALLY_NUMBER && value.type == TALLY_INTEGER) return append_as_number(b, value.integer, error);
  if (value.type != b->type) return wrong_type(b, value.type, error);
  switch (value.type) {
    case TALLY_BOOLEAN:
      return tl_builder_boolean(b, value.boolean, error);
    case TALLY_INTEGER:
      return tl_builder_integer(b, value.integer, error);
    case TALLY_NUMBER:
      return tl_builder_number(b, value.number, error);
    case TALLY_DATE:
      return tl_builder_date(b, value.date, error);
    default:
      break;
  }
  TL_TRY(check_utf8(value.text, error));
  return tl_builder_text(b, value.text, error);
}

tally_status tally_builder_append_missing(tally_builder *b, tally_text reason, tally_error *error) {
  if (reason.size == 0) return tl_builder_missing(b, error);
  uint32_t code = tl_dictionary_find(&b->symbols, reason);
  if (code == TL_NO_CODE) {
    TL_TRY(check_utf8(reason, error));
    if (b->symbols.size >= 255)
      return tl_fail(error, TALLY_ERANGE, "more than 255 different symbols for missing values in one column");
    TL_TRY(tl_dictionary_add(&b->symbols, reason, &code, error));
  }
  TL_TRY(start_reasons(b, error));
  TL_TRY(tl_builder_missing(b, error));
  b->reasons[b->length - 1] = (uint8_t)(code + 1);
  return TALLY_OK;
}

/* ---- the type ladder ---- */

tally_status tl_builder_widen(tally_builder *b, tally_type type, tally_error *error) {
  if (type == b->type) return TALLY_OK;
  if (b->type == TALLY_INTEGER && type == TALLY_NUMBER) {
    for (int64_t i = 0; i < b->length; i++) ((double *)b->values)[i] = (double)((int64_t *)b->values)[i];
    b->type = type;
    return TALLY_OK;
  }
  if (b->missing < b->length) {
    return tl_fail(error, TALLY_ETYPE, "a column of type %s cannot become %s", tally_type_name(b->type), tally_type_name(type));
  }
  void *values = tl_mem_zero((size_t)b->length + 1, 8);
  if (!values) return tl_no_memory(error);
  tl_mem_free(b->values);
  b->values = values;
  b->type = type;
  b->plain = false;
  b->value_capacity = (size_t)b->length + 1;
  return TALLY_OK;
}

/* ---- the column ---- */

static tally_status copy_buffer(const void *bytes, size_t size, tl_buffer **out, tally_error *error) {
  *out = tl_buffer_new(size);
  if (!*out) return tl_no_memory(error);
  if (size && bytes) memcpy((*out)->bytes, bytes, size);
  return TALLY_OK;
}

static tally_status text_parts(const tally_builder *b, tl_parts *parts, tally_error *error) {
  if (!b->plain) {
    TL_TRY(tl_dictionary_column(&b->dictionary, &parts->dictionary, error));
    return copy_buffer(b->values, (size_t)b->length * 4, &parts->values, error);
  }
  TL_TRY(copy_buffer(b->values, ((size_t)b->length + 1) * 8, &parts->values, error));
  return copy_buffer(b->bytes, (size_t)((int64_t *)b->values)[b->length], &parts->bytes, error);
}

static tally_status gather_parts(const tally_builder *b, tl_parts *parts, tally_error *error) {
  if (b->type == TALLY_TEXT) {
    TL_TRY(text_parts(b, parts, error));
  } else {
    size_t size = b->type == TALLY_BOOLEAN ? tl_bit_bytes(b->length) : (size_t)b->length * value_size(b);
    TL_TRY(copy_buffer(b->values, size, &parts->values, error));
  }
  if (b->validity) TL_TRY(copy_buffer(b->validity, tl_bit_bytes(b->length), &parts->validity, error));
  if (!b->reasons) return TALLY_OK;
  TL_TRY(copy_buffer(b->reasons, (size_t)b->length, &parts->reasons, error));
  return tl_dictionary_column(&b->symbols, &parts->symbols, error);
}

tally_status tally_builder_finish(tally_builder *b, tally_column **out, tally_error *error) {
  tl_parts parts = {.type = b->type, .length = b->length, .missing = b->missing};
  tally_status status = gather_parts(b, &parts, error);
  if (status != TALLY_OK) {
    tl_parts_drop(&parts);
    return status;
  }
  TL_TRY(tl_column_new(parts, out, error));
  clear(b);
  return TALLY_OK;
}
