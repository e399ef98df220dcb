/* STM32F405 and its kin: USART1 on PA9 and PA10, 168 MHz from the internal oscillator.
 * Source: STM32F405 reference manual (RM0090), 3.9 flash, 7.3 RCC, 8.4 GPIO, 30.6 USART. QEMU's model has no RCC:
 * what is waited for there never comes, and the clock is as it should be all the same. */
#include "cortexm.h"
#include "stub.h"
#include "stub_memory.h"

#define CLOCK_HZ 168000000u
#define UART_CLOCK_HZ 84000000u
#define PERIOD_MICROS 50000u /* SysTick counts 24 bits: 99 ms at most */
#define PATIENCE 100000u

#define RCC_CR REG(0x40023800u)
#define RCC_PLLCFGR REG(0x40023804u)
#define RCC_CFGR REG(0x40023808u)
#define RCC_AHB1ENR REG(0x40023830u)
#define RCC_APB2ENR REG(0x40023844u)
#define FLASH_ACR REG(0x40023C00u)
#define GPIOA_MODER REG(0x40020000u)
#define GPIOA_AFRH REG(0x40020024u)

#define UART_SR REG(0x40011000u)
#define UART_DR REG(0x40011004u)
#define UART_BRR REG(0x40011008u)
#define UART_CR1 REG(0x4001100Cu)
#define UART_IRQ 37u

#define SR_RXNE (1u << 5)
#define SR_TXE (1u << 7)

#define PERIOD_ENDED
#include "../systick.h"

static void clocks(void) {
  RCC_PLLCFGR = 7u << 24 | 336u << 6 | 16u; /* 16 MHz / 16 * 336 / 2 */
  RCC_CR |= 1u << 24;
  for (uint32_t i = 0; i < PATIENCE && !(RCC_CR & 1u << 25); i++) {
  }
  FLASH_ACR = 7u << 8 | 5u;                            /* caches, 5 wait states */
  RCC_CFGR = 4u << 13 | 5u << 10 | 2u;                 /* APB2 / 2, APB1 / 4, from the PLL */
}

void stub_port_init(void) {
  clocks();
  RCC_AHB1ENR |= 1u << 0;
  RCC_APB2ENR = 1u << 4;
  (void)RCC_APB2ENR; /* the clocks take a moment */
  GPIOA_MODER = (GPIOA_MODER & ~(15u << 18)) | 10u << 18;
  GPIOA_AFRH = 0x77u << 4;
  UART_BRR = (UART_CLOCK_HZ + 57600u) / 115200u;
  UART_CR1 = 1u << 13 | 1u << 5 | 1u << 3 | 1u << 2; /* on, receive interrupt, transmit, receive */
  systick_init();
  stub_enable_receive(UART_IRQ);
}

void stub_port_write(uint8_t byte) {
  while (!(UART_SR & SR_TXE)) {
  }
  UART_DR = byte;
}

void stub_port_receive(void) {
  while (UART_SR & SR_RXNE) {
    stub_receive((uint8_t)UART_DR);
  }
}

_Noreturn void stub_port_reset(void) {
  for (;;) {
    SCB_AIRCR = AIRCR_SYSRESETREQ;
  }
}

__attribute__((section(".vectors"), used)) const stub_vector VECTORS[16] = {STUB_CORE_VECTORS(systick_handler)};

/* In its place of the table. What lies in between is no handler. */
__attribute__((section(".receive_vector"), used)) static const stub_vector RECEIVE_VECTOR = stub_receive_handler;
