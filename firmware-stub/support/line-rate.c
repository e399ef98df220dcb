/* Tries another rate of the line. The host links this as an input of its own, which is gone once it ran, and writes the
 * table first. Until the rate proves good nothing is lost: unless somebody ends this code by BREAK, which has to come in
 * at the new rate, the old one is set again after a while. BREAK leaves the UART as it is.
 *
 *   drain · new rate · wait for BREAK … drain · old rate · return
 *
 * Interrupts are off while the rate changes, so that BREAK ends it before or after, and never halfway. */
#include "barewire.h"

struct bw_register {
  uint32_t addr;
  uint32_t value;
};

#define MOST_WRITES 5u

struct bw_line_rate {
  /* Nothing is left to send when (*idleAddr & idleMask) == idleValue, and drainMicros later; idleAddr 0: only the time. */
  uint32_t idleAddr, idleMask, idleValue, drainMicros;
  uint32_t patienceMicros;
  /* Register writes that set the new rate, then the old one; rows with address 0 are left out. */
  struct bw_register rates[2][MOST_WRITES];
};

struct bw_line_rate __bw_line_rate = {1, 0, 0, 0, 0, {{{0, 0}}}}; /* not all zero, so that it is sent as it is */

#if defined(__riscv)
#define INTERRUPTS_OFF() __asm__ volatile("csrci mstatus, 8" ::: "memory")
#define INTERRUPTS_ON() __asm__ volatile("csrsi mstatus, 8" ::: "memory")
#else
#define INTERRUPTS_OFF() __asm__ volatile("cpsid i" ::: "memory")
#define INTERRUPTS_ON() __asm__ volatile("cpsie i" ::: "memory")
#endif

static void wait_micros(uint32_t micros) {
  const uint32_t start = bw_micros();
  while (bw_micros() - start < micros) {
  }
}

static void set_rate(const struct bw_register *writes) {
  const volatile struct bw_line_rate *line = &__bw_line_rate;
  INTERRUPTS_OFF();
  while (line->idleAddr != 0u && (*(volatile uint32_t *)line->idleAddr & line->idleMask) != line->idleValue) {
  }
  wait_micros(line->drainMicros);
  for (uint32_t i = 0; i < MOST_WRITES; i++) {
    if (writes[i].addr != 0u) {
      *(volatile uint32_t *)writes[i].addr = writes[i].value;
    }
  }
  INTERRUPTS_ON();
}

__attribute__((constructor)) static void try_rate(void) {
  set_rate(__bw_line_rate.rates[0]);
  wait_micros(__bw_line_rate.patienceMicros);
  set_rate(__bw_line_rate.rates[1]);
}
