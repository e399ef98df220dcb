/* Where things lie on a Cortex-M board, and what its core is called. */
#ifndef STUB_MEMORY_H
#define STUB_MEMORY_H

#include "../linker_symbols.h"

/* Armv6-M leaves it to the chip whether there is an MPU. */
#if !defined(__ARM_ARCH_6M__) || defined(STUB_MPU)
#define HAS_MPU 1
#else
#define HAS_MPU 0
#endif

#if defined(__ARM_ARCH_6M__)
#define STUB_ARCH BW_ARCH_ARMV6_M
#elif defined(__ARM_ARCH_7M__)
#define STUB_ARCH BW_ARCH_ARMV7_M
#elif defined(__ARM_ARCH_7EM__)
#define STUB_ARCH BW_ARCH_ARMV7E_M
#elif defined(__ARM_ARCH_8M_MAIN__)
#define STUB_ARCH BW_ARCH_ARMV8_M
#else
#error "no row of ARCHS for this core"
#endif

/** Lets the stub write its state, which it cannot while user code runs if there is an MPU.
 *  @param lock 0; or to make it as it was, what the call with 0 has returned */
#if !HAS_MPU
static inline uint32_t stub_lock(uint32_t lock) { return lock; }
#else
uint32_t stub_lock(uint32_t lock);
#endif

/* Around what no interrupt handler may see half done. */
#define STUB_HOLD_INTERRUPTS() __asm__ volatile("cpsid i" ::: "memory")
#define STUB_LET_INTERRUPTS() __asm__ volatile("cpsie i" ::: "memory")

#endif
