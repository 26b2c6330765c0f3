/* ingest/convert: the loops in which a load spends its time. A plain number is read with a few words of arithmetic; a text is
 * looked up as it stands. Whatever is not that plain, a blank around it, a thousands separator, a symbol, goes to ingest/cell, cell
 * by cell, so that what comes out is the same as if every field had. */
#include "ingest/convert.h"

#include "base/digits.h"
#include "base/number.h"

/* One column of a batch. */
typedef struct conversion {
  tl_rows *rows;
  const tl_plan *plan;
  const tl_column_plan *column;
  size_t index;
  const tl_batch *batch;
  const tl_digit_kernels *kernels;
  int64_t first;                   /* the row of the part that the batch begins with */
  size_t doubled;                  /* of the places of doubled quotes, the first that was not passed in the column */
  char *scratch;                   /* for the fields of the column in which quotes are doubled */
  tally_text texts[TL_BATCH_ROWS]; /* of a text column, as they are to be stored */
  bool unfit;                      /* a value is not of the type that was asked for */
} conversion;

/* ---- cells that are not plain ---- */

static tally_status put_missing(conversion *it, size_t row, uint8_t reason, tally_error *error) {
  return tl_store_missing(it->rows->store, it->rows->part, it->index, it->first + (int64_t)row, reason, error);
}

static tally_text field_of(const conversion *it, size_t row) {
  return tl_batch_field(it->batch, row, it->index);
}

static bool is_quoted(const conversion *it, size_t row) {
  return tl_batch_quoted(it->batch, row, it->index);
}

/* Whether a quote is doubled in a field. The fields of a column are asked for in their order. */
static inline bool has_doubled(conversion *it, tally_text field) {
  const tl_batch *b = it->batch;
  if (b->doubled_count == 0) return b->doubled_anywhere;
  size_t start = (size_t)(field.bytes - b->bytes);
  while (it->doubled < b->doubled_count && b->doubled[it->doubled] < start) it->doubled++;
  return b->doubled_anywhere || (it->doubled < b->doubled_count && b->doubled[it->doubled] < start + field.size);
}

static inline bool is_empty(const conversion *it, size_t row) {
  return field_of(it, row).size == 0 && !is_quoted(it, row);
}

/* As it is meant. */
static inline tally_text unfolded_field(conversion *it, size_t row) {
  tally_text field = field_of(it, row);
  return is_quoted(it, row) && has_doubled(it, field) ? tl_unfold(field, it->batch->quote, &it->scratch) : field;
}

static tally_status put_cell(conversion *it, size_t row, tally_error *error) {
  if (is_empty(it, row)) return put_missing(it, row, 0, error);
  tl_cell cell;
  tl_cell_read(it->plan, it->column, unfolded_field(it, row), is_quoted(it, row), &cell);
  it->unfit |= cell.kind == TL_CELL_MISFIT && (it->column->asked || it->plan->strict);
  return tl_store_put(it->rows->store, it->rows->part, it->index, it->first + (int64_t)row, &cell, error);
}

static tally_status put_cells(conversion *it, tally_error *error) {
  for (size_t row = 0; row < it->batch->rows; row++) TL_TRY(put_cell(it, row, error));
  return TALLY_OK;
}

/* ---- numbers and dates ---- */

/* Where the batch's rows of the column are. */
static void *values_of(const conversion *it, size_t size) {
  return (char *)it->rows->store->values[it->index]->bytes + (size_t)(it->rows->part->first + it->first) * size;
}

static tally_status put_integer(conversion *it, size_t row, uint64_t *to, tally_error *error) {
  return tl_number_quick_integer(field_of(it, row), (int64_t *)to) ? TALLY_OK : put_cell(it, row, error);
}

static tally_status put_number(conversion *it, size_t row, uint64_t *to, tally_error *error) {
  return tl_number_quick_number(field_of(it, row), it->plan->options->decimal, (double *)to) ? TALLY_OK : put_cell(it, row, error);
}

static tally_status put_dates(conversion *it, tally_error *error) {
  int32_t *to = values_of(it, sizeof *to);
  for (size_t row = 0; row < it->batch->rows; row++) {
    if (!tally_date_read(field_of(it, row), &to[row])) TL_TRY(put_cell(it, row, error));
  }
  return TALLY_OK;
}

