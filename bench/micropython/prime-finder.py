# examples/prime-finder.cpp in Python: the same two algorithms, a bit for each odd number.
from array import array


def is_prime(n):
    if n < 4:
        return n >= 2
    if n % 2 == 0:
        return False
    d = 3
    while d * d <= n:
        if n % d == 0:
            return False
        d += 2
    return True


def count_primes(limit):
    count = 0
    for n in range(2, limit):
        count += is_prime(n)
    return count


def sieve_primes(limit):
    sieve = array("H", [0] * (limit // 32 + 1))
    count = 1 if limit > 2 else 0
    for n in range(3, limit, 2):
        if sieve[n // 32] >> (n // 2 % 16) & 1:
            continue
        count += 1
        for multiple in range(n * n, limit, 2 * n):
            sieve[multiple // 32] |= 1 << (multiple // 2 % 16)
    return count


def work():
    return count_primes(12000) + sieve_primes(12000)
