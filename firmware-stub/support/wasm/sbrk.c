/* The heap that malloc grows into. The host's linker reserves it in the arena and defines both ends when this member is
 * linked, so a session that never allocates has no heap. wasi-libc's own grows the memory, which belongs to the board. */
#include "../barewire.h"

extern char __bw_heap_start[], __bw_heap_end[];
char *bw_heap_top; /* the host looks for pointers below it */

/* malloc's first piece, which a linker gives it elsewhere: nothing. */
char __heap_base[16];
extern char __heap_end[16] __attribute__((alias("__heap_base")));

void *sbrk(intptr_t increment);

void *sbrk(intptr_t increment) {
  if (bw_heap_top == NULL) {
    bw_heap_top = __bw_heap_start;
  }
  if (increment > __bw_heap_end - bw_heap_top || increment < __bw_heap_start - bw_heap_top) {
    return (void *)-1;
  }
  char *block = bw_heap_top;
  bw_heap_top += increment;
  return block;
}
