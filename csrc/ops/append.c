/* ops/append: columns and tables end to end, bound by name.
 *
 * The one idea: a column that a table lacks, and a column without any value, take the make of the first column that has values
 * (its type, dictionary and levels), so that nothing is lost by standing next to nothing. Joining the buffers themselves is
 * column/concat; this room does not look at values. */
#include "ops/append.h"

#include <stdio.h>

#include "base/number.h"
#include "column/dictionary.h"

static bool has_values(const tally_column *column) {
  return column && column->missing < column->length;
}

static bool is_numeric(tally_type type) {
  return type == TALLY_INTEGER || type == TALLY_NUMBER;
}

/* Makes *type hold values of type `other` too, when it can. */
static bool bind_type(tally_type *type, tally_type other) {
  if (*type == other) return true;
  if (!is_numeric(*type) || !is_numeric(other)) return false;
  *type = TALLY_NUMBER;
  return true;
}

bool tl_append_type(const tally_column *const *columns, size_t count, tally_type *type, size_t clash[2]) {
  size_t first = 0;
  while (first < count && !has_values(columns[first])) first++;
  if (first == count) first = 0;
  while (first < count && !columns[first]) first++;
  if (first == count) return false;
  *type = columns[first]->type;
  for (size_t i = 0; i < count; i++) {
    if (!columns[i] || bind_type(type, columns[i]->type) || !has_values(columns[i])) continue;
    clash[0] = first;
    clash[1] = i;
    return false;
  }
  return true;
}

/* The column whose make those without values take: the first with values, or else the first of the type. */
static const tally_column *find_model(const tally_column *const *columns, size_t count, tally_type type) {
  const tally_column *of_type = NULL;
  for (size_t i = 0; i < count; i++) {
    if (has_values(columns[i])) return columns[i];
    if (!of_type && columns[i] && columns[i]->type == type) of_type = columns[i];
  }
  return of_type;
}

/* Gives `parts` the reasons of `column`, which has no other content. */
static bool copy_reasons(tl_parts *parts, const tally_column *column) {
  if (!column || !column->reasons) return true;
  parts->reasons = tl_buffer_new((size_t)column->length);
  if (!parts->reasons) return false;
  memcpy(parts->reasons->bytes, (const uint8_t *)column->reasons->bytes + column->offset, (size_t)column->length);
  parts->symbols = tally_column_retain(column->symbols);
  return true;
}

/* `length` missing values of the make of `model`, with the reasons of `column` (which may be NULL). */
static tally_status missing_like(const tally_column *model, tally_type type, const tally_column *column, int64_t length,
                                 tally_column **out, tally_error *error) {
  tl_parts parts = {.type = type, .levels = model->levels, .length = length, .missing = length};
  bool plain_text = type == TALLY_TEXT && !model->dictionary;
  parts.dictionary = tally_column_retain(model->dictionary);
  parts.validity = tl_buffer_zero(tl_bit_bytes(length));
  parts.values = tl_buffer_zero(((size_t)length + 1) * sizeof(int64_t)); /* enough for every type */
  if (plain_text) parts.bytes = tl_buffer_zero(0);
  if (parts.validity && parts.values && (parts.bytes || !plain_text) && copy_reasons(&parts, column))
    return tl_column_new(parts, out, error);
  tl_parts_drop(&parts);
  return tl_no_memory(error);
}

/* An integer is not changed in silence because numbers stand beside it. */
static tally_status check_exact(const tally_column *column, tally_error *error) {
  const int64_t *integers = tl_integers(column);
  for (int64_t i = 0; i < column->length; i++) {
    if (tl_number_holds(integers[i])) continue;
    return tl_fail(
        error, TALLY_ERANGE,
        "%lld is an integer that would lose digits beside numbers: read both columns as text, or take number(...) of it if "
        "an approximate value will do",
        (long long)integers[i]);
  }
  return TALLY_OK;
}

