/* Registers of the MPU of Armv7-M (PMSAv7). Armv7-M manual, B3.5. */
#ifndef BW_MPU_H
#define BW_MPU_H

#include <stdint.h>

#define BW_REG(addr) (*(volatile uint32_t *)(addr))
#define BW_MPU_CTRL BW_REG(0xE000ED94u)
#define BW_MPU_RBAR BW_REG(0xE000ED9Cu)
#define BW_MPU_RASR BW_REG(0xE000EDA0u)

/* RBAR: the low four bits name the region. */
#define BW_MPU_VALID (1u << 4)

/* A region as the host computes it; `rbar` has VALID and the region's number. */
struct bw_mpu_region {
  uint32_t rbar, rasr;
};

#endif
