// Functions and constants that were typed again as they are: they take the place of the old ones, so that not a byte
// of them has to be sent. Equal are two atoms with the same bytes and the same relocations to the same things, where
// "the same thing" may itself be something that was typed again: two functions that call each other are the same again
// only if both are. So all of them are taken to be, and those that turn out not to be are struck off until none is left.

import type { Atom, Fixup, Target } from './atom.js';

/** Which new code and constants are as the old ones were.
 *  @param candidates new atom → the old one whose definitions it replaces
 *  @param keptPlaces variables that stand where the old ones stood, whatever is in them
 *  @returns the candidates that are the same, new → old */
export function sameAgain(
  candidates: ReadonlyMap<Atom, Atom>,
  keptPlaces: ReadonlyMap<Atom, Atom>,
): ReadonlyMap<Atom, Atom> {
  const same = new Map([...candidates].filter(([atom, old]) => sameShape(atom, old)));
  const placeOf = (atom: Atom): Atom => keptPlaces.get(atom) ?? same.get(atom) ?? atom;
  for (let before = -1; before !== same.size; ) {
    before = same.size;
    for (const [atom, old] of same) {
      const equal = atom.fixups.every((fixup, at) => sameTarget(fixup.target, old.fixups[at]!.target, placeOf));
      if (!equal) same.delete(atom);
    }
  }
  return same;
}

function sameShape(atom: Atom, old: Atom): boolean {
  return (
    atom.kind === old.kind &&
    (atom.kind === 'code' || atom.kind === 'rodata') &&
    old.lifetime === 'persistent' &&
    atom.align === old.align &&
    atom.sizeBytes === old.sizeBytes &&
    atom.fixups.length === old.fixups.length &&
    atom.bytes.every((byte, at) => byte === old.bytes[at]) &&
    atom.fixups.every((fixup, at) => sameField(fixup, old.fixups[at]!))
  );
}

const sameField = (a: Fixup, b: Fixup): boolean =>
  a.row === b.row && a.offset === b.offset && a.pcOffset === b.pcOffset && a.addend === b.addend;

function sameTarget(now: Target, before: Target, placeOf: (atom: Atom) => Atom): boolean {
  if (now.kind === 'atom') {
    if (before.kind !== 'atom' || now.offset !== before.offset || now.thumb !== before.thumb) return false;
    return placeOf(now.atom) === before.atom;
  }
  if (now.kind === 'weak' || before.kind !== 'absolute') return now.kind === before.kind;
  return now.addr === before.addr && now.thumb === before.thumb;
}
