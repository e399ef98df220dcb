/* From frames to their effects: the sequence, and the ops of a batch.
 *
 *   seq - last   1 execute · 0 the stored reply again · older REPEATED · else NAK with the seq waited for
 *
 * A seq is old only if it came after the newest HELLO; what was before it belongs to another sequence.
 *
 * All that comes off the line is doubted: `take` never reads beyond the body, and every op tests its fields
 * before it touches memory. State lies in `stub` and not on the stack, because a fault or BREAK cuts a batch
 * short at any instruction; stub_finish then answers for it. */
#include "state.h"

/* Results a RUN may need room for: a fault record with its length. Greater than value and micros. */
#define RUN_ROOM (1u + 4u * BW_FAULT_WORDS_CORTEXM)

/* How far back a seq is old rather than far ahead. */
#define KNOWN_MAX 128u

struct stub_state stub;
uint8_t stub_frames[STUB_SLOTS][STUB_MAX_FRAME - STUB_HEADER] __attribute__((section(STUB_FRAMES_SECTION), aligned(4)));
uint8_t stub_reply[STUB_MAX_FRAME] __attribute__((section(STUB_FRAMES_SECTION), aligned(4)));

static uint32_t left(void) { return (uint32_t)(stub.in_end - stub.in); }

/* The next `count` bytes as a little-endian number; marks the batch malformed if there are fewer. */
static uint32_t take(uint32_t count) {
  uint32_t value = 0;
  if (left() < count) {
    stub.malformed = 1;
    return 0;
  }
  for (uint32_t shift = 0; count != 0; count--, shift += 8) {
    value |= (uint32_t)*stub.in++ << shift;
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

/* What the reply frame can still take, the op in work counted as done. */
static uint32_t room(void) {
  const uint32_t overhead = BW_MIN_FRAME + 2u + (stub.done >= 127u); /* status, done */
  const uint32_t used = overhead + stub.reply_length;
  return used < STUB_MAX_FRAME ? STUB_MAX_FRAME - used : 0;
}

static void put(uint32_t value, uint32_t count) {
  for (; count != 0; count--, value >>= 8) {
    stub_reply[stub.reply_length++] = (uint8_t)value;
  }
}

static void put_varint(uint32_t value) {
  for (; value > 127u; value >>= 7) {
    put(value | 0x80u, 1);
  }
  put(value, 1);
}

/* True if `len` bytes at `offset` from the start of the arena are in it. */
static bool in_arena(uint32_t offset, uint32_t len) {
  return offset <= STUB_ARENA_SIZE && len <= STUB_ARENA_SIZE - offset;
}

static uint32_t crc_of(uint32_t addr, uint32_t len) {
  uint32_t crc = ~0u;
  for (; len != 0; len--) {
    crc = stub_crc_byte(crc, *stub_at(addr++));
  }
  return ~crc;
}

/* Appends memory to the reply, by words where they are aligned: peripherals want it, and the word is one instant. */
static uint32_t read(uint32_t addr, uint32_t len) {
  if (len > STUB_MAX_FRAME || len + 1u + (len > 127u) > room()) {
    return BW_STATUS_TOO_BIG;
  }
  put_varint(len);
  while (len != 0) {
    const uint32_t step = (addr & 3u) == 0 && len >= 4u ? 4u : 1u;
    put(step == 4u ? *(volatile uint32_t *)(volatile void *)stub_at(addr) : *stub_at(addr), step);
    addr += step;
    len -= step;
  }
  return BW_STATUS_OK;
}

static uint32_t run(uint32_t entry) {
  if (room() < RUN_ROOM) {
    return BW_STATUS_TOO_BIG;
  }
  stub.want_stop = 0;
  const uint32_t begin = bw_micros();
  stub.running = 1;
  STUB_FENCE();
  const uint32_t value = stub_arch_run(entry);
  STUB_FENCE();
  stub.running = 0;
  stub.want_stop = 0;
  put(value, 4);
  put_varint(bw_micros() - begin);
  return BW_STATUS_OK;
}

/* One op. Fields are taken first and tested together. */
static uint32_t step(void) {
  const uint32_t op = take(1);
  if (op < BW_OP_WRITE || op > BW_OP_RUN) {
    return BW_STATUS_MALFORMED;
  }
  const uint32_t offset = take_varint();
  const uint32_t addr = STUB_ARENA_ADDR + offset;
  const uint32_t len = op == BW_OP_RUN ? 0 : take_varint();
  const uint32_t extra = op == BW_OP_FILL ? take(1) : op == BW_OP_CHECK ? take(4) : 0;
  if (stub.malformed || (op == BW_OP_WRITE && len > left())) {
    return BW_STATUS_MALFORMED;
  }

  switch (op) {
    case BW_OP_WRITE:
    case BW_OP_FILL:
      if (!in_arena(offset, len)) {
        return BW_STATUS_REFUSED;
      }
      for (uint32_t i = 0; i < len; i++) {
        *stub_at(addr + i) = op == BW_OP_WRITE ? stub.in[i] : (uint8_t)extra;
      }
      stub.in += op == BW_OP_WRITE ? len : 0;
      return BW_STATUS_OK;
    case BW_OP_READ:
      return read(addr, len);
    case BW_OP_RUN:
      return run(addr);
    default: {
      if (room() < 4u) {
        return BW_STATUS_TOO_BIG;
      }
      const uint32_t crc = crc_of(addr, len);
      if (op == BW_OP_CRC || crc != extra) {
        put(crc, 4);
      }
      return op == BW_OP_CHECK && crc != extra ? BW_STATUS_MISMATCH : BW_STATUS_OK;
    }
  }
}

/* Does the ops between stub.in and stub.in_end until one fails; none of them if `aborted`. */
static void execute(bool aborted) {
  stub.malformed = 0;
  stub.done = 0;
  stub.reply_length = 0;
  stub.committed = 0;
  stub.status = aborted ? BW_STATUS_ABORTED : BW_STATUS_OK;
  while (left() != 0 && stub.status == BW_STATUS_OK) {
    stub.status = (uint8_t)step();
    if (stub.status == BW_STATUS_OK) {
      stub.done++;
      stub.committed = stub.reply_length;
    }
  }
}

static void release(void) {
  STUB_FENCE();
  stub.slot[stub.work_slot].full = 0;
  stub.work_slot ^= 1u;
}

/* Ends the batch in work: its slot is free before its reply is out, so that the host's next frame has a place. */
static void answer(void) {
  stub.busy = 0;
  stub.failed = stub.status != BW_STATUS_OK;
  release();
  stub_send_reply(stub.last_seq, stub.status, stub.done, stub.reply_length);
}

bool stub_abandon(uint32_t status, const uint32_t *words, uint32_t count) {
  if (!stub.busy) {
    return false;
  }
  stub.running = 0;
  stub.want_stop = 0;
  stub.status = (uint8_t)status;
  stub.reply_length = stub.committed;
  if (status == BW_STATUS_EXITED) {
    put(stub.exit_value, 4);
    return true;
  }
  const uint32_t fit = (room() - 1u) / 4u; /* every op that can fault has room for its length byte at least */
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
  stub.exit_value = code;
  stub.want_stop = BW_STATUS_EXITED;
  stub_arch_stop();
}

bool stub_has_work(void) { return stub.slot[stub.work_slot].full != 0; }

void stub_start(void) { stub_send_hello(0); }

bool stub_poll(void) {
  struct stub_slot *slot = &stub.slot[stub.work_slot];
  if (!slot->full) {
    return false;
  }
  STUB_FENCE();
  const uint8_t seq = slot->seq;
  const uint8_t behind = (uint8_t)(stub.last_seq - seq);
  if (slot->kind != BW_FRAME_HELLO && behind == 0xFFu) {
    stub.busy = 1;
    stub.last_seq = seq;
    stub.known += stub.known != KNOWN_MAX;
    stub.in = stub_frames[stub.work_slot];
    stub.in_end = stub.in + slot->length;
    execute(slot->kind == BW_FRAME_BATCH_CONT && stub.failed);
    answer();
    return true;
  }
  const bool hello = slot->kind == BW_FRAME_HELLO;
  release();
  if (hello) {
    stub.last_seq = seq;
    stub.known = 0;
    stub.failed = 0;
    stub.output_offset = 0;
    stub_send_hello(seq);
  } else if (behind < stub.known) {
    if (behind == 0) {
      stub_send_reply(seq, stub.status, stub.done, stub.reply_length);
    } else {
      stub_send_reply(seq, BW_STATUS_REPEATED, 0, 0);
    }
  } else {
    stub_begin(BW_FRAME_NAK, seq);
    stub_head_bytes(stub.last_seq + 1u, 1);
    stub_send(NULL, 0);
  }
  return true;
}
