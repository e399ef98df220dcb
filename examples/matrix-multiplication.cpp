// Multiplies square matrices of 32-bit integers and of floats (on cores without an FPU each float operation is a
// call into libgcc), and checks the product by Freivalds' method: A (B v) must equal (A B) v.
//
//     barewire run examples/matrix-multiplication.cpp

#include <cstdint>
#include <cstdio>

constexpr int SIZE = 12;
constexpr int FLOAT_SIZE = 8;

// Read through `volatile`, so that no compiler can multiply in advance.
volatile uint32_t matrix_seed = 2026;
volatile int matrix_rounds = 40;

namespace {
int32_t a[SIZE * SIZE], b[SIZE * SIZE], product[SIZE * SIZE];
float fa[FLOAT_SIZE * FLOAT_SIZE], fb[FLOAT_SIZE * FLOAT_SIZE], fproduct[FLOAT_SIZE * FLOAT_SIZE];

// Marsaglia's xorshift with the shifts 13, 17, 5.
uint32_t next_random(uint32_t &state) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}
}  // namespace

// Fills n x n entries with numbers from -9 to 9.
void fill_matrix(int32_t *matrix, int n, uint32_t seed) {
  for (int i = 0; i < n * n; i++) matrix[i] = static_cast<int32_t>(next_random(seed) % 19) - 9;
}

// out = left right; `out` is neither of them.
void multiply_matrices(const int32_t *left, const int32_t *right, int32_t *out, int n) {
  for (int row = 0; row < n; row++) {
    for (int column = 0; column < n; column++) {
      int32_t sum = 0;
      for (int k = 0; k < n; k++) sum += left[row * n + k] * right[k * n + column];
      out[row * n + column] = sum;
    }
  }
}

void multiply_float_matrices(const float *left, const float *right, float *out, int n) {
  for (int row = 0; row < n; row++) {
    for (int column = 0; column < n; column++) {
      float sum = 0;
      for (int k = 0; k < n; k++) sum += left[row * n + k] * right[k * n + column];
      out[row * n + column] = sum;
    }
  }
}

// True if `out` is the product, unless a vector of zeros and ones was very unlucky.
bool check_product(const int32_t *left, const int32_t *right, const int32_t *out, int n, uint32_t seed) {
  int32_t v[SIZE], right_v[SIZE];
  for (int i = 0; i < n; i++) v[i] = static_cast<int32_t>(next_random(seed) & 1);
  for (int row = 0; row < n; row++) {
    right_v[row] = 0;
    for (int k = 0; k < n; k++) right_v[row] += right[row * n + k] * v[k];
  }
  for (int row = 0; row < n; row++) {
    int32_t difference = 0;
    for (int k = 0; k < n; k++) difference += left[row * n + k] * right_v[k] - out[row * n + k] * v[k];
    if (difference != 0) return false;
  }
  return true;
}

int32_t trace_of(const int32_t *matrix, int n) {
  int32_t sum = 0;
  for (int i = 0; i < n; i++) sum += matrix[i * n + i];
  return sum;
}

int main() {
  bool right = true;
  uint32_t checksum = 0;
  const int rounds = matrix_rounds;
  for (int round = 0; round < rounds; round++) {
    fill_matrix(a, SIZE, matrix_seed + 2 * static_cast<uint32_t>(round));
    fill_matrix(b, SIZE, matrix_seed + 2 * static_cast<uint32_t>(round) + 1);
    multiply_matrices(a, b, product, SIZE);
    right = check_product(a, b, product, SIZE, matrix_seed) && right;
    for (int32_t entry : product) checksum = checksum * 31 + static_cast<uint32_t>(entry);
  }
  std::printf("%d products of %dx%d integers: trace %ld, checksum %08lx\n", rounds, SIZE, SIZE,
              (long)trace_of(product, SIZE), (unsigned long)checksum);

  for (int i = 0; i < FLOAT_SIZE * FLOAT_SIZE; i++) {
    fa[i] = static_cast<float>(a[i]) / 4;
    fb[i] = static_cast<float>(b[i]) / 2;
  }
  multiply_float_matrices(fa, fb, fproduct, FLOAT_SIZE);
  // Quarters and halves of small integers are exact in a float: so is their product, in eighths.
  multiply_matrices(a, b, product, FLOAT_SIZE);
  float float_trace = 0;
  for (int i = 0; i < FLOAT_SIZE; i++) float_trace += fproduct[i * FLOAT_SIZE + i];
  for (int i = 0; i < FLOAT_SIZE * FLOAT_SIZE; i++) {
    right = right && fproduct[i] * 8 == static_cast<float>(product[i]);
  }
  std::printf("a product of %dx%d floats: trace %ld/8\n", FLOAT_SIZE, FLOAT_SIZE, (long)(float_trace * 8));
  std::printf("%s\n", right ? "all products are right" : "a product is WRONG");
  return right ? 0 : 1;
}
