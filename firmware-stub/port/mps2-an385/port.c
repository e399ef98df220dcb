/* ARM MPS2 with the AN385 image: CMSDK UART0 at 25 MHz. Source: ARM application note AN385, 3 and 4;
 * Cortex-M System Design Kit manual, 4.3 (APB UART). */
#include "cortexm.h"
#include "stub.h"
#include "stub_memory.h"

#define CLOCK_HZ 25000000u

#define UART_DATA REG(0x40004000u)
#define UART_STATE REG(0x40004004u)
#define UART_CTRL REG(0x40004008u)
#define UART_INTCLEAR REG(0x4000400Cu)
#define UART_BAUDDIV REG(0x40004010u)
#define UART_RX_IRQ 0u

#define STATE_TX_FULL (1u << 0)
#define STATE_RX_FULL (1u << 1)

#define FPGAIO_COUNTER REG(0x40028018u)
#define FPGAIO_PRESCALE REG(0x4002801Cu)

void stub_port_init(void) {
  FPGAIO_PRESCALE = CLOCK_HZ / 1000000u - 1u; /* the counter counts microseconds */
  UART_BAUDDIV = CLOCK_HZ / 115200u;
  UART_CTRL = 1u << 3 | 1u << 1 | 1u << 0; /* receive interrupt, receive, transmit */
  NVIC_ISER0 = 1u << UART_RX_IRQ;
}

void stub_port_write(uint8_t byte) {
  while (UART_STATE & STATE_TX_FULL) {
  }
  UART_DATA = byte;
}

static void uart_handler(void) {
  UART_INTCLEAR = 1u << 1;
  while (UART_STATE & STATE_RX_FULL) {
    stub_receive((uint8_t)UART_DATA);
  }
}

uint32_t bw_micros(void) { return FPGAIO_COUNTER; }

_Noreturn void stub_port_reset(void) {
  for (;;) {
    SCB_AIRCR = AIRCR_SYSRESETREQ;
  }
}

__attribute__((section(".vectors"), used)) const stub_vector VECTORS[16 + UART_RX_IRQ + 1] = {
    STUB_CORE_VECTORS(stub_exception_handler),
    uart_handler,
};
