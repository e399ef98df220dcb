/* operator new without exceptions: a heap that is full ends the program with words. The archive's version would
 * link the unwinder in order to throw std::bad_alloc. A handler of std::set_new_handler is called first. */
#include "failure.h"

/* size_t in the name of a C++ function. */
#if defined(__wasm__)
#define SIZE "m"
#else
#define SIZE "j"
#endif

typedef void (*new_handler)(void);

void *malloc(size_t size);
new_handler get_new_handler(void) __asm__("_ZSt15get_new_handlerv") __attribute__((weak));

static void *allocate(size_t size) {
  if (size == 0u) {
    size = 1u;
  }
  for (;;) {
    void *block = malloc(size);
    if (block != NULL) {
      return block;
    }
    new_handler handler = get_new_handler == NULL ? NULL : get_new_handler();
    if (handler == NULL) {
      return NULL;
    }
    handler();
  }
}

static void *need(size_t size) {
  void *block = allocate(size);
  if (block == NULL) {
    say("std::bad_alloc: the heap has no ");
    say_number(size);
    say(" bytes in one piece\n");
    bw_exit(BW_ABORTED);
  }
  return block;
}

void *bw_new(size_t size) __asm__("_Znw" SIZE);
void *bw_new(size_t size) { return need(size); }

void *bw_new_array(size_t size) __asm__("_Zna" SIZE);
void *bw_new_array(size_t size) { return need(size); }

void *bw_new_nothrow(size_t size, const void *tag) __asm__("_Znw" SIZE "RKSt9nothrow_t");
void *bw_new_nothrow(size_t size, const void *tag) {
  (void)tag;
  return allocate(size);
}

void *bw_new_array_nothrow(size_t size, const void *tag) __asm__("_Zna" SIZE "RKSt9nothrow_t");
void *bw_new_array_nothrow(size_t size, const void *tag) {
  (void)tag;
  return allocate(size);
}
