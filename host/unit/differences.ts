// What an ordered map had that its successor has not, so that the one can be made from the other. Most successors only
// have more at their end: then that is a number.

/** How to get back: take `dropped` entries off the end, then put each of `missing` in at its place. */
export interface Difference {
  readonly dropped: number;
  /** In order of `at`, the index in the earlier map. */
  readonly missing: readonly { readonly at: number; readonly key: string; readonly value: unknown }[];
}

const NONE: Difference['missing'] = [];

/** What takes `next` back to `map`. Values are compared by identity. */
export function differenceOf<T>(map: ReadonlyMap<string, T>, next: ReadonlyMap<string, T>): Difference {
  const after = [...next];
  const missing: { at: number; key: string; value: T }[] = [];
  let kept = 0;
  for (const [at, [key, value]] of [...map].entries()) {
    const same = after[kept];
    if (same !== undefined && same[0] === key && same[1] === value) kept++;
    else missing.push({ at, key, value });
  }
  return { dropped: after.length - kept, missing: missing.length === 0 ? NONE : missing };
}

export function isNone({ dropped, missing }: Difference): boolean {
  return dropped === 0 && missing.length === 0;
}

/** The earlier map. */
export function before<T>(next: ReadonlyMap<string, T>, { dropped, missing }: Difference): Map<string, T> {
  const entries = [...next].slice(0, next.size - dropped);
  for (const { at, key, value } of missing) entries.splice(at, 0, [key, value as T]);
  return new Map(entries);
}
