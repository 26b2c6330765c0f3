/* ops/join: rows of two tables side by side, where their keys are equal.
 *
 * The one idea: the keys of both tables, end to end, are grouped as one; two rows match when they are in the same group. The rows
 * of right are sorted by group (by counting), so that the matches of a row of left stand together in their order. What comes out
 * of matching is lists of row numbers, -1 for "none", from which the columns are taken. Hashing is ops/group's, copying
 * column/take's. */
#include "base/pool.h"
#include "column/table.h"
#include "ops/append.h"
#include "ops/group.h"

typedef struct joining {
  const tally_table *left, *right;
  const tally_join_options *options;
  tally_column **keys; /* of both tables end to end: rows of left, then rows of right */
  tl_groups groups;
  int64_t *starts;    /* of each group, where its rows begin in `matches`; one more at the end */
  int64_t *matches;   /* rows of right that may match, by group */
  uint8_t *left_seen; /* of each group, rows of left that may match: 0, 1, or 2 for more */
  tally_join_report report;
  int64_t rows; /* of the result */
  int64_t *left_rows, *right_rows;
} joining;

/* ---- Keys ---- */

static const tally_column *left_key(const joining *j, size_t k) {
  return tally_table_find(j->left, j->options->left_keys[k]);
}

static const tally_column *right_key(const joining *j, size_t k) {
  return tally_table_find(j->right, j->options->right_keys[k]);
}

/* "cannot join 'UKPRN' (text) with 'ukprn' (integer): read both as text, …" */
static tally_status type_clash(const joining *j, size_t k, tally_error *error) {
  const char *left = j->options->left_keys[k], *right = j->options->right_keys[k];
  tally_type left_type = left_key(j, k)->type, right_type = right_key(j, k)->type;
  const char *other = left_type == TALLY_TEXT ? right : left;
  char key[96];
  return tl_fail_at(error, TALLY_ETYPE, other, 0, 0,
                    "cannot join '%s' (%s) with '%s' (%s): read both as text, e.g. types = { %s = \"text\" }", left,
                    tally_type_name(left_type), right, tally_type_name(right_type), tl_append_key(other, key, sizeof key));
}

/* Whether the types agree must not depend on the values, so a column without values is treated like any other. */
static bool types_agree(tally_type a, tally_type b) {
  return a == b || (a == TALLY_INTEGER && b == TALLY_NUMBER) || (a == TALLY_NUMBER && b == TALLY_INTEGER);
}

static tally_status check_keys(const joining *j, tally_error *error) {
  const tally_join_options *o = j->options;
  const tally_column *column;
  if (o->key_count == 0) return tl_fail(error, TALLY_ESHAPE, "a join needs at least one key: which columns say that rows match?");
  for (size_t k = 0; k < o->key_count; k++) {
    TL_TRY(tl_table_need(j->left, o->left_keys[k], &column, error));
    TL_TRY(tl_table_need(j->right, o->right_keys[k], &column, error));
    if (!types_agree(left_key(j, k)->type, right_key(j, k)->type)) return type_clash(j, k, error);
  }
  return TALLY_OK;
}

/* A pair of keys end to end. An integer that no number holds would match its neighbours, and is refused. */
static tally_status bind_key(joining *j, size_t k, tally_error *error) {
  const tally_column *pair[] = {left_key(j, k), right_key(j, k)};
  tally_type type = pair[0]->type == pair[1]->type ? pair[0]->type : TALLY_NUMBER;
  tally_status status = tl_append_columns(pair, NULL, 2, type, &j->keys[k], error);
  if (status != TALLY_OK)
    tl_error_where(error, pair[0]->type == TALLY_INTEGER ? j->options->left_keys[k] : j->options->right_keys[k]);
  return status;
}

static tally_status group_keys(joining *j, tally_error *error) {
  size_t count = j->options->key_count;
  int64_t rows;
  if (__builtin_add_overflow(j->left->rows, j->right->rows, &rows)) return tl_no_memory(error);
  j->keys = tl_mem_zero(count, sizeof *j->keys);
  if (!j->keys) return tl_no_memory(error);
  for (size_t k = 0; k < count; k++) TL_TRY(bind_key(j, k, error));
  return tl_groups_new((const tally_column *const *)j->keys, count, rows, &j->groups, error);
}

/* Whether a row (of both tables end to end) may match at all. Rows of one group agree in this. */
static bool may_match(const joining *j, int64_t row) {
  if (j->options->match_missing) return true;
  for (size_t k = 0; k < j->options->key_count; k++)
    if (!tl_present(j->keys[k], row)) return false;
  return true;
}

/* ---- Matching ---- */

