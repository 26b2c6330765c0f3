/* The fuzzer of the CSV reader. With clang and its fuzzer, in bash:
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -DTALLY_UNSTABLE -Icsrc csrc/{base,column,ingest}/?*.c \
 *       spec/fuzz/read_csv_fuzz.c -lcsv -ljansson -lz -lpthread -lm -o build/read_csv_fuzz
 *     build/read_csv_fuzz -max_len=4096 build/corpus spec/fuzz/corpus/read_csv
 *
 * An input that fails goes into spec/fuzz/corpus/read_csv with the mending of the fault; spec/c/fuzz_test.c replays them all. */
#include "read_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tally_threads(1 + (size > 0 && (data[0] & 64)));
  try_read_csv(data, size);
  return 0;
}
