/* Handlers on Cortex-M: the vector table itself, in RAM. The processor reads it at each interrupt, so a handler costs
 * what it costs in flash. Where the core has no VTOR the stub's vectors lead to the word bw_irq_hook, and a few
 * instructions here on to the table.
 * Armv7-M manual, B1.5.3 vector table, B3.4 NVIC; Armv6-M manual, B3.3 SysTick. */
#include <stdbool.h>

#include "irq.h"

#if defined(__arm__)

#define REG(addr) (*(volatile uint32_t *)(addr))
#define VTOR REG(0xE000ED08u)
#define SYST_CSR REG(0xE000E010u)
#define NVIC(base, irq) REG((base) + ((irq) >> 5 << 2))
#define ISER 0xE000E100u
#define ICER 0xE000E180u
#define ICPR 0xE000E280u
#define BIT(irq) (1u << ((irq) & 31u))

#define SYSTICK 15u
#define TICKINT (1u << 1)
#define ENABLE (1u << 0)

/* Of the stub's, where it has one. */
extern void (*volatile bw_irq_hook)(void) __attribute__((weak));

static struct {
  volatile bw_handler *table;  /* by exception number */
  volatile bw_handler *before; /* the stub's */
  bw_handler hook;
  uint32_t words;
} irq;

#if defined(__ARM_ARCH_6M__)
static bool has_vtor(void) { return &bw_irq_hook == NULL; }

/* An interrupt that came to the hook. lr is as the processor set it. */
__attribute__((naked)) static void dispatch(void) {
  __asm__ volatile(
      "ldr r0, =%c0\n\t"
      "ldr r0, [r0]\n\t"
      "mrs r1, ipsr\n\t"
      "lsls r1, r1, #2\n\t"
      "ldr r0, [r0, r1]\n\t"
      "bx r0\n\t"
      ".ltorg"
      :
      : "i"(&irq.table));
}
#else
static bool has_vtor(void) { return true; }
#endif

static void use(volatile bw_handler *table) {
  __asm__ volatile("dsb" ::: "memory");
#if defined(__ARM_ARCH_6M__)
  if (!has_vtor()) {
    bw_irq_hook = table == irq.table ? dispatch : irq.hook;
    return;
  }
#endif
  VTOR = (uint32_t)(uintptr_t)table;
  __asm__ volatile("dsb\n\tisb" ::: "memory");
}

void bw_irq_unset(void) {
  uint32_t number;
  __asm__ volatile("mrs %0, ipsr" : "=r"(number));
  if (number == SYSTICK) {
    SYST_CSR &= ~TICKINT;
  } else {
    NVIC(ICER, number - 16u) = BIT(number - 16u);
    __asm__ volatile("dsb" ::: "memory");
  }
}

void bw_irq_build(volatile bw_handler *table, uint32_t words) {
  irq.table = table;
  irq.words = words;
  irq.hook = has_vtor() ? NULL : bw_irq_hook;
  irq.before = (volatile bw_handler *)(uintptr_t)VTOR;
  for (uint32_t i = 0; i < words; i++) {
    /* Of the interrupts the stub's are those that are let in by now: its own table ends behind them. Where there is no
     * VTOR they do not come by here. */
    const bool is_let_in = i < 16u ? i != SYSTICK || (SYST_CSR & TICKINT) != 0u
                                   : has_vtor() && (NVIC(ISER, i - 16u) & BIT(i - 16u)) != 0u;
    table[i] = is_let_in ? irq.before[i] : bw_irq_unset;
  }
}

void bw_irq_set(int32_t number, bw_handler handler) {
  const uint32_t line = (uint32_t)number;
  if (handler == NULL) {
    irq.table[16 + number] = bw_irq_unset;
    if (number >= 0) {
      NVIC(ICER, line) = BIT(line);
    }
    return;
  }
  const bool is_new = irq.table[16 + number] == bw_irq_unset;
  irq.table[16 + number] = handler;
  use(irq.table);
  if (number >= 0) {
    if (is_new) {
      NVIC(ICPR, line) = BIT(line); /* what came when nobody was there to handle it */
    }
    NVIC(ISER, line) = BIT(line);
  }
}

/* Neither nobody's nor the stub's. A word of the stub's behind the end of its table is some instruction. */
static bool is_users(uint32_t at) {
  const bw_handler handler = irq.table[at];
  return handler != bw_irq_unset && handler != irq.before[at];
}

void bw_irq_stop(void) {
  if (is_users(SYSTICK)) {
    SYST_CSR &= ~TICKINT;
  }
  for (uint32_t i = 16; i < irq.words; i++) {
    if (is_users(i)) {
      NVIC(ICER, i - 16u) = BIT(i - 16u);
    }
  }
  use(irq.before);
}

void bw_irq_start(void) {
  use(irq.table);
  for (uint32_t i = 16; i < irq.words; i++) {
    if (is_users(i)) {
      NVIC(ISER, i - 16u) = BIT(i - 16u);
    }
  }
  if (is_users(SYSTICK) && (SYST_CSR & ENABLE) != 0u) {
    SYST_CSR |= TICKINT;
  }
}

#endif
