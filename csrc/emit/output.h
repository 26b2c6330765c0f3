/* emit/output: where written bytes go. A writer adds to `bytes` and calls tl_output_step after each record. */
#ifndef TL_EMIT_OUTPUT_H
#define TL_EMIT_OUTPUT_H

#include <stdbool.h>

#include "base/bytes.h"

typedef struct tl_output {
  tl_bytes bytes; /* not yet gone out */
  const tally_output *to;
  const char *name; /* for messages */
  int descriptor;   /* -1: there is none, or it has been closed */
  bool close;       /* the descriptor is ours */
  int folder;       /* of the file to be replaced; -1: nothing is to be renamed */
  char *target;     /* the path that is replaced in the end: links followed */
  char temporary[32];
} tl_output;

/* errors: TALLY_EIO, TALLY_ENOMEM; nothing is left to close then */
tally_status tl_output_open(tl_output *output, const tally_output *to, tally_error *error);
/* Lets bytes go when enough have gathered. */
tally_status tl_output_step(tl_output *output, tally_error *error);
/* With `status` TALLY_OK what is left goes out, and the new file takes the place of the old; else the old file stays as it was.
 * Everything is let go in any case. Returns `status`, or the failure that came last. */
tally_status tl_output_close(tl_output *output, tally_status status, tally_error *error);

#endif
