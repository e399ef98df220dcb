/* RISC-V RV32IMAC in machine mode: start, running user code, and getting it off the processor again.
 *
 *   thread     main loop on the stub's stack ── stub_arch_run ──▶ user code on its own
 *   software   the service interrupt: STATE; BREAK and exit end like a fault. The receive interrupt may come between
 *   external   the receive interrupt
 *   faults     below the main loop on the stub's stack: a user stack that is gone does not matter
 *
 * mscratch says on which stack the processor is: while user code runs it holds the stub's stack pointer, else 0. A
 * trap changes to the stub's stack, and lays the registers down there in the order of a fault record:
 *
 *   sp ─▶ mcause mepc mtval x1 … x31 mstatus restart          FRAME bytes
 *
 * To abandon user code is not to return from its trap: the stack is empty again, and `resume` goes on from there. */
#include "riscv.h"

#include "controller.h"
#include "state.h"

#define CAUSE_SOFTWARE 0x80000003u
#define CAUSE_EXTERNAL 0x8000000Bu

#define MSTATUS_MIE "8"

/* A PMP entry for [the one before, its own address), locked: machine mode has to keep to it too. */
#define PMP_TOR_READ_EXECUTE_LOCKED 0x8Du

#define FRAME "144"
#define MSTATUS_AT "136"

#define CSR_SET(csr, bits) __asm__ volatile("csrs " csr ", %0" ::"rK"(bits) : "memory")
#define CSR_CLEAR(csr, bits) __asm__ volatile("csrc " csr ", %0" ::"rK"(bits) : "memory")
#define CSR_WRITE(csr, value) __asm__ volatile("csrw " csr ", %0" ::"rK"(value) : "memory")

struct trap {
  uint32_t words[STUB_FAULT_WORDS]; /* a fault record */
};
_Static_assert(sizeof(struct trap) == 144 && BW_FAULT_RV32_MSTATUS * 4 == 136, "FRAME and MSTATUS_AT");


/* Traps on top of one another: 2 while the receive interrupt comes within the service interrupt. Support code that
 * calls handlers of the user's counts them too. */
volatile uint32_t bw_irq_depth;

/* What a trap calls: on_trap, unless support code stands before it. */
bool (*volatile bw_irq_hook)(struct trap *trap);

/* Called where there is an MPU that can be set to meet an access; the PMP here is locked. */
uint32_t (*volatile bw_fault_hook)(uint32_t addr) __attribute__((section(".open")));


__attribute__((used)) static _Noreturn void main_loop(void) {
  for (;;) {
    if (stub_poll()) {
      continue;
    }
#if !defined(STUB_IDLE_SPIN)
    CSR_CLEAR("mstatus", 8);
    if (!stub_has_work()) {
      __asm__ volatile("wfi"); /* a pending interrupt ends it, masked as it is */
    }
    CSR_SET("mstatus", 8);
#endif
  }
}

/* The linker shortens the addresses of variables near gp. User code keeps gp, as every function must. */
#define SET_GP ".option push\n\t.option norelax\n\tlla gp, __global_pointer$\n\t.option pop\n\t"

/* Registers to or from a trap's frame: those that C code may change, and those that it keeps. */
#define FOR_CHANGED(op)                                                                                          \
  op " ra, 12(sp)\n\t" op " gp, 20(sp)\n\t" op " t0, 28(sp)\n\t" op " t1, 32(sp)\n\t" op " t2, 36(sp)\n\t"        \
  op " a0, 48(sp)\n\t" op " a1, 52(sp)\n\t" op " a2, 56(sp)\n\t" op " a3, 60(sp)\n\t" op " a4, 64(sp)\n\t"        \
  op " a5, 68(sp)\n\t" op " a6, 72(sp)\n\t" op " a7, 76(sp)\n\t" op " t3, 120(sp)\n\t" op " t4, 124(sp)\n\t"      \
  op " t5, 128(sp)\n\t" op " t6, 132(sp)\n\t"
#define FOR_UNCHANGED(op)                                                                                        \
  op " tp, 24(sp)\n\t" op " s0, 40(sp)\n\t" op " s1, 44(sp)\n\t" op " s2, 80(sp)\n\t" op " s3, 84(sp)\n\t"        \
  op " s4, 88(sp)\n\t" op " s5, 92(sp)\n\t" op " s6, 96(sp)\n\t" op " s7, 100(sp)\n\t" op " s8, 104(sp)\n\t"      \
  op " s9, 108(sp)\n\t" op " s10, 112(sp)\n\t" op " s11, 116(sp)\n\t"

/* Where thread mode comes out after user code was abandoned. */
__attribute__((used)) static _Noreturn void resume(void) {
  bw_irq_depth = 0;
  LET_OURS();
  CSR_SET("mstatus", 8);
  stub_finish();
  main_loop();
}

