/* Exceptions: their memory, and what happens when nobody catches one. libstdc++'s own allocator takes some 20 KB of the
 * heap in advance for when that is full; this one keeps room for one small object such as std::bad_alloc.
 * Names: Itanium C++ ABI, Exception Handling, 2.4; libstdc++, cxxabi.h. */
#include "../failure.h"

/* The header in front of an exception has 128 bytes in GCC 12. */
#define HEADER_SIZE 160u
#define RESERVE_SIZE (HEADER_SIZE + 96u)

void *malloc(size_t size);
void free(void *block);
_Noreturn void terminate(void) __asm__("_ZSt9terminatev");

static uint8_t reserve[RESERVE_SIZE] __attribute__((aligned(8)));
static uint8_t is_reserve_used;

static void *allocate(size_t size) {
  uint8_t *block = malloc(size);
  if (block == NULL) {
    if (size > RESERVE_SIZE || is_reserve_used) {
      terminate();
    }
    is_reserve_used = 1u;
    block = reserve;
  }
  for (size_t i = 0; i < HEADER_SIZE; i++) {
    block[i] = 0;
  }
  return block;
}

static void release(void *block) {
  if (block == reserve) {
    is_reserve_used = 0;
  } else {
    free(block);
  }
}

void *__cxa_allocate_exception(size_t size);
void *__cxa_allocate_exception(size_t size) { return (uint8_t *)allocate(size + HEADER_SIZE) + HEADER_SIZE; }

void __cxa_free_exception(void *object);
void __cxa_free_exception(void *object) { release((uint8_t *)object - HEADER_SIZE); }

/* What std::exception_ptr refers to another exception with. */
void *__cxa_allocate_dependent_exception(void);
void *__cxa_allocate_dependent_exception(void) { return allocate(HEADER_SIZE); }

void __cxa_free_dependent_exception(void *header);
void __cxa_free_dependent_exception(void *header) { release(header); }

/* ---- std::terminate ---- */

struct type_info {
  const void *table;
  const char *name;
};

struct exception;
struct exception_table {
  void (*destroy)(struct exception *);
  void (*destroy_and_free)(struct exception *);
  const char *(*what)(const struct exception *);
};
struct exception {
  const struct exception_table *table;
};

/* What a thread is doing with exceptions. */
struct globals {
  void *caught;
  uint32_t uncaught_count;
};

extern const struct type_info std_exception __asm__("_ZTISt9exception");
const struct type_info *__cxa_current_exception_type(void);
struct globals *__cxa_get_globals(void);
void current_exception(void **result) __asm__("_ZSt17current_exceptionv");
_Bool do_catch(const struct type_info *self, const struct type_info *thrown, void **object, uint32_t outer) __asm__(
    "_ZNK10__cxxabiv117__class_type_info10__do_catchEPKSt9type_infoPPvj");

/* A name in a mangled one, `4name`, with what it stands in before it. */
static const char *say_part(const char *name) {
  uint32_t len = 0;
  while (*name >= '0' && *name <= '9') {
    len = len * 10u + (uint32_t)(*name++ - '0');
  }
  bw_output(name, len);
  return name + len;
}

/* Types as people write them, as far as they are names and plain; others as the ABI writes them. */
static void say_type(const char *name) {
  static const char *const plain[] = {"iint",  "junsigned int",  "cchar",  "bbool",       "ffloat",
                                      "ddouble", "llong",        "munsigned long", "xlong long", "PKcconst char *"};
  for (uint32_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
    uint32_t len = plain[i][0] == 'P' ? 3u : 1u;
    uint32_t at = 0;
    while (at < len && name[at] == plain[i][at]) {
      at++;
    }
    if (at == len && name[len] == '\0') {
      say(plain[i] + len);
      return;
    }
  }
  const char *at = name;
  _Bool nested = *at == 'N';
  at += nested;
  _Bool standard = at[0] == 'S' && at[1] == 't';
  at += standard ? 2 : 0;
  const char *parts = at;
  while (*at >= '1' && *at <= '9') {
    uint32_t len = 0;
    while (*at >= '0' && *at <= '9') {
      len = len * 10u + (uint32_t)(*at++ - '0');
    }
    while (len > 0u && *at != '\0') {
      at++;
      len--;
    }
  }
  if (at == parts || at[0] != (nested ? 'E' : '\0')) {
    say(name);
    return;
  }
  if (standard) {
    say("std::");
  }
  while (*parts >= '1' && *parts <= '9') {
    parts = say_part(parts);
    if (*parts >= '1' && *parts <= '9') {
      say("::");
    }
  }
}

static _Noreturn void tell(void) {
  const struct type_info *type = __cxa_current_exception_type();
  if (type == NULL) {
    say("std::terminate was called");
  } else {
    say("uncaught ");
    say_type(type->name[0] == '*' ? type->name + 1 : type->name);
    void *object = NULL;
    current_exception(&object);
    if (object != NULL && do_catch(&std_exception, type, &object, 1u)) {
      const struct exception *thrown = object;
      say(": ");
      say(thrown->table->what(thrown));
    }
  }
  say("\n");
  /* The next input begins with nothing thrown. */
  struct globals *globals = __cxa_get_globals();
  globals->caught = NULL;
  globals->uncaught_count = 0;
  is_reserve_used = 0;
  bw_exit(BW_ABORTED);
}

void (*terminate_handler)(void) __asm__("_ZN10__cxxabiv119__terminate_handlerE") = tell;
