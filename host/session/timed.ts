// Where the time of an input goes, station by station.

/** Runs `work` and adds its milliseconds to `sums[key]`, also when it throws. */
export async function timed<K extends string, T>(
  sums: Record<K, number>,
  key: K,
  work: () => T | Promise<T>,
): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    sums[key] += performance.now() - start;
  }
}
