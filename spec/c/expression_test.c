/* Formulas against a slow twin: every function, for every combination of types that it takes, over random rows with missing values,
 * extremes, odd slices, constants, and both makes of text, must give what a plain function of single values gives. */
#include <math.h>
#include <stdint.h>

#include "check.h"
#include "random.h"
#include "column/column.h"
#include "expression_twin.h"

enum { ROWS = 150, TYPES = 6 };

/* ---- a small generator with a fixed start ---- */

static uint64_t state = 20201123;

static uint64_t next(void) {
  return next_random(&state);
}

static size_t below(size_t most) {
  return (size_t)(next() % most);
}

/* ---- random values ---- */

static const int64_t integers[] = {0,
                                   1,
                                   -1,
                                   2,
                                   3,
                                   -3,
                                   5,
                                   7,
                                   -7,
                                   10,
                                   15,
                                   100,
                                   12345,
                                   201920,
                                   199900,
                                   201921,
                                   INT64_MAX,
                                   INT64_MIN,
                                   1LL << 53,
                                   (1LL << 53) + 1,
                                   -(1LL << 53) - 1,
                                   INT64_MAX - 1,
                                   4,
                                   6};
enum { TAME_INTEGERS = 16 };
static const double numbers[] = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 0.5,
                                 2.5,
                                 -2.5,
                                 0.1,
                                 2.675,
                                 1.005,
                                 -7.25,
                                 1e15,
                                 1e300,
                                 -1e300,
                                 3.0,
                                 0x1p53,
                                 0x1p63,
                                 -0x1p63,
                                 9007199254740993.0,
                                 5e-324,
                                 INFINITY,
                                 -INFINITY,
                                 NAN,
                                 0.285,
                                 1.115,
                                 100.0,
                                 4.35};
static const char *const texts[] = {"",
                                    "a",
                                    "UK",
                                    "China",
                                    "Côte d'Ivoire",
                                    "ÉTUDIANT",
                                    "  padded\t",
                                    "2019/20",
                                    "2019-20",
                                    "201920",
                                    "2019/21",
                                    "2019/2020",
                                    "1999/00",
                                    "2019",
                                    "12.5",
                                    "-7",
                                    "abcabc",
                                    "ßŸİı",
                                    "Ωμέγα",
                                    "Привет",
                                    "日本語",
                                    "😀x",
                                    "1e3",
                                    "2019-08-31",
                                    "ab",
                                    "2020-02-30",
                                    "2019–20",
                                    "9223372036854775808",
                                    "bc",
                                    "\xC2\xA0x",
                                    "31/07/2019",
                                    " 1/8/2019",
                                    " \t"};
/* Texts that a conversion takes, so that some columns have no text that it refuses. */
static const char *const whole_texts[] = {"-7", "201920", "2019", "", " \t"}, *const date_texts[] = {"2019-08-31", "31/07/2019",
                                                                                                     ""};
static const int32_t dates[] = {0, 1, -1, 18139, -719162, 2932896, 11016, -141428, 365, 59};

#define PICK(array) array[below(sizeof array / sizeof *array)]

static const char *conversion; /* the function at hand, when it is one */

static const char *random_text(bool tame) {
  if (!tame || !conversion) return PICK(texts);
  return strstr(conversion, "date") ? PICK(date_texts) : PICK(whole_texts);
}

static tally_value random_value(tally_type type, bool tame) {
  tally_value value = {.type = type};
  if (type == TALLY_BOOLEAN) value.boolean = below(2);
  if (type == TALLY_INTEGER) value.integer = tame ? integers[below(TAME_INTEGERS)] : PICK(integers);
  if (type == TALLY_NUMBER) value.number = below(3) ? PICK(numbers) : (double)(int64_t)below(100000) / 1000;
  if (type == TALLY_TEXT) {
    const char *text = random_text(tame);
    value.text = (tally_text){text, strlen(text)};
  }
  if (type == TALLY_DATE) value.date = PICK(dates);
  return value;
}

