/* Where bytes come from: the same answer by path, pipe, memory and gzip; gzip that is cut or damaged; and every call of the system
 * made to fail in turn, or to have the file changed under it. The linker leads the calls here first (CMakeLists.txt), so that the
 * engine is the one that is delivered. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "check.h"
#include "twin.h"

/* ---- calls that are made to fail ---- */

enum { SHORTEN = -1, CHANGE = -2 }; /* what may stand in place of an errno */

/* The call `at`, from 0, goes wrong in this way; forever: all from then on do. */
static struct {
  bool armed, forever, hit;
  int at, how, seen, reads;
  void (*change)(void);
  void (*opened)(void); /* called once after the first open */
} fault;

/* Whether the call that is being made goes wrong now. */
static bool goes_wrong(void) {
  if (!fault.armed) return false;
  int now = fault.seen++;
  if (now != fault.at && !(fault.forever && now > fault.at)) return false;
  fault.hit = true;
  if (fault.how == CHANGE) {
    fault.armed = false;
    fault.change();
    return false;
  }
  errno = fault.how;
  return true;
}

int __real_open(const char *path, int flags, ...);
ssize_t __real_read(int descriptor, void *to, size_t size);
ssize_t __real_pread(int descriptor, void *to, size_t size, off_t from);
int __real_poll(struct pollfd *wanted, nfds_t count, int patience);
int __real_fstat(int descriptor, struct stat *out);
int __real_stat(const char *path, struct stat *out);

int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_read(int descriptor, void *to, size_t size);
ssize_t __wrap_pread(int descriptor, void *to, size_t size, off_t from);
int __wrap_poll(struct pollfd *wanted, nfds_t count, int patience);
int __wrap_fstat(int descriptor, struct stat *out);
int __wrap_stat(const char *path, struct stat *out);

int __wrap_open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  if (goes_wrong() && fault.how > 0) return -1;
  int descriptor = __real_open(path, flags, mode);
  if (fault.opened) fault.opened();
  fault.opened = NULL;
  return descriptor;
}

ssize_t __wrap_read(int descriptor, void *to, size_t size) {
  fault.reads++;
  if (!goes_wrong()) return __real_read(descriptor, to, size);
  return fault.how > 0 ? -1 : __real_read(descriptor, to, size > 3 ? 3 : size);
}

ssize_t __wrap_pread(int descriptor, void *to, size_t size, off_t from) {
  fault.reads++;
  if (!goes_wrong()) return __real_pread(descriptor, to, size, from);
  return fault.how > 0 ? -1 : __real_pread(descriptor, to, size > 3 ? 3 : size, from);
}

int __wrap_poll(struct pollfd *wanted, nfds_t count, int patience) {
  return goes_wrong() && fault.how > 0 ? -1 : __real_poll(wanted, count, patience);
}

int __wrap_fstat(int descriptor, struct stat *out) {
  return goes_wrong() && fault.how > 0 ? -1 : __real_fstat(descriptor, out);
}

int __wrap_stat(const char *path, struct stat *out) {
  return goes_wrong() && fault.how > 0 ? -1 : __real_stat(path, out);
}

/* ---- files ---- */

static char folder[] = "/tmp/tally-source-XXXXXX";
static char path[64], other[64], fifo[64];

static const char table_text[] =
    "Title:,Enrolments\n\nlevel,students,note\nUG,\"1,075\",\"two\nlines\"\nPGT,[c],caf\xC3\xA9\nPGR\nUG,9,\"a "
    "\"\"b\"\"\"\nPGT,7,,8\n";

static void write_file(const char *to, const void *bytes, size_t size) {
  FILE *file = fopen(to, "wb");
  CHECK(file && fwrite(bytes, 1, size, file) == size);
  if (file) fclose(file);
  struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
  CHECK(utimensat(AT_FDCWD, to, long_ago, 0) == 0);
}

