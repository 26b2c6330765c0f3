/* ops/join: rows of two tables side by side, where their keys are equal.
 *
 * Which rows match is ops/match's to say. What comes out is counted first, chunk of left by chunk; then any stretch of the result
 * can be told, which row of either table each of its rows is, and column/take gathers stretch by stretch. */
#include "base/pool.h"
#include "column/table.h"
#include "ops/append.h"
#include "ops/match.h"

typedef struct joining {
  const tally_table *left, *right;
  tally_table *sorted; /* right, where it must be in the order of `right_as_of` */
  const tally_join_options *options;
  tl_match_keys keys;
  tl_match match;
  int64_t *starts;       /* of each chunk of left: the row of the result that it begins with; and an end */
  int64_t *alone_starts; /* of each chunk of right: which of the rows of right that stand alone it begins with; and an end */
  uint32_t *alone;       /* rows of right that stand alone, after those of left */
  int64_t rows;          /* of the result */
  tally_join_report report;
  atomic_llong left_unmatched, left_repeated;
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
  if (o->key_count == 0 && !o->left_as_of) {
    return tl_fail(error, TALLY_ESHAPE, "a join needs at least one key: which columns say that rows match?");
  }
  for (size_t k = 0; k < o->key_count; k++) {
    TL_TRY(tl_table_need(j->left, o->left_keys[k], &column, error));
    TL_TRY(tl_table_need(j->right, o->right_keys[k], &column, error));
    if (!types_agree(left_key(j, k)->type, right_key(j, k)->type)) return type_clash(j, k, error);
  }
  return TALLY_OK;
}

static bool has_order(tally_type type) {
  return type == TALLY_INTEGER || type == TALLY_NUMBER || type == TALLY_DATE;
}

static tally_status check_as_of(const joining *j, tally_error *error) {
  const tally_join_options *o = j->options;
  const tally_column *left, *right;
  if (!o->left_as_of) return TALLY_OK;
  if (o->kind == TALLY_JOIN_RIGHT || o->kind == TALLY_JOIN_FULL) {
    return tl_fail(error, TALLY_ESHAPE, "a join as of '%s' is inner, left, semi or anti", o->left_as_of);
  }
  TL_TRY(tl_table_need(j->left, o->left_as_of, &left, error));
  TL_TRY(tl_table_need(j->right, o->right_as_of, &right, error));
  if (left->type == right->type && has_order(left->type)) return TALLY_OK;
  return tl_fail(error, TALLY_ETYPE, "cannot join '%s' (%s) as of '%s' (%s): both must be integers, numbers or dates",
                 o->left_as_of, tally_type_name(left->type), o->right_as_of, tally_type_name(right->type));
}

/* Right in the order of time, and which columns say when. */
static tally_status find_as_of(joining *j, tally_error *error) {
  if (!j->options->left_as_of) return TALLY_OK;
  tally_sort_key key = {.column = j->options->right_as_of};
  TL_TRY(tally_table_sort(j->right, &key, 1, &j->sorted, error));
  j->right = j->sorted;
  j->keys.left_as_of = tally_table_find(j->left, j->options->left_as_of);
  j->keys.right_as_of = tally_table_find(j->right, j->options->right_as_of);
  return TALLY_OK;
}

static tally_status find_keys(joining *j, tally_error *error) {
  const tally_join_options *o = j->options;
  const tally_column **left = tl_mem_new(o->key_count, sizeof *left), **right = tl_mem_new(o->key_count, sizeof *right);
  j->keys.left = left;
  j->keys.right = right;
  j->keys.left_names = o->left_keys;
  j->keys.right_names = o->right_keys;
  j->keys.count = o->key_count;
  j->keys.left_rows = j->left->rows;
  j->keys.right_rows = j->right->rows;
  j->keys.missing = o->match_missing;
  if (!left || !right) return tl_no_memory(error);
  for (size_t k = 0; k < o->key_count; k++) {
    left[k] = left_key(j, k);
    right[k] = right_key(j, k);
  }
  return TALLY_OK;
}

/* ---- Counting ---- */

