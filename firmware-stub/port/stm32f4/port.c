/* STM32F405: USART1 on PA9 and PA10, 168 MHz from the internal oscillator.
 * STM32_NUCLEO: F401, F411 and F446 on a Nucleo-64, USART2 on PA2 and PA3 (the ST-LINK's serial port), 84 MHz, which all
 * of them reach with the power setting they start with.
 * Source: reference manuals RM0090 (F405), RM0368 (F401), RM0383 (F411), RM0390 (F446): flash, RCC, GPIO, USART; ST UM1724,
 * 6.8 (USART of the Nucleo-64). QEMU's model has no RCC: what is waited for there never comes, and the clock is as it
 * should be all the same. */
#include "cortexm.h"
#include "stub.h"
#include "stub_memory.h"

#define PERIOD_MICROS 50000u /* SysTick counts 24 bits: 99 ms at most */
#define PATIENCE 100000u

#define RCC_CR REG(0x40023800u)
#define RCC_PLLCFGR REG(0x40023804u)
#define RCC_CFGR REG(0x40023808u)
#define RCC_AHB1ENR REG(0x40023830u)
#define FLASH_ACR REG(0x40023C00u)
#define GPIOA_MODER REG(0x40020000u)

#if defined(STM32_NUCLEO)
#define CLOCK_HZ 84000000u
#define UART_CLOCK_HZ 42000000u
#define PLL_BITS (2u << 28 | 7u << 24 | 1u << 16 | 336u << 6 | 16u) /* 16 MHz / 16 * 336 / 4 */
#define WAIT_STATES 2u
#define BUS_BITS (4u << 10) /* APB1 / 2 */
#define UART 0x40004400u
#define UART_IRQ 38u
#define UART_ENABLE REG(0x40023840u) /* RCC_APB1ENR */
#define UART_BIT 17u
#define TX_PIN 2u
#define GPIOA_AFR REG(0x40020020u)
#else
#define CLOCK_HZ 168000000u
#define UART_CLOCK_HZ 84000000u
#define PLL_BITS (7u << 24 | 336u << 6 | 16u) /* 16 MHz / 16 * 336 / 2 */
#define WAIT_STATES 5u
#define BUS_BITS (4u << 13 | 5u << 10) /* APB2 / 2, APB1 / 4 */
#define UART 0x40011000u
#define UART_IRQ 37u
#define UART_ENABLE REG(0x40023844u) /* RCC_APB2ENR */
#define UART_BIT 4u
#define TX_PIN 9u
#define GPIOA_AFR REG(0x40020024u)
#endif

#define UART_SR REG(UART + 0x00u)
#define UART_DR REG(UART + 0x04u)
#define UART_BRR REG(UART + 0x08u)
#define UART_CR1 REG(UART + 0x0Cu)

#define SR_RXNE (1u << 5)
#define SR_TXE (1u << 7)

#define PERIOD_ENDED
#include "systick.h"

static void clocks(void) {
  RCC_PLLCFGR = PLL_BITS;
  RCC_CR |= 1u << 24;
  for (uint32_t i = 0; i < PATIENCE && !(RCC_CR & 1u << 25); i++) {
  }
  FLASH_ACR = 7u << 8 | WAIT_STATES; /* and caches */
  RCC_CFGR = BUS_BITS | 2u;          /* from the PLL */
}

void stub_port_init(void) {
  clocks();
  RCC_AHB1ENR |= 1u << 0;
  UART_ENABLE = 1u << UART_BIT;
  GPIOA_MODER |= 10u << 2u * TX_PIN; /* both were inputs, RX is the next pin; and the UART's clock takes a moment */
  GPIOA_AFR = 0x77u << 4u * (TX_PIN % 8u);
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
