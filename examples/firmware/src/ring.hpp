// A queue of bytes between one that puts and one that takes, of which either may be an interrupt handler.
#pragma once

#include <cstddef>
#include <cstdint>

template <std::size_t Size>
class Ring {
  static_assert((Size & (Size - 1)) == 0, "a power of two");

 public:
  bool empty() const { return head_ == tail_; }
  bool full() const { return head_ - tail_ == Size; }
  std::size_t size() const { return head_ - tail_; }

  bool put(std::uint8_t byte) {
    if (full()) return false;
    bytes_[head_ % Size] = byte;
    head_ = head_ + 1;
    return true;
  }

  int take() {
    if (empty()) return -1;
    const int byte = bytes_[tail_ % Size];
    tail_ = tail_ + 1;
    return byte;
  }

 private:
  volatile std::uint32_t head_ = 0;
  volatile std::uint32_t tail_ = 0;
  std::uint8_t bytes_[Size] = {};
};
