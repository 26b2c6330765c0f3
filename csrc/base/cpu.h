/* base/cpu: which kernels may run here, and which do. A room with kernels keeps one row for each level and takes
 * the row tl_cpu_level() when it starts a job. */
#ifndef TL_BASE_CPU_H
#define TL_BASE_CPU_H

#include <stdbool.h>

typedef enum tl_cpu {
  TL_CPU_PORTABLE = 0, /* plain C, 64 bits at a time */
  TL_CPU_NEON,         /* AArch64 */
  TL_CPU_AVX2,         /* with BMI2 and PCLMUL */
  TL_CPU_AVX512,       /* F, BW, DQ, VL, VBMI2 */
  TL_CPU_LEVELS
} tl_cpu;

/* The level in force: the best that this machine has, or the one chosen by TALLY_KERNEL or tally_set_kernel. */
tl_cpu tl_cpu_level(void);

#endif
