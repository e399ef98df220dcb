/* The seams of the stub: what the core offers, what an architecture and a port give to it.
 *
 *   receive interrupt ──stub_receive──▶ core ──stub_port_write──▶ line
 *   main loop ─────────stub_poll─────▶ core ──stub_arch_run─────▶ user code ──bw_output──▶ core
 *   service interrupt ─stub_service──▶ core
 *
 * Three levels run on one core and preempt each other in this order: receive interrupt, service interrupt,
 * thread (the main loop or user code). The receive interrupt never sends: what it wants said or stopped it
 * leaves to the service interrupt, so that a byte on the line never waits for a byte going out. */
#ifndef STUB_H
#define STUB_H

#include <stdbool.h>
#include <stdint.h>

/* --- the core, called by architecture and port ------------------------------------------------------- */

/** Takes up what memory holds from before a reset, or clears it. Call once, before anything else of the core. */
void stub_wake(void);

/** Says HELLO_REPLY with seq 0, or answers the batch that a reset fell into. Call after stub_wake, with interrupts on. */
void stub_start(void);

/** Takes one byte off the line. Call from the receive interrupt; the time it takes has a small bound. */
void stub_receive(uint8_t byte);

/** Works on one waiting frame, in thread mode; false if there was none. */
bool stub_poll(void);

/** Body of the service interrupt: sends STATE if asked for.
 *  @return 0, or the BW_STATUS_… with which the running user code must be abandoned now */
uint32_t stub_service(void);

/** Gives the batch in work its failure. Call from an exception handler, then resume with stub_finish.
 *  @param words fault record, named by FAULT_WORDS of the architecture; shortened if the reply is nearly full
 *  @return false if no batch is in work: then the stub itself is at fault and only a reset helps */
bool stub_abandon(uint32_t status, const uint32_t *words, uint32_t count);

/** Makes a reset keep the abandoned batch, so that it is answered after it. Call between stub_abandon and
 *  stub_port_reset, where user code cannot be left otherwise. */
void stub_keep(void);

/** bootId after the next reset. */
uint8_t stub_next_boot(void);

/** What follows user code that returned: the rest of its batch and the reply. Call in thread mode, on the stub's own
 *  stack, of which nothing is needed any more.
 *  @param value first result register */
void stub_ran(uint32_t value);

/** Sends the reply of the abandoned batch. Call in thread mode, on the stub's own stack. */
void stub_finish(void);

/* --- services for user code, which the host links against -------------------------------------------- */

/** Sends bytes as OUTPUT frames; returns when they are sent and all but STUB_OUTPUT_SIZE of them acknowledged. A
 *  host that says nothing is waited for once, four seconds long. An interrupt handler that comes upon another
 *  call's work has its bytes dropped and the call counted as `dropped`. */
void bw_output(const char *bytes, uint32_t len);

/** Ends the running code with EXITED and `code`. */
_Noreturn void bw_exit(uint32_t code);

/** Microseconds since some moment, modulo 2^32. */
uint32_t bw_micros(void);

/** Set by support code, zero after a reset: is called with an address that the MPU has refused to data.
 *  @return whether the access may be done again; else it is a fault */
extern uint32_t (*volatile bw_fault_hook)(uint32_t addr);

/* --- given by the architecture ----------------------------------------------------------------------- */

/** Calls `entry` on the user stack; stub_ran gets what it returned. What lies on the stub's stack is given up. */
_Noreturn void stub_arch_run(uint32_t entry);

/** Raises the service interrupt. */
void stub_arch_service(void);

/** The same for running code that is about to be abandoned: nothing it masked may be in the way. */
_Noreturn void stub_arch_stop(void);

/* --- given by the port ------------------------------------------------------------------------------- */

/** Sets clocks, pins and the line up and turns the receive interrupt on. */
void stub_port_init(void);

/** The receive interrupt: gives every byte that has come to stub_receive. */
void stub_port_receive(void);

/** Where there is a watchdog (STUB_WATCHDOG): its NMI, twice a second. Takes it back and asks for the next. */
void stub_port_tick(void);

/** Sends one byte; waits while the line is busy. */
void stub_port_write(uint8_t byte);

/** Restarts the board. */
_Noreturn void stub_port_reset(void);

#endif