/* The bytes as gzip; to be freed. */
static unsigned char *pack(const void *bytes, size_t size, size_t *packed) {
  z_stream z = {0};
  CHECK(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  size_t room = deflateBound(&z, size) + 32;
  unsigned char *out = malloc(room);
  z.next_in = (unsigned char *)bytes, z.avail_in = (uInt)size;
  z.next_out = out, z.avail_out = (uInt)room;
  CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
  *packed = room - z.avail_out;
  deflateEnd(&z);
  return out;
}

/* UTF-16LE with a mark, of ASCII. */
static size_t widen(const char *text, size_t size, char *to) {
  memcpy(to, "\xFF\xFE", 2);
  for (size_t i = 0; i < size; i++) to[2 + 2 * i] = text[i] & 0x7F, to[3 + 2 * i] = 0;
  return 2 + 2 * size;
}

static size_t open_files(void) {
  size_t count = 0;
  DIR *list = opendir("/proc/self/fd");
  while (list && readdir(list)) count++;
  if (list) closedir(list);
  return count;
}

/* ---- comparing ---- */

static bool same_readings(const tally_reading *a, const tally_reading *b) {
  return twin_same_table(tally_reading_table(a), tally_reading_table(b)) &&
         twin_same_table(tally_reading_problems(a), tally_reading_problems(b)) &&
         twin_same_table(tally_reading_metadata(a), tally_reading_metadata(b));
}

static bool same_facts(const tally_reading *a, const tally_reading *b) {
  const tally_reading_facts *x = tally_reading_get_facts(a), *y = tally_reading_get_facts(b);
  return strcmp(x->encoding, y->encoding) == 0 && strcmp(x->reader, y->reader) == 0 && x->separator == y->separator &&
         x->byte_order_marks == y->byte_order_marks && x->header_line == y->header_line;
}

static tally_reading *read_bytes(const void *bytes, size_t size, const tally_csv_options *options) {
  tally_reading *reading = NULL;
  MUST(tally_read_csv(&(tally_input){.bytes = bytes, .size = size}, options, &reading, &check_error));
  return reading;
}

/* ---- a pipe that is written to in pieces ---- */

typedef struct writing {
  const char *bytes;
  size_t size, piece;
  int to;
} writing;

static void *write_pieces(void *context) {
  writing *it = context;
  for (size_t at = 0; at < it->size; at += it->piece) {
    size_t size = it->size - at < it->piece ? it->size - at : it->piece;
    if (write(it->to, it->bytes + at, size) != (ssize_t)size) break;
  }
  close(it->to);
  return NULL;
}

static tally_reading *read_pipe(const void *bytes, size_t size, size_t piece, bool patient) {
  int ends[2];
  pthread_t writer;
  tally_reading *reading = NULL;
  CHECK(pipe(ends) == 0);
  if (!patient) fcntl(ends[0], F_SETFL, O_NONBLOCK);
  writing it = {bytes, size, piece, ends[1]};
  CHECK(pthread_create(&writer, NULL, write_pieces, &it) == 0);
  MUST(tally_read_csv(&(tally_input){.descriptor = ends[0]}, NULL, &reading, &check_error));
  pthread_join(writer, NULL);
  close(ends[0]);
  return reading;
}

static void all_ways_give_the_same(const char *text, size_t size) {
  static const size_t pieces[] = {1, 2, 3, 7, 31, 63, 64, 65, 4096};
  tally_reading *expected = read_bytes(text, size, NULL);
  size_t packed_size;
  unsigned char *packed = pack(text, size, &packed_size);
  write_file(path, text, size);
  write_file(other, packed, packed_size);
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    tally_csv_options options = TALLY_CSV_OPTIONS;
    options.chunk_bytes = pieces[i];
    tally_reading *found[6] = {NULL};
    MUST(tally_read_csv(&(tally_input){.path = path}, &options, &found[0], &check_error));
    MUST(tally_read_csv(&(tally_input){.path = other}, &options, &found[1], &check_error));
    found[2] = read_bytes(packed, packed_size, &options);
    found[3] = read_pipe(text, size, pieces[i], true);
    found[4] = read_pipe(text, size, pieces[i], false);
    found[5] = read_pipe(packed, packed_size, pieces[i], true);
    for (size_t way = 0; way < 6; way++) {
      bool same = same_readings(found[way], expected) && same_facts(found[way], expected);
      CHECK(same);
      if (!same) fprintf(stderr, "  way %zu, pieces of %zu: %.20s\n", way, pieces[i], text);
      tally_reading_release(found[way]);
    }
  }
  tally_reading_release(expected);
  free(packed);
}

