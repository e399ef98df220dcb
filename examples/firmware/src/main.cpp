// The controller of an oven: a sensor that interrupts, a PID controller in a state machine, a console, lamps, and a
// scheduler that gives each of them its turn.
#include "clock.h"
#include "controller.hpp"
#include "event_log.hpp"
#include "report.hpp"
#include "scheduler.hpp"
#include "uart.hpp"

#if defined(WITH_BAREWIRE)
#include "barewire_port.h"
#else
static void barewire_poll() {}
#endif

/// Times around the loop.
static unsigned long rounds;

int main() {
  clock_start();
  console_uart.open(115200);
  service_uart.open(115200, barewire_poll);
  sensor_start();
  event_log.add(Event::Started);
  sched::add("control", control_task, 10);
  sched::add("report", report_task, 1000);
  sched::add("blink", blink_task, 250);
  sched::add("door", door_task, 50);
  sched::find("report")->due_ms = clock_millis();  // the first line at once
  controller.start(180);
  for (;;) {
    sched::run_ready();
    barewire_poll();
    rounds++;
    __asm__ volatile("wfi");
  }
}
