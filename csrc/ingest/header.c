/* ingest/header: every column gets a name that is its own, and the manner in which to read it, as far as the options or the name
 * say it. A name used twice gets a number; a column without a name is called by its place. */
#include "ingest/header.h"

#include <stdio.h>

#include "column/dictionary.h"
#include "column/table.h"
#include "ingest/encoding.h"

typedef struct naming {
  const tally_csv_options *options;
  const tl_layout *layout;
  const char *where;
  tl_arena *arena;
  tl_problems *problems;
  tl_dictionary taken;
} naming;

/* ---- names ---- */

/* A name is a C string of UTF-8: a NUL byte in it, or a byte that is no text, becomes U+FFFD. */
static tally_status clean_name(naming *it, tally_text raw, tally_text *out, tally_error *error) {
  char *name = tl_arena_new(it->arena, raw.size * 3 + 1);
  if (!name) return tl_no_memory(error);
  size_t size = 0;
  while (raw.size > 0) {
    const char *nul = memchr(raw.bytes, 0, raw.size);
    size_t before = nul ? (size_t)(nul - raw.bytes) : raw.size;
    size += tl_encoding_repair(tl_text(raw.bytes, before), name + size);
    if (!nul) break;
    memcpy(name + size, "\xEF\xBF\xBD", 3);
    size += 3;
    raw = tl_text(raw.bytes + before + 1, raw.size - before - 1);
  }
  name[size] = '\0';
  *out = tl_text(name, size);
  return TALLY_OK;
}

/* The name that the options or the header give to column `index`; empty when they give none. */
static tally_status given_name(naming *it, size_t index, tally_text *out, tally_error *error) {
  if (index < it->options->name_count) return clean_name(it, tl_text_of(it->options->names[index]), out, error);
  *out = (tally_text){0};
  if (index >= it->layout->header.count) return TALLY_OK;
  return clean_name(it, it->layout->header.fields[index].text, out, error);
}

/* Adds the name to those taken; false when it was. */
static tally_status claim(naming *it, tally_text name, bool *is_new, tally_error *error) {
  uint32_t before = it->taken.size, code;
  TL_TRY(tl_dictionary_add(&it->taken, name, &code, error));
  *is_new = it->taken.size > before;
  return TALLY_OK;
}

/* "fee" the second time becomes "fee_2". */
static tally_status make_unique(naming *it, tally_text *name, tally_error *error) {
  bool is_new;
  TL_TRY(claim(it, *name, &is_new, error));
  if (is_new) return TALLY_OK;
  tally_text old = *name;
  char *numbered = tl_arena_new(it->arena, old.size + 24);
  if (!numbered) return tl_no_memory(error);
  memcpy(numbered, old.bytes, old.size);
  for (int number = 2; !is_new; number++) {
    int digits = snprintf(numbered + old.size, 24, "_%d", number);
    *name = tl_text(numbered, old.size + (size_t)digits);
    TL_TRY(claim(it, *name, &is_new, error));
  }
  return tl_problems_add(it->problems, it->layout->header.line, it->layout->header.byte, numbered, TL_PROBLEM_NAME_TWICE, old,
                         error);
}

static tally_status name_column(naming *it, size_t index, tl_column_plan *out, tally_error *error) {
  tally_text name;
  TL_TRY(given_name(it, index, &name, error));
  if (name.size == 0) {
    char place[32];
    int size = snprintf(place, sizeof place, "column_%zu", index + 1);
    name = tl_text(tl_arena_text(it->arena, place, (size_t)size), (size_t)size);
    if (!name.bytes) return tl_no_memory(error);
    out->nameless = it->layout->header.count > 0;
  }
  TL_TRY(make_unique(it, &name, error));
  out->name = name.bytes;
  return TALLY_OK;
}

/* ---- manners ---- */

static void set_manner(const tally_csv_options *options, tl_column_plan *column) {
  column->manner = TL_MANNER_NONE;
  column->shapes = 0;
  column->plain = column->judged = false;
  column->wanted = options->columns == NULL;
  for (size_t i = 0; i < options->column_count && !column->wanted; i++) {
    column->wanted = strcmp(options->columns[i], column->name) == 0;
  }
  if (options->all_text) {
    column->manner = TL_MANNER_EXACT;
  } else if (tl_infer_is_identifier(tl_text_of(column->name))) {
    column->manner = TL_MANNER_TEXT;
  }
  for (size_t i = 0; i < options->type_count; i++) {
    if (strcmp(options->type_names[i], column->name) != 0) continue;
    column->manner = tl_manner_of_type(options->types[i]);
    column->asked = true;
  }
}

