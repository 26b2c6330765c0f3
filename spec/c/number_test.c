/* Numbers and dates as they are published: doubles bit for bit against strtod, and what is and is not a number. */
#include "base/number.h"

#include <inttypes.h>
#include <math.h>

#include "check.h"
#include "random.h"
#include "base/date.h"
#include "ingest/infer.h"

static uint64_t state = 88172645463325252u;

static uint64_t draw(void) {
  return next_random(&state);
}

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static void agree(const char *text) {
  double ours = -1, theirs = strtod(text, NULL);
  bool read = tl_number_read(tl_text_of(text), '.', &ours);
  bool same = isfinite(theirs) ? read && bits_of(ours) == bits_of(theirs) : !read;
  if (!same) fprintf(stderr, "  '%s' gives %a, strtod %a\n", text, ours, theirs);
  CHECK(same);
}

/* A longer run: TALLY_TEST_ROUNDS times as many numbers as usual. */
static int64_t rounds(int64_t usual) {
  const char *times = getenv("TALLY_TEST_ROUNDS");
  return usual * (times ? atoi(times) : 1);
}

/* Digits and an exponent at random: short and long, near and far. */
static void agree_on_random(void) {
  char text[1200];
  for (int64_t i = 0; i < rounds(150000); i++) {
    int size = 0, digits = 1 + (int)(draw() % (i % 500 == 0 ? 900 : 25)), point = (int)(draw() % (uint64_t)digits);
    if (draw() % 2) text[size++] = '-';
    text[size++] = (char)('1' + draw() % 9);
    for (int d = 1; d < digits; d++) {
      if (d == point) text[size++] = '.';
      text[size++] = (char)('0' + draw() % 10);
    }
    snprintf(text + size, 16, draw() % 3 ? "" : "e%d", (int)(draw() % 700) - 350);
    agree(text);
  }
}

static bool same_integer(tally_text text, int64_t found) {
  tl_numeral numeral;
  int64_t value;
  return tl_numeral_parse(text, '.', &numeral) && tl_numeral_is_whole(&numeral) && !numeral.padded && !numeral.pound &&
         !numeral.percent && !numeral.separated && tl_numeral_integer(&numeral, &value) && value == found;
}

static bool same_number(tally_text text, double found) {
  double value;
  return tl_number_read(text, '.', &value) && bits_of(value) == bits_of(found);
}

/* The quick ones read what the others read, and the plain texts that they are for; whatever stands behind. */
static void quick_ones_agree(void) {
  char text[64] = {0};
  int taken = 0;
  for (int64_t i = 0; i < rounds(300000); i++) {
    size_t size = 0, whole = draw() % 18, places = draw() % 3 ? draw() % 12 : 0;
    if (draw() % 4 == 0) text[size++] = '-';
    for (size_t d = 0; d < whole; d++) text[size++] = (char)('0' + draw() % 10);
    if (places > 0 || draw() % 8 == 0) text[size++] = '.';
    for (size_t d = 0; d < places; d++) text[size++] = (char)('0' + draw() % 10);
    if (size > 0 && draw() % 20 == 0) text[draw() % size] = (char)draw();
    for (size_t after = size; after < size + 8; after++) text[after] = (char)draw();
    tally_text it = tl_text(text, size);
    int64_t integer = 0;
    double number = 0;
    bool is_integer = tl_number_quick_integer(it, &integer), is_number = tl_number_quick_number(it, '.', &number);
    if (is_integer && !same_integer(it, integer)) CHECK(!"a quick integer is another");
    if (is_number && !same_number(it, number)) CHECK(!"a quick number is another");
    taken += is_integer || is_number;
  }
  CHECK(taken > rounds(150000));
}

