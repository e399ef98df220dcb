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
 * PendSV stands one step below the receive interrupt and above what every other interrupt has from the start.
 * Of an interrupt handler of the user there is no such way out, whose number of levels Armv6-M does not tell: there
 * the board is reset, with the failure kept, and answers when it is up again. */
#include "cortexm.h"

#include "state.h"

/* Small functions that are called from several places. */
#define NOINLINE __attribute__((noinline))

#define EXCEPTION_NMI 2u
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

/* xPSR: a word of padding stands behind the frame. */
#define XPSR_ALIGNED 9u
#define FRAME_BYTES 32u
/* With room for s0 to s15 and FPSCR: EXC_RETURN bit 4 is clear then. */
#define FLOAT_FRAME_BYTES 104u
#define FRAME_IS_BASIC (1u << 4)

#if defined(__ARM_ARCH_6M__)
#define HAS_FAULT_STATUS 0
#define NVIC_PRIORITY_WORDS 8u
#else
#define HAS_FAULT_STATUS 1
#define NVIC_PRIORITY_WORDS 60u
#endif

/* Lets every interrupt come again, whatever user code has masked; `zero` is a register that holds 0. */
#if HAS_FAULT_STATUS
#define UNMASK(zero) "msr basepri, " zero "\n\tcpsie if\n\t"
#else
#define UNMASK(zero) "cpsie i\n\t"
#endif

