/* emit/output: bytes go to a file, a descriptor or a function.
 *
 * The idea: a file is written under another name in its own folder, made safe on the disk, and only then renamed, so that whoever
 * looks, and whatever fails, finds the old file or the whole new one. What is not a regular file (a device, a pipe) is written
 * straight. Bytes are made in pieces, by all workers at once, while one of them lets go the pieces that were made before. What the
 * bytes mean is the business of the rooms that write them. */
#define _GNU_SOURCE /* strerrordesc_np */
#include "emit/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/pool.h"

enum { PIECES_OF_WORKER = 4, NAMES_TRIED = 10000 };

typedef struct destination {
  const tally_output *to;
  const char *name; /* for messages */
  int descriptor;   /* -1: there is none */
  bool close;       /* the descriptor is ours and open */
  int folder;       /* of the file to be replaced; -1: nothing is to be renamed */
  char *target;     /* the path that is replaced in the end: links followed */
  char temporary[32];
} destination;

/* "cannot be written: No space left on device" */
static tally_status system_error(const destination *out, const char *what, int number, tally_error *error) {
  return tl_fail_at(error, TALLY_EIO, out->name, 0, 0, "%s: %s", what, strerrordesc_np(number));
}

static tally_status cannot_write(const destination *out, int number, tally_error *error) {
  return system_error(out, "cannot be written", number, error);
}

/* ---- going out ---- */

/* After a write that wrote nothing. A signal may mean that the work is to stop; a descriptor that does not block is waited for. */
static tally_status wait_to_write(const destination *out, int number, tally_error *error) {
  struct pollfd ready = {.fd = out->descriptor, .events = POLLOUT};
  if (number != EINTR && (number != EAGAIN || (poll(&ready, 1, -1) < 0 && errno != EINTR))) return cannot_write(out, number, error);
  return tl_pool_check(error);
}

static tally_status write_descriptor(const destination *out, tally_text bytes, tally_error *error) {
  const char *at = bytes.bytes, *end = at + bytes.size;
  while (at < end) {
    ssize_t written = write(out->descriptor, at, (size_t)(end - at));
    if (written > 0)
      at += written;
    else
      TL_TRY(wait_to_write(out, written == 0 ? EIO : errno, error));
  }
  return TALLY_OK;
}

static tally_status write_function(const destination *out, tally_text bytes, tally_error *error) {
  tally_status status = out->to->write(out->to->context, bytes.bytes, bytes.size, error);
  if (status == TALLY_OK) return TALLY_OK;
  return tl_fail(error, status, "the function that takes the output refused it (%s)", tally_status_name(status));
}

static bool is_function(const destination *out) {
  return !out->to->path && out->to->write;
}

static tally_status let_go(const destination *out, tally_text bytes, tally_error *error) {
  if (bytes.size == 0) return TALLY_OK;
  return is_function(out) ? write_function(out, bytes, error) : write_descriptor(out, bytes, error);
}

/* ---- opening ---- */

/* The folder of `path` with its last slash, as a text of its own. */
static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? tl_mem_text(path, (size_t)(slash - path) + 1) : tl_mem_text("./", 2);
}

