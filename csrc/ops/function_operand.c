/* Arguments of functions as flat arrays, and results made from flat arrays.
 *
 * The idea: an evaluator should be one loop over arrays of one type. So a constant is an array with step 0, types are brought
 * together before the loop, missing is settled for all rows at once with bits, and values under missing rows are zero, which every
 * loop may read. This room knows nothing of what functions do. */
#include "ops/function_operand.h"

static size_t operand_rows(const tl_operand *operand) {
  return (size_t)operand->column->length;
}

tally_status tl_operand_integers(const tl_operand *operand, tl_integer_rows *out, tally_error *error) {
  const tally_column *column = operand->column;
  *out = (tl_integer_rows){.step = operand->constant ? 0 : 1};
  if (column->type == TALLY_INTEGER) {
    out->at = tl_integers(column);
    return TALLY_OK;
  }
  out->at = out->made = tl_mem_new(operand_rows(operand), sizeof *out->made);
  if (!out->made) return tl_no_memory(error);
  if (column->type == TALLY_DATE)
    for (int64_t i = 0; i < column->length; i++) out->made[i] = tl_dates(column)[i];
  else
    for (int64_t i = 0; i < column->length; i++) out->made[i] = tl_boolean(column, i);
  return TALLY_OK;
}

tally_status tl_operand_numbers(const tl_operand *operand, tl_number_rows *out, tally_error *error) {
  const tally_column *column = operand->column;
  *out = (tl_number_rows){.step = operand->constant ? 0 : 1};
  if (column->type == TALLY_NUMBER) {
    out->at = tl_numbers(column);
    return TALLY_OK;
  }
  out->at = out->made = tl_mem_new(operand_rows(operand), sizeof *out->made);
  if (!out->made) return tl_no_memory(error);
  const int64_t *values = tl_integers(column);
  for (int64_t i = 0; i < column->length; i++) out->made[i] = (double)values[i];
  return TALLY_OK;
}

/* Bits of a buffer of the column, or all ones when there is none. */
static void spread_bits(const tl_operand *operand, const tl_buffer *bits, int64_t rows, uint64_t *words) {
  const tally_column *column = operand->column;
  size_t bytes = tl_bit_words(rows) * sizeof *words;
  if (!bytes) return;
  if (!bits) {
    memset(words, 0xff, bytes);
  } else if (operand->constant) {
    memset(words, tl_bit(bits->bytes, column->offset) ? 0xff : 0, bytes);
  } else {
    words[tl_bit_words(rows) - 1] = 0;
    tl_bits_copy((uint8_t *)words, 0, bits->bytes, column->offset, rows);
  }
}

void tl_operand_booleans(const tl_operand *operand, int64_t rows, uint64_t *words) {
  spread_bits(operand, operand->column->values, rows, words);
}

void tl_operand_validity(const tl_operand *operand, int64_t rows, uint64_t *words) {
  spread_bits(operand, operand->column->validity, rows, words);
}

static size_t fixed_size(tally_type type) {
  static const size_t sizes[] = {
      [TALLY_INTEGER] = sizeof(int64_t), [TALLY_NUMBER] = sizeof(double), [TALLY_DATE] = sizeof(int32_t)};
  return sizes[type];
}

/* Keeps in `validity` the rows in which every argument is present. */
static tally_status meet_validity(const tl_call *call, uint64_t *validity, tally_error *error) {
  size_t words = tl_bit_words(call->rows);
  uint64_t *one = tl_mem_new(words, sizeof *one);
  if (!one) return tl_no_memory(error);
  for (size_t a = 0; a < call->count; a++) {
    if (!call->arguments[a].column->validity) continue;
    tl_operand_validity(&call->arguments[a], call->rows, one);
    for (size_t w = 0; w < words; w++) validity[w] &= one[w];
  }
  tl_mem_free(one);
  return TALLY_OK;
}

tally_status tl_result_new(const tl_call *call, tl_parts *out, tally_error *error) {
  size_t bits = tl_bit_words(call->rows) * sizeof(uint64_t);
  size_t size = call->type == TALLY_BOOLEAN ? bits : (size_t)call->rows * fixed_size(call->type);
  *out = (tl_parts){.type = call->type, .length = call->rows, .missing = -1};
  out->values = tl_buffer_zero(size);
  out->validity = tl_buffer_new(bits);
  tally_status status = out->values && out->validity ? TALLY_OK : tl_no_memory(error);
  if (status == TALLY_OK) {
    memset(out->validity->bytes, 0xff, bits);
    if (call->function->strict) status = meet_validity(call, out->validity->bytes, error);
  }
  if (status != TALLY_OK) tl_parts_drop(out);
  return status;
}

static void clear_missing(tl_parts *parts) {
  const uint8_t *validity = parts->validity->bytes;
  uint8_t *values = parts->values->bytes;
  if (parts->type == TALLY_BOOLEAN) {
    uint64_t *words = parts->values->bytes;
    const uint64_t *present = parts->validity->bytes;
    for (size_t w = 0; w < tl_bit_words(parts->length); w++) words[w] &= present[w];
    return;
  }
  size_t size = fixed_size(parts->type);
  for (int64_t i = 0; i < parts->length; i++)
    if (!tl_bit(validity, i)) memset(values + (size_t)i * size, 0, size);
}

tally_status tl_result_finish(tl_parts *parts, tally_column **out, tally_error *error) {
  int64_t present = tl_bits_count(parts->validity->bytes, 0, parts->length);
  parts->missing = parts->length - present;
  if (parts->missing) clear_missing(parts);
  return tl_column_new(*parts, out, error);
}
