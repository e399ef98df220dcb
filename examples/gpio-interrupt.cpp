// A button between GPIO 5 of a Raspberry Pi Pico and ground, told by an interrupt of its falling edge. As nobody may press it
// while this runs, main asks for the interrupt itself: the bank of pins can be made to, as if the edge had come.
//
//     barewire run examples/gpio-interrupt.cpp
//
// At the prompt: `:load examples/gpio-interrupt.cpp`, `listen();`, and `:board pin 5 high`, `:board pin 5 low` for a press.
#include <barewire.h>

#include <cstdio>

namespace {

/// RP2040 data sheet: 2.3.2 interrupts, 2.19.6.1 IO_BANK0 (four bits a pin, eight pins a register), 2.19.6.3 PADS_BANK0.
constexpr int bank_line = 13;
constexpr unsigned pin = 5, edge_low = 1u << (4 * (pin % 8) + 2);
constexpr bw::Register<> raised{0x400140F0 + pin / 8 * 4}, enabled{0x40014100 + pin / 8 * 4},
    forced{0x40014110 + pin / 8 * 4}, status{0x40014120 + pin / 8 * 4}, pad{0x4001C004 + pin * 4};
constexpr unsigned input = 1u << 6, pull_up = 1u << 3, schmitt = 1u << 1;

volatile unsigned presses;

void on_pins() {
  if (!status.any(edge_low)) return;
  forced.clear(edge_low);
  raised.write(edge_low);
  presses = presses + 1;
}

}

void listen() {
  pad.write(input | pull_up | schmitt);
  raised.write(edge_low);
  enabled.set(edge_low);
  bw::on_irq(bank_line, on_pins);
}

int main() {
  constexpr unsigned wanted = 5;
  listen();
  for (unsigned done = 0; done < wanted; done++) {
    forced.set(edge_low);
    while (presses == done) {
    }
  }
  enabled.clear(edge_low);
  bw::on_irq(bank_line, nullptr);
  std::printf("%u presses\n", presses);
  return presses == wanted ? 0 : 1;
}
