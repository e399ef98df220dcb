/* Stellaris LM3S6965 evaluation board: UART0 on PA0 and PA1, 50 MHz from the 8 MHz crystal.
 * Source: LM3S6965 data sheet, 5 system control, 8 GPIO, 10 watchdog, 12 UART. */
#include "stub_memory.h"

#define UART_BASE 0x4000C000u
#define UART_IRQ 5u
#include "pl011.h"

#define CLOCK_HZ 50000000u
#define PERIOD_MICROS 250000u /* SysTick counts 24 bits: 335 ms at most */

#define SYSCTL_RIS REG(0x400FE050u)
#define SYSCTL_RCC REG(0x400FE060u)
#define SYSCTL_RCGC0 REG(0x400FE100u)
#define SYSCTL_RCGC1 REG(0x400FE104u)
#define SYSCTL_RCGC2 REG(0x400FE108u)
#define GPIOA_AFSEL REG(0x40004420u)
#define GPIOA_DEN REG(0x4000451Cu)

#define RCC_BYPASS (1u << 11)
#define RCC_XTAL_8MHZ (0xEu << 6) /* and main oscillator (0 in bits 5:4), on (0 in bit 0) */
#define RCC_SYSDIV_4 (1u << 22 | 3u << 23)

/* Counts down twice: first it asks for an interrupt, which is not taken here, then it resets the chip. */
#define WATCHDOG_LOAD REG(0x40000000u)
#define WATCHDOG_CTL REG(0x40000008u)
#define WATCHDOG_ICR REG(0x4000000Cu)
#define PERIOD_ENDED WATCHDOG_ICR = 0 /* begins anew */
#include "systick.h"

void stub_port_init(void) {
  SYSCTL_RCC = RCC_BYPASS | RCC_XTAL_8MHZ | RCC_SYSDIV_4; /* starts the PLL: 200 MHz */
  while (!(SYSCTL_RIS & 1u << 6)) {
  }
  SYSCTL_RCC = RCC_XTAL_8MHZ | RCC_SYSDIV_4;
  SYSCTL_RCGC0 = 1u << 3; /* watchdog */
  SYSCTL_RCGC1 = 1u << 0; /* UART0 */
  SYSCTL_RCGC2 = 1u << 0; /* port A */
  (void)SYSCTL_RCGC2;     /* the clocks take a moment */
  GPIOA_AFSEL = 3;
  GPIOA_DEN = 3;
  systick_init();
  SCB_SHPR3 = 0x40400000u; /* SysTick as PendSV, above the user's interrupts */
  WATCHDOG_LOAD = CLOCK_HZ;
  WATCHDOG_CTL = 3; /* on, with reset */
  uart_init(UART_DIVISOR(CLOCK_HZ, 115200u));
}

_Noreturn void stub_port_reset(void) {
  for (;;) {
    SCB_AIRCR = AIRCR_SYSRESETREQ;
  }
}

__attribute__((section(".vectors"), used)) const stub_vector VECTORS[16 + UART_IRQ + 1] = {
    STUB_CORE_VECTORS(systick_handler),
    [16 ... 15 + UART_IRQ] = stub_exception_handler,
    [16 + UART_IRQ] = stub_receive_handler,
};
