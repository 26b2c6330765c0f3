/* base/progress: two counters that all workers add to, and a listener that the thread of the caller tells, ten times a second at
 * most. Without a listener next to nothing is done. */
#include "base/progress.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

enum { TELL_EVERY = 100 }; /* milliseconds */

static void (*listener)(void *context, const tally_progress *progress);
static void *listener_context;
static tally_progress now;
static atomic_llong bytes_done, bytes_in_all, rows_done;
static int64_t began, told; /* milliseconds */
static atomic_bool working;
static _Thread_local int begun; /* how many times, by this thread, whose work it is */

void tally_on_progress(void (*report)(void *context, const tally_progress *progress), void *context) {
  listener = report;
  listener_context = context;
}

static int64_t clock_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void tl_progress_begin(const char *name, int64_t bytes) {
  if (begun > 0) {
    begun++;
    tl_progress_extend(bytes);
    return;
  }
  if (!listener || atomic_exchange(&working, true)) return;
  begun = 1;
  now = (tally_progress){.name = name};
  atomic_store(&bytes_done, 0);
  atomic_store(&bytes_in_all, bytes);
  atomic_store(&rows_done, 0);
  began = told = clock_now();
}

void tl_progress_extend(int64_t bytes) {
  if (begun > 0) atomic_fetch_add_explicit(&bytes_in_all, bytes, memory_order_relaxed);
}

static void tell(int64_t time, bool ended) {
  now.done = atomic_load_explicit(&bytes_done, memory_order_relaxed);
  now.total = atomic_load_explicit(&bytes_in_all, memory_order_relaxed);
  now.rows = atomic_load_explicit(&rows_done, memory_order_relaxed);
  now.seconds = (double)(time - began) / 1000;
  now.ended = ended;
  told = time;
  listener(listener_context, &now);
}

void tl_progress_add(int64_t bytes, int64_t rows, size_t worker) {
  if (!atomic_load_explicit(&working, memory_order_relaxed)) return;
  atomic_fetch_add_explicit(&bytes_done, bytes, memory_order_relaxed);
  atomic_fetch_add_explicit(&rows_done, rows, memory_order_relaxed);
  if (worker != 0 || begun == 0) return;
  int64_t time = clock_now();
  if (time - told >= TELL_EVERY) tell(time, false);
}

void tl_progress_end(void) {
  if (begun == 0 || --begun > 0) return;
  tell(clock_now(), true);
  atomic_store(&working, false);
}