/* A column of ROWS rows that may be a slice from an odd row, plain text, and have missing values with and without reasons. */
static tally_column *random_column(tally_type type, bool tame) {
  tally_builder *builder;
  tally_column *column, *slice;
  size_t before = below(2) ? 0 : 1 + below(70), gaps = below(3) ? 5 : 0;
  MUST(tally_builder_new(type == TALLY_MISSING ? TALLY_BOOLEAN : type, &builder, must_));
  for (size_t i = 0; i < before + ROWS + 3; i++) {
    if (type == TALLY_MISSING || (gaps && below(gaps) == 0))
      MUST(tally_builder_append_missing(builder, below(2) ? (tally_text){"[c]", 3} : (tally_text){0}, must_));
    else
      MUST(tally_builder_append(builder, random_value(type, tame), must_));
  }
  MUST(tally_builder_finish(builder, &column, must_));
  tally_builder_release(builder);
  if (type == TALLY_TEXT && below(2)) {
    tally_column *plain;
    MUST(tl_column_cast(column, TALLY_TEXT, &plain, must_));
    tally_column_release(column);
    column = plain;
  }
  MUST(tally_column_slice(column, (int64_t)before, ROWS, &slice, must_));
  tally_column_release(column);
  return slice;
}

/* ---- comparing ---- */

static bool same(tally_value a, tally_value b) {
  if (a.type != b.type) return false;
  switch (a.type) {
    case TALLY_BOOLEAN:
      return a.boolean == b.boolean;
    case TALLY_INTEGER:
      return a.integer == b.integer;
    case TALLY_NUMBER:
      return (isnan(a.number) && isnan(b.number)) || memcmp(&a.number, &b.number, sizeof a.number) == 0;
    case TALLY_TEXT:
      return a.text.size == b.text.size && memcmp(a.text.bytes, b.text.bytes, a.text.size) == 0;
    case TALLY_DATE:
      return a.date == b.date;
    default:
      return true;
  }
}

/* The promise of column.h: what lies under a missing row is zero. */
static bool clean_under_missing(const tally_column *c) {
  size_t size = tl_value_size(c);
  static const char zeros[8];
  for (int64_t i = 0; i < c->length; i++) {
    if (tl_present(c, i)) continue;
    if (c->type == TALLY_BOOLEAN && tl_boolean(c, i)) return false;
    if (size && memcmp((const char *)c->values->bytes + (size_t)(c->offset + i) * size, zeros, size)) return false;
    if (c->type == TALLY_TEXT && !c->dictionary && tl_plain_text(c, i).size) return false;
  }
  return true;
}

/* ---- every function with every combination of types ---- */

typedef struct trial {
  const char *function;
  tally_type types[3];
  size_t count;
  tally_type type; /* of the answer */
  tally_table *table;
  tally_value constants[3]; /* used when the type is not TALLY_MISSING */
  bool constant[3];
} trial;

static const char *const names[] = {"a", "b", "c"};

static tally_expression *call_of(const trial *it) {
  tally_expression *arguments[3], *call;
  for (size_t i = 0; i < it->count; i++) {
    if (it->constant[i])
      MUST(tally_expression_value(it->constants[i], &arguments[i], must_));
    else
      MUST(tally_expression_column(names[i], &arguments[i], must_));
  }
  MUST(tally_expression_call(it->function, arguments, it->count, &call, must_));
  return call;
}

static void compare_rows(const trial *it, tally_status status, const tally_column *got) {
  failed = false;
  int wrong = 0;
  for (int64_t row = 0; row < ROWS; row++) {
    tally_value a[3];
    for (size_t i = 0; i < it->count; i++)
      a[i] = it->constant[i] ? it->constants[i] : tally_column_value(tally_table_column(it->table, i), row);
    tally_value wanted = twin(it->function, a, it->count, it->type);
    if (failed || status != TALLY_OK) continue;
    wrong += !same(wanted, tally_column_value(got, row));
    if (wrong == 1)
      fprintf(stderr, "%s of %d %d %d, row %lld\n", it->function, it->types[0], it->types[1], it->types[2], (long long)row),
          wrong++;
  }
  CHECK(wrong == 0);
  CHECK(status == (failed ? TALLY_ERANGE : TALLY_OK));
}

