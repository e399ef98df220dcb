/* How the stub's two interrupts are raised, taken and held off. The standard way: the machine software interrupt and the
 * machine external interrupt of CLINT and PLIC, with `mie`. The ESP32-C3 has neither: its core takes 31 interrupts by
 * number, which a matrix of registers gives sources, priorities and a threshold; the two that the stub has there carry the
 * numbers of the standard ones, so that causes look the same.
 * Source: RISC-V Privileged Architecture, 3.1.9; ESP32-C3 Technical Reference Manual, 1.5 (interrupt controller), 8.4. */
#ifndef STUB_CONTROLLER_H
#define STUB_CONTROLLER_H

#include "riscv.h"

#if defined(STUB_ESP32C3)

#define SERVICE_PRIORITY 2u
#define RECEIVE_PRIORITY 3u

#define INTERRUPT_THRESHOLD REG(0x600C2194u)
#define FROM_CPU REG(0x600C0028u)

#define LET_OURS() (INTERRUPT_THRESHOLD = SERVICE_PRIORITY)
#define LET_RECEIVE_ALONE() (INTERRUPT_THRESHOLD = RECEIVE_PRIORITY)
#define LET_SERVICE() LET_OURS()
#define RAISE_SERVICE() (FROM_CPU = 1)
#define TAKE_SERVICE() (FROM_CPU = 0)

#define SET_TRAP() ((void)0)
#define ASM_HOLD_ALL ""
#define ASM_LET_OURS "lui t0, 0x600C2\n\tli t1, 2\n\tsw t1, 0x194(t0)\n\t"

/* The core jumps to the start of a table for an exception, and 4 bytes further on for each number of an interrupt. Between
 * those of the stub there is room for the first instructions of the image (ld/esp32-c3.ld). */
#define TRAP_TABLE_ALIGN 256
/* Support code stands before no trap here. */
#define ASM_TRAP "call on_trap\n\t"
#define TRAP_JUMP ".option push\n\t.option norvc\n\tj trap_entry\n\t.option pop\n\t"

#else

#define MIE_SOFTWARE 0x008u
#define MIE_EXTERNAL 0x800u
#define MIE_OURS "0x808"

#define LET_OURS() __asm__ volatile("csrs mie, %0" ::"r"(MIE_SOFTWARE | MIE_EXTERNAL) : "memory")
#define LET_RECEIVE_ALONE() __asm__ volatile("csrc mie, %0" ::"K"(MIE_SOFTWARE) : "memory")
#define LET_SERVICE() __asm__ volatile("csrs mie, %0" ::"K"(MIE_SOFTWARE) : "memory")
#define RAISE_SERVICE() (CLINT_MSIP = 1)
#define TAKE_SERVICE() (CLINT_MSIP = 0)

#define ASM_TRAP "lw t0, bw_irq_hook\n\tjalr t0\n\t"
#define SET_TRAP() (bw_irq_hook = on_trap)
#define ASM_HOLD_ALL "csrw mie, zero\n\t"
#define ASM_LET_OURS "li t0, " MIE_OURS "\n\tcsrs mie, t0\n\t"

#endif
#endif
