/* base/pool: workers that sleep until there is a job. A job is a function and a number of tasks, handed out by an atomic counter;
 * the caller works on it too. One job at a time: callers from several threads take turns, and a run inside a run is done by its
 * caller alone. Workers block all signals and are forgotten, not joined, in a forked child, where they do not exist. */
#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pages.h"

enum { WORKERS_MOST = 64 };

typedef struct job {
  tl_pool_task run;
  void *context;
  size_t tasks;
  atomic_size_t next;      /* the next task to hand out */
  atomic_size_t failed_at; /* the lowest task that failed; tasks when none has */
  pthread_mutex_t lock;    /* of what follows */
  tally_status status;
  tally_error error;
} job;

/* The pool. `turn` is held for a whole run; `lock` guards the rest. */
static struct {
  pthread_mutex_t turn, lock;
  pthread_cond_t start, done;
  pthread_t threads[WORKERS_MOST];
  size_t count;  /* threads that exist, the caller not among them */
  size_t busy;   /* threads that work on the current job */
  size_t wanted; /* threads that may still join the current job; the n-th last to join is worker n */
  job *current;
  uint64_t number; /* of the current job */
  bool stop;
  atomic_long owner; /* the process the threads belong to; 0 before the first run */
} pool = {
    .turn = PTHREAD_MUTEX_INITIALIZER,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .start = PTHREAD_COND_INITIALIZER,
    .done = PTHREAD_COND_INITIALIZER,
};

static atomic_int threads_asked; /* 0: not said */
static atomic_bool cancelled;
static _Thread_local bool inside; /* this thread is running a task */

static int threads_by_default(void) {
  const char *asked = getenv("TALLY_THREADS");
  long count = asked ? strtol(asked, NULL, 10) : 0;
  if (count < 1) count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count > WORKERS_MOST ? WORKERS_MOST : (int)count;
}

int tally_threads(int count) {
  if (count < 0) return (int)tl_pool_workers();
  if (count > WORKERS_MOST) count = WORKERS_MOST;
  atomic_store(&threads_asked, count > 0 ? count : threads_by_default());
  return atomic_load(&threads_asked);
}

size_t tl_pool_workers(void) {
  int asked = atomic_load(&threads_asked);
  return (size_t)(asked > 0 ? asked : tally_threads(0));
}

void tally_cancel(bool cancel) {
  atomic_store(&cancelled, cancel);
}

tally_status tl_pool_check(tally_error *error) {
  if (!atomic_load_explicit(&cancelled, memory_order_relaxed)) return TALLY_OK;
  return tl_fail(error, TALLY_ECANCEL, "interrupted");
}

/* Keeps the error of the lowest failing task. */
static void note_failure(job *it, size_t task, tally_status status, const tally_error *error) {
  pthread_mutex_lock(&it->lock);
  if (task < atomic_load(&it->failed_at)) {
    atomic_store(&it->failed_at, task);
    it->status = status;
    it->error = *error;
  }
  pthread_mutex_unlock(&it->lock);
}

static void work(job *it, size_t worker) {
  bool outside = !inside;
  inside = true;
  for (;;) {
    size_t task = atomic_fetch_add(&it->next, 1);
    if (task >= it->tasks || task > atomic_load(&it->failed_at)) break;
    tally_error error = {0};
    tally_status status = tl_pool_check(&error);
    if (status == TALLY_OK) status = it->run(it->context, task, worker, &error);
    if (status != TALLY_OK) note_failure(it, task, status, &error);
  }
  if (outside) inside = false;
}