static void try_rows(trial *it) {
  tally_column *columns[3], *got = NULL;
  bool converts = among(it->function, " integer number date try_integer try_number try_date ");
  conversion = converts ? it->function : NULL;
  bool tame = converts ? below(2) : below(4) > 0, last_digits = is(it->function, "round") && it->count == 2;
  for (size_t i = 0; i < it->count; i++) {
    columns[i] = random_column(it->types[i], tame);
    it->constant[i] = it->types[i] == TALLY_MISSING || below(4) == 0;
    it->constants[i] = random_value(it->types[i], tame);
  }
  if (last_digits) it->constant[1] = true, it->constants[1].integer = (int64_t)below(17);
  MUST(tally_table_new(names, columns, it->count, ROWS, &it->table, must_));
  tally_expression *call = call_of(it);
  tally_type type;
  MUST(tally_expression_type(call, it->table, &type, must_));
  CHECK(type == it->type);
  tally_error error = {0};
  tally_status status = tally_evaluate(it->table, call, &got, &error);
  CHECK(status == TALLY_OK || (error.code == (int32_t)status && error.text[0]));
  if (status == TALLY_OK) {
    CHECK(got->type == (type == TALLY_MISSING ? TALLY_BOOLEAN : type) && got->length == ROWS);
    CHECK(clean_under_missing(got));
  }
  compare_rows(it, status, got);
  tally_column_release(got);
  tally_expression_release(call);
  tally_table_release(it->table);
  for (size_t i = 0; i < it->count; i++) tally_column_release(columns[i]);
}

static int accepted;

static void try_types(const char *function, size_t count) {
  size_t combinations = count == 1 ? TYPES : count == 2 ? TYPES * TYPES : TYPES * TYPES * TYPES;
  for (size_t c = 0; c < combinations; c++) {
    trial it = {.function = function, .count = count};
    for (size_t i = 0, rest = c; i < count; i++, rest /= TYPES) it.types[i] = (tally_type)(rest % TYPES);
    tally_error error = {0};
    tally_status status = tally_function_type(function, it.types, count, &it.type, &error);
    if (status == TALLY_ESHAPE) return;
    if (status != TALLY_OK) {
      CHECK(status == TALLY_ETYPE && error.text[0]);
      continue;
    }
    accepted++;
    for (int times = 0; times < 6; times++) try_rows(&it);
  }
}

static void test_every_function(void) {
  for (size_t i = 0; tally_function_name(i); i++) {
    accepted = 0;
    for (size_t count = 1; count <= 3; count++) try_types(tally_function_name(i), count);
    CHECK(accepted > 0);
  }
}

/* ---- what the twin does not say ---- */

/* f(arguments); column names begin with '$', everything else is text. */
static tally_expression *formula(const char *function, size_t count, const char *const *arguments) {
  tally_expression *nodes[4], *call;
  for (size_t i = 0; i < count; i++) {
    if (arguments[i][0] == '$')
      MUST(tally_expression_column(arguments[i] + 1, &nodes[i], must_));
    else
      MUST(tally_expression_value(text(arguments[i], strlen(arguments[i])), &nodes[i], must_));
  }
  MUST(tally_expression_call(function, nodes, count, &call, must_));
  return call;
}