/* Doubles at random, printed short, in full, and half way to the next. */
static void agree_on_doubles(void) {
  char text[1200];
  for (int64_t i = 0; i < rounds(25000); i++) {
    uint64_t bits = draw();
    double value;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) continue;
    snprintf(text, sizeof text, "%.17g", value);
    agree(text);
    snprintf(text, sizeof text, "%.*e", (int)(draw() % 20), value);
    agree(text);
  }
}

static void agree_on_hard_ones(void) {
  static const char *const hard[] = {"0",
                                     "0.0",
                                     "-0.0",
                                     "0.1",
                                     "0.3",
                                     "1e22",
                                     "1e23",
                                     "9007199254740993",
                                     "9007199254740992.999999999999",
                                     "4.9e-324",
                                     "2.4703282292062327e-324",
                                     "2.4703282292062328e-324",
                                     "2.2250738585072011e-308",
                                     "2.2250738585072014e-308",
                                     "1.7976931348623157e308",
                                     "1.7976931348623158e308",
                                     "1.7976931348623159e308",
                                     "1e400",
                                     "1e-400",
                                     "8.988465674311579e307",
                                     "7.2057594037927933e16",
                                     "6929495644600919.5",
                                     "3.518437208883201171875e13",
                                     "123456789012345678901234567890",
                                     "0.000000000000000000000000000000000000000000000000000000000000000000001",
                                     "1e99999999999",
                                     "1e-99999999999"};
  for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) agree(hard[i]);
  /* Half way between two doubles, and just beside, by a digit very far to the right. */
  char text[1100] = "9007199254740993.";
  size_t size = strlen(text);
  memset(text + size, '0', 1000);
  text[size + 1000] = '\0';
  agree(text);
  text[size + 999] = '1';
  agree(text);
}

static bool whole(const char *text, char decimal, int64_t expected) {
  tl_numeral numeral;
  int64_t value;
  return tl_numeral_parse(tl_text_of(text), decimal, &numeral) && tl_numeral_is_whole(&numeral) &&
         tl_numeral_integer(&numeral, &value) && value == expected;
}

static bool decimal_value(const char *text, char decimal, double expected) {
  tl_numeral numeral;
  double value;
  return tl_numeral_parse(tl_text_of(text), decimal, &numeral) && tl_numeral_number(&numeral, &value) && value == expected;
}

static bool no_number(const char *text) {
  tl_numeral numeral;
  return !tl_numeral_parse(tl_text_of(text), '.', &numeral);
}

static void as_published(void) {
  CHECK(whole("14,775", '.', 14775));
  CHECK(whole("2,383,970", '.', 2383970));
  CHECK(whole("-7,408", '.', -7408));
  CHECK(
      whole("\xE2\x88\x92"
            "5",
            '.', -5));
  CHECK(
      whole("\xC2\xA3"
            "1,200",
            '.', 1200));
  CHECK(
      whole("-\xC2\xA3"
            "3",
            '.', -3));
  CHECK(whole("36%", '.', 36));
  CHECK(whole("9223372036854775807", '.', INT64_MAX));
  CHECK(whole("-9223372036854775808", '.', INT64_MIN));
  CHECK(!whole("9223372036854775808", '.', INT64_MIN));
  CHECK(whole("1.234.567", ',', 1234567));
  CHECK(whole("1 234", ',', 1234));
  CHECK(decimal_value("1.234,5", ',', 1234.5));
  CHECK(decimal_value("1,234.5", '.', 1234.5));
  CHECK(decimal_value(".5", '.', 0.5));
  CHECK(decimal_value("12.5 %", '.', 12.5));
  CHECK(decimal_value("+3.4", '.', 3.4));
  static const char *const none[] = {"",      "-",  ".",        "..",      "1,23", "1234,567", ",123",    "1,,234",        "12-3",
                                     "1.",    "1e", "nan",      "inf",     "0x10", "1 234",    "2019/20", "+441234567890", "5'",
                                     "1.2.3", "%",  "\xC2\xA3", "1,234,56"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    if (!no_number(none[i])) fprintf(stderr, "  '%s' is read as a number\n", none[i]);
    CHECK(no_number(none[i]));
  }
}

