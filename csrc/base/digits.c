/* base/digits: the levels. The arithmetic, in base/digits_level, is in vectors of the compiler, which are of one lane where a machine
 * does not multiply more at once. */
#include "base/digits.h"

#include <string.h>

#include "base/cpu.h"

#pragma GCC diagnostic ignored "-Wpsabi" /* vectors are handed to functions, but all of these are compiled into their caller */

#define LEVEL(name) portable_##name
#define LANES 1
#define ATTRIBUTES
#include "base/digits_level.h"

#if defined(__x86_64__)
#define LEVEL(name) avx2_##name
#define LANES 4
#define ATTRIBUTES __attribute__((target("avx2")))
#include "base/digits_level.h"

#define LEVEL(name) avx512_##name
#define LANES 8
#define ATTRIBUTES __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#include "base/digits_level.h"
#endif

const tl_digit_kernels *tl_digits_best(void) {
  static const tl_digit_kernels kernels[TL_CPU_LEVELS] = {
    [TL_CPU_PORTABLE] = {portable_integers, portable_numbers},
    [TL_CPU_NEON] = {portable_integers, portable_numbers},
#if defined(__x86_64__)
    [TL_CPU_AVX2] = {avx2_integers, avx2_numbers},
    [TL_CPU_AVX512] = {avx512_integers, avx512_numbers},
#endif
  };
  return &kernels[tl_cpu_level()];
}
