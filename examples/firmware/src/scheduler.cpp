#include "scheduler.hpp"

#include <cstring>

#include "clock.h"

namespace sched {

namespace {
Task tasks[MAX_TASKS];
std::size_t used;
}  // namespace

bool add(const char *name, void (*run)(), std::uint32_t period_ms) {
  if (used == MAX_TASKS) return false;
  tasks[used++] = {name, run, period_ms, clock_millis() + period_ms, 0, 0};
  return true;
}

std::size_t run_ready() {
  std::size_t ran = 0;
  for (std::size_t i = 0; i < used; i++) {
    Task &task = tasks[i];
    if (static_cast<std::int32_t>(clock_millis() - task.due_ms) < 0) continue;
    task.due_ms += task.period_ms;
    const std::uint32_t begin = clock_micros();
    task.run();
    const std::uint32_t took = clock_micros() - begin;
    if (took > task.longest_us) task.longest_us = took;
    task.runs++;
    ran++;
  }
  return ran;
}

Task *find(const char *name) {
  for (std::size_t i = 0; i < used; i++) {
    if (std::strcmp(tasks[i].name, name) == 0) return &tasks[i];
  }
  return nullptr;
}

std::size_t count() { return used; }

}  // namespace sched
