/* The fuzzer of the JSON reader. With clang and its fuzzer, in bash:
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -DTALLY_UNSTABLE -Icsrc csrc/{base,column,ingest,emit}/?*.c \
 *       spec/fuzz/read_json_fuzz.c -lcsv -ljansson -lz -lpthread -lm -o build/read_json_fuzz
 *     build/read_json_fuzz -max_len=4096 build/corpus_json spec/fuzz/corpus/read_json
 *
 * An input that fails goes into spec/fuzz/corpus/read_json with the mending of the fault; spec/c/fuzz_test.c replays them all. */
#include "read_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tally_threads(1 + (size > 0 && (data[0] & 64)));
  try_read_json(data, size);
  return 0;
}
