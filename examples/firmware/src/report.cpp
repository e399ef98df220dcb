// A line on the console each second, and lamps that show the state.
#include "report.hpp"

#include <cstdio>

#include "clock.h"
#include "controller.hpp"
#include "event_log.hpp"
#include "mps2.h"
#include "uart.hpp"

static int reports;
static bool lamp;

/// Counts calls of the lamp's task.
int blinks;

void report_task() {
  char line[80];
  reports++;
  const int tenths = static_cast<int>(oven_temperature() * 10);
  std::snprintf(line, sizeof line, "%lu ms %s: %d.%d of %d degrees, %d per mille\r\n",
                static_cast<unsigned long>(clock_millis()), oven::name_of(controller.state()), tenths / 10, tenths % 10,
                static_cast<int>(controller.settings().target), controller.power());
  console_uart.print(line);
}

void blink_task() {
  lamp = !lamp;
  blinks++;
  const std::uint32_t state = static_cast<std::uint32_t>(controller.state());
  FPGA_LEDS = (lamp ? 1u : 0u) | (state == static_cast<std::uint32_t>(oven::State::Fault) ? 2u : 0u);
}

void door_task() {
  static bool was_open;
  if (heater_door_open && !was_open) event_log.add(Event::DoorOpened);
  was_open = heater_door_open;
}
