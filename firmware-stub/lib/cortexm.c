/* The stub as a part of somebody's firmware, on Cortex-M: no exception, no timer and no stack is its own but the one that
 * user code runs on. Compare arch/cortexm/cortexm.c, where the whole processor is.
 *
 *   thread   firmware's loop ─ barewire_poll ─ work ─ stub_poll ─ stub_arch_run ──▶ user code, on PSP, its own stack
 *              ▲                                │                                        │ returns, faults, is stopped
 *              └────────────────────────────────┴──◀── `barewire_home`: SP and registers of `work` ──┘
 *   receive interrupt ─ barewire_poll ─ stub_receive; BREAK changes the PC that user code goes on at
 *
 * User code alone uses that stack, so PSP within it says that the code was what thread mode did, however many
 * interrupts stand upon each other by now, and that its exception frame is where PSP points.
 *
 * Where no loop calls barewire_poll, `work` is done in the interrupt: user code runs there, at its priority. */
#include "state.h"

#include "barewire_port.h"

#define REG(addr) (*(volatile uint32_t *)(addr))
#define SCB_AIRCR REG(0xE000ED0Cu)
#define SCB_FAULTS ((volatile uint32_t *)0xE000ED28u) /* CFSR, HFSR, DFSR, MMFAR, BFAR */
#define FPU_FPCCR REG(0xE000EF34u)
#define FPU_FPCAR REG(0xE000EF38u)

#define AIRCR_SYSRESETREQ 0x05FA0004u
#define XPSR_THUMB (1u << 24)
#define XPSR_ALIGNED 9u
#define FRAME_BYTES 32u
#define FLOAT_FRAME_BYTES 104u

/* EXC_RETURN: bit 3 the exception came from thread mode, bit 2 its frame is on PSP, bit 4 it has no floating point. */
#define FROM_THREAD (1u << 3)
#define FRAME_IS_BASIC (1u << 4)

/* CFSR: stacking of the exception frame itself failed, or would have gone below the limit (v8-M). */
#define CFSR_NOT_STACKED (1u << 4 | 1u << 12 | 1u << 20)

#if defined(__ARM_ARCH_6M__)
#define HAS_FAULT_STATUS 0
#define UNMASK "cpsie i\n\t"
#else
#define HAS_FAULT_STATUS 1
#define UNMASK "movs r2, #0\n\tmsr basepri, r2\n\tcpsie if\n\t"
#endif

struct barewire_memory barewire_memory __attribute__((aligned(128)));

/* All of it in one place, so that code reaches it with one base register. */
static struct {
  /* Where `work` is: SP and CONTROL, and PSPLIM. */
  uint32_t sp, control, limit;

  /* Number of the exception that `work` is done in; 0 in thread mode. */
  uint32_t level;

  volatile uint8_t receiving; /* bytes are being taken: nothing is sent */
  volatile uint8_t serving;   /* what is wanted is being said */
  volatile uint8_t wanted;
  uint8_t in_loop; /* barewire_poll is called in thread mode */
  uint8_t awake;
  uint8_t why; /* BW_STATUS_… with which code is abandoned, */
  uint32_t record[BW_FAULT_WORDS_CORTEXM]; /* and its fault record */
} lib;

static uint32_t exception_number(void) {
  uint32_t number;
  __asm__ volatile("mrs %0, ipsr" : "=r"(number));
  return number;
}

uint32_t bw_micros(void) { return barewire_micros(); }

static _Noreturn void stub_port_reset(void) {
  for (;;) {
    SCB_AIRCR = AIRCR_SYSRESETREQ;
  }
}

/* Bit by bit: a table would cost more than it saves at the rates of such lines. */
static uint32_t stub_crc_byte(uint32_t crc, uint8_t byte) {
  crc ^= byte;
  for (uint32_t i = 8; i != 0; i--) {
    crc = crc >> 1 ^ ((0u - (crc & 1u)) & 0xEDB88320u);
  }
  return crc;
}

/* The firmware's start-up code clears all this when the board restarts, and nothing sums it: compare core/survive.c. */
static void stub_wake(void) { stub.quiet = STUB_QUIET; }

static void stub_start(void) { stub_send_hello(0); }

static _Noreturn void stub_restart(uint32_t cause) {
  (void)cause;
  stub_port_reset();
}

static void stub_check(void) {}

static void stub_keep(void) {}

/* --- leaving user code ------------------------------------------------------------------------------- */

