// A write that the MPU refuses because of what stands there, in words.

import { kindOf } from '../link/atom.js';
import type { SectionPlace, SymbolPlace } from '../link/types.js';
import type { Guard } from './guard.js';
import { symbolText } from './lookup.js';

/** Who knows what stands at an address. */
export interface Places {
  symbolAt(addr: number): SymbolPlace | undefined;
  sectionAt(addr: number): SectionPlace | undefined;
}

/** What code that writes there would hit that it may not write to: `code: f(int) + 2`; undefined where it may. */
export function keptFromWrites(addr: number, guard: Guard | undefined, places: Places): string | undefined {
  if (guard === undefined || !guard.refuses(addr)) return undefined;
  const section = places.sectionAt(addr)?.section;
  if (section === undefined) return 'memory that is kept for code';
  const name = symbolText(places.symbolAt(addr));
  return `${kindOf(section) === 'code' ? 'code' : 'a constant'}${name === undefined ? '' : `: ${name}`}`;
}
