/* Where things lie for an executor of WebAssembly, and what it is called. The build gives the numbers, from the board's
 * layout (boards/sim/wasm/layout.ts). */
#ifndef STUB_MEMORY_H
#define STUB_MEMORY_H

#include <stdint.h>

#define STUB_ARCH BW_ARCH_WASM32
#define STUB_FAULT_WORDS BW_FAULT_WORDS_WASM32
#define STUB_FRAMES_SECTION ".bss.frames"

/** Memory at a device address. */
static inline volatile uint8_t *stub_at(uint32_t addr) { return (volatile uint8_t *)(uintptr_t)addr; }

/** Nothing watches user code: the stub's memory is summed. */
static inline uint32_t stub_lock(uint32_t lock) { return lock; }

/* Interrupts come where code asks for them, and nowhere else. */
#define STUB_HOLD_INTERRUPTS() ((void)0)
#define STUB_LET_INTERRUPTS() ((void)0)

/** Modules are made of functions in memory before code runs; those that changed are made again. */
void board_written(uint32_t addr, uint32_t len) __attribute__((import_module("board"), import_name("written")));
#define STUB_WILL_WRITE(addr, len) board_written(addr, len)

#endif
