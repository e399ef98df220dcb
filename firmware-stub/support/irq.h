/* Interrupt handlers of the user's: what the files irq-*.c share. The host links irq-init.c and a table of the board's
 * size before the first input that calls bw_irq_set, in a step of its own, so that the table stays whatever becomes of
 * that input.
 *
 * A word of the table is a handler's address, and nothing else says who handles an interrupt: the host finds handlers
 * there that are typed again, and puts the new ones in their place. */
#ifndef BW_IRQ_H
#define BW_IRQ_H

#include "barewire.h"

typedef void (*bw_handler)(void);

/** Makes `table` the one that is used: what the stub handles stays the stub's, all else has no handler. */
void bw_irq_build(volatile bw_handler *table, uint32_t words);

/** Makes `handler` the one of interrupt `number` (-1: the core's timer) and lets the interrupt in; NULL keeps it out. */
void bw_irq_set(int32_t number, bw_handler handler);

/** Keeps all interrupts of the user's out and leaves the table: it may be written to, or go. */
void bw_irq_stop(void);

/** Takes it up again as it is now. */
void bw_irq_start(void);

/** What has no handler: keeps the interrupt out from now on. Its address stands in the table. */
void bw_irq_unset(void);

/** A table, whose constructor is run when it comes onto the board. VTOR takes multiples of the table's size, as a power
 *  of two. */
#define BW_IRQ_TABLE(name, words, bytes)                              \
  bw_handler volatile name[words] __attribute__((aligned(bytes)));    \
  __attribute__((constructor)) static void build(void) { bw_irq_build(name, words); }

#endif
