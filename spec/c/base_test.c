/* csrc/base: bits at odd offsets, counted and refused memory, the pool (errors, nesting, fork, cancelling), text, errors. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cpu.h"
#include "base/pool.h"
#include "twin.h"

/* ---- Bits ---- */

enum { BITS = 300 };

static bool random_bits(uint8_t *bits) {
  for (size_t i = 0; i < tl_bit_bytes(BITS); i++) bits[i] = (uint8_t)twin_random(256);
  return twin_random(2);
}

static void check_bits(void) {
  uint8_t from[(BITS + 7) / 8], to[(BITS + 7) / 8], before[(BITS + 7) / 8];
  bool value = random_bits(from);
  random_bits(to);
  int64_t first = twin_random(BITS), count = twin_random((int)(BITS - first) + 1), start = twin_random((int)(BITS - count) + 1);
  int64_t set = 0;
  for (int64_t i = first; i < first + count; i++) set += tl_bit(from, i);
  CHECK(tl_bits_count(from, first, count) == set);
  memcpy(before, to, sizeof to);
  tl_bits_copy(to, start, from, first, count);
  bool good = true;
  for (int64_t i = 0; i < BITS; i++)
    good = good && tl_bit(to, i) == (i >= start && i < start + count ? tl_bit(from, i - start + first) : tl_bit(before, i));
  CHECK(good);
  memcpy(from, before, sizeof from);
  tl_bits_fill(from, first, count, value);
  for (int64_t i = 0; i < BITS; i++)
    good = good && tl_bit(from, i) == (i >= first && i < first + count ? value : tl_bit(before, i));
  CHECK(good);
}

/* ---- Memory ---- */

static void test_memory(void) {
  size_t start = tally_memory_used();
  CHECK(tl_mem_new(SIZE_MAX / 2, 4) == NULL && tl_mem_zero(SIZE_MAX, 1) == NULL && tl_mem_new_aligned(SIZE_MAX - 8) == NULL);
  CHECK(tally_memory_used() == start);
  char *block = tl_mem_new(1000, 1);
  CHECK(block && tally_memory_used() >= start + 1000);
  CHECK(tl_mem_resize(block, SIZE_MAX / 2, 8) == NULL); /* and the block is still there */
  block = tl_mem_resize(block, 10, 1);
  CHECK(tally_memory_used() < start + 1000);
  tl_mem_free(block);
  void *nothing = tl_mem_new(0, 8);
  CHECK(nothing != NULL);
  tl_mem_free(nothing);
  unsigned char *aligned = tl_mem_new_aligned(100);
  CHECK((uintptr_t)aligned % TL_ALIGNMENT == 0);
  bool padded = true;
  for (int i = 0; i < TL_PADDING; i++) padded = padded && aligned[100 + i] == 0;
  CHECK(padded);
  tl_mem_free_aligned(aligned);
  CHECK(tally_memory_used() == start);
}

static void test_memory_limit(void) {
  tally_set_memory_limit(tally_memory_used() + 10000);
  CHECK(tl_mem_new(20000, 1) == NULL);
  CHECK(tl_mem_new_aligned(20000) == NULL);
  void *small = tl_mem_new(5000, 1);
  CHECK(small != NULL && tl_mem_new(5000, 1) == NULL);
  CHECK(tl_mem_resize(small, 15000, 1) == NULL);
  tally_set_memory_limit(0);
  small = tl_mem_resize(small, 15000, 1);
  CHECK(small != NULL);
  tl_mem_free(small);
}

static void test_refused_memory(void) {
  void *blocks[5];
  tally_fail_allocation(2, false);
  for (int i = 0; i < 5; i++) blocks[i] = tl_mem_new(1, 1);
  for (int i = 0; i < 5; i++) CHECK((blocks[i] == NULL) == (i == 2));
  for (int i = 0; i < 5; i++) tl_mem_free(blocks[i]);
  tally_fail_allocation(1, true);
  for (int i = 0; i < 5; i++) blocks[i] = tl_mem_new(1, 1);
  tally_fail_allocation(-1, false);
  for (int i = 0; i < 5; i++) CHECK((blocks[i] == NULL) == (i >= 1));
  for (int i = 0; i < 5; i++) tl_mem_free(blocks[i]);
}

