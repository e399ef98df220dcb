/* Linked by the host as an input of its own, so that the handlers' table comes onto the board. */
#include "irq.h"

/* What the host or a later input calls. */
__attribute__((constructor, used)) static void init(void) {
  __asm__ volatile("" ::"r"(bw_irq_set), "r"(bw_irq_unset), "r"(bw_irq_stop), "r"(bw_irq_start));
}

/* The name by which the host finds this file. */
const uint8_t __bw_irq_init = 0;
