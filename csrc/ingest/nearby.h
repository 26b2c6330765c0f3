/* ingest/nearby: what to say of a file that is not there. */
#ifndef TL_INGEST_NEARBY_H
#define TL_INGEST_NEARBY_H

#include "base/status.h"

/* TALLY_EIO: there is no file `path`, called `name` in the message; with the name of its folder that was probably meant, if there
 * is one, or that the folder is not there either. */
tally_status tl_not_there(const char *name, const char *path, tally_error *error);

#endif
