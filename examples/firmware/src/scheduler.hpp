// A cooperative scheduler: tasks are functions that return soon, called each after its period.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sched {

struct Task {
  const char *name;
  void (*run)();
  std::uint32_t period_ms;
  std::uint32_t due_ms;
  std::uint32_t runs;
  std::uint32_t longest_us;
};

constexpr std::size_t MAX_TASKS = 8;

/// Adds a task; false when there is no room.
bool add(const char *name, void (*run)(), std::uint32_t period_ms);

/// Runs what is due. @return how many that were
std::size_t run_ready();

/// The task of this name, or nullptr.
Task *find(const char *name);

std::size_t count();

}  // namespace sched
