/* ingest/json_report: problems are found where they are, in parts that do not know their line and in columns that know only rows.
 * Here each gets its line, and all of them one order. */
#include "ingest/json_report.h"

#include <stdlib.h>

/* A value that was not of the type asked for. */
typedef struct bad_value {
  int64_t row;
  size_t place;
  const tl_problem_row *problem;
} bad_value;

typedef struct reporting {
  const tl_json_findings *findings;
  bad_value *bad;
  size_t bad_count, next_bad;
  int64_t first_row, lines_before; /* of the part at hand */
  tl_problems *to;
} reporting;

/* ---- names ---- */

static tally_status report_names(const reporting *it, tally_error *error) {
  const tl_json_findings *f = it->findings;
  for (size_t i = 1; i < f->place_count; i++) {
    const tl_json_place *at = f->places[i];
    bool nameless = !at->parent->parent && tl_json_key(at).size == 0 && f->columns[i].column;
    if (nameless) TL_TRY(tl_problems_add(it->to, 0, -1, at->name, TL_PROBLEM_NO_NAME, tl_text("", 0), error));
  }
  return TALLY_OK;
}

/* ---- values ---- */

static int compare_bad(const void *left, const void *right) {
  const bad_value *a = left, *b = right;
  if (a->row != b->row) return a->row < b->row ? -1 : 1;
  return (a->place > b->place) - (a->place < b->place);
}

static tally_status list_bad(reporting *it, tally_error *error) {
  const tl_json_findings *f = it->findings;
  size_t count = 0;
  for (size_t i = 0; i < f->place_count; i++) count += f->columns[i].bad.count;
  if (count == 0) return TALLY_OK;
  it->bad = tl_mem_new(count, sizeof *it->bad);
  if (!it->bad) return tl_no_memory(error);
  for (size_t i = 0; i < f->place_count; i++) {
    const tl_problems *bad = &f->columns[i].bad;
    it->to->left_out += bad->left_out;
    for (size_t b = 0; b < bad->count; b++) it->bad[it->bad_count++] = (bad_value){bad->rows[b].line - 1, i, &bad->rows[b]};
  }
  qsort(it->bad, count, sizeof *it->bad, compare_bad);
  return TALLY_OK;
}

/* ---- lines ---- */

static tally_status report_row(reporting *it, const tl_problem_row *row, tl_json_spot spot, tally_error *error) {
  int64_t line = spot.line > 0 ? spot.line + it->lines_before : 0;
  return tl_problems_add(it->to, line, spot.byte, row->column, row->what, row->text, error);
}

/* Values of the part up to the line `last`. */
static tally_status report_values(reporting *it, const tl_json_part *part, int64_t last, tally_error *error) {
  for (; it->next_bad < it->bad_count; it->next_bad++) {
    const bad_value *bad = &it->bad[it->next_bad];
    if (bad->row >= it->first_row + part->rows) return TALLY_OK;
    tl_json_spot spot = part->spots[bad->row - it->first_row];
    if (spot.line > last) return TALLY_OK;
    TL_TRY(report_row(it, bad->problem, spot, error));
  }
  return TALLY_OK;
}

static tally_status report_part(reporting *it, const tl_json_part *part, bool more, tally_error *error) {
  for (size_t i = 0; i < part->problems.count; i++) {
    const tl_problem_row *row = &part->problems.rows[i];
    TL_TRY(report_values(it, part, row->line, error));
    TL_TRY(report_row(it, row, (tl_json_spot){row->line, row->byte}, error));
  }
  it->to->left_out += part->problems.left_out;
  TL_TRY(report_values(it, part, INT64_MAX, error));
  if (more) TL_TRY(tl_problems_join(it->to, &part->blank_ends, it->lines_before, 0, error));
  it->first_row += part->rows;
  it->lines_before += part->lines;
  return TALLY_OK;
}

/* The parts up to the last with anything in it: blank lines after that are not worth a word. */
static size_t count_parts(const tl_json_findings *f) {
  size_t count = f->part_count;
  while (count > 0 && f->parts[count - 1].rows == 0 && f->parts[count - 1].problems.count == 0) count--;
  return count;
}

static tally_status report(reporting *it, tally_error *error) {
  TL_TRY(report_names(it, error));
  TL_TRY(list_bad(it, error));
  size_t count = count_parts(it->findings);
  for (size_t i = 0; i < count; i++) TL_TRY(report_part(it, &it->findings->parts[i], i + 1 < count, error));
  return TALLY_OK;
}

tally_status tl_json_report(const tl_json_findings *findings, tl_problems *to, tally_error *error) {
  reporting it = {.findings = findings, .to = to};
  tally_status status = report(&it, error);
  tl_mem_free(it.bad);
  return status;
}
