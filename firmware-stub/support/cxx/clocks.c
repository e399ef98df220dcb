/* std::chrono's clocks count nanoseconds since the board started. Names: libstdc++, bits/chrono.h. */
#include "../barewire.h"

uint64_t bw_micros64(void);

int64_t bw_system_clock(void) __asm__("_ZNSt6chrono3_V212system_clock3nowEv");
int64_t bw_system_clock(void) { return (int64_t)(bw_micros64() * 1000u); }

int64_t bw_steady_clock(void) __asm__("_ZNSt6chrono3_V212steady_clock3nowEv");
int64_t bw_steady_clock(void) { return (int64_t)(bw_micros64() * 1000u); }
