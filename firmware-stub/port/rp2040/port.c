/* RP2040 (Raspberry Pi Pico): UART0 on GPIO 0 and 1, or with STUB_USB its USB port; 125 MHz from the 12 MHz crystal.
 * Source: RP2040 data sheet, 2.14 resets, 2.15 clocks, 2.16 XOSC, 2.18 PLL, 2.19 GPIO, 4.6 timer, 4.7 watchdog.
 * Starts from the second-stage boot code on silicon, or straight at the vector table in rp2040js. */
#include "stub_memory.h"

#if defined(STUB_USB)
#include "rp2040-cdc.h"
#else
#define UART_BASE 0x40034000u
#define UART_IRQ 20u
#define LINE_IRQ UART_IRQ
#define LINE_RESETS (1u << 22) /* UART0 */
#include "pl011.h"
#endif

#define CLOCK_HZ 125000000u

#define RESETS_RESET_CLEAR REG(0x4000C000u + 0x3000u)
#define RESETS_DONE REG(0x4000C008u)
#define RESET_BITS (1u << 5 | 1u << 8 | 1u << 12 | 1u << 21 | LINE_RESETS) /* IO_BANK0, PADS_BANK0, PLL_SYS, TIMER */

#define CLK_REF_CTRL REG(0x40008030u)
#define CLK_REF_SELECTED REG(0x40008038u)
#define CLK_SYS_CTRL REG(0x4000803Cu)
#define CLK_SYS_SELECTED REG(0x40008044u)
#define CLK_PERI_CTRL REG(0x40008048u)

#define XOSC_CTRL REG(0x40024000u)
#define XOSC_STATUS REG(0x40024004u)
#define XOSC_STARTUP REG(0x4002400Cu)

#define PLL_CS REG(0x40028000u)
#define PLL_PWR REG(0x40028004u)
#define PLL_FBDIV REG(0x40028008u)
#define PLL_PRIM REG(0x4002800Cu)

#define GPIO_CTRL(pin) REG(0x40014004u + 8u * (pin))
#define TIMER_RAWL REG(0x40054028u)
#define TIMER_ALARM0 REG(0x40054010u)
#define TIMER_INTR REG(0x40054034u)
#define TIMER_INTE REG(0x40054038u)
#define TIMER_IRQ_0 0u
#define PSM_WDSEL REG(0x40010008u)
#define WATCHDOG_CTRL REG(0x40058000u)
#define WATCHDOG_LOAD REG(0x40058004u)
#define WATCHDOG_TICK REG(0x4005802Cu)

static void clocks(void) {
  XOSC_STARTUP = 47; /* 1 ms */
  XOSC_CTRL = 0xFABu << 12 | 0xAA0u;
  while (!(XOSC_STATUS >> 31)) {
  }
  WATCHDOG_TICK = 1u << 9 | 12u; /* the timer's microsecond */
  CLK_REF_CTRL = 2;              /* crystal */
  while (!(CLK_REF_SELECTED & 1u << 2)) {
  }
  PLL_CS = 1;
  PLL_FBDIV = 125; /* 12 MHz * 125 = 1500 MHz, / 6 / 2 */
  PLL_PWR = 1u << 3;
  while (!(PLL_CS >> 31)) {
  }
  PLL_PRIM = 6u << 16 | 2u << 12;
  PLL_PWR = 0;
  CLK_SYS_CTRL = 1; /* source aux, aux PLL_SYS */
  while (!(CLK_SYS_SELECTED & 1u << 1)) {
  }
  CLK_PERI_CTRL = 1u << 11; /* from clk_sys */
}

/* The watchdog resets the chip unless this comes twice a second. It counts twice a microsecond (erratum RP2040-E1). */
__attribute__((noinline)) static void feed(void) {
  volatile uint32_t *const timer = &REG(0x40054000u);
  timer[0x34 / 4] = 1;
  timer[0x10 / 4] = timer[0x28 / 4] + (1u << 19);
  WATCHDOG_LOAD = 1u << 21;
}

void stub_port_init(void) {
  SCB_VTOR = STUB_ADDR(VECTORS);
  RESETS_RESET_CLEAR = RESET_BITS;
  while (~RESETS_DONE & RESET_BITS) {
  }
  clocks();
  PSM_WDSEL = 0x1FFFCu; /* everything but the oscillators */
  TIMER_INTE = 1;
  feed();
  WATCHDOG_CTRL = 1u << 30 | 7u << 24; /* on; not while a debugger holds a core */
  stub_enable_receive(TIMER_IRQ_0);
#if defined(STUB_USB)
  line_init();
#else
  GPIO_CTRL(0) = 2; /* UART */
  GPIO_CTRL(1) = 2;
  uart_init(UART_DIVISOR(CLOCK_HZ, 115200u));
#endif
}

uint32_t bw_micros(void) { return TIMER_RAWL; }

_Noreturn void stub_port_reset(void) {
  WATCHDOG_CTRL = 1u << 31;
  for (;;) {
  }
}

__attribute__((section(".vectors"), used)) const stub_vector VECTORS[16 + LINE_IRQ + 1] = {
    STUB_CORE_VECTORS(stub_exception_handler),
    [16 + TIMER_IRQ_0] = feed,
    [17 ... 15 + LINE_IRQ] = stub_exception_handler,
    [16 + LINE_IRQ] = stub_receive_handler,
};
