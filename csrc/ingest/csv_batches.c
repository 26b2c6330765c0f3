/* ingest/csv_batches: tally_scan_csv. What the file is, is found by its head; of what types its columns are, by samples from places
 * all over it. When rows are drawn for the first time the file is surveyed, and cut into ranges of whole records: each is a batch.
 * A batch is read by whichever thread asks for it, and only the columns that are asked for. */
#include "ingest/csv_batches.h"

#include <pthread.h>

#include "base/progress.h"
#include "column/table.h"
#include "ingest/csv.h"
#include "ingest/passes.h"
#include "ingest/sample.h"

/* Room that is not in use. */
typedef struct spare {
  tl_room room;
  struct spare *next;
} spare;

struct tl_batches {
  tl_csv file;
  bool surveyed;
  tl_problems *found; /* in each range */
  size_t found_count;
  pthread_mutex_t lock; /* of what follows */
  spare *spares;
};

/* ---- life ---- */

static void forget_found(tl_batches *it) {
  for (size_t i = 0; i < it->found_count; i++) tl_problems_done(&it->found[i]);
  tl_mem_free(it->found);
  it->found = NULL;
  it->found_count = 0;
}

void tl_batches_release(tl_batches *it) {
  if (!it) return;
  for (spare *next; it->spares; it->spares = next) {
    next = it->spares->next;
    tl_room_done(&it->spares->room);
    tl_mem_free(it->spares);
  }
  forget_found(it);
  tl_csv_done(&it->file);
  pthread_mutex_destroy(&it->lock);
  tl_mem_free(it);
}

static spare *take_spare(tl_batches *it) {
  pthread_mutex_lock(&it->lock);
  spare *found = it->spares;
  if (found) it->spares = found->next;
  pthread_mutex_unlock(&it->lock);
  return found ? found : tl_mem_zero(1, sizeof *found);
}

static void give_back(tl_batches *it, spare *own) {
  pthread_mutex_lock(&it->lock);
  own->next = it->spares;
  it->spares = own;
  pthread_mutex_unlock(&it->lock);
}

/* ---- samples ---- */

enum { PLACE_ROWS = 256 };

/* A column of which the samples know nothing is text. One without a name is then left out. */
static void settle_manners(tl_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    tl_column_plan *column = &plan->columns[i];
    if (column->manner != TL_MANNER_NONE) continue;
    column->manner = TL_MANNER_TEXT;
    column->wanted = column->wanted && !column->nameless;
  }
  plan->strict = true;
}

/* ---- columns without rows ---- */

static tally_status add_column(const tl_column_plan *column, tally_table **table, tally_error *error) {
  tally_column *none = NULL;
  tally_table *wider = NULL;
  TL_TRY(tl_column_new_missing(tl_manner_type(column->manner), 0, &none, error));
  tally_status status = tally_table_with(*table, column->name, none, &wider, error);
  tally_column_release(none);
  if (status != TALLY_OK) return status;
  tally_table_release(*table);
  *table = wider;
  return TALLY_OK;
}

/* ---- the start of a drawing ---- */

static tally_status survey(tl_batches *it, tally_error *error) {
  tl_csv *file = &it->file;
  TL_TRY(tl_csv_survey(file, error));
  if (tl_csv_is_windows(file, &file->ranges.census)) {
    return tl_fail_at(error, TALLY_ESYNTAX, file->source.name, 0, 0,
                      "has bytes further down that are not UTF-8: say what it is, e.g. encoding = \"WINDOWS-1252\"");
  }
  if (!file->ranges.quotes_closed) {
    return tl_fail_at(error, TALLY_ESYNTAX, file->source.name, 0, 0,
                      "has a quote that is never closed, so that it cannot be read in batches: read_csv says where");
  }
  file->plan.dirty = tl_csv_is_dirty(&file->ranges.census);
  it->surveyed = true;
  return TALLY_OK;
}

static tally_status start(void *context, size_t *batches, tally_error *error) {
  tl_batches *it = ((tally_reading *)context)->batches;
  TL_TRY(tl_source_check(&it->file.source, error));
  if (!it->surveyed) TL_TRY(survey(it, error));
  forget_found(it);
  size_t count = it->file.ranges.count ? it->file.ranges.count : 1;
  it->found = tl_mem_zero(count, sizeof *it->found);
  if (!it->found) return tl_no_memory(error);
  *batches = it->found_count = count;
  tl_progress_begin(it->file.source.name, it->file.source.size);
  return TALLY_OK;
}

