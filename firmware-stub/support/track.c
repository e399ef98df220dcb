/* Which memory did running code write to? The host asks after each run, so that it can keep a copy of the session's
 * memory and put it back when an input fails.
 *
 * The arena is read-only while code runs. The first write to a page is refused; the stub asks bw_fault_hook, which
 * notes the page and opens a window on it, and the write is done again. When the list is full the pages get twice as
 * large: the list stays short, whatever is written and however large the memory is.
 *
 *   regions  all of RAM read-only, then the part below the arena writable again; the host works them out
 *   windows  higher regions, which win where regions overlap; the oldest one is closed for a new one
 *
 * The state lies among constants, out of the reach of running code. The stub calls the hook with the MPU off. */
#include <stdbool.h>

#include "barewire.h"
#include "mpu.h"

#if defined(__ARM_ARCH_7M__) || defined(__ARM_ARCH_7EM__)

#define PAGES 32u
#define WINDOWS 6u
#define REGIONS 8u

/* The section's name tells the host that these constants change. */
#define HIDDEN __attribute__((section(".rodata.bw_changing"), used))

/* Written by the host. */
struct setup {
  uint32_t low, high; /* what may be written to, in whole pages */
  uint32_t log2;      /* bytes of the smallest page */
  uint32_t windows;   /* how many; 0 ends the tracking */
  uint32_t window[WINDOWS];
  struct bw_mpu_region regions[REGIONS];
};

struct list {
  uint32_t count;
  uint32_t log2; /* bytes of a page */
  uint32_t page[PAGES];
};

struct state {
  struct list now;
  uint32_t next_window;
};

HIDDEN const volatile struct setup bw_track_setup = {0};
HIDDEN const volatile struct list bw_track_pages = {0}; /* what bw_track_take has handed out */
HIDDEN static const volatile struct state track_state = {0};

extern uint32_t (*volatile bw_fault_hook)(uint32_t addr);

/* An address that the compiler does not know to be a constant's. */
static void *writable(const volatile void *object) {
  uintptr_t place = (uintptr_t)object;
  __asm__("" : "+r"(place));
  return (void *)place;
}

#define READ_WRITE (3u << 24 | 1u << 17)
#define SIZE(log2) (((log2)-1u) << 1 | 1u)

/* Notes the page of an address, if there is room. */
static bool note(struct list *list, uint32_t addr) {
  const uint32_t page = addr & ~0u << list->log2;
  for (uint32_t i = 0; i != list->count; i++) {
    if (list->page[i] == page) {
      return true;
    }
  }
  if (list->count == PAGES) {
    return false;
  }
  list->page[list->count++] = page;
  return true;
}

static void coarsen(struct list *list) {
  const uint32_t count = list->count;
  list->log2++;
  list->count = 0;
  for (uint32_t i = 0; i != count; i++) {
    note(list, list->page[i]); /* never overtakes what it reads */
  }
}

static void set_region(uint32_t rbar, uint32_t rasr) {
  BW_MPU_RBAR = rbar;
  BW_MPU_RASR = rasr;
}

/* The MPU has refused a write: bw_fault_hook. */
static uint32_t refused(uint32_t addr) {
  const volatile struct setup *setup = &bw_track_setup;
  struct state *state = writable(&track_state);
  if (addr - setup->low >= setup->high - setup->low) {
    return 0;
  }
  while (!note(&state->now, addr)) {
    coarsen(&state->now);
  }
  /* A page that has grown may reach beyond what may be written to; a window must not. */
  uint32_t log2 = state->now.log2;
  while ((addr & ~0u << log2) < setup->low || (addr | ~(~0u << log2)) >= setup->high) {
    log2--;
  }
  set_region((addr & ~0u << log2) | BW_MPU_VALID | setup->window[state->next_window], READ_WRITE | SIZE(log2));
  state->next_window = state->next_window + 1u == setup->windows ? 0 : state->next_window + 1u;
  return 1;
}

/* Turns the MPU and interrupts off. */
static uint32_t enter(uint32_t *mask) {
  __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(*mask)::"memory");
  return bw_mpu_off();
}

static void leave(uint32_t ctrl, uint32_t mask) {
  bw_mpu_on(ctrl);
  __asm__ volatile("msr primask, %0" ::"r"(mask) : "memory");
}

static void begin_list(struct state *state) {
  for (uint32_t i = 0; i != bw_track_setup.windows; i++) {
    set_region(BW_MPU_VALID | bw_track_setup.window[i], 0);
  }
  state->now.count = 0;
  state->now.log2 = bw_track_setup.log2;
}

/* Hands out the list as bw_track_pages and begins a new one.
 * @return pages in it */
uint32_t bw_track_take(void);
uint32_t bw_track_take(void) {
  uint32_t mask;
  const uint32_t ctrl = enter(&mask);
  struct state *state = writable(&track_state);
  struct list *out = writable(&bw_track_pages);
  const uint32_t count = state->now.count;
  out->count = count;
  out->log2 = state->now.log2;
  for (uint32_t i = 0; i != count; i++) {
    out->page[i] = state->now.page[i];
  }
  begin_list(state);
  leave(ctrl, mask);
  return count;
}

/* Takes over what the host wrote to bw_track_setup: regions, windows, an empty list. */
uint32_t bw_track_start(void);
uint32_t bw_track_start(void) {
  uint32_t mask;
  const uint32_t ctrl = enter(&mask);
  const volatile struct setup *setup = &bw_track_setup;
  for (uint32_t i = 0; i != REGIONS; i++) {
    if (setup->regions[i].base != 0u) {
      set_region(setup->regions[i].base, setup->regions[i].rasr);
    }
  }
  begin_list(writable(&track_state));
  bw_fault_hook = setup->windows == 0u ? NULL : refused;
  leave(ctrl, mask);
  return 0;
}

#endif
