// What Enter means: the lines typed so far become an input, or the user is asked for another line.
//
// The C++ parser answers whether a text is complete; three rules of the prompt come on top of it:
//
//     :name …          a command, if nothing is pending (`::f()` is C++, not a command)
//     blank line       forces an incomplete input through, so that nobody is stuck in a missing brace;
//                      inside a paste it is only a blank line
//     else …           if the next line is already known (a paste, type-ahead) and cannot begin an input, the
//                      pending text goes on, although it would be complete as it is

import type { Completeness } from '../unit/source-unit.js';

export interface EntryRules {
  /** The parser's verdict; must not throw. */
  completeness(text: string): Completeness;
  /** The line came out of a bracketed paste. */
  readonly pasting: boolean;
  /** The line behind this one, if it has already been received. */
  readonly nextLine: string | undefined;
}

export type Entry =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'input'; readonly text: string }
  | { readonly kind: 'pending'; readonly lines: readonly string[] };

// Starts of lines that only make sense as the rest of the line before.
const CONTINUES = /^\s*(else\b|\.|->|<<|&&|\|\||\?|:(?!:))/;

/** Whether a line that begins an entry is a `:command`. */
export function isCommand(line: string): boolean {
  return /^\s*:(?!:)/.test(line);
}

/** Decides what one more line makes of the `pending` lines before it. */
export function addLine(pending: readonly string[], line: string, rules: EntryRules): Entry {
  const blank = line.trim() === '';
  if (pending.length === 0) {
    if (blank) return { kind: 'nothing' };
    if (isCommand(line)) return { kind: 'command', text: line.trim() };
  }
  const lines = [...pending, line];
  const text = lines.join('\n');
  if (blank && !rules.pasting) return { kind: 'input', text: pending.join('\n') };
  const complete = rules.completeness(text) !== 'incomplete';
  const goesOn = rules.nextLine !== undefined && CONTINUES.test(rules.nextLine);
  return complete && !goesOn ? { kind: 'input', text } : { kind: 'pending', lines };
}
