/* Destructors of objects with static lifetime. The compiler registers each object once it is constructed; the host
 * has them run when an input is undone, a variable is replaced, or the session ends.
 *
 *   newest ─▶ record ─▶ record ─▶ … oldest        spare ─▶ record ─▶ …
 *
 * A record names the input that the object belongs to: its linker gives each input a __dso_handle of its own. There
 * are 32 records at first; when they are used up, malloc gives more. The host links malloc in by then. */
#include "barewire.h"
#include "destroyed-object.h"

#define FIRST 32u

struct record {
  struct record *older;
  void (*destroy)(void *);
  void *object;
  uintptr_t input;
};

__attribute__((weak)) void *malloc(size_t size);

static struct record first[FIRST];
static uint32_t first_used;
static struct record *newest, *spare;

/* Which records the host means: those whose input, or whose object's address, lies in [low, high). It writes this
 * before it runs bw_run_destructors. */
struct bw_destructors {
  uintptr_t low, high;
  uint32_t by_object;
  uint32_t forget; /* drop the records, but do not run them: the objects were never finished */
};
struct bw_destructors bw_destructors;

static struct record *new_record(void) {
  struct record *record = spare;
  if (record != NULL) {
    spare = record->older;
    return record;
  }
  if (first_used != FIRST) {
    return &first[first_used++];
  }
  return malloc == NULL ? NULL : malloc(sizeof *record);
}

int __cxa_atexit(void (*destroy)(void *), void *object, void *input) {
  static const char MESSAGE[] = "no memory left to note which object is to be destroyed later\n";
  struct record *record = new_record();
  if (record == NULL) {
    bw_output(MESSAGE, sizeof MESSAGE - 1u);
    bw_exit(BW_ABORTED);
  }
  *record = (struct record){newest, destroy, object == NULL ? destroyed_object(destroy) : object, (uintptr_t)input};
  newest = record;
  return 0;
}

/* The Arm ABI's form, with the arguments in another order. */
int __aeabi_atexit(void *object, void (*destroy)(void *), void *input) { return __cxa_atexit(destroy, object, input); }

/* Destroys objects, the one constructed last first.
 * @return how many */
uint32_t bw_run_destructors(void);

uint32_t bw_run_destructors(void) {
  uint32_t count = 0;
  struct record **at = &newest;
  while (*at != NULL) {
    struct record *record = *at;
    const uintptr_t key = bw_destructors.by_object ? (uintptr_t)record->object : record->input;
    if (key < bw_destructors.low || key >= bw_destructors.high) {
      at = &record->older;
      continue;
    }
    *at = record->older;
    record->older = spare;
    spare = record;
    count++;
    if (!bw_destructors.forget) {
      const struct record kept = *record;
      kept.destroy(kept.object);
      at = &newest; /* a destructor may have registered another object */
    }
  }
  return count;
}
