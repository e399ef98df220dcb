// Applies a staged link to the session in one go, and writes down what it changed.

import type { Atom, Definition, Target } from './atom.js';
import type { InputGraph } from './graph.js';
import { addAtom, removeAtom, trimHistory } from './history.js';
import { release } from './memory-map.js';
import type { Redefinition } from './redefine.js';
import type { SessionState } from './session-state.js';
import { acquitted, candidatesOf } from './trial.js';
import type { Patch } from './types.js';
import type { UnwindTable } from './unwind.js';
import type { VeneeredLayout } from './veneers.js';

/** What a commit does. */
export interface CommitPlan {
  /** Commits before it. */
  readonly generation: number;
  readonly input: number;
  readonly graph: InputGraph;
  readonly redefinition: Redefinition;
  readonly layout: VeneeredLayout;
  readonly garbage: ReadonlySet<Atom>;
  readonly patches: readonly Patch[];
  readonly unwind: UnwindTable | undefined;
}

/** Applies `plan`.
 *  @param pointers words found on the board that point to what is on trial; undefined keeps all of it
 *  @returns the new atoms that stay */
export function applyCommit(
  state: SessionState,
  plan: CommitPlan,
  pointers: readonly number[] | undefined,
): readonly Atom[] {
  const { graph, redefinition, layout, garbage } = plan;
  const names = previousOf(state.names, redefinition);
  const statics = previousOf(state.statics, redefinition);
  const ends = redefinition.retargets.map(({ fixup }) => ({ fixup, target: fixup.target, via: fixup.via }));

  state.memory = layout.memory;
  for (const retarget of redefinition.retargets) {
    retarget.fixup.target = retarget.target;
    retarget.fixup.via = retarget.via;
  }
  judge(state, layout.atoms, pointers);
  const fresh = layout.atoms.filter((atom) => atom.lifetime === 'persistent');
  noteEscapes(layout.atoms, redefinition);
  for (const atom of fresh) {
    addAtom(state, atom);
    for (const { target, symbol } of atom.fixups) {
      if (target.kind === 'weak' && symbol !== undefined) state.weakNames.add(symbol);
    }
  }
  for (const [name, definition] of graph.libraryNames)
    if (isPlaced(state, definition)) state.names.set(name, definition);
  // Of a static and a global of one name the newer is meant.
  for (const [name, definition] of redefinition.names) {
    state.names.set(name, definition);
    state.statics.delete(name);
  }
  for (const [name, definition] of redefinition.statics) {
    state.statics.set(name, definition);
    state.names.delete(name);
  }
  rememberMembers(state, graph);
  for (const atom of [...garbage, ...redefinition.keptPlaces.values()]) removeAtom(state, atom);
  const takenOver = new Set(redefinition.keptPlaces.values());
  state.history.push({
    input: plan.input,
    fresh,
    names,
    statics,
    ends,
    // The memory of a variable that was taken over is the new one's.
    retained: [...garbage].filter((atom) => !takenOver.has(atom)),
    keptPlaces: redefinition.keptPlaces,
    patches: plan.patches,
    unwind: state.unwind,
  });
  trimHistory(state);
  state.heap = graph.heap;
  state.unwind = plan.unwind;
  state.nextId = layout.nextId;
  state.generation++;
  return fresh;
}

/** Decides what becomes of the atoms on trial: they are persistent from now on, or their memory is free. */
function judge(state: SessionState, atoms: readonly Atom[], pointers: readonly number[] | undefined): void {
  // What a definition refers to needs no trial any more.
  for (const atom of atoms) {
    if (atom.lifetime !== 'persistent') continue;
    for (const { target } of atom.fixups) if (target.kind === 'atom') state.kept.delete(target.atom);
  }
  const candidates = candidatesOf(state, atoms);
  const stays = pointers === undefined ? new Set(candidates) : acquitted(candidates, pointers);
  for (const atom of candidates) {
    if (stays.has(atom)) {
      atom.lifetime = 'persistent';
      state.kept.add(atom);
    } else {
      if (state.kept.has(atom)) removeAtom(state, atom);
      else atom.lifetime = 'transient';
      state.memory = release(state.memory, atom.addr, atom.spanBytes);
    }
  }
}

function previousOf(
  table: ReadonlyMap<string, Definition>,
  { names, statics }: Redefinition,
): Map<string, Definition | undefined> {
  return new Map([...names.keys(), ...statics.keys()].map((name) => [name, table.get(name)]));
}

/** A target whose address became a value may be referred to from anywhere from now on. */
function noteEscapes(atoms: readonly Atom[], { retargets, keptPlaces }: Redefinition): void {
  const note = (target: Target): void => {
    if (target.kind === 'atom') target.atom.escaped = true;
  };
  for (const atom of atoms) {
    if (atom.origin === 'veneer') continue;
    for (const fixup of atom.fixups) if (fixup.row.use === 'address') note(fixup.target);
  }
  for (const { fixup, target } of retargets) if (fixup.row.use === 'address') note(target);
  for (const [atom, place] of keptPlaces) atom.escaped ||= place.escaped;
}

const isPlaced = (state: SessionState, { target }: Definition): boolean =>
  target.kind !== 'atom' || state.atoms.has(target.atom);

/** Later inputs find the atoms of archive members that are on the board. */
function rememberMembers(state: SessionState, graph: InputGraph): void {
  for (const [object, atoms] of graph.placed) {
    if (object === graph.object || graph.revisions.has(object)) continue;
    let known = state.members.get(object);
    if (known === undefined) {
      known = new Map();
      state.members.set(object, known);
    }
    for (const [key, atom] of atoms) if (state.atoms.has(atom)) known.set(key, atom);
  }
}
