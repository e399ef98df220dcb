/* The MPU of Armv8-M, whose regions must not overlap and have no way to say "no access": what is forbidden is what no
 * region covers, and the default map is off.
 *
 *   0   flash up to RAM, but for the first KiB of memory: read-only, executable
 *   1   RAM, and what else is memory
 *   2   peripherals, up to the processor's own registers, which the MPU never guards
 *
 * Below region 0 nothing answers: null pointers, members behind them, calls of null; the core fetches vectors past
 * the MPU. @see Armv8-M Architecture Reference Manual, B8, D1.2 MPU_RBAR */
#ifndef STUB_MPU_V8_H
#define STUB_MPU_V8_H

#include "cortexm.h"
#include "stub_memory.h"

#define MPU_RNR REG(0xE000ED98u)
#define MPU_RLAR REG(0xE000EDA0u)
#define MPU_MAIR0 REG(0xE000EDC0u)

#define MPU_READ_ONLY (2u << 1) /* by privileged code */
#define MPU_NO_EXECUTION 1u
#define MPU_PERIPHERALS 0x40000000u
#define MPU_END 0xE0000000u
#define MPU_NORMAL 0u
#define MPU_DEVICE 1u
#define MPU_ATTRIBUTES (0x04u << 8 | 0x44u) /* 1: device, nGnRE; 0: normal, not cached */
#define MPU_ON "1" /* off in HardFault and NMI */

extern uint8_t __stub_code_start[];

static void mpu_region(uint32_t number, uint32_t base, uint32_t end, uint32_t attribute) {
  MPU_RNR = number;
  MPU_RBAR = base;
  MPU_RLAR = (end - 32u) | attribute << 1 | 1u;
}

static void mpu_regions(void) {
  MPU_MAIR0 = MPU_ATTRIBUTES;
  mpu_region(0, STUB_ADDR(__stub_code_start) | MPU_READ_ONLY, STUB_ADDR(__stub_ram_start), MPU_NORMAL);
  mpu_region(1, STUB_ADDR(__stub_ram_start), MPU_PERIPHERALS, MPU_NORMAL);
  mpu_region(2, MPU_PERIPHERALS | MPU_NO_EXECUTION, MPU_END, MPU_DEVICE);
}

#endif
