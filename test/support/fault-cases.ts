// What a test says of a fault that an input makes, and the check of the report.

import { expect } from 'vitest';
import type { BarewireError } from '../../host/diag/error.js';

export interface FaultCase {
  readonly name: string;
  readonly input: string;
  readonly cause: RegExp;
  readonly likely?: RegExp;
  /** Line of the declarations, which are input 1, at which the report points; undefined where it points to the input. */
  readonly line?: number;
  /** Functions of the call stack, innermost first. */
  readonly calls?: readonly string[];
}

/** Holds a report against what is expected of it: the words, the line with its mark, the call stack. */
export function expectFault(error: BarewireError, expected: FaultCase): void {
  expect(error.code).toBe('SESSION_FAULT');
  const { cause, mistake } = error.details as { cause: string; mistake: string | undefined };
  expect(cause).toMatch(expected.cause);
  if (expected.likely === undefined) expect(mistake).toBeUndefined();
  else expect(mistake).toMatch(expected.likely);

  const lines = error.message.split('\n');
  expect(lines[0]).toMatch(/^input \d+ faulted: /);
  if (mistake !== undefined) expect(lines[1]).toBe(`likely: ${mistake}`);
  const at = lines.findIndex((line) => /^at input_\d+:\d+/.test(line));
  if (expected.line !== undefined) {
    expect(lines[at]).toMatch(new RegExp(`^at input_1:${expected.line}:\\d+ in `));
    expect(lines[at + 1]).toContain(` ${expected.line} | `);
    // The mark stands under something that is written there.
    const mark = lines[at + 2]!.indexOf('^');
    expect(lines[at + 1]![mark]).toMatch(/\S/);
  }
  const calls = lines.flatMap((line) => /^ {2}#\d+ +(\S.*?)(?: {2}|$)/.exec(line)?.[1] ?? []);
  if (expected.calls !== undefined) {
    expect(calls.map((call) => call.replace(/^input \d+$/, 'input'))).toEqual(expected.calls);
  }
}
