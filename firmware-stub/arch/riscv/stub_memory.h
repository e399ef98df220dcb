/* Where things lie on a RISC-V board, and what its core is called. */
#ifndef STUB_MEMORY_H
#define STUB_MEMORY_H

#include "../linker_symbols.h"

#define STUB_ARCH BW_ARCH_RV32
#define STUB_FAULT_WORDS BW_FAULT_WORDS_RV32

/** The PMP does not watch user code: it runs in machine mode. */
static inline uint32_t stub_lock(uint32_t lock) { return lock; }

/* Around what no interrupt handler may see half done: MIE. */
#define STUB_HOLD_INTERRUPTS() __asm__ volatile("csrci mstatus, 8" ::: "memory")
#define STUB_LET_INTERRUPTS() __asm__ volatile("csrsi mstatus, 8" ::: "memory")

#endif
