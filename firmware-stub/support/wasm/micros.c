/* Microseconds since the board started, in 64 bits. The stub counts 32; the carry is kept here, so that no turn (71
 * minutes) may pass without a look at the clock. */
#include "../barewire.h"

static uint32_t last, turns;

uint64_t bw_micros64(void);

uint64_t bw_micros64(void) {
  uint32_t now = bw_micros();
  turns += now < last;
  last = now;
  return ((uint64_t)turns << 32) | now;
}
