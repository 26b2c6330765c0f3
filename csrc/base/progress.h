/* base/progress: how far a long piece of work is. */
#ifndef TL_BASE_PROGRESS_H
#define TL_BASE_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "tally.h"

/* One piece of work at a time is told of. Begun again by the same thread it grows, and ends when all have ended; begun by another
 * it counts for nothing. name   borrowed until the end bytes  that will be gone through */
void tl_progress_begin(const char *name, int64_t bytes);
/* More bytes to go through than was thought. */
void tl_progress_extend(int64_t bytes);
/* What one task has done; from any worker. Worker 0 also tells. */
void tl_progress_add(int64_t bytes, int64_t rows, size_t worker);
void tl_progress_end(void);

#endif
