/* Cortex-M: start, running user code, and getting it off the processor again.
 *
 *   thread   main loop on MSP ── stub_arch_run ──▶ user code on PSP
 *   PendSV   the service interrupt: STATE; BREAK and exit end like a fault
 *   faults   on MSP, below the main loop: a user stack that is gone does not matter
 *
 * To abandon user code is to return from the exception to somewhere else: MSP goes back to its top with a
 * made-up frame on it whose PC is `resume`, and the exception returns to thread mode on MSP. Nothing of the old
 * main loop is needed after that, because the core keeps its state outside of the stack.
 *
 * PendSV stands one step below the receive interrupt and above what users should give their interrupts. */
#include "cortexm.h"

#include "state.h"

#define EXCEPTION_PENDSV 14u
#define PENDSV_PRIORITY 0x40u

/* EXC_RETURN: bit 3 the exception came from thread mode, bit 2 its frame is on PSP. */
#define FROM_THREAD (1u << 3)
#define FRAME_ON_PSP (1u << 2)

/* CFSR: stacking of the exception frame itself failed. */
#define CFSR_MSTKERR (1u << 4)
#define CFSR_STKERR (1u << 12)

/* CFSR: the MPU refused a read or write, and MMFAR says of what. */
#define CFSR_DATA_REFUSED (1u << 1 | 1u << 7)

/* And v8-M: the stack would have gone below its limit. */
#define CFSR_STKOF (1u << 20)

#define XPSR_ALIGNED (1u << 9)
#define FRAME_BYTES 32u
/* With room for s0 to s15 and FPSCR: EXC_RETURN bit 4 is clear then. */
#define FLOAT_FRAME_BYTES 104u
#define FRAME_IS_BASIC (1u << 4)

#if defined(__ARM_ARCH_6M__)
#define HAS_FAULT_STATUS 0
#else
#define HAS_FAULT_STATUS 1
#endif

/* Lets every interrupt come again, whatever user code has masked; `zero` is a register that holds 0. */
#if HAS_FAULT_STATUS
#define UNMASK(zero) "msr basepri, " zero "\n\tcpsie if\n\t"
#else
#define UNMASK(zero) "cpsie i\n\t"
#endif

extern uint32_t __stub_bss_start[], __stub_bss_end[], __stub_open_start[], __stub_open_end[];

static _Noreturn void main_loop(void) {
  for (;;) {
    if (stub_poll()) {
      continue;
    }
#if defined(STUB_IDLE_WFE)
    /* An interrupt between the test and here has left its event: WFE then falls through. */
    __asm__ volatile("wfe");
#else
    __asm__ volatile("cpsid i" ::: "memory");
    if (!stub_has_work()) {
      __asm__ volatile("wfi"); /* a pending interrupt ends it, masked as it is */
    }
    __asm__ volatile("cpsie i" ::: "memory");
#endif
  }
}

#if defined(__ARM_ARCH_8M_MAIN__)
#include "mpu_v8.h"
#define HAS_STACK_LIMIT 1
#elif HAS_FAULT_STATUS
/* Regions of the MPU that are the stub's. Where regions overlap the higher number counts; the rest is left to others.
 *
 *   6   nothing at all in the first 1 KiB: null pointers, members behind them, calls of null. Only the vector
 *       table lies there, and the core fetches vectors past the MPU
 *   0   read-only up to RAM: writes to code, and a user stack that runs off the low end of RAM where the bus
 *       would take the write in silence
 *
 * Without an MPU these writes do nothing. @see Armv7-M manual, B3.5 */
#define MPU_VALID (1u << 4) /* RBAR: the low bits name the region */
#define MPU_SIZE(log2) (((log2)-1u) << 1 | 1u)
#define MPU_NO_ACCESS (1u << 28)
#define MPU_READ_ONLY (6u << 24)
#define MPU_NORMAL (1u << 17)
#define MPU_ON (1u << 2 | 1u << 0) /* the default map beside the regions; off in HardFault and NMI */

static void mpu_regions(void) {
  MPU_RBAR = MPU_VALID | 0u;
  MPU_RASR = MPU_READ_ONLY | MPU_NORMAL | MPU_SIZE(29u);
  MPU_RBAR = MPU_VALID | 6u;
  MPU_RASR = MPU_NO_ACCESS | MPU_SIZE(10u);
}
#endif

#if HAS_FAULT_STATUS
/* The MPU watches while user code runs, and nobody else: the stub works with it off.
 * @return what it was set to */
static uint32_t mpu_set(uint32_t ctrl) {
  const uint32_t was = MPU_CTRL;
  MPU_CTRL = ctrl;
  __asm__ volatile("dsb\n\tisb" ::: "memory");
  return was;
}
#endif

