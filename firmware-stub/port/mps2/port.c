/* ARM MPS2 with one of its FPGA images: CMSDK UART0. Source: ARM application notes AN385, AN386, AN500 and AN505, memory
 * map and clocks; Cortex-M System Design Kit manual, 4.3 (APB UART). The AN505's peripherals are at their secure
 * addresses: its core starts in Secure state and stays there. */
#include "cortexm.h"
#include "stub.h"
#include "stub_memory.h"

#if defined(MPS2_AN505)
#define CLOCK_HZ 20000000u
#define UART 0x50200000u
#define UART_RX_IRQ 32u
#define FPGAIO 0x50302000u
#else
#define CLOCK_HZ 25000000u
#define UART 0x40004000u
#define UART_RX_IRQ 0u
#define FPGAIO 0x40028000u
#endif

#define UART_DATA REG(UART + 0x00u)
#define UART_STATE REG(UART + 0x04u)
#define UART_CTRL REG(UART + 0x08u)
#define UART_INTCLEAR REG(UART + 0x0Cu)
#define UART_BAUDDIV REG(UART + 0x10u)

#define STATE_TX_FULL (1u << 0)
#define STATE_RX_FULL (1u << 1)

#define FPGAIO_COUNTER REG(FPGAIO + 0x18u)
#define FPGAIO_PRESCALE REG(FPGAIO + 0x1Cu)

/* CMSDK APB watchdog, whose interrupt is the NMI. Cortex-M System Design Kit manual, 4.5 */
#define WATCHDOG_LOAD REG(0x40008000u)
#define WATCHDOG_CONTROL REG(0x40008008u)
#define WATCHDOG_INTCLEAR REG(0x4000800Cu)
#define WATCHDOG_LOCK REG(0x40008C00u)

void stub_port_init(void) {
#if defined(STUB_WATCHDOG)
  WATCHDOG_LOCK = 0x1ACCE551u;
  WATCHDOG_LOAD = CLOCK_HZ / 2u;
  WATCHDOG_CONTROL = 1; /* interrupt, no reset */
#endif
  FPGAIO_PRESCALE = CLOCK_HZ / 1000000u - 1u; /* the counter counts microseconds */
  UART_BAUDDIV = CLOCK_HZ / 115200u;
  UART_CTRL = 1u << 3 | 1u << 1 | 1u << 0; /* receive interrupt, receive, transmit */
  stub_enable_receive(UART_RX_IRQ);
}

void stub_port_write(uint8_t byte) {
  while (UART_STATE & STATE_TX_FULL) {
  }
  UART_DATA = byte;
}

void stub_port_receive(void) {
  UART_INTCLEAR = 1u << 1;
  while (UART_STATE & STATE_RX_FULL) {
    stub_receive((uint8_t)UART_DATA);
  }
}

#if defined(STUB_WATCHDOG)
void stub_port_tick(void) { WATCHDOG_INTCLEAR = 1; }
#endif

uint32_t bw_micros(void) { return FPGAIO_COUNTER; }

_Noreturn void stub_port_reset(void) {
  for (;;) {
    SCB_AIRCR = AIRCR_SYSRESETREQ;
  }
}

__attribute__((section(".vectors"), used)) const stub_vector VECTORS[16 + UART_RX_IRQ + 1] = {
    STUB_CORE_VECTORS(stub_exception_handler),
#if UART_RX_IRQ > 0
    [16 ... 15 + UART_RX_IRQ] = stub_exception_handler,
#endif
    [16 + UART_RX_IRQ] = stub_receive_handler,
};