static void test_growing(void) {
  int *numbers = NULL;
  size_t capacity = 0;
  for (int i = 0; i < 5000; i++) {
    MUST(tl_mem_reserve((void **)&numbers, &capacity, (size_t)i + 1, sizeof *numbers, &check_error));
    numbers[i] = i;
  }
  bool kept = true;
  for (int i = 0; i < 5000; i++) kept = kept && numbers[i] == i;
  CHECK(kept && capacity >= 5000);
  int *same = numbers;
  FAILS(TALLY_ENOMEM, "memory", tl_mem_reserve((void **)&numbers, &capacity, SIZE_MAX / 2, sizeof *numbers, &check_error));
  CHECK(numbers == same);
  tl_mem_free(numbers);
}

static void test_arena(void) {
  tl_arena arena = TL_ARENA;
  char *texts[500];
  for (int i = 0; i < 500; i++) {
    char text[32];
    snprintf(text, sizeof text, "text %d", i);
    texts[i] = tl_arena_text(&arena, text, strlen(text));
    unsigned char *block = tl_arena_new(&arena, (size_t)twin_random(1000));
    CHECK(block && (uintptr_t)block % 16 == 0);
  }
  CHECK(strcmp(texts[0], "text 0") == 0 && strcmp(texts[499], "text 499") == 0);
  char *large = tl_arena_new(&arena, 1000000);
  CHECK(large != NULL);
  memset(large, 1, 1000000);
  CHECK(tl_arena_new(&arena, SIZE_MAX) == NULL);
  tl_arena_done(&arena);
  tl_arena_done(&arena);
}

/* ---- The pool ---- */

enum { TASKS = 200 };

typedef struct tasks {
  atomic_int runs[TASKS];
  atomic_int busy[64]; /* workers at work */
  atomic_bool shared;  /* two tasks had one worker at a time */
  size_t fails_at, fails_too;
} tasks;

static tally_status run_task(void *context, size_t task, size_t worker, tally_error *error) {
  tasks *it = context;
  if (worker >= tl_pool_workers() || atomic_fetch_add(&it->busy[worker], 1) != 0) it->shared = true;
  atomic_fetch_add(&it->runs[task], 1);
  atomic_fetch_sub(&it->busy[worker], 1);
  if (task != it->fails_at && task != it->fails_too) return TALLY_OK;
  return tl_fail(error, task == it->fails_at ? TALLY_ERANGE : TALLY_EIO, "task %zu", task);
}

static bool all_ran_once(const tasks *it, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (it->runs[i] != 1) return false;
  return true;
}

static void test_pool(void) {
  for (int threads = 1; threads <= 8; threads++) {
    CHECK(tally_threads(threads) == threads);
    for (int round = 0; round < 10; round++) {
      tasks it = {.fails_at = TASKS, .fails_too = TASKS};
      MUST(tl_pool_run(TASKS, run_task, &it, &check_error));
      CHECK(all_ran_once(&it, TASKS) && !it.shared);
      tasks failing = {.fails_at = 40, .fails_too = 120};
      FAILS(TALLY_ERANGE, "task 40", tl_pool_run(TASKS, run_task, &failing, &check_error));
      CHECK(all_ran_once(&failing, 41)); /* every one before it ran */
    }
  }
  MUST(tl_pool_run(0, run_task, NULL, &check_error));
  tally_shutdown();
  tasks again = {.fails_at = TASKS, .fails_too = TASKS};
  MUST(tl_pool_run(TASKS, run_task, &again, &check_error));
  CHECK(all_ran_once(&again, TASKS));
}

static tally_status run_nested(void *context, size_t task, size_t worker, tally_error *error) {
  (void)worker;
  (void)task;
  tasks it = {.fails_at = TASKS, .fails_too = TASKS};
  TL_TRY(tl_pool_run(10, run_task, &it, error));
  if (all_ran_once(&it, 10)) atomic_fetch_add((atomic_int *)context, 1);
  return TALLY_OK;
}

static void test_pool_nested(void) {
  atomic_int good = 0;
  MUST(tl_pool_run(20, run_nested, &good, &check_error));
  CHECK(good == 20);
}

static void *run_from_thread(void *argument) {
  (void)argument;
  tasks it = {.fails_at = TASKS, .fails_too = TASKS};
  bool good = tl_pool_run(TASKS, run_task, &it, NULL) == TALLY_OK && all_ran_once(&it, TASKS);
  return good ? argument : NULL;
}

