/* What outlives user code and resets. The stub trusts its memory after either only where a sum says so:
 *
 *   run ends     sum as before   go on
 *                other           user code wrote over the stub: restart, say HELLO_REPLY with DAMAGED
 *   board starts sum as before   the reset came in the middle of a batch: answer it, nothing is lost
 *                other           power-on, or an idle board: say HELLO_REPLY
 *
 * So a reset is also the way out of an interrupt handler that faults or does not return: stub_keep, and answer
 * when the board is up again. The arena is touched by none of this. */
#include "state.h"

/* Not zero, so that memory of zeros has no sum that fits. */
#define SUM_START 0x5EED0001u

/* What RAM holds by chance when power comes is not this. */
#define KNOWN 0xB007u

typedef uint32_t __attribute__((may_alias)) word;

/* Adds the words from `from` up to `end`, if that is within a frame. */
static __attribute__((noinline)) uint32_t add(uint32_t sum, const void *from, const void *end) {
  if ((uint32_t)((const uint8_t *)end - (const uint8_t *)from) <= STUB_MAX_FRAME) {
    for (const word *at = from; (const void *)at < end; at++) {
      sum = (sum << 1 | sum >> 31) + *at;
    }
  }
  return sum;
}

uint32_t stub_sum(void) {
  uint32_t sum = add(SUM_START, &stub.last_seq, &stub.sum);
  sum = add(sum, stub_reply, stub.reply_end);
  return add(sum, stub_slot(stub.work)->body, stub.in_end);
}

void stub_check(void) {
  if (stub.sum != stub_sum()) {
    stub_restart(BW_STATUS_DAMAGED);
  }
}

void stub_keep(void) { stub.sum = stub_sum(); }

_Noreturn void stub_restart(uint32_t cause) {
  stub.busy = 0;
  stub.known_boots = KNOWN; /* user code may have written over it */
  stub.cause = (uint8_t)cause;
  stub_port_reset();
}

uint8_t stub_next_boot(void) { return (stub.boots + 1u) | 0x80u; }

void stub_wake(void) {
  stub.boots = stub_next_boot();
  if (stub.known_boots != KNOWN) {
    stub.known_boots = KNOWN;
    stub.boots = 0;
    stub.cause = 0;
  }
  if (stub.busy != 1 || stub.sum != stub_sum()) {
    for (uint32_t i = 0; i < offsetof(struct stub_state, known_boots) / sizeof(word); i++) {
      ((word *)&stub)[i] = 0;
    }
    stub_slots[0].full = stub_slots[1].full = 0;
  } else if (stub_running()) {
    stub.status = BW_STATUS_RESTARTED;
    stub.reply_end = stub.results_end;
    *stub.reply_end++ = stub.boots;
  }
  stub.quiet = STUB_QUIET;
}

void stub_start(void) {
  if (stub.busy) {
    stub_finish();
  } else {
    stub_send_hello(0);
  }
}
