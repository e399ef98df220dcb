/* Microseconds from SysTick, for boards without a timer that counts them. Its interrupt counts periods; a period that has
 * ended and is not counted yet shows in ICSR. The port gives CLOCK_HZ, PERIOD_MICROS (24 bits of clocks at most) and
 * PERIOD_ENDED, what else is to be done once a period. Source: Armv7-M manual, B3.3 and B3.2.4. */
#ifndef SYSTICK_H
#define SYSTICK_H

static volatile uint32_t elapsed __attribute__((section(".open"))); /* microseconds of the periods that are counted */

static inline void systick_init(void) {
  SYST_RVR = CLOCK_HZ / 1000000u * PERIOD_MICROS - 1u;
  SYST_CVR = 0;
  SYST_CSR = 7;
}

static void systick_handler(void) {
  elapsed += PERIOD_MICROS;
  PERIOD_ENDED;
}

uint32_t bw_micros(void) {
  uint32_t end;
  uint32_t left;
  do { /* again if a period was counted in between */
    end = elapsed + PERIOD_MICROS;
    left = SYST_CVR;
    if (SCB_ICSR & ICSR_PENDSTSET) {
      end += PERIOD_MICROS;
      left = SYST_CVR;
      break;
    }
  } while (end != elapsed + PERIOD_MICROS);
  return end - left / (CLOCK_HZ / 1000000u);
}

#endif