static void every_form_gives_the_same(void) {
  char wide[2 * sizeof table_text + 2], windows[] = "a;b\ncaf\xE9;1\nna\xEFve;2\n", broken[] = "a,b\nx,\"1\ny,\"2\"\nz,3\n";
  char damaged[] = "a,b\n\xC5\x81\xC3\xB3,\xE2\x82\xAC\nx\xE9y,\xE2\x82\n\xE9,2\n";
  all_ways_give_the_same(table_text, sizeof table_text - 1);
  all_ways_give_the_same(wide, widen(table_text, sizeof table_text - 1, wide));
  all_ways_give_the_same(windows, sizeof windows - 1);
  all_ways_give_the_same(broken, sizeof broken - 1);
  all_ways_give_the_same(damaged, sizeof damaged - 1);
}

/* Files are known by what is in them. */
static void names_do_not_matter(void) {
  static const char *const names[] = {"t.csv", "t.tsv", "t.txt", "t.csv.gz", "t"};
  static const char *const texts[] = {"a,b\n1,2\n", "a\tb\n1\t2\n", "a;b\n1;2\n", "a|b\n1|2\n"};
  tally_reading *expected = read_bytes(texts[0], strlen(texts[0]), NULL);
  for (size_t n = 0; n < 5; n++) {
    for (size_t t = 0; t < 8; t++) {
      char name[100];
      snprintf(name, sizeof name, "%s/%s", folder, names[n]);
      size_t size;
      unsigned char *packed = pack(texts[t / 2], strlen(texts[t / 2]), &size);
      write_file(name, t % 2 ? (void *)packed : (void *)texts[t / 2], t % 2 ? size : strlen(texts[t / 2]));
      tally_reading *found = NULL;
      MUST(tally_read_csv(&(tally_input){.path = name}, NULL, &found, &check_error));
      const char *compression = tally_reading_get_facts(found)->compression;
      CHECK(twin_same_table(tally_reading_table(found), tally_reading_table(expected)));
      CHECK(t % 2 ? compression && strcmp(compression, "gzip") == 0 : !compression);
      CHECK(tally_reading_get_facts(found)->bytes == (int64_t)(t % 2 ? size : strlen(texts[t / 2])));
      tally_reading_release(found);
      free(packed);
      remove(name);
    }
  }
  tally_reading_release(expected);
}

/* ---- gzip ---- */

static tally_status read_packed(const void *bytes, size_t size, tally_reading **out, tally_error *error) {
  *error = (tally_error){0};
  *out = NULL;
  return tally_read_csv(&(tally_input){.bytes = bytes, .size = size, .name = "t.csv.gz"}, NULL, out, error);
}

static void refuse_packed(const void *bytes, size_t size, const char *part) {
  tally_error error;
  tally_reading *reading;
  tally_status status = read_packed(bytes, size, &reading, &error);
  CHECK(status == TALLY_ESYNTAX && !reading && strstr(error.text, part) && strcmp(error.where, "t.csv.gz") == 0);
  if (!strstr(error.text, part)) fprintf(stderr, "  %s: %s\n", tally_status_name(status), error.text);
}