__attribute__((used)) static _Noreturn void main_loop(void) {
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
#elif HAS_MPU
/* Regions of the MPU that are the stub's. Where regions overlap the higher number counts; the rest is left to others.
 *
 *   7   the stub's own state and frame buffers, read-only: 5 KiB, as five eighths of 8 (ld/stub.ld)
 *   6   nothing at all in the first 1 KiB: null pointers, members behind them, calls of null
 *   0   read-only up to RAM: writes to code, and a user stack that runs off the low end of RAM where the bus
 *       would take the write in silence
 *
 * Without an MPU these writes do nothing. @see Armv7-M manual, B3.5; Armv6-M manual, B3.5 */
#define MPU_VALID (1u << 4) /* RBAR: the low bits name the region */
#define MPU_SIZE(log2) (((log2)-1u) << 1 | 1u)
#define MPU_NO_ACCESS (1u << 28)
#define MPU_READ_ONLY (6u << 24)
#define MPU_NORMAL (1u << 17)
#define MPU_FIVE_EIGHTHS (0xE0u << 8) /* what is left out, the highest first */

#define MPU_ON "5" /* with the default map beside the regions; off in HardFault and NMI */

static void mpu_regions(void) {
  MPU_RBAR = MPU_VALID | 0u;
  MPU_RASR = MPU_READ_ONLY | MPU_NORMAL | MPU_SIZE(29u);
  MPU_RBAR = MPU_VALID | 6u;
  MPU_RASR = MPU_NO_ACCESS | MPU_SIZE(10u);
  MPU_RBAR = STUB_ADDR(__stub_user_stack_end) + (MPU_VALID | 7u);
  MPU_RASR = MPU_READ_ONLY | MPU_NORMAL | MPU_FIVE_EIGHTHS | MPU_SIZE(13u);
}
#endif

#if HAS_MPU
/* The MPU watches while user code runs, and nobody else: the stub works with it off. */
NOINLINE uint32_t stub_lock(uint32_t lock) {
  const uint32_t was = MPU_CTRL;
  MPU_CTRL = lock;
  __asm__ volatile("dsb\n\tisb" ::: "memory");
  return was;
}
#endif

/* Kept apart from the state, which user code is not to write. Never called where there is no MPU. */
uint32_t (*volatile bw_fault_hook)(uint32_t addr) __attribute__((section(".open")));

#if defined(STUB_NO_VTOR)
/* Where the core has no VTOR: what handles the interrupts that are not the stub's. */
void (*volatile bw_irq_hook)(void) __attribute__((section(".open")));

/* r0 to r3 are on the stack, and lr is as the processor set it. */
__attribute__((naked)) void stub_user_handler(void) {
  __asm__ volatile("ldr r0, =bw_irq_hook\n\tldr r0, [r0]\n\tbx r0\n\t.ltorg");
}
#endif

#if defined(STUB_WATCHDOG)
/* The watchdog: twice a second an NMI, which nothing masks, asks for the service interrupt. If that did not come
 * until the next one, code keeps interrupts off. */
static volatile uint32_t ticked __attribute__((section(".open")));
#endif

#if defined(STUB_FLASH_AT_0)
/* All that the core reads at 0. The table lies where user code may copy it from. */
__attribute__((section(".boot"), used)) static const stub_vector BOOT[2] = {STUB_BOOT_VECTORS};
#endif

_Noreturn void stub_reset_handler(void) {
  stub_wake();
  bw_fault_hook = NULL;
#if defined(STUB_NO_VTOR)
  bw_irq_hook = stub_exception_handler;
#endif
#if defined(STUB_WATCHDOG)
  ticked = 0;
#endif
#if HAS_FAULT_STATUS
  SCB_SHCSR = 7u << 16; /* MemManage, BusFault and UsageFault on their own */
  SCB_CCR = 1u << 9 | 1u << 4; /* STKALIGN, DIV_0_TRP */
  SCB_VTOR = STUB_ADDR(VECTORS);
#endif
#if HAS_MPU
  mpu_regions();
#endif
#if defined(STUB_FPU)
  SCB_CPACR |= 15u << 20;
#endif
  SCB_SHPR3 = USER_PRIORITY << 24 | PENDSV_PRIORITY << 16; /* SysTick, PendSV */
  for (uint32_t i = 0; i < NVIC_PRIORITY_WORDS; i++) {
    NVIC_IPR(i) = USER_PRIORITY * 0x01010101u;
  }
  stub_port_init();
  stub_start();
  main_loop();
}

/* Where thread mode comes out after user code was abandoned. */
__attribute__((used)) static _Noreturn void resume(void) {
  stub_finish();
  main_loop();
}

NOINLINE void stub_arch_service(void) {
  SCB_ICSR = ICSR_PENDSVSET;
  __asm__ volatile("dsb\n\tisb" ::: "memory");
}

_Noreturn void stub_arch_stop(void) {
  __asm__ volatile(UNMASK("%0") : : "l"(0) : "memory");
  for (;;) {
    stub_arch_service();
  }
}

#if HAS_MPU
/* MPU_CTRL = ctrl */
#define MPU_SET(ctrl) "ldr r2, =0xE000ED94\n\tmovs r1, #" ctrl "\n\tstr r1, [r2]\n\t"
#if defined(HAS_STACK_LIMIT)
#define SET_STACK_LIMIT "ldr r1, =__stub_user_stack_start\n\tmsr psplim, r1\n\t"
#endif
#else
#define MPU_SET(ctrl)
#endif

#if !defined(SET_STACK_LIMIT)
#define SET_STACK_LIMIT
#endif

/* r0 = entry, then what it returned. Nothing is kept on the stub's stack, so user code may be wrong about registers. */
__attribute__((naked, noreturn)) void stub_arch_run(__attribute__((unused)) uint32_t entry) {
  __asm__ volatile(
      "ldr r3, =__stub_stack_end\n\t"
      "mov sp, r3\n\t"
      "ldr r1, =__stub_user_stack_end\n\t"
      "msr psp, r1\n\t" SET_STACK_LIMIT MPU_SET(MPU_ON)
      "movs r1, #2\n\t"
      "msr control, r1\n\t"
      "dsb\n\t"
      "isb\n\t"
      "blx r0\n\t"
      "dsb\n\t" /* a write on its way may still fault, and must within the run */
      "movs r1, #0\n\t"
      "msr control, r1\n\t" MPU_SET("0")
      "dsb\n\t"
      "isb\n\t" UNMASK("r1")
      "ldr r3, =__stub_stack_end\n\t"
      "mov sp, r3\n\t"
      "bl %c1\n\t"
      "bl %c0\n\t"
      ".ltorg"
      :
      : "i"(main_loop), "i"(stub_ran));
}

/* What the handler below pushes; then what the processor pushed if it was on MSP: r0 to r3, r12, lr, pc, xpsr. The
 * record has both in this order. */
struct saved {
  uint32_t r4_to_r11[8], r3, exc_return;
};

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

/* The newest fault. It outlives the restart that a fault of a handler between two runs takes: the host reads it here. */
uint32_t bw_fault_record[BW_FAULT_WORDS_CORTEXM] __attribute__((section(".open")));

/* @return false to go back to what was interrupted, true to abandon it */
__attribute__((used)) static bool handle(const struct saved *saved, uint32_t psp) {
  uint32_t *const record = bw_fault_record;
  uint32_t status = BW_STATUS_FAULT;
  uint32_t exception;
  __asm__ volatile("mrs %0, ipsr" : "=r"(exception));

#if defined(STUB_WATCHDOG)
  if (exception == EXCEPTION_NMI) {
    stub_port_tick();
    if (!ticked) {
      ticked = 1;
      stub_arch_service();
      return false;
    }
    status = BW_STATUS_STALLED;
  } else
#endif
  if (exception == EXCEPTION_PENDSV) {
#if defined(STUB_WATCHDOG)
    ticked = 0;
#endif
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
  const bool nested = !(saved->exc_return & FROM_THREAD);
  record[BW_FAULT_EXCEPTION] = exception;
  record[BW_FAULT_RESTART] = nested ? stub_next_boot() : 0;
#if HAS_FAULT_STATUS
  record[BW_FAULT_CFSR] = SCB_CFSR;
  record[BW_FAULT_HFSR] = SCB_HFSR;
  record[BW_FAULT_MMFAR] = SCB_MMFAR;
  record[BW_FAULT_BFAR] = SCB_BFAR;
  SCB_CFSR = ~0u; /* written ones clear */
  SCB_HFSR = ~0u;
#else
  record[BW_FAULT_CFSR] = record[BW_FAULT_HFSR] = record[BW_FAULT_MMFAR] = record[BW_FAULT_BFAR] = 0;
#endif

  uint32_t sp = saved->exc_return & FRAME_ON_PSP ? psp : (uint32_t)(uintptr_t)(saved + 1);
  const uint32_t *frame = (const uint32_t *)(uintptr_t)sp;
  bool lost = sp - STUB_ADDR(__stub_ram_start) > STUB_ADDR(__stub_ram_size) - FRAME_BYTES ||
              (record[BW_FAULT_CFSR] & (CFSR_MSTKERR | CFSR_STKERR));
#if defined(HAS_STACK_LIMIT)
  /* A frame that did not fit either leaves the stack pointer at the limit. */
  lost |= (record[BW_FAULT_CFSR] & CFSR_STKOF) && psp == STUB_STACK_ADDR;
#endif
  for (uint32_t i = 0; i < 8; i++) {
    record[BW_FAULT_R0 + i] = lost ? 0 : frame[i];
    record[BW_FAULT_R4 + i] = saved->r4_to_r11[i];
  }
  if (!lost) {
    sp += frame_bytes(saved) + (record[BW_FAULT_XPSR] >> XPSR_ALIGNED & 1u) * 4u;
  }
  record[BW_FAULT_SP] = sp;
#if defined(STUB_FPU)
  FPU_FPCCR &= ~1u; /* registers that wait to be saved are nobody's any more */
#endif
  if (!stub_abandon(status, record, BW_FAULT_WORDS_CORTEXM)) {
    stub_restart(status); /* nobody waits for an answer */
  }
  if (nested) {
    stub_keep();
    stub_port_reset();
  }
  return true;
}

#if HAS_MPU
__attribute__((used)) static bool on_exception(const struct saved *saved, uint32_t psp) {
  const uint32_t lock = stub_lock(0);
  const bool abandon = handle(saved, psp);
  if (!abandon) {
    stub_lock(lock);
  }
  return abandon;
}

void stub_receive_handler(void) {
  const uint32_t lock = stub_lock(0);
  stub_port_receive();
  stub_lock(lock);
}
#else
#define on_exception handle
#endif

#if HAS_FAULT_STATUS
#define PUSH_R4_TO_R11 "push {r4-r11}\n\t"
#else
#define PUSH_R4_TO_R11 \
  "mov r0, r8\n\tmov r1, r9\n\tmov r2, r10\n\tmov r3, r11\n\tpush {r0-r3}\n\tpush {r4-r7}\n\t"
#endif

__attribute__((naked)) void stub_exception_handler(void) {
  __asm__ volatile(
      "push {r3, lr}\n\t" PUSH_R4_TO_R11
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
