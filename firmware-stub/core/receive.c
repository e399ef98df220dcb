/* From bytes off the line to frames. COBS is undone and the CRC summed byte by byte, so that the end of a
 * frame costs no more time than any other byte.
 *
 *   COBS   code n, then n-1 bytes, then a zero unless n is 255 or the frame ends
 *   CRC    over the frame with its CRC behind it the sum is always RESIDUE */
#include "state.h"

#define RESIDUE 0xDEBB20E3u

static void append(uint8_t byte) {
  const uint32_t at = stub.rx_count;
  if (at > STUB_MAX_FRAME) {
    return;
  }
  stub.rx_count = at + 1u;
  if (at == 0) {
    stub.rx_taken = !stub_slot(stub.rx_next)->full;
    stub.rx_crc = ~0u;
    stub.rx_kind = byte;
  } else if (at == 1) {
    stub.rx_seq = byte;
  } else if (stub.rx_taken && at < STUB_MAX_FRAME) {
    stub_slot(stub.rx_next)->body[at - STUB_HEADER] = byte;
  }
  stub.rx_crc = stub_crc_byte(stub.rx_crc, byte);
}

/* HELLO, BATCH and BATCH_CONT wait for the main loop, unless user code keeps that from coming round. */
static void queue(void) {
  struct stub_slot *slot = stub_slot(stub.rx_next);
  if (stub_running()) {
    if (stub.rx_kind == BW_FRAME_HELLO || stub.rx_seq != stub.last_seq) {
      STUB_COUNT(dropped);
    }
    stub.want_state = 1;
    stub_arch_service();
  } else if (!stub.rx_taken) {
    STUB_COUNT(dropped);
  } else {
    slot->kind = stub.rx_kind;
    slot->seq = stub.rx_seq;
    slot->length = stub.rx_count - BW_MIN_FRAME;
    STUB_FENCE();
    slot->full = 1;
    stub.rx_next = STUB_NEXT_SLOT(stub.rx_next);
  }
}

/* seq is a quarter of the offset up to which output has arrived; an old one does not fit what is held. */
static void acknowledge(void) {
  uint32_t acked = stub.output_acked;
  const uint32_t step = 4u * (uint8_t)(stub.rx_seq - (acked >> 2));
  if (step <= stub.output_end - acked) {
    stub.output_acked = acked += step;
  }
  stub.deaf = 0;
  stub.heard = 1;
  if (stub.rx_kind == BW_FRAME_PING) {
    stub.want_state = 1;
  } else if (stub.rx_kind == BW_FRAME_AGAIN) {
    stub.output_sent = acked;
  }
  stub_arch_service();
}

static void accept(void) {
  switch (stub.rx_kind) {
    case BW_FRAME_HELLO:
    case BW_FRAME_BATCH:
    case BW_FRAME_BATCH_CONT:
      queue();
      break;
    case BW_FRAME_PING:
    case BW_FRAME_ACK:
    case BW_FRAME_AGAIN:
      acknowledge();
      break;
    case BW_FRAME_BREAK:
      stub.broken = (uint16_t)(stub.rx_seq + 1u); /* what has not begun yet is stopped when it runs code */
      if ((stub.busy | stub_running()) && stub.rx_seq == stub.last_seq) {
        stub.want_stop = BW_STATUS_BROKEN;
        stub_arch_service();
      }
      break;
    case BW_FRAME_RESET:
      stub_restart(0);
    default:
      STUB_COUNT(bad_length); /* no such kind: another version of the table, which HELLO will tell */
      break;
  }
}

void stub_receive(uint8_t byte) {
  if (byte != 0) {
    if (stub.rx_run != 0) {
      stub.rx_run--;
    } else {
      const uint8_t due = stub.rx_zero;
      stub.rx_run = (uint8_t)(byte - 1u);
      stub.rx_zero = byte != 0xFFu;
      if (!due) {
        return;
      }
      byte = 0;
    }
    append(byte);
    return;
  }
  if (stub.rx_run != 0 || stub.rx_count > STUB_MAX_FRAME || stub.rx_count < BW_MIN_FRAME) {
    if (stub.rx_zero || stub.rx_run != 0 || stub.rx_count != 0) { /* else two delimiters in a row */
      STUB_COUNT(bad_length);
    }
  } else if (stub.rx_crc != RESIDUE) {
    STUB_COUNT(bad_crc);
  } else {
    accept();
  }
  stub.rx_run = 0;
  stub.rx_zero = 0;
  stub.rx_count = 0;
}
