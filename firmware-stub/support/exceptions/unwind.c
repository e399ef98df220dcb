/* Where libgcc's unwinder finds out how to unwind a function: in the one table that the host keeps on the board.
 * An address that no row is for gets none, which ends the search for a handler.
 * Source: Exception Handling ABI for the Arm Architecture (ehabi32), 6.4.1. */
#include "../barewire.h"

/* Defined by the host's linker: a count, then rows of two words each, sorted by address. */
extern uint32_t __bw_unwind_table[];

const uint32_t *__gnu_Unwind_Find_exidx(uintptr_t address, int *count);

const uint32_t *__gnu_Unwind_Find_exidx(uintptr_t address, int *count) {
  (void)address;
  *count = (int)__bw_unwind_table[0];
  return &__bw_unwind_table[1];
}
