/* ingest/source: bytes from a path, from memory, or from an open descriptor; gzip is undone on the way. Regular files are read by
 * pread, so that several threads may read pieces of one file; they are never mapped, since a file cut short while mapped kills the
 * process. The file is looked at before and after, and a change in between, or another file in its place, is an error. What cannot
 * be read in pieces is read to its end. */
#include "ingest/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/pool.h"
#include "ingest/gzip.h"
#include "ingest/nearby.h"

static tally_status cannot_be(const tl_source *s, const char *what, tally_error *error) {
  int why = errno;
  char text[128];
  if (strerror_r(why, text, sizeof text) != 0) text[0] = '\0';
  return tl_fail_at(error, TALLY_EIO, s->name, 0, 0, "cannot be %s: %s", what, text);
}

tally_status tl_source_empty(const tl_source *s, tally_error *error) {
  return tl_fail_at(error, TALLY_ESYNTAX, s->name, 0, 0, "is empty: save it, or download it, again");
}

/* ---- to the end ---- */

enum { READ_AT_ONCE = 1 << 20 };

/* Waits for a pipe, but not longer than it takes to notice that somebody wants to stop. */
static tally_status wait_for_bytes(const tl_source *s, int descriptor, tally_error *error) {
  enum { PATIENCE = 100 }; /* milliseconds */
  for (;;) {
    TL_TRY(tl_pool_check(error));
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    int count = poll(&wanted, 1, PATIENCE);
    if (count > 0) return TALLY_OK;
    if (count < 0 && errno != EINTR) return cannot_be(s, "read", error);
  }
}

