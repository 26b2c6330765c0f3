/* One file, read in every way: pieces of many sizes, any number of threads, every kernel, from memory at the edge of a page, from a
 * file and from a pipe: the table is the same to the last code, and so are the problems. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "column/column.h"
#include "column/table.h"
#include "random.h"

static uint64_t state = 0x243F6A8885A308D3u;

static size_t draw(size_t below) {
  return (size_t)(next_random(&state) % below);
}

/* ---- a file with something of everything ---- */

enum { ROWS = 9000, FILE_MOST = ROWS * 120 };

static size_t make_file(char *to, const char *end) {
  static const char *const levels[] = {"UG", "PGT", "\"PGR, \"\"part\"\"\"", "", " First degree "};
  size_t size = (size_t)sprintf(to, "level,provider,name,n,fee,day,full_time,code%s", end);
  for (int row = 0; row < ROWS; row++) {
    size += (size_t)sprintf(to + size, "%s,provider %zu,%zx-%d,", levels[draw(5)], draw(row < 100 ? 20 : 300), draw(1u << 30), row);
    size += (size_t)sprintf(to + size, draw(20) ? "%d," : draw(2) ? "," : "[c],", (int)draw(100000) - 500);
    size += (size_t)sprintf(to + size, "%zu.%02zu,20%02zu-0%zu-1%zu,%s,0%zu", draw(90), draw(100), draw(30), 1 + draw(9), draw(10),
                            draw(2) ? "true" : "false", draw(10));
    size += (size_t)sprintf(to + size, draw(400) ? "%s" : draw(2) ? "%s\r\n" : ",surplus%s", end);
  }
  return size;
}

/* ---- comparing to the last bit ---- */

static bool same_bytes(const tl_buffer *a, const tl_buffer *b) {
  if (!a || !b) return a == b;
  return a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

static bool same_column(const tally_column *a, const tally_column *b) {
  if (!a || !b) return a == b;
  return a->type == b->type && a->length == b->length && a->missing == b->missing && same_bytes(a->validity, b->validity) &&
         same_bytes(a->values, b->values) && same_bytes(a->bytes, b->bytes) && same_bytes(a->reasons, b->reasons) &&
         same_column(a->dictionary, b->dictionary) && same_column(a->symbols, b->symbols);
}

static bool same_table(const tally_table *a, const tally_table *b) {
  if (a->columns != b->columns || a->rows != b->rows) return false;
  for (size_t i = 0; i < a->columns; i++) {
    if (strcmp(a->names[i], b->names[i]) != 0 || !same_column(a->column[i], b->column[i])) return false;
  }
  return true;
}

/* Problems are compared by what they say. */
static bool same_problems(const tally_table *a, const tally_table *b) {
  if (a->rows != b->rows) return false;
  for (int64_t i = 0; i < a->rows * (int64_t)a->columns; i++) {
    char left[200], right[200];
    size_t column = (size_t)i % a->columns;
    tally_format_value(tally_column_value(a->column[column], i / (int64_t)a->columns), left, sizeof left);
    tally_format_value(tally_column_value(b->column[column], i / (int64_t)a->columns), right, sizeof right);
    if (strcmp(left, right) != 0) return false;
  }
  return true;
}

/* ---- ways to read ---- */

static tally_reading *read_input(const tally_input *input, const tally_csv_options *options) {
  tally_reading *reading;
  MUST(tally_read_csv(input, options, &reading, &check_error));
  return reading;
}

static void check_same(const tally_reading *expected, const tally_input *input, const tally_csv_options *options) {
  tally_reading *found = read_input(input, options);
  CHECK(same_table(tally_reading_table(expected), tally_reading_table(found)));
  CHECK(same_problems(tally_reading_problems(expected), tally_reading_problems(found)));
  tally_reading_release(found);
}

static void pieces_threads_kernels(const tally_reading *expected, const tally_input *input) {
  static const size_t pieces[] = {1, 2, 3, 7, 31, 63, 64, 65, 4096, 65537};
  static const int threads[] = {1, 2, 3, 8};
  static const char *const kernels[] = {"portable", "avx2", "avx512", "neon"};
  const char *kernel = tally_kernel();
  tally_csv_options options = TALLY_CSV_OPTIONS;
  for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
    options.chunk_bytes = pieces[p];
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
      if (pieces[p] < 31 && t > 1) continue; /* a task for each line or less: enough, and slow */
      tally_threads(threads[t]);
      for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        if (tally_set_kernel(kernels[k])) check_same(expected, input, &options);
      }
    }
  }
  tally_set_kernel(kernel);
  tally_threads(0);
}

