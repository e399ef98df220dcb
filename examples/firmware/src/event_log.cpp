#include "event_log.hpp"

#include "clock.h"

EventLog event_log;

void EventLog::add(Event event, int value) {
  entries_[total_ % SIZE] = {clock_millis(), event, static_cast<std::int16_t>(value)};
  total_++;
}

const LogEntry &EventLog::newest(std::size_t index) const { return entries_[(total_ - 1 - index) % SIZE]; }
