/* emit/output: where written bytes go, and how they are made by several threads and go out in order. */
#ifndef TL_EMIT_OUTPUT_H
#define TL_EMIT_OUTPUT_H

#include "base/bytes.h"

/* Adds piece `piece` of what is written to `bytes`, which is empty. Called from several threads at once. */
typedef tally_status (*tl_output_make)(void *context, size_t piece, tl_bytes *bytes, tally_error *error);

/* Writes pieces 0 .. count-1, made by the pool, in their order; a few of them are held at a time. On any failure the file that was
 * there stays as it was. A function that takes the output is called by the caller's thread alone.
 * errors  TALLY_EIO, TALLY_ENOMEM, TALLY_ECANCEL, those of `make` */
tally_status tl_output_write(const tally_output *to, size_t count, tl_output_make make, void *context, tally_error *error);

#endif