/* ---- many numbers at once ---- */

static inline void take_digits(tally_text field, size_t i, tl_digits *digits) {
  digits->words[i] = tl_load64(field.bytes);
  digits->sizes[i] = field.size;
}

/* Bytes before the first that is `c`, of eight; 8 when none is. */
static inline size_t bytes_before(uint64_t word, char c) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  word ^= 0x0101010101010101u * (unsigned char)c;
  word = (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
  return word ? (size_t)__builtin_ctzll(word) / 8 : 8;
}

/* A size that is too large is refused, as is nothing after the decimal sign. */
static inline void take_number(tally_text field, size_t i, char decimal, tl_digits *whole, tl_digits *fraction) {
  size_t before = bytes_before(tl_load64(field.bytes), decimal), after = field.size - before - 1;
  bool is_whole = before >= field.size || before == 8;
  take_digits(tl_text(field.bytes, is_whole ? field.size : before), i, whole);
  take_digits(tl_text(field.bytes + before + 1, is_whole ? 0 : after == 0 ? SIZE_MAX : after), i, fraction);
}

static bool read_integers(const conversion *it, size_t first, void *to, uint64_t *refused) {
  tl_digits digits;
  for (size_t i = 0; i < TL_DIGITS_AT_ONCE; i++) take_digits(field_of(it, first + i), i, &digits);
  return it->kernels->integers(&digits, to, refused);
}

static bool read_numbers(const conversion *it, size_t first, void *to, uint64_t *refused) {
  tl_digits whole, fraction;
  char decimal = it->plan->options->decimal;
  for (size_t i = 0; i < TL_DIGITS_AT_ONCE; i++) take_number(field_of(it, first + i), i, decimal, &whole, &fraction);
  return it->kernels->numbers(&whole, &fraction, to, refused);
}

/* How a column of 64-bit values is read: many fields at once, telling which were refused, and one. */
typedef struct number_reader {
  bool (*many)(const conversion *it, size_t first, void *to, uint64_t *refused);
  tally_status (*one)(conversion *it, size_t row, uint64_t *to, tally_error *error);
} number_reader;

static tally_status put_quickly(conversion *it, number_reader read, tally_error *error) {
  uint64_t *to = values_of(it, sizeof *to), refused[TL_DIGITS_AT_ONCE];
  size_t row = 0, rows = it->batch->rows;
  for (; row + TL_DIGITS_AT_ONCE <= rows; row += TL_DIGITS_AT_ONCE) {
    if (!read.many(it, row, to + row, refused)) continue;
    for (size_t i = 0; i < TL_DIGITS_AT_ONCE; i++) {
      if (!refused[i]) continue;
      to[row + i] = 0;
      TL_TRY(is_empty(it, row + i) ? put_missing(it, row + i, 0, error) : read.one(it, row + i, &to[row + i], error));
    }
  }
  for (; row < rows; row++) TL_TRY(read.one(it, row, &to[row], error));
  return TALLY_OK;
}

static tally_status put_integers(conversion *it, tally_error *error) {
  return put_quickly(it, (number_reader){read_integers, put_integer}, error);
}

static tally_status put_numbers(conversion *it, tally_error *error) {
  return put_quickly(it, (number_reader){read_numbers, put_number}, error);
}

/* ---- text ---- */

/* Bytes that a blank may begin or end with (space, tab, U+00A0, U+FEFF), and the bracket of a symbol. */
enum { AT_START = 1, AT_END = 2 };
static const uint8_t careful[256] = {
    [' '] = AT_START | AT_END, ['\t'] = AT_START | AT_END, ['['] = AT_START, [0xC2] = AT_START, [0xEF] = AT_START, [0xA0] = AT_END,
    [0xBF] = AT_END,
};

static inline bool is_plain_text(tally_text text) {
  if (text.size == 0) return false;
  return !((careful[(unsigned char)text.bytes[0]] & AT_START) | (careful[(unsigned char)text.bytes[text.size - 1]] & AT_END));
}

