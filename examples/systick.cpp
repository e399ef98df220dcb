// The core's own timer: SysTick, on RISC-V the machine timer. Its interrupt comes a thousand times a second and blinks a
// lamp, while main does something else and says what the lamp did.
#include <barewire.h>

#include <cstdio>

namespace {

volatile unsigned ticks, turns;

void blink() {
  ticks = ticks + 1;
  if (ticks % 50 == 0) turns = turns + 1;  // on, off, on …
}

#if defined(__riscv)

constexpr bw::Register<> due{0x02004000}, due_high{0x02004004}, now{0x0200BFF8}, now_high{0x0200BFFC};

unsigned period;  // of the machine timer, a millisecond

void ask(unsigned low, unsigned high) {
  due_high.write(~0u);  // nothing may be due in between
  due.write(low);
  due_high.write(high);
}

void on_timer() {
  const unsigned low = due.read() + period;
  ask(low, due_high.read() + (low < period));
  blink();
}

void start() {
  const unsigned from = now.read();
  delay_ms(1);
  period = now.read() - from;
  ask(now.read() + period, now_high.read());
  bw::on_irq(bw::core_timer, on_timer);
}

void stop() { bw::on_irq(bw::core_timer, nullptr); }

#else

constexpr bw::Register<> control{0xE000E010}, reload{0xE000E014}, current{0xE000E018};

void start() {
  control.write(0);
  reload.write(0xFFFFFF);
  current.write(0);
  control.write(5);  // counts down with the core's clock
  while (current.read() == 0) {
  }
  const unsigned from = current.read();
  delay_ms(1);
  reload.write(from - current.read());
  current.write(0);
  bw::on_irq(bw::core_timer, blink);
  control.write(7);  // and asks for interrupts
}

void stop() { control.write(0); }

#endif

}

int main() {
  start();
  for (unsigned turn = 1; turn <= 6; turn++) {
    while (turns < turn) {
    }
    std::puts(turn % 2 == 1 ? "on" : "off");
  }
  stop();
  std::puts(ticks >= 300 ? "300 ticks" : "too few ticks");
  return ticks >= 300 ? 0 : 1;
}
