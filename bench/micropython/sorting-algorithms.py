# examples/sorting-algorithms.cpp in Python: five algorithms, each written out, on 16-bit numbers.
from array import array

COUNT = 600
numbers = array("h", bytes(2 * COUNT))
scratch = array("h", bytes(2 * COUNT))


def fill_numbers(values, count, seed):
    for i in range(count):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        values[i] = (seed >> 16) % 1000 - 500


def bubble_sort(values, count):
    end = count
    while end > 1:
        last_swap = 0
        for i in range(1, end):
            if values[i - 1] > values[i]:
                values[i - 1], values[i] = values[i], values[i - 1]
                last_swap = i
        end = last_swap


def insertion_sort(values, count):
    for i in range(1, count):
        value = values[i]
        at = i
        while at > 0 and values[at - 1] > value:
            values[at] = values[at - 1]
            at -= 1
        values[at] = value


def quick_sort_part(values, first, count):
    while count > 1:
        pivot = values[first + count // 2]
        low = first
        high = first + count - 1
        while low <= high:
            while values[low] < pivot:
                low += 1
            while values[high] > pivot:
                high -= 1
            if low <= high:
                values[low], values[high] = values[high], values[low]
                low += 1
                high -= 1
        below = high + 1 - first
        above = first + count - low
        if below < above:
            quick_sort_part(values, first, below)
            first, count = low, above
        else:
            quick_sort_part(values, low, above)
            count = below


def quick_sort(values, count):
    quick_sort_part(values, 0, count)


def sift_down(values, root, count):
    child = 2 * root + 1
    while child < count:
        if child + 1 < count and values[child] < values[child + 1]:
            child += 1
        if values[root] >= values[child]:
            return
        values[root], values[child] = values[child], values[root]
        root = child
        child = 2 * root + 1


def heap_sort(values, count):
    for root in range(count // 2 - 1, -1, -1):
        sift_down(values, root, count)
    for end in range(count - 1, 0, -1):
        values[0], values[end] = values[end], values[0]
        sift_down(values, 0, end)


def merge_sort(values, count):
    width = 1
    while width < count:
        for start in range(0, count, 2 * width):
            middle = min(start + width, count)
            end = min(start + 2 * width, count)
            left, right = start, middle
            for i in range(start, end):
                if left < middle and (right >= end or values[left] <= values[right]):
                    scratch[i] = values[left]
                    left += 1
                else:
                    scratch[i] = values[right]
                    right += 1
        for i in range(count):
            values[i] = scratch[i]
        width *= 2


def work(sorts=(bubble_sort, insertion_sort, quick_sort, heap_sort, merge_sort)):
    for sort in sorts:
        fill_numbers(numbers, COUNT, 12345)
        sort(numbers, COUNT)
    return numbers[0] + numbers[COUNT // 2]