/* So many MiB of zeros as gzip; to be freed. */
static unsigned char *pack_zeros(int mebibytes, size_t *packed) {
  static unsigned char zeros[1 << 20];
  size_t room = (size_t)mebibytes * 2048;
  unsigned char *out = malloc(room);
  z_stream z = {.next_out = out, .avail_out = (uInt)room};
  CHECK(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  for (int i = 1; i <= mebibytes; i++) {
    z.next_in = zeros, z.avail_in = sizeof zeros;
    CHECK(deflate(&z, i < mebibytes ? Z_NO_FLUSH : Z_FINISH) == (i < mebibytes ? Z_OK : Z_STREAM_END));
  }
  *packed = room - z.avail_out;
  deflateEnd(&z);
  return out;
}

/* Cut anywhere, gzip is an error; with a byte changed anywhere it is an error or the same text. */
static void gzip_is_whole_or_refused(void) {
  size_t size;
  unsigned char *packed = pack(table_text, sizeof table_text - 1, &size);
  tally_reading *expected = read_bytes(table_text, sizeof table_text - 1, NULL), *reading;
  tally_error error;
  for (size_t cut = 2; cut < size; cut++) refuse_packed(packed, cut, "is gzip, but cut off before its end");
  size_t refused = 0;
  for (size_t at = 2; at < size; at++) {
    packed[at] ^= 0x55;
    if (read_packed(packed, size, &reading, &error) == TALLY_OK) {
      CHECK(same_readings(reading, expected));
    } else {
      CHECK(error.code == TALLY_ESYNTAX && strstr(error.text, "is gzip, but"));
      refused++;
    }
    tally_reading_release(reading);
    packed[at] ^= 0x55;
  }
  CHECK(refused > size - 10);
  tally_reading_release(expected);
  free(packed);
}

static void gzip_of_several_members(void) {
  size_t sizes[2], half = sizeof table_text / 2;
  unsigned char *first = pack(table_text, half, &sizes[0]);
  unsigned char *second = pack(table_text + half, sizeof table_text - 1 - half, &sizes[1]), both[1024] = {0};
  size_t size = sizes[0] + sizes[1];
  memcpy(both, first, sizes[0]);
  memcpy(both + sizes[0], second, sizes[1]);
  tally_reading *expected = read_bytes(table_text, sizeof table_text - 1, NULL), *found;
  tally_error error;
  for (size_t zeros = 0; zeros < 600; zeros += 512) {
    CHECK(read_packed(both, size + zeros, &found, &error) == TALLY_OK && same_readings(found, expected));
    tally_reading_release(found);
  }
  refuse_packed(both, size - 1, "cut off");
  refuse_packed(both, sizes[0] + 5, "cut off");
  memcpy(both + size, "a,b\n", 4);
  refuse_packed(both, size + 4, "other bytes follow it");
  both[size] = 0;
  refuse_packed(both, size + 4, "other bytes follow it");
  memcpy(both + size, second, sizes[1]);
  both[size] = 0x1F, both[size + 1] = 0;
  refuse_packed(both, size + 20, "is gzip, but damaged");
  tally_reading_release(expected);
  free(first);
  free(second);
}

static void gzip_that_is_no_table(void) {
  tally_reading *reading;
  tally_error error;
  size_t size, nested;
  unsigned char *packed = pack("", 0, &size);
  refuse_packed(packed, size, "is empty");
  free(packed);
  refuse_packed("\x1F\x8B\x07\0\0\0\0\0\0\0", 10, "is gzip, but damaged (unknown compression method)");
  packed = pack(table_text, sizeof table_text - 1, &size);
  unsigned char *twice = pack(packed, size, &nested);
  refuse_packed(twice, nested, "gzip inside gzip");
  free(twice);
  free(packed);
  /* A trap: 300 MiB of zeros in 300 KiB. The limit of memory is met first where there is one. */
  packed = pack_zeros(300, &size);
  size_t before = tally_memory_used();
  refuse_packed(packed, size, "unpacks to more than 250 times its size");
  tally_set_memory_limit(before + ((size_t)8 << 20));
  CHECK(read_packed(packed, size, &reading, &error) == TALLY_ENOMEM && !reading);
  tally_set_memory_limit(0);
  CHECK(tally_memory_used() == before);
  free(packed);
}

static void gzip_without_memory(void) {
  size_t size, before = tally_memory_used();
  unsigned char *packed = pack(table_text, sizeof table_text - 1, &size);
  write_file(path, packed, size);
  tally_status status = TALLY_ENOMEM;
  for (int64_t count = 0; status != TALLY_OK && count < 100000; count++) {
    tally_error error = {0};
    tally_reading *reading = NULL;
    tally_fail_allocation(count, false);
    status = tally_read_csv(&(tally_input){.path = path}, NULL, &reading, &error);
    tally_fail_allocation(-1, false);
    if (status != TALLY_OK) CHECK(status == TALLY_ENOMEM && !reading);
    tally_reading_release(reading);
    CHECK(tally_memory_used() == before);
  }
  CHECK(status == TALLY_OK);
  free(packed);
}

/* ---- every call fails ---- */

typedef enum way { BY_PATH, BY_FIFO, BY_DESCRIPTOR, BY_PATH_LAX, WAYS } way;

static int fifo_writer;

/* The reader has the fifo open: what is in it is all that will come. */
static void close_fifo(void) {
  close(fifo_writer);
}

static tally_status read_by(way by, const void *bytes, size_t size, tally_reading **out, tally_error *error) {
  tally_csv_options options = TALLY_CSV_OPTIONS;
  options.chunk_bytes = 16;
  if (by == BY_PATH_LAX) options.reader = TALLY_READER_LAX;
  tally_input input = {.path = by == BY_FIFO ? fifo : path, .descriptor = -1};
  int ends[2] = {-1, -1};
  bool armed = fault.armed;
  fault.armed = false;
  if (by == BY_FIFO) {
    fifo_writer = open(fifo, O_RDWR);
    CHECK(write(fifo_writer, bytes, size) == (ssize_t)size);
    fault.opened = close_fifo;
  } else if (by == BY_DESCRIPTOR) {
    CHECK(pipe(ends) == 0 && write(ends[1], bytes, size) == (ssize_t)size);
    close(ends[1]);
    input = (tally_input){.descriptor = ends[0]};
  }
  fault.armed = armed;
  tally_status status = tally_read_csv(&input, &options, out, error);
  fault.armed = false;
  if (fault.opened) fault.opened();
  fault.opened = NULL;
  if (ends[0] >= 0) close(ends[0]);
  return status;
}

/* The call number `at` goes wrong so; an error, or the same answer. Whether there was such a call. */
static bool try_fault(way by, const void *bytes, size_t size, const tally_reading *expected, int at, int how, bool forever) {
  size_t memory = tally_memory_used(), files = open_files();
  tally_error error = {0};
  tally_reading *reading = NULL;
  fault.armed = true, fault.forever = forever, fault.hit = false, fault.seen = 0, fault.at = at, fault.how = how;
  tally_status status = read_by(by, bytes, size, &reading, &error);
  bool right = status == TALLY_OK ? same_readings(reading, expected) : status == TALLY_EIO && !reading && error.text[0];
  CHECK(right);
  if (!right) fprintf(stderr, "  way %d, call %d, error %d: %s %s\n", by, at, how, tally_status_name(status), error.text);
  if (how == SHORTEN) CHECK(status == TALLY_OK);
  tally_reading_release(reading);
  CHECK(tally_memory_used() == memory && open_files() == files);
  return fault.hit;
}

static void every_call_may_fail(const void *bytes, size_t size) {
  static const int errors[] = {EIO, EINTR, EAGAIN, ENOMEM, EBADF, SHORTEN};
  tally_reading *expected = read_bytes(bytes, size, NULL);
  write_file(path, bytes, size);
  for (way by = BY_PATH; by < WAYS; by++) {
    for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
      int calls = 0;
      while (try_fault(by, bytes, size, expected, calls, errors[e], false)) calls++;
      CHECK(calls >= 3);
      bool ends = errors[e] != EINTR && errors[e] != EAGAIN; /* a system that only ever says "again" is waited for */
      for (int at = 0; ends && at < calls; at++) try_fault(by, bytes, size, expected, at, errors[e], true);
    }
  }
  tally_reading_release(expected);
}

