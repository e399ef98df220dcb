/* From replies to bytes on the line. A frame is sent from three pieces, and COBS and CRC are made on the way,
 * so that nothing is copied:
 *
 *   head (kind, seq, small fields) | data (the stored reply, or the user's own bytes) | CRC
 *
 * `sending` guards the one head: the service interrupt leaves its frame to be sent when this one is out. */
#include "state.h"

/* Bytes of output in one frame: one COBS block, and a BREAK waits for no more than this (21 ms at 115200). */
#define OUTPUT_CHUNK 240u

struct pieces {
  const uint8_t *data;
  uint32_t length;
  uint32_t crc;
};

void stub_begin(uint32_t kind, uint32_t seq) {
  stub.sending = 1;
  STUB_FENCE();
  stub.head[0] = (uint8_t)kind;
  stub.head[1] = (uint8_t)seq;
  stub.head_length = STUB_HEADER;
}

void stub_head_bytes(uint32_t value, uint32_t count) {
  for (; count != 0; count--, value >>= 8) {
    stub.head[stub.head_length++] = (uint8_t)value;
  }
}

void stub_head_varint(uint32_t value) {
  for (; value > 127u; value >>= 7) {
    stub_head_bytes(value | 0x80u, 1);
  }
  stub_head_bytes(value, 1);
}

static uint8_t byte_at(const struct pieces *frame, uint32_t at) {
  if (at < stub.head_length) {
    return stub.head[at];
  }
  at -= stub.head_length;
  if (at < frame->length) {
    return frame->data[at];
  }
  return (uint8_t)(frame->crc >> (8u * (at - frame->length)));
}

void stub_send(const uint8_t *data, uint32_t length) {
  struct pieces frame = {data, length, 0};
  const uint32_t summed = stub.head_length + length;
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
  if (stub.want_state | stub.want_stop) {
    stub_arch_service();
  }
}

void stub_send_hello(uint32_t seq) {
  stub_begin(BW_FRAME_HELLO_REPLY, seq);
  stub_head_bytes(BW_TABLE_HASH, 4);
  stub_head_bytes(STUB_BUILD_ID_SIZE, 1);
  for (uint32_t i = 0; i < STUB_BUILD_ID_SIZE; i++) {
    stub_head_bytes(STUB_BUILD_ID[i], 1);
  }
  stub_head_bytes(STUB_ARCH, 2); /* arch, and 0 as bootId */
  stub_head_bytes(STUB_ARENA_ADDR, 4);
  stub_head_bytes(STUB_ARENA_SIZE, 4);
  stub_head_bytes(STUB_STACK_ADDR, 4);
  stub_head_bytes(STUB_STACK_SIZE, 4);
  stub_head_bytes(STUB_MAX_FRAME | STUB_SLOTS << 16, 3);
  stub_send(NULL, 0);
}

void stub_send_reply(uint32_t seq, uint32_t status, uint32_t done, uint32_t length) {
  stub_begin(BW_FRAME_BATCH_REPLY, seq);
  stub_head_bytes(status, 1);
  stub_head_varint(done);
  stub_send(stub_reply, length);
}

uint32_t stub_service(void) {
  if (stub.sending) {
    return 0; /* stub_send asks again when its frame is out */
  }
  if (stub.want_state) {
    stub.want_state = 0;
    stub_begin(BW_FRAME_STATE, stub.last_seq);
    stub_head_bytes(stub.running, 1);
    stub_head_bytes(stub.last_seq, 1);
    stub_head_varint(stub.bad_crc);
    stub_head_varint(stub.bad_length);
    stub_head_varint(stub.dropped);
    stub_send(NULL, 0);
  }
  return stub.running ? stub.want_stop : 0;
}

void bw_output(const char *bytes, uint32_t len) {
  while (len != 0) {
    const uint32_t chunk = len < OUTPUT_CHUNK ? len : OUTPUT_CHUNK;
    if (!stub.sending) {
      stub_begin(BW_FRAME_OUTPUT, stub.last_seq);
      stub_head_varint(stub.output_offset);
      stub_send((const uint8_t *)bytes, chunk);
    }
    stub.output_offset += chunk;
    bytes += chunk;
    len -= chunk;
  }
}
