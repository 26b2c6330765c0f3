/* ingest/infer: the type ladder. Values have shapes, a column has the union of them, and the union decides: so the order of the
 * rows and the cutting into pieces do not matter, and a shape seen later can only move the column up, in the end to text. Codes are
 * text from the start: what must not be added up is not a number. */
#include "ingest/infer.h"

#include "base/date.h"

/* ---- shapes ---- */

bool tl_infer_boolean(tally_text text, bool *out) {
  static const char *const words[] = {"false", "true", "False", "True", "FALSE", "TRUE"};
  if (text.size < 4 || text.size > 5) return false;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!tl_text_equal(text, tl_text_of(words[i]))) continue;
    *out = i % 2 == 1;
    return true;
  }
  return false;
}

bool tl_infer_take_marks(tally_text *text) {
  if (text->size < 2 || text->bytes[0] != '\'' || text->bytes[text->size - 1] != '\'') return false;
  *text = tl_text_trim(tl_text(text->bytes + 1, text->size - 2));
  return true;
}

static uint32_t numeral_shapes(const tl_numeral *numeral) {
  int64_t integer;
  double number;
  if (numeral->padded || (numeral->pound && numeral->percent)) return TL_SHAPE_TEXT;
  uint32_t affix = numeral->pound ? TL_SHAPE_POUND : numeral->percent ? TL_SHAPE_PERCENT : TL_SHAPE_BARE;
  if (tl_numeral_is_whole(numeral)) return tl_numeral_integer(numeral, &integer) ? TL_SHAPE_INTEGER | affix : TL_SHAPE_TEXT;
  return tl_numeral_number(numeral, &number) ? TL_SHAPE_DECIMAL | affix : TL_SHAPE_TEXT;
}

uint32_t tl_infer_shapes(tally_text text, char decimal) {
  tl_numeral numeral;
  bool truth;
  int32_t date;
  if (tl_numeral_parse(text, decimal, &numeral)) return numeral_shapes(&numeral);
  if (tl_infer_boolean(text, &truth)) return TL_SHAPE_BOOLEAN;
  if (tally_date_read(text, &date)) return TL_SHAPE_DATE_ISO;
  if (tl_date_read_day_first(text, &date)) return TL_SHAPE_DATE_DAY_FIRST;
  return tl_infer_take_marks(&text) ? TL_SHAPE_QUOTE_MARKS : TL_SHAPE_TEXT;
}

/* ---- types ---- */

/* £ and % belong to a column, not to a value: they are taken off only where every value has them. */
static tl_manner manner_of_numbers(uint32_t shapes) {
  uint32_t affixes = shapes & (TL_SHAPE_BARE | TL_SHAPE_POUND | TL_SHAPE_PERCENT);
  if (affixes & (affixes - 1)) return TL_MANNER_TEXT;
  return shapes & TL_SHAPE_DECIMAL ? TL_MANNER_NUMBER : TL_MANNER_INTEGER;
}

tl_manner tl_infer_manner(uint32_t shapes) {
  const uint32_t numbers = TL_SHAPE_INTEGER | TL_SHAPE_DECIMAL | TL_SHAPE_BARE | TL_SHAPE_POUND | TL_SHAPE_PERCENT;
  uint32_t known = shapes & ~(uint32_t)TL_SHAPE_SYMBOL;
  if (known == 0) return TL_MANNER_NONE;
  if ((known & ~numbers) == 0) return manner_of_numbers(known);
  if (known == TL_SHAPE_DATE_ISO) return TL_MANNER_DATE_ISO;
  if (known == TL_SHAPE_DATE_DAY_FIRST) return TL_MANNER_DATE_DAY_FIRST;
  if (shapes == TL_SHAPE_BOOLEAN) return TL_MANNER_BOOLEAN;
  return shapes == TL_SHAPE_QUOTE_MARKS ? TL_MANNER_TEXT_IN_MARKS : TL_MANNER_TEXT;
}

static const tally_type types[TL_MANNERS] = {
    [TL_MANNER_NONE] = TALLY_TEXT,     [TL_MANNER_BOOLEAN] = TALLY_BOOLEAN,    [TL_MANNER_INTEGER] = TALLY_INTEGER,
    [TL_MANNER_NUMBER] = TALLY_NUMBER, [TL_MANNER_DATE_ISO] = TALLY_DATE,      [TL_MANNER_DATE_DAY_FIRST] = TALLY_DATE,
    [TL_MANNER_TEXT] = TALLY_TEXT,     [TL_MANNER_TEXT_IN_MARKS] = TALLY_TEXT, [TL_MANNER_EXACT] = TALLY_TEXT,
};

tally_type tl_manner_type(tl_manner manner) {
  return types[manner];
}

tl_manner tl_manner_of_type(tally_type type) {
  for (tl_manner manner = TL_MANNER_BOOLEAN; manner < TL_MANNERS; manner++) {
    if (types[manner] == type) return manner;
  }
  return TL_MANNER_TEXT;
}

/* ---- names ---- */

/* Whether `name` holds `word`, with no letter before it, and neither letter nor digit after it. "instId" holds the word "Id";
 * "id4", one of a row of variables, does not. As an `ending`, letters may stand before it and digits after: "countrycode2" ends in
 * "code", "Decoded" and "barcodes" do not. */
static bool holds(tally_text name, const char *word, bool ending) {
  size_t size = strlen(word);
  for (size_t i = 0; i + size <= name.size; i++) {
    if (!tl_text_equal_fold(tl_text(name.bytes + i, size), tl_text(word, size))) continue;
    bool hump = i > 0 && tl_fold(name.bytes[i - 1]) == name.bytes[i - 1] && tl_fold(name.bytes[i]) != name.bytes[i];
    bool starts = ending || i == 0 || !tl_is_letter(name.bytes[i - 1]) || hump;
    char next = i + size < name.size ? name.bytes[i + size] : ' ';
    if (starts && !tl_is_letter(next) && (ending || !tl_is_digit(next))) return true;
  }
  return false;
}

bool tl_infer_is_identifier(tally_text name) {
  static const char *const words[] = {"id", "isbn", "issn", "doi", "orcid", "cah", "jacs", "hecos"};
  if (holds(name, "ukprn", true) || holds(name, "code", true)) return true;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (holds(name, words[i], false)) return true;
  }
  return false;
}

/* ---- symbols ---- */

const char *const *tally_symbols(void) {
  static const char *const symbols[] = {
      "[c]", "[x]", "[z]", "[low]", "[u]", "[w]", "[none]", "[DPL]", "[DPH]", "[DP]", "[DQ]",         "[N/A]", "..",
      "-",   "*",   ":",   "~",     "c",   "x",   "z",      "low",   "N/A",   "n/a",  "\xE2\x80\x93", NULL,
  };
  return symbols;
}
