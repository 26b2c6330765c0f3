/* The inputs that the fuzzers of the readers have gathered, tried one by one on one thread and on three: what must hold of each is
 * in spec/fuzz/read_csv.h and spec/fuzz/read_json.h. */
#include <dirent.h>

#include "../fuzz/read_csv.h"
#include "../fuzz/read_json.h"
#include "check.h"

typedef void (*trial)(const uint8_t *data, size_t size);

static void replay(const char *path, trial try_it) {
  static uint8_t bytes[1 << 17];
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  if (!file) return;
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  for (int threads = 1; threads <= 3; threads += 2) {
    tally_threads(threads);
    try_it(bytes, size);
    CHECK(true);
  }
}

static void replay_all(const char *corpus, trial try_it) {
  char path[600];
  DIR *folder = opendir(corpus);
  CHECK(folder != NULL);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", corpus, entry->d_name);
    replay(path, try_it);
  }
  if (folder) closedir(folder);
}

int main(void) {
  replay_all("spec/fuzz/corpus/read_csv", try_read_csv);
  replay_all("spec/fuzz/corpus/read_json", try_read_json);
  tally_shutdown();
  return finish();
}
