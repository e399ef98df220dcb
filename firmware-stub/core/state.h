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

/* Longest decoded frame, kind to CRC, off the line. Two of them cover 16 ms of latency at 921600 baud. */
#ifndef STUB_MAX_FRAME
#define STUB_MAX_FRAME 1536u
#endif

/* Longest one that is sent. */
#define STUB_MAX_REPLY (STUB_MAX_FRAME < 1024u ? STUB_MAX_FRAME : 1024u)

/* Output that is kept until the host has it; a power of two. */
#define STUB_OUTPUT_SIZE BW_LIMIT_MAX_OUTPUT

/* Words of a fault record, which the architecture may say in stub_memory.h. */
#ifndef STUB_FAULT_WORDS
#define STUB_FAULT_WORDS BW_FAULT_WORDS_CORTEXM
#endif

/* Where code is not executed from memory as it stands there, the architecture wants to know what changes. */
#ifndef STUB_WILL_WRITE
#define STUB_WILL_WRITE(addr, len) ((void)0)
#endif

/* Frames that the host may have unanswered: one in work, one received. A power of two. */
#ifndef STUB_SLOTS
#define STUB_SLOTS 2u
#endif
#define STUB_NEXT_SLOT(number) ((number) ^ (STUB_SLOTS - 1u))

/* kind and seq before the body. */
#define STUB_HEADER 2u

/* Longest head of a frame: STATE with three counters, or HELLO_REPLY up to a build id of 8 bytes. */
#define STUB_MAX_HEAD 24u

_Static_assert(STUB_MAX_FRAME <= BW_LIMIT_MAX_FRAME, "the host would refuse such frames");

struct stub_slot {
  volatile uint8_t full; /* set by the receive interrupt, cleared by the main loop */
  uint8_t kind;
  uint8_t seq;
  uint32_t length; /* of the body */
  uint8_t body[STUB_MAX_FRAME - STUB_HEADER]; /* and the CRC behind it */
};

/* Bytes first, then words: the nearer to its start, the shorter the instructions that reach it. */
struct stub_state {
  /* Receive interrupt only. */
  uint8_t rx_run;    /* bytes left in this COBS block */
  uint8_t rx_zero;   /* a zero is due before the next block */
  uint8_t rx_next;   /* slot that the next frame goes to */
  uint8_t rx_taken;  /* that slot was free when this frame began */
  uint8_t rx_kind;
  uint8_t rx_seq;

  /* Left by one level for another. */
  volatile uint8_t quiet;   /* STUB_QUIET; else user code runs */
  volatile uint8_t sending; /* a frame is on its way: nobody may send within it */
  volatile uint8_t want_state;
  volatile uint16_t broken;   /* BREAK came for the batch with this seq + 1; 0: for none since the newest answer */
  volatile uint8_t want_stop; /* BW_STATUS_… to end the code of the batch in work with, or 0 */
  uint8_t printing;      /* bw_output is in work */
  volatile uint8_t deaf;  /* the host has let a full buffer wait: no more waiting until it is heard */
  volatile uint8_t heard; /* it was, since the wait looked last */

  /* The batch in work, or the newest one. From here up to `sum` nothing changes while user code runs. */
  uint8_t last_seq; /* newest batch begun, or of the newest HELLO */
  uint8_t known;    /* batches begun since that HELLO, 128 at most; if any, the stored reply answers last_seq */
  uint8_t greeted;  /* HELLO has come since the start */
  uint8_t failed;   /* that batch did not end OK */
  uint8_t work;     /* slot that the main loop takes next, or has in work */
  volatile uint8_t busy;
  uint8_t status;
  uint8_t malformed;
  uint32_t begin;      /* of the run, in microseconds */
  uint32_t done;       /* finished ops */
  uint8_t *reply_end;  /* results and failure end here in stub_reply */
  uint8_t *results_end; /* so do the results of finished ops */
  const uint8_t *in;   /* next byte of the batch */
  const uint8_t *in_end;
  uint32_t sum; /* what stub_sum was when the run began, or before a reset that is to be answered after it */

  /* Output: counts of bytes since the start, acked <= sent <= end <= acked + STUB_OUTPUT_SIZE. */
  volatile uint32_t output_end;
  volatile uint32_t output_sent;
  volatile uint32_t output_acked;

  /* The frame being sent: its sum so far, and the bytes of its COBS block, code included. */
  uint32_t crc;
  uint32_t block_size;

  uint32_t rx_count;
  uint32_t rx_crc;
  uint32_t bad_crc;
  uint32_t bad_length;
  uint32_t dropped;
  uint32_t exit_value;

  uint8_t head[STUB_MAX_HEAD]; /* kind, seq and what stands before the data of the frame being sent */

  /* From here on kept over every reset. */
  uint16_t known_boots; /* tells the rest from what RAM holds by chance */
  uint8_t boots;        /* 0 since power came; another number after every reset */
  uint8_t cause;        /* with which the stub restarted the board, until a batch begins */
};

_Static_assert(offsetof(struct stub_state, last_seq) % 4u == 0, "summed by words");

/* Not just any number: a state that was written over looks like running code, and a sum tells the two apart. */
#define STUB_QUIET 0xA5u

extern struct stub_state stub;

static inline bool stub_running(void) { return stub.quiet != STUB_QUIET; }

/* Counts what STATE tells; an image that has no room for that says nothing but zeros. */
#if defined(STUB_NO_COUNTERS)
#define STUB_COUNT(counter) ((void)0)
#else
#define STUB_COUNT(counter) (stub.counter++)
#endif

/* The frame buffers, apart from the rest so that sizes can be told apart. */
extern struct stub_slot stub_slots[STUB_SLOTS];
extern uint8_t stub_reply[STUB_MAX_REPLY];
extern uint8_t stub_output[STUB_OUTPUT_SIZE]; /* byte n of all output at n modulo its size, until acknowledged */

/* Keeps the compiler from moving memory accesses over this point (other levels run on the same core). */
#define STUB_FENCE() __asm__ volatile("" ::: "memory")

/* The first or the second, whatever the number: user code may have written over it. */
#if STUB_SLOTS == 1u
static inline struct stub_slot *stub_slot(uint32_t number) {
  (void)number;
  return stub_slots;
}
#else
struct stub_slot *stub_slot(uint32_t number);
#endif

/* True while a received frame waits for stub_poll. */
static inline bool stub_has_work(void) { return stub_slot(stub.work)->full != 0; }

/* Resets the board, which then says HELLO_REPLY with `cause`: a status, or 0. */
_Noreturn void stub_restart(uint32_t cause);

/* A sum over what must not change during a run: the middle of the state, the results, the batch. */
uint32_t stub_sum(void);

/* Restarts with DAMAGED unless that sum is what it was. */
void stub_check(void);

/* CRC-32/ISO-HDLC (poly 0x04C11DB7 reflected). `crc` starts as ~0 and is complemented at the end. */
uint32_t stub_crc_byte(uint32_t crc, uint8_t byte);

/* Writes `count` bytes of a little-endian number, or a varint; hands back where the next byte goes. */
uint8_t *stub_put(uint8_t *to, uint32_t value, uint32_t count);
uint8_t *stub_put_varint(uint8_t *to, uint32_t value);

/* Begins a frame: fields go where it says, to the head. Sends it: the head so far, then `length` bytes of data. */
uint8_t *stub_begin(uint32_t kind, uint32_t seq);
void stub_send(const uint8_t *head_end, const uint8_t *data, uint32_t length);

void stub_send_hello(uint32_t seq);

/* Sends the output that is not sent yet. */
void stub_flush(void);

#endif
