/* The inputs that the fuzzer of the CSV reader has gathered, tried one by one on one thread and on three: what must hold of each
 * is in spec/fuzz/read_csv.h. */
#include <dirent.h>

#include "../fuzz/read_csv.h"
#include "check.h"

#define CORPUS "spec/fuzz/corpus/read_csv"

static void replay(const char *name) {
  static uint8_t bytes[1 << 17];
  char path[600];
  snprintf(path, sizeof path, CORPUS "/%s", name);
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  if (!file) return;
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  for (int threads = 1; threads <= 3; threads += 2) {
    tally_threads(threads);
    try_read_csv(bytes, size);
    CHECK(true);
  }
}

int main(void) {
  DIR *folder = opendir(CORPUS);
  CHECK(folder != NULL);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    if (entry->d_name[0] != '.') replay(entry->d_name);
  }
  if (folder) closedir(folder);
  tally_shutdown();
  return finish();
}