/* A counting sort of the rows of right by group. */
static tally_status sort_right(joining *j, tally_error *error) {
  const uint32_t *group = j->groups.group + j->left->rows;
  j->starts = tl_mem_zero((size_t)j->groups.count + 2, sizeof *j->starts);
  j->matches = tl_mem_new((size_t)j->right->rows, sizeof *j->matches);
  if (!j->starts || !j->matches) return tl_no_memory(error);
  int64_t *next = j->starts + 1; /* moved on while filling, so that starts[g] is right afterwards */
  for (int64_t i = 0; i < j->right->rows; i++)
    if (may_match(j, j->left->rows + i)) next[(size_t)group[i] + 1]++;
  for (int64_t g = 0; g < j->groups.count; g++) next[g + 1] += next[g];
  for (int64_t i = 0; i < j->right->rows; i++)
    if (may_match(j, j->left->rows + i)) j->matches[next[group[i]]++] = i;
  return TALLY_OK;
}

/* The number of rows of right that match a row of left. */
static int64_t count_matches(const joining *j, int64_t left_row) {
  size_t group = j->groups.group[left_row];
  return j->starts[group + 1] - j->starts[group];
}

/* The number of rows of the result for a row of left with so many matches. */
static int64_t rows_for(tally_join_kind kind, int64_t matches) {
  switch (kind) {
    case TALLY_JOIN_SEMI:
      return matches > 0;
    case TALLY_JOIN_ANTI:
      return matches == 0;
    case TALLY_JOIN_LEFT:
    case TALLY_JOIN_FULL:
      return matches > 0 ? matches : 1;
    default:
      return matches;
  }
}

static bool keeps_right(tally_join_kind kind) {
  return kind == TALLY_JOIN_RIGHT || kind == TALLY_JOIN_FULL;
}

/* A row of right is unmatched when no row of left with its key may match. */
static bool right_unmatched(const joining *j, int64_t right_row) {
  return j->left_seen[j->groups.group[j->left->rows + right_row]] == 0;
}

/* Fills the report and the size of the result. */
static tally_status count_rows(joining *j, tally_error *error) {
  bool overflow = false;
  j->left_seen = tl_mem_zero((size_t)j->groups.count, 1);
  if (!j->left_seen) return tl_no_memory(error);
  for (int64_t i = 0; i < j->left->rows; i++) {
    int64_t matches = count_matches(j, i);
    uint8_t *seen = &j->left_seen[j->groups.group[i]];
    if (matches == 0) j->report.left_unmatched++;
    if (may_match(j, i) && *seen < 2) (*seen)++;
    if (matches > 1 && *seen > 1) j->report.many_to_many = true;
    overflow |= __builtin_add_overflow(j->rows, rows_for(j->options->kind, matches), &j->rows);
  }
  for (int64_t i = 0; i < j->right->rows; i++) j->report.right_unmatched += right_unmatched(j, i);
  if (keeps_right(j->options->kind)) overflow |= __builtin_add_overflow(j->rows, j->report.right_unmatched, &j->rows);
  if (overflow) return tl_fail(error, TALLY_ENOMEM, "the join has more than 2^63 rows: many rows of both tables share a key");
  return TALLY_OK;
}

static tally_status fill_rows(joining *j, tally_error *error) {
  tally_join_kind kind = j->options->kind;
  int64_t at = 0;
  j->left_rows = tl_mem_new((size_t)j->rows, sizeof *j->left_rows);
  j->right_rows = tl_mem_new((size_t)j->rows, sizeof *j->right_rows);
  if (!j->left_rows || !j->right_rows) return tl_no_memory(error);
  for (int64_t i = 0; i < j->left->rows; i++) {
    if (i % TL_CHUNK == 0) TL_TRY(tl_pool_check(error));
    int64_t matches = count_matches(j, i), rows = rows_for(kind, matches);
    const int64_t *match = j->matches + j->starts[j->groups.group[i]];
    for (int64_t m = 0; m < rows; m++, at++) {
      j->left_rows[at] = i;
      j->right_rows[at] = m < matches ? match[m] : -1;
    }
  }
  for (int64_t i = 0; i < j->right->rows && keeps_right(kind); i++) {
    if (!right_unmatched(j, i)) continue;
    j->left_rows[at] = -1;
    j->right_rows[at++] = i;
  }
  return TALLY_OK;
}

/* ---- The result ---- */

/* Which key a column is, by its name among `names`; -1 when it is none. */
static ptrdiff_t find_key(const char *const *names, size_t count, const char *name) {
  for (size_t k = 0; k < count; k++)
    if (strcmp(names[k], name) == 0) return (ptrdiff_t)k;
  return -1;
}

/* The key of rows that only right has comes from right: taken from the column that holds both. */
static tally_status take_key(const joining *j, size_t k, tally_column **out, tally_error *error) {
  int64_t *rows = tl_mem_new((size_t)j->rows, sizeof *rows);
  if (!rows) return tl_no_memory(error);
  for (int64_t i = 0; i < j->rows; i++) rows[i] = j->left_rows[i] >= 0 ? j->left_rows[i] : j->left->rows + j->right_rows[i];
  tally_status status = tl_column_take(j->keys[k], rows, j->rows, out, error);
  tl_mem_free(rows);
  return status;
}

