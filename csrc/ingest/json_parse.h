/* ingest/json_parse: one document through jansson. */
#ifndef TL_INGEST_JSON_PARSE_H
#define TL_INGEST_JSON_PARSE_H

#include <jansson.h>

#include "base/bytes.h"
#include "ingest/reading.h"

/* Why a document is none. */
typedef struct tl_json_fault {
  tl_problem what;
  size_t at; /* the byte of the text */
  char text[JSON_ERROR_TEXT_LENGTH + 128];
} tl_json_fault;

/* What JSON takes for blank. */
static inline bool tl_json_is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The one value that `text` is, blanks around it aside. An integer that 64 bits do not hold comes as a text of its digits.
 * out     new reference, of jansson
 * fault   filled when the status is TALLY_ESYNTAX; the error is then left alone
 * errors  TALLY_ESYNTAX, TALLY_ENOMEM */
tally_status tl_json_parse(tally_text text, json_t **out, tl_json_fault *fault, tally_error *error);

/* The value that `text`, in which there is no NUL byte, begins with. An integer that 64 bits do not hold is a fault.
 * end  the byte after the value */
tally_status tl_json_take(tally_text text, json_t **out, size_t *end, tl_json_fault *fault, tally_error *error);

/* Whether a NUL byte is in the text; then it is the fault. */
bool tl_json_has_nul(tally_text text, tl_json_fault *fault);

/* Adds the text, with quotes around each integer that 64 bits do not hold. errors: TALLY_ENOMEM */
tally_status tl_json_quote_large(tally_text text, tl_bytes *out, tally_error *error);
/* The byte of `text` that is byte `at` of what tl_json_quote_large makes of it. */
size_t tl_json_unquoted(tally_text text, size_t at);

#endif
