/* Static variables in functions, initialised on first use. The guard is 32 bits wide, bit 0 says "done"
 * (C++ ABI for the Arm Architecture, 3.2.3). There are no threads: nobody can be waited for. */
#include <stdint.h>

int __cxa_guard_acquire(volatile uint32_t *guard) { return (*guard & 1u) == 0; }

void __cxa_guard_release(volatile uint32_t *guard) { *guard = 1; }

void __cxa_guard_abort(volatile uint32_t *guard) { (void)guard; }
