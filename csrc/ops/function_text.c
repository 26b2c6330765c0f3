/* Functions of text: lower upper trim replace substring concat, length, contains starts_with ends_with.
 *
 * The idea: text is UTF-8 and is counted, cut and searched by characters (code points), plainly: there are no patterns here. A
 * function that gives text writes each answer into one growing room, from which a builder takes it. That a function is called once
 * for each distinct value and not for each row is the business of ops/evaluate. */
/* For memmem. */
#define _GNU_SOURCE
#include "column/builder.h"
#include "ops/function_case.h"
#include "ops/function_operand.h"

/* The room for one answer. */
typedef struct room {
  char *bytes;
  size_t capacity, size;
} room;

static tally_status put(room *to, tally_text text, tally_error *error) {
  TL_TRY(tl_mem_reserve((void **)&to->bytes, &to->capacity, to->size + text.size, 1, error));
  if (text.size) memcpy(to->bytes + to->size, text.bytes, text.size);
  to->size += text.size;
  return TALLY_OK;
}

/* ---- characters ---- */

static bool starts_character(char byte) {
  return ((unsigned char)byte & 0xC0) != 0x80;
}

static int64_t characters(tally_text text) {
  int64_t count = 0;
  for (size_t i = 0; i < text.size; i++) count += starts_character(text.bytes[i]);
  return count;
}

/* The offset of character `index`, from 0; the size of the text past the last. */
static size_t character_offset(tally_text text, int64_t index) {
  for (size_t i = 0; i < text.size; i++)
    if (starts_character(text.bytes[i]) && index-- == 0) return i;
  return text.size;
}

/* Characters first to last, from 1, or from the end when negative, as string.sub of Lua has it. */
static tally_text cut(tally_text text, int64_t first, int64_t last) {
  int64_t size = characters(text);
  if (first < 0) first = first < -size ? 1 : first + size + 1;
  if (first == 0) first = 1;
  if (last < 0) last += size + 1;
  if (last > size) last = size;
  if (first > last) return (tally_text){text.bytes, 0};
  size_t start = character_offset(text, first - 1), end = character_offset(text, last);
  return (tally_text){text.bytes + start, end - start};
}

/* ---- searching ---- */

/* The offset of `part` in `text` from `from` on; text.size + 1 when it is not there. */
static size_t find(tally_text text, tally_text part, size_t from) {
  if (part.size == 0) return from;
  if (part.size > text.size - from) return text.size + 1;
  const char *at = memmem(text.bytes + from, text.size - from, part.bytes, part.size);
  return at ? (size_t)(at - text.bytes) : text.size + 1;
}

/* Every occurrence, from the left. An empty `part` occurs nowhere. */
static tally_status replace(tally_text text, tally_text part, tally_text by, room *to, tally_error *error) {
  size_t from = 0;
  for (size_t at; part.size > 0 && (at = find(text, part, from)) <= text.size; from = at + part.size) {
    TL_TRY(put(to, tl_text(text.bytes + from, at - from), error));
    TL_TRY(put(to, by, error));
  }
  return put(to, tl_text(text.bytes + from, text.size - from), error);
}

/* ---- functions that give text ---- */

static int64_t integer_at(const tl_call *call, size_t argument, int64_t row) {
  const tl_operand *operand = &call->arguments[argument];
  return tl_integers(operand->column)[tl_operand_row(operand, row)];
}

static tally_status put_case(tally_text text, bool upper, room *to, tally_error *error) {
  TL_TRY(put(to, text, error));
  tl_change_case(to->bytes, to->size, upper);
  return TALLY_OK;
}

static tally_status answer(const tl_call *call, int64_t row, room *to, tally_error *error) {
  const tl_operand *arguments = call->arguments;
  tally_text text = tl_operand_text(&arguments[0], row);
  switch (call->function->variant) {
    case TL_LOWER:
    case TL_UPPER:
      return put_case(text, call->function->variant == TL_UPPER, to, error);
    case TL_TRIM:
      return put(to, tl_text_trim(text), error);
    case TL_REPLACE:
      return replace(text, tl_operand_text(&arguments[1], row), tl_operand_text(&arguments[2], row), to, error);
    case TL_SUBSTRING:
      return put(to, cut(text, integer_at(call, 1, row), call->count > 2 ? integer_at(call, 2, row) : -1), error);
    default:
      for (size_t i = 0; i < call->count; i++) TL_TRY(put(to, tl_operand_text(&arguments[i], row), error));
      return TALLY_OK;
  }
}

static bool all_present(const tl_call *call, int64_t row) {
  for (size_t i = 0; i < call->count; i++)
    if (!tl_operand_present(&call->arguments[i], row)) return false;
  return true;
}

static tally_status answer_rows(const tl_call *call, room *to, tally_builder *builder, tally_error *error) {
  for (int64_t row = 0; row < call->rows; row++) {
    to->size = 0;
    if (!all_present(call, row)) {
      TL_TRY(tl_builder_missing(builder, error));
      continue;
    }
    TL_TRY(answer(call, row, to, error));
    TL_TRY(tl_builder_text(builder, tl_text(to->bytes, to->size), error));
  }
  return TALLY_OK;
}

tally_status tl_evaluate_text(const tl_call *call, tally_column **out, tally_error *error) {
  room to = {0};
  tally_builder *builder = NULL;
  TL_TRY(tally_builder_new(TALLY_TEXT, &builder, error));
  tally_status status = answer_rows(call, &to, builder, error);
  if (status == TALLY_OK) status = tally_builder_finish(builder, out, error);
  tally_builder_release(builder);
  tl_mem_free(to.bytes);
  return status;
}

/* ---- functions that measure or search ---- */

tally_status tl_evaluate_length(const tl_call *call, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  for (int64_t i = 0; i < call->rows; i++)
    if (all_present(call, i)) ((int64_t *)parts.values->bytes)[i] = characters(tl_operand_text(&call->arguments[0], i));
  return tl_result_finish(&parts, out, error);
}

static bool has_part(int variant, tally_text text, tally_text part) {
  if (variant == TL_CONTAINS) return find(text, part, 0) <= text.size;
  if (part.size > text.size) return false;
  const char *at = variant == TL_STARTS_WITH ? text.bytes : text.bytes + text.size - part.size;
  return tl_text_equal(tl_text(at, part.size), part);
}

tally_status tl_evaluate_part(const tl_call *call, tally_column **out, tally_error *error) {
  tl_parts parts;
  TL_TRY(tl_result_new(call, &parts, error));
  const tl_operand *text = &call->arguments[0], *part = &call->arguments[1];
  for (int64_t i = 0; i < call->rows; i++)
    if (all_present(call, i) && has_part(call->function->variant, tl_operand_text(text, i), tl_operand_text(part, i)))
      tl_bit_set(parts.values->bytes, i);
  return tl_result_finish(&parts, out, error);
}
