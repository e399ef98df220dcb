/* Room for the handlers of a board with up to 32 interrupts. */
#include "irq.h"

BW_IRQ_TABLE(__bw_irq_table_48, 48, 256)
