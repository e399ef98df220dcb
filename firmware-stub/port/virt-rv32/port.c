/* QEMU's RISC-V `virt` board: NS16550A UART, CLINT at 10 MHz, PLIC.
 * Source: QEMU docs/system/riscv/virt.rst and its device tree; NS16550A data sheet, 8. */
#include "riscv.h"
#include "stub.h"

#define UART(at) (*(volatile uint8_t *)(0x10000000u + (at)))
#define UART_DATA UART(0)
#define UART_INTERRUPTS UART(1)
#define UART_FIFO UART(2)
#define UART_LINE UART(3)
#define UART_STATUS UART(5)
#define UART_IRQ 10u

#define STATUS_RECEIVED (1u << 0)
#define STATUS_SENT (1u << 5)

/* A finisher, where 0x7777 restarts the machine. */
#define TEST_FINISHER REG(0x00100000u)

void stub_port_init(void) {
  UART_LINE = 3; /* 8 bits */
  UART_FIFO = 1;
  UART_INTERRUPTS = 1; /* received */
  plic_enable(UART_IRQ);
}

void stub_port_write(uint8_t byte) {
  while (!(UART_STATUS & STATUS_SENT)) {
  }
  UART_DATA = byte;
}

void stub_port_receive(void) {
  const uint32_t irq = PLIC_CLAIM;
  while (UART_STATUS & STATUS_RECEIVED) {
    stub_receive(UART_DATA);
  }
  PLIC_CLAIM = irq;
}

uint32_t bw_micros(void) { return mtime_micros(); }

_Noreturn void stub_port_reset(void) {
  for (;;) {
    TEST_FINISHER = 0x7777;
  }
}
