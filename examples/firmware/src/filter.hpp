// Smooths samples: the middle one of five, then an exponential average.
#pragma once

#include <array>
#include <cstddef>

class Filter {
 public:
  explicit Filter(float weight) : weight_(weight) {}

  float step(float sample) {
    window_[next_] = sample;
    next_ = (next_ + 1) % window_.size();
    if (filled_ < window_.size()) filled_++;
    std::array<float, 5> sorted{};
    for (std::size_t i = 0; i < filled_; i++) {
      std::size_t at = i;
      for (; at > 0 && sorted[at - 1] > window_[i]; at--) sorted[at] = sorted[at - 1];
      sorted[at] = window_[i];
    }
    const float middle = sorted[filled_ / 2];
    value_ = filled_ == 1 ? middle : value_ + weight_ * (middle - value_);
    return value_;
  }

  float value() const { return value_; }

 private:
  float weight_;
  float value_ = 0;
  std::array<float, 5> window_{};
  std::size_t next_ = 0, filled_ = 0;
};
