/* Division by zero where it is done by a function of libgcc: all of it on ARMv6-M, of 64 bits on ARMv7-M. Its own
 * versions return; these trap, as cores with a divider do. On RISC-V the instruction gives a number and traps nowhere.
 * Statements at the prompt are checked by the compiler, which calls the last of these. The trap is one by which the
 * host knows why: UDF 249, or a write to a counter that is read-only. */
#if defined(__arm__)
#define TRAP __asm__("udf #249")
#else
#define TRAP __asm__(".word 0xc0049073")
#endif

#define TRAPS(name)                    \
  __attribute__((naked)) void name(void); \
  __attribute__((naked)) void name(void) { TRAP; }

#if defined(__arm__)
TRAPS(__aeabi_idiv0)
TRAPS(__aeabi_ldiv0)
#endif
TRAPS(__ubsan_handle_divrem_overflow_minimal_abort)
