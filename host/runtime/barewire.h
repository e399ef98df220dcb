// What a board offers beside the language: time, registers by address, and its interrupts. Everything is inline or in
// the support library, so that what is not used costs nothing.
//
//     #include <barewire.h>
//     constexpr bw::Register<> out{0xd0000010};
//     out.set(1u << 25); delay_ms(100); out.clear(1u << 25);
//     bw::on_irq(1, [] { out.toggle(1u << 25); });
#ifndef BAREWIRE_H
#define BAREWIRE_H

#include <cstdint>

extern "C" {
std::uint32_t bw_micros(void);
std::uint64_t bw_micros64(void);
}

/// Microseconds since the board started; turns over after 71 minutes. Differences stay right across the turn.
inline std::uint32_t micros() { return bw_micros(); }

/// Milliseconds since the board started; turns over after 49 days.
inline std::uint32_t millis() { return static_cast<std::uint32_t>(bw_micros64() / 1000u); }

/// Waits at least `us` microseconds (at most 71 minutes).
inline void delay_us(std::uint32_t us) {
  const std::uint32_t start = bw_micros();
  while (bw_micros() - start < us) {
  }
}

/// Waits at least `ms` milliseconds.
inline void delay_ms(std::uint32_t ms) {
  for (std::uint32_t start = bw_micros(); ms > 0;) {
    if (bw_micros() - start < 1000u) continue;
    start += 1000u;
    ms--;
  }
}

namespace bw {

/// A register (or any other word of memory) by its address. `T` is as wide as the access: `std::uint8_t`,
/// `std::uint16_t` or `std::uint32_t`. `read` and `write` are one volatile access each; `set`, `clear`, `toggle`
/// and `modify` are one read and one write, with nothing that keeps an interrupt from coming between.
template <class T = std::uint32_t>
class Register {
 public:
  constexpr explicit Register(std::uintptr_t address) : address_(address) {}

  constexpr std::uintptr_t address() const { return address_; }
  T read() const { return *pointer(); }
  void write(T value) const { *pointer() = value; }

  /// Sets the bits of `mask`.
  void set(T mask) const { write(static_cast<T>(read() | mask)); }
  /// Clears the bits of `mask`.
  void clear(T mask) const { write(static_cast<T>(read() & ~mask)); }
  /// Turns the bits of `mask` over.
  void toggle(T mask) const { write(static_cast<T>(read() ^ mask)); }
  /// Gives the bits of `mask` those of `value`, which stand where they do in the register.
  void modify(T mask, T value) const { write(static_cast<T>((read() & ~mask) | (value & mask))); }
  /// Whether all bits of `mask` are set.
  bool all(T mask) const { return static_cast<T>(read() & mask) == mask; }
  /// Whether any bit of `mask` is set.
  bool any(T mask) const { return static_cast<T>(read() & mask) != 0; }

  /// The same register `index` elements further.
  constexpr Register operator[](std::intptr_t index) const {
    return Register(address_ + static_cast<std::uintptr_t>(index) * sizeof(T));
  }

 private:
  // What stands there may be a variable of another type.
  using Word [[gnu::may_alias]] = T;
  volatile Word *pointer() const { return reinterpret_cast<volatile Word *>(address_); }
  std::uintptr_t address_;
};

/// The board by the name that `--board` takes.
inline constexpr char board[] = __BW_BOARD;

/// What handles an interrupt: a function, or a lambda that captures nothing.
using Handler = void (*)();

/// The core's own timer as a number of an interrupt: SysTick, on RISC-V the machine timer.
inline constexpr int core_timer = -1;

#if defined(__BW_IRQ_LAST)

constexpr bool __irq_no_timer(int number) { return number == core_timer && !__BW_IRQ_TIMER; }
constexpr bool __irq_taken(int number) {
  constexpr int of_stub[] = {__BW_IRQ_STUB};
  for (int each : of_stub)
    if (number == each) return true;
  return false;
}
constexpr bool __irq_missing(int number) {
  return number != core_timer && (number < __BW_IRQ_FIRST || number > __BW_IRQ_LAST);
}

extern "C" {
void bw_irq_set(std::int32_t number, Handler handler);
[[noreturn]] void bw_irq_refuse(std::int32_t number, std::uint32_t why);
}

/// Makes `handler` what interrupt `number` calls from now on, and lets that interrupt in; the peripheral's own
/// registers are yours, as in any handler. Numbers are those of the chip's manual (CMSIS' IRQn; sources of the PLIC), -1
/// is the core's timer. A handler typed again is the new one at the next interrupt. nullptr keeps the interrupt out.
/// A number that does not exist does not compile; if it is known only at run time, the code ends here.
inline void on_irq(int number, Handler handler)
    __attribute__((diagnose_if(__irq_missing(number), __BW_IRQ_MISSING, "error"),
                   diagnose_if(__irq_taken(number), __BW_IRQ_TAKEN, "error"),
                   diagnose_if(__irq_no_timer(number), __BW_IRQ_NO_TIMER, "error"))) {
  if (__irq_missing(number)) bw_irq_refuse(number, 0);
  if (__irq_taken(number)) bw_irq_refuse(number, 1);
  if (__irq_no_timer(number)) bw_irq_refuse(number, 2);
  bw_irq_set(number, handler);
}

#else

void on_irq(int number, Handler handler)
    __attribute__((unavailable("nothing is known of this board's interrupts: its record says nothing of `interrupts`")));

#endif

}

#endif
