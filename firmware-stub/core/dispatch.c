/* From frames to their effects: the sequence, and the ops of a batch.
 *
 *   seq - last   1 execute · 0 the stored reply again · older REPEATED · else NAK with the seq waited for
 *
 * Before the first HELLO every batch is answered as if the board had just started: it is from before a reset that
 * the host has not noticed.
 *
 * A seq is old only if it came after the newest HELLO; what was before it belongs to another sequence.
 *
 * All that comes off the line is doubted: `take` never reads beyond the body, and every op tests its fields
 * before it touches memory. State lies in `stub` and not on the stack: user code is not returned to where it was
 * called but ends in stub_ran, and a fault or BREAK, which cut a batch short at any instruction, in stub_finish. */
#include "state.h"

/* Inlined into one another, the ops fight for eight registers: apart they are a tenth smaller. */
#define NOINLINE __attribute__((noinline))

/* GCC, which compiles the library, makes less of them together. */
#if defined(STUB_LIBRARY)
#define STUB_OP static
#else
#define STUB_OP static NOINLINE
#endif

/* Results a RUN may need room for: a fault record with its length. Greater than value and micros. */
#define RUN_ROOM (1 + 4 * (int32_t)STUB_FAULT_WORDS)

/* How far back a seq is old rather than far ahead. */
#define KNOWN_MAX 128u

static const uint8_t NOTHING[4];

struct stub_state stub;
struct stub_slot stub_slots[STUB_SLOTS] __attribute__((section(STUB_FRAMES_SECTION)));
uint8_t stub_reply[STUB_MAX_REPLY] __attribute__((section(STUB_FRAMES_SECTION), aligned(4)));

#if STUB_SLOTS != 1u
NOINLINE struct stub_slot *stub_slot(uint32_t number) { return &stub_slots[number & (STUB_SLOTS - 1u)]; }
#endif

/* Steps over `count` bytes of the batch and hands back where they are; if there are fewer, the batch is
 * malformed, and the zeros that come back stand for them. */
static NOINLINE const uint8_t *skip(uint32_t count) {
  const uint8_t *at = stub.in;
  if ((uint32_t)(stub.in_end - at) < count) {
    stub.malformed = 1;
    return NOTHING;
  }
  stub.in = at + count;
  return at;
}

/* The next `count` bytes, 4 at most, as a little-endian number. */
static NOINLINE uint32_t take(uint32_t count) {
  const uint8_t *at = skip(count);
  uint32_t value = 0;
  while (count != 0) {
    value = value << 8 | at[--count];
  }
  return value;
}

static uint32_t take_varint(void) {
  uint32_t value = 0;
  uint32_t byte;
  uint32_t shift = 0;
  do {
    byte = take(1);
    if (shift == 28 && byte > 0x0Fu) { /* more than 32 bits, or a sixth byte */
      stub.malformed = 1;
      return 0;
    }
    value |= (byte & 0x7Fu) << shift;
    shift += 7;
  } while (byte & 0x80u);
  return value;
}

/* Bytes that the reply frame can still take, the op in work counted as done; below zero if even that is too much, or
 * if there is no such op. */
static NOINLINE int32_t room(void) {
  if (stub.malformed) {
    return -1;
  }
  const int32_t head = BW_MIN_FRAME + 4 + (stub.done >= 127u); /* output, status, done */
  return (int32_t)STUB_MAX_REPLY - head - (int32_t)(stub.reply_end - stub_reply);
}

static void put(uint32_t value, uint32_t count) { stub.reply_end = stub_put(stub.reply_end, value, count); }

static void put_varint(uint32_t value) { stub.reply_end = stub_put_varint(stub.reply_end, value); }

/* Appends memory to the reply, by words where they are aligned: peripherals want it, and the word is one instant. */
STUB_OP uint32_t read(uint32_t addr, uint32_t len) {
  if (len > STUB_MAX_REPLY || (int32_t)(len + 1u + (len > 127u)) > room()) {
    return BW_STATUS_TOO_BIG;
  }
  put_varint(len);
  while (len != 0) {
    uint32_t step = 1;
    uint32_t value;
    if ((addr & 3u) == 0 && len >= 4u) {
      step = 4;
      value = *(volatile uint32_t *)(volatile void *)stub_at(addr);
    } else {
      value = *stub_at(addr);
    }
    put(value, step);
    addr += step;
    len -= step;
  }
  return BW_STATUS_OK;
}