typedef struct feed {
  int descriptor;
  const char *bytes;
  size_t size;
} feed;

static void *write_all(void *context) {
  feed *it = context;
  for (size_t done = 0; done < it->size;) {
    size_t left = it->size - done, most = 1 + draw(5000);
    ssize_t count = write(it->descriptor, it->bytes + done, left < most ? left : most);
    if (count <= 0) break;
    done += (size_t)count;
  }
  close(it->descriptor);
  return NULL;
}

static void file_and_pipe(const tally_reading *expected, const char *bytes, size_t size) {
  char path[] = "/tmp/tally-same-XXXXXX";
  int file = mkstemp(path), ends[2];
  CHECK(file >= 0 && write(file, bytes, size) == (ssize_t)size && close(file) == 0);
  check_same(expected, &(tally_input){.path = path}, NULL);
  unlink(path);
  CHECK(pipe(ends) == 0);
  feed it = {ends[1], bytes, size};
  pthread_t writer;
  CHECK(pthread_create(&writer, NULL, write_all, &it) == 0);
  check_same(expected, &(tally_input){.descriptor = ends[0]}, NULL);
  pthread_join(writer, NULL);
  close(ends[0]);
}

static void whole_file(const char *end) {
  char *bytes = malloc(FILE_MOST);
  size_t size = make_file(bytes, end);
  tally_input input = {.bytes = bytes, .size = size};
  tally_csv_options options = TALLY_CSV_OPTIONS;
  tally_threads(1);
  tally_reading *expected = read_input(&input, &options);
  CHECK(tally_table_rows(tally_reading_table(expected)) == ROWS && tally_table_rows(tally_reading_problems(expected)) > 0);
  CHECK(!tally_column_has_dictionary(tally_table_find(tally_reading_table(expected), "name")));
  CHECK(tally_column_has_dictionary(tally_table_find(tally_reading_table(expected), "provider")));
  pieces_threads_kernels(expected, &input);
  file_and_pipe(expected, bytes, size);
  tally_reading_release(expected);
  free(bytes);
}

/* ---- large files that are not what they seem where they are looked into ---- */

enum { LARGE = 3 << 20, LONG_FIELD = 20 << 20 };

/* Rows of some length; where nobody looks before they are read, short ones. */
static size_t make_large(char *to, const char *break_in_field) {
  size_t size = (size_t)sprintf(to, "code,name,n\n");
  while (size < LARGE) {
    if (size > 1068000 && size < 1166000) {
      size += (size_t)sprintf(to + size, "a,,1\n");
    } else {
      size += (size_t)sprintf(to + size, "a,\"name \xC3\xA9 %zu of%smany\",%zu\n", draw(1u << 20), break_in_field, draw(1000));
    }
  }
  return size;
}

/* Read in small pieces it is surveyed as it is read, at first; in large ones, before. */
static void check_surprise(const char *bytes, size_t size) {
  tally_input input = {.bytes = bytes, .size = size};
  tally_csv_options options = TALLY_CSV_OPTIONS;
  options.chunk_bytes = size / 2;
  tally_reading *expected = read_input(&input, &options);
  options.chunk_bytes = 1 << 16;
  for (int threads = 1; threads <= 3; threads++) {
    tally_threads(threads);
    check_same(expected, &input, &options);
  }
  tally_threads(0);
  tally_reading_release(expected);
}

