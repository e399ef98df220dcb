/* Room for the handlers of a board with up to 240 interrupts. */
#include "irq.h"

BW_IRQ_TABLE(__bw_irq_table_256, 256, 1024)