static void test_messages(void) {
  static const struct {
    const char *function;
    tally_type types[3];
    size_t count;
    tally_status status;
    const char *message;
  } refused[] = {
      {"+", {TALLY_TEXT, TALLY_INTEGER}, 2, TALLY_ETYPE, "no '+' for text and integer"},
      {"neg", {TALLY_TEXT}, 1, TALLY_ETYPE, "no '-' for text"},
      {"==", {TALLY_TEXT, TALLY_INTEGER}, 2, TALLY_ETYPE, "cannot compare text with integer"},
      {"<", {TALLY_DATE, TALLY_NUMBER}, 2, TALLY_ETYPE, "cannot compare date with number"},
      {"in", {TALLY_TEXT, TALLY_TEXT, TALLY_INTEGER}, 3, TALLY_ETYPE, "cannot compare text with integer"},
      {"in",
       {TALLY_TEXT, TALLY_MISSING},
       2,
       TALLY_ETYPE,
       "nothing is equal to nil, so it cannot be a member for 'in'; use is_missing(x)"},
      {"+", {TALLY_DATE, TALLY_DATE}, 2, TALLY_ETYPE, "no '+' for date and date"},
      {"-", {TALLY_INTEGER, TALLY_DATE}, 2, TALLY_ETYPE, "no '-' for integer and date"},
      {"if_else", {TALLY_BOOLEAN, TALLY_TEXT, TALLY_DATE}, 3, TALLY_ETYPE, "no 'if_else' for boolean, text and date"},
      {"lower", {TALLY_INTEGER}, 1, TALLY_ETYPE, "no 'lower' for integer"},
      {"lower", {TALLY_TEXT, TALLY_TEXT}, 2, TALLY_ESHAPE, "'lower' takes 1 argument, not 2"},
      {"substring", {TALLY_TEXT}, 1, TALLY_ESHAPE, "'substring' takes 2 to 3 arguments, not 1"},
      {"and", {TALLY_BOOLEAN}, 1, TALLY_ESHAPE, "'and' takes 2 arguments or more, not 1"},
      {"lowre", {TALLY_TEXT}, 1, TALLY_ENAME, "no function 'lowre'"},
  };
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    tally_error error = {0};
    tally_type type;
    CHECK(tally_function_type(refused[i].function, refused[i].types, refused[i].count, &type, &error) == refused[i].status);
    CHECK(strcmp(error.text, refused[i].message) == 0);
  }
}

static void test_kleene(void) {
  static const char *const and_table = "TFMFFFMFM", *const or_table = "TTTTFMTMM";
  static const char *const letters = "TFM";
  for (size_t i = 0; i < 9; i++) {
    tally_value sides[] = {letters[i / 3] == 'M' ? nothing() : truth(letters[i / 3] == 'T'),
                           letters[i % 3] == 'M' ? nothing() : truth(letters[i % 3] == 'T')};
    tally_value both = junction(true, sides, 2), either = junction(false, sides, 2);
    CHECK((missing(both) ? 'M' : both.boolean ? 'T' : 'F') == and_table[i]);
    CHECK((missing(either) ? 'M' : either.boolean ? 'T' : 'F') == or_table[i]);
  }
}

static void test_depth(void) {
  tally_expression *node, *next_node;
  tally_error error = {0};
  MUST(tally_expression_value(truth(true), &node, must_));
  int depth = 1;
  while (tally_expression_call("not", &node, 1, &next_node, &error) == TALLY_OK) {
    node = next_node;
    depth++;
  }
  CHECK(depth == 200 && error.code == TALLY_ERANGE);
  CHECK(strcmp(error.text, "a formula may not be nested more than 200 deep") == 0);
}

static tally_table *levels_table(tally_column **level) {
  static const char *const values[] = {"UG", "PGT", "UG", "PGR", "PGT"};
  tally_builder *builder;
  MUST(tally_builder_new(TALLY_TEXT, &builder, must_));
  for (size_t i = 0; i < 5; i++) MUST(tally_builder_append(builder, text(values[i], strlen(values[i])), must_));
  MUST(tally_builder_append_missing(builder, (tally_text){"[x]", 3}, must_));
  MUST(tally_builder_finish(builder, level, must_));
  tally_builder_release(builder);
  tally_table *table;
  MUST(tally_table_new((const char *const[]){"level"}, level, 1, 6, &table, must_));
  return table;
}

static tally_column *answer(const tally_table *table, const char *function, size_t count, const char *const *arguments) {
  tally_expression *call = formula(function, count, arguments);
  tally_column *got;
  MUST(tally_evaluate(table, call, &got, must_));
  tally_expression_release(call);
  return got;
}

static bool holds(const tally_column *column, int64_t row, const char *wanted) {
  return same(tally_column_value(column, row), text(wanted, strlen(wanted)));
}

static bool reason_is(const tally_column *column, int64_t row, const char *wanted) {
  tally_text reason = tally_column_reason(column, row);
  return reason.size == strlen(wanted) && memcmp(reason.bytes, wanted, reason.size) == 0;
}

