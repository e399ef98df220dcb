/* Where things lie on a board: the linker script's symbols as the numbers the core works with. */
#ifndef STUB_LINKER_SYMBOLS_H
#define STUB_LINKER_SYMBOLS_H

#include <stdint.h>

extern uint8_t __stub_flash_start[], __stub_flash_end[];            /* where code lies that is never written */
extern uint8_t __stub_ram_start[], __stub_ram_size[];               /* all RAM of the board */
extern uint8_t __stub_user_stack_start[], __stub_user_stack_end[];  /* stack of user code */
extern uint8_t __stub_stack_start[], __stub_stack_end[];            /* the stub's own */
extern uint8_t __stub_arena_start[], __stub_arena_end[];            /* what the host lays out */
extern uint8_t __stub_arena_size[], __stub_user_stack_size[];       /* numbers, not places */

#define STUB_ADDR(symbol) ((uint32_t)(uintptr_t)(symbol))
#define STUB_ARENA_ADDR STUB_ADDR(__stub_arena_start)
#define STUB_ARENA_SIZE STUB_ADDR(__stub_arena_size)
#define STUB_STACK_ADDR STUB_ADDR(__stub_user_stack_start)
#define STUB_STACK_SIZE STUB_ADDR(__stub_user_stack_size)
#define STUB_FRAMES_SECTION ".frames"

/** Memory at a device address. */
static inline volatile uint8_t *stub_at(uint32_t addr) { return (volatile uint8_t *)(uintptr_t)addr; }

#endif
