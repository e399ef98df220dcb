/* The end of a program that asks for an interrupt it cannot have: a trap, by whose place and registers the host knows
 * which and why. */
#include "irq.h"

_Noreturn void bw_irq_refuse(int32_t number, uint32_t why);

__attribute__((naked)) _Noreturn void bw_irq_refuse(__attribute__((unused)) int32_t number,
                                                    __attribute__((unused)) uint32_t why) {
#if defined(__arm__)
  __asm__("udf #250");
#else
  __asm__("unimp");
#endif
}
