/* What bytes are, and how they become UTF-8: recognising, counting in pieces against counting at once, and converting. */
#include "ingest/encoding.h"
#include "check.h"
#include "random.h"

static uint64_t state = 0x9E3779B97F4A7C15u;

static size_t draw(size_t below) {
  return (size_t)((next_random(&state) >> 11) % below);
}

/* ---- counting ---- */

/* The slow twin: one byte or one valid character at a time. */
static tl_census count_slowly(tally_text text) {
  tl_census census = {0};
  for (size_t i = 0; i < text.size;) {
    size_t size = 1, left = text.size - i;
    while (size < 4 && size < left && tl_text_valid_utf8(tl_text(text.bytes + i, size)) < size) size++;
    bool valid = tl_text_valid_utf8(tl_text(text.bytes + i, size)) == size;
    census.nuls += text.bytes[i] == 0;
    census.invalid += !valid;
    census.beyond_ascii += valid && size > 1;
    i += valid ? size : 1;
  }
  return census;
}

static size_t make_bytes(char *to) {
  static const char *const parts[] = {
      "a",    ",",    "\xC3\xA9",     "\xE2\x82\xAC",        "\xF0\x9F\x98\x80", "\xC3", "\xE2\x82", "\xF0\x9F\x98",
      "\xA9", "\xFF", "\xED\xA0\x80", "\x80\x80\x80\x80\x80"};
  size_t size = 0, count = draw(12);
  for (size_t i = 0; i < count; i++) {
    size_t part = draw(sizeof parts / sizeof *parts + 1);
    if (part == sizeof parts / sizeof *parts) {
      to[size++] = 0;
    } else {
      memcpy(to + size, parts[part], strlen(parts[part]));
      size += strlen(parts[part]);
    }
  }
  return size;
}

static void counting_does_not_depend_on_the_cuts(void) {
  char bytes[128];
  for (int i = 0; i < 50000; i++) {
    size_t size = make_bytes(bytes);
    tl_census expected = count_slowly(tl_text(bytes, size)), found = {0}, piece;
    for (size_t at = 0, step; at < size; at += step) {
      step = 1 + draw(draw(2) ? 3 : size);
      if (step > size - at) step = size - at;
      tl_encoding_count(tl_text(bytes + at, step), &piece);
      tl_encoding_join(&found, &piece);
    }
    tl_encoding_end(&found);
    CHECK(found.nuls == expected.nuls && found.invalid == expected.invalid && found.beyond_ascii == expected.beyond_ascii);
  }
}

/* ---- recognising ---- */

static void recognise(const char *bytes, size_t size, const char *encoding, int32_t count) {
  tl_marks marks = tl_encoding_marks(tl_text(bytes, size));
  bool right = (encoding ? marks.encoding && strcmp(marks.encoding, encoding) == 0 : !marks.encoding) && marks.count == count;
  CHECK(right);
  if (!right) fprintf(stderr, "  %s: found %s, %d marks\n", encoding, marks.encoding, marks.count);
}

#define BYTES(text) text, sizeof text - 1

static void marks_and_zero_bytes(void) {
  recognise(BYTES("a,b\n1,2\n"), NULL, 0);
  recognise(BYTES("\xEF\xBB\xBF\xEF\xBB\xBF"
                  "a,b\n"),
            "UTF-8", 2);
  recognise(BYTES("\xFF\xFE"
                  "a\0,\0"),
            "UTF-16LE", 1);
  recognise(BYTES("\xFE\xFF"
                  "\0a\0,"),
            "UTF-16BE", 1);
  recognise(BYTES("\xFF\xFE\0\0"
                  "a\0\0\0"),
            "UTF-32LE", 1);
  recognise(BYTES("\0\0\xFE\xFF"
                  "\0\0\0a"),
            "UTF-32BE", 1);
  recognise(BYTES("a\0,\0b\0\n\0"), "UTF-16LE", 0);
  recognise(BYTES("\0a\0,\0b\0\n"), "UTF-16BE", 0);
  recognise(BYTES("a\0\0\0,\0\0\0b\0\0\0\n\0\0\0"), "UTF-32LE", 0);
  recognise(BYTES("\0\0\0a\0\0\0,\0\0\0b\0\0\0\n"), "UTF-32BE", 0);
  /* Damage is not an encoding. */
  recognise(BYTES("a,b\nx\0y,1\n"), NULL, 0);
  recognise(BYTES("a,b\nxyz\0y,1\nx\0z,5\n"), NULL, 0);
  recognise(BYTES("name    \0\0\0\0,1\nother   \0\0\0\0,2\n"), NULL, 0);
  recognise("a", 1, NULL, 0);
  recognise("", 0, NULL, 0);
}