/* In thread mode, back on the stack of `work`. */
__attribute__((used)) static void finish(void) {
  lib.serving = 0;
  stub_abandon(lib.why, lib.record, BW_FAULT_WORDS_CORTEXM);
  stub_finish();
}

#define SYNTAX ".syntax unified\n\t"

#if HAS_FAULT_STATUS
#define PUSH_CALLEE_SAVED "push {r3-r11, lr}\n\t"
#define POP_CALLEE_SAVED "pop {r3-r11, pc}\n\t"
#define STORE_R4_TO_R11 "stm r0, {r4-r11}\n\t"
#else
#define PUSH_CALLEE_SAVED \
  "push {r3-r7, lr}\n\tmov r4, r8\n\tmov r5, r9\n\tmov r6, r10\n\tmov r7, r11\n\tpush {r4-r7}\n\t"
#define POP_CALLEE_SAVED \
  "pop {r4-r7}\n\tmov r8, r4\n\tmov r9, r5\n\tmov r10, r6\n\tmov r11, r7\n\tpop {r3-r7, pc}\n\t"
#define STORE_R4_TO_R11 \
  "stm r0!, {r4-r7}\n\tmov r4, r8\n\tmov r5, r9\n\tmov r6, r10\n\tmov r7, r11\n\tstm r0!, {r4-r7}\n\t"
#endif

/* In an interrupt there is but one stack pointer. On Armv8-M it may have a limit: there the loop has to poll. */
#if defined(__ARM_ARCH_8M_MAIN__)
#define WORKS_IN_INTERRUPT 0
#define TO_INTERRUPT_STACK
#else
#define WORKS_IN_INTERRUPT 1
#define TO_INTERRUPT_STACK "mrs r2, ipsr\n\tcmp r2, #0\n\tbeq 1f\n\tmov sp, r1\n\tb 2f\n1:\n\t"
#endif

#if defined(__ARM_ARCH_8M_MAIN__)
#define KEEP_LIMIT "mrs r2, psplim\n\tstr r2, [r3]\n\t"
#define SET_LIMIT "ldr r1, =barewire_memory + %c[arena]\n\tmsr psplim, r1\n\t"
#define RESTORE_LIMIT "ldr r2, [r3]\n\tmsr psplim, r2\n\t"
#else
#define KEEP_LIMIT
#define SET_LIMIT
#define RESTORE_LIMIT
#endif

#if defined(__ARM_FP)
#define PUSH_FLOATS "vpush {s16-s31}\n\t"
#define POP_FLOATS "vpop {s16-s31}\n\t"
#else
#define PUSH_FLOATS
#define POP_FLOATS
#endif

/* Works on one frame. User code may end in any of three ways; all of them come out at `barewire_home`, after a call of
 * what r4 names, with r0. */
static __attribute__((naked, noinline)) void work(void) {
  __asm__ volatile(
      SYNTAX PUSH_CALLEE_SAVED PUSH_FLOATS
      "ldr r3, =%c[home]\n\t"
      "mov r1, sp\n\t"
      "mrs r2, control\n\t"
      "stm r3!, {r1, r2}\n\t" KEEP_LIMIT
      "bl %c[poll]\n\t"
      "b 1f\n"
      "barewire_home:\n\t"
      "ldr r3, =%c[home]\n\t"
      "ldm r3!, {r1, r2}\n\t"
      "msr control, r2\n\t"
      "isb\n\t" UNMASK RESTORE_LIMIT
      "mov sp, r1\n\t"
      "blx r4\n"
      "1:\n\t" POP_FLOATS POP_CALLEE_SAVED
      ".ltorg\n\t"
      ".word bw_output, bw_exit, bw_micros\n\t" /* code from the host calls these: they are to be linked */
      :
      : [home] "i"(&lib), [poll] "i"(stub_poll));
}

/* r0 = entry, then what it returned. */
__attribute__((naked, noreturn)) static void stub_arch_run(__attribute__((unused)) uint32_t entry) {
  __asm__ volatile(
      SYNTAX "ldr r1, =barewire_memory + %c[end]\n\t" TO_INTERRUPT_STACK
      "msr psp, r1\n\t" SET_LIMIT
      "mrs r1, control\n\t"
      "movs r2, #2\n\t"
      "orrs r1, r2\n\t"
      "msr control, r1\n\t"
      "isb\n"
      "2:\n\t"
      "blx r0\n\t"
      "dsb\n\t" /* a write on its way may still fault, and must within the run */
      "ldr r4, =%c[ran]\n\t"
      "b barewire_home\n\t"
      ".ltorg"
      :
      : [ran] "i"(stub_ran), [end] "i"(sizeof barewire_memory), [arena] "i"(sizeof barewire_memory.arena));
}

