/* Room for the handlers of a board with up to 112 interrupts. */
#include "irq.h"

BW_IRQ_TABLE(__bw_irq_table_128, 128, 512)
