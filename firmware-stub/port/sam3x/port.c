/* Atmel SAM3X8E on the Arduino Due: UART on PA8 and PA9 (the programming port), 84 MHz from the 12 MHz crystal.
 * Source: SAM3X data sheet (Atmel 11057), 12 RSTC, 15 WDT, 18 EEFC, 28 PMC, 31 PIO, 34 UART; Arduino Due schematic. */
#include "cortexm.h"
#include "stub.h"
#include "stub_memory.h"

#define CLOCK_HZ 84000000u
#define PERIOD_MICROS 50000u /* SysTick counts 24 bits: 199 ms at most */
#define PERIOD_ENDED
#include "systick.h"

#define PERIPHERALS 0x400E0000u
#define PMC_SR REG(PERIPHERALS + 0x668u)
#define UART_SR REG(PERIPHERALS + 0x814u)
#define UART_RHR REG(PERIPHERALS + 0x818u)
#define UART_THR REG(PERIPHERALS + 0x81Cu)
#define RSTC_CR REG(PERIPHERALS + 0x1A00u)
#define UART_IRQ 8u
#define SR_RXRDY (1u << 0)
#define SR_TXRDY (1u << 1)

#define MOR (0x37u << 16 | 8u << 8 | 1u << 3 | 1u << 0) /* key, start-up time, RC and crystal on */
#define MOSCXTS 0u                                      /* bits of PMC_SR: the crystal runs, */
#define LOCKA 1u                                        /* the PLL is locked, */
#define MCKRDY 3u                                       /* the master clock is as asked for: so it is from reset, */
#define MOSCSELS 16u                                    /* and so is the main clock */

/* What is written at the start, and the bit that is waited for then. MCKR takes one field at a time, and the PLL is left
 * alone while it is the clock: 28.12 of the data sheet. */
static const struct {
  uint16_t offset;
  uint16_t wait;
  uint32_t value;
} START[] = {
    {0x1A54, MCKRDY, 1u << 15},                           /* WDT_MR: off; can be written once */
    {0x0A00, MCKRDY, 4u << 8},                            /* EEFC0_FMR: wait states */
    {0x0630, MCKRDY, 1u << 4 | 1u},                       /* PMC_MCKR: main clock / 2, also after a restart */
    {0x0620, MOSCXTS, MOR},                               /* CKGR_MOR */
    {0x0620, MOSCSELS, MOR | 1u << 24},                   /* the crystal is the main clock */
    {0x0628, LOCKA, 1u << 29 | 13u << 16 | 63u << 8 | 1u}, /* CKGR_PLLAR: 12 MHz * 14 */
    {0x0630, MCKRDY, 1u << 4 | 2u},                       /* PLL / 2 */
    {0x0610, MCKRDY, 1u << UART_IRQ},                     /* PMC_PCER0 */
    {0x0E04, MCKRDY, 3u << 8},                            /* PIOA_PDR: the UART's pins, peripheral A as from reset */
    {0x0820, MCKRDY, (CLOCK_HZ / 16u + 57600u) / 115200u}, /* UART_BRGR */
    {0x0804, MCKRDY, 4u << 9},                            /* UART_MR: no parity */
    {0x0808, MCKRDY, SR_RXRDY},                           /* UART_IER */
    {0x0800, MCKRDY, 1u << 6 | 1u << 4},                  /* UART_CR: transmit, receive */
};

void stub_port_init(void) {
  for (uint32_t i = 0; i < sizeof START / sizeof START[0]; i++) {
    REG(PERIPHERALS + START[i].offset) = START[i].value;
    while (!(PMC_SR >> START[i].wait & 1u)) {
    }
  }
  systick_init();
  stub_enable_receive(UART_IRQ);
}

void stub_port_write(uint8_t byte) {
  while (!(UART_SR & SR_TXRDY)) {
  }
  UART_THR = byte;
}

void stub_port_receive(void) {
  while (UART_SR & SR_RXRDY) {
    stub_receive((uint8_t)UART_RHR);
  }
}

_Noreturn void stub_port_reset(void) {
  for (;;) {
    RSTC_CR = 0xA5u << 24 | 1u << 2 | 1u << 0; /* key, peripherals, processor */
  }
}

__attribute__((section(".vectors"), used)) const stub_vector VECTORS[16] = {STUB_CORE_VECTORS(systick_handler)};

/* In its place of the table. What lies in between is no handler. */
__attribute__((section(".near_receive_vector"), used)) static const stub_vector RECEIVE_VECTOR = stub_receive_handler;
