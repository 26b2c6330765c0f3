/* ingest/source: where bytes come from. A regular file is read in pieces; anything else is first read to its end, and what is gzip
 * is first unpacked. */
#ifndef TL_INGEST_SOURCE_H
#define TL_INGEST_SOURCE_H

#include <sys/stat.h>

#include "base/mem.h"
#include "base/status.h"
#include "base/text.h"

typedef struct tl_source {
  const char *name; /* in messages; borrowed */
  int descriptor;   /* of a regular file that is read in pieces; -1 */
  const char *path; /* of that file; borrowed */
  struct stat before;
  const char *bytes; /* when all of it is in memory */
  char *owned;
  int64_t size;
  int64_t size_in_file;    /* as it came: packed, in its own encoding */
  const char *compression; /* "gzip", undone; NULL: none */
} tl_source;

/* A buffer for pieces, used again from piece to piece. */
typedef struct tl_piece {
  char *bytes;
  size_t capacity;
} tl_piece;

#define TL_PIECE \
  { 0 }

/* input   its path, bytes and name are borrowed until the source is closed
 * errors  TALLY_EIO (cannot be read, a directory), TALLY_ESYNTAX (empty, damaged gzip), TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_source_open(tl_source *source, const tally_input *input, tally_error *error);
/* Bytes [first, first + size) of the source, in memory of the source or of `piece`; TL_PADDING bytes more may be read, and are zero
 * past the end of the source. errors: TALLY_EIO, TALLY_ENOMEM */
tally_status tl_source_view(const tl_source *source, int64_t first, size_t size, tl_piece *piece, tally_text *out,
                            tally_error *error);
/* All of it comes into memory, where it may then be changed through `owned`. */
tally_status tl_source_load(tl_source *source, tally_error *error);
/* Takes other bytes in the place of those it had. */
void tl_source_replace(tl_source *source, char *bytes, size_t size);
/* errors: TALLY_EIO when the file was changed since it was opened, or another is in its place */
tally_status tl_source_check(const tl_source *source, tally_error *error);
/* After the last byte was read, or reading has failed with `found`: what went wrong in a file that was changed meanwhile is that it
 * was changed. status: of the reading; it is returned unless the check fails. */
tally_status tl_source_settle(const tl_source *source, tally_status status, const tally_error *found, tally_error *error);
/* TALLY_ESYNTAX: there is nothing in it. */
tally_status tl_source_empty(const tl_source *source, tally_error *error);
void tl_source_close(tl_source *source);
void tl_piece_done(tl_piece *piece);

#endif
