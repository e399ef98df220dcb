/* A port's registers as a model that writes down what is done to them. The port is compiled for the PC, as C++, so that
 * an access to `REG(addr)` is a call; it says on standard output what it wrote:
 *
 *   400e0820 = 0000002e        a register was written
 *   received 41                stub_receive was given a byte
 *   waits for 400e0668         it was read a million times in a row: the end
 *
 * Arguments: what to call (init, write, receive, reset), then what registers read as: `ADDR:BITS` are always set;
 * `ADDR:BITS:DATA:VALUE` are set until DATA was read, which gives VALUE. Everything else reads as it was written. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model_rule {
  uint32_t addr, bits, data, value;
  bool has_data, taken;
};
static model_rule model_rules[32];
static unsigned model_rule_count;
static struct {
  uint32_t addr, value;
} model_written[64];
static unsigned model_written_count;
static bool model_ends_at_write;

static uint32_t model_reads; /* since the last write */

static uint32_t model_read(uint32_t addr) {
  uint32_t value = 0;
  if (++model_reads > 1000000) {
    printf("waits for %08x\n", (unsigned)addr);
    exit(2);
  }
  for (unsigned i = 0; i < model_written_count; i++) {
    if (model_written[i].addr == addr) {
      value = model_written[i].value;
    }
  }
  for (unsigned i = 0; i < model_rule_count; i++) {
    model_rule &rule = model_rules[i];
    if (rule.addr == addr && !rule.taken) {
      value |= rule.bits;
    }
    if (rule.has_data && rule.data == addr && !rule.taken) {
      rule.taken = true;
      value = rule.value;
    }
  }
  return value;
}

static void model_write(uint32_t addr, uint32_t value) {
  model_reads = 0;
  printf("%08x = %08x\n", (unsigned)addr, (unsigned)value);
  if (model_ends_at_write) {
    exit(0);
  }
  if (model_written_count == 64) {
    abort();
  }
  model_written[model_written_count++] = {addr, value};
}

struct model_register {
  uint32_t addr;
  operator uint32_t() const { return model_read(addr); }
  void operator=(uint32_t value) const { model_write(addr, value); }
  void operator|=(uint32_t value) const { model_write(addr, model_read(addr) | value); }
  void operator&=(uint32_t value) const { model_write(addr, model_read(addr) & value); }
};

#define REG(addr) (model_register{(uint32_t)(addr)})
#define section(name) used /* the PC has no such sections */

#include PORT

uint8_t __stub_flash_start[1], __stub_flash_end[1], __stub_ram_start[1], __stub_ram_size[1], __stub_user_stack_start[1],
    __stub_user_stack_end[1], __stub_stack_start[1], __stub_stack_end[1], __stub_arena_start[1], __stub_arena_end[1],
    __stub_arena_size[1], __stub_user_stack_size[1];

void stub_receive(uint8_t byte) { printf("received %02x\n", byte); }

#if defined(STUB_CORTEXM_H)
_Noreturn void stub_reset_handler(void) { abort(); }
void stub_exception_handler(void) { abort(); }
void stub_receive_handler(void) { abort(); }
#else
_Noreturn void stub_arch_restart(void) { abort(); }
#endif

int main(int argc, char **argv) {
  for (int i = 2; i < argc; i++) {
    model_rule &rule = model_rules[model_rule_count++];
    rule.has_data = sscanf(argv[i], "%x:%x:%x:%x", &rule.addr, &rule.bits, &rule.data, &rule.value) == 4;
  }
  if (!strcmp(argv[1], "init")) {
    stub_port_init();
  } else if (!strcmp(argv[1], "write")) {
    stub_port_write(0x5A);
  } else if (!strcmp(argv[1], "receive")) {
    stub_port_receive();
  } else {
    model_ends_at_write = true;
    stub_port_reset();
  }
}
