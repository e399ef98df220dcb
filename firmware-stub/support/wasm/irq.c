/* Handlers on the board `wasm`: its controller (boards/sim/wasm/peripherals.ts) reads the handler's address from the table
 * when running code next asks whether something is to be done, or at once between two inputs. */
#include "../irq.h"

#define REG(addr) (*(volatile uint32_t *)(addr))
#define VECTORS REG(0x00040000u)
#define ENABLE REG(0x00040004u)
#define PENDING REG(0x00040008u)
#define RECORD REG(0x0004000Cu)

/* Of a fault in a handler between two inputs, over the restart that follows. The host knows it by its name. */
uint32_t bw_fault_record[BW_RECORD_FAULT_WORDS];

/* What the host says of a call that was refused: there are no registers that it could look at. */
struct {
  int32_t number;
  uint32_t why;
} volatile bw_irq_refused;

static struct {
  volatile bw_handler *table;
  uint32_t words;
} irq;

/* A line without a handler is not let in: nothing comes by here. */
void bw_irq_unset(void) {}

void bw_irq_build(volatile bw_handler *table, uint32_t words) {
  irq.table = table;
  irq.words = words;
  for (uint32_t i = 0; i < words; i++) {
    table[i] = bw_irq_unset;
  }
  ENABLE = 0;
  RECORD = (uint32_t)(uintptr_t)bw_fault_record;
  VECTORS = (uint32_t)(uintptr_t)table;
}

void bw_irq_set(int32_t number, bw_handler handler) {
  const uint32_t bit = 1u << ((uint32_t)number & 31u);
  irq.table[number] = handler == NULL ? bw_irq_unset : handler;
  if (handler == NULL) {
    ENABLE &= ~bit;
    return;
  }
  PENDING &= ~bit;
  RECORD = (uint32_t)(uintptr_t)bw_fault_record;
  VECTORS = (uint32_t)(uintptr_t)irq.table;
  ENABLE |= bit;
}

void bw_irq_stop(void) { VECTORS = 0; }

void bw_irq_start(void) {
  uint32_t enable = 0;
  for (uint32_t i = 0; i < irq.words && i < 32u; i++) {
    if (irq.table[i] != bw_irq_unset) {
      enable |= 1u << i;
    }
  }
  VECTORS = (uint32_t)(uintptr_t)irq.table;
  ENABLE = enable;
}

_Noreturn void bw_irq_refuse(int32_t number, uint32_t why);

_Noreturn void bw_irq_refuse(int32_t number, uint32_t why) {
  bw_irq_refused.number = number;
  bw_irq_refused.why = why;
  __builtin_trap();
}
