/* ingest/source: bytes from a path, from memory, or from an open descriptor. Regular files are read by pread, so that several
 * threads may read pieces of one file; they are never mapped, since a file cut short while mapped kills the process. The file is
 * looked at before and after, and a change in between is an error. */
#include "ingest/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/pool.h"

static tally_status cannot_be(const tl_source *s, const char *what, tally_error *error) {
  int why = errno;
  char text[128];
  if (strerror_r(why, text, sizeof text) != 0) text[0] = '\0';
  return tl_fail_at(error, TALLY_EIO, s->name, 0, 0, "cannot be %s: %s", what, text);
}

static tally_status is_empty(const tl_source *s, tally_error *error) {
  return tl_fail_at(error, TALLY_ESYNTAX, s->name, 0, 0, "is empty");
}

/* ---- to the end ---- */

enum { READ_AT_ONCE = 1 << 20 };

static tally_status read_some(const tl_source *s, int descriptor, char *to, size_t *got, tally_error *error) {
  for (;;) {
    TL_TRY(tl_pool_check(error));
    ssize_t count = read(descriptor, to, READ_AT_ONCE);
    if (count >= 0) {
      *got = (size_t)count;
      return TALLY_OK;
    }
    if (errno != EINTR) return cannot_be(s, "read", error);
  }
}

static tally_status read_to_end(tl_source *s, int descriptor, tally_error *error) {
  size_t capacity = 0, size = 0, got = 0;
  do {
    TL_TRY(tl_mem_reserve((void **)&s->owned, &capacity, size + READ_AT_ONCE, 1, error));
    TL_TRY(read_some(s, descriptor, s->owned + size, &got, error));
    size += got;
  } while (got > 0);
  s->bytes = s->owned;
  s->size = (int64_t)size;
  s->stream = true;
  return TALLY_OK;
}

/* ---- opening ---- */

/* A regular file stays open and is read in pieces; a pipe or a device is read to its end. */
static tally_status open_path(tl_source *s, const char *path, tally_error *error) {
  s->descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (s->descriptor < 0 || fstat(s->descriptor, &s->before) != 0) return cannot_be(s, "opened", error);
  if (S_ISDIR(s->before.st_mode)) {
    return tl_fail_at(error, TALLY_EIO, s->name, 0, 0, "is a directory; to read the files in it, name them: \"%s/*.csv\"", s->name);
  }
  s->size = s->before.st_size;
  if (S_ISREG(s->before.st_mode)) return TALLY_OK;
  int pipe = s->descriptor;
  s->descriptor = -1;
  tally_status status = read_to_end(s, pipe, error);
  close(pipe);
  return status;
}

static const char *name_of(const tally_input *input) {
  if (input->name) return input->name;
  return input->path ? input->path : input->bytes ? "(text)" : "(input)";
}

tally_status tl_source_open(tl_source *s, const tally_input *input, tally_error *error) {
  *s = (tl_source){.name = name_of(input), .descriptor = -1};
  if (input->path) {
    TL_TRY(open_path(s, input->path, error));
  } else if (input->bytes) {
    s->bytes = input->bytes;
    s->size = (int64_t)input->size;
  } else {
    TL_TRY(read_to_end(s, input->descriptor, error));
  }
  s->size_in_file = s->size;
  return s->size > 0 ? TALLY_OK : is_empty(s, error);
}

/* ---- pieces ---- */

static tally_status changed(const tl_source *s, tally_error *error) {
  return tl_fail_at(error, TALLY_EIO, s->name, 0, 0, "was changed while being read: read it again when it is complete");
}

static tally_status read_piece(const tl_source *s, int64_t first, size_t size, char *to, tally_error *error) {
  for (size_t done = 0; done < size;) {
    ssize_t count = pread(s->descriptor, to + done, size - done, (off_t)(first + (int64_t)done));
    if (count == 0) return changed(s, error);
    if (count < 0 && errno != EINTR) return cannot_be(s, "read", error);
    if (count > 0) done += (size_t)count;
  }
  return TALLY_OK;
}

/* Memory of somebody else may end at the edge of a page: near its end, it is read in a copy. */
tally_status tl_source_view(const tl_source *s, int64_t first, size_t size, tl_piece *piece, tally_text *out, tally_error *error) {
  if (s->bytes && s->size - first >= (int64_t)size + TL_PADDING) {
    *out = tl_text(s->bytes + first, size);
    return TALLY_OK;
  }
  TL_TRY(tl_mem_reserve((void **)&piece->bytes, &piece->capacity, size + TL_PADDING, 1, error));
  memset(piece->bytes + size, 0, TL_PADDING);
  *out = tl_text(piece->bytes, size);
  if (!s->bytes) return read_piece(s, first, size, piece->bytes, error);
  memcpy(piece->bytes, s->bytes + first, size);
  return TALLY_OK;
}

tally_status tl_source_load(tl_source *s, tally_error *error) {
  if (s->owned) return TALLY_OK;
  char *bytes = tl_mem_new((size_t)s->size, 1);
  if (!bytes) return tl_no_memory(error);
  tally_status status = TALLY_OK;
  if (s->bytes) {
    memcpy(bytes, s->bytes, (size_t)s->size);
  } else {
    status = read_piece(s, 0, (size_t)s->size, bytes, error);
  }
  if (status == TALLY_OK) {
    s->bytes = s->owned = bytes;
  } else {
    tl_mem_free(bytes);
  }
  return status;
}

void tl_source_replace(tl_source *s, char *bytes, size_t size) {
  tl_mem_free(s->owned);
  s->bytes = s->owned = bytes;
  s->size = (int64_t)size;
}

tally_status tl_source_check(const tl_source *s, tally_error *error) {
  if (s->descriptor < 0) return TALLY_OK;
  struct stat now;
  if (fstat(s->descriptor, &now) != 0) return cannot_be(s, "read", error);
  bool same = now.st_size == s->before.st_size && now.st_mtim.tv_sec == s->before.st_mtim.tv_sec &&
              now.st_mtim.tv_nsec == s->before.st_mtim.tv_nsec;
  return same ? TALLY_OK : changed(s, error);
}

void tl_source_close(tl_source *s) {
  if (s->descriptor >= 0) close(s->descriptor);
  tl_mem_free(s->owned);
  *s = (tl_source){.descriptor = -1};
}

void tl_piece_done(tl_piece *piece) {
  tl_mem_free(piece->bytes);
  *piece = (tl_piece)TL_PIECE;
}