/* Chinese has no ASCII but what separates it. */
static void few_zero_bytes_do(void) {
  char text[1024];
  size_t size = 0;
  for (int i = 0; i < 10; i++) {
    memcpy(text + size, "\x2D\x4E\x87\x65\x2D\x4E\x87\x65,\0\x2D\x4E\x87\x65\x57\x5B\n\0", 18);
    size += 18;
  }
  recognise(text, size, "UTF-16LE", 0);
}

static void the_order_of_bytes_is_the_text_s(void) {
  tl_marks none = {0}, little = {.encoding = "UTF-16LE"}, big = {.encoding = "UTF-16BE"}, wide = {.encoding = "UTF-32BE"};
  CHECK(tl_encoding_choose(NULL, &none) == NULL && strcmp(tl_encoding_choose(NULL, &big), "UTF-16BE") == 0);
  CHECK(strcmp(tl_encoding_choose("utf-16", &little), "UTF-16LE") == 0 &&
        strcmp(tl_encoding_choose("UTF16", &big), "UTF-16BE") == 0);
  CHECK(strcmp(tl_encoding_choose("UTF-16", &none), "UTF-16LE") == 0 &&
        strcmp(tl_encoding_choose("utf32", &wide), "UTF-32BE") == 0);
  CHECK(strcmp(tl_encoding_choose("UTF-16", &wide), "UTF-16LE") == 0 &&
        strcmp(tl_encoding_choose("UTF-16BE", &little), "UTF-16BE") == 0);
  CHECK(strcmp(tl_encoding_choose("KOI8-R", &little), "KOI8-R") == 0);
}

static void what_is_no_text(void) {
  CHECK(strstr(tl_encoding_signature(tl_text(BYTES("PK\x03\x04..."))), "ZIP archive"));
  CHECK(strstr(tl_encoding_signature(tl_text(BYTES("\xD0\xCF\x11\xE0..."))), ".xls workbook"));
  CHECK(strstr(tl_encoding_signature(tl_text(BYTES("%PDF-1.4"))), "a PDF"));
  CHECK(strstr(tl_encoding_signature(tl_text(BYTES("\x28\xB5\x2F\xFD..."))), ".zst"));
  CHECK(strstr(tl_encoding_signature(tl_text(BYTES("\xFD\x37zXZ..."))), ".xz"));
  CHECK(strstr(tl_encoding_signature(tl_text(BYTES("BZh91AY&SY..."))), ".bz2"));
  CHECK(strstr(tl_encoding_not_text(tl_text(BYTES("\1\2\3\4\5\6\7\10\16"))), "binary"));
  CHECK(!tl_encoding_signature(tl_text(BYTES("BZh9,b\n"))) && !tl_encoding_signature(tl_text(BYTES("PK,b\n"))));
  CHECK(!tl_encoding_not_text(tl_text(BYTES("a,b\n"))));
}

/* ---- converting ---- */

/* problems  "line byte; line byte; " of the bytes that were not valid */
static void convert(const char *bytes, size_t size, const char *from, const char *expected, const char *problems) {
  tl_problems found = TL_PROBLEMS;
  char *out = NULL, places[200] = "";
  size_t out_size = 0, at = 0;
  MUST(tl_encoding_convert(tl_text(bytes, size), from, &found, &out, &out_size, &check_error));
  for (size_t i = 0; i < found.count; i++) {
    at += (size_t)sprintf(places + at, "%lld %lld; ", (long long)found.rows[i].line, (long long)found.rows[i].byte);
    CHECK(found.rows[i].what == TL_PROBLEM_BAD_BYTES);
  }
  bool right = out_size == strlen(expected) && memcmp(out, expected, out_size) == 0 && strcmp(places, problems) == 0;
  CHECK(right);
  if (!right) fprintf(stderr, "  %s: '%.*s' (%s)\n", from, (int)out_size, out, places);
  tl_mem_free(out);
  tl_problems_done(&found);
}

