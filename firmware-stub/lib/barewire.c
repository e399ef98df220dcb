/* barewire as one file of your firmware: add it to your build, with `core`, `generated` and this folder to look for
 * headers in. Everything but what barewire_port.h names has internal linkage, so that the compiler sees that it is called from
 * here alone: a fifth smaller than file by file. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os", "no-move-loop-invariants", "ira-algorithm=priority", "no-schedule-insns2", "no-ivopts", \
                     "no-tree-tail-merge")
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static void stub_wake(void);
static void stub_start(void);
static void stub_receive(uint8_t byte);
static bool stub_poll(void);
static uint32_t stub_service(void);
static bool stub_abandon(uint32_t status, const uint32_t *words, uint32_t count);
static void stub_ran(uint32_t value);
static void stub_finish(void);
static _Noreturn void stub_arch_run(uint32_t entry);
static void stub_arch_service(void);
static _Noreturn void stub_arch_stop(void);
static uint32_t stub_crc_byte(uint32_t crc, uint8_t byte);
static uint8_t *stub_put(uint8_t *to, uint32_t value, uint32_t count);
static uint8_t *stub_put_varint(uint8_t *to, uint32_t value);
static uint8_t *stub_begin(uint32_t kind, uint32_t seq);
static void stub_send(const uint8_t *head_end, const uint8_t *data, uint32_t length);
static void stub_send_hello(uint32_t seq);
static void stub_flush(void);
static _Noreturn void stub_port_reset(void);
static _Noreturn void stub_restart(uint32_t cause);
static void stub_check(void);
static void stub_keep(void);

#include "state.h"

#include "dispatch.c"
#include "receive.c"
#include "send.c"

#include "cortexm.c"
