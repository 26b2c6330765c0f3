/* A test in C is a program: CHECK counts, finish() prints the closing line and gives the exit status. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

static int check_passed, check_failed;

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (condition) {                                                          \
      check_passed++;                                                         \
    } else {                                                                  \
      check_failed++;                                                         \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                         \
  } while (0)

/* A call that must succeed; without its result the rest of the test makes no sense. */
#define MUST(call)                                                                \
  do {                                                                            \
    tally_error *must_ = &check_error;                                            \
    *must_ = (tally_error){0};                                                    \
    if ((call) != TALLY_OK) {                                                     \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, must_->text); \
      exit(1);                                                                    \
    }                                                                             \
  } while (0)

static tally_error check_error __attribute__((unused));

/* The folder of the published files, which are not part of the project and may not be there. */
static inline const char *published_folder(void) {
  const char *folder = getenv("TALLY_DATA");
  return folder ? folder : "../shared/data";
}

static inline int finish(void) {
  printf("%d passed, %d failed\n", check_passed, check_failed);
  return check_failed ? 1 : 0;
}

#endif
