/* SiFive FE310 (E31 core) as on the HiFive1: UART0 on GPIO 16 and 17, 16 MHz from the crystal.
 * Source: SiFive FE310-G000 manual, 7 PRCI, 17 GPIO, 18 UART. The machine timer counts 10 MHz in QEMU's model; the
 * chip's counts the 32,768 Hz of the real-time clock, and microseconds are wrong there. */
#include "riscv.h"
#include "stub.h"

#define CLOCK_HZ 16000000u

#define PRCI_CRYSTAL REG(0x10008004u)
#define PRCI_PLL REG(0x10008008u)
#define GPIO_IOF_ENABLE REG(0x10012038u)
#define GPIO_IOF_SELECT REG(0x1001203Cu)

#define UART_TX REG(0x10013000u)
#define UART_RX REG(0x10013004u)
#define UART_TX_CONTROL REG(0x10013008u)
#define UART_RX_CONTROL REG(0x1001300Cu)
#define UART_INTERRUPTS REG(0x10013010u)
#define UART_DIVISOR REG(0x10013018u)
#define UART_IRQ 3u
#define UART_PINS (1u << 16 | 1u << 17)

#define TX_FULL (1u << 31)
#define RX_EMPTY (1u << 31)

void stub_port_init(void) {
  PRCI_CRYSTAL = 1u << 30;
  while (!(PRCI_CRYSTAL & 1u << 31)) {
  }
  PRCI_PLL = 1u << 18 | 1u << 17 | 1u << 16; /* bypass, crystal, selected */
  GPIO_IOF_SELECT &= ~UART_PINS;
  GPIO_IOF_ENABLE |= UART_PINS;
  UART_DIVISOR = CLOCK_HZ / 115200u - 1u;
  UART_TX_CONTROL = 1;
  UART_RX_CONTROL = 1;      /* watermark 0: from the first byte on */
  UART_INTERRUPTS = 1u << 1; /* receive watermark */
  PLIC_ENABLE_HIGH = 0; /* a restart of the stub's is none of the PLIC's */
  plic_enable(UART_IRQ);
}

void stub_port_write(uint8_t byte) {
  while (UART_TX & TX_FULL) {
  }
  UART_TX = byte;
}

void stub_port_receive(void) {
  const uint32_t irq = PLIC_CLAIM;
  for (;;) {
    const uint32_t received = UART_RX;
    if (received & RX_EMPTY) {
      break;
    }
    stub_receive((uint8_t)received);
  }
  PLIC_CLAIM = irq;
}

uint32_t bw_micros(void) { return mtime_micros(); }

/* The chip has no register that resets it. */
_Noreturn void stub_port_reset(void) { stub_arch_restart(); }