static void test_dictionary_and_reasons(void) {
  tally_column *level, *got;
  tally_table *table = levels_table(&level);
  got = answer(table, "replace", 3, (const char *const[]){"$level", "T", "R"}); /* PGT and PGR become one value */
  CHECK(tally_column_has_dictionary(got) && tally_column_length(tally_column_dictionary(got)) == 2);
  CHECK(holds(got, 0, "UG") && holds(got, 1, "PGR") && holds(got, 3, "PGR") && tally_column_missing(got) == 1);
  CHECK(reason_is(got, 5, "[x]"));
  tally_column_release(got);
  got = answer(table, "coalesce", 2, (const char *const[]){"$level", "none"});
  CHECK(tally_column_has_dictionary(got) && holds(got, 4, "PGT") && holds(got, 5, "none"));
  tally_column_release(got);
  got = answer(table, "coalesce", 1, (const char *const[]){"$level"});
  CHECK(tally_column_missing(got) == 1 && reason_is(got, 5, "[x]"));
  tally_column_release(got);
  tally_expression *itself;
  MUST(tally_expression_column("level", &itself, must_));
  MUST(tally_evaluate(table, itself, &got, must_));
  CHECK(reason_is(got, 5, "[x]") && got->dictionary == level->dictionary);
  tally_column_release(got);
  tally_expression_release(itself);
  tally_table_release(table);
  tally_column_release(level);
}

/* ---- conversions ---- */

static tally_table *one_column(tally_type type, const tally_value *values, size_t count) {
  tally_builder *builder;
  tally_column *column;
  tally_table *table;
  MUST(tally_builder_new(type, &builder, must_));
  for (size_t i = 0; i < count; i++) MUST(tally_builder_append(builder, values[i], must_));
  MUST(tally_builder_finish(builder, &column, must_));
  tally_builder_release(builder);
  MUST(tally_table_new((const char *const[]){"x"}, &column, 1, (int64_t)count, &table, must_));
  tally_column_release(column);
  return table;
}

static tally_table *text_column(const char *const *texts_of_rows, size_t count) {
  tally_value values[8];
  for (size_t i = 0; i < count; i++) values[i] = text(texts_of_rows[i], strlen(texts_of_rows[i]));
  return one_column(TALLY_TEXT, values, count);
}

/* The message of function(x), or "" when it has an answer. */
static const char *refusal(const tally_table *table, const char *function, size_t count, const char *const *arguments) {
  static tally_error error;
  error = (tally_error){0};
  tally_expression *call = formula(function, count, arguments);
  tally_column *got = NULL;
  tally_status status = tally_evaluate(table, call, &got, &error);
  CHECK(status == TALLY_OK || status == TALLY_ERANGE);
  tally_column_release(got);
  tally_expression_release(call);
  return error.text;
}

static const char *const x[] = {"$x"};

static void test_conversion_messages(void) {
  static const struct {
    const char *function, *text, *message;
  } refused[] = {
      {"integer", "6*", "'6*' is not an integer; try_integer gives missing for such texts"},
      {"integer", "1.5", "'1.5' is not an integer; try_integer gives missing for such texts"},
      {"integer", "9223372036854775808",
       "'9223372036854775808' does not fit an integer of 64 bits; try_integer gives missing for such texts"},
      {"number", "5%", "'5%' is not a number; try_number gives missing for such texts"},
      {"number", "1e999", "'1e999' is too large for a number; try_number gives missing for such texts"},
      {"date", "2019-02-30", "'2019-02-30' is not a date like 2019-07-31 or 31/07/2019; try_date gives missing for such texts"},
  };
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    tally_table *table = text_column(&refused[i].text, 1);
    CHECK(strcmp(refusal(table, refused[i].function, 1, x), refused[i].message) == 0);
    tally_table_release(table);
  }
}