static const char *name_in_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* A new file beside the target, by a name that nobody has. */
static int create_temporary(destination *out, mode_t mode) {
  for (int i = 0; i < NAMES_TRIED; i++) {
    snprintf(out->temporary, sizeof out->temporary, ".tally-%ld-%d", (long)getpid(), i);
    int made = openat(out->folder, out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (made >= 0) return made;
    if (errno != EEXIST) break;
  }
  out->temporary[0] = '\0';
  return -1;
}

/* The new file belongs to whom the old one belonged to, as far as the system allows, and has its mode. A group that was let in
 * stays let in; another group is not. */
static tally_status dress_as(const destination *out, const struct stat *old, tally_error *error) {
  mode_t mode = old->st_mode & 07777;
  bool same_group = fchown(out->descriptor, old->st_uid, old->st_gid) == 0 || fchown(out->descriptor, (uid_t)-1, old->st_gid) == 0;
  if (!same_group) mode &= ~(mode_t)(S_ISGID | S_IRWXG);
  if (fchmod(out->descriptor, mode)) return system_error(out, "cannot be given the mode of the file that is there", errno, error);
  return TALLY_OK;
}

/* old  the file that is there, NULL when there is none */
static tally_status open_beside(destination *out, const struct stat *old, tally_error *error) {
  char *folder = folder_of(out->target);
  if (!folder) return tl_no_memory(error);
  out->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int number = errno;
  tl_mem_free(folder);
  if (out->folder < 0) return cannot_write(out, number, error);
  out->descriptor = create_temporary(out, old ? 0600 : 0666);
  if (out->descriptor < 0) return cannot_write(out, errno, error);
  out->close = true;
  return old ? dress_as(out, old, error) : TALLY_OK;
}

static tally_status open_straight(destination *out, tally_error *error) {
  out->descriptor = open(out->to->path, O_WRONLY | O_CLOEXEC);
  if (out->descriptor < 0) return cannot_write(out, errno, error);
  out->close = true;
  return TALLY_OK;
}

static tally_status refuse(const destination *out, const char *why, tally_error *error) {
  return tl_fail_at(error, TALLY_EIO, out->name, 0, 0, "cannot be written: %s", why);
}

/* Follows links, so that the file is replaced and not the link to it. */
static tally_status find_target(destination *out, bool there, tally_error *error) {
  char real[PATH_MAX];
  struct stat link;
  const char *path = out->to->path;
  if (there && !(path = realpath(path, real))) return cannot_write(out, errno, error);
  if (!there && lstat(path, &link) == 0) return refuse(out, "it is a link to a file that is not there", error);
  out->target = tl_mem_text(path, strlen(path));
  return out->target ? TALLY_OK : tl_no_memory(error);
}

static tally_status open_path(destination *out, tally_error *error) {
  struct stat old;
  bool there = stat(out->to->path, &old) == 0;
  if (!there && errno != ENOENT) return cannot_write(out, errno, error);
  if (there && S_ISDIR(old.st_mode)) return refuse(out, "it is a folder", error);
  if (there && !S_ISREG(old.st_mode)) return open_straight(out, error);
  if (there && access(out->to->path, W_OK)) return cannot_write(out, errno, error); /* renaming would not mind */
  TL_TRY(find_target(out, there, error));
  if (*name_in_folder(out->target) == '\0') return refuse(out, "there is no such folder", error);
  return open_beside(out, there ? &old : NULL, error);
}

static tally_status open_output(destination *out, const tally_output *to, tally_error *error) {
  *out = (destination){.to = to, .descriptor = -1, .folder = -1, .name = to->path ? to->path : "(output)"};
  if (to->path) return open_path(out, error);
  if (!to->write) out->descriptor = to->descriptor;
  return TALLY_OK;
}

/* ---- closing ---- */

/* Some file systems and pipes know no fsync; that is no failure of the writing. */
static bool make_safe(int descriptor) {
  return fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
}

static tally_status close_descriptor(destination *out, tally_status status, tally_error *error) {
  if (!out->close) return status;
  if (status == TALLY_OK && !make_safe(out->descriptor)) status = cannot_write(out, errno, error);
  bool closed = close(out->descriptor) == 0 || errno == EINTR;
  out->close = false;
  return status == TALLY_OK && !closed ? cannot_write(out, errno, error) : status;
}

static tally_status take_place(const destination *out, tally_status status, tally_error *error) {
  if (out->folder < 0) return status;
  if (status == TALLY_OK && renameat(out->folder, out->temporary, out->folder, name_in_folder(out->target)))
    status = system_error(out, "cannot be replaced", errno, error);
  else if (status == TALLY_OK && !make_safe(out->folder))
    return system_error(out, "is written, but may not outlast a failure of the machine", errno, error);
  if (status != TALLY_OK && out->temporary[0]) unlinkat(out->folder, out->temporary, 0);
  return status;
}

/* With `status` TALLY_OK the new file takes the place of the old; else the old file stays as it was. */
static tally_status close_output(destination *out, tally_status status, tally_error *error) {
  status = close_descriptor(out, status, error);
  status = take_place(out, status, error);
  if (out->folder >= 0) close(out->folder);
  tl_mem_free(out->target);
  return status;
}

/* ---- pieces ---- */

/* Two sets of pieces: while the full one goes out, the other is filled. */
typedef struct wave {
  const destination *out;
  tl_output_make make;
  void *context;
  tl_bytes *full, *filling;
  size_t full_count, filling_count;
  size_t first;   /* piece of those that are being filled */
  size_t letting; /* tasks that let the full ones go, 0 or 1 */
} wave;

/* The disk begins at once with what it will be waited for in the end. */
static void hurry(int descriptor) {
#ifdef SYNC_FILE_RANGE_WRITE
  (void)sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
  (void)descriptor;
#endif
}

static tally_status let_go_full(const wave *it, tally_error *error) {
  for (size_t i = 0; i < it->full_count; i++) {
    TL_TRY(tl_pool_check(error));
    TL_TRY(let_go(it->out, tl_bytes_text(&it->full[i]), error));
  }
  if (it->out->folder >= 0) hurry(it->out->descriptor);
  return TALLY_OK;
}

static tally_status run_task(void *context, size_t task, size_t worker, tally_error *error) {
  (void)worker;
  const wave *it = context;
  if (task < it->letting) return let_go_full(it, error);
  size_t piece = task - it->letting;
  it->filling[piece].size = 0;
  return it->make(it->context, it->first + piece, &it->filling[piece], error);
}

/* Only a file of our own is written by whoever is free: a function, a pipe or a terminal is the caller's business. */
static tally_status run_wave(wave *it, tally_error *error) {
  it->letting = it->out->folder >= 0 && it->full_count > 0;
  if (!it->letting) TL_TRY(let_go_full(it, error));
  return tl_pool_run(it->letting + it->filling_count, run_task, it, error);
}

static void turn(wave *it) {
  tl_bytes *emptied = it->full;
  it->full = it->filling;
  it->full_count = it->filling_count;
  it->filling = emptied;
  it->first += it->filling_count;
}

static tally_status put_pieces(const destination *out, size_t count, tl_output_make make, void *context, tally_error *error) {
  size_t most = tl_pool_workers() * PIECES_OF_WORKER;
  tl_bytes *pieces = tl_mem_zero(most * 2, sizeof *pieces);
  if (!pieces) return tl_no_memory(error);
  wave it = {.out = out, .make = make, .context = context, .full = pieces, .filling = pieces + most};
  tally_status status = TALLY_OK;
  while (status == TALLY_OK && (it.first < count || it.full_count > 0)) {
    it.filling_count = count - it.first < most ? count - it.first : most;
    status = run_wave(&it, error);
    turn(&it);
  }
  for (size_t i = 0; i < most * 2; i++) tl_bytes_done(&pieces[i]);
  tl_mem_free(pieces);
  return status;
}

/* ---- together ---- */

/* Signals that a write may raise, which would end the process where an error is meant. */
typedef struct held_signals {
  sigset_t held, before;
} held_signals;

static void hold_signals(held_signals *it) {
  sigset_t pending;
  sigemptyset(&it->held);
  sigpending(&pending);
  if (!sigismember(&pending, SIGPIPE)) sigaddset(&it->held, SIGPIPE);
  if (!sigismember(&pending, SIGXFSZ)) sigaddset(&it->held, SIGXFSZ);
  pthread_sigmask(SIG_BLOCK, &it->held, &it->before);
}

static void drop_signals(const held_signals *it) {
  const struct timespec at_once = {0};
  while (sigtimedwait(&it->held, NULL, &at_once) > 0) continue;
  pthread_sigmask(SIG_SETMASK, &it->before, NULL);
}

tally_status tl_output_write(const tally_output *to, size_t count, tl_output_make make, void *context, tally_error *error) {
  destination out;
  held_signals signals;
  hold_signals(&signals);
  tally_status status = open_output(&out, to, error);
  if (status == TALLY_OK) status = put_pieces(&out, count, make, context, error);
  status = close_output(&out, status, error);
  drop_signals(&signals);
  return status;
}

/* ---- bytes that are ready ---- */

enum { READY_PIECE = 1 << 18 };

static tally_status copy_piece(void *context, size_t piece, tl_bytes *bytes, tally_error *error) {
  const tally_text *all = context;
  size_t start = piece * READY_PIECE, left = all->size - start;
  return tl_bytes_put(bytes, tl_text(all->bytes + start, left < READY_PIECE ? left : READY_PIECE), error);
}

tally_status tally_write_bytes(const void *bytes, size_t size, const tally_output *output, tally_error *error) {
  tally_text all = tl_text(bytes, size);
  return tl_output_write(output, size / READY_PIECE + (size % READY_PIECE > 0), copy_piece, &all, error);
}