/* Thread mode goes on here instead of where user code was, with its r4 to r11 and its stack. */
static __attribute__((naked, noreturn)) void abandoned(void) {
  __asm__ volatile(
      SYNTAX "ldr r0, =%c[saved]\n\t" STORE_R4_TO_R11
      "ldr r4, =%c[finish]\n\t"
      "b barewire_home\n\t"
      ".ltorg"
      :
      : [saved] "i"(&lib.record[BW_FAULT_R4]), [finish] "i"(finish));
}

/* @param frame as the processor stacks it: r0 to r3, r12, lr, pc, xpsr */
static __attribute__((noinline)) void note(const uint32_t *frame, uint32_t frame_bytes, uint32_t status) {
  bool lost = false;
#if HAS_FAULT_STATUS
  volatile uint32_t *faults = SCB_FAULTS;
  __asm__("" : "+r"(faults)); /* one base for all, not five constants */
  const uint32_t cfsr = faults[0];
  lost = (cfsr & CFSR_NOT_STACKED) != 0;
  lib.record[BW_FAULT_CFSR] = cfsr;
  lib.record[BW_FAULT_HFSR] = faults[1];
  lib.record[BW_FAULT_MMFAR] = faults[3];
  lib.record[BW_FAULT_BFAR] = faults[4];
  faults[0] = ~0u; /* written ones clear */
  faults[1] = ~0u;
#endif
  for (uint32_t i = 0; i < 8u; i++) {
    lib.record[BW_FAULT_R0 + i] = lost ? 0 : frame[i];
  }
  lib.record[BW_FAULT_SP] = STUB_ADDR(frame) + frame_bytes + (lib.record[BW_FAULT_XPSR] >> XPSR_ALIGNED & 1u) * 4u;
  lib.record[BW_FAULT_EXCEPTION] = exception_number();
  lib.why = (uint8_t)status;
}

/* User code goes on in `abandoned` when the processor comes back to this frame. */
static __attribute__((noinline)) void divert(uint32_t *frame) {
  frame[6] = STUB_ADDR(abandoned) & ~1u;
  frame[7] = XPSR_THUMB | lib.level; /* no rest of an IT block or of a load multiple */
}

/* In an interrupt handler: user code is not to go on, if it is what was interrupted. If it is another thread's turn the
 * next byte asks again. */
static void stop(uint32_t status) {
  uint32_t psp;
  __asm__ volatile("mrs %0, psp" : "=r"(psp));
  uint32_t *const frame = (uint32_t *)(uintptr_t)psp;
  if (psp - STUB_STACK_ADDR <= STUB_STACK_SIZE - FRAME_BYTES) {
    uint32_t bytes = FRAME_BYTES;
#if defined(__ARM_FP)
    if (FPU_FPCAR == psp + FRAME_BYTES) {
      bytes = FLOAT_FRAME_BYTES;
    }
#endif
    note(frame, bytes, status);
    divert(frame);
    stub.want_stop = 0; /* once is enough */
  }
}

/* Called by the code itself. */
static _Noreturn void stop_here(uint32_t status) {
  lib.record[BW_FAULT_EXCEPTION] = 0;
  lib.record[BW_FAULT_PC] = STUB_ADDR(__builtin_return_address(0)) & ~1u;
  lib.record[BW_FAULT_SP] = STUB_ADDR(__builtin_dwarf_cfa());
  lib.record[BW_FAULT_XPSR] = XPSR_THUMB;
  lib.why = (uint8_t)status;
  abandoned();
}

/* Says what is wanted said. Whoever comes while it is under way leaves it to the one who is at it. */
static void serve(void) {
  uint32_t status = 0;
  while (lib.wanted && !lib.serving) {
    lib.serving = 1;
    lib.wanted = 0;
    status = stub_service();
    lib.serving = 0;
  }
  if (status != 0) {
    if (exception_number() != lib.level) {
      stop(status);
    } else {
      stop_here(status);
    }
  }
}

static void stub_arch_service(void) {
  lib.wanted = 1;
  if (!lib.receiving) {
    serve();
  }
}

static _Noreturn void stub_arch_stop(void) {
  for (;;) {
    stub_arch_service();
  }
}

/* --- faults ------------------------------------------------------------------------------------------ */

/* Thread mode will find itself on the user stack, whatever has become of it; an interrupt on its own.
 * @return EXC_RETURN */
