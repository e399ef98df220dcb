/* Handlers on RISC-V: every trap comes by here on its way to the stub's handler, which the stub's word bw_irq_hook leads
 * to. Timer and external interrupts other than the stub's own are the user's.
 *
 *   timer, external ─▶ claim ─▶ handler, with the stub's interrupts let in ─▶ complete
 *   within a trap of the stub's: kept out until that is over (`late`), for a handler may not return
 *
 * A handler runs on the stub's stack and counts as a trap of the stub's (bw_irq_depth): a fault in it, or BREAK, restarts
 * the board with memory kept, as on Cortex-M. Word 0 of the table is the timer's; the PLIC has no source 0.
 * RISC-V Privileged Architecture, 3.1; SiFive E31 Core Complex manual, PLIC. */
#include <stdbool.h>

#include "irq.h"

#if defined(__riscv)

#define REG(addr) (*(volatile uint32_t *)(addr))
#define CLINT_MSIP REG(0x02000000u)
#define PLIC_PRIORITY(source) REG(0x0C000000u + 4u * (source))
#define PLIC_PENDING(word) REG(0x0C001000u + 4u * (word))
#define PLIC_ENABLE(word) REG(0x0C002000u + 4u * (word))
#define PLIC_THRESHOLD REG(0x0C200000u)
#define PLIC_CLAIM REG(0x0C200004u)
#define BIT(source) (1u << ((source) & 31u))

#define PRIORITY_USER 1u
#define PRIORITY_STUB 7u

#define CAUSE_SOFTWARE 0x80000003u
#define CAUSE_TIMER 0x80000007u
#define CAUSE_EXTERNAL 0x8000000Bu
#define INTERRUPT 0x80000000u

#define SOFTWARE 0x008u
#define TIMER 0x080u
#define EXTERNAL 0x800u
#define MIE 8u

#define CSR_SET(csr, bits) __asm__ volatile("csrs " csr ", %0" ::"rK"(bits) : "memory")
#define CSR_CLEAR(csr, bits) __asm__ volatile("csrc " csr ", %0" ::"rK"(bits) : "memory")

#define RECORD_WORDS 36u

/* In the stub. A trap is its record: mcause first. */
extern volatile uint32_t bw_irq_depth;
extern bool (*volatile bw_irq_hook)(uint32_t *trap);

/* The newest fault in a handler. It outlives the restart that this takes: the host reads it here. */
uint32_t bw_fault_record[RECORD_WORDS];

/* Whose handler runs; also for the host. */
volatile uint32_t bw_irq_now;

static struct {
  volatile bw_handler *table;
  bool (*before)(uint32_t *trap);
  uint32_t words;
  uint32_t stubs;          /* sources below 32 that are the stub's */
  volatile uint32_t inner; /* handlers that run */
  volatile uint32_t late;  /* 1: something was kept out; TIMER: that too */
} irq;

static uint32_t read_and_clear_mie(uint32_t bits) {
  uint32_t was;
  __asm__ volatile("csrrc %0, mie, %1" : "=r"(was) : "r"(bits) : "memory");
  return was;
}

static bool timer_is_due(void) {
  uint32_t pending;
  uint32_t let_in;
  __asm__ volatile("csrr %0, mip\n\tcsrr %1, mie" : "=r"(pending), "=r"(let_in));
  return (pending & let_in & TIMER) != 0u;
}

/* With interrupts off, and again so afterwards. */
static void call(uint32_t number) {
  bw_irq_now = number;
  irq.inner++;
  bw_irq_depth++;
  const uint32_t was = read_and_clear_mie(TIMER);
  PLIC_THRESHOLD = PRIORITY_USER;
  CSR_SET("mie", SOFTWARE | EXTERNAL);
  CSR_SET("mstatus", MIE);
  irq.table[number]();
  CSR_CLEAR("mstatus", MIE);
  PLIC_THRESHOLD = 0;
  if ((was & TIMER) != 0u && irq.table[0] != bw_irq_unset) {
    CSR_SET("mie", TIMER);
  }
  bw_irq_depth--;
  irq.inner--;
}