static void texts_become_utf8(void) {
  convert(BYTES("caf\xE9 \x80"), "WINDOWS-1252", "caf\xC3\xA9 \xE2\x82\xAC", "");
  convert(BYTES("caf\xE9 \x80"), "windows-1252", "caf\xC3\xA9 \xE2\x82\xAC", "");
  convert(BYTES("\xF0\xD2\xC9"), "KOI8-R", "\xD0\x9F\xD1\x80\xD0\xB8", "");
  convert(BYTES("a\0\xAC\x20\x3D\xD8\x00\xDE"), "UTF-16LE", "a\xE2\x82\xAC\xF0\x9F\x98\x80", "");
  convert(BYTES("\0a\x20\xAC"), "UTF-16BE", "a\xE2\x82\xAC", "");
  convert(BYTES("\x00\xF6\x01\x00"), "UTF-32LE", "\xF0\x9F\x98\x80", "");
  convert(BYTES("\x93\xFA\x96\x7B"), "CP932", "\xE6\x97\xA5\xE6\x9C\xAC", "");
  convert(BYTES(""), "LATIN1", "", "");
}

static void what_is_not_valid_is_replaced_and_placed(void) {
  convert(BYTES("a\n\x81"
                "b\n"),
          "WINDOWS-1252",
          "a\n\xEF\xBF\xBD"
          "b\n",
          "2 2; ");
  convert(BYTES("a\r\x81\r\n\x81\n\n\x8D"), "WINDOWS-1252", "a\r\xEF\xBF\xBD\r\n\xEF\xBF\xBD\n\n\xEF\xBF\xBD", "2 2; 3 5; 5 8; ");
  convert(BYTES("a\0\x3D\xD8\n\0b"), "UTF-16LE", "a\xEF\xBF\xBD\n\xEF\xBF\xBD", "1 2; 2 6; ");
  convert(BYTES("\xFF\xFF\xFF\xFF\x61\0\0\0\x62\0"), "UTF-32LE",
          "\xEF\xBF\xBD"
          "a\xEF\xBF\xBD",
          "1 0; 1 8; ");
  convert(BYTES("\x93"), "CP932", "\xEF\xBF\xBD", "1 0; ");
  convert(BYTES("\xFF"
                "ab"),
          "CP932",
          "\xEF\xBF\xBD"
          "ab",
          "1 0; ");
}

/* Longer than the room that is made at a time, with something that is not valid every so often. */
static void long_texts(void) {
  size_t size = 3 << 20;
  char *bytes = malloc(size), *out;
  for (size_t i = 0; i < size; i++) bytes[i] = i % 1000 == 999 ? '\x81' : i % 7 == 0 ? '\xE9' : 'a';
  tl_problems found = TL_PROBLEMS;
  size_t out_size, expected = 0;
  for (size_t i = 0; i < size; i++) expected += bytes[i] == '\x81' ? 3 : bytes[i] == '\xE9' ? 2 : 1;
  MUST(tl_encoding_convert(tl_text(bytes, size), "WINDOWS-1252", &found, &out, &out_size, &check_error));
  CHECK(out_size == expected && found.count == size / 1000 && tl_text_valid_utf8(tl_text(out, out_size)) == out_size);
  tl_mem_free(out);
  tl_problems_done(&found);
  free(bytes);
}

static void refuse_name(const char *name, const char *part) {
  tl_problems found = TL_PROBLEMS;
  char *out = NULL;
  size_t size;
  tally_error error = {0};
  CHECK(tl_encoding_convert(tl_text("a", 1), name, &found, &out, &size, &error) == TALLY_ENAME && !out);
  CHECK(strstr(error.text, part) != NULL);
  if (!strstr(error.text, part)) fprintf(stderr, "  %s\n", error.text);
}

static void unknown_names(void) {
  refuse_name("no-such", "no encoding called 'no-such'; there are UTF-8, UTF-16, WINDOWS-1252,");
  refuse_name("windws-1252", "no encoding called 'windws-1252'; did you mean 'WINDOWS-1252'?");
  refuse_name("", "no encoding called ''; there are");
  refuse_name("ASCII//IGNORE", "no encoding called 'ASCII//IGNORE'");
}

int main(void) {
  counting_does_not_depend_on_the_cuts();
  marks_and_zero_bytes();
  few_zero_bytes_do();
  the_order_of_bytes_is_the_text_s();
  what_is_no_text();
  texts_become_utf8();
  what_is_not_valid_is_replaced_and_placed();
  long_texts();
  unknown_names();
  return finish();
}
