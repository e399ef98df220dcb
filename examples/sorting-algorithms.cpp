// Sorts the same pseudo-random numbers by five algorithms and checks that all of them agree.
//
//     barewire run examples/sorting-algorithms.cpp

#include <cstdint>
#include <cstdio>

constexpr int MOST = 600;

// Read through `volatile`, so that no compiler can sort in advance.
volatile uint32_t sort_seed = 12345;
volatile int sort_count = MOST;

namespace {
int16_t numbers[MOST], reference[MOST], scratch[MOST];

void swap_numbers(int16_t &a, int16_t &b) {
  const int16_t kept = a;
  a = b;
  b = kept;
}

void sift_down(int16_t *values, int root, int count) {
  for (int child = 2 * root + 1; child < count; child = 2 * root + 1) {
    if (child + 1 < count && values[child] < values[child + 1]) child++;
    if (values[root] >= values[child]) return;
    swap_numbers(values[root], values[child]);
    root = child;
  }
}
}  // namespace

// The same `count` numbers for the same seed, many of them repeated.
void fill_numbers(int16_t *values, int count, uint32_t seed) {
  for (int i = 0; i < count; i++) {
    seed = seed * 1664525u + 1013904223u;
    values[i] = static_cast<int16_t>(static_cast<int32_t>(seed >> 16) % 1000 - 500);
  }
}

void bubble_sort(int16_t *values, int count) {
  for (int end = count; end > 1;) {
    int last_swap = 0;
    for (int i = 1; i < end; i++) {
      if (values[i - 1] > values[i]) {
        swap_numbers(values[i - 1], values[i]);
        last_swap = i;
      }
    }
    end = last_swap;
  }
}

void insertion_sort(int16_t *values, int count) {
  for (int i = 1; i < count; i++) {
    const int16_t value = values[i];
    int at = i;
    for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1];
    values[at] = value;
  }
}

// Recurses into the smaller part only, so that the stack stays below log2(count) frames.
void quick_sort(int16_t *values, int count) {
  while (count > 1) {
    const int16_t pivot = values[count / 2];
    int low = 0, high = count - 1;
    while (low <= high) {
      while (values[low] < pivot) low++;
      while (values[high] > pivot) high--;
      if (low <= high) swap_numbers(values[low++], values[high--]);
    }
    if (high + 1 < count - low) {
      quick_sort(values, high + 1);
      values += low;
      count -= low;
    } else {
      quick_sort(values + low, count - low);
      count = high + 1;
    }
  }
}

void heap_sort(int16_t *values, int count) {
  for (int root = count / 2 - 1; root >= 0; root--) sift_down(values, root, count);
  for (int end = count - 1; end > 0; end--) {
    swap_numbers(values[0], values[end]);
    sift_down(values, 0, end);
  }
}

// Bottom-up; `count` is at most MOST, the length of the scratch buffer.
void merge_sort(int16_t *values, int count) {
  for (int width = 1; width < count; width *= 2) {
    for (int start = 0; start < count; start += 2 * width) {
      const int middle = start + width < count ? start + width : count;
      const int end = start + 2 * width < count ? start + 2 * width : count;
      int left = start, right = middle;
      for (int i = start; i < end; i++) {
        const bool from_left = left < middle && (right >= end || values[left] <= values[right]);
        scratch[i] = from_left ? values[left++] : values[right++];
      }
    }
    for (int i = 0; i < count; i++) values[i] = scratch[i];
  }
}

bool is_sorted(const int16_t *values, int count) {
  for (int i = 1; i < count; i++) {
    if (values[i - 1] > values[i]) return false;
  }
  return true;
}

struct Algorithm {
  const char *name;
  void (*sort)(int16_t *values, int count);
};

const Algorithm algorithms[] = {
    {"bubble", bubble_sort}, {"insertion", insertion_sort}, {"quick", quick_sort}, {"heap", heap_sort}, {"merge", merge_sort},
};

int main() {
  const int count = sort_count;
  int wrong = 0;
  for (const Algorithm &algorithm : algorithms) {
    fill_numbers(numbers, count, sort_seed);
    algorithm.sort(numbers, count);
    bool right = is_sorted(numbers, count);
    for (int i = 0; i < count; i++) {
      if (&algorithm == algorithms) reference[i] = numbers[i];
      right = right && reference[i] == numbers[i];
    }
    wrong += !right;
    std::printf("%-9s %s\n", algorithm.name, right ? "sorted" : "WRONG");
  }
  std::printf("%d numbers from %d to %d, median %d\n", count, reference[0], reference[count - 1], reference[count / 2]);
  return wrong;
}