static tally_status read_some(const tl_source *s, int descriptor, char *to, size_t *got, tally_error *error) {
  for (;;) {
    TL_TRY(wait_for_bytes(s, descriptor, error));
    ssize_t count = read(descriptor, to, READ_AT_ONCE);
    if (count >= 0) {
      *got = (size_t)count;
      return TALLY_OK;
    }
    if (errno != EINTR && errno != EAGAIN) return cannot_be(s, "read", error);
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
  return TALLY_OK;
}

/* ---- opening ---- */

static tally_status open_file(tl_source *s, const char *path, tally_error *error) {
  do s->descriptor = open(path, O_RDONLY | O_CLOEXEC);
  while (s->descriptor < 0 && errno == EINTR);
  if (s->descriptor < 0 && errno == ENOENT) return tl_not_there(s->name, path, error);
  if (s->descriptor < 0 || fstat(s->descriptor, &s->before) != 0) return cannot_be(s, "opened", error);
  if (!S_ISDIR(s->before.st_mode)) return TALLY_OK;
  return tl_fail_at(error, TALLY_EIO, s->name, 0, 0, "is a directory; to read the files in it, name them: \"%s/*.csv\"", s->name);
}

static void close_file(tl_source *s) {
  if (s->descriptor >= 0) close(s->descriptor);
  s->descriptor = -1;
  s->path = NULL;
}

/* A regular file stays open and is read in pieces; a pipe or a device is read to its end, and so is a file that says it is empty,
 * as those of /proc do. */
static tally_status open_path(tl_source *s, const char *path, tally_error *error) {
  TL_TRY(open_file(s, path, error));
  if (S_ISREG(s->before.st_mode) && s->before.st_size > 0) {
    s->path = path;
    s->size = s->before.st_size;
    return TALLY_OK;
  }
  TL_TRY(read_to_end(s, s->descriptor, error));
  close_file(s);
  return TALLY_OK;
}

static tally_status open_any(tl_source *s, const tally_input *input, tally_error *error) {
  if (input->path) return open_path(s, input->path, error);
  if (!input->bytes) return read_to_end(s, input->descriptor, error);
  s->bytes = input->bytes;
  s->size = (int64_t)input->size;
  return TALLY_OK;
}

/* ---- gzip ---- */

static tally_status unpack_pieces(const tl_source *s, tl_gzip *gzip, tl_piece *piece, tally_error *error) {
  TL_TRY(tl_gzip_start(gzip, s->name, error));
  for (int64_t at = 0; at < s->size; at += READ_AT_ONCE) {
    int64_t left = s->size - at;
    tally_text bytes;
    TL_TRY(tl_source_view(s, at, left < READ_AT_ONCE ? (size_t)left : READ_AT_ONCE, piece, &bytes, error));
    TL_TRY(tl_gzip_put(gzip, bytes, error));
  }
  return tl_gzip_end(gzip, error);
}

/* What was unpacked takes the place of the file. */
static tally_status unpack(tl_source *s, tl_piece *piece, tally_error *error) {
  tl_gzip gzip;
  tally_error found = {0};
  tally_status status = tl_source_settle(s, unpack_pieces(s, &gzip, piece, &found), &found, error);
  if (status == TALLY_OK) {
    close_file(s);
    tl_source_replace(s, gzip.bytes, gzip.size);
    s->compression = "gzip";
    gzip.bytes = NULL;
  }
  tl_gzip_done(&gzip);
  return status;
}

static tally_status unpack_if_packed(tl_source *s, tally_error *error) {
  if (s->size < 2) return TALLY_OK;
  tl_piece piece = TL_PIECE;
  tally_text head;
  tally_status status = tl_source_view(s, 0, 2, &piece, &head, error);
  if (status == TALLY_OK && tl_gzip_starts(head)) status = unpack(s, &piece, error);
  tl_piece_done(&piece);
  return status;
}

static const char *name_of(const tally_input *input) {
  if (input->name) return input->name;
  return input->path ? input->path : input->bytes ? "(text)" : "(input)";
}

tally_status tl_source_open(tl_source *s, const tally_input *input, tally_error *error) {
  *s = (tl_source){.name = name_of(input), .descriptor = -1};
  TL_TRY(open_any(s, input, error));
  s->size_in_file = s->size;
  TL_TRY(unpack_if_packed(s, error));
  return s->size > 0 ? TALLY_OK : tl_source_empty(s, error);
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

static tally_status load_into(const tl_source *s, char *bytes, tally_error *error) {
  for (int64_t at = 0; at < s->size; at += READ_AT_ONCE) {
    int64_t left = s->size - at;
    TL_TRY(tl_pool_check(error));
    TL_TRY(read_piece(s, at, left < READ_AT_ONCE ? (size_t)left : READ_AT_ONCE, bytes + at, error));
  }
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
    status = load_into(s, bytes, error);
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

static bool is_unchanged(const struct stat *before, const struct stat *now) {
  return now->st_dev == before->st_dev && now->st_ino == before->st_ino && now->st_size == before->st_size &&
         now->st_mtim.tv_sec == before->st_mtim.tv_sec && now->st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* The open file tells whether it was written to, its name whether another took its place. */
tally_status tl_source_check(const tl_source *s, tally_error *error) {
  if (s->descriptor < 0) return TALLY_OK;
  struct stat open, named;
  if (fstat(s->descriptor, &open) != 0) return cannot_be(s, "read", error);
  if (stat(s->path, &named) != 0) return errno == ENOENT ? changed(s, error) : cannot_be(s, "read", error);
  return is_unchanged(&s->before, &open) && is_unchanged(&s->before, &named) ? TALLY_OK : changed(s, error);
}

tally_status tl_source_settle(const tl_source *s, tally_status status, const tally_error *found, tally_error *error) {
  TL_TRY(tl_source_check(s, error));
  if (status != TALLY_OK && error && error->code == TALLY_OK) *error = *found;
  return status;
}

void tl_source_close(tl_source *s) {
  close_file(s);
  tl_mem_free(s->owned);
  *s = (tl_source){.descriptor = -1};
}

void tl_piece_done(tl_piece *piece) {
  tl_mem_free(piece->bytes);
  *piece = (tl_piece)TL_PIECE;
}
