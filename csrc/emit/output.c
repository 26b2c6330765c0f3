/* emit/output: bytes go to a file, a descriptor or a function.
 *
 * The idea: a file is written under another name in its own folder, made safe on the disk, and only then renamed, so that whoever
 * looks, and whatever fails, finds the old file or the whole new one. What is not a regular file (a device, a pipe) is written
 * straight. What the bytes mean is the business of the rooms that write them. */
#define _GNU_SOURCE /* strerrordesc_np */
#include "emit/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/pool.h"

enum { GATHER = 1 << 16, NAMES_TRIED = 10000 };

static tally_status system_error(const tl_output *output, const char *what, int number, tally_error *error) {
  return tl_fail_at(error, TALLY_EIO, output->name, 0, 0, "cannot %s '%s': %s", what, output->name, strerrordesc_np(number));
}

/* ---- going out ---- */

/* A descriptor that does not block is waited for. */
static bool may_go_on(int descriptor, int number) {
  if (number == EINTR) return true;
  if (number != EAGAIN) return false;
  struct pollfd ready = {.fd = descriptor, .events = POLLOUT};
  return poll(&ready, 1, -1) >= 0 || errno == EINTR;
}

static tally_status write_descriptor(tl_output *output, tally_error *error) {
  const char *at = output->bytes.at, *end = at + output->bytes.size;
  while (at < end) {
    ssize_t written = write(output->descriptor, at, (size_t)(end - at));
    if (written >= 0)
      at += written;
    else if (!may_go_on(output->descriptor, errno))
      return system_error(output, "write to", errno, error);
  }
  return TALLY_OK;
}

static tally_status write_function(tl_output *output, tally_error *error) {
  tally_status status = output->to->write(output->to->context, output->bytes.at, output->bytes.size, error);
  if (status == TALLY_OK) return TALLY_OK;
  return tl_fail(error, status, "the function that takes the output refused it (%s)", tally_status_name(status));
}

static tally_status let_go(tl_output *output, tally_error *error) {
  if (output->bytes.size == 0) return TALLY_OK;
  bool to_function = !output->to->path && output->to->write;
  TL_TRY(to_function ? write_function(output, error) : write_descriptor(output, error));
  output->bytes.size = 0;
  return TALLY_OK;
}

tally_status tl_output_step(tl_output *output, tally_error *error) {
  if (output->bytes.size < GATHER) return TALLY_OK;
  TL_TRY(tl_pool_check(error));
  return let_go(output, error);
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
static int create_temporary(tl_output *output, mode_t mode) {
  for (int i = 0; i < NAMES_TRIED; i++) {
    snprintf(output->temporary, sizeof output->temporary, ".tally-%ld-%d", (long)getpid(), i);
    int made = openat(output->folder, output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (made >= 0) return made;
    if (errno != EEXIST) break;
  }
  output->temporary[0] = '\0';
  return -1;
}

/* old  the file that is there, NULL when there is none */
static tally_status open_beside(tl_output *output, const struct stat *old, tally_error *error) {
  char *folder = folder_of(output->target);
  if (!folder) return tl_no_memory(error);
  output->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int number = errno;
  tl_mem_free(folder);
  if (output->folder < 0) return system_error(output, "write", number, error);
  output->descriptor = create_temporary(output, old ? 0600 : 0666);
  if (output->descriptor < 0) return system_error(output, "write", errno, error);
  output->close = true;
  if (old && fchmod(output->descriptor, old->st_mode & 07777)) return system_error(output, "set the mode of", errno, error);
  return TALLY_OK;
}

static tally_status open_straight(tl_output *output, tally_error *error) {
  output->descriptor = open(output->to->path, O_WRONLY | O_CLOEXEC);
  if (output->descriptor < 0) return system_error(output, "write", errno, error);
  output->close = true;
  return TALLY_OK;
}

/* Follows links, so that the file is replaced and not the link to it. */
static tally_status find_target(tl_output *output, tally_error *error) {
  char real[PATH_MAX];
  const char *path = realpath(output->to->path, real) ? real : output->to->path;
  output->target = tl_mem_text(path, strlen(path));
  return output->target ? TALLY_OK : tl_no_memory(error);
}

static tally_status open_path(tl_output *output, tally_error *error) {
  struct stat old;
  bool there = stat(output->to->path, &old) == 0;
  if (!there && errno != ENOENT) return system_error(output, "write", errno, error);
  if (there && S_ISDIR(old.st_mode))
    return tl_fail_at(error, TALLY_EIO, output->name, 0, 0, "cannot write '%s': it is a folder", output->name);
  if (there && !S_ISREG(old.st_mode)) return open_straight(output, error);
  if (there && access(output->to->path, W_OK)) return system_error(output, "write", errno, error); /* renaming would not mind */
  TL_TRY(find_target(output, error));
  if (*name_in_folder(output->target) == '\0')
    return tl_fail_at(error, TALLY_EIO, output->name, 0, 0, "cannot write '%s': there is no such folder", output->name);
  return open_beside(output, there ? &old : NULL, error);
}

tally_status tl_output_open(tl_output *output, const tally_output *to, tally_error *error) {
  *output = (tl_output){.to = to, .descriptor = -1, .folder = -1, .name = to->path ? to->path : "(output)"};
  if (to->path) {
    tally_status status = open_path(output, error);
    return status == TALLY_OK ? TALLY_OK : tl_output_close(output, status, error);
  }
  if (!to->write) output->descriptor = to->descriptor;
  return TALLY_OK;
}

/* ---- closing ---- */

/* Some file systems and pipes know no fsync; that is no failure of the writing. */
static bool make_safe(int descriptor) {
  return fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
}

static tally_status close_descriptor(tl_output *output, tally_status status, tally_error *error) {
  if (!output->close) return status;
  if (status == TALLY_OK && !make_safe(output->descriptor)) status = system_error(output, "write", errno, error);
  bool closed = close(output->descriptor) == 0 || errno == EINTR;
  output->descriptor = -1;
  return status == TALLY_OK && !closed ? system_error(output, "close", errno, error) : status;
}

static tally_status take_place(tl_output *output, tally_status status, tally_error *error) {
  if (output->folder < 0) return status;
  if (status == TALLY_OK && renameat(output->folder, output->temporary, output->folder, name_in_folder(output->target)))
    status = system_error(output, "replace", errno, error);
  else if (status == TALLY_OK && !make_safe(output->folder))
    return system_error(output, "make safe the folder of", errno, error);
  if (status != TALLY_OK && output->temporary[0]) unlinkat(output->folder, output->temporary, 0);
  return status;
}

tally_status tl_output_close(tl_output *output, tally_status status, tally_error *error) {
  if (status == TALLY_OK) status = let_go(output, error);
  status = close_descriptor(output, status, error);
  status = take_place(output, status, error);
  if (output->folder >= 0) close(output->folder);
  tl_mem_free(output->target);
  tl_bytes_done(&output->bytes);
  return status;
}

/* ---- bytes that are ready ---- */

tally_status tally_write_bytes(const void *bytes, size_t size, const tally_output *output, tally_error *error) {
  tl_output out;
  TL_TRY(tl_output_open(&out, output, error));
  tally_status status = TALLY_OK;
  for (size_t done = 0; done < size && status == TALLY_OK;) {
    size_t some = size - done < GATHER ? size - done : GATHER;
    status = tl_bytes_put(&out.bytes, tl_text((const char *)bytes + done, some), error);
    if (status == TALLY_OK) status = tl_output_step(&out, error);
    done += some;
  }
  return tl_output_close(&out, status, error);
}
