/* picolibc's standard streams: stdin meets its end, stdout gathers a line, stderr is stdout without waiting for it.
 * The library leaves these to the program. What stdout still holds is sent by bw_flush, which the host runs after each
 * input, so that a line without its end is seen too. Layout: picolibc, stdio.h, struct __file. */
#include "../barewire.h"

#define LINE_BYTES 64u
#define CAN_READ 1u
#define CAN_WRITE 2u
#define END_OF_FILE (-2)

struct file {
  uint32_t unget;
  uint8_t flags;
  int (*put)(char byte, struct file *file);
  int (*get)(struct file *file);
  int (*flush)(struct file *file);
};

void bw_flush(void);

static char line[LINE_BYTES];
static uint32_t line_length;

void bw_flush(void) {
  const uint32_t length = line_length;
  line_length = 0;
  if (length != 0) {
    bw_output(line, length);
  }
}

static int put(char byte, struct file *file) {
  (void)file;
  line[line_length++] = byte;
  if (byte == '\n' || line_length == LINE_BYTES) {
    bw_flush();
  }
  return (unsigned char)byte;
}

static int put_now(char byte, struct file *file) {
  put(byte, file);
  bw_flush();
  return (unsigned char)byte;
}

static int get(struct file *file) {
  (void)file;
  return END_OF_FILE;
}

static int flush(struct file *file) {
  (void)file;
  bw_flush();
  return 0;
}

static struct file input = {0, CAN_READ, (int (*)(char, struct file *))0, get, flush};
static struct file output = {0, CAN_WRITE, put, get, flush};
static struct file errors = {0, CAN_WRITE, put_now, get, flush};

struct file *const stdin = &input;
struct file *const stdout = &output;
struct file *const stderr = &errors;