/* The text of a row as it is to be stored; none when it is missing. */
static tally_status settle_text(conversion *it, size_t row, tally_error *error) {
  static const char empty[TL_PADDING];
  if (is_empty(it, row)) {
    it->texts[row].bytes = NULL;
    return put_missing(it, row, 0, error);
  }
  tl_cell cell;
  tl_cell_read(it->plan, it->column, it->texts[row], is_quoted(it, row), &cell);
  tl_store_share *share = tl_store_share_of(it->rows->store, it->rows->part->thread, it->index);
  share->shapes |= cell.shapes;
  share->misfits |= cell.kind == TL_CELL_MISFIT;
  it->unfit |= cell.kind == TL_CELL_MISFIT && it->plan->strict;
  it->texts[row] = cell.value.text;
  if (cell.kind == TL_CELL_VALUE) {
    if (cell.value.text.size == 0) it->texts[row].bytes = empty;
    return TALLY_OK;
  }
  it->texts[row] = (tally_text){NULL, 0};
  return put_missing(it, row, cell.reason, error);
}

static tally_status put_texts(conversion *it, tally_error *error) {
  bool all = it->plan->options->missing_count > 0 || it->column->manner == TL_MANNER_TEXT_IN_MARKS;
  for (size_t row = 0; row < it->batch->rows; row++) {
    it->texts[row] = unfolded_field(it, row);
    if (all || !is_plain_text(it->texts[row])) TL_TRY(settle_text(it, row, error));
  }
  return tl_store_texts(it->rows->store, it->rows->part, it->index, it->first, it->texts, it->batch->rows, error);
}

/* ---- columns ---- */

static tally_status put_column(conversion *it, tally_error *error) {
  switch (it->column->manner) {
    case TL_MANNER_INTEGER:
      return it->column->quick ? put_integers(it, error) : put_cells(it, error);
    case TL_MANNER_NUMBER:
      return it->column->quick ? put_numbers(it, error) : put_cells(it, error);
    case TL_MANNER_DATE_ISO:
      return it->column->quick ? put_dates(it, error) : put_cells(it, error);
    case TL_MANNER_TEXT:
    case TL_MANNER_TEXT_IN_MARKS:
    case TL_MANNER_EXACT:
      return put_texts(it, error);
    default:
      return put_cells(it, error);
  }
}

/* A column that is known to become text is not read on as something else. */
static bool is_lost(const conversion *it) {
  const tl_store_share *share = tl_store_share_of(it->rows->store, it->rows->part->thread, it->index);
  return share->misfits && (share->shapes & TL_SHAPE_TEXT) && it->column->manner != TL_MANNER_NONE;
}

static tally_status convert_column(conversion *it, size_t index, tally_error *error) {
  it->index = index;
  it->column = &it->plan->columns[index];
  it->scratch = it->batch->scratch;
  it->doubled = 0;
  if (is_lost(it)) return TALLY_OK;
  if (index < it->batch->width) return put_column(it, error);
  for (size_t row = 0; row < it->batch->rows; row++) TL_TRY(put_missing(it, row, 0, error));
  return TALLY_OK;
}

/* Columns whose type was asked for come first: if one has a value that does not fit, nothing was added to any text yet. */
static tally_status convert_columns(conversion *it, bool asked, tally_error *error) {
  for (size_t i = 0; i < it->plan->count && !it->unfit; i++) {
    const tl_column_plan *column = &it->plan->columns[i];
    bool first = column->asked && tl_manner_type(column->manner) != TALLY_TEXT;
    if (column->wanted && first == asked) TL_TRY(convert_column(it, i, error));
  }
  return TALLY_OK;
}

tally_status tl_convert_batch(void *context, const tl_batch *given, bool *taken, bool *enough, tally_error *error) {
  tl_rows *rows = context;
  tl_store_part *part = rows->part;
  tl_batch batch = *given;
  if ((int64_t)batch.rows > rows->limit - part->count) batch.rows = (size_t)(rows->limit - part->count);
  TL_TRY(tl_rows_check_room(rows, batch.rows, error));
  conversion it;
  it.rows = rows;
  it.plan = rows->store->plan;
  it.batch = &batch;
  it.kernels = tl_digits_best();
  it.first = part->count;
  it.unfit = false;
  TL_TRY(convert_columns(&it, true, error));
  TL_TRY(convert_columns(&it, false, error));
  *taken = !it.unfit;
  if (it.unfit) return TALLY_OK;
  part->count += (int64_t)batch.rows;
  part->last_byte = batch.byte + batch.ends[batch.rows * batch.width - 1];
  *enough = part->count >= rows->limit;
  return TALLY_OK;
}