/* ---- a batch ---- */

static bool is_among(const char *name, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(name, names[i]) == 0) return true;
  }
  return false;
}

/* The loaded columns under their names, in the order of `names`. */
static tally_status make_table(const tl_plan *plan, const tl_loaded *loaded, const char *const *names, size_t count,
                               tally_table **out, tally_error *error) {
  tally_column **columns = tl_mem_zero(count, sizeof *columns);
  if (!columns) return tl_no_memory(error);
  for (size_t i = 0; i < plan->count; i++) {
    for (size_t j = 0; loaded->columns[i] && j < count; j++) {
      if (strcmp(plan->columns[i].name, names[j]) == 0) columns[j] = loaded->columns[i];
    }
  }
  tally_status status = tally_table_new(names, columns, count, loaded->rows, out, error);
  tl_mem_free(columns);
  if (status == TALLY_OK) status = tl_loaded_drop_rows(loaded, out, error);
  return status;
}

static tally_status irregular(const tl_csv *file, const tl_range *range, tally_error *error) {
  return tl_fail_at(error, TALLY_ESYNTAX, file->source.name, range->line, 0,
                    "a quote at or after this line stands where none may be, so that the file cannot be read in batches: read_csv "
                    "reads it");
}

/* plan: a copy, whose columns are those of the file, wanted or not. */
static tally_status read_range(tl_batches *it, size_t index, tl_plan *plan, tl_room *room, const char *const *names, size_t count,
                               tally_table **out, tally_error *error) {
  const tl_csv *file = &it->file;
  tl_ranges one = {.items = &file->ranges.items[index], .count = file->ranges.count > 0};
  tl_extent extent = {.source = &file->source, .ranges = &one, .more = index + 1 < file->ranges.count};
  tl_loaded loaded = {0};
  tally_status status = tl_passes_read(&extent, &file->dialect, plan, room, &loaded, error);
  if (status == TALLY_OK && !loaded.regular) status = irregular(file, one.items, error);
  if (status == TALLY_OK) status = make_table(plan, &loaded, names, count, out, error);
  tl_problems_done(&it->found[index]);
  it->found[index] = loaded.problems;
  loaded.problems = (tl_problems)TL_PROBLEMS;
  tl_loaded_done(&loaded);
  return status;
}

/* What is wrong with rows of a file that was changed meanwhile is that it was changed. */
static tally_status read_range_unchanged(tl_batches *it, size_t index, tl_plan *plan, tl_room *room, const char *const *names,
                                         size_t count, tally_table **out, tally_error *error) {
  tally_error found = {0};
  tally_status status = read_range(it, index, plan, room, names, count, out, &found);
  return status == TALLY_OK ? TALLY_OK : tl_source_settle(&it->file.source, status, &found, error);
}

static tally_status batch(void *context, size_t index, const char *const *names, size_t count, tally_table **out,
                          tally_error *error) {
  tl_batches *it = ((tally_reading *)context)->batches;
  tl_plan plan = it->file.plan;
  plan.columns = tl_mem_new(plan.count, sizeof *plan.columns);
  spare *own = take_spare(it);
  tally_status status = plan.columns && own ? TALLY_OK : tl_no_memory(error);
  for (size_t i = 0; plan.columns && i < plan.count; i++) {
    plan.columns[i] = it->file.plan.columns[i];
    plan.columns[i].wanted = plan.columns[i].wanted && is_among(plan.columns[i].name, names, count);
  }
  if (status == TALLY_OK) status = read_range_unchanged(it, index, &plan, &own->room, names, count, out, error);
  if (own) give_back(it, own);
  tl_mem_free(plan.columns);
  return status;
}

/* ---- the rows of the sample ---- */

static tally_status make_schema(const tl_csv *file, tally_table **out, tally_error *error) {
  TL_TRY(tally_table_new(NULL, NULL, 0, 0, out, error));
  for (size_t i = 0; i < file->plan.count; i++) {
    if (file->plan.columns[i].wanted) TL_TRY(add_column(&file->plan.columns[i], out, error));
  }
  if (!file->options.columns) return TALLY_OK;
  tally_table *all = *out;
  *out = NULL;
  tally_status status = tally_table_select(all, file->options.columns, file->options.column_count, out, error);
  tally_table_release(all);
  return status;
}

