/* Which object a function destroys that was registered without one, as compilers do for WebAssembly. The linker leaves it
 * in the function's record (protocol/wasm-function.ts), from where the build has the numbers. */
#ifndef DESTROYED_OBJECT_H
#define DESTROYED_OBJECT_H

#include <stdint.h>

#ifdef __wasm__

/** @return the object, or NULL where the record names none */
static inline void *destroyed_object(void (*destroy)(void *)) {
  const uint32_t *record = (const uint32_t *)destroy;
  const uint32_t *reference = record + BW_RECORD_HEADER_WORDS;
  if (record[0] != BW_RECORD_MAGIC || record[1] != BW_RECORD_FUNCTION) {
    return 0;
  }
  for (uint32_t left = record[BW_RECORD_REFERENCES_WORD]; left > 0; left--, reference += BW_RECORD_REFERENCE_WORDS) {
    if ((reference[0] & 0xffu) == BW_RECORD_OBJECT) {
      return (void *)(uintptr_t)reference[BW_RECORD_REFERENCE_WORDS - 1];
    }
  }
  return 0;
}

#else

static inline void *destroyed_object(void (*destroy)(void *)) {
  (void)destroy;
  return 0;
}

#endif
#endif