static void every_call_may_fail_in_every_form(void) {
  char wide[2 * sizeof table_text + 2];
  size_t packed_size;
  unsigned char *packed = pack(table_text, sizeof table_text - 1, &packed_size);
  every_call_may_fail(table_text, sizeof table_text - 1);
  every_call_may_fail(wide, widen(table_text, sizeof table_text - 1, wide));
  every_call_may_fail(packed, packed_size);
  free(packed);
}

/* Where a call is only interrupted, or has nothing yet, it is made again. */
static void interruptions_do_not_matter(void) {
  static const int errors[] = {EINTR, EAGAIN};
  tally_reading *expected = read_bytes(table_text, sizeof table_text - 1, NULL), *reading = NULL;
  for (size_t e = 0; e < 2; e++) {
    fault.armed = true, fault.forever = false, fault.at = 1, fault.seen = 0, fault.how = errors[e]; /* call 0 is a poll */
    MUST(read_by(BY_DESCRIPTOR, table_text, sizeof table_text - 1, &reading, &check_error));
    CHECK(fault.hit && same_readings(reading, expected));
    tally_reading_release(reading);
  }
  for (int at = 0; at < 12; at++) { /* an open, an fstat, and preads */
    if (at == 1) continue;
    fault.armed = true, fault.at = at, fault.seen = 0, fault.how = EINTR, fault.hit = false;
    write_file(path, table_text, sizeof table_text - 1);
    MUST(read_by(BY_PATH, table_text, sizeof table_text - 1, &reading, &check_error));
    CHECK(fault.hit && same_readings(reading, expected));
    tally_reading_release(reading);
  }
  tally_reading_release(expected);
}