/* The rows of left, with the keys of all rows. */
static tally_status take_left(const joining *j, tally_table **out, tally_error *error) {
  tally_table *taken;
  TL_TRY(tally_table_take(j->left, j->left_rows, j->rows, &taken, error));
  for (size_t k = 0; k < j->options->key_count && keeps_right(j->options->kind); k++) {
    const char *name = j->options->left_keys[k];
    if (find_key(j->options->left_keys, k, name) >= 0) continue; /* named twice */
    tally_column *key;
    tally_table *with = NULL;
    tally_status status = take_key(j, k, &key, error);
    if (status == TALLY_OK) {
      status = tally_table_with(taken, name, key, &with, error);
      tally_column_release(key);
    }
    tally_table_release(taken);
    if (status != TALLY_OK) return status;
    taken = with;
  }
  *out = taken;
  return TALLY_OK;
}

/* The rows of the columns of right that are not keys. */
static tally_status take_right(const joining *j, tally_table **out, tally_error *error) {
  const tally_table *right = j->right;
  size_t count = 0;
  const char **names = tl_mem_new(right->columns, sizeof *names);
  if (!names) return tl_no_memory(error);
  for (size_t c = 0; c < right->columns; c++)
    if (find_key(j->options->right_keys, j->options->key_count, right->names[c]) < 0) names[count++] = right->names[c];
  tally_table *others;
  tally_status status = tally_table_select(right, names, count, &others, error);
  tl_mem_free(names);
  if (status != TALLY_OK) return status;
  status = tally_table_take(others, j->right_rows, j->rows, out, error);
  tally_table_release(others);
  return status;
}

/* The name of a column of right in the result: with the suffix when left has the name too. NULL: no memory. */
static const char *result_name(const joining *j, const char *name, tl_arena *arena) {
  const char *suffix = j->options->suffix ? j->options->suffix : "_right";
  size_t size = strlen(name), more = strlen(suffix);
  if (tally_table_index(j->left, name) < 0) return name;
  char *longer = tl_arena_new(arena, size + more + 1);
  if (!longer) return NULL;
  memcpy(longer, name, size);
  memcpy(longer + size, suffix, more + 1);
  return longer;
}

/* The columns of both tables, which have the same rows, in one. */
static tally_status put_side_by_side(const joining *j, const tally_table *left, const tally_table *right, tally_table **out,
                                     tally_error *error) {
  size_t count = left->columns + right->columns;
  tl_arena arena = TL_ARENA;
  const char **names = tl_mem_new(count, sizeof *names);
  tally_column **columns = tl_mem_new(count, sizeof *columns);
  tally_status status = names && columns ? TALLY_OK : tl_no_memory(error);
  for (size_t c = 0; c < count && status == TALLY_OK; c++) {
    const tally_table *side = c < left->columns ? left : right;
    size_t index = c < left->columns ? c : c - left->columns;
    columns[c] = side->column[index];
    names[c] = side == left ? side->names[index] : result_name(j, side->names[index], &arena);
    if (!names[c]) status = tl_no_memory(error);
  }
  if (status == TALLY_OK) status = tally_table_new(names, columns, count, j->rows, out, error);
  tl_mem_free(columns);
  tl_mem_free(names);
  tl_arena_done(&arena);
  return status;
}

static tally_status make_result(const joining *j, tally_table **out, tally_error *error) {
  tally_table *left = NULL, *right = NULL;
  if (j->options->kind == TALLY_JOIN_SEMI || j->options->kind == TALLY_JOIN_ANTI)
    return tally_table_take(j->left, j->left_rows, j->rows, out, error);
  tally_status status = take_left(j, &left, error);
  if (status == TALLY_OK) status = take_right(j, &right, error);
  if (status == TALLY_OK) status = put_side_by_side(j, left, right, out, error);
  tally_table_release(left);
  tally_table_release(right);
  return status;
}

static void joining_done(joining *j) {
  for (size_t k = 0; k < j->options->key_count && j->keys; k++) tally_column_release(j->keys[k]);
  tl_mem_free(j->keys);
  tl_groups_done(&j->groups);
  tl_mem_free(j->starts);
  tl_mem_free(j->matches);
  tl_mem_free(j->left_seen);
  tl_mem_free(j->left_rows);
  tl_mem_free(j->right_rows);
}

tally_status tally_table_join(const tally_table *left, const tally_table *right, const tally_join_options *options,
                              tally_join_report *report, tally_table **out, tally_error *error) {
  joining j = {.left = left, .right = right, .options = options};
  TL_TRY(check_keys(&j, error));
  tally_status status = group_keys(&j, error);
  if (status == TALLY_OK) status = sort_right(&j, error);
  if (status == TALLY_OK) status = count_rows(&j, error);
  if (status == TALLY_OK) status = fill_rows(&j, error);
  if (status == TALLY_OK) status = make_result(&j, out, error);
  if (status == TALLY_OK && report) *report = j.report;
  joining_done(&j);
  return status;
}
