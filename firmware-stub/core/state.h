/* All state of the stub in one place, so that code reaches it with one base register.
 *
 *   line ─▶ rx (COBS undone byte by byte) ─▶ slot[0] ⇄ slot[1] ─▶ stub_poll ─▶ reply ─▶ line
 *
 * Two slots: one frame can be worked on while the next one comes in. Kind and seq are kept outside of the
 * slots, so that PING, BREAK and RESET, which have no body, are heard while both slots are full. */
#ifndef STUB_STATE_H
#define STUB_STATE_H

#include <stddef.h>

#include "bw_protocol.h"
#include "stub.h"
#include "stub_memory.h"

/* Longest decoded frame, kind to CRC, in either direction. */
#ifndef STUB_MAX_FRAME
#define STUB_MAX_FRAME 1024u
#endif

/* Frames that the host may have unanswered: one in work, one received. */
#define STUB_SLOTS 2u

/* kind and seq before the body. */
#define STUB_HEADER 2u

/* Longest head of a frame that is not taken from a buffer: HELLO_REPLY with a build id of 8 bytes. */
#define STUB_MAX_HEAD 40u

_Static_assert(STUB_MAX_FRAME <= BW_LIMIT_MAX_FRAME, "the host would refuse such frames");

struct stub_slot {
  volatile uint8_t full; /* set by the receive interrupt, cleared by stub_poll */
  uint8_t kind;
  uint8_t seq;
  uint16_t length; /* of the body */
};

struct stub_state {
  /* Receive interrupt only. */
  uint8_t rx_run;    /* bytes left in this COBS block */
  uint8_t rx_zero;   /* a zero is due before the next block */
  uint8_t rx_slot;   /* slot that this frame goes to */
  uint8_t rx_stored; /* that slot was free when the frame began */
  uint8_t rx_kind;
  uint8_t rx_seq;

  /* Sequence. */
  uint8_t last_seq; /* newest batch begun, or of the newest HELLO */
  uint8_t known;    /* batches begun since that HELLO, 128 at most; if any, the stored reply answers last_seq */
  uint8_t failed;   /* that batch did not end OK */
  uint8_t work_slot;

  /* The batch in work. */
  uint8_t busy;
  volatile uint8_t running; /* user code runs */
  uint8_t status;
  uint8_t malformed;

  /* Left by one level for another. */
  volatile uint8_t sending; /* a frame is on its way: nobody may send within it */
  volatile uint8_t want_state;
  volatile uint8_t want_stop; /* BW_STATUS_… to end the running code with, or 0 */

  uint8_t head_length;
  uint16_t done;       /* finished ops */
  uint16_t reply_length; /* bytes of results and failure in stub_reply */
  uint16_t committed;    /* of them, those of finished ops */

  uint32_t rx_count;
  uint32_t rx_crc;
  uint32_t bad_crc;
  uint32_t bad_length;
  uint32_t dropped;
  uint32_t output_offset;
  uint32_t exit_value;
  const uint8_t *in; /* next byte of the batch in work */
  const uint8_t *in_end;

  struct stub_slot slot[STUB_SLOTS];
  uint8_t head[STUB_MAX_HEAD]; /* kind, seq and what stands before the data of the frame being sent */
};

extern struct stub_state stub;

/* The frame buffers, apart from the rest so that sizes can be told apart. */
extern uint8_t stub_frames[STUB_SLOTS][STUB_MAX_FRAME - STUB_HEADER];
extern uint8_t stub_reply[STUB_MAX_FRAME];

/* Keeps the compiler from moving memory accesses over this point (other levels run on the same core). */
#define STUB_FENCE() __asm__ volatile("" ::: "memory")

/* CRC-32/ISO-HDLC (poly 0x04C11DB7 reflected). `crc` starts as ~0 and is complemented at the end. */
uint32_t stub_crc_byte(uint32_t crc, uint8_t byte);

/* Begin a frame; append to its head; send it with `length` bytes of data behind the head. */
void stub_begin(uint32_t kind, uint32_t seq);
void stub_head_bytes(uint32_t value, uint32_t count);
void stub_head_varint(uint32_t value);
void stub_send(const uint8_t *data, uint32_t length);

void stub_send_hello(uint32_t seq);
void stub_send_reply(uint32_t seq, uint32_t status, uint32_t done, uint32_t length);

#endif
