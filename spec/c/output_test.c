/* Where written bytes go: files are whole or as they were, whatever fails. The calls of the system are put in front of those of
 * the C library by this program, so that each can be made to fail, once or for ever, or to write less than was asked. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sink.h"
#include "twin.h"

/* ---- calls that fail ---- */

typedef enum call { OPEN, OPENAT, FCHMOD, FCHOWN, WRITE, FSYNC, CLOSE, RENAMEAT, CALLS } call;

static struct {
  atomic_bool armed;
  call which;
  int error;       /* errno of the failure */
  bool forever;    /* else once */
  size_t most;     /* of a write; 0: as many as asked */
  atomic_int left; /* calls before the failure */
  atomic_int failed;
} fault;

static bool fails(call which) {
  if (!atomic_load(&fault.armed) || fault.which != which || fault.error == 0) return false;
  int before = atomic_fetch_sub(&fault.left, 1);
  if (before > 0 || (before < 0 && !fault.forever)) return false;
  atomic_fetch_add(&fault.failed, 1);
  errno = fault.error;
  return true;
}

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static mode_t mode_of(int flags, va_list arguments) {
  return flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
}

int open(const char *name, int flags, ...) {
  REAL(open);
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return fails(OPEN) ? -1 : real(name, flags, mode);
}

int openat(int folder, const char *name, int flags, ...) {
  REAL(openat);
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return fails(OPENAT) ? -1 : real(folder, name, flags, mode);
}

int fchmod(int descriptor, mode_t mode) {
  REAL(fchmod);
  return fails(FCHMOD) ? -1 : real(descriptor, mode);
}

int fchown(int descriptor, uid_t user, gid_t group) {
  REAL(fchown);
  return fails(FCHOWN) ? -1 : real(descriptor, user, group);
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
  REAL(write);
  if (fails(WRITE)) return -1;
  bool less = atomic_load(&fault.armed) && fault.most > 0 && size > fault.most;
  return real(descriptor, bytes, less ? fault.most : size);
}

int fsync(int descriptor) {
  REAL(fsync);
  return fails(FSYNC) ? -1 : real(descriptor);
}

/* As on Linux, the descriptor is closed even when this fails. */
int close(int descriptor) {
  REAL(close);
  int number, failed = fails(CLOSE);
  if (failed) number = errno;
  int closed = real(descriptor);
  if (failed) errno = number;
  return failed ? -1 : closed;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  REAL(renameat);
  return fails(RENAMEAT) ? -1 : real(from_folder, from, to_folder, to);
}

/* ---- files ---- */

static char folder[64];
static char path[80];

static bool holds_bytes(const char *of, const char *expected, size_t size) {
  FILE *file = fopen(of, "rb");
  if (!file) return false;
  char *there = malloc(size + 1);
  bool same = fread(there, 1, size + 1, file) == size && memcmp(there, expected, size) == 0;
  free(there);
  fclose(file);
  return same;
}

static bool holds(const char *of, const char *expected) {
  return holds_bytes(of, expected, strlen(expected));
}

static int entries(const char *of) {
  int count = 0;
  DIR *open_folder = opendir(of);
  while (readdir(open_folder)) count++;
  closedir(open_folder);
  return count - 2;
}

/* Files in the folder, hidden ones too. */
static int files_there(void) {
  return entries(folder);
}

static void put_old(void) {
  MUST(tally_write_bytes("old\n", 4, &(tally_output){.path = path}, &check_error));
}

/* A table of which a few pieces are made. */
static tally_table *long_table(int64_t rows) {
  static const char *const names[] = {"n", "text"};
  tally_column *columns[2];
  tally_builder *builder;
  for (int c = 0; c < 2; c++) {
    MUST(tally_builder_new(c ? TALLY_TEXT : TALLY_INTEGER, &builder, &check_error));
    for (int64_t i = 0; i < rows; i++) {
      MUST(tally_builder_append(builder, c ? twin_text(i % 7 ? "abc" : "d,\"e\"") : twin_integer(i * i), &check_error));
    }
    MUST(tally_builder_finish(builder, &columns[c], &check_error));
    tally_builder_release(builder);
  }
  return twin_table(names, columns, 2, rows);
}

static void test_file(void) {
  struct stat now;
  put_old();
  CHECK(holds(path, "old\n"));
  CHECK(chmod(path, 0640) == 0);
  MUST(tally_write_bytes("new\n", 4, &(tally_output){.path = path}, &check_error));
  CHECK(holds(path, "new\n"));
  CHECK(stat(path, &now) == 0 && (now.st_mode & 07777) == 0640);
  CHECK(files_there() == 1);
  char link[96];
  snprintf(link, sizeof link, "%s/link", folder);
  CHECK(symlink("t.csv", link) == 0);
  MUST(tally_write_bytes("through\n", 8, &(tally_output){.path = link}, &check_error));
  CHECK(holds(path, "through\n") && lstat(link, &now) == 0 && S_ISLNK(now.st_mode));
  CHECK(unlink(path) == 0);
  FAILS(TALLY_EIO, "a link to a file that is not there", tally_write_bytes("", 0, &(tally_output){.path = link}, &check_error));
  CHECK(unlink(link) == 0 && files_there() == 0);
}