/* Whatever the PLIC has; the stub's own source goes to the stub. */
static void claim(uint32_t *trap) {
  for (uint32_t source; (source = PLIC_CLAIM) != 0u;) {
    if (source < 32u && (irq.stubs & BIT(source)) != 0u) {
      /* The stub claims whatever comes first: nothing else may. */
      uint32_t enabled[8];
      for (uint32_t i = 0; i < 8u; i++) {
        enabled[i] = PLIC_ENABLE(i);
        PLIC_ENABLE(i) = i == 0u ? irq.stubs : 0u;
      }
      irq.before(trap);
      for (uint32_t i = 0; i < 8u; i++) {
        PLIC_ENABLE(i) = enabled[i];
      }
    } else if (source < irq.words) {
      call(source);
    }
    PLIC_CLAIM = source;
  }
}

/* Keeps the user's interrupts out until the stub's trap is over. */
static void put_off(void) {
  irq.late |= 1u | (read_and_clear_mie(TIMER) & TIMER);
  PLIC_THRESHOLD = PRIORITY_USER;
  CLINT_MSIP = 1;
}

static void let_in_late(uint32_t *trap) {
  CSR_SET("mie", irq.late & TIMER);
  irq.late = 0;
  PLIC_THRESHOLD = 0;
  if (timer_is_due()) {
    call(0);
  }
  trap[0] = CAUSE_EXTERNAL;
  claim(trap);
  trap[0] = CAUSE_SOFTWARE;
}

/* @return whether user code has to be left */
static bool on_trap(uint32_t *trap) {
  const uint32_t cause = trap[0];
  const bool is_stubs = cause == CAUSE_EXTERNAL && (PLIC_PENDING(0) & irq.stubs) != 0u;
  if ((cause == CAUSE_TIMER || cause == CAUSE_EXTERNAL) && !is_stubs) {
    if (bw_irq_depth != 0u) {
      put_off();
    } else if (cause == CAUSE_TIMER) {
      call(0);
    } else {
      claim(trap);
    }
    return false;
  }
  if (cause == CAUSE_SOFTWARE && irq.late != 0u && bw_irq_depth == 0u) {
    let_in_late(trap);
  }
  if (cause < INTERRUPT && irq.inner != 0u) {
    for (uint32_t i = 0; i < RECORD_WORDS; i++) {
      bw_fault_record[i] = trap[i];
    }
    bw_fault_record[RECORD_WORDS - 1u] = 1; /* the board is going to restart */
  }
  return irq.before(trap);
}

/* After a restart of the stub's, too. */
static void use(void) {
  for (uint32_t source = 0; source < 32u; source++) {
    if ((irq.stubs & BIT(source)) != 0u) {
      PLIC_PRIORITY(source) = PRIORITY_STUB;
    }
  }
  if (bw_irq_hook != on_trap) {
    irq.inner = irq.late = 0;
    bw_irq_hook = on_trap;
  }
}

static void let_in(uint32_t source) {
  PLIC_PRIORITY(source) = PRIORITY_USER;
  PLIC_ENABLE(source >> 5) |= BIT(source);
  PLIC_CLAIM = source; /* a restart may have come within its handler */
}

static void keep_out(uint32_t source) {
  if (source == 0u) {
    CSR_CLEAR("mie", TIMER);
  } else {
    PLIC_ENABLE(source >> 5) &= ~BIT(source);
  }
}

void bw_irq_unset(void) { keep_out(bw_irq_now); }

void bw_irq_build(volatile bw_handler *table, uint32_t words) {
  irq.table = table;
  irq.words = words;
  irq.before = bw_irq_hook;
  irq.stubs = PLIC_ENABLE(0);
  for (uint32_t i = 0; i < words; i++) {
    table[i] = bw_irq_unset;
  }
}

void bw_irq_set(int32_t number, bw_handler handler) {
  const uint32_t at = number < 0 ? 0u : (uint32_t)number;
  if (handler == NULL) {
    irq.table[at] = bw_irq_unset;
    keep_out(at);
    return;
  }
  irq.table[at] = handler;
  use();
  if (at == 0u) {
    CSR_SET("mie", TIMER);
  } else {
    let_in(at);
  }
}

void bw_irq_stop(void) {
  for (uint32_t i = 0; i < irq.words; i++) {
    if (irq.table[i] != bw_irq_unset) {
      keep_out(i);
    }
  }
  bw_irq_hook = irq.before;
}

void bw_irq_start(void) {
  use();
  for (uint32_t i = 1; i < irq.words; i++) {
    if (irq.table[i] != bw_irq_unset) {
      let_in(i);
    }
  }
  if (irq.table[0] != bw_irq_unset) {
    CSR_SET("mie", TIMER);
  }
}

#endif
