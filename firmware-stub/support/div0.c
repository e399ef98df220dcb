/* Division by zero where it is done by a function of libgcc: all of it on ARMv6-M, of 64 bits on ARMv7-M. Its own
 * versions return; these trap, as cores with a divider do. 249 is the number by which the host knows why. On RISC-V the
 * instruction gives a number and traps nowhere. */
#if defined(__arm__)
__attribute__((naked)) void __aeabi_idiv0(void);
__attribute__((naked)) void __aeabi_ldiv0(void);

__attribute__((naked)) void __aeabi_idiv0(void) { __asm__("udf #249"); }
__attribute__((naked)) void __aeabi_ldiv0(void) { __asm__("udf #249"); }
#endif
