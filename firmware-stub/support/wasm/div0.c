/* Statements at the prompt are checked by the compiler, which calls this for a division by zero. It traps as the
 * instruction does. */
#include "../barewire.h"

_Noreturn void __ubsan_handle_divrem_overflow_minimal_abort(void);

_Noreturn void __ubsan_handle_divrem_overflow_minimal_abort(void) {
  volatile int32_t one = 1, zero = 0;
  zero = one / zero;
  bw_exit(BW_ABORTED);
}
