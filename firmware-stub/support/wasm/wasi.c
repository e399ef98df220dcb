/* What wasi-libc asks of its system, answered by the stub: output goes out, there is no input, no file and no
 * environment. What is not here is told by the host's linker. Names and layouts: WASI, preview 1. */
#include "../barewire.h"

#define SUCCESS 0
#define BAD_FILE 8
#define NOT_SUPPORTED 58

#define WASI(name) __imported_wasi_snapshot_preview1_##name

struct vector {
  const char *bytes;
  uint32_t count;
};

uint64_t bw_micros64(void);

int32_t WASI(fd_write)(int32_t file, int32_t vectors, int32_t count, int32_t written);
int32_t WASI(fd_write)(int32_t file, int32_t vectors, int32_t count, int32_t written) {
  const struct vector *at = (const struct vector *)(uintptr_t)vectors;
  uint32_t sum = 0;
  if (file != 1 && file != 2) {
    return BAD_FILE;
  }
  for (; count > 0; count--, at++) {
    if (at->count != 0) {
      bw_output(at->bytes, at->count);
    }
    sum += at->count;
  }
  *(uint32_t *)(uintptr_t)written = sum;
  return SUCCESS;
}

/* Standard input is at its end. */
int32_t WASI(fd_read)(int32_t file, int32_t vectors, int32_t count, int32_t got);
int32_t WASI(fd_read)(int32_t file, int32_t vectors, int32_t count, int32_t got) {
  (void)vectors;
  (void)count;
  if (file != 0) {
    return BAD_FILE;
  }
  *(uint32_t *)(uintptr_t)got = 0;
  return SUCCESS;
}

int32_t WASI(fd_close)(int32_t file);
int32_t WASI(fd_close)(int32_t file) { return file < 3 ? SUCCESS : BAD_FILE; }

int32_t WASI(fd_seek)(int32_t file, int64_t offset, int32_t from, int32_t place);
int32_t WASI(fd_seek)(int32_t file, int64_t offset, int32_t from, int32_t place) {
  (void)offset;
  (void)from;
  (void)place;
  return file < 3 ? NOT_SUPPORTED : BAD_FILE;
}

/* A terminal: lines are sent when they are whole. */
int32_t WASI(fd_fdstat_get)(int32_t file, int32_t status);
int32_t WASI(fd_fdstat_get)(int32_t file, int32_t status) {
  uint8_t *to = (uint8_t *)(uintptr_t)status;
  if (file < 0 || file > 2) {
    return BAD_FILE;
  }
  for (uint32_t i = 0; i < 24u; i++) {
    to[i] = 0;
  }
  to[0] = 2; /* a character device that neither seeks nor tells */
  to[8] = file == 0 ? 2 : 64;
  return SUCCESS;
}

int32_t WASI(fd_prestat_get)(int32_t file, int32_t status);
int32_t WASI(fd_prestat_get)(int32_t file, int32_t status) {
  (void)file;
  (void)status;
  return BAD_FILE;
}

int32_t WASI(fd_prestat_dir_name)(int32_t file, int32_t name, int32_t size);
int32_t WASI(fd_prestat_dir_name)(int32_t file, int32_t name, int32_t size) {
  (void)file;
  (void)name;
  (void)size;
  return BAD_FILE;
}

static int32_t nothing(int32_t count, int32_t bytes) {
  *(uint32_t *)(uintptr_t)count = 0;
  *(uint32_t *)(uintptr_t)bytes = 0;
  return SUCCESS;
}

int32_t WASI(environ_sizes_get)(int32_t count, int32_t bytes);
int32_t WASI(environ_sizes_get)(int32_t count, int32_t bytes) { return nothing(count, bytes); }

int32_t WASI(args_sizes_get)(int32_t count, int32_t bytes);
int32_t WASI(args_sizes_get)(int32_t count, int32_t bytes) { return nothing(count, bytes); }

int32_t WASI(environ_get)(int32_t list, int32_t bytes);
int32_t WASI(environ_get)(int32_t list, int32_t bytes) {
  (void)list;
  (void)bytes;
  return SUCCESS;
}

int32_t WASI(args_get)(int32_t list, int32_t bytes);
int32_t WASI(args_get)(int32_t list, int32_t bytes) {
  (void)list;
  (void)bytes;
  return SUCCESS;
}

/* All clocks count from the board's start. */
int32_t WASI(clock_time_get)(int32_t clock, int64_t precision, int32_t time);
int32_t WASI(clock_time_get)(int32_t clock, int64_t precision, int32_t time) {
  (void)clock;
  (void)precision;
  *(uint64_t *)(uintptr_t)time = bw_micros64() * 1000u;
  return SUCCESS;
}

int32_t WASI(clock_res_get)(int32_t clock, int32_t resolution);
int32_t WASI(clock_res_get)(int32_t clock, int32_t resolution) {
  (void)clock;
  *(uint64_t *)(uintptr_t)resolution = 1000u;
  return SUCCESS;
}

int32_t WASI(sched_yield)(void);
int32_t WASI(sched_yield)(void) { return SUCCESS; }

/* Not random: a number that is another one each time. */
int32_t WASI(random_get)(int32_t bytes, int32_t count);
int32_t WASI(random_get)(int32_t bytes, int32_t count) {
  static uint32_t state;
  uint8_t *to = (uint8_t *)(uintptr_t)bytes;
  state ^= bw_micros();
  for (; count > 0; count--) {
    state = state * 1664525u + 1013904223u;
    *to++ = (uint8_t)(state >> 24);
  }
  return SUCCESS;
}

_Noreturn void WASI(proc_exit)(int32_t code);
_Noreturn void WASI(proc_exit)(int32_t code) { bw_exit((uint32_t)code); }
