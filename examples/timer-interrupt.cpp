// A timer of the chip takes samples in its interrupt and leaves them in a ring, from which main takes them out again: the
// way most drivers work. The handler writes `head` and main `tail`, so neither needs to keep the other out.
#include <barewire.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <type_traits>

namespace {

using Register = bw::Register<>;

/// RP2040: alarm 1 of the timer. Data sheet, 4.6. Alarm 0 is the stub's.
struct Rp2040 {
  static constexpr int line = 1;
  static constexpr Register alarm{0x40054014}, now{0x40054028}, raised{0x40054034}, enabled{0x40054038};
  static void start(unsigned us) {
    enabled.set(1u << 1);
    alarm.write(now.read() + us);
  }
  static void acknowledge(unsigned us) {
    raised.write(1u << 1);
    alarm.write(now.read() + us);
  }
  static void stop() { enabled.clear(1u << 1); }
};

/// ARM's MPS2 boards: TIMER0 of the Cortex-M System Design Kit. Its manual, 4.1.
template <unsigned base, int number, unsigned mhz>
struct Cmsdk {
  static constexpr int line = number;
  static constexpr Register control{base}, value{base + 4}, reload{base + 8}, clear{base + 12};
  static void start(unsigned us) {
    reload.write(us * mhz);
    value.write(us * mhz);
    control.write(1u << 3 | 1u << 0);
  }
  static void acknowledge(unsigned) { clear.write(1); }
  static void stop() { control.write(0); }
};

/// LM3S6965: general-purpose timer 0, 32 bits, periodic. Data sheet, 11.
struct Lm3s6965 {
  static constexpr int line = 19;
  static constexpr Register clocks{0x400FE104}, config{0x40030000}, mode{0x40030004}, control{0x4003000C},
      mask{0x40030018}, clear{0x40030024}, load{0x40030028};
  static void start(unsigned us) {
    clocks.set(1u << 16);
    config.write(0);
    mode.write(2);
    load.write(us * 50);
    mask.write(1);
    control.write(1);
  }
  static void acknowledge(unsigned) { clear.write(1); }
  static void stop() { control.write(0); }
};

/// nRF51: TIMER1. Reference manual, 18.
struct Nrf51 {
  static constexpr int line = 9;
  static constexpr Register task_start{0x40009000}, task_stop{0x40009004}, task_clear{0x4000900C}, event{0x40009140},
      shorts{0x40009200}, enabled{0x40009304}, bits{0x40009508}, prescaler{0x40009510}, compare{0x40009540};
  static void start(unsigned us) {
    bits.write(0);       // 16
    prescaler.write(4);  // a microsecond
    compare.write(us);
    shorts.write(1);  // begins anew then
    enabled.write(1u << 16);
    task_clear.write(1);
    task_start.write(1);
  }
  static void acknowledge(unsigned) { event.write(0); }
  static void stop() { task_stop.write(1); }
};

/// RISC-V: the machine timer, 10 MHz on QEMU's boards. Privileged Architecture, 3.2.1.
struct Machine {
  static constexpr int line = bw::core_timer;
  static constexpr Register due{0x02004000}, due_high{0x02004004}, now{0x0200BFF8}, now_high{0x0200BFFC};
  static void start(unsigned us) {
    const unsigned from = now.read(), low = from + us * 10;
    due_high.write(~0u);
    due.write(low);
    due_high.write(now_high.read() + (low < from));
  }
  static void acknowledge(unsigned us) { start(us); }
  static void stop() { due_high.write(~0u); }
};

/// The board `wasm`, whose timer has steps of a millisecond. docs/wasm.md.
struct Wasm {
  static constexpr int line = 1;
  static constexpr Register period{0x40024};
  static void start(unsigned us) { period.write(us); }
  static void acknowledge(unsigned) {}
  static void stop() { period.write(0); }
};

constexpr bool is_board(const char *name) {
  for (const char *at = bw::board;; at++, name++) {
    if (*at != *name) return false;
    if (*at == '\0') return true;
  }
}

// clang-format off
using Timer =
    std::conditional_t<is_board("pico-sim") || is_board("pico-usb-sim"), Rp2040,
    std::conditional_t<is_board("qemu-mps2-an505"), Cmsdk<0x50000000, 3, 20>,
    std::conditional_t<is_board("qemu-lm3s6965evb"), Lm3s6965,
    std::conditional_t<is_board("qemu-microbit"), Nrf51,
    std::conditional_t<is_board("qemu-virt-rv32") || is_board("qemu-sifive-e"), Machine,
    std::conditional_t<is_board("qemu-mps2-an385") || is_board("qemu-mps2-an386") || is_board("qemu-mps2-an500"),
                       Cmsdk<0x40000000, 8, 25>,
    std::conditional_t<is_board("wasm"), Wasm, void>>>>>>>;
static_assert(!std::is_void_v<Timer>, "say above what timer your board has");
// clang-format on

constexpr unsigned period_us = 500;

struct Sample {
  unsigned number, at_us;
};

std::array<Sample, 8> ring;
volatile unsigned head, tail, dropped;

void sample() {
  Timer::acknowledge(period_us);
  static unsigned number;
  const Sample taken{number++, micros()};
  if (head - tail == ring.size()) {
    dropped = dropped + 1;
    return;
  }
  ring[head % ring.size()] = taken;
  std::atomic_signal_fence(std::memory_order_release);  // the sample is there before main may see it
  head = head + 1;
}

}

int main() {
  constexpr unsigned wanted = 100;
  unsigned in_order = 0, last_us = micros();
  bw::on_irq(Timer::line, sample);
  Timer::start(period_us);
  for (unsigned taken = 0; taken < wanted; taken++) {
    while (head == tail) {
    }
    std::atomic_signal_fence(std::memory_order_acquire);
    const Sample next = ring[tail % ring.size()];
    std::atomic_signal_fence(std::memory_order_release);
    tail = tail + 1;
    if (next.number >= taken && next.at_us - last_us < 0x80000000u) in_order++;
    last_us = next.at_us;
  }
  Timer::stop();
  bw::on_irq(Timer::line, nullptr);
  std::puts(in_order == wanted ? "100 samples in order" : "samples out of order");
  return in_order == wanted ? 0 : 1;
}
