// Counts primes in two ways, by trial division and with a sieve, and checks that they agree.
//
//     barewire run examples/prime-finder.cpp

#include <cstdint>
#include <cstdio>

// Read through `volatile`, so that no compiler can do the counting in advance.
volatile uint32_t prime_limit = 12000;

namespace {
constexpr uint32_t SIEVE_BITS = 12000;
// One bit per odd number: bit i stands for 2 i + 1.
uint32_t sieve[SIEVE_BITS / 64 + 1];
}  // namespace

bool is_prime(uint32_t n) {
  if (n < 4) return n >= 2;
  if (n % 2 == 0) return false;
  for (uint32_t d = 3; d * d <= n; d += 2) {
    if (n % d == 0) return false;
  }
  return true;
}

// Primes below `limit`, each candidate tried on its own.
uint32_t count_primes(uint32_t limit) {
  uint32_t count = 0;
  for (uint32_t n = 2; n < limit; n++) count += is_prime(n);
  return count;
}

// Primes below `limit` (at most SIEVE_BITS) by the sieve of Eratosthenes over odd numbers.
uint32_t sieve_primes(uint32_t limit) {
  for (uint32_t &word : sieve) word = 0;
  uint32_t count = limit > 2;
  for (uint32_t n = 3; n < limit; n += 2) {
    if (sieve[n / 64] >> (n / 2 % 32) & 1) continue;
    count++;
    for (uint32_t multiple = n * n; multiple < limit && n < 65536; multiple += 2 * n) {
      sieve[multiple / 64] |= 1u << (multiple / 2 % 32);
    }
  }
  return count;
}

uint32_t largest_prime_below(uint32_t limit) {
  uint32_t n = limit;
  while (n > 2 && !is_prime(--n)) {
  }
  return n;
}

int main() {
  const uint32_t limit = prime_limit;
  const uint32_t tried = count_primes(limit);
  const uint32_t sieved = sieve_primes(limit);
  std::printf("primes below %lu: %lu by trial division, %lu by sieve\n", (unsigned long)limit, (unsigned long)tried,
              (unsigned long)sieved);
  std::printf("the largest is %lu\n", (unsigned long)largest_prime_below(limit));
  return tried == sieved ? 0 : 1;
}
