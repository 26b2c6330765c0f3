/* ingest/json_parse: one document through jansson, and what is wrong with it in our words. jansson is given bytes in memory, with
 * their number, because its other entrances stop at a NUL byte or lose one; even here it passes over one after a number, so NULs
 * are looked for first. An integer that it refuses as too large is put in quotes and kept as the text of its digits. */
#include "ingest/json_parse.h"

#include <limits.h>
#include <stdio.h>

/* ---- jansson's errors in our words ---- */

static tl_problem problem_of(const json_error_t *problem) {
  switch (json_error_code(problem)) {
    case json_error_duplicate_key:
      return TL_PROBLEM_KEY_TWICE;
    case json_error_numeric_overflow:
      return TL_PROBLEM_LARGE_NUMBER;
    case json_error_null_character:
    case json_error_null_byte_in_key:
      return TL_PROBLEM_NUL_BYTE;
    case json_error_invalid_utf8:
      return TL_PROBLEM_BAD_BYTES;
    case json_error_stack_overflow:
      return TL_PROBLEM_TOO_DEEP;
    default:
      return TL_PROBLEM_BAD_JSON;
  }
}

/* What jansson shows of the place: the part after "near", or nothing. */
static const char *near_text(const json_error_t *problem) {
  const char *near = strstr(problem->text, " near ");
  return near ? near + strlen(" near ") : "";
}

static void say_again(const json_error_t *problem, char *text, size_t size) {
  switch (problem_of(problem)) {
    case TL_PROBLEM_KEY_TWICE:
      snprintf(text, size, "the key %s is given twice in one object: rename one of them, or take one out", near_text(problem));
      return;
    case TL_PROBLEM_LARGE_NUMBER:
      snprintf(text, size, "the number %s is too large: put it in quotes to keep its digits as text", near_text(problem));
      return;
    case TL_PROBLEM_NUL_BYTE:
      snprintf(text, size, "a text with \\u0000 in it cannot be kept: take that character out");
      return;
    case TL_PROBLEM_BAD_BYTES:
      snprintf(text, size, "not valid UTF-8 (%s): save the file as UTF-8", problem->text);
      return;
    case TL_PROBLEM_TOO_DEEP:
      snprintf(text, size, "lists and objects lie more than 2,048 deep in one another");
      return;
    default:
      break;
  }
  if (json_error_code(problem) == json_error_premature_end_of_input) {
    snprintf(text, size, "the document ends in the middle: it seems to be cut off");
  } else {
    snprintf(text, size, "not valid JSON: %s", problem->text);
  }
}

