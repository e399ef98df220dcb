/* The heap that malloc grows into. The host's linker reserves it in the arena and defines both ends when this
 * member is linked, so a session that never allocates has no heap. */
#include "barewire.h"

extern char __bw_heap_start[], __bw_heap_end[];
static char *heap_top;

void *_sbrk(ptrdiff_t increment) {
  if (heap_top == NULL) {
    heap_top = __bw_heap_start;
  }
  if (increment > __bw_heap_end - heap_top || increment < __bw_heap_start - heap_top) {
    return (void *)-1;
  }
  char *block = heap_top;
  heap_top += increment;
  return block;
}
