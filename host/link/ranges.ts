// Where on the board the atoms of one sort stand, as few ranges.

import type { Atom } from './atom.js';
import type { SessionState } from './session-state.js';
import type { AddrRange } from './types.js';

/** Constants of the support library that it changes itself, behind the MPU's back: `firmware-stub/support/track.c`. */
export function isChanging(atom: Pick<Atom, 'name' | 'origin' | 'kind'>): boolean {
  return atom.origin === 'archive' && atom.kind === 'rodata' && atom.name === '.rodata.bw_changing';
}

/** Memory of all atoms that are `wanted`, those retained for undo included, in order of address; ranges that
 *  touch are joined. The padding behind an atom counts as its own. */
export function rangesOf(state: SessionState, wanted: (atom: Atom) => boolean): AddrRange[] {
  const ends: { addr: number; end: number }[] = [];
  for (const atoms of [state.atoms, ...state.history.map((commit) => commit.retained)]) {
    for (const atom of atoms) {
      const { addr, sizeBytes, spanBytes } = atom;
      if (sizeBytes > 0 && wanted(atom)) ends.push({ addr, end: addr + Math.max(sizeBytes, spanBytes) });
    }
  }
  ends.sort((a, b) => a.addr - b.addr);
  const joined: { addr: number; end: number }[] = [];
  for (const { addr, end } of ends) {
    const last = joined.at(-1);
    if (last !== undefined && addr <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ addr, end });
  }
  return joined.map(({ addr, end }) => ({ addr, len: end - addr }));
}