__attribute__((used)) static uint32_t catch_fault(uint32_t *frame, uint32_t exc_return) {
  uint32_t bytes = FRAME_BYTES;
#if defined(__ARM_FP)
  if (!(exc_return & FRAME_IS_BASIC)) {
    bytes = FLOAT_FRAME_BYTES;
  }
#endif
  note(frame, bytes, BW_STATUS_FAULT);
  if (lib.level == 0) {
    frame = (uint32_t *)(uintptr_t)(STUB_STACK_ADDR + STUB_STACK_SIZE - FRAME_BYTES);
    __asm__ volatile("msr psp, %0" ::"r"(frame));
    exc_return = 0xFFFFFFFDu; /* to thread mode, on PSP */
#if defined(__ARM_FP)
    FPU_FPCCR &= ~1u; /* registers that wait to be saved are nobody's any more */
#endif
  }
  divert(frame);
  return exc_return;
}

/* A fault belongs to user code, or to the stub that reads for it, if a batch is in work and what faulted is the level
 * that does it: thread mode, or the interrupt whose number is in the xPSR that was stacked. The frame is on PSP if bit 2
 * of EXC_RETURN says so. */
__attribute__((naked)) void barewire_fault_handler(void) {
  __asm__ volatile(
      SYNTAX "ldr r0, =%c[busy]\n\t"
      "ldrb r0, [r0]\n\t"
      "cmp r0, #1\n\t"
      "bne 1f\n\t"
      "mov r1, lr\n\t"
      "movs r2, #0\n\t"
      "lsls r0, r1, #28\n\t" /* from thread mode? */
      "bmi 2f\n\t"
      "ldr r2, [sp, #28]\n\t"
      "lsls r2, r2, #23\n\t"
      "lsrs r2, r2, #23\n"
      "2:\n\t"
      "ldr r0, =%c[level]\n\t"
      "ldr r0, [r0]\n\t"
      "cmp r0, r2\n\t"
      "bne 1f\n\t"
      "mov r0, sp\n\t"
      "lsls r2, r1, #29\n\t"
      "bpl 3f\n\t"
      "mrs r0, psp\n"
      "3:\n\t"
      "bl %c[catch]\n\t"
      "bx r0\n"
      "1:\n\t"
      "ldr r0, =barewire_other_fault\n\t"
      "bx r0\n\t"
      ".ltorg"
      :
      : [busy] "i"(&stub.busy), [catch] "i"(catch_fault), [level] "i"(&lib.level));
}

__attribute__((weak)) void barewire_other_fault(void) {
  for (;;) {
  }
}

/* --- the stack's guard ------------------------------------------------------------------------------- */

#if STUB_GUARD_BYTES != 0
/* TYPE, CTRL, RNR, RBAR, RASR. Armv7-M manual, B3.5 */
#define MPU ((volatile uint32_t *)0xE000ED90u)
#define MPU_VALID_7 (1u << 4 | 7u)
#define MPU_128_BYTES (6u << 1 | 1u) /* nothing may be done there */
#define MPU_ON 5u                    /* with the default map beside the region; off in HardFault and NMI */

/* An MPU that the firmware does not use watches the end of the stack. */
static void work_guarded(void) {
  volatile uint32_t *mpu = MPU;
  __asm__("" : "+r"(mpu));
  const bool guard = mpu[0] != 0 && mpu[1] == 0;
  if (guard) {
    mpu[3] = STUB_ADDR(barewire_memory.stack) + MPU_VALID_7;
    mpu[4] = MPU_128_BYTES;
    mpu[1] = MPU_ON;
  }
  work();
  if (guard) {
    mpu[1] = 0;
  }
}
#else
#define work_guarded work
#endif

/* --- what the firmware calls ------------------------------------------------------------------------- */

/* An interrupt between reading a byte and taking it would take them in the wrong order. */
static bool receive_one(void) {
  STUB_HOLD_INTERRUPTS();
  lib.receiving = 1;
  const int byte = barewire_read();
  if (byte >= 0) {
    stub_receive((uint8_t)byte);
  }
  lib.receiving = 0;
  STUB_LET_INTERRUPTS();
  return byte >= 0;
}

void barewire_poll(void) {
  const uint32_t here = exception_number();
  if (here == 0 || !WORKS_IN_INTERRUPT) {
    lib.in_loop = 1;
  }
  if (!lib.awake) {
    stub_wake();
    lib.awake = 1;
    stub_start();
  }
  while (receive_one()) {
  }
  serve();
  while ((here == 0 || !lib.in_loop) && !stub.busy && stub_has_work()) {
    lib.level = here;
    work_guarded();
  }
}
