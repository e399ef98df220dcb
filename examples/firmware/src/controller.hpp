// What the oven does: a state machine around a PID controller.
#pragma once

#include <cstdint>

#include "heater.h"
#include "pid.hpp"

namespace oven {

enum class State : std::uint8_t { Idle, Heating, Holding, Cooling, Fault };

struct Settings {
  float target;            // degrees
  float tolerance;         // degrees around it that count as reached
  std::uint32_t hold_ms;   // how long it is held
  float limit;             // degrees above which nothing is right any more
};

class Controller {
 public:
  Controller(const Settings &settings, const PidGains &gains);

  /// Begins to heat.
  void start(float target);
  void stop();

  /// @param degrees filtered; @param now_ms the clock
  void step(float degrees, std::uint32_t now_ms);

  State state() const { return state_; }
  const Settings &settings() const { return settings_; }
  int power() const { return power_; }

 private:
  void enter(State next, std::uint32_t now_ms);

  Settings settings_;
  Pid pid_;
  State state_ = State::Idle;
  std::uint32_t entered_ms_ = 0;
  std::uint32_t last_ms_ = 0;
  int power_ = 0;
};

/// Words for a state.
const char *name_of(State state);

}  // namespace oven

/// The one oven, and its newest temperature.
extern oven::Controller controller;
float oven_temperature();

void sensor_start();
void control_task();