/* Sums memory; `expected` is what CHECK wants, or NULL for CRC. */
static NOINLINE uint32_t sum(uint32_t addr, uint32_t len, const uint32_t *expected) {
  if (room() < 4) {
    return BW_STATUS_TOO_BIG;
  }
  uint32_t crc = ~0u;
  for (; len != 0; len--) {
    crc = stub_crc_byte(crc, *stub_at(addr++));
  }
  crc = ~crc;
  if (expected != NULL && *expected == crc) {
    return BW_STATUS_OK;
  }
  put(crc, 4);
  return expected == NULL ? BW_STATUS_OK : BW_STATUS_MISMATCH;
}

/* Words of a FIND, so that their length fits one byte. */
#define FIND_MAX 31u

/* Appends where the search ended, and the words from `low` to `low` + `span` that it met. */
STUB_OP uint32_t find(uint32_t addr, uint32_t len, uint32_t low, uint32_t span) {
  if (room() < (int32_t)(4u + 1u + 4u * FIND_MAX)) {
    return BW_STATUS_TOO_BIG;
  }
  uint8_t *const head = stub.reply_end;
  uint32_t bytes = 0;
  stub.reply_end += 5;
  for (; len >= 4u && bytes != 4u * FIND_MAX; len -= 4u, addr += 4u) {
    const uint32_t word = *(volatile uint32_t *)(volatile void *)stub_at(addr);
    if (word - low <= span) {
      put(word, 4);
      bytes += 4;
    }
  }
  *stub_put(head, addr, 4) = (uint8_t)bytes;
  return BW_STATUS_OK;
}

/* Goes on in stub_ran, or in stub_abandon. */
STUB_OP uint32_t run(uint32_t entry) {
  if (room() < RUN_ROOM) {
    return BW_STATUS_TOO_BIG;
  }
  stub.begin = bw_micros();
  stub_keep();
  stub.quiet = 0;
  if (stub.want_stop) { /* BREAK was quicker */
    stub_arch_service();
  }
  stub_arch_run(entry);
}

/* The longest patch: the jump from a function to the one that replaces it, on Armv6-M. */
#define PATCH_MAX 16u

/* WRITE takes what stands in the batch, FILL repeats `value`. A patch is one instant: an interrupt handler may call
 * what is being patched. What is longer is no patch, and bytes on the line do not wait for it. */
STUB_OP uint32_t write(uint32_t offset, uint32_t len, const uint8_t *value, uint32_t stride) {
  if (stub.malformed | (offset > STUB_ARENA_SIZE) | (len > STUB_ARENA_SIZE - offset)) {
    return BW_STATUS_REFUSED;
  }
  if (len <= PATCH_MAX) {
    STUB_HOLD_INTERRUPTS();
  }
  STUB_WILL_WRITE(STUB_ARENA_ADDR + offset, len);
  for (uint32_t addr = STUB_ARENA_ADDR + offset; len != 0; len--, value += stride) {
    *stub_at(addr++) = *value;
  }
  STUB_LET_INTERRUPTS(); /* as they are while a batch is worked on */
  return BW_STATUS_OK;
}

/* One op, up to the first field that is not there: from then on there is no room for anything, and nothing is written.
 * @return a status, which does not count if the batch is malformed */
static NOINLINE uint32_t step(void) {
  const uint32_t op = take(1);
  const uint32_t offset = take_varint();
  const uint32_t addr = STUB_ARENA_ADDR + offset;
  if (op == BW_OP_RUN) {
    return run(addr);
  }
  const uint32_t len = take_varint();
  const uint8_t *data = stub.in;
  uint32_t extra;
  switch (op) {
    case BW_OP_WRITE:
    case BW_OP_FILL:
      skip(op == BW_OP_WRITE ? len : 1);
      return write(offset, len, data, op == BW_OP_WRITE);
    case BW_OP_READ:
      return read(addr, len);
    case BW_OP_CRC:
      return sum(addr, len, NULL);
    case BW_OP_CHECK:
      extra = take(4);
      return sum(addr, len, &extra);
    case BW_OP_FIND:
      extra = STUB_ARENA_ADDR + take_varint();
      return find(addr, len, extra, take_varint());
    default:
      stub.malformed = 1;
      return BW_STATUS_MALFORMED;
  }
}

static void op_done(void) {
  stub.done++;
  stub.results_end = stub.reply_end;
}

