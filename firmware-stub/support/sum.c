/* Sums of stretches of memory, in whole words: what the host compares to find out what a run has changed where no
 * MPU can tell. Ten times quicker than the stub's CRC a byte at a time; a single word that changed always changes
 * the sum. The seed is new each time, so that sums of an earlier run cannot be taken for these. */
#include "barewire.h"
#include "mpu.h"

#define PIECES 40u

/* Host and board change these constants; see track.c. */
#define HIDDEN __attribute__((section(".rodata.bw_changing"), used))

/* Written by the host. */
struct pieces {
  uint32_t count;
  struct {
    const uint32_t *from, *to;
  } piece[PIECES];
};
HIDDEN const volatile struct pieces bw_sum_pieces = {0};
HIDDEN const volatile uint32_t bw_sum_seed = 0;
HIDDEN const volatile uint32_t bw_sums[PIECES] = {0};

static uint32_t mix(uint32_t sum, uint32_t word) {
  sum = (sum ^ word) * 0x9E3779B1u;
  return sum ^ sum >> 15;
}

/* @return how many sums there are */
uint32_t bw_sum(void);
uint32_t bw_sum(void) {
  uintptr_t place = (uintptr_t)bw_sums;
  __asm__("" : "+r"(place)); /* an address that the compiler does not know to be a constant's */
  uint32_t *to = (uint32_t *)place;
  uint32_t count = bw_sum_pieces.count;
  const uint32_t ctrl = bw_mpu_off(); /* constants are read-only */
  for (uint32_t i = 0; i < count && i < PIECES; i++) {
    const uint32_t *at = bw_sum_pieces.piece[i].from;
    const uint32_t *end = bw_sum_pieces.piece[i].to;
    uint32_t sum = bw_sum_seed;
    for (; end - at >= 4; at += 4) {
      sum = mix(mix(mix(mix(sum, at[0]), at[1]), at[2]), at[3]);
    }
    for (; at < end; at++) {
      sum = mix(sum, *at);
    }
    to[i] = sum;
  }
  bw_mpu_on(ctrl);
  return count;
}