static void *worker_main(void *argument) {
  (void)argument;
  uint64_t seen = 0;
  pthread_mutex_lock(&pool.lock);
  for (;;) {
    while (!pool.stop && (pool.number == seen || pool.wanted == 0)) pthread_cond_wait(&pool.start, &pool.lock);
    if (pool.stop) break;
    seen = pool.number;
    size_t worker = pool.wanted--;
    pool.busy++;
    job *it = pool.current;
    pthread_mutex_unlock(&pool.lock);
    work(it, worker);
    pthread_mutex_lock(&pool.lock);
    if (--pool.busy == 0) pthread_cond_signal(&pool.done);
  }
  pthread_mutex_unlock(&pool.lock);
  return NULL;
}

/* In a forked child the threads of the parent are not there, and its locks may stay locked for ever: begin again. A child has one
 * thread when it comes here first. */
static void forget_parent(void) {
  long parent = atomic_load(&pool.owner), self = (long)getpid();
  if (parent == self) return;
  if (parent == 0 && atomic_compare_exchange_strong(&pool.owner, &parent, self)) return;
  if (parent == self) return;
  atomic_store(&pool.owner, self);
  pool.count = pool.busy = pool.wanted = 0;
  pool.current = NULL;
  pool.stop = false;
  pthread_mutex_init(&pool.turn, NULL);
  pthread_mutex_init(&pool.lock, NULL);
  pthread_cond_init(&pool.start, NULL);
  pthread_cond_init(&pool.done, NULL);
}

/* Starts threads until there are `count`; fewer when the system refuses, which only costs time. */
static void start_threads(size_t count) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (pool.count < count) {
    if (pthread_create(&pool.threads[pool.count], NULL, worker_main, NULL) != 0) break;
    pool.count++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void offer(job *it, size_t helpers) {
  pthread_mutex_lock(&pool.lock);
  pool.current = it;
  pool.number++;
  pool.wanted = helpers;
  pthread_cond_broadcast(&pool.start);
  pthread_mutex_unlock(&pool.lock);
}

/* No worker may join any more; waits for those that did. */
static void withdraw(void) {
  pthread_mutex_lock(&pool.lock);
  pool.wanted = 0;
  while (pool.busy > 0) pthread_cond_wait(&pool.done, &pool.lock);
  pool.current = NULL;
  pthread_mutex_unlock(&pool.lock);
}

static void run_with_helpers(job *it, size_t helpers) {
  forget_parent();
  pthread_mutex_lock(&pool.turn);
  start_threads(helpers);
  offer(it, helpers < pool.count ? helpers : pool.count);
  work(it, 0);
  withdraw();
  pthread_mutex_unlock(&pool.turn);
}

static tally_status run_on(size_t workers, size_t tasks, tl_pool_task run, void *context, tally_error *error) {
  if (tasks == 0) return tl_pool_check(error);
  job it = {.run = run, .context = context, .tasks = tasks, .failed_at = tasks, .lock = PTHREAD_MUTEX_INITIALIZER};
  if (workers > tasks) workers = tasks;
  if (workers == 1 || inside) {
    work(&it, 0);
  } else {
    run_with_helpers(&it, workers - 1);
  }
  if (it.status != TALLY_OK && error && error->code == TALLY_OK) *error = it.error;
  return it.status;
}

tally_status tl_pool_run(size_t tasks, tl_pool_task run, void *context, tally_error *error) {
  return run_on(tl_pool_workers(), tasks, run, context, error);
}

tally_status tl_pool_run_here(size_t tasks, tl_pool_task run, void *context, tally_error *error) {
  return run_on(1, tasks, run, context, error);
}

void tally_shutdown(void) {
  tl_pages_drop();
  if (atomic_load(&pool.owner) != (long)getpid()) return;
  pthread_mutex_lock(&pool.turn);
  if (pool.count > 0) {
    pthread_mutex_lock(&pool.lock);
    pool.stop = true;
    pthread_cond_broadcast(&pool.start);
    pthread_mutex_unlock(&pool.lock);
    for (size_t i = 0; i < pool.count; i++) pthread_join(pool.threads[i], NULL);
    pool.count = 0;
    pool.stop = false;
  }
  pthread_mutex_unlock(&pool.turn);
}
