/* Linked by the host as an input of its own, so that the tracking comes onto the board. */
#include "barewire.h"

#if defined(__ARM_ARCH_7M__) || defined(__ARM_ARCH_7EM__)

uint32_t bw_track_take(void);
uint32_t bw_track_start(void);

__attribute__((constructor, used)) static void init(void) {
  bw_track_start();
  bw_track_take();
}

/* The name by which the host finds this file. */
const uint8_t __bw_track_init = 0;

#endif
