/* nRF51822 on the BBC micro:bit: UART0 on P0.24 and P0.25 (the USB interface chip), TIMER0 for microseconds.
 * Source: nRF51 Series Reference Manual 3.0.1, 12 CLOCK, 14 GPIO, 18 TIMER, 28 UART; micro:bit schematic 1.5.
 * The processor has no VTOR: the vectors lie at 0. */
#include "cortexm.h"
#include "stub.h"
#include "stub_memory.h"

#define CLOCK_HFCLKSTART REG(0x40000000u)
#define CLOCK_HFCLKSTARTED REG(0x40000100u)

#define UART_STARTRX REG(0x40002000u)
#define UART_STARTTX REG(0x40002008u)
#define UART_RXDRDY REG(0x40002108u)
#define UART_TXDRDY REG(0x4000211Cu)
#define UART_INTENSET REG(0x40002304u)
#define UART_ENABLE REG(0x40002500u)
#define UART_PSELTXD REG(0x4000250Cu)
#define UART_PSELRXD REG(0x40002514u)
#define UART_RXD REG(0x40002518u)
#define UART_TXD REG(0x4000251Cu)
#define UART_BAUDRATE REG(0x40002524u)
#define UART_IRQ 2u
#define IRQS 32u
#define BAUD_115200 0x01D7E000u

#define TIMER_START REG(0x40008000u)
#define TIMER_CAPTURE REG(0x40008040u)
#define TIMER_BITMODE REG(0x40008508u)
#define TIMER_PRESCALER REG(0x40008510u)
#define TIMER_CC REG(0x40008540u)

#define GPIO_OUTSET REG(0x50000508u)
#define GPIO_DIRSET REG(0x50000518u)
#define GPIO_PIN_CNF(pin) REG(0x50000700u + 4u * (pin))
#define TX_PIN 24u
#define RX_PIN 25u

void stub_port_init(void) {
  CLOCK_HFCLKSTART = 1; /* the crystal: the oscillator inside is off by more than a baud rate bears */
  while (!CLOCK_HFCLKSTARTED) {
  }
  TIMER_BITMODE = 3;   /* 32 bits */
  TIMER_PRESCALER = 4; /* 16 MHz / 2^4 */
  TIMER_START = 1;
  GPIO_OUTSET = 1u << TX_PIN;
  GPIO_DIRSET = 1u << TX_PIN;
  GPIO_PIN_CNF(RX_PIN) = 0; /* input, connected */
  UART_PSELTXD = TX_PIN;
  UART_PSELRXD = RX_PIN;
  UART_BAUDRATE = BAUD_115200;
  UART_ENABLE = 4;
  UART_INTENSET = 1u << 2; /* RXDRDY */
  UART_STARTTX = 1;
  UART_STARTRX = 1;
  stub_enable_receive(UART_IRQ);
}

void stub_port_write(uint8_t byte) {
  UART_TXDRDY = 0;
  UART_TXD = byte;
  while (!UART_TXDRDY) {
  }
}

/* The event comes again for each byte that is still in the FIFO of 6. */
void stub_port_receive(void) {
  while (UART_RXDRDY) {
    UART_RXDRDY = 0;
    stub_receive((uint8_t)UART_RXD);
  }
}

uint32_t bw_micros(void) {
  TIMER_CAPTURE = 1;
  return TIMER_CC;
}

_Noreturn void stub_port_reset(void) {
  for (;;) {
    SCB_AIRCR = AIRCR_SYSRESETREQ;
  }
}

__attribute__((section(".vectors"), used)) const stub_vector VECTORS[16 + IRQS] = {
    STUB_CORE_VECTORS(stub_exception_handler),
    [16 ... 15 + UART_IRQ] = stub_user_handler,
    [16 + UART_IRQ] = stub_receive_handler,
    [17 + UART_IRQ ... 15 + IRQS] = stub_user_handler,
};
