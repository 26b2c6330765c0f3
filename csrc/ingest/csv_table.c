/* ingest/csv_table: tally_read_csv, from bytes to a table. Two readers can do the rows: the fast one, in parallel, where the
 * quoting is regular, and the tolerant one everywhere else. A large file is surveyed as it is read; where it then turns out not to
 * be what it seemed, it is surveyed first, and reading begins again. */
#include "base/progress.h"
#include "column/table.h"
#include "ingest/csv.h"
#include "ingest/lax.h"
#include "ingest/open_quote.h"
#include "ingest/passes.h"

typedef struct csv {
  tl_csv file;
  tl_loaded loaded;
  const char *reader;
} csv;

/* Bytes that cannot be UTF-8 may be far down: then all is looked at again. */
static tally_status look(tl_csv *file, tally_error *error) {
  TL_TRY(tl_csv_sniff(file, NULL, error));
  tl_progress_extend(file->source.size);
  TL_TRY(tl_csv_survey(file, error));
  if (!tl_csv_is_windows(file, &file->ranges.census)) return TALLY_OK;
  TL_TRY(tl_csv_convert(file, "WINDOWS-1252", error));
  TL_TRY(tl_csv_sniff(file, NULL, error));
  return tl_csv_survey(file, error);
}

/* ---- the rows ---- */

/* The tolerant reader starts afresh: what the fast one saw was cut in the wrong places. */
static tally_status load_lax(csv *it, tally_error *error) {
  tl_extent all = {.source = &it->file.source,
                   .ranges = &it->file.ranges,
                   .lax = true,
                   .byte = it->file.layout.data_byte,
                   .line = it->file.layout.data_line};
  TL_TRY(tl_source_load(&it->file.source, error));
  it->reader = "lax";
  return tl_passes_run(&all, &it->file.dialect, &it->file.plan, &it->loaded, error);
}

static tally_status refuse(csv *it, tally_error *error) {
  TL_TRY(tl_source_load(&it->file.source, error));
  tally_text rows =
      tl_text(it->file.source.bytes + it->file.layout.data_byte, (size_t)(it->file.source.size - it->file.layout.data_byte));
  TL_TRY(tl_lax_records(&it->file.dialect, rows, it->file.layout.data_byte, it->file.layout.data_line, tl_csv_refuse_record,
                        &it->file, error));
  return tl_fail_at(error, TALLY_ESYNTAX, it->file.source.name, 0, 0,
                    "has blanks or comments about its quotes, which only the lax reader takes");
}

static tally_status load(csv *it, tally_error *error) {
  if (it->file.options.reader == TALLY_READER_LAX) return load_lax(it, error);
  it->reader = "fast";
  tl_extent ranges = {.source = &it->file.source, .ranges = &it->file.ranges};
  it->loaded.regular = it->file.ranges.quotes_closed;
  if (it->loaded.regular) TL_TRY(tl_passes_run(&ranges, &it->file.dialect, &it->file.plan, &it->loaded, error));
  if (it->loaded.regular) return TALLY_OK;
  if (!it->file.ranges.quotes_closed) {
    TL_TRY(tl_open_quote_refuse(&it->file.source, &it->file.dialect, it->file.layout.data_byte, it->file.layout.data_line, error));
  }
  if (it->file.options.reader == TALLY_READER_FAST) return refuse(it, error);
  tl_loaded_done(&it->loaded);
  tl_header_forget(&it->file.plan);
  return load_lax(it, error);
}

/* ---- surveyed as it is read ---- */

/* Chunks of a large file. */
enum { MANY_CHUNKS = 16 };

static bool is_large(const tl_csv *file) {
  return file->source.size / (int64_t)tl_csv_chunk_bytes(file) >= MANY_CHUNKS;
}

/* loaded  `regular` when all went well */
static tally_status roll(csv *it, tl_rolling *rolling, tally_error *error) {
  tl_csv *file = &it->file;
  tl_sample sample;
  int64_t size = file->source.size - file->layout.data_byte;
  it->reader = "fast";
  TL_TRY(tl_sample_choose(&file->source, file->layout.data_byte, &sample, error));
  tl_plan tried = file->plan;
  tried.columns = tl_arena_new(&file->arena, tried.count * sizeof *tried.columns);
  if (!tried.columns) return tl_no_memory(error);
  memcpy(tried.columns, file->plan.columns, tried.count * sizeof *tried.columns);
  TL_TRY(tl_passes_sample_places(&file->source, &file->dialect, &tried, &sample, error));
  it->loaded.regular = sample.count > 0 && sample.ranges[0].byte == file->layout.data_byte;
  if (!it->loaded.regular) return TALLY_OK;
  TL_TRY(tl_rolling_start(rolling, &file->source, file->dialect.quote, file->layout.data_byte, file->layout.data_line,
                          tl_csv_chunk_bytes(file), error));
  int64_t records = tl_sample_records(&sample, size);
  tl_ranges places = {.items = sample.ranges, .count = sample.count};
  tl_extent extent = {
      .source = &file->source, .ranges = &places, .rolling = rolling, .expected = records + records / 8 + MANY_CHUNKS};
  return tl_passes_run(&extent, &file->dialect, &file->plan, &it->loaded, error);
}