/* Kept apart from the state, which user code is not to write. Never called where there is no MPU. */
uint32_t (*volatile bw_fault_hook)(uint32_t addr) __attribute__((section(".open")));

_Noreturn void stub_reset_handler(void) {
  for (uint32_t *word = __stub_bss_start; word != __stub_bss_end; word++) {
    *word = 0;
  }
  for (uint32_t *word = __stub_open_start; word != __stub_open_end; word++) {
    *word = 0;
  }
#if HAS_FAULT_STATUS
  SCB_SHCSR = 7u << 16; /* MemManage, BusFault and UsageFault on their own */
  SCB_CCR |= 1u << 4;   /* DIV_0_TRP */
  mpu_regions();
#endif
#if defined(STUB_FPU)
  SCB_CPACR |= 15u << 20;
#endif
  SCB_SHPR3 = PENDSV_PRIORITY << 24 | PENDSV_PRIORITY << 16; /* SysTick, PendSV */
  stub_port_init();
  stub_start();
  main_loop();
}

/* Where thread mode comes out after user code was abandoned. */
__attribute__((used)) static _Noreturn void resume(void) {
  stub_finish();
  main_loop();
}

void stub_arch_service(void) {
  SCB_ICSR = ICSR_PENDSVSET;
  __asm__ volatile("dsb\n\tisb" ::: "memory");
}

_Noreturn void stub_arch_stop(void) {
  __asm__ volatile(UNMASK("%0") : : "l"(0) : "memory");
  for (;;) {
    stub_arch_service();
  }
}

/* r0 = entry. Every register a function must keep is saved, because user code may be wrong about that. */
__attribute__((naked)) static uint32_t call_user(__attribute__((unused)) uint32_t entry) {
  __asm__ volatile(
      "push {r4-r7, lr}\n\t"
      "mov r4, r8\n\t"
      "mov r5, r9\n\t"
      "mov r6, r10\n\t"
      "mov r7, r11\n\t"
      "push {r3-r7}\n\t"
      "ldr r1, =__stub_user_stack_end\n\t"
      "msr psp, r1\n\t"
      "movs r1, #2\n\t"
      "msr control, r1\n\t"
      "dsb\n\t"
      "isb\n\t"
      "blx r0\n\t"
      "dsb\n\t" /* a write on its way may still fault, and must within the run */
      "movs r1, #0\n\t"
      "msr control, r1\n\t"
      "isb\n\t" UNMASK("r1")
      "pop {r3-r7}\n\t"
      "mov r8, r4\n\t"
      "mov r9, r5\n\t"
      "mov r10, r6\n\t"
      "mov r11, r7\n\t"
      "pop {r4-r7, pc}\n\t"
      ".ltorg");
}

uint32_t stub_arch_run(uint32_t entry) {
#if defined(HAS_STACK_LIMIT)
  __asm__ volatile("msr psplim, %0" ::"r"(__stub_user_stack_start));
#endif
#if HAS_FAULT_STATUS
  mpu_set(MPU_ON);
  const uint32_t value = call_user(entry);
  mpu_set(0);
  return value;
#else
  return call_user(entry);
#endif
}

/* What the handler below pushes, then what the processor pushed if the thread was on MSP. */
struct saved {
  uint32_t r4_to_r11[8], r3, exc_return;
};
/* The processor's exception frame. */
struct frame {
  uint32_t r0_to_r3[4], r12, lr_pc_xpsr[3];
};

static __attribute__((noinline)) void copy(uint32_t *to, const uint32_t *from, uint32_t words) {
  while (words-- != 0) {
    to[words] = from[words];
  }
}

static bool in_ram(uint32_t addr) {
  return (addr & 3u) == 0 && addr >= STUB_ADDR(__stub_ram_start) && addr <= STUB_ADDR(__stub_ram_end) - FRAME_BYTES;
}

#if HAS_FAULT_STATUS
/* Support code may have set the MPU to meet an access: then it is no fault. Escalated ones too. */
static bool met_by_hook(void) {
  if ((SCB_CFSR & CFSR_DATA_REFUSED) != CFSR_DATA_REFUSED || bw_fault_hook == NULL || !bw_fault_hook(SCB_MMFAR)) {
    return false;
  }
  SCB_CFSR = ~0u; /* written ones clear */
  SCB_HFSR = ~0u;
  return true;
}
#endif

static uint32_t frame_bytes(const struct saved *saved) {
#if defined(STUB_FPU)
  if (!(saved->exc_return & FRAME_IS_BASIC)) {
    return FLOAT_FRAME_BYTES;
  }
#endif
  (void)saved;
  return FRAME_BYTES;
}

