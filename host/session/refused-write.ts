// A write that the MPU refused because of what stands there, in words.

import { FAULT_WORDS } from '../../protocol/messages.js';
import { kindOf } from '../link/atom.js';
import type { SectionPlace, SymbolPlace } from '../link/types.js';
import type { Guard } from './guard.js';
import { symbolText } from './lookup.js';

/** Who knows what stands at an address. */
export interface Places {
  symbolAt(addr: number): SymbolPlace | undefined;
  sectionAt(addr: number): SectionPlace | undefined;
}

const CFSR = FAULT_WORDS.cortexm.indexOf('cfsr');
const MMFAR = FAULT_WORDS.cortexm.indexOf('mmfar');
/** DACCVIOL and MMARVALID: data was refused, and the address is known. */
const REFUSED = (1 << 1) | (1 << 7);

/** The cause of a fault that is a write to code or a constant: `write to code: f(int) + 2, at 0x20003602`; undefined
 *  for all others. */
export function refusedWrite(words: Uint32Array, guard: Guard | undefined, places: Places): string | undefined {
  const addr = words[MMFAR] ?? 0;
  if (guard === undefined || ((words[CFSR] ?? 0) & REFUSED) !== REFUSED || !guard.refuses(addr)) return undefined;
  const section = places.sectionAt(addr)?.section;
  const what =
    section === undefined
      ? 'to memory that is kept for code'
      : kindOf(section) === 'code'
        ? 'to code'
        : 'to a constant';
  const name = symbolText(places.symbolAt(addr));
  return `write ${what}${name === undefined ? '' : `: ${name}`}, at 0x${addr.toString(16).padStart(8, '0')}`;
}
