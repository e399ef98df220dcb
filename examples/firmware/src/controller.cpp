#include "controller.hpp"

#include "clock.h"
#include "event_log.hpp"
#include "filter.hpp"

namespace oven {

namespace {
constexpr std::uint32_t STEP_MAX_MS = 1000;
int transitions;
}  // namespace

Controller::Controller(const Settings &settings, const PidGains &gains)
    : settings_(settings), pid_{gains, 0, 1000, 0, 0, true} {}

void Controller::start(float target) {
  settings_.target = target;
  pid_reset(pid_);
  last_ms_ = clock_millis();
  event_log.add(Event::TargetSet, static_cast<int>(target));
  enter(State::Heating, last_ms_);
}

void Controller::stop() { enter(State::Idle, clock_millis()); }

void Controller::enter(State next, std::uint32_t now_ms) {
  if (next == state_) return;
  state_ = next;
  entered_ms_ = now_ms;
  transitions++;
  event_log.add(Event::StateChanged, static_cast<int>(next));
}

void Controller::step(float degrees, std::uint32_t now_ms) {
  const std::uint32_t passed = now_ms - last_ms_;
  const float dt = static_cast<float>(passed < STEP_MAX_MS ? passed : STEP_MAX_MS) / 1000;
  if (passed == 0) return;
  last_ms_ = now_ms;
  if (degrees > settings_.limit && state_ != State::Fault) {
    event_log.add(Event::Overheated, static_cast<int>(degrees));
    enter(State::Fault, now_ms);
  }
  switch (state_) {
    case State::Heating:
      power_ = static_cast<int>(pid_step(pid_, settings_.target - degrees, dt));
      if (degrees > settings_.target - settings_.tolerance) {
        event_log.add(Event::TargetReached, static_cast<int>(degrees));
        enter(State::Holding, now_ms);
      }
      break;
    case State::Holding:
      power_ = static_cast<int>(pid_step(pid_, settings_.target - degrees, dt));
      if (now_ms - entered_ms_ > settings_.hold_ms) enter(State::Cooling, now_ms);
      break;
    case State::Cooling:
      power_ = 0;
      if (degrees < 40) enter(State::Idle, now_ms);
      break;
    case State::Idle:
    case State::Fault:
      power_ = 0;
      break;
  }
  heater_set_power(power_);
}

const char *name_of(State state) {
  switch (state) {
    case State::Idle:
      return "idle";
    case State::Heating:
      return "heating";
    case State::Holding:
      return "holding";
    case State::Cooling:
      return "cooling";
    case State::Fault:
      return "fault";
  }
  return "?";
}

}  // namespace oven

oven::Controller controller({180, 2, 60000, 260}, {30, 2, 5});

static Filter filter(0.2f);
static volatile std::uint16_t newest_sample;
static volatile float newest_degrees;

static void on_sample(const heater_sample *sample) {
  newest_degrees = heater_degrees(sample);
  newest_sample = sample->number;
}

void sensor_start() { heater_start(on_sample); }

float oven_temperature() { return filter.value(); }

void control_task() {
  static std::uint16_t seen;
  if (seen == newest_sample) return;
  seen = newest_sample;
  controller.step(filter.step(newest_degrees), clock_millis());
}
