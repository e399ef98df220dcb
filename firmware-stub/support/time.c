/* Time since the board started, which is all the time a board knows. gettimeofday() is behind time(), and behind
 * std::chrono's clocks; _times() behind clock(). The stub counts microseconds in 32 bits; the carry is kept here,
 * so that no turn (71 minutes) may pass without a look at the clock. */
#include "barewire.h"

/* Newlib's struct timeval and struct tms. */
struct timeval {
  int64_t seconds;
  int32_t micros;
};
struct tms {
  uint32_t user, system, children_user, children_system;
};

/* CLOCKS_PER_SEC is 100. */
#define MICROS_PER_TICK 10000u
#define MICROS_PER_SECOND 1000000u

static uint32_t last, turns;

uint64_t bw_micros64(void);

uint64_t bw_micros64(void) {
  uint32_t now = bw_micros();
  turns += now < last;
  last = now;
  return ((uint64_t)turns << 32) | now;
}

int _gettimeofday(struct timeval *time, void *zone) {
  (void)zone;
  uint64_t now = bw_micros64();
  time->seconds = (int64_t)(now / MICROS_PER_SECOND);
  time->micros = (int32_t)(now % MICROS_PER_SECOND);
  return 0;
}

uint32_t _times(struct tms *times) {
  uint32_t ticks = (uint32_t)(bw_micros64() / MICROS_PER_TICK);
  *times = (struct tms){ticks, 0, 0, 0};
  return ticks;
}