/* @return false to go back to what was interrupted, true to abandon it */
__attribute__((used)) static bool on_trap(struct trap *trap) {
  const uint32_t cause = trap->words[BW_FAULT_RV32_MCAUSE];
  uint32_t status = BW_STATUS_FAULT;
  if (cause == CAUSE_EXTERNAL) {
    bw_irq_depth++;
    stub_port_receive();
    bw_irq_depth--;
    return false;
  }
  if (cause == CAUSE_SOFTWARE) {
    TAKE_SERVICE();
    bw_irq_depth++;
    LET_RECEIVE_ALONE();
    CSR_SET("mstatus", 8);
    status = stub_service();
    CSR_CLEAR("mstatus", 8);
    LET_SERVICE();
    bw_irq_depth--;
    if (status == 0) {
      return false;
    }
  }
  trap->words[BW_FAULT_RV32_RESTART] = bw_irq_depth != 0 ? stub_next_boot() : 0;
  if (!stub_abandon(status, trap->words, STUB_FAULT_WORDS)) {
    stub_restart(BW_STATUS_FAULT); /* nobody waits for an answer */
  }
  if (bw_irq_depth != 0) {
    stub_keep();
    stub_port_reset();
  }
  return true;
}

__attribute__((naked, aligned(4), used)) static void trap_entry(void) {
  __asm__ volatile(
      "csrrw sp, mscratch, sp\n\t"
      "bnez sp, 1f\n\t"
      "csrr sp, mscratch\n"
      "1:\n\t"
      "addi sp, sp, -" FRAME "\n\t" FOR_CHANGED("sw") FOR_UNCHANGED("sw")
      "csrrw t0, mscratch, zero\n\t"
      "sw t0, 16(sp)\n\t"
      "csrr t0, mcause\n\t"
      "sw t0, 0(sp)\n\t"
      "csrr t0, mepc\n\t"
      "sw t0, 4(sp)\n\t"
      "csrr t0, mtval\n\t"
      "sw t0, 8(sp)\n\t"
      "csrr t0, mstatus\n\t"
      "sw t0, " MSTATUS_AT "(sp)\n\t"
      SET_GP "mv a0, sp\n\t"
      ASM_TRAP
      "bnez a0, 3f\n\t"
      "lw t0, " MSTATUS_AT "(sp)\n\t"
      "csrw mstatus, t0\n\t"
      "lw t0, 4(sp)\n\t"
      "csrw mepc, t0\n\t"
      "lw t0, 16(sp)\n\t"
      "addi t1, sp, " FRAME "\n\t"
      "beq t0, t1, 2f\n\t" /* it was on the stub's stack */
      "csrw mscratch, t1\n"
      "2:\n\t" FOR_CHANGED("lw")
      "lw sp, 16(sp)\n\t"
      "mret\n"
      "3:\n\t"
      "lla sp, __stub_stack_end\n\t"
      "tail %0"
      :
      : "i"(resume));
}

#if defined(TRAP_TABLE_ALIGN)
__attribute__((naked, aligned(TRAP_TABLE_ALIGN), section(".traps"), used)) static void trap_table(void) {
  __asm__ volatile(TRAP_JUMP TRAP_JUMP TRAP_JUMP TRAP_JUMP);
}
__attribute__((naked, section(".receive_trap"), used)) static void receive_trap(void) { __asm__ volatile(TRAP_JUMP); }
#define TRAPS ((uintptr_t)trap_table | 1u)
#else
#define TRAPS ((uintptr_t)trap_entry)
#endif

__attribute__((used)) _Noreturn void stub_reset_handler(void) {
  stub_wake();
  bw_irq_depth = 0;
  SET_TRAP();
  /* Writes to the stub's code fault, and so does a user stack that overflows into it. */
  CSR_WRITE("pmpaddr0", STUB_ADDR(__stub_flash_start) >> 2);
  CSR_WRITE("pmpaddr1", STUB_ADDR(__stub_flash_end) >> 2);
  CSR_WRITE("pmpcfg0", PMP_TOR_READ_EXECUTE_LOCKED << 8);
  CSR_WRITE("mtvec", TRAPS);
  LET_OURS();
  stub_port_init();
  CSR_SET("mstatus", 8);
  stub_start();
  main_loop();
}

/* The first instructions of the image. */
__attribute__((naked, section(".vectors"), used)) _Noreturn void VECTORS(void) {
  __asm__ volatile(
      ASM_HOLD_ALL
      "csrci mstatus, " MSTATUS_MIE "\n\t"
      "csrw mscratch, zero\n\t"
      SET_GP "lla sp, __stub_stack_end\n\t"
      "tail %0"
      :
      : "i"(stub_reset_handler));
}

_Noreturn void stub_arch_restart(void) { VECTORS(); }

void stub_arch_service(void) { RAISE_SERVICE(); }

_Noreturn void stub_arch_stop(void) {
  LET_OURS();
  CSR_SET("mstatus", 8);
  for (;;) {
    stub_arch_service();
  }
}

/* a0 = entry, then what it returned. Nothing is kept on the stub's stack, so user code may be wrong about registers.
 * The stack pointer changes before mscratch does: a trap in between finds 0 there and stays on whatever stack it is. */
__attribute__((naked, noreturn)) void stub_arch_run(__attribute__((unused)) uint32_t entry) {
  __asm__ volatile(
      "lla t0, __stub_stack_end\n\t"
      "lla sp, __stub_user_stack_end\n\t"
      "csrw mscratch, t0\n\t"
      "li tp, 0\n\t" /* thread-local variables are found by their addresses */
      "jalr a0\n\t"
      "fence\n\t"
      "csrrw sp, mscratch, zero\n\t"
      ASM_LET_OURS
      "csrsi mstatus, " MSTATUS_MIE "\n\t" SET_GP "call %0\n\t"
      "tail %1"
      :
      : "i"(stub_ran), "i"(main_loop));
}