static void test_pool_from_threads(void) {
  pthread_t threads[4];
  int mark;
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, run_from_thread, &mark);
  for (int i = 0; i < 4; i++) {
    void *result;
    pthread_join(threads[i], &result);
    CHECK(result == &mark);
  }
}

/* A child has no workers of its parent, and starts its own. (The thread sanitizer allows no threads in it.) */
static void test_pool_fork(void) {
#ifndef __SANITIZE_THREAD__
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    tasks it = {.fails_at = TASKS, .fails_too = TASKS};
    bool good = tl_pool_run(TASKS, run_task, &it, NULL) == TALLY_OK && all_ran_once(&it, TASKS);
    tally_shutdown();
    _exit(good ? 0 : 1);
  }
  int status = -1;
  CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  tasks it = {.fails_at = TASKS, .fails_too = TASKS};
  MUST(tl_pool_run(TASKS, run_task, &it, &check_error));
  CHECK(all_ran_once(&it, TASKS));
#endif
}

static tally_status cancel_at_ten(void *context, size_t task, size_t worker, tally_error *error) {
  (void)worker;
  (void)error;
  atomic_fetch_add((atomic_int *)context, 1);
  if (task == 10) tally_cancel(true);
  return TALLY_OK;
}

static void test_cancel(void) {
  atomic_int runs = 0;
  FAILS(TALLY_ECANCEL, "interrupted", tl_pool_run(100000, cancel_at_ten, &runs, &check_error));
  CHECK(runs < 100000);
  FAILS(TALLY_ECANCEL, "interrupted", tl_pool_check(&check_error));
  tally_cancel(false);
  MUST(tl_pool_check(&check_error));
}

/* ---- Text ---- */

static void test_utf8(void) {
  static const char *const valid[] = {"",
                                      "abc",
                                      "\xC2\x80",
                                      "\xDF\xBF",
                                      "\xE0\xA0\x80",
                                      "\xED\x9F\xBF",
                                      "\xEE\x80\x80",
                                      "\xF0\x90\x80\x80",
                                      "\xF4\x8F\xBF\xBF",
                                      "eight ascii bytes and then \xC3\xA9"};
  static const char *const broken[] = {
      "\x80",     "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
      "\xE2\x82", "\xC3("};
  for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) CHECK(tl_text_valid_utf8(tl_text_of(valid[i])) == strlen(valid[i]));
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    char after[64];
    CHECK(tl_text_valid_utf8(tl_text_of(broken[i])) == 0);
    snprintf(after, sizeof after, "twelve bytes%s", broken[i]);
    CHECK(tl_text_valid_utf8(tl_text_of(after)) == 12);
  }
  CHECK(tl_text_valid_utf8(tl_text("a\0b", 3)) == 3);
}

static void test_text(void) {
  CHECK(tl_text_compare(tl_text_of("a"), tl_text_of("ab")) < 0 && tl_text_compare(tl_text_of("b"), tl_text_of("ab")) > 0);
  CHECK(tl_text_compare(tl_text_of("\xC3\xA4"), tl_text_of("z")) > 0 && tl_text_compare(tl_text_of(""), tl_text_of("")) == 0);
  CHECK(tl_text_equal(tl_text(NULL, 0), tl_text_of("")) && !tl_text_equal(tl_text_of("a"), tl_text_of("b")));
  CHECK(tl_text_equal(tl_text_trim(tl_text_of(" \t\xC2\xA0 a b\xEF\xBB\xBF ")), tl_text_of("a b")));
  CHECK(tl_text_trim(tl_text_of(" \xC2\xA0")).size == 0);
  CHECK(tl_text_equal_fold(tl_text_of("UkPrN"), tl_text_of("UKPRN")) && !tl_text_equal_fold(tl_text_of("[c]"), tl_text_of("{c}")));
  CHECK(tl_text_hash(tl_text_of("UG")) == tl_text_hash(tl_text("UG!", 2)));
}

/* ---- Errors ---- */