/* @return false to go back to what was interrupted, true to abandon it */
__attribute__((used)) static bool handle(const struct saved *saved, uint32_t psp) {
  uint32_t record[BW_FAULT_WORDS_CORTEXM];
  uint32_t status = BW_STATUS_FAULT;
  uint32_t frame_broken = 0;
  uint32_t exception;
  __asm__ volatile("mrs %0, ipsr" : "=r"(exception));

  if (exception == EXCEPTION_PENDSV) {
    status = stub_service();
    if (status == 0) {
      return false;
    }
  }
#if HAS_FAULT_STATUS
  else if (met_by_hook()) {
    return false;
  }
#endif
  if (!(saved->exc_return & FROM_THREAD)) {
    stub_port_reset();
  }

  for (uint32_t i = 0; i < BW_FAULT_WORDS_CORTEXM; i++) {
    record[i] = 0;
  }
  record[BW_FAULT_EXCEPTION] = exception;
#if HAS_FAULT_STATUS
  record[BW_FAULT_CFSR] = SCB_CFSR;
  record[BW_FAULT_HFSR] = SCB_HFSR;
  record[BW_FAULT_MMFAR] = SCB_MMFAR;
  record[BW_FAULT_BFAR] = SCB_BFAR;
  SCB_CFSR = ~0u; /* written ones clear */
  SCB_HFSR = ~0u;
  frame_broken = record[BW_FAULT_CFSR] & (CFSR_MSTKERR | CFSR_STKERR);
#if defined(HAS_STACK_LIMIT)
  /* A frame that did not fit either leaves the stack pointer at the limit. */
  frame_broken |= (record[BW_FAULT_CFSR] & CFSR_STKOF) && psp == STUB_STACK_ADDR;
#endif
#endif
  copy(&record[BW_FAULT_R4], saved->r4_to_r11, 8);

  const uint32_t sp = saved->exc_return & FRAME_ON_PSP ? psp : (uint32_t)(uintptr_t)(saved + 1);
  record[BW_FAULT_SP] = sp;
  if (in_ram(sp) && !frame_broken) {
    const struct frame *frame = (const struct frame *)(uintptr_t)sp;
    copy(&record[BW_FAULT_R0], frame->r0_to_r3, 4);
    record[BW_FAULT_R12] = frame->r12;
    copy(&record[BW_FAULT_LR], frame->lr_pc_xpsr, 3);
    record[BW_FAULT_SP] = sp + frame_bytes(saved) + (frame->lr_pc_xpsr[2] & XPSR_ALIGNED ? 4u : 0u);
  }
#if defined(STUB_FPU)
  FPU_FPCCR &= ~1u; /* registers that wait to be saved are nobody's any more */
#endif
  if (!stub_abandon(status, record, BW_FAULT_WORDS_CORTEXM)) {
    stub_port_reset(); /* the stub's own fault */
  }
  return true;
}

__attribute__((used)) static bool on_exception(const struct saved *saved, uint32_t psp) {
#if HAS_FAULT_STATUS
  const uint32_t ctrl = mpu_set(0);
  const bool abandon = handle(saved, psp);
  if (!abandon) {
    mpu_set(ctrl);
  }
  return abandon;
#else
  return handle(saved, psp);
#endif
}

__attribute__((naked)) void stub_exception_handler(void) {
  __asm__ volatile(
      "push {r3, lr}\n\t"
      "mov r0, r8\n\t"
      "mov r1, r9\n\t"
      "mov r2, r10\n\t"
      "mov r3, r11\n\t"
      "push {r0-r3}\n\t"
      "push {r4-r7}\n\t"
      "mov r0, sp\n\t"
      "mrs r1, psp\n\t"
      "bl %c0\n\t"
      "cmp r0, #0\n\t"
      "bne 1f\n\t"
      "add sp, #32\n\t" /* C code has kept r4 to r11 */
      "pop {r3, pc}\n"
      "1:\n\t"
      "movs r0, #0\n\t"
      "msr control, r0\n\t" /* privileged again, whatever user code made of it */
      UNMASK("r0")
      "ldr r1, =__stub_stack_end - 32\n\t"
      "mov sp, r1\n\t"
      "ldr r0, =%c1\n\t"
      "movs r2, #1\n\t"
      "bics r0, r2\n\t" /* a stacked PC has bit 0 clear; xPSR has the Thumb bit */
      "str r0, [r1, #24]\n\t"
      "lsls r0, r2, #24\n\t"
      "str r0, [r1, #28]\n\t"
      "ldr r0, =0xFFFFFFF9\n\t"
      "bx r0\n\t"
      ".ltorg"
      :
      : "i"(on_exception), "i"(resume));
}