/* Rows of one place, at most PLACE_ROWS but for the end. */
static tally_status read_place(tl_batches *it, tl_range *range, tally_table *schema, tally_table **out, tally_error *error) {
  tl_ranges one = {.items = range, .count = 1};
  tl_extent extent = {.source = &it->file.source, .ranges = &one};
  tl_plan plan = it->file.plan;
  tl_loaded loaded = {0};
  bool end = range->byte + (int64_t)range->size == it->file.source.size;
  plan.limit = end ? INT64_MAX : PLACE_ROWS;
  plan.strict = false;
  plan.columns = tl_mem_new(plan.count, sizeof *plan.columns);
  if (!plan.columns) return tl_no_memory(error);
  memcpy(plan.columns, it->file.plan.columns, plan.count * sizeof *plan.columns);
  tl_room room = {0};
  tally_status status = tl_passes_read(&extent, &it->file.dialect, &plan, &room, &loaded, error);
  if (status == TALLY_OK) {
    status = make_table(&plan, &loaded, (const char *const *)schema->names, schema->columns, out, error);
  }
  tl_loaded_done(&loaded);
  tl_room_done(&room);
  tl_mem_free(plan.columns);
  return status;
}

static tally_status read_sample(tl_batches *it, tl_sample *places, tally_table *schema, tally_table **out, tally_error *error) {
  tally_table *tables[TL_SAMPLE_PLACES + 1] = {0};
  tally_status status = TALLY_OK;
  for (size_t i = 0; status == TALLY_OK && i < places->count; i++) {
    status = read_place(it, &places->ranges[i], schema, &tables[i], error);
  }
  if (status == TALLY_OK && places->count > 0) status = tl_table_concat(tables, places->count, out, error);
  if (status == TALLY_OK && places->count == 0) *out = tally_table_retain(schema);
  for (size_t i = 0; i < places->count; i++) tally_table_release(tables[i]);
  return status;
}

/* ---- the end of a drawing ---- */

static tally_status settle_problems(tl_batches *it, tally_reading *reading, tally_error *error) {
  tl_problems all = TL_PROBLEMS;
  tally_table *table = NULL;
  tally_status status = tl_problems_join(&all, &it->file.problems, 0, 0, error);
  for (size_t i = 0; status == TALLY_OK && i < it->found_count; i++) status = tl_problems_join(&all, &it->found[i], 0, 0, error);
  if (status == TALLY_OK) status = tl_problems_merge(&all, &it->file.invalid, error);
  if (status == TALLY_OK) status = tl_csv_refuse_problems(&it->file, &all, error);
  if (status == TALLY_OK) status = tl_problems_table(&all, &table, error);
  tl_problems_done(&all);
  if (status != TALLY_OK) return status;
  tally_table_release(reading->problems);
  reading->problems = table;
  return TALLY_OK;
}

static tally_status finish(void *context, bool complete, tally_error *error) {
  tally_reading *reading = context;
  tl_progress_end();
  if (!complete) return TALLY_OK;
  TL_TRY(tl_source_check(&reading->batches->file.source, error));
  return settle_problems(reading->batches, reading, error);
}

static void release(void *context) {
  tally_reading_release(context);
}

/* ---- the reading ---- */

static tally_status copy_text(tl_arena *arena, const char **text, tally_error *error) {
  if (!*text) return TALLY_OK;
  *text = tl_arena_text(arena, *text, strlen(*text));
  return *text ? TALLY_OK : tl_no_memory(error);
}

static tally_status copy_texts(tl_arena *arena, const char *const **texts, size_t count, tally_error *error) {
  if (!*texts) return TALLY_OK;
  const char **copy = tl_arena_new(arena, count * sizeof *copy + 1);
  if (!copy) return tl_no_memory(error);
  for (size_t i = 0; i < count; i++) {
    copy[i] = (*texts)[i];
    TL_TRY(copy_text(arena, &copy[i], error));
  }
  *texts = copy;
  return TALLY_OK;
}

