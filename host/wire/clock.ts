// Time, injected: the link's waits run on the machine's clock in use, and on a fake one in tests.

export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Calls back once after `delayMs`; the function returned takes that back. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** A process that had no processor for so long may have kept the other end waiting. */
const LATE_MS = 20;
const MOST_LATE_MS = 1000;

/** For waits of an answer. A busy machine makes timers late, and what came meanwhile is read after them: it has its turn
 *  first, and a simulator that had no processor either gets as long again. */
export const patientClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const dueMs = performance.now() + delayMs;
    let immediate: NodeJS.Immediate | undefined;
    const then = (): void => {
      immediate = setImmediate(callback);
    };
    let timer = setTimeout(() => {
      const lateMs = performance.now() - dueMs;
      if (lateMs < LATE_MS) then();
      else timer = setTimeout(then, Math.min(lateMs, MOST_LATE_MS));
    }, delayMs);
    return () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
  },
};
