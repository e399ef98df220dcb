/* Linked by the host as an input of its own, so that the sums come onto the board. */
#include "barewire.h"

uint32_t bw_sum(void);

__attribute__((constructor, used)) static void init(void) { bw_sum(); }

/* The name by which the host finds this file. */
const uint8_t __bw_sum_init = 0;
