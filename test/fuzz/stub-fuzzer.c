/* libFuzzer on the core of the stub: its receive path, and the handler of every request, with sanitizers.
 *
 *   input   mode:u8  then, raw: bytes as they come off the line
 *                    else: frames   length:u16le  kind:u8  seq:u8  body   which get their CRC and COBS here,
 *                    so that the fuzzer need not find a checksum before it gets anywhere
 *   mode    1 raw · 2 work after each frame and not after each byte · 4 HELLO has not come yet
 *
 * Code that runs is played by functions at the first entries of the arena, as in harness.c. After every input the
 * state must still hold together, and every frame must be accounted for. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define REQUIRE(condition) \
  do {                     \
    if (!(condition)) {    \
      abort();             \
    }                      \
  } while (0)

/* More than any input may bring about: an answer of the longest kind to each of its bytes would be less. */
#define SENT_MAX (1u << 26)

static uint8_t arena[STUB_ARENA_SIZE] __attribute__((aligned(4)));
static const uint8_t *input;
static size_t left;
static uint32_t sent, micros;
static bool service_wanted, framed;
static uint8_t line[2u * STUB_MAX_FRAME + 16u];
static uint32_t line_at, line_end;
static enum { THREAD, SERVICE, RECEIVE } level;
static jmp_buf abandoned; /* 1 by an exception, 2 by code that returned */
static uint32_t returned;
static jmp_buf restarted;

static _Noreturn void abandon(uint32_t status, uint32_t first_word) {
  uint32_t record[BW_FAULT_WORDS_CORTEXM];
  for (uint32_t i = 0; i < BW_FAULT_WORDS_CORTEXM; i++) {
    record[i] = first_word + i;
  }
  REQUIRE(stub_abandon(status, record, BW_FAULT_WORDS_CORTEXM));
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
  (void)byte;
  REQUIRE(++sent < SENT_MAX);
}

_Noreturn void stub_port_reset(void) { longjmp(restarted, 1); }

/* Puts the next frame of the input on the line; false at the end. */
static bool next_frame(void) {
  static uint8_t plain[STUB_MAX_FRAME + 8u];
  if (left < 4) {
    return false;
  }
  uint32_t length = (uint32_t)(input[0] | input[1] << 8) % (STUB_MAX_FRAME - BW_MIN_FRAME + 4u);
  plain[0] = input[2];
  plain[1] = input[3];
  input += 4;
  left -= 4;
  if (length > left) {
    length = (uint32_t)left;
  }
  memcpy(plain + 2, input, length);
  input += length;
  left -= length;
  length += 2;
  uint32_t crc = ~0u;
  for (uint32_t i = 0; i < length; i++) {
    crc = stub_crc_byte(crc, plain[i]);
  }
  for (uint32_t i = 0; i < 4; i++) {
    plain[length++] = (uint8_t)(~crc >> 8u * i);
  }
  uint32_t code_at = 0;
  line_at = 0;
  line_end = 1;
  line[0] = 1;
  for (uint32_t i = 0; i < length; i++) {
    if (line[code_at] == 0xFFu || plain[i] == 0) {
      const bool zero = plain[i] == 0 && line[code_at] != 0xFFu;
      code_at = line_end;
      line[line_end++] = 1;
      if (zero) {
        continue;
      }
      if (plain[i] == 0) {
        code_at = line_end;
        line[line_end++] = 1;
        continue;
      }
    }
    line[line_end++] = plain[i];
    line[code_at]++;
  }
  line[line_end++] = 0;
  return true;
}

/* One byte off the line; -1 at its end. */
static int listen_byte(void) {
  int byte;
  if (framed) {
    if (line_at == line_end && !next_frame()) {
      return -1;
    }
    byte = line[line_at++];
  } else if (left == 0) {
    return -1;
  } else {
    byte = *input++;
    left--;
  }
  const int interrupted = (int)level;
  level = RECEIVE;
  stub_receive((uint8_t)byte);
  level = interrupted;
  service();
  return byte;
}

uint32_t bw_micros(void) {
  if (stub.printing && listen_byte() < 0) {
    micros += 1u << 20;
  }
  return micros;
}

static uint32_t call(uint32_t entry) {
  static const char TEXT[700] = "what code prints";
  switch ((entry - STUB_ARENA_ADDR) % 8u) {
    case 1:
      bw_output(TEXT, (entry - STUB_ARENA_ADDR) / 8u % sizeof TEXT);
      return 1;
    case 2:
      bw_exit(entry);
    case 3:
      abandon(BW_STATUS_FAULT, entry);
    case 4:
      while (listen_byte() >= 0) {
      }
      return 4;
    default:
      return 0;
  }
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

static void check(void) {
  REQUIRE(stub.output_end - stub.output_acked <= STUB_OUTPUT_SIZE);
  REQUIRE(stub.output_end - stub.output_sent <= STUB_OUTPUT_SIZE);
  REQUIRE(stub.reply_end == NULL ||
          (stub.reply_end >= stub_reply && stub.reply_end <= stub_reply + STUB_MAX_REPLY - BW_MIN_FRAME));
  REQUIRE(!stub.sending && !stub.busy && !stub_running() && !stub.printing);
  REQUIRE(!stub_slots[0].full && !stub_slots[1].full);
  REQUIRE(stub.rx_count <= STUB_MAX_FRAME + 1u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static volatile uint8_t mode;
  if (size == 0) {
    return 0;
  }
  mode = data[0];
  input = data + 1;
  left = size - 1;
  framed = !(mode & 1u);
  line_at = line_end = 0;
  sent = micros = 0;
  memset(arena, 0, sizeof arena);
  memset(&stub, 0, sizeof stub);
  memset(stub_slots, 0, sizeof stub_slots);
  setjmp(restarted); /* memory outlives that */
  service_wanted = false;
  level = THREAD;
  stub_wake();
  stub_start();
  stub.greeted = !(mode & 4u);
  for (int byte = listen_byte(); byte >= 0; byte = listen_byte()) {
    if (byte == 0 || !(mode & 2u)) {
      work();
    }
  }
  work();
  check();
  return 0;
}