/* A pipe that nobody writes to is left when the work is cancelled. */
static void *cancel_soon(void *context) {
  (void)context;
  usleep(20000);
  tally_cancel(true);
  return NULL;
}

static void a_silent_pipe_can_be_left(void) {
  int ends[2];
  pthread_t thread;
  tally_error error = {0};
  tally_reading *reading = NULL;
  CHECK(pipe(ends) == 0 && pthread_create(&thread, NULL, cancel_soon, NULL) == 0);
  CHECK(tally_read_csv(&(tally_input){.descriptor = ends[0]}, NULL, &reading, &error) == TALLY_ECANCEL && !reading);
  pthread_join(thread, NULL);
  tally_cancel(false);
  close(ends[0]);
  close(ends[1]);
}

/* ---- files that change ---- */

static void cut_file(void) {
  CHECK(truncate(path, 40) == 0);
}

static void extend_file(void) {
  FILE *file = fopen(path, "ab");
  fputs("UG,5,late\n", file);
  fclose(file);
}

/* The same length, other figures. */
static void rewrite_file(void) {
  FILE *file = fopen(path, "r+b");
  fseek(file, 60, SEEK_SET);
  fputs("9", file);
  fclose(file);
}

static void replace_file(void) {
  CHECK(rename(other, path) == 0);
}

static void remove_file(void) {
  CHECK(remove(path) == 0);
}

/* Just before each call in turn. Where the change comes after the last look at the file, the answer is that of the old file. */
static void a_change_is_seen(const void *bytes, size_t size, void (*change)(void), way by) {
  tally_reading *expected = read_bytes(bytes, size, NULL);
  int errors = 0, reads = 0;
  for (int at = 2;; at++) { /* 0 opens it, and 1 looks at it */
    write_file(path, bytes, size);
    write_file(other, bytes, size);
    tally_error error = {0};
    tally_reading *reading = NULL;
    fault.armed = true, fault.forever = fault.hit = false, fault.at = at, fault.seen = fault.reads = 0, fault.how = CHANGE;
    fault.change = change;
    tally_status status = read_by(by, bytes, size, &reading, &error);
    if (fault.hit && status != TALLY_OK) {
      bool said = status == TALLY_EIO && !reading && strstr(error.text, "was changed while being read");
      CHECK(said);
      if (!said) fprintf(stderr, "  call %d: %s %s\n", at, tally_status_name(status), error.text);
      errors++;
    } else {
      CHECK(status == TALLY_OK && same_readings(reading, expected));
      reads = fault.reads;
    }
    tally_reading_release(reading);
    if (!fault.hit) break;
  }
  CHECK(reads > 1 && errors >= reads);
  tally_reading_release(expected);
}

static void every_change_is_seen(void) {
  static void (*const changes[])(void) = {cut_file, extend_file, rewrite_file, replace_file, remove_file};
  char wide[2 * sizeof table_text + 2];
  size_t packed_size, wide_size = widen(table_text, sizeof table_text - 1, wide);
  unsigned char *packed = pack(table_text, sizeof table_text - 1, &packed_size);
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    a_change_is_seen(table_text, sizeof table_text - 1, changes[i], BY_PATH);
    a_change_is_seen(table_text, sizeof table_text - 1, changes[i], BY_PATH_LAX);
    a_change_is_seen(wide, wide_size, changes[i], BY_PATH);
    a_change_is_seen(packed, packed_size, changes[i], BY_PATH);
  }
  free(packed);
}

/* ---- rows that are drawn later ---- */

static tally_status draw_rows(tally_reading *reading, tally_table **out, tally_error *error) {
  tally_source source;
  tally_program *program = NULL;
  tally_status status = tally_reading_source(reading, &source, error);
  if (status == TALLY_OK) status = tally_program_over(&source, &program, error);
  if (status == TALLY_OK) status = tally_program_collect(program, NULL, 0, out, error);
  tally_program_release(program);
  return status;
}

