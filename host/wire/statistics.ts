// How well the line does, beside what it could do: round trips, and the rate of larger transfers.

/** One transfer on its way, or done. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly elapsedMs: number;
}

export interface LinkStatistics {
  /** Round trips of batches that run no code, in milliseconds; undefined before the first. */
  readonly roundTripP50Ms: number | undefined;
  readonly roundTripP95Ms: number | undefined;
  /** Bytes a second of the newest transfer that was large enough to tell. */
  readonly bytesPerSecond: number | undefined;
  /** What the rate of the line allows; undefined where no line sets the pace. */
  readonly possibleBytesPerSecond: number | undefined;
}

const KEPT_SAMPLES = 256;
/** Shorter transfers are mostly waiting for the answer. */
const LEAST_BYTES = 4096;

export class Statistics {
  private readonly samples: number[] = [];
  private next = 0;
  private bytesPerSecond: number | undefined;

  addRoundTrip(ms: number): void {
    this.samples[this.next] = ms;
    this.next = (this.next + 1) % KEPT_SAMPLES;
  }

  addTransfer({ doneBytes, elapsedMs }: Progress): void {
    if (doneBytes >= LEAST_BYTES && elapsedMs > 0) this.bytesPerSecond = (doneBytes * 1000) / elapsedMs;
  }

  /** @param baud bits a second, where a line sets the pace */
  read(baud: number | undefined): LinkStatistics {
    const sorted = [...this.samples].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return {
      roundTripP50Ms: at(0.5),
      roundTripP95Ms: at(0.95),
      bytesPerSecond: this.bytesPerSecond,
      possibleBytesPerSecond: baud === undefined ? undefined : baud / 10,
    };
  }
}
