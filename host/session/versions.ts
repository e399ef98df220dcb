// Names that were typed again are shown as they were typed, in whatever the session says.

import type { Diagnostic } from '../compile/diagnostics.js';
import { BarewireError } from '../diag/error.js';
import { type Versions, withoutVersions } from '../unit/versions.js';
import type { TypedInput } from './input-record.js';

/** Inputs of which something lasts, oldest first; asked only if it is needed. */
type Inputs = () => readonly TypedInput[];

/** A diagnostic without versions. */
export function plainDiagnostic(diagnostic: Diagnostic, versions: Versions, inputs: Inputs): Diagnostic {
  if (versions.size === 0) return diagnostic;
  const { message, snippet, notes } = diagnostic;
  return {
    ...diagnostic,
    message: plainMessage(message, versions, inputs),
    snippet: snippet.map((line) => withoutVersions(line, versions)),
    notes: notes.map((note) => plainDiagnostic(note, versions, inputs)),
  };
}

/** `from 'P' to 'P &' (P from input 1)`: clang's words, in which a type that was typed again since says which it is. */
function plainMessage(message: string, versions: Versions, inputs: Inputs): string {
  const said = message.replace(/'([^'\n]*)'/g, (quoted, text: string) => {
    const origins = new Set([...text.matchAll(NAME)].flatMap(([raw]) => originOf(raw, versions, inputs)));
    return origins.size === 0 ? quoted : `${quoted} (${[...origins].join(', ')})`;
  });
  return withoutVersions(said, versions);
}

/** A name with what qualifies it. */
const NAME = /(?<![\w:])[A-Za-z_]\w*(?:::\w+)*/g;

/** `(P from input 1) {x = 4}`, `(P *, P from input 1) 0x…`: a value whose type has been typed again since says which
 *  input its own is from.
 *  @param value as the board has it, with versions */
export function shownValue(value: string, versions: Versions, inputs: Inputs): string {
  const type = versions.size === 0 ? '' : (/^\((?:[^()]|\([^()]*\))*\)/.exec(value)?.[0] ?? '');
  const names = new Set(type.match(NAME) ?? []);
  const origins = [...names].flatMap((raw) => originOf(raw, versions, inputs));
  const [first] = origins;
  if (first === undefined) return withoutVersions(value, versions);
  const words = type === `(${first.slice(0, first.indexOf(' '))})` ? first : [type.slice(1, -1), ...origins].join(', ');
  return withoutVersions(`(${words})${value.slice(type.length)}`, versions);
}

/** `P from input 1` for a version that is not the current one. The first part of a name that has versions counts. */
function originOf(raw: string, versions: Versions, inputs: Inputs): string[] {
  const parts = raw.split('::');
  const length =
    parts.findIndex((_, index) => currentOf(parts.slice(0, index + 1), versions, inputs) !== undefined) + 1;
  if (length === 0) return [];
  const [name, last] = [parts.slice(0, length), parts[length - 1]!];
  if (currentOf(name, versions, inputs) === last) return [];
  const declares = ({ unit }: TypedInput): boolean =>
    unit.items.some((item) => item.declares.some(({ key, names }) => TYPE_KEY.test(key) && names.includes(last)));
  const from = inputs().find(declares)?.input;
  return from === undefined ? [] : [`${name.join('::')} from input ${from}`];
}

/** What clang calls the current version of a name. It may leave out what qualifies the name. */
function currentOf(name: readonly string[], versions: Versions, inputs: Inputs): string | undefined {
  const plain = name.map((part) => part.replace(/__v\d+$/, '')).join('::');
  const known = versions.get(plain);
  if (known !== undefined || name.length > 1) return known;
  const scoped = [...versions].find(([full]) => full.endsWith(`::${plain}`))?.[1];
  const isGlobal = ({ unit }: TypedInput): boolean =>
    unit.items.some((item) => item.declares.some(({ key }) => key === `type ${plain}` || key === `enum ${plain}`));
  return scoped === undefined || inputs().some(isGlobal) ? undefined : scoped;
}

const TYPE_KEY = /^(?:type|enum) /;

/** An error without versions; what is no error of ours is given back as it is. */
export function withoutVersionsIn(error: unknown, versions: Versions, inputs: Inputs): unknown {
  if (!(error instanceof BarewireError)) return error;
  const isSaid = /(?:error|warning|note): /;
  const message =
    versions.size === 0
      ? error.message
      : error.message
          .split('\n')
          .map((line) => (isSaid.test(line) ? plainMessage(line, versions, inputs) : withoutVersions(line, versions)))
          .join('\n');
  if (message === error.message) return error;
  return new BarewireError(error.code, message, error.details, error.kind, { cause: error });
}
