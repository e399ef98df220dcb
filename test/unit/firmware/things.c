// The same in C.
#include <stdbool.h>
#include <stdint.h>
typedef struct { int a; struct { short b, c; } in; union { char d; int e; }; enum { RED, GREEN = 5 } color; } thing_t;
struct opaque;
thing_t thing;
struct opaque *opaque_pointer;
typedef void (*handler_t)(thing_t *, uint32_t);
handler_t handlers[4];
_Bool flag;
struct list { struct list *next; handler_t run; uint8_t data[3]; } head;
static struct { int x; const struct list *l; } anonymous;
enum color { BLUE = 1, RED2 } color;
int same_c(void);
static int same = 2; int same_c(void) { return same++ + anonymous.x; }
uint64_t wide_sum(uint64_t a, thing_t t, enum color c) { return a + t.a + c; }
int variadic(const char *format, ...) { return *format; }
int main(void) { return 0; }
