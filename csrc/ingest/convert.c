/* ingest/convert: the loops in which a load spends its time. A plain number is read with a few words of arithmetic; a text is
 * looked up as it stands. Whatever is not that plain, a blank around it, a thousands separator, a symbol, goes to ingest/cell, cell
 * by cell, so that what comes out is the same as if every field had. */
#include "ingest/convert.h"

#include "base/number.h"

/* One column of a batch. */
typedef struct conversion {
  tl_rows *rows;
  const tl_plan *plan;
  const tl_column_plan *column;
  size_t index;
  const tl_batch *batch;
  int64_t first; /* the row of the part that the batch begins with */
  tally_text texts[TL_BATCH_ROWS];
  bool unfit; /* a value is not of the type that was asked for */
} conversion;

/* ---- cells that are not plain ---- */

static tally_status put_missing(conversion *it, size_t row, uint8_t reason, tally_error *error) {
  return tl_store_missing(it->rows->store, it->rows->part, it->index, it->first + (int64_t)row, reason, error);
}

static void read_cell(conversion *it, size_t row, tl_cell *cell) {
  tl_cell_read(it->plan, it->column, it->texts[row], tl_batch_quoted(it->batch, row, it->index), cell);
}

static tally_status put_cell(conversion *it, size_t row, tally_error *error) {
  if (it->texts[row].size == 0 && !tl_batch_quoted(it->batch, row, it->index)) return put_missing(it, row, 0, error);
  tl_cell cell;
  read_cell(it, row, &cell);
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

static tally_status put_integers(conversion *it, tally_error *error) {
  int64_t *to = values_of(it, sizeof *to);
  for (size_t row = 0; row < it->batch->rows; row++) {
    if (!tl_number_quick_integer(it->texts[row], &to[row])) TL_TRY(put_cell(it, row, error));
  }
  return TALLY_OK;
}

static tally_status put_numbers(conversion *it, tally_error *error) {
  double *to = values_of(it, sizeof *to);
  char decimal = it->plan->options->decimal;
  for (size_t row = 0; row < it->batch->rows; row++) {
    if (!tl_number_quick_number(it->texts[row], decimal, &to[row])) TL_TRY(put_cell(it, row, error));
  }
  return TALLY_OK;
}

static tally_status put_dates(conversion *it, tally_error *error) {
  int32_t *to = values_of(it, sizeof *to);
  for (size_t row = 0; row < it->batch->rows; row++) {
    if (!tally_date_read(it->texts[row], &to[row])) TL_TRY(put_cell(it, row, error));
  }
  return TALLY_OK;
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
  tl_cell cell;
  read_cell(it, row, &cell);
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
  if (is_lost(it)) return TALLY_OK;
  if (index < it->batch->width) {
    tl_batch_column(it->batch, index, it->texts);
    return put_column(it, error);
  }
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
