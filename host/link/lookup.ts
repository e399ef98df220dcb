// From an address back to what stands there: symbol, block, section of an object file.

import type { Atom } from './atom.js';
import { addressOfTarget } from './atom.js';
import type { FirmwareNames } from './firmware-names.js';
import { symbolCovering } from './report.js';
import type { SectionPlace, SymbolPlace } from './types.js';

/** Atoms in order of address. Where two overlap (a transient one in memory used again), the later one counts. */
export type AtomIndex = readonly Atom[];

export function indexAtoms(atoms: Iterable<Atom>): AtomIndex {
  return [...atoms].sort((a, b) => a.addr - b.addr || a.id - b.id);
}

/** The atom that covers `addr`. */
export function atomAt(index: AtomIndex, addr: number): Atom | undefined {
  let [low, high] = [0, index.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (index[middle]!.addr <= addr) low = middle + 1;
    else high = middle;
  }
  const atom = index[low - 1];
  return atom !== undefined && addr < atom.addr + atom.sizeBytes ? atom : undefined;
}

export function symbolPlaceOf(atom: Atom, addr: number): SymbolPlace {
  const offset = addr - atom.addr;
  const symbol = symbolCovering(atom, offset);
  const { input, lifetime, kind } = atom;
  return symbol === undefined
    ? { name: atom.name, offset, input, lifetime, kind }
    : { name: symbol.name, offset: offset - symbol.value, input, lifetime, kind };
}

export function sectionPlaceOf(atom: Atom, addr: number): SectionPlace | undefined {
  const { object, section, input } = atom;
  if (object === undefined || section === undefined) return undefined;
  return { object, section, offset: addr - atom.addr + atom.start, input };
}

/** The firmware symbol that covers `addr`. */
export function firmwareSymbolAt(firmware: FirmwareNames, addr: number): SymbolPlace | undefined {
  for (const { name, target, sizeBytes } of firmware.values()) {
    const start = addressOfTarget(target);
    if (addr >= start && addr < start + Math.max(sizeBytes, 1)) return { name, offset: addr - start };
  }
  return undefined;
}
