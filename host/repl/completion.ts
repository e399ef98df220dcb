// What Tab offers, in the form Node's readline wants it: [candidates, the typed part they replace].

import type { ReplCommand } from './commands.js';

export type Completion = [candidates: string[], typed: string];

const INDENT = '  ';

/** Candidates for the text left of the cursor.
 *  @param words gives what can follow a C++ name's beginning; never called with an empty prefix */
export async function completeLine(
  beforeCursor: string,
  commands: readonly ReplCommand[],
  words: ((prefix: string) => readonly string[] | Promise<readonly string[]>) | undefined,
): Promise<Completion> {
  // At the beginning of a line Tab indents: a single candidate that extends nothing is inserted as it is.
  if (beforeCursor.trim() === '') return [[INDENT], ''];
  const command = /^\s*:(?!:)(\S*)$/.exec(beforeCursor);
  if (command !== null) {
    const typed = `:${command[1] ?? ''}`;
    const names = commands.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]).map((name) => `:${name}`);
    return [names.filter((name) => name.startsWith(typed)).sort(), typed];
  }
  const word = /[A-Za-z_$][\w$]*$/.exec(beforeCursor)?.[0] ?? '';
  if (word === '' || words === undefined) return [[], word];
  const found = await words(word);
  return [[...new Set(found)].filter((name) => name.startsWith(word)).sort(), word];
}
