/* Registers of the MPU of Armv7-M and Armv6-M (PMSAv7), and of Armv8-M (PMSAv8).
 * Armv7-M manual, B3.5; Armv6-M manual, B3.5; Armv8-M manual, B8. */
#ifndef BW_MPU_H
#define BW_MPU_H

#include <stdint.h>

#define BW_REG(addr) (*(volatile uint32_t *)(addr))
#define BW_MPU_CTRL BW_REG(0xE000ED94u)
#define BW_MPU_RBAR BW_REG(0xE000ED9Cu)

/* A region as the host computes it, and how it is set. */
#if defined(__ARM_ARCH_8M_MAIN__)
#define BW_MPU 8
#define BW_MPU_RNR BW_REG(0xE000ED98u)
#define BW_MPU_RLAR BW_REG(0xE000EDA0u)
struct bw_mpu_region {
  uint32_t number, base, limit; /* a base of 1: the region is off */
};
static inline void bw_mpu_set(const volatile struct bw_mpu_region *region) {
  BW_MPU_RNR = region->number;
  BW_MPU_RBAR = region->base;
  BW_MPU_RLAR = region->limit;
}
#elif defined(__ARM_ARCH)
#define BW_MPU 7
#define BW_MPU_RASR BW_REG(0xE000EDA0u)
/* RBAR: the low four bits name the region. */
#define BW_MPU_VALID (1u << 4)
struct bw_mpu_region {
  uint32_t base, rasr; /* the base with VALID and the region's number */
};
static inline void bw_mpu_set(const volatile struct bw_mpu_region *region) {
  BW_MPU_RBAR = region->base;
  BW_MPU_RASR = region->rasr;
}
#endif

#if defined(BW_MPU)
/* Turns the MPU off, if there is one and it is on.
 * @return what bw_mpu_on needs to make it as it was */
static inline uint32_t bw_mpu_off(void) {
  const uint32_t ctrl = BW_MPU_CTRL;
  if (ctrl != 0u) {
    BW_MPU_CTRL = 0;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
  }
  return ctrl;
}
static inline void bw_mpu_on(uint32_t ctrl) {
  if (ctrl != 0u) {
    BW_MPU_CTRL = ctrl;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
  }
}
#else
static inline uint32_t bw_mpu_off(void) { return 0; }
static inline void bw_mpu_on(uint32_t ctrl) { (void)ctrl; }
#endif

#endif