/* A dictionary may hold what no row has: in a slice, in filtered rows, in a row that is missing. */
static void test_unused_values(void) {
  static const char *const values[] = {"6*", "1", "2", "1", "2", "n/a"};
  tally_table *table = text_column(values, 6), *slice, *filtered, *longer;
  CHECK(tally_column_has_dictionary(tally_table_column(table, 0)));
  CHECK(strstr(refusal(table, "integer", 1, x), "'6*'") != NULL);
  MUST(tally_table_slice(table, 1, 4, &slice, must_));
  CHECK(refusal(slice, "integer", 1, x)[0] == '\0');
  tally_expression *keep = formula("in", 3, (const char *const[]){"$x", "1", "2"});
  MUST(tally_table_filter(table, keep, &filtered, must_));
  MUST(tally_table_take(filtered, (const int64_t[]){0, 1, -1, 2, 3, 0, 1}, 7, &longer, must_));
  const tally_table *all[] = {slice, filtered, longer};
  for (size_t i = 0; i < 3; i++) {
    CHECK(refusal(all[i], "integer", 1, x)[0] == '\0');
    tally_column *got = answer(all[i], "integer", 1, x);
    CHECK(tally_column_value(got, 0).integer == 1 && tally_column_value(got, 1).integer == 2);
    CHECK(tally_column_missing(got) == (i == 2));
    tally_column_release(got);
  }
  tally_expression_release(keep);
  tally_table_release(longer);
  tally_table_release(filtered);
  tally_table_release(slice);
  tally_table_release(table);
}

/* An integer that no number holds is not chosen as one; beside it, it does no harm. */
static void test_exact_choice(void) {
  int64_t large = (1LL << 53) + 1;
  tally_table *table = one_column(TALLY_INTEGER, (tally_value[]){integer(large), nothing(), integer(3)}, 3), *small;
  MUST(tally_table_slice(table, 1, 2, &small, must_));
  for (int conditional = 0; conditional < 2; conditional++) {
    tally_expression *nodes[3], *call;
    tally_column *got = NULL;
    tally_error error = {0};
    size_t count = 0;
    if (conditional) MUST(tally_expression_value(truth(true), &nodes[count++], must_));
    MUST(tally_expression_column("x", &nodes[count++], must_));
    MUST(tally_expression_value(number(0.5), &nodes[count++], must_));
    MUST(tally_expression_call(conditional ? "if_else" : "coalesce", nodes, count, &call, must_));
    CHECK(tally_evaluate(table, call, &got, &error) == TALLY_ERANGE && !got);
    CHECK(strncmp(error.text, "9007199254740993 is an integer that would lose digits in '", 58) == 0);
    MUST(tally_evaluate(small, call, &got, must_));
    CHECK(got->type == TALLY_NUMBER && same(tally_column_value(got, 1), number(3)));
    tally_column_release(got);
    tally_expression_release(call);
  }
  tally_table_release(small);
  tally_table_release(table);
}

/* The product of a rest and a divisor may be too small for a number, and then has no sign. */
static void test_small_modulo(void) {
  tally_table *table = one_column(TALLY_NUMBER, (tally_value[]){number(-1e-200), number(1e-200)}, 2);
  for (int negative = 0; negative < 2; negative++) {
    double divisor = negative ? -3e-200 : 3e-200;
    tally_expression *nodes[2], *call;
    tally_column *got;
    MUST(tally_expression_column("x", &nodes[0], must_));
    MUST(tally_expression_value(number(divisor), &nodes[1], must_));
    MUST(tally_expression_call("%", nodes, 2, &call, must_));
    MUST(tally_evaluate(table, call, &got, must_));
    CHECK(same(tally_column_value(got, negative), number((negative ? 1e-200 : -1e-200) + divisor)));
    CHECK(same(tally_column_value(got, !negative), number(negative ? -1e-200 : 1e-200)));
    tally_column_release(got);
    tally_expression_release(call);
  }
  tally_table_release(table);
}

/* ---- why a derived value is missing ---- */

static tally_table *table_with_reason(void) {
  tally_builder *builder;
  tally_column *column;
  tally_table *table, *slice;
  MUST(tally_builder_new(TALLY_NUMBER, &builder, must_));
  for (int i = 0; i < 3; i++) MUST(tally_builder_append(builder, number(i + 0.25), must_));
  MUST(tally_builder_append_missing(builder, (tally_text){"[c]", 3}, must_));
  MUST(tally_builder_append(builder, nothing(), must_));
  MUST(tally_builder_finish(builder, &column, must_));
  tally_builder_release(builder);
  MUST(tally_table_new((const char *const[]){"x"}, &column, 1, 5, &table, must_));
  tally_column_release(column);
  MUST(tally_table_slice(table, 1, 4, &slice, must_));
  tally_table_release(table);
  return slice;
}