/* An owner stays the owner, and a group that cannot be kept is not let in by the mode of the old file. */
static void test_owner(void) {
  struct stat now;
  put_old();
  if (geteuid() == 0) {
    CHECK(chown(path, 1, 2) == 0 && chmod(path, 0640) == 0);
    put_old();
    CHECK(stat(path, &now) == 0 && now.st_uid == 1 && now.st_gid == 2 && (now.st_mode & 07777) == 0640);
  }
  CHECK(chmod(path, 0664) == 0);
  fault.which = FCHOWN;
  fault.error = EPERM;
  fault.forever = true;
  atomic_store(&fault.left, 0);
  atomic_store(&fault.armed, true);
  put_old();
  atomic_store(&fault.armed, false);
  CHECK(stat(path, &now) == 0 && (now.st_mode & 07777) == 0604);
  CHECK(unlink(path) == 0);
}

static bool is_where(const char *where) {
  return strcmp(check_error.where, where) == 0;
}

static void test_failures(const tally_table *table) {
  tally_output to_file = {.path = path};
  put_old();
  FAILS(TALLY_EIO, "cannot be written: No space left",
        tally_write_csv(table, &(tally_output){.path = "/dev/full"}, NULL, &check_error));
  CHECK(is_where("/dev/full"));
  FAILS(TALLY_EIO, "it is a folder", tally_write_csv(table, &(tally_output){.path = folder}, NULL, &check_error));
  char nowhere[96];
  snprintf(nowhere, sizeof nowhere, "%s/none/t.csv", folder);
  FAILS(TALLY_EIO, "No such file or directory", tally_write_csv(table, &(tally_output){.path = nowhere}, NULL, &check_error));
  CHECK(is_where(nowhere));
  FAILS(TALLY_EIO, "no such folder", tally_write_csv(table, &(tally_output){.path = ""}, NULL, &check_error));
  FAILS(TALLY_EIO, "Bad file descriptor", tally_write_csv(table, &(tally_output){.descriptor = -1}, NULL, &check_error));
  CHECK(is_where("(output)"));
  sink it = {.most = 1};
  tally_output to_sink = sink_output(&it);
  FAILS(TALLY_EIO, "refused", tally_write_csv(table, &to_sink, NULL, &check_error));
  tally_cancel(true);
  FAILS(TALLY_ECANCEL, "interrupted", tally_write_csv(table, &to_file, NULL, &check_error));
  tally_cancel(false);
  if (geteuid() != 0) {
    CHECK(chmod(folder, 0500) == 0);
    FAILS(TALLY_EIO, "Permission denied", tally_write_csv(table, &to_file, NULL, &check_error));
    CHECK(chmod(folder, 0700) == 0);
    CHECK(chmod(path, 0400) == 0);
    FAILS(TALLY_EIO, "Permission denied", tally_write_csv(table, &to_file, NULL, &check_error));
    CHECK(chmod(path, 0600) == 0);
  }
  CHECK(holds(path, "old\n"));
  CHECK(files_there() == 1);
}

static void test_descriptor(const tally_table *table) {
  int ends[2];
  char got[16] = "";
  tally_table *none;
  MUST(tally_table_slice(table, 0, 0, &none, &check_error));
  CHECK(pipe(ends) == 0);
  MUST(tally_write_csv(none, &(tally_output){.descriptor = ends[1]}, NULL, &check_error));
  CHECK(write(ends[1], "!", 1) == 1); /* still open */
  CHECK(read(ends[0], got, sizeof got) == 8 && memcmp(got, "n,text\n!", 8) == 0);
  tally_table_release(none);
  close(ends[0]);
  sigset_t pending;
  FAILS(TALLY_EIO, "Broken pipe", tally_write_csv(table, &(tally_output){.descriptor = ends[1]}, NULL, &check_error));
  CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGPIPE));
  close(ends[1]);
}

/* ---- every call fails in turn ---- */

typedef struct attempt {
  const tally_table *table;
  const sink *expected;
  bool is_new; /* no file was there */
} attempt;

static int descriptors_open(void) {
  return entries("/proc/self/fd");
}

