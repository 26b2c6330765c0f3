/* ingest/cell: a field is trimmed, compared with what is missing and with the symbols, and else read in the manner of its column. A
 * value that does not fit is told by its shape; the column is then read again in a wider manner, so that nothing is ever forced. */
#include "ingest/cell.h"

#include "base/date.h"

typedef struct cell {
  const tl_plan *plan;
  const tl_column_plan *column;
  tally_text text; /* trimmed, not empty, not a symbol that counts here */
} cell;

/* ---- one value, by the manner of its column ---- */

/* Whether the text fits the manner; then *out is its value. */
typedef bool (*read_value)(const cell *it, tally_value *out);

static bool read_nothing(const cell *it, tally_value *out) {
  (void)it, (void)out;
  return false;
}

static bool read_boolean(const cell *it, tally_value *out) {
  out->type = TALLY_BOOLEAN;
  return tl_infer_boolean(it->text, &out->boolean);
}

/* Codes and signs that the column does not have elsewhere do not belong to a number, unless a number was asked for. */
static bool numeral_of(const cell *it, tl_numeral *out) {
  if (!tl_numeral_parse(it->text, it->plan->options->decimal, out)) return false;
  if (it->column->asked) return true;
  uint32_t affix = out->pound ? TL_SHAPE_POUND : out->percent ? TL_SHAPE_PERCENT : TL_SHAPE_BARE;
  return !out->padded && !(out->pound && out->percent) && (it->column->shapes & affix);
}

static bool read_integer(const cell *it, tally_value *out) {
  tl_numeral numeral;
  out->type = TALLY_INTEGER;
  return numeral_of(it, &numeral) && tl_numeral_is_whole(&numeral) && tl_numeral_integer(&numeral, &out->integer);
}

/* An integer past 64 bits is a code among numbers as it is among integers. */
static bool read_number(const cell *it, tally_value *out) {
  tl_numeral numeral;
  int64_t integer;
  out->type = TALLY_NUMBER;
  return numeral_of(it, &numeral) && tl_numeral_number(&numeral, &out->number) &&
         (it->column->asked || !tl_numeral_is_whole(&numeral) || tl_numeral_integer(&numeral, &integer));
}

static bool read_date_iso(const cell *it, tally_value *out) {
  out->type = TALLY_DATE;
  return tally_date_read(it->text, &out->date) || (it->column->asked && tl_date_read_day_first(it->text, &out->date));
}

static bool read_date_day_first(const cell *it, tally_value *out) {
  out->type = TALLY_DATE;
  return tl_date_read_day_first(it->text, &out->date);
}

static bool read_text(const cell *it, tally_value *out) {
  *out = (tally_value){.type = TALLY_TEXT, .text = it->text};
  return true;
}

static bool read_text_in_marks(const cell *it, tally_value *out) {
  *out = (tally_value){.type = TALLY_TEXT, .text = it->text};
  return tl_infer_take_marks(&out->text);
}

static const read_value readers[TL_MANNERS] = {
    [TL_MANNER_NONE] = read_nothing,      [TL_MANNER_BOOLEAN] = read_boolean,
    [TL_MANNER_INTEGER] = read_integer,   [TL_MANNER_NUMBER] = read_number,
    [TL_MANNER_DATE_ISO] = read_date_iso, [TL_MANNER_DATE_DAY_FIRST] = read_date_day_first,
    [TL_MANNER_TEXT] = read_text,         [TL_MANNER_TEXT_IN_MARKS] = read_text_in_marks,
    [TL_MANNER_EXACT] = read_text,
};

/* ---- missing values ---- */

static bool is_missing_by_option(const tl_plan *plan, tally_text text) {
  const tally_csv_options *o = plan->options;
  for (size_t i = 0; i < o->missing_count; i++) {
    if (tl_text_equal(text, tl_text_of(o->missing[i]))) return true;
  }
  return false;
}

