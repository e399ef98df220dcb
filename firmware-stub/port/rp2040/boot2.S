/* The second-stage boot code: 256 bytes at the start of flash, the last four of them a CRC-32 of the others, without
 * which the boot ROM starts nothing. The ROM copies them into SRAM and jumps there while flash cannot be read yet. They
 * set the flash interface up for the command that every serial flash knows, 03h, at a quarter of the system clock (31 MHz
 * of 125), and start the image behind them as the processor would.
 *
 * When this code is changed, so does the CRC: test/unit/boot2.test.ts says what it must be.
 * Source: RP2040 data sheet, 2.8.1.3 boot sequence, 4.10.13 SSI registers. */
  .syntax unified
  .thumb
  .section .boot2, "ax", %progbits

#define SSI 0x18000000
#define CTRLR0 0x00
#define CTRLR1 0x04
#define SSIENR 0x08
#define BAUDR 0x14
#define SPI_CTRLR0 0xF4
#define VTOR 0xE000ED08
#define IMAGE 0x10000100

boot2:
  ldr r3, =SSI
  movs r0, #0
  str r0, [r3, #SSIENR] /* off: only then can it be set up */
  movs r1, #4
  str r1, [r3, #BAUDR]
  ldr r1, =31 << 16 | 3 << 8 /* frames of 32 bits, one line, read after a command */
  str r1, [r3, #CTRLR0]
  str r0, [r3, #CTRLR1] /* one frame an access */
  ldr r1, =0x03 << 24 | 2 << 8 | 6 << 2 /* command 03h of 8 bits, 24 bits of address, no waiting */
  movs r2, #SPI_CTRLR0
  str r1, [r3, r2]
  movs r1, #1
  str r1, [r3, #SSIENR]
  ldr r0, =IMAGE
  ldr r1, =VTOR
  str r0, [r1]
  ldm r0!, {r1, r2}
  msr msp, r1
  bx r2
  .ltorg
  .org 252
  .word 0x678956b0
