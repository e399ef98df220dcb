/* barewire inside your own firmware: what it needs from you, and the one function that you call.
 *
 *   your loop, your receive interrupt ──barewire_poll──▶ barewire ──barewire_read, _write, _micros──▶ your drivers
 *
 * The line is barewire's alone: nothing else may send on it. docs/attach.md says what holds in which mode. */
#ifndef BAREWIRE_PORT_H
#define BAREWIRE_PORT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- what you write ---------------------------------------------------------------------------------- */

/** The next byte that has come on the line, or -1. Never waits. */
int barewire_read(void);

/** Sends one byte; waits while the line is busy. Looks at the hardware and not at a buffer that an interrupt empties:
 *  barewire_poll may call it in your receive interrupt. */
void barewire_write(uint8_t byte);

/** Microseconds since some moment, modulo 2^32. */
uint32_t barewire_micros(void);

/* --- what you call ----------------------------------------------------------------------------------- */

/** Takes what has come on the line and does what the host asks for: code typed at the prompt runs inside of this call.
 *  Call it in your loop. Called in the receive interrupt too, it lets Ctrl-C stop code that does not return; there it
 *  takes bytes and runs nothing. Called in the receive interrupt alone, it runs that code there. Interrupts
 *  have to be on. */
void barewire_poll(void);

/** For the entries of the faults in your vector table, if barewire_faults.c is not linked: a fault of code typed at the
 *  prompt is told to the host, and your loop goes on. Every other fault goes to barewire_other_fault. */
void barewire_fault_handler(void);

/** Takes all other faults, as their handler. Define it to have your own; by itself it stops here for ever. */
void barewire_other_fault(void);

#ifdef __cplusplus
}
#endif

#endif
