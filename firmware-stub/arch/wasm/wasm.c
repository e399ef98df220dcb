/* An executor of WebAssembly: one thread, in which user code asks at every turn of a loop whether something is to be
 * done (boards/sim/wasm/instrument.ts). What asks is the receive interrupt.
 *
 *   thread    board_poll ──▶ core ──stub_arch_run──▶ board_run, which throws: this stack is given up
 *             user code ──▶ attention ──▶ board_receive ──▶ core ──▶ the service interrupt, if something wants it
 *   service   ends user code by board_stop, which throws too
 *
 * The executor catches what was thrown, with nothing of ours on the stack, and goes on in board_ran or
 * board_abandon. */
#include "state.h"

#define IMPORT(name) __attribute__((import_module("board"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

IMPORT("write") void board_write(const uint8_t *bytes, uint32_t count);
IMPORT("run") _Noreturn void board_run(uint32_t entry);
IMPORT("stop") _Noreturn void board_stop(uint32_t status);
IMPORT("reset") _Noreturn void board_reset(void);
IMPORT("micros") uint32_t board_micros(void);
IMPORT("attend") void board_attend(void);

static enum { THREAD, SERVICE, RECEIVE } level; /* that runs now */
static bool wanted;                             /* the service interrupt */

/* Called by support code where an MPU can be set to meet an access; here is none. */
uint32_t (*volatile bw_fault_hook)(uint32_t addr);

static void service(void) {
  while (level == THREAD && wanted) {
    wanted = false;
    level = SERVICE;
    const uint32_t status = stub_service();
    level = THREAD;
    if (status != 0) {
      board_stop(status);
    }
  }
}

void stub_arch_service(void) {
  wanted = true;
  service();
}

_Noreturn void stub_arch_stop(void) {
  level = THREAD;
  stub_arch_service();
  __builtin_trap(); /* what is to stop has stopped */
}

_Noreturn void stub_arch_run(uint32_t entry) { board_run(entry); }

/* Bytes go out a frame at a time. */
static uint8_t line[256];
static uint32_t line_count;

void stub_port_write(uint8_t byte) {
  line[line_count++] = byte;
  if (byte == 0 || line_count == sizeof line) {
    board_write(line, line_count);
    line_count = 0;
  }
}

_Noreturn void stub_port_reset(void) { board_reset(); }

/* A wait for acknowledgements looks at the clock, and lets them in. */
EXPORT("bw_micros") uint32_t bw_micros(void) {
  if (stub.printing) {
    board_attend();
  }
  return board_micros();
}

/* What user code calls, under the names that it has for it. */
EXPORT("bw_output") void export_output(const char *bytes, uint32_t len) { bw_output(bytes, len); }
EXPORT("bw_exit") void export_exit(uint32_t code) { bw_exit(code); }

/* Where the executor puts what comes off the line, and fault records. */
static uint8_t inbox[1024];
static uint32_t record[STUB_FAULT_WORDS];

EXPORT("inbox") uint8_t *board_inbox(void) { return inbox; }
EXPORT("inbox_size") uint32_t board_inbox_size(void) { return sizeof inbox; }
EXPORT("record") uint32_t *board_record(void) { return record; }

/* After power came or a reset. What was on the line is lost. */
EXPORT("start") void board_start(void) {
  level = THREAD;
  wanted = false;
  line_count = 0;
  stub_wake();
  stub_start();
}

EXPORT("receive") void board_receive(uint32_t count) {
  const int interrupted = (int)level;
  level = RECEIVE;
  for (uint32_t i = 0; i < count; i++) {
    stub_receive(inbox[i]);
  }
  level = interrupted;
  service();
}

/* Does what waits; false if nothing did. */
EXPORT("poll") bool board_poll(void) { return stub_poll(); }

EXPORT("ran") void board_ran(uint32_t value) {
  level = THREAD;
  line_count = 0; /* no frame is under way: a number of user code's making must not lead anywhere */
  stub_ran(value);
}

/* Code has written over what lies here. */
EXPORT("damaged") void board_damaged(void) {
  level = THREAD;
  stub_restart(BW_STATUS_DAMAGED);
}

/* Code ended by a trap (BW_STATUS_FAULT), or was stopped; the record is filled in. */
EXPORT("abandon") void board_abandon(uint32_t status) {
  level = THREAD;
  if (!stub_abandon(status, record, STUB_FAULT_WORDS)) {
    stub_restart(BW_STATUS_FAULT); /* nobody waits for an answer */
  }
  stub_finish();
}

/* The executor died in the middle of a run, and lives again, with its memory. */
EXPORT("next_boot") uint32_t board_next_boot(void) { return stub_next_boot(); }