static tally_status scan_rows(tally_table **out, tally_error *error) {
  tally_csv_options options = TALLY_CSV_OPTIONS;
  options.chunk_bytes = 16;
  tally_reading *reading = NULL;
  tally_status status = tally_scan_csv(&(tally_input){.path = path}, &options, &reading, error);
  if (status == TALLY_OK) status = draw_rows(reading, out, error);
  tally_reading_release(reading);
  return status;
}

/* The call number `at` goes wrong so while rows are scanned. Whether there was such a call. */
static bool try_scan(const tally_table *expected, int at, int how, bool *failed) {
  size_t memory = tally_memory_used(), files = open_files();
  tally_error error = {0};
  tally_table *rows = NULL;
  fault.armed = true, fault.forever = fault.hit = false, fault.seen = fault.reads = 0, fault.at = at, fault.how = how;
  tally_status status = scan_rows(&rows, &error);
  fault.armed = false;
  bool right = status == TALLY_OK ? twin_same_table(rows, expected) : status == TALLY_EIO && !rows && error.text[0];
  if (how == CHANGE && status != TALLY_OK) right = right && strstr(error.text, "was changed while being read");
  CHECK(right);
  if (!right) fprintf(stderr, "  scan, call %d, error %d: %s %s\n", at, how, tally_status_name(status), error.text);
  if (how == SHORTEN || how == EINTR) CHECK(status == TALLY_OK || at == 1); /* an fstat is not made again */
  *failed = status != TALLY_OK;
  tally_table_release(rows);
  CHECK(tally_memory_used() == memory && open_files() == files);
  return fault.hit;
}

static void scanning_is_no_different(void) {
  static const char text[] =
      "level,students\nUG,\"1,075\"\nPGT,730\nPGR,95\nUG,525\nPGT,7\nPGR,12\nUG,10900\nUG,8\nPGT,770\nPGR,310\n";
  static const int errors[] = {EIO, ENOMEM, EBADF, SHORTEN};
  static void (*const changes[])(void) = {cut_file, extend_file, rewrite_file, replace_file, remove_file};
  tally_reading *whole = read_bytes(text, sizeof text - 1, NULL);
  const tally_table *expected = tally_reading_table(whole);
  write_file(path, text, sizeof text - 1);
  bool failed = false;
  for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
    int calls = 0;
    while (try_scan(expected, calls, errors[e], &failed)) calls++;
    CHECK(calls > 10);
  }
  for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
    int failures = 0, at = 2;
    fault.change = changes[c];
    do {
      write_file(path, text, sizeof text - 1);
      write_file(other, text, sizeof text - 1);
      failures += failed;
    } while (try_scan(expected, at++, CHANGE, &failed));
    CHECK(failures >= fault.reads);
  }
  tally_reading_release(whole);
}

/* Files of /proc say that they are empty. */
static void a_file_that_says_it_is_empty(void) {
  tally_reading *reading = NULL;
  MUST(tally_read_csv(&(tally_input){.path = "/proc/self/mounts"}, NULL, &reading, &check_error));
  CHECK(tally_reading_get_facts(reading)->bytes > 0);
  tally_reading_release(reading);
  write_file(path, "", 0);
  tally_error error = {0};
  CHECK(tally_read_csv(&(tally_input){.path = path}, NULL, &reading, &error) == TALLY_ESYNTAX && strstr(error.text, "is empty"));
}

int main(void) {
  CHECK(mkdtemp(folder) != NULL);
  snprintf(path, sizeof path, "%s/t.csv", folder);
  snprintf(other, sizeof other, "%s/other", folder);
  snprintf(fifo, sizeof fifo, "%s/fifo", folder);
  CHECK(mkfifo(fifo, 0600) == 0);
  tally_threads(1); /* calls are counted in the order of the bytes */
  every_form_gives_the_same();
  names_do_not_matter();
  gzip_is_whole_or_refused();
  gzip_of_several_members();
  gzip_that_is_no_table();
  gzip_without_memory();
  every_call_may_fail_in_every_form();
  interruptions_do_not_matter();
  a_silent_pipe_can_be_left();
  every_change_is_seen();
  scanning_is_no_different();
  a_file_that_says_it_is_empty();
  remove(path);
  remove(other);
  remove(fifo);
  CHECK(remove(folder) == 0);
  tally_shutdown();
  return finish();
}