/* The number of rows of the result for a row of left with so many matches. */
static inline int64_t rows_for(tally_join_kind kind, int64_t matches) {
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

/* The result has only columns of left, and each row at most once. */
static bool is_of_left(const joining *j) {
  return j->options->kind == TALLY_JOIN_SEMI || j->options->kind == TALLY_JOIN_ANTI;
}

static int64_t chunk_end(int64_t rows, size_t chunk) {
  int64_t end = (int64_t)(chunk + 1) * TL_CHUNK;
  return end < rows ? end : rows;
}

/* A tl_pool_task over chunks of left. A chunk has 2^16 rows at most, and each fewer than 2^32 matches. */
static tally_status count_left(void *context, size_t chunk, size_t worker, tally_error *error) {
  joining *j = context;
  (void)worker, (void)error;
  int64_t rows = 0, unmatched = 0, repeated = 0, end = chunk_end(j->left->rows, chunk);
  for (int64_t i = (int64_t)chunk * TL_CHUNK; i < end; i++) {
    const uint32_t *found;
    uint32_t matches = tl_match_of(&j->match, i, &found);
    unmatched += matches == 0;
    repeated += matches > 1;
    rows += rows_for(j->options->kind, matches);
  }
  j->starts[chunk + 1] = rows;
  atomic_fetch_add_explicit(&j->left_unmatched, unmatched, memory_order_relaxed);
  atomic_fetch_add_explicit(&j->left_repeated, repeated, memory_order_relaxed);
  return TALLY_OK;
}

/* A tl_pool_task over chunks of right. */
static tally_status count_alone(void *context, size_t chunk, size_t worker, tally_error *error) {
  joining *j = context;
  (void)worker, (void)error;
  int64_t alone = 0, end = chunk_end(j->right->rows, chunk);
  for (int64_t i = (int64_t)chunk * TL_CHUNK; i < end; i++) alone += !tl_match_has_left(&j->match, i);
  j->alone_starts[chunk + 1] = alone;
  return TALLY_OK;
}

/* Counts become starts. */
static tally_status add_up(int64_t *starts, size_t chunks, tally_error *error) {
  for (size_t c = 0; c < chunks; c++) {
    if (__builtin_add_overflow(starts[c + 1], starts[c], &starts[c + 1])) {
      return tl_fail(error, TALLY_ENOMEM, "the join has more than 2^63 rows: many rows of both tables share a key");
    }
  }
  return TALLY_OK;
}

static tally_status count_rows(joining *j, tally_error *error) {
  size_t left = tl_chunks(j->left->rows), right = tl_chunks(j->right->rows);
  j->starts = tl_mem_zero(left + 1, sizeof *j->starts);
  j->alone_starts = tl_mem_zero(right + 1, sizeof *j->alone_starts);
  if (!j->starts || !j->alone_starts) return tl_no_memory(error);
  TL_TRY(tl_pool_run(left, count_left, j, error));
  TL_TRY(tl_pool_run(right, count_alone, j, error));
  TL_TRY(add_up(j->starts, left, error));
  TL_TRY(add_up(j->alone_starts, right, error));
  j->report = (tally_join_report){.left_unmatched = atomic_load(&j->left_unmatched),
                                  .right_unmatched = j->alone_starts[right],
                                  .left_repeated = atomic_load(&j->left_repeated),
                                  .many_to_many = j->match.many_to_many};
  j->rows = j->starts[left];
  if (!keeps_right(j->options->kind)) return TALLY_OK;
  return __builtin_add_overflow(j->rows, j->report.right_unmatched, &j->rows) ? tl_no_memory(error) : TALLY_OK;
}

/* A tl_pool_task over chunks of right. */
static tally_status list_alone(void *context, size_t chunk, size_t worker, tally_error *error) {
  joining *j = context;
  (void)worker, (void)error;
  int64_t end = chunk_end(j->right->rows, chunk);
  uint32_t *to = j->alone + j->alone_starts[chunk];
  for (int64_t i = (int64_t)chunk * TL_CHUNK; i < end; i++) {
    if (!tl_match_has_left(&j->match, i)) *to++ = (uint32_t)i;
  }
  return TALLY_OK;
}

static tally_status find_alone(joining *j, tally_error *error) {
  if (!keeps_right(j->options->kind)) return TALLY_OK;
  j->alone = tl_mem_new((size_t)j->report.right_unmatched, sizeof *j->alone);
  if (!j->alone) return tl_no_memory(error);
  return tl_pool_run(tl_chunks(j->right->rows), list_alone, j, error);
}

/* ---- Rows of the result ---- */

/* Those that rows of left have. */
static int64_t rows_of_left(const joining *j) {
  return j->starts[tl_chunks(j->left->rows)];
}

/* The chunk of left in which a row of the result begins. */
static size_t chunk_of(const joining *j, int64_t row) {
  size_t low = 0, high = tl_chunks(j->left->rows);
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (j->starts[middle] <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

/* From a row of left on, when no row has more than one match; the first `passed` rows of the result are left out. */
static inline void list_single(const joining *j, bool of_right, int64_t row, int64_t passed, int64_t count, int64_t *rows) {
  const uint32_t *found = j->match.found;
  int64_t matched = rows_for(j->options->kind, 1), unmatched = rows_for(j->options->kind, 0), less = unmatched - matched;
  for (; passed > 0; row++) passed -= found[row] == TL_NO_MATCH ? unmatched : matched;
  for (int64_t at = 0; at < count; row++) {
    bool none = found[row] == TL_NO_MATCH;
    rows[at] = !of_right ? row : none ? -1 : (int64_t)found[row];
    at += matched + (less & -(int64_t)none); /* chance does not make it slow */
  }
}

/* The same, when rows may have several. */
static inline void list_several(const joining *j, bool of_right, int64_t row, int64_t passed, int64_t count, int64_t *rows) {
  for (int64_t at = 0; at < count; row++) {
    const uint32_t *found;
    int64_t matches = tl_match_of(&j->match, row, &found), here = rows_for(j->options->kind, matches);
    int64_t k = passed < here ? passed : here;
    passed -= k;
    for (; k < here && at < count; k++) rows[at++] = !of_right ? row : matches ? (int64_t)found[k] : -1;
  }
}

/* Rows [first, first + count) of those that rows of left have in the result: which row of left each is, or which of right. */
static inline void list_rows(const joining *j, bool of_right, int64_t first, int64_t count, int64_t *rows) {
  size_t chunk = chunk_of(j, first);
  int64_t row = (int64_t)chunk * TL_CHUNK, passed = first - j->starts[chunk];
  (j->match.starts ? list_several : list_single)(j, of_right, row, passed, count, rows);
}

static void list_alone_rows(const void *context, int64_t first, int64_t count, int64_t *rows) {
  const joining *j = context;
  for (int64_t i = 0; i < count; i++) rows[i] = j->alone[first + i];
}

/* The rows of right that stand alone come after those of left. */
static inline void list_all(const joining *j, bool of_right, int64_t first, int64_t count, int64_t *rows) {
  int64_t of_left = rows_of_left(j) - first, next = of_left < 0 ? 0 : of_left < count ? of_left : count;
  if (next > 0) list_rows(j, of_right, first, next, rows);
  for (; next < count; next++) rows[next] = of_right ? (int64_t)j->alone[next - of_left] : -1;
}

static void list_left(const void *context, int64_t first, int64_t count, int64_t *rows) {
  list_all(context, false, first, count, rows);
}

static void list_right(const void *context, int64_t first, int64_t count, int64_t *rows) {
  list_all(context, true, first, count, rows);
}

static tl_pick pick_left(const joining *j, int64_t count) {
  return (tl_pick){.count = count, .some = list_left, .context = j, .gaps = count > rows_of_left(j), .ascending = true};
}

static tl_pick pick_right(const joining *j) {
  bool lookup = j->options->kind == TALLY_JOIN_LEFT || j->options->kind == TALLY_JOIN_FULL;
  return (tl_pick){.count = j->rows, .some = list_right, .context = j, .gaps = lookup && j->report.left_unmatched > 0};
}

static tl_pick pick_alone(const joining *j) {
  return (tl_pick){.count = j->rows - rows_of_left(j), .some = list_alone_rows, .context = j, .ascending = true};
}

/* ---- The result ---- */

/* Which key a column is, by its name among `names`; -1 when it is none. */
static ptrdiff_t find_key(const char *const *names, size_t count, const char *name) {
  for (size_t k = 0; k < count; k++)
    if (strcmp(names[k], name) == 0) return (ptrdiff_t)k;
  return -1;
}

/* Each row of left once, and no other. */
static bool is_left_itself(const joining *j) {
  return j->rows == j->left->rows && rows_of_left(j) == j->rows && (is_of_left(j) || !j->match.starts);
}

/* A key of all rows: those of left, then those that only right has. */
static tally_status take_key(const joining *j, size_t k, tally_column **out, tally_error *error) {
  const tally_column *columns[] = {left_key(j, k), right_key(j, k)};
  tl_pick picks[] = {pick_left(j, rows_of_left(j)), pick_alone(j)};
  tally_column *parts[2] = {NULL, NULL};
  tally_type type = columns[0]->type == columns[1]->type ? columns[0]->type : TALLY_NUMBER;
  tally_status status = TALLY_OK;
  for (size_t i = 0; i < 2 && status == TALLY_OK; i++) {
    status = tl_columns_pick((tally_column *const *)&columns[i], 1, &picks[i], &parts[i], error);
  }
  if (status == TALLY_OK) status = tl_append_columns((const tally_column *const *)parts, NULL, 2, type, out, error);
  for (size_t i = 0; i < 2; i++) tally_column_release(parts[i]);
  return status;
}

/* The table with a key in the place of left's. */
static tally_status with_key(const joining *j, size_t k, tally_table **taken, tally_error *error) {
  tally_column *key;
  tally_table *with = NULL;
  TL_TRY(take_key(j, k, &key, error));
  tally_status status = tally_table_with(*taken, j->options->left_keys[k], key, &with, error);
  tally_column_release(key);
  if (status != TALLY_OK) return status;
  tally_table_release(*taken);
  *taken = with;
  return TALLY_OK;
}

/* The rows of left, with the keys of all rows. On failure, *out is what there is. */
static tally_status take_left(const joining *j, tally_table **out, tally_error *error) {
  if (is_left_itself(j)) {
    *out = tally_table_retain(j->left);
  } else {
    tl_pick pick = pick_left(j, j->rows);
    TL_TRY(tl_table_pick(j->left, &pick, out, error));
  }
  for (size_t k = 0; k < j->options->key_count && keeps_right(j->options->kind); k++) {
    if (find_key(j->options->left_keys, k, j->options->left_keys[k]) < 0) TL_TRY(with_key(j, k, out, error)); /* named once */
  }
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
  tl_pick pick = pick_right(j);
  status = tl_table_pick(others, &pick, out, error);
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
  tally_status status = take_left(j, &left, error);
  if (status == TALLY_OK && is_of_left(j)) {
    *out = left;
    return TALLY_OK;
  }
  if (status == TALLY_OK) status = take_right(j, &right, error);
  if (status == TALLY_OK) status = put_side_by_side(j, left, right, out, error);
  tally_table_release(left);
  tally_table_release(right);
  return status;
}

static void joining_done(joining *j) {
  tally_table_release(j->sorted);
  tl_mem_free(j->keys.left);
  tl_mem_free(j->keys.right);
  tl_match_done(&j->match);
  tl_mem_free(j->starts);
  tl_mem_free(j->alone_starts);
  tl_mem_free(j->alone);
}

tally_status tally_table_join(const tally_table *left, const tally_table *right, const tally_join_options *options,
                              tally_join_report *report, tally_table **out, tally_error *error) {
  tally_join_options known = {0};
  if (options->size == 0 || options->size > sizeof known) {
    return tl_fail(error, TALLY_ESHAPE, "join options of %zu bytes: this version has %zu", options->size, sizeof known);
  }
  memcpy(&known, options, options->size);
  joining j = {.left = left, .right = right, .options = &known};
  TL_TRY(check_keys(&j, error));
  TL_TRY(check_as_of(&j, error));
  tally_status status = find_as_of(&j, error);
  if (status == TALLY_OK) status = find_keys(&j, error);
  if (status == TALLY_OK) status = tl_match_new(&j.keys, &j.match, error);
  if (status == TALLY_OK) status = count_rows(&j, error);
  if (status == TALLY_OK) status = find_alone(&j, error);
  if (status == TALLY_OK) status = make_result(&j, out, error);
  if (status == TALLY_OK && report) *report = j.report;
  joining_done(&j);
  return status;
}
