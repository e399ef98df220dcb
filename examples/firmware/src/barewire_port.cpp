// barewire's line is UART0.
#include "barewire_port.h"

#include "clock.h"
#include "uart.hpp"

int barewire_read() { return service_uart.read(); }

void barewire_write(uint8_t byte) { service_uart.write_now(byte); }

uint32_t barewire_micros() { return clock_micros(); }
