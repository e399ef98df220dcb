/* Room for the handlers of a board with up to 48 interrupts. */
#include "irq.h"

BW_IRQ_TABLE(__bw_irq_table_64, 64, 256)
