// Gives atoms their addresses. The atoms of one input, lifetime and zone form one run, so that an input is few
// writes; within it code comes first, then constants, then variables, then what is zero and costs no bytes:
//
//   persistent code ─→  │ code │ rodata │                  from the arena's low end
//   variables        ←─ │ data │ bss │                     from the high end, below the zone for trials
//   trial run        ←─ │ code │ rodata │                  in the zone for trials, stays if something points to it
//   transient run    ←─ │ code │ rodata │ data │ bss │     below the variables, free again after the commit
//
// When no hole takes a whole run, its atoms are placed one by one.

import type { Atom } from './atom.js';
import type { Allocation, MemoryMap } from './memory-map.js';
import { arenaFull, placeName } from './report.js';
import type { SessionState } from './session-state.js';
import type { BlockKind, LinkedBlock, LinkedSection } from './types.js';
import { type Allocate, allocateCode, allocateTrial, allocateWritable, isWritable } from './zones.js';

/** Atoms that lie side by side. */
export interface Run {
  readonly addr: number;
  /** Bytes up to the end of the last atom that is not bss. */
  readonly byteCount: number;
  readonly zeroBytes: number;
  /** At the place of an old variable. */
  readonly inPlace: boolean;
  /** In order of address. */
  readonly atoms: readonly Atom[];
}

export interface Layout {
  readonly runs: readonly Run[];
  /** The map once the transient runs are gone; what is on trial still holds its memory. */
  readonly memory: MemoryMap;
}

const KIND_ORDER: Readonly<Record<BlockKind, number>> = { code: 0, rodata: 1, data: 2, bss: 3 };

/** Places all atoms; sets their `addr`.
 *  @param memory map to allocate from
 *  @param keptPlaces atoms that take over the address of an old one
 *  @throws LINK_ARENA_FULL */
export function layOut(
  state: SessionState,
  memory: MemoryMap,
  atoms: readonly Atom[],
  keptPlaces: ReadonlyMap<Atom, Atom>,
): Layout {
  const runs: Run[] = [];
  for (const [atom, place] of keptPlaces) {
    runs.push(runAt(place.addr, [atom], true));
    atom.spanBytes = place.spanBytes;
  }
  const loose = atoms.filter((atom) => !keptPlaces.has(atom));
  const { arena } = state.target;
  const place = (map: MemoryMap, allocate: Allocate, wanted: (atom: Atom) => boolean): MemoryMap =>
    placeAll(state, map, loose.filter(wanted), (...request) => allocate(arena, ...request), runs);
  const coded = place(memory, allocateCode, ({ lifetime, kind }) => lifetime === 'persistent' && !isWritable(kind));
  const persistent = place(
    coded,
    allocateWritable,
    ({ lifetime, kind }) => lifetime === 'persistent' && isWritable(kind),
  );
  const after = place(persistent, allocateTrial, ({ lifetime }) => lifetime === 'trial');
  place(after, allocateWritable, ({ lifetime }) => lifetime === 'transient');
  return { runs, memory: after };
}

function placeAll(
  state: SessionState,
  memory: MemoryMap,
  atoms: readonly Atom[],
  allocate: (map: MemoryMap, sizeBytes: number, align: number) => Allocation | undefined,
  runs: Run[],
): MemoryMap {
  if (atoms.length === 0) return memory;
  const sorted = [...atoms].sort((a, b) => KIND_ORDER[a.kind] - KIND_ORDER[b.kind] || b.align - a.align || a.id - b.id);
  const align = Math.max(...sorted.map((atom) => atom.align));
  const sizeBytes = runSize(sorted);
  const whole = allocate(memory, sizeBytes, align);
  if (whole !== undefined) {
    runs.push(runAt(whole.addr, sorted));
    return whole.map;
  }
  let map = memory;
  for (const atom of sorted) {
    const single = allocate(map, atom.sizeBytes, atom.align);
    if (single === undefined) throw arenaFull(state, memory, sizeBytes, contentsOf(sorted));
    runs.push(runAt(single.addr, [atom]));
    map = single.map;
  }
  return map;
}

/** `input 4`, with its biggest parts: `input 4 (big, table)`. */
function contentsOf(atoms: readonly Atom[]): string {
  const biggest = [...atoms].sort((a, b) => b.sizeBytes - a.sizeBytes).slice(0, 3);
  const names = biggest.map((atom) => `${placeName(atom, 0)}: ${atom.sizeBytes}`);
  return `input ${atoms[0]?.input} (${names.join(', ')}${atoms.length > 3 ? ', …' : ''})`;
}

const alignUp = (addr: number, align: number): number => Math.ceil(addr / align) * align;

function runSize(atoms: readonly Atom[]): number {
  return atoms.reduce((end, atom) => alignUp(end, atom.align) + atom.sizeBytes, 0);
}

/** Puts atoms side by side from `addr` on, which is aligned for all of them. */
function runAt(addr: number, atoms: readonly Atom[], inPlace = false): Run {
  let end = addr;
  let bytesEnd = addr;
  let previous: Atom | undefined;
  for (const atom of atoms) {
    atom.addr = alignUp(end, atom.align);
    if (previous !== undefined) previous.spanBytes = atom.addr - previous.addr;
    atom.spanBytes = atom.sizeBytes;
    previous = atom;
    end = atom.addr + atom.sizeBytes;
    if (atom.kind !== 'bss') bytesEnd = end;
  }
  return { addr, byteCount: bytesEnd - addr, zeroBytes: end - bytesEnd, inPlace, atoms };
}

/** The block of a run, filled with the atoms' bytes as they stand in the object file. */
export function blockOf(run: Run, id: number): Omit<LinkedBlock, 'unchanged'> {
  const bytes = new Uint8Array(run.byteCount);
  for (const atom of run.atoms) if (atom.kind !== 'bss') bytes.set(atom.bytes, atom.addr - run.addr);
  const first = run.atoms[0]!;
  const more = run.atoms.length > 1 ? ` and ${run.atoms.length - 1} more` : '';
  return {
    id,
    input: first.input,
    name: `${first.name}${more}`,
    addr: run.addr,
    bytes,
    zeroBytes: run.zeroBytes,
    kind: first.kind,
    lifetime: first.lifetime,
    inPlace: run.inPlace,
    sections: run.atoms.map(sectionOf),
  };
}

function sectionOf(atom: Atom): LinkedSection {
  return {
    name: atom.origin === 'archive' ? `${atom.object?.name} ${atom.name}` : atom.name,
    input: atom.input,
    addr: atom.addr,
    sizeBytes: atom.sizeBytes,
    kind: atom.kind,
    object: atom.object,
    section: atom.section,
  };
}
