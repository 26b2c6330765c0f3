/* base/cpu: the level of kernels in force, found once and kept; a test or a user may choose a lower one. */
#include "base/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

static const char *const level_names[TL_CPU_LEVELS] = {
    [TL_CPU_PORTABLE] = "portable",
    [TL_CPU_NEON] = "neon",
    [TL_CPU_AVX2] = "avx2",
    [TL_CPU_AVX512] = "avx512",
};

static atomic_int chosen = -1;

static bool machine_has(tl_cpu level) {
  switch (level) {
    case TL_CPU_PORTABLE:
      return true;
#if defined(__x86_64__)
    case TL_CPU_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul");
    case TL_CPU_AVX512:
      return machine_has(TL_CPU_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2");
#elif defined(__aarch64__)
    case TL_CPU_NEON:
      return true;
#endif
    default:
      return false;
  }
}

static tl_cpu best(void) {
  for (int level = TL_CPU_LEVELS - 1; level > TL_CPU_PORTABLE; level--) {
    if (machine_has((tl_cpu)level)) return (tl_cpu)level;
  }
  return TL_CPU_PORTABLE;
}

bool tally_set_kernel(const char *name) {
  for (int level = 0; level < TL_CPU_LEVELS; level++) {
    if (strcmp(level_names[level], name) == 0 && machine_has((tl_cpu)level)) {
      atomic_store(&chosen, level);
      return true;
    }
  }
  return false;
}

tl_cpu tl_cpu_level(void) {
  int level = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (level >= 0) return (tl_cpu)level;
  const char *asked = getenv("TALLY_KERNEL");
  if (!asked || !tally_set_kernel(asked)) atomic_store(&chosen, (int)best());
  return (tl_cpu)atomic_load(&chosen);
}

const char *tally_kernel(void) {
  return level_names[tl_cpu_level()];
}
