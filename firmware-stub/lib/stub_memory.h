/* Where things lie when the stub is a library: in two arrays of the firmware's, or in memory of its linker script. */
#ifndef STUB_MEMORY_H
#define STUB_MEMORY_H

#include <stdint.h>

#include "barewire_port.h"

/* Memory for what is typed at the prompt. */
#ifndef BAREWIRE_ARENA_BYTES
#define BAREWIRE_ARENA_BYTES 16384
#endif

/* Stack on which that runs. */
#ifndef BAREWIRE_STACK_BYTES
#define BAREWIRE_STACK_BYTES 2048
#endif

/* Longest frame off the line: two of them are buffered, and one reply. */
#if defined(BAREWIRE_MAX_FRAME)
#define STUB_MAX_FRAME BAREWIRE_MAX_FRAME
#else
#define STUB_MAX_FRAME 512u
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
#error "barewire's library knows Cortex-M0 to M7 and M33"
#endif

/* The lowest bytes of the stack, which a region of an MPU of Armv7-M keeps free while code runs. */
#if defined(__ARM_ARCH_7M__) || defined(__ARM_ARCH_7EM__)
#define STUB_GUARD_BYTES 128u
#else
#define STUB_GUARD_BYTES 0u
#endif

/* The stack lies above the arena: what overflows it hits what was typed, and not the firmware. */
struct barewire_memory {
  uint8_t arena[BAREWIRE_ARENA_BYTES];
  uint8_t stack[BAREWIRE_STACK_BYTES];
};

#if defined(BAREWIRE_MEMORY_SECTION)
extern struct barewire_memory barewire_memory __attribute__((section(BAREWIRE_MEMORY_SECTION)));
#else
extern struct barewire_memory barewire_memory;
#endif

_Static_assert(BAREWIRE_ARENA_BYTES >= 2048 && BAREWIRE_ARENA_BYTES % 128 == 0,
               "BAREWIRE_ARENA_BYTES: at least 2048, and a multiple of 128");
_Static_assert(BAREWIRE_STACK_BYTES >= 512 && BAREWIRE_STACK_BYTES % 16 == 0,
               "BAREWIRE_STACK_BYTES: at least 512, and a multiple of 16");

#define STUB_ADDR(symbol) ((uint32_t)(uintptr_t)(symbol))
#define STUB_ARENA_ADDR STUB_ADDR(barewire_memory.arena)
#define STUB_ARENA_SIZE ((uint32_t)sizeof barewire_memory.arena)
#define STUB_STACK_ADDR STUB_ADDR(barewire_memory.stack + STUB_GUARD_BYTES)
#define STUB_STACK_SIZE ((uint32_t)sizeof barewire_memory.stack - STUB_GUARD_BYTES)
#define STUB_FRAMES_SECTION ".bss.barewire_frames"

/* The host takes the build id from the ELF and compares it with the board's memory. */
#define STUB_BUILD_ID 0

#define stub_port_write barewire_write

/* For size. */
#define STUB_LIBRARY
#define STUB_SLOTS 1u
#define STUB_NO_COUNTERS

/** Memory at a device address. */
static inline volatile uint8_t *stub_at(uint32_t addr) { return (volatile uint8_t *)(uintptr_t)addr; }

/** The MPU is the firmware's. */
static inline uint32_t stub_lock(uint32_t lock) { return lock; }

/* Around what no interrupt handler may see half done. */
#define STUB_HOLD_INTERRUPTS() __asm__ volatile("cpsid i" ::: "memory")
#define STUB_LET_INTERRUPTS() __asm__ volatile("cpsie i" ::: "memory")

#endif
