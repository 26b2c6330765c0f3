/* What is tried on every input by the fuzzer (spec/fuzz/read_csv_fuzz.c) and by the replay of its corpus (spec/c/fuzz_test.c): the
 * first eight bytes choose the options, the rest is a file. Whatever it holds, the reader gives a table or an error; where the fast
 * reader takes it, libcsv must give the same table and the same problems, in pieces of any size. */
#ifndef READ_CSV_H
#define READ_CSV_H

#include "same.h"

enum { FUZZ_OPTION_BYTES = 8 };

static tally_csv_options fuzz_options(const uint8_t *bytes) {
  static const char separators[] = {0, ',', ';', '\t', '|', ' ', 'a', '"'};
  static const size_t pieces[] = {0, 1, 2, 3, 7, 31, 64, 65};
  tally_csv_options options = TALLY_CSV_OPTIONS;
  options.separator = separators[bytes[0] & 7];
  options.header = (tally_header)((bytes[0] >> 3) % 3);
  options.quote = (bytes[1] & 3) == 3 ? 0 : (bytes[1] & 3) == 2 ? '\'' : '"';
  options.escape = (bytes[1] & 12) == 12 ? '\\' : 0;
  options.comment = (bytes[1] & 48) == 48 ? '#' : 0;
  options.decimal = (bytes[1] & 192) == 192 ? ',' : '.';
  options.chunk_bytes = pieces[bytes[2] & 7];
  options.all_text = (bytes[2] & 24) == 24;
  options.trim = (bytes[2] & 96) != 96;
  options.on_problem = (tally_on_problem)(bytes[3] % 3);
  options.limit = (bytes[4] & 7) == 7 ? bytes[5] : -1;
  options.skip = (bytes[4] & 56) == 56 ? bytes[6] & 3 : 0;
  return options;
}

static void must_agree(const tally_input *input, tally_csv_options options, const tally_reading *reading) {
  tally_error error = {0};
  tally_reading *other = NULL;
  FUZZ_MUST(tally_read_csv(input, &options, &other, &error) == TALLY_OK);
  must_be_same(tally_reading_table(reading), tally_reading_table(other));
  must_be_same(tally_reading_problems(reading), tally_reading_problems(other));
  must_be_same(tally_reading_metadata(reading), tally_reading_metadata(other));
  tally_reading_release(other);
}

static void try_read_csv(const uint8_t *data, size_t size) {
  if (size < FUZZ_OPTION_BYTES || size > 1 << 16) return;
  tally_csv_options options = fuzz_options(data);
  /* A block of its own, so that a byte read past the end is seen. */
  size_t left = size - FUZZ_OPTION_BYTES;
  char *bytes = malloc(left + (left == 0));
  memcpy(bytes, data + FUZZ_OPTION_BYTES, left);
  tally_input input = {.bytes = bytes, .size = left, .name = "fuzz"};
  size_t before = tally_memory_used();
  tally_error error = {0};
  tally_reading *reading = NULL;
  if (tally_read_csv(&input, &options, &reading, &error) != TALLY_OK) {
    FUZZ_MUST(!reading && error.code != TALLY_OK && error.text[0] != '\0');
  } else {
    if (strcmp(tally_reading_get_facts(reading)->reader, "fast") == 0) {
      tally_csv_options lax = options, whole = options;
      lax.reader = TALLY_READER_LAX;
      whole.chunk_bytes = 0;
      must_agree(&input, lax, reading);
      must_agree(&input, whole, reading);
    }
    tally_reading_release(reading);
  }
  FUZZ_MUST(tally_memory_used() == before);
  free(bytes);
}

#endif
