// A UART of the CMSDK, driven by interrupts: both directions are buffered.
#pragma once

#include <cstdint>

#include "mps2.h"
#include "ring.hpp"

class Uart {
 public:
  struct Statistics {
    std::uint32_t received, sent, lost;
  };
  using Callback = void (*)();

  Uart(uart_registers *registers, interrupt receive, interrupt transmit)
      : registers_(registers), receive_(receive), transmit_(transmit) {}

  /// @param on_receive called in the interrupt, after what has come was put into the buffer
  void open(std::uint32_t baud, Callback on_receive = nullptr);

  /// The next byte that has come, or -1.
  int read() { return incoming_.take(); }

  /// Puts a text into the buffer; what finds no room is lost.
  void print(const char *text);

  /// Sends a byte past the buffer; waits for the line.
  void write_now(std::uint8_t byte);

  const Statistics &statistics() const { return statistics_; }

  void on_receive_interrupt();
  void on_transmit_interrupt();

 private:
  uart_registers *registers_;
  interrupt receive_, transmit_;
  Callback callback_ = nullptr;
  Ring<256> incoming_;
  Ring<256> outgoing_;
  Statistics statistics_{};
};

extern Uart service_uart;  // UART0
extern Uart console_uart;  // UART1
