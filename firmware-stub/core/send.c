/* From replies to bytes on the line. A frame is sent from three pieces, and COBS and CRC are made on the way,
 * so that nothing is copied:
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

struct pieces {
  const uint8_t *data;
  uint32_t head_length;
  uint32_t length;
  uint32_t crc;
};

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

static uint8_t byte_at(const struct pieces *frame, uint32_t at) {
  if (at < frame->head_length) {
    return stub.head[at];
  }
  at -= frame->head_length;
  if (at < frame->length) {
    return frame->data[at];
  }
  return (uint8_t)(frame->crc >> (8u * (at - frame->length)));
}

void stub_send(const uint8_t *head_end, const uint8_t *data, uint32_t length) {
  struct pieces frame = {data, (uint32_t)(head_end - stub.head), length, 0};
  const uint32_t summed = frame.head_length + length;
  const uint32_t total = summed + 4u;
  uint32_t crc = ~0u;
  for (uint32_t i = 0; i < summed; i++) {
    crc = stub_crc_byte(crc, byte_at(&frame, i));
  }
  frame.crc = ~crc;

  uint32_t at = 0;
  uint32_t run;
  do {
    run = 0;
    while (run < 254u && at + run < total && byte_at(&frame, at + run) != 0) {
      run++;
    }
    stub_port_write((uint8_t)(run + 1u));
    for (uint32_t i = 0; i < run; i++) {
      stub_port_write(byte_at(&frame, at + i));
    }
    at += run + (run != 254u); /* the zero, real or past the end, that the code stands for */
  } while (at < total + (run != 254u));
  stub_port_write(0);

  STUB_FENCE();
  stub.sending = 0;
  if (stub.want_state | stub.want_stop | (stub.output_end - stub.output_sent)) {
    stub_arch_service();
  }
}

/* HELLO_REPLY from `arch` on, as it stands on the line. */
static const struct __attribute__((packed)) {
  uint8_t arch, boot_id;
  uint32_t arena_addr, arena_size, stack_addr, stack_size;
  uint16_t max_frame, max_reply;
  uint8_t window;
} BOARD = {STUB_ARCH,       0,               STUB_ARENA_ADDR, STUB_ARENA_SIZE,
           STUB_STACK_ADDR, STUB_STACK_SIZE, STUB_MAX_FRAME,  STUB_MAX_REPLY, STUB_SLOTS};

void stub_send_hello(uint32_t seq) {
  uint8_t *to = stub_begin(BW_FRAME_HELLO_REPLY, seq);
  to = stub_put(to, BW_TABLE_HASH, 4);
  to = stub_put(to, stub.output_end, 4);
  *to++ = STUB_BUILD_ID_SIZE;
  for (uint32_t i = 0; i < STUB_BUILD_ID_SIZE; i++) {
    *to++ = STUB_BUILD_ID[i];
  }
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
    to = stub_put(to, stub.running | (uint32_t)stub.last_seq << 8, 2);
    to = stub_put_varint(to, stub.bad_crc);
    to = stub_put_varint(to, stub.bad_length);
    to = stub_put_varint(to, stub.dropped);
    stub_send(to, NULL, 0);
  }
  stub_flush();
  return stub.running ? stub.want_stop : 0;
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

void bw_output(const char *bytes, uint32_t len) {
  if (stub.printing) {
    stub.dropped++;
    return;
  }
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
        stub.dropped++;
        break;
      }
    }
  }
  stub.printing = 0;
  stub_flush();
}