/* left function right, where NULL is the column x. */
static tally_expression *pair(const char *function, const double *left, const double *right) {
  tally_expression *nodes[2], *call;
  const double *sides[] = {left, right};
  for (size_t i = 0; i < 2; i++) {
    if (sides[i])
      MUST(tally_expression_value(number(*sides[i]), &nodes[i], must_));
    else
      MUST(tally_expression_column("x", &nodes[i], must_));
  }
  MUST(tally_expression_call(function, nodes, 2, &call, must_));
  return call;
}

static void test_reasons_of_answers(void) {
  tally_table *table = table_with_reason();
  double two = 2, none = 0;
  tally_expression *calls[] = {pair("*", NULL, &two), pair("-", &two, NULL), pair("<", NULL, &two), pair("/", NULL, &none),
                               formula("neg", 1, x),  formula("text", 1, x), pair("+", NULL, NULL)};
  size_t count = sizeof calls / sizeof *calls;
  for (size_t i = 0; i < count; i++) {
    tally_column *got;
    MUST(tally_evaluate(table, calls[i], &got, must_));
    CHECK(tally_column_missing(got) == (i == 3 ? 4 : 2));
    CHECK(reason_is(got, 2, i + 1 < count ? "[c]" : "")); /* of two columns, none is asked */
    CHECK(reason_is(got, 0, "") && reason_is(got, 3, ""));
    tally_column_release(got);
    tally_expression_release(calls[i]);
  }
  tally_expression *inner = pair("*", NULL, &two), *outer;
  tally_column *got;
  MUST(tally_expression_call("round", &inner, 1, &outer, must_));
  MUST(tally_evaluate(table, outer, &got, must_));
  CHECK(reason_is(got, 2, "[c]") && same(tally_column_value(got, 1), number(5)));
  tally_column_release(got);
  tally_expression_release(outer);
  tally_table_release(table);
}

/* In a short batch the dictionary is longer than the rows, and nothing may depend on that: the text of a text is the text. */
static void test_text_of_text(void) {
  tally_column *level, *leveled, *got;
  tally_table *table = levels_table(&level), *short_one;
  tally_text levels[] = {{"PGT", 3}, {"UG", 2}, {"PGR", 3}};
  MUST(tally_column_with_levels(level, levels, 3, &leveled, must_));
  MUST(tally_table_with(table, "leveled", leveled, &short_one, must_));
  tally_table_release(table);
  table = short_one;
  for (int64_t first = 0; first < 6; first += 5) {
    MUST(tally_table_slice(table, first, 6 - first, &short_one, must_));
    got = answer(short_one, "text", 1, (const char *const[]){"$level"});
    CHECK(reason_is(got, 5 - first, "[x]"));
    tally_column_release(got);
    got = answer(short_one, "text", 1, (const char *const[]){"$leveled"});
    CHECK(reason_is(got, 5 - first, "[x]") && tally_column_has_levels(got));
    tally_column_release(got);
    tally_table_release(short_one);
  }
  tally_table_release(table);
  tally_column_release(leveled);
  tally_column_release(level);
}

