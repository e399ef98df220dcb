/* The core of the stub on a PC: bytes from standard input are what the receive interrupt takes off the line, and
 * what the stub sends goes to standard output. RUN calls the functions below instead of the board's. Built with
 * sanitizers, so a read or write outside of any buffer ends the process with a report.
 *
 *   harness [frames [fill]]   look for work after so many frames (default: after every byte); what memory is full of
 *                             when power comes (default: 0) */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define FUNCTION(offset) (STUB_ARENA_ADDR + (offset) + 1u)
/* A word outside of the arena that READ can see: how often a function ran. */
#define RUN_COUNT_ADDR 0x30000000u

static uint8_t arena[STUB_ARENA_SIZE] __attribute__((aligned(4)));
static uint32_t run_count;
static uint32_t micros;
static uint32_t service_wanted;
static enum { THREAD, SERVICE, RECEIVE } level; /* that runs now */
static uint32_t listen_while_sending; /* bytes still to be sent before frames are taken off the line */
static uint32_t frames_while_sending; /* as many as this */
static bool listen_while_waiting; /* for acknowledgements */
static jmp_buf abandoned; /* 1 by an exception, 2 by code that returned */
static uint32_t returned;
static jmp_buf restarted;

static _Noreturn void abandon(uint32_t status, uint32_t first_word) {
  uint32_t record[BW_FAULT_WORDS_CORTEXM];
  for (uint32_t i = 0; i < BW_FAULT_WORDS_CORTEXM; i++) {
    record[i] = first_word + i;
  }
  if (!stub_abandon(status, record, BW_FAULT_WORDS_CORTEXM)) {
    abort();
  }
  longjmp(abandoned, 1);
}

volatile uint8_t *stub_at(uint32_t addr) {
  if (addr - STUB_ARENA_ADDR < STUB_ARENA_SIZE) {
    return &arena[addr - STUB_ARENA_ADDR];
  }
  if (addr - RUN_COUNT_ADDR < sizeof run_count) {
    return (uint8_t *)&run_count + (addr - RUN_COUNT_ADDR);
  }
  abandon(BW_STATUS_FAULT, addr);
}

/* The service interrupt preempts the thread at once, in the middle of whatever it does, and neither itself nor the
 * receive interrupt. */
static void service(void) {
  while (level == THREAD && service_wanted) {
    service_wanted = 0;
    level = SERVICE;
    const uint32_t status = stub_service();
    level = THREAD;
    if (status != 0) {
      abandon(status, 100);
    }
  }
}

void stub_arch_service(void) {
  service_wanted = 1;
  service();
}

_Noreturn void stub_arch_stop(void) {
  stub_arch_service();
  abort();
}

/* One byte off the line; false at its end. */
static int listen(void) {
  const int byte = getchar();
  if (byte == EOF) {
    return -1;
  }
  const int interrupted = (int)level;
  level = RECEIVE;
  stub_receive((uint8_t)byte);
  level = interrupted;
  service();
  return byte;
}

void stub_port_init(void) {}

void stub_port_write(uint8_t byte) {
  putchar(byte);
  if (listen_while_sending != 0 && --listen_while_sending == 0) {
    while (frames_while_sending != 0) {
      frames_while_sending -= listen() <= 0;
    }
  }
}

_Noreturn void stub_port_reset(void) { longjmp(restarted, 1); }

/* Time passes while a full output buffer waits, and so do bytes on the line if the function wants it. */
uint32_t bw_micros(void) {
  if (stub.printing && !(listen_while_waiting && listen() >= 0)) {
    micros += 10000;
  }
  return micros;
}

static uint32_t run_return(void) {
  micros += 7;
  return 42;
}

static uint32_t run_exit(void) { bw_exit(3); }

static uint32_t run_fault(void) { abandon(BW_STATUS_FAULT, 3); }

/* As code that runs while bytes come in: until BREAK, or the end of the line. */
static uint32_t run_listen(void) {
  while (listen() >= 0) {
  }
  return 1;
}

static uint32_t run_print(void) {
  bw_output("hello\n", 6);
  return 0;
}

static uint32_t run_print_much(void) {
  static char text[1000];
  for (uint32_t i = 0; i < sizeof text; i++) {
    text[i] = (char)(i % 251u); /* zeros among them */
  }
  bw_output(text, sizeof text);
  return 0;
}