static tally_status bound_part(const tally_column *column, int64_t length, tally_type type, const tally_column *model,
                               tally_column **out, tally_error *error) {
  if (column != model && !has_values(column)) return missing_like(model, type, column, length, out, error);
  if (column->type == TALLY_INTEGER && type == TALLY_NUMBER) TL_TRY(check_exact(column, error));
  if (column->type != type) return tl_column_cast(column, type, out, error);
  *out = tally_column_retain(column);
  return TALLY_OK;
}

tally_status tl_append_columns(const tally_column *const *columns, const int64_t *lengths, size_t count, tally_type type,
                               tally_column **out, tally_error *error) {
  const tally_column *model = find_model(columns, count, type);
  tally_column **parts = tl_mem_zero(count, sizeof *parts);
  if (!parts) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < count && status == TALLY_OK; i++) {
    int64_t length = columns[i] ? columns[i]->length : lengths[i];
    status = bound_part(columns[i], length, type, model, &parts[i], error);
  }
  if (status == TALLY_OK) status = tl_column_concat(parts, count, out, error);
  for (size_t i = 0; i < count; i++) tally_column_release(parts[i]);
  tl_mem_free(parts);
  return status;
}

/* A name that Lua takes as the key of a table without brackets and quotes: one of its identifiers, and no reserved word. */
static bool is_plain_key(const char *name) {
  static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  static const char *const reserved[] = {"and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
                                         "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
                                         "repeat",   "return", "then", "true", "until",  "while"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (strcmp(name, reserved[i]) == 0) return false;
  return name[0] > '9' && name[strspn(name, letters)] == '\0';
}

const char *tl_append_key(const char *name, char *to, size_t size) {
  tally_value text = {.type = TALLY_TEXT, .text = tl_text_of(name)};
  if (is_plain_key(name)) {
    tally_format_value(text, to, size);
    return to;
  }
  memcpy(to, "[\"", 2);
  tally_format_value(text, to + 2, size - 4);
  memcpy(to + strlen(to + 2) + 2, "\"]", 3);
  return to;
}

/* ---- Tables ---- */

typedef struct binding {
  const tally_table *const *tables;
  size_t table_count;
  const char *const *labels;
  int64_t rows;     /* of all tables */
  int64_t *lengths; /* rows of each table */
  const tally_column **parts;
  const char **names; /* of the result, in order of first appearance */
  tally_column **columns;
  size_t count;
} binding;

static bool is_bound(const binding *b, const char *name) {
  for (size_t i = 0; i < b->count; i++)
    if (strcmp(b->names[i], name) == 0) return true;
  return false;
}

/* "column 'n' is integer in 'a.csv' and text in 'b.csv': …" */
static tally_status type_clash(const binding *b, const char *name, const size_t clash[2], tally_error *error) {
  char labels[2][32], key[96];
  const char *label[2];
  for (int side = 0; side < 2; side++) {
    snprintf(labels[side], sizeof labels[side], "table %zu", clash[side] + 1);
    label[side] = b->labels ? b->labels[clash[side]] : labels[side];
  }
  const char *first = tally_type_name(b->parts[clash[0]]->type), *second = tally_type_name(b->parts[clash[1]]->type);
  return tl_fail_at(error, TALLY_ETYPE, name, 0, 0,
                    "column '%s' is %s in '%s' and %s in '%s': read both as text, e.g. types = { %s = \"text\" }", name, first,
                    label[0], second, label[1], tl_append_key(name, key, sizeof key));
}

static tally_status bind_column(binding *b, const char *name, tally_error *error) {
  for (size_t t = 0; t < b->table_count; t++) b->parts[t] = tally_table_find(b->tables[t], name);
  tally_type type;
  size_t clash[2];
  if (!tl_append_type(b->parts, b->table_count, &type, clash)) return type_clash(b, name, clash, error);
  tally_status status = tl_append_columns(b->parts, b->lengths, b->table_count, type, &b->columns[b->count], error);
  if (status != TALLY_OK) tl_error_where(error, name);
  TL_TRY(status);
  b->names[b->count++] = name;
  return TALLY_OK;
}

static tally_status bind_columns(binding *b, tally_error *error) {
  for (size_t t = 0; t < b->table_count; t++) {
    for (size_t c = 0; c < b->tables[t]->columns; c++) {
      const char *name = b->tables[t]->names[c];
      if (!is_bound(b, name)) TL_TRY(bind_column(b, name, error));
    }
  }
  return TALLY_OK;
}

/* Codes of the labels, each as often as its table has rows. */
static tally_status fill_origin(const binding *b, tl_dictionary *dictionary, uint32_t *codes, tally_error *error) {
  int64_t row = 0;
  for (size_t t = 0; t < b->table_count; t++) {
    tally_text label = tl_text_of(b->labels[t]);
    uint32_t code;
    if (tl_text_valid_utf8(label) < label.size)
      return tl_fail(error, TALLY_ESYNTAX, "the label of table %zu is not valid UTF-8", t + 1);
    TL_TRY(tl_dictionary_add(dictionary, label, &code, error));
    for (int64_t i = 0; i < b->lengths[t]; i++) codes[row++] = code;
  }
  return TALLY_OK;
}

static tally_status make_origin(const binding *b, tally_column **out, tally_error *error) {
  tl_dictionary dictionary = TL_DICTIONARY;
  tl_parts parts = {.type = TALLY_TEXT, .length = b->rows};
  parts.values = tl_buffer_new((size_t)b->rows * sizeof(uint32_t));
  tally_status status = parts.values ? TALLY_OK : tl_no_memory(error);
  if (status == TALLY_OK) status = fill_origin(b, &dictionary, parts.values->bytes, error);
  if (status == TALLY_OK) status = tl_dictionary_column(&dictionary, &parts.dictionary, error);
  tl_dictionary_done(&dictionary);
  if (status == TALLY_OK) return tl_column_new(parts, out, error);
  tl_parts_drop(&parts);
  return status;
}

static tally_status bind_origin(binding *b, const char *origin, tally_error *error) {
  if (!b->labels) return tl_fail(error, TALLY_ESHAPE, "append with origin '%s' needs a label for each table", origin);
  for (size_t t = 0; t < b->table_count; t++) {
    if (tally_table_index(b->tables[t], origin) < 0) continue;
    return tl_fail_at(error, TALLY_ESHAPE, origin, 0, 0, "'%s' has a column '%s' already: choose another name for the origin",
                      b->labels[t], origin);
  }
  TL_TRY(make_origin(b, &b->columns[0], error));
  b->names[b->count++] = origin;
  return TALLY_OK;
}

static tally_status binding_init(binding *b, tally_error *error) {
  size_t most = 1;
  b->lengths = tl_mem_new(b->table_count, sizeof *b->lengths);
  b->parts = tl_mem_new(b->table_count, sizeof *b->parts);
  if (!b->lengths || !b->parts) return tl_no_memory(error);
  for (size_t t = 0; t < b->table_count; t++) {
    b->lengths[t] = b->tables[t]->rows;
    most += b->tables[t]->columns;
    if (__builtin_add_overflow(b->rows, b->lengths[t], &b->rows)) return tl_no_memory(error);
  }
  b->names = tl_mem_new(most, sizeof *b->names);
  b->columns = tl_mem_zero(most, sizeof *b->columns);
  return b->names && b->columns ? TALLY_OK : tl_no_memory(error);
}

static void binding_done(binding *b) {
  for (size_t i = 0; i < b->count; i++) tally_column_release(b->columns[i]);
  tl_mem_free(b->columns);
  tl_mem_free(b->names);
  tl_mem_free(b->parts);
  tl_mem_free(b->lengths);
}

tally_status tally_table_append(const tally_table *const *tables, size_t count, const char *origin, const char *const *labels,
                                tally_table **out, tally_error *error) {
  if (count == 0) return tl_fail(error, TALLY_ESHAPE, "append needs at least one table");
  binding b = {.tables = tables, .table_count = count, .labels = labels};
  tally_status status = binding_init(&b, error);
  if (status == TALLY_OK && origin) status = bind_origin(&b, origin, error);
  if (status == TALLY_OK) status = bind_columns(&b, error);
  if (status == TALLY_OK) status = tally_table_new(b.names, b.columns, b.count, b.rows, out, error);
  binding_done(&b);
  return status;
}
