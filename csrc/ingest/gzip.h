/* ingest/gzip: gzip undone, piece by piece, in memory. */
#ifndef TL_INGEST_GZIP_H
#define TL_INGEST_GZIP_H

#include <stdbool.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/text.h"

/* Whether bytes that begin so are gzip. */
bool tl_gzip_starts(tally_text head);

typedef struct tl_gzip {
  const char *name; /* of the input, in messages */
  z_stream stream;
  bool begun;  /* there is a stream to end */
  bool within; /* a member has begun and not ended */
  bool padded; /* zeros have followed the last member: nothing else may */
  char *bytes; /* what was unpacked so far */
  size_t capacity, size;
  uint64_t packed; /* bytes that were taken in */
} tl_gzip;

/* name  borrowed until tl_gzip_done, which must follow even after an error. errors: TALLY_ENOMEM */
tally_status tl_gzip_start(tl_gzip *gzip, const char *name, tally_error *error);
/* The next bytes of the packed file, cut anywhere.
 * errors: TALLY_ESYNTAX (damaged, or unpacks to more than any table does), TALLY_ENOMEM, TALLY_ECANCEL */
tally_status tl_gzip_put(tl_gzip *gzip, tally_text piece, tally_error *error);
/* No more bytes follow. What was unpacked is then at gzip->bytes, to be taken with its capacity.
 * errors: TALLY_ESYNTAX (it ends too early) */
tally_status tl_gzip_end(const tl_gzip *gzip, tally_error *error);
void tl_gzip_done(tl_gzip *gzip);

#endif
