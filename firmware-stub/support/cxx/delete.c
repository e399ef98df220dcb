/* operator delete, and what goes with operator new. On cores for which GCC's own library has no archive. */
#include <stddef.h>

typedef void (*new_handler)(void);

void free(void *block);

void bw_delete(void *block) __asm__("_ZdlPv");
void bw_delete(void *block) { free(block); }

void bw_delete_array(void *block) __asm__("_ZdaPv");
void bw_delete_array(void *block) { free(block); }

void bw_delete_sized(void *block, size_t size) __asm__("_ZdlPvj");
void bw_delete_sized(void *block, size_t size) {
  (void)size;
  free(block);
}

void bw_delete_array_sized(void *block, size_t size) __asm__("_ZdaPvj");
void bw_delete_array_sized(void *block, size_t size) {
  (void)size;
  free(block);
}

const char bw_nothrow __asm__("_ZSt7nothrow") = 0;

static new_handler handler;

new_handler bw_get_new_handler(void) __asm__("_ZSt15get_new_handlerv");
new_handler bw_get_new_handler(void) { return handler; }

new_handler bw_set_new_handler(new_handler now) __asm__("_ZSt15set_new_handlerPFvvE");
new_handler bw_set_new_handler(new_handler now) {
  new_handler before = handler;
  handler = now;
  return before;
}
