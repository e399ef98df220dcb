// Names that were typed again are shown as they were typed, in whatever the session says.

import type { Diagnostic } from '../compile/diagnostics.js';
import { BarewireError } from '../diag/error.js';
import { type Versions, withoutVersions } from '../unit/versions.js';
import type { TypedInput } from './input-record.js';

/** A diagnostic without versions. */
export function plainDiagnostic(diagnostic: Diagnostic, versions: Versions): Diagnostic {
  if (versions.size === 0) return diagnostic;
  const { message, snippet, notes } = diagnostic;
  return {
    ...diagnostic,
    message: withoutVersions(message, versions),
    snippet: snippet.map((line) => withoutVersions(line, versions)),
    notes: notes.map((note) => plainDiagnostic(note, versions)),
  };
}

/** `(P from input 1) {x = 4}`, `(P *, P from input 1) 0x…`: a value whose type has been typed again since says which
 *  input its own is from.
 *  @param value as the board has it, with versions
 *  @param inputs of which something lasts, oldest first; asked only if it is needed */
export function shownValue(value: string, versions: Versions, inputs: () => readonly TypedInput[]): string {
  const type = versions.size === 0 ? '' : (/^\((?:[^()]|\([^()]*\))*\)/.exec(value)?.[0] ?? '');
  const names = new Set(type.match(/(?<![\w:])\w+/g) ?? []);
  const origins = [...names].flatMap((raw) => originOf(raw, versions, inputs));
  const [first] = origins;
  if (first === undefined) return withoutVersions(value, versions);
  const words = type === `(${first.slice(0, first.indexOf(' '))})` ? first : [type.slice(1, -1), ...origins].join(', ');
  return withoutVersions(`(${words})${value.slice(type.length)}`, versions);
}

/** `P from input 1` for a version that is not the current one. */
function originOf(raw: string, versions: Versions, inputs: () => readonly TypedInput[]): string[] {
  const current = versions.get(raw.replace(/__v\d+$/, ''));
  if (current === undefined || current === raw) return [];
  const declares = ({ unit }: TypedInput): boolean =>
    unit.items.some((item) => item.declares.some(({ key, names }) => TYPE_KEY.test(key) && names.includes(raw)));
  const from = inputs().find(declares)?.input;
  return from === undefined ? [] : [`${raw} from input ${from}`];
}

const TYPE_KEY = /^(?:type|enum) /;

/** An error without versions; what is no error of ours is given back as it is. */
export function withoutVersionsIn(error: unknown, versions: Versions): unknown {
  if (!(error instanceof BarewireError)) return error;
  const message = withoutVersions(error.message, versions);
  if (message === error.message) return error;
  return new BarewireError(error.code, message, error.details, error.kind, { cause: error });
}
