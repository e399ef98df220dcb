/* The board that the native harness plays; the golden vectors name the same one. */
#ifndef STUB_MEMORY_H
#define STUB_MEMORY_H

#include <stdint.h>

#define STUB_ARENA_ADDR 0x20001000u
#ifndef STUB_ARENA_SIZE
#define STUB_ARENA_SIZE 4096u
#endif
#define STUB_STACK_ADDR 0x20000000u
#define STUB_STACK_SIZE 2048u
#define STUB_BUILD_ID 0, 1, 2, 3, 4, 5, 6, 7
#define STUB_ARCH BW_ARCH_ARMV7_M
#define STUB_FRAMES_SECTION ".bss.frames"

/* No MPU. */
static inline uint32_t stub_lock(uint32_t lock) { return lock; }

/* Memory at a device address; outside of what the board has, the access faults and does not return. */
volatile uint8_t *stub_at(uint32_t addr);

/* Levels preempt each other here only where the harness says so, never within a write. */
#define STUB_HOLD_INTERRUPTS() ((void)0)
#define STUB_LET_INTERRUPTS() ((void)0)

#endif