/* Does the ops between stub.in and stub.in_end until one fails. */
static void execute(void) {
  while (stub.in != stub.in_end && stub.status == BW_STATUS_OK) {
    const uint32_t status = step();
    stub.status = stub.malformed ? BW_STATUS_MALFORMED : (uint8_t)status;
    if (stub.status == BW_STATUS_OK) {
      op_done();
    }
  }
}

static void send_reply(uint32_t seq, uint32_t status, uint32_t done, const uint8_t *end) {
  uint8_t *to = stub_begin(BW_FRAME_BATCH_REPLY, seq);
  to = stub_put(to, (uint16_t)stub.output_sent | status << 16, 3);
  to = stub_put_varint(to, done);
  stub_send(to, stub_reply, (uint32_t)(end - stub_reply));
}

static void send_stored(void) { send_reply(stub.last_seq, stub.status, stub.done, stub.reply_end); }

static void release(void) {
  STUB_FENCE();
  stub_slot(stub.work)->full = 0;
  stub.work = STUB_NEXT_SLOT(stub.work);
}

/* Ends the batch in work: its slot is free before its reply is out, so that the host's next frame has a place. */
static void answer(void) {
  stub.busy = 0;
  stub.want_stop = 0; /* a BREAK that came too late must not hit the next batch */
  stub.broken = 0;
  stub.printing = 0;
  stub_flush();
  stub.failed = stub.status != BW_STATUS_OK;
  release();
  send_stored();
}

void stub_ran(uint32_t value) {
  stub.quiet = STUB_QUIET;
  STUB_FENCE();
  stub_check();
  put(value, 4);
  put_varint(bw_micros() - stub.begin);
  op_done();
  execute();
  answer();
}

bool stub_abandon(uint32_t status, const uint32_t *words, uint32_t count) {
  if (stub_running()) {
    stub_check();
  }
  stub.quiet = STUB_QUIET;
  stub.want_stop = 0;
  stub.reply_end = stub.results_end;
  if (!stub.busy || room() < 1) { /* every op that can end here has made sure of room for a length byte */
    return false;
  }
  stub.status = (uint8_t)status;
  if (status == BW_STATUS_EXITED) {
    put(stub.exit_value, 4);
    return true;
  }
  const uint32_t fit = (uint32_t)(room() - 1) / 4u;
  count = count < fit ? count : fit;
  put_varint(4u * count);
  for (; count != 0; count--) {
    put(*words++, 4);
  }
  return true;
}

void stub_finish(void) {
  if (stub.sending) { /* user code was cut short within its output: end the broken frame */
    stub_port_write(0);
    stub.sending = 0;
  }
  answer();
}

void bw_exit(uint32_t code) {
  stub_lock(0);
  stub.exit_value = code;
  stub.want_stop = BW_STATUS_EXITED;
  stub_arch_stop();
}

bool stub_poll(void) {
  struct stub_slot *slot = stub_slot(stub.work);
  if (!slot->full) {
    return false;
  }
  STUB_FENCE();
  const uint8_t seq = slot->seq;
  const uint8_t behind = (uint8_t)(stub.last_seq - seq);
  const bool hello = slot->kind == BW_FRAME_HELLO;
  if (!hello && stub.greeted && behind == 0xFFu) {
    stub.busy = 1;
    stub.cause = 0;
    if (stub.broken == seq + 1u) {
      stub.want_stop = BW_STATUS_BROKEN;
    }
    stub.last_seq = seq;
    stub.known += stub.known != KNOWN_MAX;
    stub.in = slot->body;
    stub.in_end = stub.in + slot->length;
    stub.malformed = 0;
    stub.done = 0;
    stub.reply_end = stub.results_end = stub_reply;
    stub.status = slot->kind == BW_FRAME_BATCH_CONT && stub.failed ? BW_STATUS_ABORTED : BW_STATUS_OK;
    execute();
    answer();
    return true;
  }
  release();
  if (hello) {
    stub.greeted = 1;
    stub.last_seq = seq;
    stub.known = 0;
    stub.failed = 0;
    stub.broken = 0;
    stub_send_hello(seq);
  } else if (!stub.greeted) {
    stub_start();
  } else if (behind < stub.known) {
    if (behind == 0) {
      send_stored();
    } else {
      send_reply(seq, BW_STATUS_REPEATED, 0, stub_reply);
    }
  } else {
    stub_send(stub_put(stub_begin(BW_FRAME_NAK, seq), stub.last_seq + 1u, 1), NULL, 0);
  }
  return true;
}
