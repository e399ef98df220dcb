// `:diff`: which variables changed between two moments, by name, old value and new. Both are formatted from the host's
// copies of memory, so that what a variable owns or points to counts as its value: a vector whose element changed has
// changed, though its own three words have not.

import { readDebugInfo } from '../elf/dwarf/debug-info.js';
import type { Scope } from '../elf/dwarf/scope.js';
import type { DwarfType } from '../elf/dwarf/types.js';
import type { AddrRange, VariableSection } from '../link/types.js';
import type { MemoryReader, ShowLimits, SymbolName } from '../show/context.js';
import { formatTyped } from '../show/format-value.js';
import { intersect, totalBytes } from './address-ranges.js';
import type { ArenaImage } from './arena-image.js';

/** A variable of the session. */
export interface Variable {
  readonly name: string;
  readonly type: DwarfType;
  readonly addr: number;
  readonly sizeBytes: number;
}

/** Memory at a moment, and the variables in it. */
export interface Moment {
  readonly image: ArenaImage;
  readonly variables: readonly VariableSection[];
  /** Where `image` says something. */
  readonly held: readonly AddrRange[];
}

/** Finds a symbol for an address that a value holds. */
export type SymbolAt = (addr: number) => SymbolName | string | undefined;

/** Values in a list are shown shorter than on their own. */
const LIMITS: Partial<ShowLimits> = { elements: 20, totalElements: 100, characters: 80, depth: 4 };

/** The changes from one moment to another, one line each: `n: (int) 7 → 8`.
 *  @throws DWARF_… when debug information is damaged */
export async function listChanges(before: Moment, after: Moment, symbolAt: SymbolAt): Promise<string[]> {
  const [old, now] = [variablesIn(before.variables), variablesIn(after.variables)];
  const lines: string[] = [];
  for (const [name, variable] of now) {
    const earlier = old.get(name);
    const text = await textOf(after, variable, symbolAt);
    if (earlier === undefined) {
      lines.push(`${name}: new, ${text}`);
      continue;
    }
    const oldText = await textOf(before, earlier, symbolAt);
    if (oldText !== text) lines.push(`${name}: ${oldText} → ${withoutType(text, oldText)}`);
    else if (earlier.sizeBytes === variable.sizeBytes) {
      const at = firstDifference(before.image.read(range(earlier)), after.image.read(range(variable)));
      if (at !== undefined) lines.push(`${name}: differs from byte ${at} on, beyond what is shown: ${text}`);
    }
  }
  for (const [name, variable] of old) {
    if (!now.has(name)) lines.push(`${name}: gone, was ${await textOf(before, variable, symbolAt)}`);
  }
  return lines;
}

const range = ({ addr, sizeBytes }: Variable): AddrRange => ({ addr, len: sizeBytes });

/** By name, in the order of the inputs that defined them; of several of one name the last is meant. */
function variablesIn(sections: readonly VariableSection[]): Map<string, Variable> {
  const found = new Map<string, Variable>();
  for (const { object, section, addr, sizeBytes } of [...sections].sort(
    (a, b) => a.input - b.input || a.addr - b.addr,
  )) {
    for (const { name, scopes, type, location } of readDebugInfo(object).variables()) {
      if (location === undefined || location.section !== section?.index || name.startsWith('__bw_')) continue;
      const full = [...scopes.flatMap(scopeText), name].join('::');
      found.set(full, { name: full, type, addr: addr + location.offset, sizeBytes });
    }
  }
  return found;
}

function scopeText({ kind, name }: Scope): string[] {
  if (name === undefined || kind === 'inline namespace') return [];
  return [kind === 'function' ? `${name}()` : name];
}

function textOf({ image, held }: Moment, { type, addr }: Variable, symbolAt: SymbolAt): Promise<string> {
  const memory: MemoryReader = {
    read: async (from, len) => {
      const wanted = { addr: from, len };
      if (totalBytes(intersect([wanted], held)) < len) throw new Error('not in the copy of memory');
      return image.read(wanted);
    },
    symbolAt,
  };
  return formatTyped(type, { addr }, memory, LIMITS);
}

/** The type is not said twice. */
function withoutType(text: string, other: string): string {
  const type = /^\(.*?\) /.exec(text)?.[0] ?? '';
  return type !== '' && other.startsWith(type) ? text.slice(type.length) : text;
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 ? undefined : at;
}