/* The number of the symbol from 1, 0 when the text is none. */
static uint8_t symbol_of(const tl_plan *plan, tally_text text) {
  for (int i = 0; plan->symbols[i]; i++) {
    if (plan->symbols[i][0] != text.bytes[0]) continue; /* nearly always; and neither is empty */
    if (tl_text_equal(text, tl_text_of(plan->symbols[i]))) return (uint8_t)(i + 1);
  }
  return 0;
}

/* "" is an empty text where the column is text and quotes mean something; else, like a field with nothing in it, it is missing. Of
 * a field with something in it, if only blanks, it is not known whether it had quotes. */
static bool is_empty_text(const cell *it, tally_text field, bool quoted) {
  if (field.size > 0 || !quoted) return false;
  if (it->column->manner == TL_MANNER_EXACT) return true;
  return tl_manner_type(it->column->manner) == TALLY_TEXT && !it->plan->quotes_mean_nothing;
}

/* A symbol in brackets is one everywhere. Without brackets it is one unless the column is text: among texts it may be a text. */
static bool may_be_symbol(const cell *it) {
  if (it->column->manner == TL_MANNER_EXACT) return false;
  if (it->column->manner == TL_MANNER_NONE || it->text.bytes[0] == '[') return true;
  return tl_manner_type(it->column->manner) != TALLY_TEXT;
}

/* ---- together ---- */

static uint32_t shapes_of(const cell *it) {
  return symbol_of(it->plan, it->text) ? TL_SHAPE_SYMBOL | TL_SHAPE_TEXT : tl_infer_shapes(it->text, it->plan->options->decimal);
}

static void read_known(const cell *it, tl_cell *out) {
  if (readers[it->column->manner](it, &out->value)) {
    out->kind = TL_CELL_VALUE;
    return;
  }
  out->kind = TL_CELL_MISFIT;
  if (!it->column->asked) out->shapes = shapes_of(it);
}

void tl_cell_read(const tl_plan *plan, const tl_column_plan *column, tally_text text, bool quoted, tl_cell *out) {
  cell it = {.plan = plan, .column = column, .text = text};
  if (plan->options->trim && column->manner != TL_MANNER_EXACT) it.text = tl_text_trim(text);
  *out = (tl_cell){.kind = TL_CELL_MISSING, .text = it.text};
  if (is_empty_text(&it, text, quoted)) {
    out->kind = column->manner == TL_MANNER_NONE ? TL_CELL_MISFIT : TL_CELL_VALUE;
    out->value = (tally_value){.type = TALLY_TEXT, .text = {"", 0}};
    return;
  }
  if (it.text.size == 0 || is_missing_by_option(plan, it.text)) return;
  if (may_be_symbol(&it)) out->reason = symbol_of(plan, it.text);
  if (out->reason == 0) {
    read_known(&it, out);
  } else if (it.text.bytes[0] != '[') {
    out->shapes = TL_SHAPE_SYMBOL;
  }
}

/* ---- plain fields ---- */

static bool is_number_or_date(const char *text, char decimal) {
  double number;
  int32_t date;
  return tl_number_read(tl_text_of(text), decimal, &number) || tally_date_read(tl_text_of(text), &date);
}

static bool means_something_else(const tl_plan *plan) {
  const tally_csv_options *o = plan->options;
  for (size_t i = 0; i < o->missing_count; i++) {
    if (is_number_or_date(o->missing[i], o->decimal)) return true;
  }
  for (size_t i = 0; plan->symbols[i]; i++) {
    if (is_number_or_date(plan->symbols[i], o->decimal)) return true;
  }
  return false;
}

bool tl_cell_is_quick(const tl_plan *plan, const tl_column_plan *column) {
  bool numbers = column->manner == TL_MANNER_INTEGER || column->manner == TL_MANNER_NUMBER;
  if (!numbers && column->manner != TL_MANNER_DATE_ISO) return false;
  bool bare = !numbers || column->asked || (column->shapes & TL_SHAPE_BARE);
  return bare && !means_something_else(plan);
}
