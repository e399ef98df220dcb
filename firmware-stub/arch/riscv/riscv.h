/* RISC-V machine mode, and the two interrupt controllers that the boards share, for the ports.
 * Source: RISC-V Privileged Architecture, 3.1; SiFive E31 Core Complex manual, CLINT and PLIC. */
#ifndef STUB_RISCV_H
#define STUB_RISCV_H

#include <stdint.h>

#if !defined(REG) /* test/stub/register-model.h has another one */
#define REG(addr) (*(volatile uint32_t *)(addr))
#endif

#define CLINT_MSIP REG(0x02000000u)
#define CLINT_MTIME_LOW REG(0x0200BFF8u)
#define CLINT_MTIME_HIGH REG(0x0200BFFCu)

#define PLIC_PRIORITY(irq) REG(0x0C000000u + 4u * (irq))
#define PLIC_ENABLE REG(0x0C002000u)
#define PLIC_ENABLE_HIGH REG(0x0C002004u)
#define PLIC_THRESHOLD REG(0x0C200000u)
#define PLIC_CLAIM REG(0x0C200004u)

/** Start of the program, again. */
_Noreturn void stub_arch_restart(void);

/** Lets one interrupt through the PLIC (irq below 32). */
static inline void plic_enable(uint32_t irq) {
  PLIC_PRIORITY(irq) = 1;
  PLIC_ENABLE = 1u << irq;
  PLIC_THRESHOLD = 0;
  PLIC_CLAIM = irq; /* a restart may have come within its handler */
}

/** Microseconds of a machine timer that counts 10 MHz, modulo 2^32. 2^32 = 10 * 429496729 + 6. */
static inline uint32_t mtime_micros(void) {
  uint32_t high;
  uint32_t low;
  do { /* again if the low word wrapped in between */
    high = CLINT_MTIME_HIGH;
    low = CLINT_MTIME_LOW;
  } while (high != CLINT_MTIME_HIGH);
  return high * 429496729u + low / 10u + (high * 6u + low % 10u) / 10u;
}

#endif
