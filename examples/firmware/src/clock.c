#include "clock.h"

#include "mps2.h"

#define TICK_CYCLES (CPU_HZ / 1000u)

static volatile uint32_t ticks;

void SysTick_Handler(void);
void SysTick_Handler(void) { ticks++; }

void clock_start(void) {
  SYSTICK_RELOAD = TICK_CYCLES - 1u;
  SYSTICK_VALUE = 0;
  SYSTICK_CONTROL = 7u; /* the core's clock, interrupt, on */
}

uint32_t clock_millis(void) { return ticks; }

/* The tick may come between reading the two halves. */
uint32_t clock_micros(void) {
  uint32_t millis, left;
  do {
    millis = ticks;
    left = SYSTICK_VALUE;
  } while (millis != ticks);
  return millis * 1000u + (TICK_CYCLES - 1u - left) / (CPU_HZ / 1000000u);
}
