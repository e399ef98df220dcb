// Fibonacci numbers three ways: by plain recursion (a stream of calls), by addition in 64 bits, and digit by digit
// far beyond 64 bits.
//
//     barewire run examples/fibonacci.cpp

#include <cstdint>
#include <cstdio>

// Read through `volatile`, so that no compiler can do the sums in advance.
volatile uint32_t fib_n = 23;
volatile uint32_t fib_loop_n = 90;
volatile uint32_t fib_digits_n = 1000;

// Two calls per level, as the definition says.
uint32_t fib_recursive(uint32_t n) { return n < 2 ? n : fib_recursive(n - 1) + fib_recursive(n - 2); }

// The nth number for n <= 93.
uint64_t fib_loop(uint32_t n) {
  uint64_t a = 0, b = 1;
  for (; n > 0; n--) {
    const uint64_t next = a + b;
    a = b;
    b = next;
  }
  return a;
}

constexpr uint32_t MOST_DIGITS = 256;

// Writes the decimal digits of the nth number, and how many there are (at most MOST_DIGITS - 1).
uint32_t fib_digits(uint32_t n, char *text) {
  static uint8_t a[MOST_DIGITS], b[MOST_DIGITS];
  for (uint32_t i = 0; i < MOST_DIGITS; i++) a[i] = b[i] = 0;
  b[0] = 1;
  uint32_t length = 1;
  for (; n > 0; n--) {
    uint32_t carry = 0;
    for (uint32_t i = 0; i < length; i++) {
      const uint32_t sum = a[i] + b[i] + carry;
      a[i] = b[i];
      carry = sum >= 10;
      b[i] = static_cast<uint8_t>(sum - 10 * carry);
    }
    if (carry != 0 && length < MOST_DIGITS - 1) b[length++] = 1;
  }
  while (length > 1 && a[length - 1] == 0) length--;
  for (uint32_t i = 0; i < length; i++) text[i] = static_cast<char>('0' + a[length - 1 - i]);
  text[length] = 0;
  return length;
}

int main() {
  static char text[MOST_DIGITS];
  const uint32_t recursive = fib_recursive(fib_n);
  const uint64_t loop = fib_loop(fib_loop_n);
  const uint32_t digits = fib_digits(fib_loop_n, text);
  uint64_t read_back = 0;
  for (uint32_t i = 0; i < digits; i++) read_back = read_back * 10 + static_cast<uint64_t>(text[i] - '0');
  std::printf("fib(%lu) = %lu\n", (unsigned long)fib_n, (unsigned long)recursive);
  std::printf("fib(%lu) = %s\n", (unsigned long)fib_loop_n, text);
  const uint32_t many = fib_digits(fib_digits_n, text);
  std::printf("fib(%lu) has %lu digits: %.12s...%s\n", (unsigned long)fib_digits_n, (unsigned long)many, text,
              text + many - 12);
  return read_back == loop && recursive == fib_loop(fib_n) ? 0 : 1;
}
