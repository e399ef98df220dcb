# examples/matrix-multiplication.cpp in Python: matrices of integers and of floats in one array each.
from array import array

SIZE = 12
FLOAT_SIZE = 8
# MicroPython 1.9 stores a negative number that it computed as a long one wrongly in 32 bits.
a = array("h", [0] * (SIZE * SIZE))
b = array("h", [0] * (SIZE * SIZE))
product = array("l", [0] * (SIZE * SIZE))
fa = array("f", [0.0] * (FLOAT_SIZE * FLOAT_SIZE))
fb = array("f", [0.0] * (FLOAT_SIZE * FLOAT_SIZE))
fproduct = array("f", [0.0] * (FLOAT_SIZE * FLOAT_SIZE))


def next_random(state):
    state ^= state << 13 & 0xFFFFFFFF
    state ^= state >> 17
    return state ^ (state << 5 & 0xFFFFFFFF)


def fill_matrix(matrix, n, seed):
    for i in range(n * n):
        seed = next_random(seed)
        matrix[i] = seed % 19 - 9


def multiply_matrices(left, right, out, n):
    for row in range(n):
        for column in range(n):
            total = 0
            for k in range(n):
                total += left[row * n + k] * right[k * n + column]
            out[row * n + column] = total


def trace_of(matrix, n):
    return sum(matrix[i * n + i] for i in range(n))


def work():
    total = 0
    for number in range(20):
        fill_matrix(a, SIZE, 2026 + number)
        fill_matrix(b, SIZE, 2026 + number + 1)
        multiply_matrices(a, b, product, SIZE)
        total += trace_of(product, SIZE)
    multiply_matrices(fa, fb, fproduct, FLOAT_SIZE)
    return total
