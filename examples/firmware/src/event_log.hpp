// The last events, for whoever looks.
#pragma once

#include <array>
#include <cstdint>

enum class Event : std::uint8_t { None, Started, StateChanged, TargetReached, TargetSet, SensorLost, Overheated, DoorOpened };

struct LogEntry {
  std::uint32_t at_ms;
  Event event;
  std::int16_t value;
};

class EventLog {
 public:
  static constexpr std::size_t SIZE = 16;

  void add(Event event, int value = 0);
  std::size_t count() const { return total_ < SIZE ? total_ : SIZE; }
  /// The newest is 0.
  const LogEntry &newest(std::size_t index) const;

 private:
  std::array<LogEntry, SIZE> entries_{};
  std::uint32_t total_ = 0;
};

extern EventLog event_log;
