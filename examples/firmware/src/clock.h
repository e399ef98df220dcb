/* Time since the start: a tick of one millisecond, and microseconds between ticks. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void clock_start(void);
uint32_t clock_millis(void);
uint32_t clock_micros(void);

#ifdef __cplusplus
}
#endif

#endif
