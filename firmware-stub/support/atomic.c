/* Atomic operations that the core has no instructions for: all of them on ARMv6-M, those of 64 bits on
 * the others.
 * One core: nothing comes between while interrupts are held off. LLVM Atomics.html, "Libcalls: __atomic_*". */
#include <stdbool.h>
#include <stdint.h>

#if defined(__riscv)

static inline uint32_t hold_interrupts(void) {
  uint32_t before;
  __asm__ volatile("csrrci %0, mstatus, 8" : "=r"(before)::"memory");
  return before & 8u;
}

static inline void let_interrupts(uint32_t before) { __asm__ volatile("csrs mstatus, %0" ::"r"(before) : "memory"); }

#else

static inline uint32_t hold_interrupts(void) {
  uint32_t before;
  __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(before)::"memory");
  return before;
}

static inline void let_interrupts(uint32_t before) { __asm__ volatile("msr primask, %0" ::"r"(before) : "memory"); }

#endif

/* Declared under other names: some compilers know these and insist on prototypes of their own. */
#define NAMED(name, bytes) __asm__("__atomic_" #name "_" #bytes)

#define FETCH(name, bytes, type, result)                                         \
  type bw_fetch_##name##bytes(volatile type *place, type value, int order)       \
      NAMED(fetch_##name, bytes);                                                \
  type bw_fetch_##name##bytes(volatile type *place, type value, int order) {     \
    (void)order;                                                                 \
    uint32_t before = hold_interrupts();                                         \
    type old = *place;                                                           \
    *place = (type)(result);                                                     \
    let_interrupts(before);                                                      \
    return old;                                                                  \
  }

#define ATOMICS(bytes, type)                                                                                        \
  type bw_load##bytes(const volatile type *place, int order) NAMED(load, bytes);                                    \
  type bw_load##bytes(const volatile type *place, int order) {                                                      \
    (void)order;                                                                                                    \
    uint32_t before = hold_interrupts();                                                                            \
    type value = *place;                                                                                            \
    let_interrupts(before);                                                                                         \
    return value;                                                                                                   \
  }                                                                                                                 \
  void bw_store##bytes(volatile type *place, type value, int order) NAMED(store, bytes);                            \
  void bw_store##bytes(volatile type *place, type value, int order) {                                               \
    (void)order;                                                                                                    \
    uint32_t before = hold_interrupts();                                                                            \
    *place = value;                                                                                                 \
    let_interrupts(before);                                                                                         \
  }                                                                                                                 \
  bool bw_compare##bytes(volatile type *place, type *expected, type value, int success, int failure)                \
      NAMED(compare_exchange, bytes);                                                                               \
  bool bw_compare##bytes(volatile type *place, type *expected, type value, int success, int failure) {              \
    (void)success;                                                                                                  \
    (void)failure;                                                                                                  \
    uint32_t before = hold_interrupts();                                                                            \
    type old = *place;                                                                                              \
    bool same = old == *expected;                                                                                   \
    if (same) {                                                                                                     \
      *place = value;                                                                                               \
    }                                                                                                               \
    let_interrupts(before);                                                                                         \
    *expected = old;                                                                                                \
    return same;                                                                                                    \
  }                                                                                                                 \
  type bw_exchange##bytes(volatile type *place, type value, int order) NAMED(exchange, bytes);                      \
  type bw_exchange##bytes(volatile type *place, type value, int order) {                                            \
    (void)order;                                                                                                    \
    uint32_t before = hold_interrupts();                                                                            \
    type old = *place;                                                                                              \
    *place = value;                                                                                                 \
    let_interrupts(before);                                                                                         \
    return old;                                                                                                     \
  }                                                                                                                 \
  FETCH(add, bytes, type, old + value)                                                                              \
  FETCH(sub, bytes, type, old - value)                                                                              \
  FETCH(and, bytes, type, old &value)                                                                               \
  FETCH(or, bytes, type, old | value)                                                                               \
  FETCH(xor, bytes, type, old ^ value)                                                                              \
  FETCH(nand, bytes, type, ~(old & value))

ATOMICS(1, uint8_t)
ATOMICS(2, uint16_t)
ATOMICS(4, uint32_t)
ATOMICS(8, uint64_t)
