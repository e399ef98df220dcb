/* ESP32-C3, from RAM: UART0 on GPIO 20 and 21, 40 MHz from the crystal. The boot ROM has loaded the image through that UART.
 * Source: ESP32-C3 Technical Reference Manual, 1.5 and 8 (interrupts), 6 (clocks), 10 (system timer), 12 (watchdogs),
 * 26 (UART). */
#include "controller.h"
#include "stub.h"

#define CRYSTAL_HZ 40000000u

#define UART_FIFO REG(0x60000000u)
#define UART_INT_ENA REG(0x6000000Cu)
#define UART_INT_CLR REG(0x60000010u)
#define UART_CLKDIV REG(0x60000014u)
#define UART_STATUS REG(0x6000001Cu)
#define UART_CONF1 REG(0x60000024u)
#define UART_CLK_CONF REG(0x60000078u)
#define FIFO_BYTES 128u
#define RX_INTERRUPTS (1u << 8 | 1u << 0) /* the line was quiet, FIFO full up to the threshold */

#define TIMER_OP REG(0x60023004u)
#define TIMER_HIGH REG(0x60023040u)
#define TIMER_LOW REG(0x60023044u)

#define RTC_WATCHDOG REG(0x60008090u)
#define RTC_WATCHDOG_LOCK REG(0x600080A8u)
#define SUPER_WATCHDOG REG(0x600080ACu)
#define SUPER_WATCHDOG_LOCK REG(0x600080B0u)
#define TIMG0_WATCHDOG REG(0x6001F048u)
#define TIMG0_WATCHDOG_LOCK REG(0x6001F064u)
#define KEY 0x50D83AA1u

#define SYSCLK_CONF REG(0x600C0058u)

#define UART_MAP REG(0x600C2054u)
#define FROM_CPU_MAP REG(0x600C20C8u)
#define INTERRUPT_ENABLE REG(0x600C2104u)
#define INTERRUPT_PRIORITY(number) REG(0x600C2114u + 4u * (number))
#define SERVICE_NUMBER 3u  /* as the machine software interrupt has it */
#define RECEIVE_NUMBER 11u /* as the machine external interrupt has it */

void stub_port_init(void) {
  RTC_WATCHDOG_LOCK = KEY;
  RTC_WATCHDOG = 0;
  SUPER_WATCHDOG_LOCK = 0x8F1D312Au;
  SUPER_WATCHDOG = 1u << 30; /* off */
  TIMG0_WATCHDOG_LOCK = KEY;
  TIMG0_WATCHDOG = 0;
  SYSCLK_CONF = 0; /* the crystal, undivided */
  UART_CLK_CONF = 3u << 24 | 1u << 22 | 3u << 20; /* clocks on, from the crystal */
  UART_CLKDIV = (CRYSTAL_HZ * 16u / 115200u) % 16u << 20 | CRYSTAL_HZ / 115200u;
  UART_CONF1 = 1u << 21 | 64u; /* tell of a quiet line, and of 64 bytes */
  UART_INT_ENA = RX_INTERRUPTS;
  UART_MAP = RECEIVE_NUMBER;
  FROM_CPU_MAP = SERVICE_NUMBER;
  INTERRUPT_PRIORITY(RECEIVE_NUMBER) = RECEIVE_PRIORITY;
  INTERRUPT_PRIORITY(SERVICE_NUMBER) = SERVICE_PRIORITY;
  INTERRUPT_ENABLE = 1u << RECEIVE_NUMBER | 1u << SERVICE_NUMBER;
}

void stub_port_write(uint8_t byte) {
  while ((UART_STATUS >> 16 & 0x3FFu) >= FIFO_BYTES - 1u) {
  }
  UART_FIFO = byte;
}

void stub_port_receive(void) {
  UART_INT_CLR = RX_INTERRUPTS; /* a byte that comes from now on asks again */
  while (UART_STATUS & 0x3FFu) {
    stub_receive((uint8_t)UART_FIFO);
  }
}

/* The timer counts 16 MHz in 52 bits. An interrupt that asks too has it taken again. */
uint32_t bw_micros(void) {
  uint32_t low;
  uint32_t high;
  TIMER_OP = 1u << 30;
  while (!(TIMER_OP & 1u << 29)) {
  }
  do {
    low = TIMER_LOW;
    high = TIMER_HIGH;
  } while (low != TIMER_LOW);
  return high << 28 | low >> 4;
}

/* A reset of the chip would start the boot ROM, which knows nothing of the image. */
_Noreturn void stub_port_reset(void) { stub_arch_restart(); }