/* done  false: the file is to be surveyed first */
static tally_status try_rolling(csv *it, bool *done, tally_error *error) {
  tl_csv *file = &it->file;
  tl_census head;
  *done = false;
  if (!is_large(file) || file->options.reader == TALLY_READER_LAX || file->options.limit >= 0) return TALLY_OK;
  TL_TRY(tl_csv_sniff(file, &head, error));
  if (tl_csv_is_dirty(&head)) return TALLY_OK;
  TL_TRY(tl_csv_plan(file, false, error));
  tl_rolling rolling = {0};
  tally_status status = roll(it, &rolling, error);
  tl_rolling_done(&rolling);
  *done = status == TALLY_OK && it->loaded.regular;
  if (status != TALLY_OK || *done) return status;
  tl_loaded_done(&it->loaded);
  tl_problems_done(&file->problems);
  tl_progress_extend(file->source.size);
  return TALLY_OK;
}

/* ---- what is handed back ---- */

static bool is_kept(const csv *it, size_t index) {
  const tally_column *column = it->loaded.columns[index];
  return column && !(it->file.plan.columns[index].nameless && tally_column_missing(column) == tally_column_length(column));
}

/* Columns as they are in the file, but for those without name and values. */
static tally_status gather_table(csv *it, tally_table **out, tally_error *error) {
  const char **names = tl_arena_new(&it->file.arena, it->file.plan.count * sizeof *names);
  tally_column **columns = tl_arena_new(&it->file.arena, it->file.plan.count * sizeof *columns);
  size_t count = 0;
  if (!names || !columns) return tl_no_memory(error);
  for (size_t i = 0; i < it->file.plan.count; i++) {
    if (!is_kept(it, i)) continue;
    names[count] = it->file.plan.columns[i].name;
    columns[count++] = it->loaded.columns[i];
  }
  return tally_table_new(names, columns, count, it->loaded.rows, out, error);
}

static tally_status select_columns(const csv *it, tally_table **table, tally_error *error) {
  if (!it->file.options.columns) return TALLY_OK;
  tally_table *whole = *table;
  *table = NULL;
  tally_status status = tally_table_select(whole, it->file.options.columns, it->file.options.column_count, table, error);
  tally_table_release(whole);
  return status;
}

/* What can be said of columns only when their values are known. */
static tally_status report_columns(csv *it, tally_error *error) {
  const tl_record *header = &it->file.layout.header;
  for (size_t i = 0; i < it->file.plan.count; i++) {
    const tl_column_plan *column = &it->file.plan.columns[i];
    if (!is_kept(it, i)) continue;
    if (column->manner == TL_MANNER_TEXT_IN_MARKS) {
      TL_TRY(tl_problems_add(&it->file.problems, header->line, header->byte, column->name, TL_PROBLEM_QUOTE_MARKS, (tally_text){0},
                             error));
    }
    if (column->nameless && i >= header->count) {
      TL_TRY(tl_problems_add(&it->file.problems, header->line, header->byte, column->name, TL_PROBLEM_NO_NAME, header->raw, error));
    }
  }
  TL_TRY(tl_problems_join(&it->file.problems, &it->loaded.problems, 0, 0, error));
  return tl_problems_merge(&it->file.problems, &it->file.invalid, error);
}

static tally_status hand_back(csv *it, tally_reading *out, tally_error *error) {
  TL_TRY(report_columns(it, error));
  TL_TRY(tl_csv_refuse_problems(&it->file, &it->file.problems, error));
  TL_TRY(gather_table(it, &out->table, error));
  TL_TRY(tl_loaded_drop_rows(&it->loaded, &out->table, error));
  TL_TRY(select_columns(it, &out->table, error));
  TL_TRY(tl_problems_table(&it->file.problems, &out->problems, error));
  return tl_csv_facts(&it->file, it->reader, out, error);
}

/* ---- all together ---- */

static tally_status read_all(csv *it, tally_reading *out, tally_error *error) {
  bool done;
  TL_TRY(tl_csv_decode(&it->file, error));
  TL_TRY(try_rolling(it, &done, error));
  if (!done) {
    TL_TRY(look(&it->file, error));
    TL_TRY(tl_csv_plan(&it->file, tl_csv_is_dirty(&it->file.ranges.census), error));
    TL_TRY(load(it, error));
  }
  return hand_back(it, out, error);
}

static tally_status read_input(csv *it, const tally_input *input, tally_reading *out, tally_error *error) {
  TL_TRY(tl_source_open(&it->file.source, input, error));
  tally_error found = {0};
  tl_progress_begin(it->file.source.name, it->file.source.size);
  tally_status status = read_all(it, out, &found);
  tl_progress_end();
  return tl_source_settle(&it->file.source, status, &found, error);
}

tally_status tally_read_csv(const tally_input *input, const tally_csv_options *options, tally_reading **out, tally_error *error) {
  csv it = {.file.source.descriptor = -1};
  TL_TRY(tl_csv_options(options, &it.file.options, error));
  tally_reading *reading;
  TL_TRY(tl_reading_new(&reading, error));
  tally_status status = read_input(&it, input, reading, error);
  if (status != TALLY_OK) tl_error_where(error, it.file.source.name);
  tl_loaded_done(&it.loaded);
  tl_csv_done(&it.file);
  if (status == TALLY_OK) {
    *out = reading;
  } else {
    tally_reading_release(reading);
  }
  return status;
}
