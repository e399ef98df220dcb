/* Sets regions of the MPU. The host links this as an input of its own, which is gone once it ran, and writes the table
 * first: `barewire` keeps running code from writing to code by it. A row of zeros is left out. */
#include "mpu.h"

#if defined(__ARM_ARCH_7M__) || defined(__ARM_ARCH_7EM__)

struct bw_mpu_region __bw_mpu_regions[8] = {{0, 1}}; /* not all zero, so that it is sent as it is */

__attribute__((constructor)) static void set_regions(void) {
  for (uint32_t i = 0; i < 8u; i++) {
    const volatile struct bw_mpu_region *region = &__bw_mpu_regions[i];
    if (region->rbar != 0u) {
      BW_MPU_RBAR = region->rbar;
      BW_MPU_RASR = region->rasr;
    }
  }
  __asm__ volatile("dsb\n\tisb" ::: "memory");
}

#endif
