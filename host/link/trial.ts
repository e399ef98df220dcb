// Sections on trial: string literals, lambdas' code, vtables and the like, of which an input's transient code takes
// the address. The program may have stored that address, or only passed it on: nobody can tell from the code. So
// after the run the board is asked which words of its variables and of its heap point there (op FIND). What is
// pointed to stays, with all it refers to; the rest is gone like the code that used it. What stayed is asked about
// again with every later input that brings something new on trial.
//
//   arena  │ code ─→     …     ←─ transient │ variables, heap │ on trial, kept │
//          low                       these hold the pointers   the window they point into

import type { Atom } from './atom.js';
import type { SessionState } from './session-state.js';
import type { AddrRange, Trial } from './types.js';

/** Gaps up to this many bytes are scanned along: one op more costs more than they do. */
const MAX_GAP_BYTES = 256;
/** More ranges than this are joined across bigger gaps: a batch has to stay small. */
const MAX_RANGES = 5;

/** What the board is to be asked after a run; undefined when the input brings nothing on trial.
 *  @param fresh the input's new atoms, placed */
export function trialOf(state: SessionState, fresh: readonly Atom[]): Trial | undefined {
  if (!fresh.some((atom) => atom.lifetime === 'trial')) return undefined;
  const candidates = candidatesOf(state, fresh);
  return {
    low: Math.min(...candidates.map((atom) => atom.addr)),
    // A pointer just past the end counts too.
    high: Math.max(...candidates.map((atom) => atom.addr + atom.sizeBytes)),
    ranges: [...variableRanges(state, fresh), ...(state.target.attached?.memory ?? [])],
  };
}

/** Everything that is on trial now: new, or kept by an earlier trial. */
export function candidatesOf(state: SessionState, fresh: readonly Atom[]): Atom[] {
  return [...state.kept, ...fresh.filter((atom) => atom.lifetime === 'trial')];
}

/** The candidates that stay.
 *  @param pointers words found on the board */
export function acquitted(candidates: readonly Atom[], pointers: readonly number[]): Set<Atom> {
  const all = new Set(candidates);
  const stays = new Set<Atom>();
  const work: Atom[] = [];
  const mark = (atom: Atom | undefined): void => {
    if (atom === undefined || !all.has(atom) || stays.has(atom)) return;
    stays.add(atom);
    work.push(atom);
  };
  // A pointer just past the end counts too, as the end of a range does in C++.
  for (const value of pointers) {
    for (const atom of candidates) if (value >= atom.addr && value <= atom.addr + atom.sizeBytes) mark(atom);
  }
  for (let atom = work.pop(); atom !== undefined; atom = work.pop()) {
    for (const { target, via } of atom.fixups) {
      mark(via);
      if (target.kind === 'atom') mark(target.atom);
    }
  }
  return stays;
}

/** Memory of all variables, neighbours joined, whole words. */
function variableRanges(state: SessionState, fresh: readonly Atom[]): AddrRange[] {
  const retained = state.history.flatMap((commit) => commit.retained);
  const persistent = fresh.filter((atom) => atom.lifetime === 'persistent');
  const ends: { addr: number; end: number }[] = [];
  for (const atoms of [state.atoms, retained, persistent]) {
    for (const { kind, addr, sizeBytes } of atoms) {
      if (kind === 'data' || kind === 'bss') ends.push({ addr: addr & ~3, end: (addr + sizeBytes + 3) & ~3 });
    }
  }
  ends.sort((a, b) => (a.addr >>> 0) - (b.addr >>> 0));
  for (let gap = MAX_GAP_BYTES; ; gap *= 4) {
    const joined: { addr: number; end: number }[] = [];
    for (const { addr, end } of ends) {
      const last = joined.at(-1);
      if (last !== undefined && addr - last.end <= gap) last.end = Math.max(last.end, end);
      else joined.push({ addr, end });
    }
    if (joined.length <= MAX_RANGES) {
      return joined.map(({ addr, end }) => ({ addr: addr >>> 0, len: end - addr }));
    }
  }
}
