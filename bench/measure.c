/* measure FILE COMMAND...: runs the command and writes to FILE a line "seconds peak others": the time from its start to its end,
 * the most memory it had (KiB), and how many cores others kept busy meanwhile, on average. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds that the cores of the machine were busy, or taken away by its host, since it started. */
static double busy(void) {
  double user = 0, nice = 0, system = 0, irq = 0, softirq = 0, steal = 0;
  FILE *file = fopen("/proc/stat", "r");
  if (file != NULL) {
    int found = fscanf(file, "cpu %lf %lf %lf %*f %*f %lf %lf %lf", &user, &nice, &system, &irq, &softirq, &steal);
    fclose(file);
    if (found != 6) return 0;
  }
  return (user + nice + system + irq + softirq + steal) / (double)sysconf(_SC_CLK_TCK);
}

static double seconds(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int count, char **arguments) {
  if (count < 3) {
    fputs("usage: measure FILE COMMAND...\n", stderr);
    return 2;
  }
  double busy_before = busy(), start = now();
  pid_t child;
  if (posix_spawnp(&child, arguments[2], NULL, NULL, arguments + 2, environ) != 0) {
    perror(arguments[2]);
    return 127;
  }
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) < 0) return 1;
  double elapsed = now() - start;
  double others = (busy() - busy_before - seconds(usage.ru_utime) - seconds(usage.ru_stime)) / elapsed;

  FILE *file = fopen(arguments[1], "w");
  if (file == NULL) {
    perror(arguments[1]);
    return 1;
  }
  fprintf(file, "%.4f %ld %.2f\n", elapsed, usage.ru_maxrss, others > 0 ? others : 0);
  fclose(file);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
