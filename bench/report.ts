// How figures are taken and shown: medians, and always beside what they are compared with.

/** Middle value of a list that is not empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Prints a heading. */
export function heading(text: string): void {
  console.log(`\n${text}`);
}

/** Prints a figure beside what it is compared with. `aim` is what we want, `met` whether this run met it. */
export function figure(
  name: string,
  value: string,
  compared: string,
  aim?: { readonly text: string; readonly met: boolean },
): void {
  const verdict = aim === undefined ? '' : `  aim ${aim.text}: ${aim.met ? 'met' : 'MISSED'}`;
  console.log(`  ${name.padEnd(44)} ${value.padStart(12)}  ${compared}${verdict}`);
}

/** `12.3 ms` */
export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

/** `0.98` */
export function ratio(value: number): string {
  return value.toFixed(2);
}
