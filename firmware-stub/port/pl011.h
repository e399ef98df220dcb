/* ARM PrimeCell UART (PL011), as the RP2040 and the Stellaris chips have it. Source: ARM DDI 0183, chapter 3.
 * FIFOs on: the receive interrupt comes when they are half full or when the line was quiet for 32 bit times. */
#ifndef STUB_PL011_H
#define STUB_PL011_H

#include "cortexm.h"
#include "stub.h"

#define UART_DR REG(UART_BASE + 0x00u)
#define UART_FR REG(UART_BASE + 0x18u)
#define UART_IBRD REG(UART_BASE + 0x24u)
#define UART_FBRD REG(UART_BASE + 0x28u)
#define UART_LCR_H REG(UART_BASE + 0x2Cu)
#define UART_CR REG(UART_BASE + 0x30u)
#define UART_IMSC REG(UART_BASE + 0x38u)

#define UART_FR_RXFE (1u << 4)
#define UART_FR_TXFF (1u << 5)

/** Baud rate divisor in 1/64: clock / (16 * baud), rounded. */
#define UART_DIVISOR(clockHz, baud) (((clockHz)*4u + (baud) / 2u) / (baud))

static inline void uart_init(uint32_t divisor) {
  UART_CR = 0;
  UART_IBRD = divisor >> 6;
  UART_FBRD = divisor & 63u;
  UART_LCR_H = 3u << 5 | 1u << 4; /* 8 bits, FIFOs; a write here takes the divisor over */
  UART_IMSC = 1u << 6 | 1u << 4; /* receive timeout, receive */
  UART_CR = 1u << 9 | 1u << 8 | 1u << 0;
  stub_enable_receive(UART_IRQ);
}

void stub_port_write(uint8_t byte) {
  while (UART_FR & UART_FR_TXFF) {
  }
  UART_DR = byte;
}

/* Reading the FIFO empty ends both interrupts. */
void stub_port_receive(void) {
  while (!(UART_FR & UART_FR_RXFE)) {
    stub_receive((uint8_t)UART_DR);
  }
}

#endif
