/* Cortex-M registers outside of the peripherals, and what a port needs to write a vector table. */
#ifndef STUB_CORTEXM_H
#define STUB_CORTEXM_H

#include <stdint.h>

#include "stub_memory.h"

#if !defined(REG) /* test/stub/register-model.h has another one */
#define REG(addr) (*(volatile uint32_t *)(addr))
#endif

/* System control block; Armv6-M manual B3.2, Armv7-M manual B3.2. */
#define SCB_ICSR REG(0xE000ED04u)
#define SCB_VTOR REG(0xE000ED08u)
#define SCB_AIRCR REG(0xE000ED0Cu)
#define SCB_CCR REG(0xE000ED14u)
#define SCB_SHPR3 REG(0xE000ED20u)
#define SCB_SHCSR REG(0xE000ED24u)
#define SCB_CFSR REG(0xE000ED28u)
#define SCB_HFSR REG(0xE000ED2Cu)
#define SCB_MMFAR REG(0xE000ED34u)
#define SCB_BFAR REG(0xE000ED38u)
#define SCB_CPACR REG(0xE000ED88u)
#define FPU_FPCCR REG(0xE000EF34u)
#define MPU_CTRL REG(0xE000ED94u)
#define MPU_RBAR REG(0xE000ED9Cu)
#define MPU_RASR REG(0xE000EDA0u)
#define NVIC_ENABLE(irq) (REG(0xE000E100u + ((irq) >> 5 << 2)) = 1u << ((irq) & 31u))
#define NVIC_IPR(word) REG(0xE000E400u + 4u * (word))
#define SYST_CSR REG(0xE000E010u)
#define SYST_RVR REG(0xE000E014u)
#define SYST_CVR REG(0xE000E018u)

#define ICSR_PENDSVSET (1u << 28)
#define ICSR_PENDSTSET (1u << 26)
#define AIRCR_SYSRESETREQ 0x05FA0004u

typedef void (*stub_vector)(void);

/** Start of the program. */
_Noreturn void stub_reset_handler(void);

/** Handler of every fault, of PendSV (the service interrupt), and of whatever nobody expects. */
void stub_exception_handler(void);

/** Handler of what is user code's, where the vectors cannot move: goes on to `bw_irq_hook`. */
void stub_user_handler(void);

/** Handler of the receive interrupt: calls stub_port_receive. */
#if !HAS_MPU
#define stub_receive_handler stub_port_receive
#else
void stub_receive_handler(void);
#endif

/* What an interrupt has from the start: below those of the stub. */
#define USER_PRIORITY 0x80u

/** Turns the receive interrupt on, above all others. */
static inline void stub_enable_receive(uint32_t irq) {
  NVIC_IPR(irq / 4u) = USER_PRIORITY * 0x01010101u & ~(0xFFu << 8u * (irq % 4u));
  NVIC_ENABLE(irq);
}

extern const stub_vector VECTORS[];

/* The first two vectors. */
#define STUB_BOOT_VECTORS (stub_vector)(uintptr_t)__stub_stack_end, stub_reset_handler

/* The first 16 vectors; `systick` is the port's, or stub_exception_handler. */
#define STUB_CORE_VECTORS(systick)                                                                       \
  STUB_BOOT_VECTORS, stub_exception_handler, stub_exception_handler, stub_exception_handler, stub_exception_handler, stub_exception_handler,    \
      stub_exception_handler, stub_exception_handler, stub_exception_handler, stub_exception_handler,    \
      stub_exception_handler, stub_exception_handler, stub_exception_handler, stub_exception_handler, systick

#endif
