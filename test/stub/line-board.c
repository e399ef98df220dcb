/* The core of the stub as a board behind a modelled line: a process that lives in turns. In each it is given the time
 * and the bytes that have arrived, works until it waits, and hands back what it sent and when it wants to be woken.
 *
 *   turn in    u32 micros | u32 flags (1: off and on again) | u32 count | bytes
 *   turn out   u32 flags (1: code runs) | u32 micros to wake at (0: only for bytes) | u32 count | bytes
 *
 * RUN of arena + 2n + 1 runs what n says: n mod 8 is the kind, n / 8 its argument. Each run goes into a chain, which
 * RUN returns: a run too many, too few or out of order changes it. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define PRINT_MAX (1u << 20)

static uint8_t arena[STUB_ARENA_SIZE] __attribute__((aligned(4)));
static uint8_t input[1u << 20], sent[PRINT_MAX];
static uint32_t input_at, input_end, sent_end;
static uint32_t micros, wake_at, chain;
static bool service_wanted;
static enum { THREAD, SERVICE, RECEIVE } level; /* that runs now */
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
  level = THREAD;
  longjmp(abandoned, 1);
}

volatile uint8_t *stub_at(uint32_t addr) {
  if (addr - STUB_ARENA_ADDR < STUB_ARENA_SIZE) {
    return &arena[addr - STUB_ARENA_ADDR];
  }
  abandon(BW_STATUS_FAULT, addr);
}

static void service(void) {
  while (level == THREAD && service_wanted) {
    service_wanted = false;
    level = SERVICE;
    const uint32_t status = stub_service();
    level = THREAD;
    if (status != 0) {
      abandon(status, 100);
    }
  }
}

void stub_arch_service(void) {
  service_wanted = true;
  service();
}

_Noreturn void stub_arch_stop(void) {
  stub_arch_service();
  abort();
}

void stub_port_init(void) {}

void stub_port_write(uint8_t byte) {
  if (sent_end == PRINT_MAX) {
    abort();
  }
  sent[sent_end++] = byte;
}

_Noreturn void stub_port_reset(void) { longjmp(restarted, 1); }

static void read_all(void *to, size_t count) {
  if (count != 0 && fread(to, count, 1, stdin) != 1) {
    exit(0); /* nobody plays with us any more */
  }
}

/* One byte of this turn; false when all are taken. */
static bool take_byte(void) {
  if (input_at == input_end) {
    return false;
  }
  const int interrupted = (int)level;
  level = RECEIVE;
  stub_receive(input[input_at++]);
  level = interrupted;
  service();
  return true;
}

static void next_turn(void) {
  uint32_t head[3] = {stub_running(), wake_at, sent_end};
  fwrite(head, sizeof head, 1, stdout);
  fwrite(sent, sent_end, 1, stdout);
  fflush(stdout);
  sent_end = 0;
  wake_at = 0;
  read_all(head, sizeof head);
  micros = head[0];
  if (head[2] > sizeof input) {
    abort();
  }
  read_all(input, head[2]);
  input_at = 0;
  input_end = head[2];
  if (head[1] & 1u) {
    input_end = 0;
    memset(&stub, 0, sizeof stub);
    memset(stub_slots, 0, sizeof stub_slots);
    memset(arena, 0, sizeof arena);
    chain = 0;
    longjmp(restarted, 1);
  }
}

/* Code that runs waits until `until`, and hears meanwhile what comes in. */
static void wait_until(uint32_t until) {
  while ((int32_t)(until - micros) > 0) {
    if (!take_byte()) {
      wake_at = until;
      next_turn();
    }
  }
}

/* Time passes while a full output buffer waits. */
uint32_t bw_micros(void) {
  if (stub.printing && stub.output_end - stub.output_acked == STUB_OUTPUT_SIZE && !take_byte()) {
    wake_at = micros + 10000u;
    next_turn();
  }
  return micros;
}

static void print_lines(uint32_t run, uint32_t count, uint32_t pause) {
  char text[64];
  for (uint32_t i = 0; i < count; i++) {
    const int length = snprintf(text, sizeof text, "run %u line %u of %u\n", (unsigned)run, (unsigned)i, (unsigned)count);
    bw_output(text, (uint32_t)length);
    wait_until(micros + pause);
  }
}

static uint32_t call(uint32_t entry) {
  const uint32_t n = (entry - STUB_ARENA_ADDR) / 2u;
  const uint32_t argument = n / 8u;
  chain = chain * 31u + n;
  switch (n % 8u) {
    case 1:
      print_lines(n, argument % 60u, 0);
      break;
    case 2:
      wait_until(micros + 1000u * (argument % 50u));
      break;
    case 3:
      abandon(BW_STATUS_FAULT, n);
    case 4:
      bw_exit(n);
    case 5:
      print_lines(n, argument % 12u, 3000);
      break;
    case 6:
      print_lines(n, argument % 30u, 0);
      for (;;) {
        wait_until(micros + 1000000u);
      }
    default:
      break;
  }
  return chain;
}

_Noreturn void stub_arch_run(uint32_t entry) {
  returned = call(entry);
  longjmp(abandoned, 2);
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

int main(void) {
  setjmp(restarted);
  service_wanted = false;
  level = THREAD;
  stub_wake();
  stub_start();
  for (;;) {
    while (take_byte()) {
      work();
    }
    next_turn();
  }
}
