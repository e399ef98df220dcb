// Time inside a simulated RP2040, in nanoseconds. The run loop adds to `nanos` after each instruction and asks
// only whether the next alarm is due, which keeps the loop short.

interface Alarm {
  readonly callback: () => void;
  dueNanos: number;
}

export class SimClock {
  nanos = 0;
  /** When the next alarm is due; Infinity without one. */
  nextNanos = Number.POSITIVE_INFINITY;
  private readonly alarms = new Set<Alarm>();

  createAlarm(callback: () => void): { schedule(deltaNanos: number): void; cancel(): void } {
    const alarm: Alarm = { callback, dueNanos: 0 };
    return {
      schedule: (deltaNanos) => {
        alarm.dueNanos = this.nanos + deltaNanos;
        this.alarms.add(alarm);
        this.findNext();
      },
      cancel: () => {
        if (this.alarms.delete(alarm)) this.findNext();
      },
    };
  }

  /** Calls the alarms that are due, earliest first. */
  fire(): void {
    const { nanos } = this;
    while (this.nextNanos <= nanos) {
      const due = [...this.alarms].find((alarm) => alarm.dueNanos === this.nextNanos)!;
      this.alarms.delete(due);
      this.findNext();
      due.callback();
    }
  }

  private findNext(): void {
    this.nextNanos = Number.POSITIVE_INFINITY;
    for (const { dueNanos } of this.alarms) if (dueNanos < this.nextNanos) this.nextNanos = dueNanos;
  }
}
