// A variable typed again with another type has another place, and functions compiled before go on taking it for what it
// was, as they do with the result of a function: that is told, with their names.

import type { Diagnostic } from '../compile/diagnostics.js';
import type { DeclarationStore } from '../unit/declarations.js';
import type { SourceUnit } from '../unit/source-unit.js';
import { functionNames, type TypedInput } from './input-record.js';

/** Warnings of variables of `unit` that have another type than before.
 *  @param before what was declared before it
 *  @param inputs typed before it; asked only if it is needed */
export function otherTypeWarnings(
  unit: SourceUnit,
  before: DeclarationStore,
  inputs: () => readonly TypedInput[],
): Diagnostic[] {
  return before.otherTypes(unit).flatMap(({ name, was }) => {
    const users = usersOf(name, unit, inputs());
    if (users.length === 0) return [];
    const [them, take] = users.length === 1 ? ['it', 'takes'] : ['them', 'take'];
    return [
      {
        severity: 'warning' as const,
        file: undefined,
        line: 0,
        column: 0,
        ranges: [],
        message: `${name} was ${was} before: ${users.join(', ')} ${take} it for what it was; type ${them} again too`,
        option: undefined,
        snippet: [],
        notes: [],
      },
    ];
  });
}

/** Names of the functions whose newest definition mentions a name, without those that `unit` defines. */
function usersOf(name: string, unit: SourceUnit, inputs: readonly TypedInput[]): string[] {
  const word = name.replace(/\$/g, '\\$');
  const mentions = new RegExp(`(?<![\\w$])${word}(?![\\w$])`);
  // A parameter or local variable of that name is another one.
  const hides = new RegExp(
    `(?<![\\w$])(?!(?:return|case|else|throw|delete|goto|co_\\w+)\\s)\\w+\\s+[*&]*${word}\\s*[=;,)[{:]`,
  );
  const newest = new Map<string, boolean>();
  for (const { unit: typed } of inputs) {
    for (const { functions, start, end } of typed.items) {
      const body = typed.text.slice(start, end);
      const isUser = mentions.test(body) && !hides.test(body);
      for (const each of functions) newest.set(each.name, isUser);
    }
  }
  for (const each of functionNames(unit)) newest.delete(each);
  return [...newest].filter(([, isUser]) => isUser).map(([each]) => each);
}