/* Numbers beside texts of many lines: places in the file lie inside these. */
static size_t make_bodies(char *to) {
  size_t size = (size_t)sprintf(to, "id,body\n");
  for (int id = 0; size < LARGE; id++) {
    size += (size_t)sprintf(to + size, "%d,\"", id);
    for (int line = 0; line < 2000; line++) size += (size_t)sprintf(to + size, line % 2 ? "a line of it,\n" : "x,y\n");
    size += (size_t)sprintf(to + size, "\"\n");
  }
  return size;
}

/* Two rows before there are many. */
static size_t make_long_rows(char *to) {
  size_t size = (size_t)sprintf(to, "shape,n\n");
  for (int row = 0; row < 2; row++) {
    memset(to + size, 'x', 200000);
    size += 200000;
    size += (size_t)sprintf(to + size, ",%d\n", row);
  }
  while (size < LARGE) size += (size_t)sprintf(to + size, "y,%zu\n", draw(1000));
  return size;
}

static void surprises(void) {
  enum { FAR = 2500000 };
  static const char *const odd[] = {"\0", "\x80\x81", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\""};
  static const size_t sizes[] = {1, 2, 16, 1};
  char *bytes = malloc(LARGE + LONG_FIELD + 200), kept[16];
  check_surprise(bytes, make_large(bytes, " "));
  check_surprise(bytes, make_bodies(bytes));
  check_surprise(bytes, make_long_rows(bytes));
  size_t size = make_large(bytes, "\r\n");
  check_surprise(bytes, size);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (size_t at = FAR; at < FAR + 40; at += 13) {
      memcpy(kept, bytes + at, sizes[i]);
      memcpy(bytes + at, odd[i], sizes[i]);
      check_surprise(bytes, size);
      memcpy(bytes + at, kept, sizes[i]);
    }
  }
  size += (size_t)sprintf(bytes + size, "b,\"");
  memset(bytes + size, 'x', LONG_FIELD);
  size += LONG_FIELD;
  size += (size_t)sprintf(bytes + size, "\",1\nc,,2\n");
  check_surprise(bytes, size);
  free(bytes);
}

/* ---- at the edges of pages that may not be read ---- */

static void at_both_ends(char *page, size_t room, const char *bytes, size_t size) {
  static const char *const kernels[] = {"portable", "avx2", "avx512", "neon"};
  const char *kernel = tally_kernel();
  tally_csv_options options = TALLY_CSV_OPTIONS;
  options.header = TALLY_HEADER_NONE;
  tally_reading *expected = read_input(&(tally_input){.bytes = bytes, .size = size}, &options);
  for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
    if (!tally_set_kernel(kernels[k])) continue;
    for (int last = 0; last < 2; last++) {
      char *at = last ? page + room - size : page;
      memcpy(at, bytes, size);
      for (options.chunk_bytes = 1; options.chunk_bytes <= 64; options.chunk_bytes *= 8) {
        check_same(expected, &(tally_input){.bytes = at, .size = size}, &options);
      }
    }
  }
  tally_set_kernel(kernel);
  tally_reading_release(expected);
}

static void edges_of_pages(void) {
  enum { SIZE_MOST = 130 };
  size_t room = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = mmap(NULL, 3 * room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes[SIZE_MOST + 1];
  if (pages == MAP_FAILED || mprotect(pages + room, room, PROT_READ | PROT_WRITE) != 0) abort();
  for (size_t size = 1; size <= SIZE_MOST; size++) {
    for (size_t i = 0; i < size; i++) bytes[i] = "12,a\n.-"[draw(7)];
    bytes[draw(size)] = '7';
    at_both_ends(pages + room, room, bytes, size);
  }
  munmap(pages, 3 * room);
}

int main(void) {
  whole_file("\n");
  whole_file("\r\n");
  surprises();
  edges_of_pages();
  tally_shutdown();
  return finish();
}
