#include "uart.hpp"

Uart service_uart(UART0, UART0_RX_IRQ, UART0_TX_IRQ);
Uart console_uart(UART1, UART1_RX_IRQ, UART1_TX_IRQ);

void Uart::open(std::uint32_t baud, Callback on_receive) {
  callback_ = on_receive;
  registers_->divider = CPU_HZ / baud;
  registers_->control = UART_TX_ON | UART_RX_ON | UART_TX_INTERRUPT | UART_RX_INTERRUPT;
  NVIC_ENABLE = 1u << receive_ | 1u << transmit_;
}

void Uart::print(const char *text) {
  for (; *text != '\0'; text++) {
    if (!outgoing_.put(static_cast<std::uint8_t>(*text))) statistics_.lost++;
  }
  // The interrupt comes after a byte has left: the first one has to be sent from here.
  NVIC_ENABLE = 1u << transmit_;
  on_transmit_interrupt();
}

void Uart::write_now(std::uint8_t byte) {
  while (registers_->state & UART_TX_FULL) {
  }
  registers_->data = byte;
  statistics_.sent++;
}

void Uart::on_receive_interrupt() {
  registers_->interrupts = 1u << 1;
  while (registers_->state & UART_RX_FULL) {
    const auto byte = static_cast<std::uint8_t>(registers_->data);
    statistics_.received++;
    if (!incoming_.put(byte)) statistics_.lost++;
  }
  if (callback_ != nullptr) callback_();
}

void Uart::on_transmit_interrupt() {
  registers_->interrupts = 1u << 0;
  while (!outgoing_.empty() && !(registers_->state & UART_TX_FULL)) {
    registers_->data = static_cast<std::uint32_t>(outgoing_.take());
    statistics_.sent++;
  }
}

extern "C" {
void UART0_RX_Handler() { service_uart.on_receive_interrupt(); }
void UART0_TX_Handler() { service_uart.on_transmit_interrupt(); }
void UART1_RX_Handler() { console_uart.on_receive_interrupt(); }
void UART1_TX_Handler() { console_uart.on_transmit_interrupt(); }
}
