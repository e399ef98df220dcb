/* The MPU of Armv8-M, whose regions must not overlap and have no way to say "no access": what is forbidden is what no
 * region covers, and the default map is off.
 *
 *   0   flash up to RAM, but for the first KiB of memory: read-only, executable
 *   1   RAM up to the stub's own state and frame buffers
 *   2   RAM behind them, and what else is memory
 *   3   peripherals, up to the processor's own registers, which the MPU never guards
 *
 * Nothing answers between 1 and 2, and below region 0: null pointers, members behind them, calls of null. The core
 * fetches vectors past the MPU. @see Armv8-M Architecture Reference Manual, B8, D1.2 MPU_RBAR */
#ifndef STUB_MPU_V8_H
#define STUB_MPU_V8_H

#include "cortexm.h"
#include "stub_memory.h"

#define MPU_RNR REG(0xE000ED98u)
#define MPU_MAIR0 REG(0xE000EDC0u)

#define MPU_READ_ONLY (2u << 1) /* by privileged code */
#define MPU_NO_EXECUTION 1u
#define MPU_PERIPHERALS 0x40000000u
#define MPU_END 0xE0000000u
#define MPU_NORMAL 0u
#define MPU_DEVICE 1u
#define MPU_ATTRIBUTES (0x04u << 8 | 0x44u) /* 1: device, nGnRE; 0: normal, not cached */
#define MPU_ON "1" /* off in HardFault and NMI */

extern uint8_t __stub_code_start[], __stub_open_start[];

/* RBAR and RLAR of regions 0 to 3, as the registers and their aliases stand behind each other. */
#define MPU_BASE(base, rights) (base) + (rights)
#define MPU_LIMIT(end, attribute) (end) - 32u + ((attribute) << 1 | 1u)
static const uint32_t REGIONS[8] = {
    MPU_BASE(STUB_ADDR(__stub_code_start), MPU_READ_ONLY),  MPU_LIMIT(STUB_ADDR(__stub_ram_start), MPU_NORMAL),
    MPU_BASE(STUB_ADDR(__stub_ram_start), 0),               MPU_LIMIT(STUB_ADDR(__stub_user_stack_end), MPU_NORMAL),
    MPU_BASE(STUB_ADDR(__stub_open_start), 0),              MPU_LIMIT(MPU_PERIPHERALS, MPU_NORMAL),
    MPU_BASE(MPU_PERIPHERALS, MPU_NO_EXECUTION),            MPU_LIMIT(MPU_END, MPU_DEVICE),
};

static void mpu_regions(void) {
  MPU_MAIR0 = MPU_ATTRIBUTES;
  MPU_RNR = 0;
  for (uint32_t i = 0; i < 8; i++) {
    (&MPU_RBAR)[i] = REGIONS[i];
  }
}

#endif
