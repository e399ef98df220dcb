/* Destructors of objects with static lifetime. They are kept in order of construction and run by nobody yet:
 * a session has no end on the board. When the table is full the object is simply never destroyed, which is
 * what a board that is switched off does as well. */
#include "barewire.h"

#define RECORDS 32u

struct bw_destructor {
  void (*destroy)(void *);
  void *object;
};

struct bw_destructor bw_destructors[RECORDS];
uint32_t bw_destructor_count;

int __cxa_atexit(void (*destroy)(void *), void *object, void *library) {
  (void)library;
  if (bw_destructor_count == RECORDS) {
    return -1;
  }
  bw_destructors[bw_destructor_count++] = (struct bw_destructor){destroy, object};
  return 0;
}

/* The Arm ABI's form, with the arguments in another order. */
int __aeabi_atexit(void *object, void (*destroy)(void *), void *library) {
  return __cxa_atexit(destroy, object, library);
}
