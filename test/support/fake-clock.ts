// A clock that a test moves. Time passes only between events: everything that is due runs, then everything it
// set in motion (microtasks, stream events), then time jumps to the next alarm.

import type { Clock } from '../../host/wire/clock.js';

interface Alarm {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  private nowMs = 0;
  private order = 0;
  private alarms: Alarm[] = [];

  now(): number {
    return this.nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const alarm = { atMs: this.nowMs + Math.max(0, delayMs), order: this.order++, callback };
    this.alarms.push(alarm);
    return () => {
      this.alarms = this.alarms.filter((other) => other !== alarm);
    };
  }

  /** Alarms that are set. */
  get pending(): number {
    return this.alarms.length;
  }

  /** Lets time pass until `work` is settled.
   *  @throws when nothing is left to happen, or `limitMs` have passed, before it is */
  async run<T>(work: Promise<T>, limitMs = 600_000): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    work.then(done, done);
    const endMs = this.nowMs + limitMs;
    for (await idle(); !settled; await idle()) {
      const next = this.takeNext();
      if (next === undefined) throw new Error(`nothing is left to happen after ${this.nowMs} ms`);
      if (next.atMs > endMs) throw new Error(`not settled within ${limitMs} ms`);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
    }
    return work;
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    let over = false;
    this.after(ms, () => {
      over = true;
    });
    for (await idle(); !over; await idle()) {
      const next = this.takeNext()!;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
    }
    await idle();
  }

  private takeNext(): Alarm | undefined {
    const next = this.alarms.reduce<Alarm | undefined>((best, alarm) => {
      if (best === undefined || alarm.atMs < best.atMs) return alarm;
      return alarm.atMs === best.atMs && alarm.order < best.order ? alarm : best;
    }, undefined);
    if (next !== undefined) this.alarms = this.alarms.filter((alarm) => alarm !== next);
    return next;
  }
}

/** Resolves when microtasks and ticks have run. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