/* Old or new, never mixed, and nothing beside it; new when the call says so. */
static void check_outcome(const attempt *it, tally_status status, const tally_error *error) {
  bool old_there = it->is_new ? access(path, F_OK) != 0 : holds(path, "old\n");
  bool new_there = holds_bytes(path, it->expected->bytes, it->expected->size);
  if (status == TALLY_OK) CHECK(new_there);
  if (status != TALLY_OK) {
    bool too_late = strstr(error->text, "is written, but") && new_there; /* the folder's fsync */
    CHECK(status == TALLY_EIO && (old_there || too_late));
    CHECK(is_where(path) && strstr(error->text, strerror(fault.error)));
  }
  CHECK(files_there() == (old_there && it->is_new ? 0 : 1));
}

/* What is lost is said: only an interrupted call goes on, only an owner need not be kept, and only the folder's close, the second,
 * does not matter. */
static bool is_harmless(int left) {
  if (fault.which == WRITE || fault.which == CLOSE) return fault.error == EINTR || (fault.which == CLOSE && left > 0);
  return fault.which == FCHOWN;
}

/* One writing with the fault that was set; false when it was not met. */
static bool try_once(const attempt *it, int left) {
  if (it->is_new)
    unlink(path);
  else
    put_old();
  int before = descriptors_open();
  check_error = (tally_error){0};
  atomic_store(&fault.left, left);
  atomic_store(&fault.failed, 0);
  atomic_store(&fault.armed, true);
  tally_status status = tally_write_csv(it->table, &(tally_output){.path = path}, NULL, &check_error);
  atomic_store(&fault.armed, false);
  check_outcome(it, status, &check_error);
  CHECK(descriptors_open() == before);
  bool met = atomic_load(&fault.failed) > 0;
  CHECK((met && !is_harmless(left)) == (status != TALLY_OK));
  return met;
}

/* Returns how many calls there were. */
static int fail_each(const attempt *it, call which, int error, bool forever) {
  fault.which = which;
  fault.error = error;
  fault.forever = forever;
  int calls = 0;
  while (try_once(it, calls)) calls++;
  return calls;
}

/* An interrupted write goes on; for ever is not tried then, because it would. */
static void test_faults(attempt it) {
  static const int errors[] = {EIO, ENOSPC, EDQUOT, EINTR};
  static const int least[CALLS] = {[OPEN] = 1, [OPENAT] = 1, [WRITE] = 4, [FSYNC] = 2, [CLOSE] = 2, [RENAMEAT] = 1};
  for (call which = 0; which < CALLS; which++) {
    for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
      for (int forever = 0; forever <= (which != WRITE || errors[e] != EINTR); forever++) {
        int calls = fail_each(&it, which, errors[e], forever);
        CHECK(calls >= least[which]);
      }
    }
  }
}

static void test_short_writes(attempt it) {
  fault.which = WRITE;
  fault.error = 0;
  for (fault.most = 1; fault.most < 200000; fault.most = fault.most * 3 + 1) {
    if (fault.most > 30) CHECK(!try_once(&it, 0));
  }
  fault.most = 1000; /* and then the disk is full */
  fault.error = ENOSPC;
  fault.forever = true;
  for (int left = 0; left < 2000; left += 97) try_once(&it, left);
  fault.most = 0;
}

static void test_each_call(void) {
  tally_table *table = long_table(40000);
  sink expected = {0};
  tally_output to = sink_output(&expected);
  MUST(tally_write_csv(table, &to, NULL, &check_error));
  for (int threads = 1; threads <= 3; threads++) {
    tally_threads(threads);
    attempt it = {.table = table, .expected = &expected, .is_new = threads == 2};
    test_faults(it);
    test_short_writes(it);
  }
  tally_threads(0);
  unlink(path);
  put_old();
  free(expected.bytes);
  tally_table_release(table);
}

/* ---- processes ---- */

/* The thread sanitizer does not allow a child to start threads. */
static void be_child(void) {
#ifdef __SANITIZE_THREAD__
  tally_threads(1);
#endif
}