/* What the options point to is the caller's: it is needed for longer. */
static tally_status keep_options(tl_csv *file, tally_error *error) {
  tally_csv_options *o = &file->options;
  tl_arena *arena = &file->arena;
  TL_TRY(copy_text(arena, &o->encoding, error));
  TL_TRY(copy_texts(arena, &o->names, o->name_count, error));
  TL_TRY(copy_texts(arena, &o->columns, o->column_count, error));
  TL_TRY(copy_texts(arena, &o->type_names, o->type_count, error));
  TL_TRY(copy_texts(arena, &o->missing, o->missing_count, error));
  TL_TRY(copy_texts(arena, &o->symbols, o->symbol_count, error));
  if (o->type_count == 0) return TALLY_OK;
  tally_type *types = tl_arena_new(arena, o->type_count * sizeof *types);
  if (!types) return tl_no_memory(error);
  memcpy(types, o->types, o->type_count * sizeof *types);
  o->types = types;
  return TALLY_OK;
}

static tally_status open_file(tl_csv *file, const tally_input *input, tally_error *error) {
  tally_input kept = *input;
  TL_TRY(copy_text(&file->arena, &kept.path, error));
  TL_TRY(copy_text(&file->arena, &kept.name, error));
  TL_TRY(tl_source_open(&file->source, &kept, error));
  return kept.bytes ? tl_source_load(&file->source, error) : TALLY_OK;
}

static tally_status look(tl_batches *it, tally_error *error) {
  tl_csv *file = &it->file;
  tl_census head = {0};
  TL_TRY(tl_csv_decode(file, error));
  TL_TRY(tl_csv_sniff(file, &head, error));
  if (tl_csv_is_windows(file, &head)) {
    TL_TRY(tl_csv_convert(file, "WINDOWS-1252", error));
    TL_TRY(tl_csv_sniff(file, &head, error));
  }
  return tl_csv_plan(file, tl_csv_is_dirty(&head), error);
}

static tally_status take_sample(tl_batches *it, tally_reading *reading, tally_error *error) {
  tl_sample places;
  TL_TRY(tl_sample_choose(&it->file.source, it->file.layout.data_byte, &places, error));
  TL_TRY(tl_passes_sample_places(&it->file.source, &it->file.dialect, &it->file.plan, &places, error));
  settle_manners(&it->file.plan);
  TL_TRY(make_schema(&it->file, &reading->table, error));
  return read_sample(it, &places, reading->table, &reading->sample, error);
}

static tally_status scan(tally_reading *reading, const tally_input *input, tally_error *error) {
  tl_batches *it = reading->batches;
  if (it->file.options.limit >= 0) return tl_fail(error, TALLY_ESHAPE, "a limit is not for a scan: take the head of its rows");
  TL_TRY(keep_options(&it->file, error));
  TL_TRY(open_file(&it->file, input, error));
  tally_error found = {0};
  tally_status status = look(it, &found);
  if (status == TALLY_OK) status = take_sample(it, reading, &found);
  TL_TRY(tl_source_settle(&it->file.source, status, &found, error));
  TL_TRY(tl_problems_table(&it->file.problems, &reading->problems, error));
  return tl_csv_facts(&it->file, "fast", reading, error);
}

static tally_status new_batches(const tally_csv_options *options, tl_batches **out, tally_error *error) {
  tl_batches *it = tl_mem_zero(1, sizeof *it);
  if (!it) return tl_no_memory(error);
  it->file.source.descriptor = -1;
  pthread_mutex_init(&it->lock, NULL);
  *out = it;
  return tl_csv_options(options, &it->file.options, error);
}

tally_status tally_scan_csv(const tally_input *input, const tally_csv_options *options, tally_reading **out, tally_error *error) {
  tally_reading *reading;
  TL_TRY(tl_reading_new(&reading, error));
  tally_status status = new_batches(options, &reading->batches, error);
  if (status == TALLY_OK) status = scan(reading, input, error);
  if (status == TALLY_OK) {
    *out = reading;
    return TALLY_OK;
  }
  if (reading->batches) tl_error_where(error, reading->batches->file.source.name);
  tally_reading_release(reading);
  return status;
}

tally_status tally_reading_source(tally_reading *reading, tally_source *out, tally_error *error) {
  if (!reading->batches) return tl_fail(error, TALLY_ESHAPE, "the rows of this reading were read already");
  *out = (tally_source){.context = tl_reading_retain(reading),
                        .schema = tally_table_retain(reading->table),
                        .start = start,
                        .batch = batch,
                        .finish = finish,
                        .release = release};
  return TALLY_OK;
}