static void dates(void) {
  int32_t day = -1;
  CHECK(tally_date_read(tl_text_of("1970-01-01"), &day) && day == 0);
  CHECK(tally_date_read(tl_text_of("1969-12-31"), &day) && day == -1);
  CHECK(tally_date_read(tl_text_of("2000-02-29"), &day) && day == 11016);
  CHECK(tl_date_read_day_first(tl_text_of("31/07/2019"), &day) && day == 18108);
  CHECK(tl_date_read_day_first(tl_text_of("1/7/2019"), &day) && day == 18078);
  CHECK(!tally_date_read(tl_text_of("1900-02-29"), &day));
  CHECK(!tally_date_read(tl_text_of("2019-13-01"), &day));
  CHECK(!tally_date_read(tl_text_of("2019-1-1"), &day));
  CHECK(!tl_date_read_day_first(tl_text_of("07/31/2019"), &day));
  CHECK(!tl_date_read_day_first(tl_text_of("1/7/19"), &day));
}

static tl_manner manner_of(const char *const *values) {
  uint32_t shapes = 0;
  for (; *values; values++) shapes |= tl_infer_shapes(tl_text_of(*values), '.');
  return tl_infer_manner(shapes);
}

static void ladder(void) {
  CHECK(manner_of((const char *[]){"1", "2,345", NULL}) == TL_MANNER_INTEGER);
  CHECK(manner_of((const char *[]){"1", "2.5", NULL}) == TL_MANNER_NUMBER);
  CHECK(manner_of((const char *[]){"007", "1", NULL}) == TL_MANNER_TEXT);
  CHECK(manner_of((const char *[]){"0", "0.5", NULL}) == TL_MANNER_NUMBER);
  CHECK(manner_of((const char *[]){"12345678901234567890", "1", NULL}) == TL_MANNER_TEXT);
  CHECK(manner_of((const char *[]){"\xC2\xA3"
                                   "1",
                                   "\xC2\xA3"
                                   "2.50",
                                   NULL}) == TL_MANNER_NUMBER);
  CHECK(manner_of((const char *[]){"\xC2\xA3"
                                   "1",
                                   "2", NULL}) == TL_MANNER_TEXT);
  CHECK(manner_of((const char *[]){"12%", "3", NULL}) == TL_MANNER_TEXT);
  CHECK(manner_of((const char *[]){"true", "FALSE", NULL}) == TL_MANNER_BOOLEAN);
  CHECK(manner_of((const char *[]){"true", "1", NULL}) == TL_MANNER_TEXT);
  CHECK(manner_of((const char *[]){"2019-07-31", NULL}) == TL_MANNER_DATE_ISO);
  CHECK(manner_of((const char *[]){"2019-07-31", "31/07/2019", NULL}) == TL_MANNER_TEXT);
  CHECK(manner_of((const char *[]){"2019/20", NULL}) == TL_MANNER_TEXT);
  CHECK(manner_of((const char *[]){"'a'", "'b'", NULL}) == TL_MANNER_TEXT_IN_MARKS);
  CHECK(manner_of((const char *[]){"NA", "1", NULL}) == TL_MANNER_TEXT);
}

static void identifiers(void) {
  static const char *const codes[] = {
      "UKPRN", "country_code", "nuts_id", "ID", "instId", "ISBN-13", "Recipient Ward Geographic Code"};
  static const char *const others[] = {"Identifier", "paid", "PAID", "Year", "students", "idle", "Valid"};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) CHECK(tl_infer_is_identifier(tl_text_of(codes[i])));
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) CHECK(!tl_infer_is_identifier(tl_text_of(others[i])));
}

int main(void) {
  agree_on_hard_ones();
  agree_on_random();
  quick_ones_agree();
  agree_on_doubles();
  as_published();
  dates();
  ladder();
  identifiers();
  return finish();
}