static void test_errors(void) {
  tally_error error = {0};
  CHECK(tl_fail(&error, TALLY_ENAME, "no column '%s'", "x") == TALLY_ENAME);
  CHECK(tl_fail(&error, TALLY_EIO, "later") == TALLY_EIO);
  CHECK(error.code == TALLY_ENAME && strcmp(error.text, "no column 'x'") == 0);
  CHECK(tl_fail(NULL, TALLY_ERANGE, "nobody listens") == TALLY_ERANGE);
  tl_error_clear(&error);
  tl_fail_at(&error, TALLY_ESYNTAX, "x.csv", 3, 14, "a quote is not closed");
  CHECK(error.line == 3 && error.column == 14 && strcmp(error.where, "x.csv") == 0);
  tl_error_where(&error, "other.csv");
  CHECK(strcmp(error.where, "x.csv") == 0);
}

/* Long texts are cut at a whole character, long names on the left. */
static void test_long_errors(void) {
  char text[1200];
  for (int shift = 0; shift < 3; shift++) {
    tally_error error = {0};
    memset(text, 'a', (size_t)shift);
    for (int i = shift; i + 3 < 1199; i += 3) memcpy(text + i, "\xE2\x82\xAC", 4);
    tl_fail_at(&error, TALLY_EIO, text, 0, 0, "%s", text);
    CHECK(strlen(error.text) > 370 && tl_text_valid_utf8(tl_text_of(error.text)) == strlen(error.text));
    CHECK(strncmp(error.where, "...", 3) == 0 && strlen(error.where) > 90);
    CHECK(tl_text_valid_utf8(tl_text_of(error.where)) == strlen(error.where));
  }
  CHECK(strcmp(tally_status_name(TALLY_ENOMEM), "memory") == 0 && strcmp(tally_status_name(TALLY_OK), "ok") == 0);
}

static void test_kernels(void) {
  const char *best = tally_kernel();
  CHECK(!tally_set_kernel("abacus") && tally_kernel() == best);
  CHECK(tally_set_kernel("portable") && tl_cpu_level() == TL_CPU_PORTABLE && strcmp(tally_kernel(), "portable") == 0);
  CHECK(tally_set_kernel(best) && tally_kernel() == best);
}

static void test_error_messages(void) {
  char message[640];
  tally_error error = {.code = TALLY_ESYNTAX, .line = 3, .column = 1, .where = "a.csv", .text = "a quote"};
  CHECK(tally_error_message(&error, message, sizeof message) == 18 && strcmp(message, "a.csv:3:1: a quote") == 0);
  error.column = 0;
  tally_error_message(&error, message, sizeof message);
  CHECK(strcmp(message, "a.csv:3: a quote") == 0);
  error.line = 0;
  tally_error_message(&error, message, sizeof message);
  CHECK(strcmp(message, "a.csv: a quote") == 0);
  error.where[0] = '\0';
  tally_error_message(&error, message, sizeof message);
  CHECK(strcmp(message, "a quote") == 0);
  CHECK(tally_error_message(&error, message, 4) == 3 && strcmp(message, "a q") == 0);
  strcpy(error.text, "a£");
  CHECK(tally_error_message(&error, message, 3) == 1 && strcmp(message, "a") == 0); /* no half of a character */
}

static void test_nearest(void) {
  const char *names[] = {"year", "level", "domicile", "UKPRN", "n"};
  CHECK(tally_nearest("levle", names, 5) == names[1]); /* two letters swapped are one mistake */
  CHECK(tally_nearest("domicil", names, 5) == names[2]);
  CHECK(tally_nearest("ukprn", names, 5) == names[3]); /* case does not count */
  CHECK(tally_nearest("m", names, 5) == names[4]);
  CHECK(tally_nearest("students", names, 5) == NULL);
  CHECK(tally_nearest("level", names, 0) == NULL);
  char long_name[200];
  memset(long_name, 'x', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  CHECK(tally_nearest(long_name, names, 5) == NULL);
}

int main(void) {
  for (int round = 0; round < 2000; round++) check_bits();
  test_memory();
  test_memory_limit();
  test_refused_memory();
  test_growing();
  test_arena();
  test_pool();
  test_pool_nested();
  test_pool_from_threads();
  test_pool_fork();
  test_cancel();
  test_utf8();
  test_text();
  test_errors();
  test_long_errors();
  test_kernels();
  test_error_messages();
  test_nearest();
  tally_shutdown();
  CHECK(tally_memory_used() == 0);
  return finish();
}