/* The size that a file may have is an error and not a signal that ends the process. */
static void test_size_limit(const tally_table *table) {
  put_old();
  pid_t child = fork();
  if (child == 0) {
    struct rlimit limit = {100000, 100000};
    tally_error error = {0};
    be_child();
    setrlimit(RLIMIT_FSIZE, &limit);
    tally_status status = tally_write_csv(table, &(tally_output){.path = path}, NULL, &error);
    _exit(status == TALLY_EIO && strstr(error.text, "File too large") ? 0 : 1);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(holds(path, "old\n") && files_there() == 1);
}

/* The temporary file of a process that was killed is left; nothing else is. */
static int sweep(void) {
  int count = 0;
  DIR *open_folder = opendir(folder);
  for (struct dirent *entry; (entry = readdir(open_folder));) {
    if (strncmp(entry->d_name, ".tally-", 7) == 0) count += unlinkat(dirfd(open_folder), entry->d_name, 0) == 0;
  }
  closedir(open_folder);
  return count;
}

static void test_kill(const tally_table *table, const sink *expected) {
  int killed_midway = 0;
  for (int i = 0; i < 400 && killed_midway < 20; i++) {
    put_old();
    pid_t child = fork();
    if (child == 0) {
      be_child();
      for (;;) tally_write_csv(table, &(tally_output){.path = path}, NULL, NULL);
    }
    usleep((useconds_t)twin_random(20000));
    kill(child, SIGKILL);
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK(holds(path, "old\n") || holds_bytes(path, expected->bytes, expected->size));
    killed_midway += sweep();
    CHECK(files_there() == 1);
  }
  CHECK(killed_midway > 0);
}

typedef struct writer {
  const tally_table *table;
  atomic_bool *stop;
  bool failed;
} writer;

static void *write_on(void *argument) {
  writer *it = argument;
  while (!atomic_load(it->stop)) {
    it->failed |= tally_write_csv(it->table, &(tally_output){.path = path}, NULL, NULL) != TALLY_OK;
  }
  return NULL;
}

/* Who reads while two write sees the one table or the other, or is told that another file came in its place. */
static void test_race(const tally_table *table, const sink *expected) {
  tally_table *few;
  sink other = {0};
  tally_output to = sink_output(&other);
  MUST(tally_table_slice(table, 0, 20, &few, &check_error));
  MUST(tally_write_csv(few, &to, NULL, &check_error));
  MUST(tally_write_csv(few, &(tally_output){.path = path}, NULL, &check_error));
  atomic_bool stop = false;
  pthread_t threads[2];
  writer writers[] = {{table, &stop, false}, {few, &stop, false}};
  for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, write_on, &writers[i]) == 0);
  bool whole = true;
  for (int i = 0; i < 200; i++) {
    tally_reading *reading = NULL;
    tally_error error = {0};
    tally_status status = tally_read_csv(&(tally_input){.path = path}, NULL, &reading, &error);
    int64_t rows = status == TALLY_OK ? tally_table_rows(tally_reading_table(reading)) : -1;
    whole &= rows == few->rows || rows == table->rows || strstr(error.text, "was changed while being read");
    tally_reading_release(reading);
  }
  atomic_store(&stop, true);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  CHECK(whole && !writers[0].failed && !writers[1].failed);
  CHECK(holds_bytes(path, other.bytes, other.size) || holds_bytes(path, expected->bytes, expected->size));
  CHECK(files_there() == 1);
  free(other.bytes);
  tally_table_release(few);
}

/* ---- memory ---- */

static void test_memory(const tally_table *table) {
  put_old();
  size_t before = tally_memory_used();
  for (int form = 0; form < 2; form++) {
    tally_status status = TALLY_ENOMEM;
    for (int64_t count = 0; status != TALLY_OK && count < 400; count++) {
      tally_error error = {0};
      tally_output to = {.path = path};
      tally_fail_allocation(count, false);
      status = form ? tally_write_json(table, &to, NULL, &error) : tally_write_csv(table, &to, NULL, &error);
      tally_fail_allocation(-1, false);
      CHECK(status == TALLY_OK || (status == TALLY_ENOMEM && error.code == TALLY_ENOMEM));
      CHECK(status == TALLY_OK || form || holds(path, "old\n"));
      CHECK(tally_memory_used() == before && files_there() == 1);
    }
    CHECK(status == TALLY_OK);
  }
}

/* A few pieces are held at a time, however much is written. */
static void test_bounded(void) {
  tally_table *table = long_table(1000000);
  struct stat now;
  tally_threads(2);
  tally_set_memory_limit(tally_memory_used() + (4 << 20));
  MUST(tally_write_csv(table, &(tally_output){.path = path}, NULL, &check_error));
  tally_set_memory_limit(0);
  tally_threads(0);
  CHECK(stat(path, &now) == 0 && now.st_size > 15 << 20);
  tally_table_release(table);
}

int main(void) {
  /* Thousands of fsync take their time on a disk. */
  snprintf(folder, sizeof folder, "%s/tally-output-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  if (!mkdtemp(folder)) return 1;
  snprintf(path, sizeof path, "%s/t.csv", folder);
  tally_table *table = long_table(40000);
  sink expected = {0};
  tally_output to = sink_output(&expected);
  MUST(tally_write_csv(table, &to, NULL, &check_error));
  test_file();
  test_owner();
  test_failures(table);
  test_descriptor(table);
  test_each_call();
  test_size_limit(table);
  test_kill(table, &expected);
  test_race(table, &expected);
  test_memory(table);
  test_bounded();
  free(expected.bytes);
  tally_table_release(table);
  unlink(path);
  rmdir(folder);
  return finish();
}
