/* Registers of the MPS2 with the AN385 image. Source: ARM application note AN385, chapter 3; Cortex-M System Design Kit
 * manual, 4.1 and 4.3. */
#ifndef MPS2_H
#define MPS2_H

#include <stdint.h>

#define CPU_HZ 25000000u

struct uart_registers {
  volatile uint32_t data, state, control, interrupts, divider;
};
#define UART0 ((struct uart_registers *)0x40004000u)
#define UART1 ((struct uart_registers *)0x40005000u)

enum { UART_TX_FULL = 1 << 0, UART_RX_FULL = 1 << 1 };
enum { UART_TX_ON = 1 << 0, UART_RX_ON = 1 << 1, UART_TX_INTERRUPT = 1 << 2, UART_RX_INTERRUPT = 1 << 3 };

struct timer_registers {
  volatile uint32_t control, value, reload, interrupt;
};
#define TIMER0 ((struct timer_registers *)0x40000000u)

#define FPGA_LEDS (*(volatile uint32_t *)0x40028000u)

/* The processor's own. */
#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018u)
#define NVIC_ENABLE (*(volatile uint32_t *)0xE000E100u)
#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88u)
#define SCB_SHCSR (*(volatile uint32_t *)0xE000ED24u)
#define SCB_CCR (*(volatile uint32_t *)0xE000ED14u)

enum interrupt { UART0_RX_IRQ = 0, UART0_TX_IRQ = 1, UART1_RX_IRQ = 2, UART1_TX_IRQ = 3, TIMER0_IRQ = 8, INTERRUPTS = 9 };

#endif