/* `coalesce(leveled, nil)` and `if_else(leveled ~= "UG", leveled, nil)`: nothing takes nothing away. */
static void test_nil_keeps_levels(void) {
  tally_column *level, *leveled, *got;
  tally_table *table = levels_table(&level);
  tally_text levels[] = {{"PGT", 3}, {"UG", 2}, {"PGR", 3}};
  MUST(tally_column_with_levels(level, levels, 3, &leveled, must_));
  tally_table *with;
  MUST(tally_table_with(table, "level", leveled, &with, must_));
  for (int conditional = 0; conditional < 2; conditional++) {
    tally_expression *nodes[3], *call;
    size_t count = 0;
    if (conditional) nodes[count++] = formula("~=", 2, (const char *const[]){"$level", "UG"});
    MUST(tally_expression_column("level", &nodes[count++], must_));
    MUST(tally_expression_value((tally_value){.type = TALLY_MISSING}, &nodes[count++], must_));
    MUST(tally_expression_call(conditional ? "if_else" : "coalesce", nodes, count, &call, must_));
    MUST(tally_evaluate(with, call, &got, must_));
    CHECK(tally_column_has_levels(got) && holds(got, 1, "PGT") && tally_column_missing(got) == (conditional ? 3 : 1));
    tally_column_release(got);
    tally_expression_release(call);
  }
  tally_table_release(with);
  tally_table_release(table);
  tally_column_release(leveled);
  tally_column_release(level);
}

/* Decimals as they are written: the rounding of the twin works on their digits. */
static void test_rounding(void) {
  enum { COUNT = 20000 };
  tally_builder *builder;
  tally_column *column, *got;
  tally_table *table;
  MUST(tally_builder_new(TALLY_NUMBER, &builder, must_));
  for (int i = 0; i < COUNT; i++) {
    char decimal[40];
    long long figures = (long long)(next() % (below(2) ? 1000000000000000 : 100000));
    snprintf(decimal, sizeof decimal, "%s%lld%se-%zu", below(2) ? "-" : "", figures / 10, below(2) ? "5" : "0", below(17));
    MUST(tally_builder_append(builder, number(strtod(decimal, NULL)), must_));
  }
  MUST(tally_builder_finish(builder, &column, must_));
  MUST(tally_table_new(names, &column, 1, COUNT, &table, must_));
  for (int64_t digits = 0; digits <= 15; digits++) {
    tally_expression *arguments[2], *call;
    MUST(tally_expression_column("a", &arguments[0], must_));
    MUST(tally_expression_value(integer(digits), &arguments[1], must_));
    MUST(tally_expression_call("round", arguments, 2, &call, must_));
    MUST(tally_evaluate(table, call, &got, must_));
    int wrong = 0;
    for (int64_t i = 0; i < COUNT; i++)
      wrong += !same(tally_column_value(got, i), number(round_twin(tl_numbers(column)[i], digits)));
    CHECK(wrong == 0);
    tally_column_release(got);
    tally_expression_release(call);
  }
  tally_table_release(table);
  tally_column_release(column);
  tally_builder_release(builder);
}

/* Whatever allocation fails, there is an error and nothing is lost (which the sanitizer watches). */
static void test_refused_memory(void) {
  tally_column *level;
  tally_table *table = levels_table(&level);
  static const char *const calls[][4] = {
      {"replace", "$level", "T", "R"}, {"coalesce", "$level", "none"},      {"in", "$level", "UG", "PGT"},
      {"==", "$level", "$level"},      {"concat", "$level", "-", "$level"}, {"length", "$level"},
      {"try_integer", "$level"}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    size_t count = 0;
    while (count < 3 && calls[i][count + 1]) count++;
    tally_status status = TALLY_ENOMEM;
    for (int64_t refused = 0; status != TALLY_OK && refused < 1000; refused++) {
      tally_expression *call = formula(calls[i][0], count, calls[i] + 1);
      tally_column *got = NULL;
      tally_error error = {0};
      tally_fail_allocation(refused, false);
      status = tally_evaluate(table, call, &got, &error);
      tally_fail_allocation(-1, false);
      if (status != TALLY_OK) CHECK(status == TALLY_ENOMEM && error.code == TALLY_ENOMEM && !got);
      tally_column_release(got);
      tally_expression_release(call);
    }
    CHECK(status == TALLY_OK);
  }
  tally_table_release(table);
  tally_column_release(level);
}

int main(void) {
  test_every_function();
  test_messages();
  test_kleene();
  test_depth();
  test_dictionary_and_reasons();
  test_conversion_messages();
  test_unused_values();
  test_exact_choice();
  test_small_modulo();
  test_reasons_of_answers();
  test_text_of_text();
  test_nil_keeps_levels();
  test_rounding();
  test_refused_memory();
  return finish();
}
