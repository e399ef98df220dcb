/* Sets regions of the MPU. The host links this as an input of its own, which is gone once it ran, and writes the table
 * first: `barewire` keeps running code from writing to code by it. A row of zeros is left out. The MPU is off meanwhile:
 * regions of Armv8-M must not overlap, not even for a moment. */
#include "mpu.h"

#if defined(BW_MPU)

struct bw_mpu_region __bw_mpu_regions[8] = {{.base = 1}}; /* not all zero, so that it is sent as it is */

__attribute__((constructor)) static void set_regions(void) {
  const uint32_t ctrl = bw_mpu_off();
  for (uint32_t i = 0; i < 8u; i++) {
    const volatile struct bw_mpu_region *region = &__bw_mpu_regions[i];
    if (region->base != 0u) {
      bw_mpu_set(region);
    }
  }
  bw_mpu_on(ctrl);
}

#endif