static uint32_t run_print_much_and_listen(void) {
  listen_while_waiting = true;
  run_print_much();
  listen_while_waiting = false;
  return 0;
}

/* A whole frame comes in while the fifth byte of output goes out. */
static uint32_t run_print_and_listen(void) {
  listen_while_sending = 5;
  frames_while_sending = 1;
  bw_output("hello\n", 6);
  bw_output("again\n", 6);
  return 0;
}

/* Two frames come in while the reply goes out. */
static uint32_t run_listen_after(void) {
  listen_while_sending = 5;
  frames_while_sending = 2;
  return 42;
}

/* The reset button, or a watchdog. */
static uint32_t run_reset(void) { stub_port_reset(); }

/* BREAK in an interrupt handler: there is no way out of it but a reset. */
static uint32_t run_break_in_handler(void) {
  const uint32_t record[] = {14, 0, 0, 0, 0, 0, stub_next_boot()};
  if (!stub_abandon(BW_STATUS_BROKEN, record, 7)) {
    abort();
  }
  stub_keep();
  stub_port_reset();
}

/* A fault in an interrupt handler while nobody waits for an answer. */
static uint32_t run_fault_later(void) {
  stub_restart(BW_STATUS_FAULT);
}

/* Code that writes over the stub: over all of its state, and bit by bit. */
static uint32_t run_clear_state(void) {
  memset(&stub, 0, sizeof stub);
  return 42;
}

static uint32_t run_fill_state(void) {
  memset(&stub, 0xA5, sizeof stub);
  return 42;
}

static uint32_t run_damage_state_and_fault(void) {
  stub.results_end += 5;
  abandon(BW_STATUS_FAULT, 3);
}

static uint32_t run_damage_reply(void) {
  stub_reply[1] ^= 4;
  return 42;
}

static uint32_t run_damage_batch(void) {
  stub_slots[stub.work].body[stub.in - stub_slots[stub.work].body] ^= 1;
  return 42;
}

static const struct {
  uint32_t entry;
  uint32_t (*call)(void);
} FUNCTIONS[] = {
    {FUNCTION(0x100), run_return}, {FUNCTION(0x200), run_exit},       {FUNCTION(0x300), run_fault},
    {FUNCTION(0x400), run_listen}, {FUNCTION(0x500), run_print},      {FUNCTION(0x600), run_print_much},
    {FUNCTION(0x700), run_print_and_listen}, {FUNCTION(0x800), run_listen_after},
    {FUNCTION(0x900), run_print_much_and_listen}, {FUNCTION(0xA00), run_reset},
    {FUNCTION(0xB00), run_break_in_handler}, {FUNCTION(0xC00), run_clear_state},
    {FUNCTION(0xD00), run_fill_state}, {FUNCTION(0xE00), run_damage_state_and_fault},
    {FUNCTION(0xF00), run_damage_reply}, {FUNCTION(0xF10), run_damage_batch},
    {FUNCTION(0xF20), run_fault_later},
};

_Noreturn void stub_arch_run(uint32_t entry) {
  run_count++;
  for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
    if (FUNCTIONS[i].entry == entry) {
      returned = FUNCTIONS[i].call();
      longjmp(abandoned, 2);
    }
  }
  abandon(BW_STATUS_FAULT, entry);
}

static void work(void) {
  switch (setjmp(abandoned)) {
    case 1:
      stub_finish();
      break;
    case 2:
      stub_ran(returned);
      break;
  }
  while (stub_poll()) {
  }
}

int main(int count, char **arguments) {
  static int frames, seen; /* static: they outlive the jump */
  frames = count > 1 ? atoi(arguments[1]) : 0;
  if (count > 2) {
    memset(&stub, atoi(arguments[2]), sizeof stub);
    memset(stub_slots, atoi(arguments[2]), sizeof stub_slots);
    memset(stub_reply, atoi(arguments[2]), sizeof stub_reply);
  }
  setjmp(restarted);
  service_wanted = 0;
  level = THREAD;
  stub_wake();
  stub_start();
  stub.greeted = 1; /* most tests begin with batch 1 */
  for (int byte = listen(); byte >= 0; byte = listen()) {
    seen += byte == 0;
    if (frames == 0 || (byte == 0 && seen % frames == 0)) {
      work();
    }
  }
  work();
  return 0;
}