/* A table of these names without rows: the message for a name that is not there is made from it. */
static tally_status empty_table(const tl_plan *plan, tally_table **out, tally_error *error) {
  const char **names = tl_mem_new(plan->count, sizeof *names);
  tally_column **columns = tl_mem_new(plan->count, sizeof *columns);
  tally_column *empty = NULL;
  tally_status status = names && columns ? TALLY_OK : tl_no_memory(error);
  if (status == TALLY_OK) status = tl_column_new_missing(TALLY_TEXT, 0, &empty, error);
  for (size_t i = 0; status == TALLY_OK && i < plan->count; i++) {
    names[i] = plan->columns[i].name;
    columns[i] = empty;
  }
  if (status == TALLY_OK) status = tally_table_new(names, columns, plan->count, 0, out, error);
  tally_column_release(empty);
  tl_mem_free(columns);
  tl_mem_free(names);
  return status;
}

static tally_status check_names(const tally_table *table, const char *const *names, size_t count, tally_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (tally_table_index(table, names[i]) < 0) return tl_table_no_column(table, names[i], error);
  }
  return TALLY_OK;
}

static tally_status check_options(const naming *it, const tl_plan *plan, tally_error *error) {
  const tally_csv_options *o = it->options;
  if (o->column_count == 0 && o->type_count == 0) return TALLY_OK;
  tally_table *table = NULL;
  TL_TRY(empty_table(plan, &table, error));
  tally_status status = check_names(table, o->columns, o->column_count, error);
  if (status == TALLY_OK) status = check_names(table, o->type_names, o->type_count, error);
  tally_table_release(table);
  if (status != TALLY_OK) tl_error_where(error, it->where);
  return status;
}

/* ---- the plan ---- */

/* Header fields up to the last that has a name: a separator at the end of the header alone makes no column. */
static size_t named_fields(const tl_layout *layout) {
  size_t count = layout->header.count;
  while (count > 0 && layout->header.fields[count - 1].text.size == 0) count--;
  return count;
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

/* Each of the symbols once: a reason is known by its place among them. */
static tally_status plan_symbols(naming *it, tl_plan *out, tally_error *error) {
  const tally_csv_options *o = it->options;
  out->symbols = tally_symbols();
  if (!o->symbols) return TALLY_OK;
  const char **symbols = tl_arena_new(it->arena, (o->symbol_count + 1) * sizeof *symbols);
  if (!symbols) return tl_no_memory(error);
  size_t count = 0;
  for (size_t i = 0; i < o->symbol_count; i++) {
    bool is_new = true;
    for (size_t j = 0; j < count; j++) is_new = is_new && strcmp(symbols[j], o->symbols[i]) != 0;
    if (is_new) symbols[count++] = o->symbols[i];
  }
  if (count > TL_SYMBOLS_MOST) return tl_fail_at(error, TALLY_ERANGE, it->where, 0, 0, "more than 255 different symbols");
  symbols[count] = NULL;
  out->symbols = symbols;
  return TALLY_OK;
}

static tally_status plan_columns(naming *it, tl_plan *out, tally_error *error) {
  for (size_t i = 0; i < out->count; i++) {
    out->columns[i] = (tl_column_plan){0};
    TL_TRY(name_column(it, i, &out->columns[i], error));
    set_manner(it->options, &out->columns[i]);
  }
  return check_options(it, out, error);
}

tally_status tl_header_plan(const tally_csv_options *options, const tl_layout *layout, const char *where, tl_arena *arena,
                            tl_problems *problems, tl_plan *out, tally_error *error) {
  *out = (tl_plan){.options = options, .quotes_mean_nothing = layout->everything_quoted};
  out->limit = options->limit < 0 ? INT64_MAX : options->limit;
  out->least = larger(larger(named_fields(layout), layout->width), 1);
  out->most = out->count = larger(larger(layout->header.count, layout->width), 1);
  if (options->name_count > out->count) {
    return tl_fail_at(error, TALLY_ESHAPE, where, layout->header.line, 0, "%zu names are given, but there are %zu columns",
                      options->name_count, out->count);
  }
  naming it = {.options = options, .layout = layout, .where = where, .arena = arena, .problems = problems};
  TL_TRY(plan_symbols(&it, out, error));
  out->columns = tl_arena_new(arena, out->count * sizeof *out->columns);
  if (!out->columns) return tl_no_memory(error);
  tally_status status = plan_columns(&it, out, error);
  tl_dictionary_done(&it.taken);
  return status;
}

void tl_header_forget(tl_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) set_manner(plan->options, &plan->columns[i]);
}
