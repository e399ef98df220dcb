# examples/fibonacci.cpp in Python: by recursion, by addition, and digit by digit.


def fib_recursive(n):
    return n if n < 2 else fib_recursive(n - 1) + fib_recursive(n - 2)


def fib_loop(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def fib_digits(n):
    a, b = bytearray(256), bytearray(256)
    b[0] = 1
    length = 1
    for _ in range(n):
        carry = 0
        for i in range(length):
            total = a[i] + b[i] + carry
            a[i] = b[i]
            carry = 1 if total >= 10 else 0
            b[i] = total - 10 * carry
        if carry and length < 255:
            b[length] = 1
            length += 1
    while length > 1 and a[length - 1] == 0:
        length -= 1
    return "".join(chr(48 + a[length - 1 - i]) for i in range(length))


def work():
    return fib_recursive(23) + fib_loop(90) + len(fib_digits(1000))
