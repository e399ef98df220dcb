// Taking inputs back. Each commit leaves a record of what it changed in the session; undoing runs the records
// backwards. What a redefinition left without users is not freed but retained, as it stands on the board, until its
// record is forgotten: so the old function and the old variable are there again at once.
//
// Members of archives stay when the input that brought them is undone: their state (stdio's buffers, malloc's lists)
// belongs to the whole session. So does what a trial found a pointer to.

import type { Atom, Definition, Fixup, Target } from './atom.js';
import { release } from './memory-map.js';
import type { SessionState } from './session-state.js';
import type { Patch } from './types.js';
import type { UnwindTable } from './unwind.js';
import { targetKey } from './veneers.js';

/** What one commit changed. */
export interface CommitRecord {
  readonly input: number;
  /** New atoms that stayed. */
  readonly fresh: readonly Atom[];
  /** What the names meant before; undefined if nothing. */
  readonly names: ReadonlyMap<string, Definition | undefined>;
  readonly statics: ReadonlyMap<string, Definition | undefined>;
  /** Where retargeted fixups pointed before. */
  readonly ends: readonly { readonly fixup: Fixup; readonly target: Target; readonly via: Atom | undefined }[];
  /** Atoms nothing refers to since; they hold their memory until the record is forgotten. */
  readonly retained: readonly Atom[];
  /** New variables and the old ones whose memory they took over. */
  readonly keptPlaces: ReadonlyMap<Atom, Atom>;
  readonly patches: readonly Patch[];
  /** The unwind table before. */
  readonly unwind: UnwindTable | undefined;
}

/** Records kept at most. */
export const HISTORY_LENGTH = 100;
/** Retained atoms hold at most this part of the arena. */
const RETAINED_SHARE = 1 / 8;

export function retainedBytes(state: SessionState): number {
  let sum = 0;
  for (const { retained } of state.history) for (const atom of retained) sum += atom.spanBytes;
  return sum;
}

/** Forgets the oldest records until the rest is short and small enough. */
export function trimHistory(state: SessionState): void {
  const limit = state.target.arena.sizeBytes * RETAINED_SHARE;
  while (state.history.length > HISTORY_LENGTH || retainedBytes(state) > limit) forgetOldest(state);
}

/** Forgets all records, so that what they retain is free.
 *  @returns whether that made anything free */
export function forgetHistory(state: SessionState): boolean {
  const bytes = retainedBytes(state);
  while (bytes > 0 && state.history.length > 0) forgetOldest(state);
  return bytes > 0;
}

/** Forgets the records of inputs before `input`; all of them if it is undefined. */
export function forgetBefore(state: SessionState, input: number | undefined): void {
  while (state.history.length > 0 && (input === undefined || state.history[0]!.input < input)) forgetOldest(state);
}

function forgetOldest(state: SessionState): void {
  const [oldest] = state.history.splice(0, 1);
  for (const atom of oldest?.retained ?? []) state.memory = release(state.memory, atom.addr, atom.spanBytes);
}

/** Takes back all commits of inputs from `fromInput` on. */
export function undoCommits(state: SessionState, fromInput: number): void {
  const undone: CommitRecord[] = [];
  while ((state.history.at(-1)?.input ?? -1) >= fromInput) undone.push(state.history.pop()!);
  for (const { names, statics, ends } of undone) {
    for (const { fixup, target, via } of ends) {
      fixup.target = target;
      fixup.via = via;
    }
    restore(state.names, names);
    restore(state.statics, statics);
  }
  // The table's memory stays reserved, as the heap's does: library members that refer to it may stay.
  const before = undone.at(-1);
  if (before !== undefined && state.unwind !== undefined) {
    state.unwind = { ...state.unwind, words: before.unwind?.words ?? [] };
  }
  const leaving = leavingAtoms(state, undone);
  const takenOver = new Set(undone.flatMap(({ keptPlaces }) => [...keptPlaces.keys()]));
  for (const atom of leaving) {
    removeAtom(state, atom);
    if (!takenOver.has(atom)) state.memory = release(state.memory, atom.addr, atom.spanBytes);
  }
  for (const { retained, keptPlaces } of undone) {
    for (const atom of [...retained, ...keptPlaces.values()]) if (!leaving.has(atom)) addAtom(state, atom);
  }
  for (const [name, { target }] of state.names) {
    if (target.kind === 'atom' && leaving.has(target.atom)) state.names.delete(name);
  }
  for (const atoms of state.members.values()) {
    for (const [key, atom] of atoms) if (leaving.has(atom)) atoms.delete(key);
  }
  state.generation++;
}

/** The atoms that go: those of the inputs, and library members that cannot do without them. */
function leavingAtoms(state: SessionState, undone: readonly CommitRecord[]): Set<Atom> {
  const fresh = new Set(undone.flatMap((commit) => commit.fresh));
  const belongsToAll = (atom: Atom): boolean => atom.origin === 'archive' || state.kept.has(atom);
  const isConstant = (atom: Atom): boolean => atom.origin === 'veneer' || atom.foldKey !== undefined;
  const needs = (atom: Atom): Atom[] =>
    atom.fixups
      .flatMap(({ target, via }) => [via, target.kind === 'atom' ? target.atom : undefined])
      .filter((other): other is Atom => other !== undefined && fresh.has(other));
  // Whatever leads to something of the inputs' own has to go with it.
  const goes = new Set([...fresh].filter((atom) => !belongsToAll(atom) && !isConstant(atom)));
  for (let before = -1; before !== goes.size; ) {
    before = goes.size;
    for (const atom of fresh) if (!goes.has(atom) && needs(atom).some((other) => goes.has(other))) goes.add(atom);
  }
  const stays = new Set<Atom>();
  const work = [...fresh].filter((atom) => belongsToAll(atom) && !goes.has(atom));
  for (let atom = work.pop(); atom !== undefined; atom = work.pop()) {
    if (stays.has(atom)) continue;
    stays.add(atom);
    work.push(...needs(atom));
  }
  // What an earlier trial kept and a later one freed is gone already.
  const replaced = new Set(undone.flatMap(({ retained, keptPlaces }) => [...retained, ...keptPlaces.values()]));
  return new Set([...fresh].filter((atom) => !stays.has(atom) && (state.atoms.has(atom) || replaced.has(atom))));
}

function restore(map: Map<string, Definition>, previous: ReadonlyMap<string, Definition | undefined>): void {
  for (const [name, definition] of previous) {
    if (definition === undefined) map.delete(name);
    else map.set(name, definition);
  }
}

/** Makes an atom one of those on the board. */
export function addAtom(state: SessionState, atom: Atom): void {
  state.atoms.add(atom);
  if (atom.foldKey !== undefined) state.folds.set(atom.foldKey, atom);
  if (atom.origin === 'veneer' && !state.kept.has(atom)) state.veneers.set(targetKey(atom.fixups[0]!.target), atom);
}

/** Forgets an atom; its memory is the caller's business. */
export function removeAtom(state: SessionState, atom: Atom): void {
  state.atoms.delete(atom);
  state.kept.delete(atom);
  if (atom.foldKey !== undefined && state.folds.get(atom.foldKey) === atom) state.folds.delete(atom.foldKey);
  if (atom.origin !== 'veneer') return;
  const key = targetKey(atom.fixups[0]!.target);
  if (state.veneers.get(key) === atom) state.veneers.delete(key);
}
