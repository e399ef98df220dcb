// A part of a type that is read when it is first asked for, and then kept.

/** A function that computes its value on the first call. */
export function once<T>(compute: () => T): () => T {
  let done = false;
  let value: T;
  return () => {
    if (!done) {
      value = compute();
      done = true;
    }
    return value;
  };
}
