/* emit/formula: what a spreadsheet would run is disarmed (CWE-1236).
 *
 * The characters are those of OWASP ("CSV Injection", owasp.org/www-community/attacks/CSV_Injection) and of its verification
 * standard (ASVS 1.2.10), which also gives the remedy: a single quote before them; quotes of CSV alone do not help. Blanks before
 * the character, and lines after the first, are known ways around guards that look at the first byte only. */
#include "emit/formula.h"

#include "base/number.h"

static bool begins_with(tally_text text, const char *mark) {
  size_t size = strlen(mark);
  return text.size >= size && memcmp(text.bytes, mark, size) == 0;
}

/* = + - @, and U+FF1D, U+FF0B, U+FF0D, U+FF20, which some spreadsheets take for them. */
static bool line_is_formula(tally_text line) {
  static const char *const marks[] = {"=", "+", "-", "@", "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};
  line = tl_text_trim(line);
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    if (begins_with(line, marks[i])) return true;
  }
  return false;
}

/* Takes a line off the text, with what ends it. */
static tally_text take_line(tally_text *text) {
  size_t size = 0;
  while (size < text->size && text->bytes[size] != '\n' && text->bytes[size] != '\r') size++;
  size += size < text->size;
  tally_text line = tl_text(text->bytes, size);
  *text = tl_text(text->bytes + size, text->size - size);
  return line;
}

static bool begins_with_control(tally_text text) {
  char first = text.size ? text.bytes[0] : ' ';
  return first == '\t' || first == '\r' || first == '\n' || first == '\0';
}

bool tl_formula_is(tally_text text) {
  tl_numeral numeral;
  if (begins_with_control(text)) return true;
  if (text.size < 2 || tl_numeral_parse(tl_text_trim(text), '.', &numeral)) return false;
  while (text.size > 0) {
    if (line_is_formula(take_line(&text))) return true;
  }
  return false;
}

tally_status tl_formula_disarm(tl_bytes *to, tally_text text, tally_error *error) {
  bool armed = begins_with_control(text);
  while (text.size > 0) {
    tally_text line = take_line(&text);
    if (armed || line_is_formula(line)) TL_TRY(tl_bytes_put(to, tl_text_of("'"), error));
    TL_TRY(tl_bytes_put(to, line, error));
    armed = false;
  }
  return TALLY_OK;
}
