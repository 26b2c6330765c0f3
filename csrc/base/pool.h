/* base/pool: threads. One primitive: run a function for task 0 .. tasks-1 and return when all are done. */
#ifndef TL_BASE_POOL_H
#define TL_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Rows handled at a time, everywhere. A constant, never a function of the number of threads: results do not depend on it. */
#ifndef TL_CHUNK
#define TL_CHUNK 65536
#endif

static inline size_t tl_chunks(int64_t rows) {
  return (size_t)((rows + TL_CHUNK - 1) / TL_CHUNK);
}

/* task    0 .. tasks-1
 * worker  0 .. tl_pool_workers()-1, no two tasks of one run have it at the same time: an index for scratch space */
typedef tally_status (*tl_pool_task)(void *context, size_t task, size_t worker, tally_error *error);

/* The caller works too. With one task, one thread, or inside another run, all tasks run on the caller in order.
 * Every task runs unless an earlier one failed; the status and error of the lowest failing task are returned, so that messages
 * do not depend on timing. errors: those of the tasks, TALLY_ECANCEL, TALLY_ENOMEM */
tally_status tl_pool_run(size_t tasks, tl_pool_task run, void *context, tally_error *error);

/* The same, all on the caller: for small work, for which no thread need be started or woken. */
tally_status tl_pool_run_here(size_t tasks, tl_pool_task run, void *context, tally_error *error);

/* The largest number of workers that a run started now can have; at least 1. */
size_t tl_pool_workers(void);

/* TALLY_ECANCEL when tally_cancel(true) was called. For long loops on one thread. */
tally_status tl_pool_check(tally_error *error);

#endif
