/* Vector table and what comes before main(). Handlers that nobody defines stop the processor. */
#include <stdint.h>

#include "mps2.h"

extern uint8_t __stack_top[];
extern uint32_t __data_start[], __data_end[], __data_load[], __bss_start[], __bss_end[];
extern void (*__init_array_start[])(void), (*__init_array_end[])(void);

int main(void);

void Default_Handler(void);
void Default_Handler(void) {
  for (;;) {
  }
}

#define HANDLER(name) void name(void) __attribute__((weak, alias("Default_Handler")))

HANDLER(NMI_Handler);
HANDLER(HardFault_Handler);
HANDLER(MemManage_Handler);
HANDLER(BusFault_Handler);
HANDLER(UsageFault_Handler);
HANDLER(SVC_Handler);
HANDLER(DebugMon_Handler);
HANDLER(PendSV_Handler);
HANDLER(SysTick_Handler);
HANDLER(UART0_RX_Handler);
HANDLER(UART0_TX_Handler);
HANDLER(UART1_RX_Handler);
HANDLER(UART1_TX_Handler);
HANDLER(TIMER0_Handler);

void Reset_Handler(void);
void Reset_Handler(void) {
  uint32_t *to = __data_start;
  for (const uint32_t *from = __data_load; to != __data_end;) {
    *to++ = *from++;
  }
  for (to = __bss_start; to != __bss_end;) {
    *to++ = 0;
  }
#if !defined(__ARM_ARCH_6M__)
  SCB_SHCSR = 7u << 16; /* MemManage, BusFault and UsageFault on their own */
  SCB_CCR = 1u << 9 | 1u << 4; /* stacks aligned to 8; division by zero is a fault */
#endif
#if defined(__ARM_FP)
  SCB_CPACR |= 15u << 20; /* the floating-point unit */
#endif
  for (void (**init)(void) = __init_array_start; init != __init_array_end; init++) {
    (*init)();
  }
  main();
  Default_Handler();
}

typedef void (*vector)(void);

__attribute__((section(".isr_vector"), used)) static const vector VECTORS[16 + INTERRUPTS] = {
    (vector)(uintptr_t)__stack_top,
    Reset_Handler,
    NMI_Handler,
    HardFault_Handler,
    MemManage_Handler,
    BusFault_Handler,
    UsageFault_Handler,
    [11] = SVC_Handler,
    [12] = DebugMon_Handler,
    [14] = PendSV_Handler,
    [15] = SysTick_Handler,
    [16 + UART0_RX_IRQ] = UART0_RX_Handler,
    [16 + UART0_TX_IRQ] = UART0_TX_Handler,
    [16 + UART1_RX_IRQ] = UART1_RX_Handler,
    [16 + UART1_TX_IRQ] = UART1_TX_Handler,
    [16 + TIMER0_IRQ] = TIMER0_Handler,
};

/* newlib's heap: between the variables and the stack. */
void *_sbrk(intptr_t increment);
void *_sbrk(intptr_t increment) {
  extern uint8_t end[], __stack_size[];
  static uint8_t *top = end;
  uint8_t *const limit = __stack_top - (uintptr_t)__stack_size;
  if (increment > limit - top || increment < end - top) {
    return (void *)-1;
  }
  uint8_t *const block = top;
  top += increment;
  return block;
}
