/* From replies to bytes on the line. A frame is sent from three pieces, and COBS and CRC are made on the way, block
 * by block:
 *
 *   head (kind, seq, small fields) | data (the stored reply, or output) | CRC
 *
 * `sending` guards the one head: the service interrupt leaves its frame to be sent when this one is out.
 *
 * Output is kept until the host has acknowledged it, so that what the line loses can be sent again. */
#include "state.h"

/* Bytes of output in one frame at most: a BREAK waits for no more than this (12 ms at 115200). A divisor of the
 * buffer's size, so that none wraps around. */
#define OUTPUT_CHUNK 128u

/* Microseconds that a full buffer waits for a host that says nothing: four seconds. */
#define OUTPUT_PATIENCE (1u << 22)

uint8_t stub_output[STUB_OUTPUT_SIZE] __attribute__((section(STUB_FRAMES_SECTION)));

uint8_t *stub_put(uint8_t *to, uint32_t value, uint32_t count) {
  for (; count != 0; count--, value >>= 8) {
    *to++ = (uint8_t)value;
  }
  return to;
}

uint8_t *stub_put_varint(uint8_t *to, uint32_t value) {
  for (; value > 127u; value >>= 7) {
    *to++ = (uint8_t)(value | 0x80u);
  }
  *to++ = (uint8_t)value;
  return to;
}

uint8_t *stub_begin(uint32_t kind, uint32_t seq) {
  stub.sending = 1;
  STUB_FENCE();
  return stub_put(stub.head, kind | seq << 8, STUB_HEADER);
}

/* A COBS block with its code in front, until it is sent. */
static uint8_t block[255] __attribute__((section(STUB_FRAMES_SECTION)));

static void end_block(void) {
  const uint32_t size = stub.block_size;
  block[0] = (uint8_t)size;
  stub.block_size = 1;
  for (uint32_t i = 0; i < size; i++) {
    stub_port_write(block[i]);
  }
}

static void send_bytes(const uint8_t *from, uint32_t count) {
  for (; count != 0; count--) {
    const uint8_t byte = *from++;
    stub.crc = stub_crc_byte(stub.crc, byte);
    if (stub.block_size == sizeof block) {
      end_block();
    }
    if (byte != 0) {
      block[stub.block_size++] = byte;
    } else {
      end_block();
    }
  }
}

void stub_send(const uint8_t *head_end, const uint8_t *data, uint32_t length) {
  stub.crc = ~0u;
  stub.block_size = 1;
  send_bytes(stub.head, (uint32_t)(head_end - stub.head));
  send_bytes(data, length);
  stub_put(stub.head, ~stub.crc, 4);
  send_bytes(stub.head, 4);
  end_block();
  stub_port_write(0);
  STUB_FENCE();
  stub.sending = 0;
  stub_arch_service(); /* for what was wanted meanwhile */
}

/* HELLO_REPLY from `buildId` on, as it stands on the line. */
static const struct __attribute__((packed)) {
  uint8_t build_id_size, build_id[8], arch;
  uint32_t arena_addr, arena_size, stack_addr, stack_size;
  uint16_t max_frame, max_reply;
  uint8_t window;
} BOARD = {
    8, {STUB_BUILD_ID}, STUB_ARCH,
    STUB_ARENA_ADDR, STUB_ARENA_SIZE, STUB_STACK_ADDR, STUB_STACK_SIZE,
    STUB_MAX_FRAME, STUB_MAX_REPLY, STUB_SLOTS,
};

void stub_send_hello(uint32_t seq) {
  uint8_t *to = stub_begin(BW_FRAME_HELLO_REPLY, seq);
  to = stub_put(to, BW_TABLE_HASH, 4);
  to = stub_put(to, stub.output_end, 4);
  to = stub_put(to, stub.boots | (uint32_t)stub.cause << 8, 2);
  stub_send(to, (const uint8_t *)&BOARD, sizeof BOARD);
}

uint32_t stub_service(void) {
  if (stub.sending) {
    return 0; /* stub_send asks again when its frame is out */
  }
  if (stub.want_state) {
    stub.want_state = 0;
    uint8_t *to = stub_begin(BW_FRAME_STATE, stub.last_seq);
    to = stub_put(to, stub.output_sent, 2);
    to = stub_put(to, stub_running() | (uint32_t)stub.last_seq << 8, 2);
#if defined(STUB_NO_COUNTERS)
    to = stub_put(to, 0, 3);
#else
    to = stub_put_varint(to, stub.bad_crc);
    to = stub_put_varint(to, stub.bad_length);
    to = stub_put_varint(to, stub.dropped);
#endif
    stub_send(to, NULL, 0);
  }
  stub_flush();
  return stub_running() ? stub.want_stop : 0;
}

/* AGAIN moves `output_sent` back, also in the middle of this. */
void stub_flush(void) {
  while (!stub.sending && !stub.want_stop) {
    const uint32_t from = stub.output_sent;
    uint32_t length = OUTPUT_CHUNK - from % OUTPUT_CHUNK;
    if (length > stub.output_end - from) {
      length = stub.output_end - from;
    }
    if (length == 0) {
      return;
    }
    uint8_t *head = stub_begin(BW_FRAME_OUTPUT, stub.last_seq);
    stub.output_sent = from + length; /* first: BREAK may end the code as soon as the frame is out */
    stub_send(stub_put_varint(head, from), stub_output + from % STUB_OUTPUT_SIZE, length);
  }
}

static void print(const char *bytes, uint32_t len) {
  stub.printing = 1;
  uint32_t begin = bw_micros();
  while (len != 0) {
    const uint32_t end = stub.output_end;
    if (end - stub.output_acked < STUB_OUTPUT_SIZE) {
      stub_output[end % STUB_OUTPUT_SIZE] = (uint8_t)*bytes++;
      stub.output_end = end + 1u;
      len--;
      continue;
    }
    stub_flush();
    if (stub.heard) {
      stub.heard = 0;
      begin = bw_micros();
    }
    if (stub.deaf || bw_micros() - begin > OUTPUT_PATIENCE) {
      stub.deaf = 1;
      stub.output_acked = stub.output_sent & ~3u; /* what was sent is given up */
      if (end - stub.output_acked >= STUB_OUTPUT_SIZE) { /* an interrupt handler within a frame: nothing moves */
        STUB_COUNT(dropped);
        break;
      }
    }
  }
  stub.printing = 0;
  stub_flush();
}

void bw_output(const char *bytes, uint32_t len) {
  const uint32_t lock = stub_lock(0);
  if (stub.printing) {
    STUB_COUNT(dropped);
  } else {
    print(bytes, len);
  }
  stub_lock(lock);
}
