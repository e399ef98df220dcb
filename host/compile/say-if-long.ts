// Nobody is to wait for more than a second without being told what for.

const AFTER_MS = 1000;

/** Waits for a promise, and says once what for when that takes longer than a second.
 *  @param say undefined: there is nobody to tell
 *  @throws what the promise rejects with */
export async function sayIfLong<T>(
  promise: Promise<T>,
  say: ((text: string) => void) | undefined,
  text: string,
  afterMs = AFTER_MS,
): Promise<T> {
  if (say === undefined) return promise;
  const timer = setTimeout(() => say(text), afterMs);
  timer.unref();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