static bool starts_with(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

/* Where jansson had no memory for a string it says that there is no string, though the last byte it took is a closing quote. */
static bool lacked_memory(tally_text text, const json_error_t *problem) {
  if (problem->text[0] == '\0' || json_error_code(problem) == json_error_out_of_memory) return true;
  bool whole_string = problem->position > 0 && text.bytes[problem->position - 1] == '"';
  return whole_string && (starts_with(problem->text, "invalid token") || starts_with(problem->text, "string or"));
}

/* jansson stops behind the token that is wrong, but before bytes and characters that cannot be in one. */
static size_t place_of(tally_text text, const json_error_t *problem) {
  size_t position = problem->position > 0 ? (size_t)problem->position : 0;
  if (json_error_code(problem) == json_error_invalid_utf8) return tl_text_valid_utf8(text);
  bool before = starts_with(problem->text, "control character") || starts_with(problem->text, "unexpected newline");
  return before || position == 0 ? position : position - 1;
}

static tally_status refuse(tally_text text, const json_error_t *problem, tl_json_fault *fault, tally_error *error) {
  if (lacked_memory(text, problem)) return tl_no_memory(error);
  fault->what = problem_of(problem);
  fault->at = place_of(text, problem);
  say_again(problem, fault->text, sizeof fault->text);
  return TALLY_ESYNTAX;
}

/* ---- jansson ---- */

/* jansson counts bytes in an int. */
static tally_status refuse_size(tl_json_fault *fault) {
  *fault = (tl_json_fault){.what = TL_PROBLEM_TOO_LONG,
                           .text = "the document is larger than 2 GiB: give it as a list of records, or as one record a line"};
  return TALLY_ESYNTAX;
}

static tally_status load(tally_text text, size_t flags, json_t **out, size_t *end, tl_json_fault *fault, tally_error *error) {
  json_error_t problem = {0};
  size_t most = text.size < INT_MAX ? text.size : INT_MAX;
  *out = json_loadb(text.bytes, most, flags | JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
  *end = (size_t)problem.position;
  if (*out) return TALLY_OK;
  bool cut = most < text.size && *end >= most;
  return cut ? refuse_size(fault) : refuse(text, &problem, fault, error);
}

bool tl_json_has_nul(tally_text text, tl_json_fault *fault) {
  const char *nul = text.size ? memchr(text.bytes, '\0', text.size) : NULL;
  if (!nul) return false;
  *fault = (tl_json_fault){.what = TL_PROBLEM_NUL_BYTE,
                           .at = (size_t)(nul - text.bytes),
                           .text = "a NUL byte: this is not JSON, or not in UTF-8; save the file as UTF-8"};
  return true;
}

tally_status tl_json_take(tally_text text, json_t **out, size_t *end, tl_json_fault *fault, tally_error *error) {
  return load(text, JSON_DISABLE_EOF_CHECK, out, end, fault, error);
}

static tally_status parse_quoted(tally_text text, json_t **out, tl_json_fault *fault, tally_error *error) {
  tl_bytes quoted = TL_BYTES;
  size_t end;
  tally_status status = tl_json_quote_large(text, &quoted, error);
  if (status == TALLY_OK) status = load(tl_bytes_text(&quoted), 0, out, &end, fault, error);
  if (status == TALLY_ESYNTAX) fault->at = tl_json_unquoted(text, fault->at);
  tl_bytes_done(&quoted);
  return status;
}

tally_status tl_json_parse(tally_text text, json_t **out, tl_json_fault *fault, tally_error *error) {
  size_t end;
  if (tl_json_has_nul(text, fault)) return TALLY_ESYNTAX;
  if (text.size >= INT_MAX) return refuse_size(fault);
  tally_status status = load(text, 0, out, &end, fault, error);
  bool large = status == TALLY_ESYNTAX && fault->what == TL_PROBLEM_LARGE_NUMBER;
  return large ? parse_quoted(text, out, fault, error) : status;
}

/* ---- integers past 64 bits ---- */

static size_t string_size(tally_text text) {
  size_t size = 1;
  while (size < text.size && text.bytes[size] != '"') size += text.bytes[size] == '\\' ? 2 : 1;
  return size < text.size ? size + 1 : text.size;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static size_t number_size(tally_text text) {
  size_t size = 1;
  while (size < text.size && (is_digit(text.bytes[size]) || strchr("+-.eE", text.bytes[size]))) size++;
  return size;
}

/* Only an integer that is written as JSON wants it; jansson says what is wrong with any other. */
static bool is_large_integer(tally_text number) {
  const char *limit = "9223372036854775807";
  if (number.bytes[0] == '-') {
    limit = "9223372036854775808";
    number = tl_text(number.bytes + 1, number.size - 1);
  }
  for (size_t i = 0; i < number.size; i++) {
    if (!is_digit(number.bytes[i])) return false;
  }
  if (number.size < 19 || number.bytes[0] == '0') return false;
  return number.size > 19 || memcmp(number.bytes, limit, 19) > 0;
}

/* The next large integer from byte `from` on; an empty text at the end when there is none. */
static tally_text next_large(tally_text text, size_t from) {
  while (from < text.size) {
    tally_text rest = tl_text(text.bytes + from, text.size - from);
    size_t size = 1;
    if (*rest.bytes == '"') size = string_size(rest);
    if (is_digit(*rest.bytes) || *rest.bytes == '-') {
      size = number_size(rest);
      if (is_large_integer(tl_text(rest.bytes, size))) return tl_text(rest.bytes, size);
    }
    from += size;
  }
  return tl_text(text.bytes + text.size, 0);
}

tally_status tl_json_quote_large(tally_text text, tl_bytes *out, tally_error *error) {
  size_t from = 0;
  for (tally_text large; (large = next_large(text, from)).size > 0;) {
    size_t start = (size_t)(large.bytes - text.bytes);
    TL_TRY(tl_bytes_put(out, tl_text(text.bytes + from, start - from), error));
    TL_TRY(tl_bytes_put(out, tl_text_of("\""), error));
    TL_TRY(tl_bytes_put(out, large, error));
    TL_TRY(tl_bytes_put(out, tl_text_of("\""), error));
    from = start + large.size;
  }
  return tl_bytes_put(out, tl_text(text.bytes + from, text.size - from), error);
}

size_t tl_json_unquoted(tally_text text, size_t at) {
  size_t from = 0, added = 0;
  for (tally_text large; (large = next_large(text, from)).size > 0; added += 2) {
    size_t start = (size_t)(large.bytes - text.bytes);
    if (at <= start + added) break;
    from = start + large.size;
    if (at <= from + added + 1) return at - added - 1 < from ? at - added - 1 : from - 1;
  }
  return at - added;
}
