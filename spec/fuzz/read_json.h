/* What is tried on every input by the fuzzer (spec/fuzz/read_json_fuzz.c) and by the replay of its corpus (spec/c/fuzz_test.c): the
 * first four bytes choose the options, the rest is a file. Whatever it holds, the reader gives a table or an error, in pieces of
 * any size the same; lines without a fault give what they give as a list, and as a list inside an object, which is read by jansson
 * alone; and a table that is written is read as it was. */
#ifndef READ_JSON_H
#define READ_JSON_H

#include "same.h"

enum { FUZZ_JSON_OPTION_BYTES = 4 };

static tally_json_options fuzz_json_options(const uint8_t *bytes) {
  static const char *const names[] = {"a", "b.c"};
  static const tally_type types[] = {TALLY_BOOLEAN, TALLY_INTEGER, TALLY_NUMBER, TALLY_TEXT, TALLY_DATE, TALLY_INTEGER};
  static const size_t pieces[] = {0, 1, 2, 3, 7, 31, 64, 65};
  tally_json_options options = TALLY_JSON_OPTIONS;
  options.lines = (bytes[0] & 1) == 0;
  options.chunk_bytes = pieces[bytes[0] >> 1 & 7];
  options.all_text = (bytes[0] & 48) == 48;
  options.on_problem = (tally_on_problem)(bytes[1] % 3);
  options.type_names = names;
  options.types = types + bytes[1] / 3 % 5;
  options.type_count = bytes[1] > 250 ? 2 : bytes[1] > 200;
  options.unnest = (bytes[2] & 7) == 7 ? "a" : (bytes[2] & 7) == 6 ? "b.c" : NULL;
  options.records = options.lines || (bytes[2] & 24) != 24 ? NULL : "r";
  return options;
}

/* Takes `bytes`. */
static void must_read_as(char *bytes, size_t size, tally_json_options options, const tally_table *expected) {
  tally_error error = {0};
  tally_reading *reading = NULL;
  tally_input input = {.bytes = bytes, .size = size, .name = "again"};
  FUZZ_MUST(tally_read_json(&input, &options, &reading, &error) == TALLY_OK);
  must_be_same(expected, tally_reading_table(reading));
  tally_reading_release(reading);
  free(bytes);
}

/* The lines with commas between them, `before` them and `after` them. */
static void must_agree_with_list(const char *lines, size_t size, tally_json_options options, const char *before, const char *after,
                                 const tally_table *expected) {
  char *list = malloc(size + strlen(before) + strlen(after)), *to = list + strlen(before);
  memcpy(list, before, strlen(before));
  while (size >= 3 && memcmp(lines, "\xEF\xBB\xBF", 3) == 0) lines += 3, size -= 3;
  while (size > 0 && strchr(" \t\r\n", lines[size - 1])) size--;
  for (size_t i = 0; i < size; i++) *to++ = lines[i] == '\n' ? ',' : lines[i];
  memcpy(to, after, strlen(after));
  options.lines = false;
  options.records = *before == '{' ? "r" : NULL;
  must_read_as(list, (size_t)(to - list) + strlen(after), options, expected);
}

typedef struct fuzz_sink {
  char *bytes;
  size_t size;
} fuzz_sink;

static tally_status fuzz_take(void *context, const void *bytes, size_t size, tally_error *error) {
  fuzz_sink *it = context;
  (void)error;
  it->bytes = realloc(it->bytes, it->size + size + 1);
  if (size) memcpy(it->bytes + it->size, bytes, size);
  it->size += size;
  return TALLY_OK;
}

/* Types are found again; dictionaries may go where rows were left out. */
static void must_survive_writing(const tally_table *table, bool lines) {
  fuzz_sink it = {0};
  tally_error error = {0};
  tally_json_write_options how = {sizeof how, lines};
  tally_json_options options = TALLY_JSON_OPTIONS;
  options.lines = lines;
  FUZZ_MUST(tally_write_json(table, &(tally_output){.write = fuzz_take, .context = &it}, &how, &error) == TALLY_OK);
  must_read_as(it.bytes, it.size, options, table);
}

static void check_reading(const tally_input *input, tally_json_options options, const tally_reading *reading) {
  const tally_table *table = tally_reading_table(reading);
  tally_json_options whole = options;
  tally_reading *other = NULL;
  tally_error error = {0};
  whole.chunk_bytes = 0;
  FUZZ_MUST(tally_read_json(input, &whole, &other, &error) == TALLY_OK);
  must_be_same(table, tally_reading_table(other));
  must_be_same(tally_reading_problems(reading), tally_reading_problems(other));
  must_be_same(tally_reading_metadata(reading), tally_reading_metadata(other));
  tally_reading_release(other);
  bool sound = tally_table_rows(tally_reading_problems(reading)) == 0;
  if (options.lines && sound) must_agree_with_list(input->bytes, input->size, options, "[", "]", table);
  if (options.lines && sound) must_agree_with_list(input->bytes, input->size, options, "{\"r\":[", "]}", table);
  if (options.type_count > 0 || options.all_text || tally_table_rows(table) == 0) return;
  must_survive_writing(table, false);
  must_survive_writing(table, true);
}

static void try_read_json(const uint8_t *data, size_t size) {
  if (size < FUZZ_JSON_OPTION_BYTES || size > 1 << 16) return;
  tally_json_options options = fuzz_json_options(data);
  /* A block of its own, so that a byte read past the end is seen. */
  size_t left = size - FUZZ_JSON_OPTION_BYTES;
  char *bytes = malloc(left + (left == 0));
  memcpy(bytes, data + FUZZ_JSON_OPTION_BYTES, left);
  tally_input input = {.bytes = bytes, .size = left, .name = "fuzz"};
  size_t before = tally_memory_used();
  tally_error error = {0};
  tally_reading *reading = NULL;
  if (tally_read_json(&input, &options, &reading, &error) != TALLY_OK) {
    FUZZ_MUST(!reading && error.code != TALLY_OK && error.text[0] != '\0');
  } else {
    check_reading(&input, options, reading);
    tally_reading_release(reading);
  }
  FUZZ_MUST(tally_memory_used() == before);
  free(bytes);
}

#endif
