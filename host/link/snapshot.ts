// The whole state of a linker's session at one moment, to go back to: tables are copied, and of the atoms and their
// fixups what later inputs may change. Unlike a commit's record (history.ts) it is not forgotten when the session goes
// on, and costs as much as the session holds.

import type { Atom, Definition, Fixup, Target } from './atom.js';
import type { CommitRecord } from './history.js';
import type { SessionState } from './session-state.js';

/** A moment of a linker's session. */
export interface LinkSnapshot {
  readonly tables: Pick<SessionState, 'memory' | 'heap' | 'unwind'>;
  readonly names: ReadonlyMap<string, Definition>;
  readonly statics: ReadonlyMap<string, Definition>;
  readonly folds: ReadonlyMap<string, Atom>;
  readonly members: ReadonlyMap<Parameters<SessionState['members']['get']>[0], ReadonlyMap<string, Atom>>;
  readonly atoms: ReadonlySet<Atom>;
  readonly veneers: ReadonlyMap<string, Atom>;
  readonly weakNames: ReadonlySet<string>;
  readonly kept: ReadonlySet<Atom>;
  readonly history: readonly CommitRecord[];
  readonly faces: readonly AtomFace[];
}

/** What changes of an atom. */
interface AtomFace {
  readonly atom: Atom;
  readonly values: Pick<Atom, 'fixups' | 'lifetime' | 'addr' | 'spanBytes' | 'escaped'>;
  readonly ends: readonly { readonly fixup: Fixup; readonly target: Target; readonly via: Atom | undefined }[];
}

/** Takes the state down. */
export function takeSnapshot(state: SessionState): LinkSnapshot {
  const all = new Set(state.atoms);
  for (const { fresh, retained, keptPlaces } of state.history) {
    for (const atom of [...fresh, ...retained, ...keptPlaces.keys(), ...keptPlaces.values()]) all.add(atom);
  }
  return {
    tables: { memory: state.memory, heap: state.heap, unwind: state.unwind },
    names: new Map(state.names),
    statics: new Map(state.statics),
    folds: new Map(state.folds),
    members: new Map([...state.members].map(([object, atoms]) => [object, new Map(atoms)])),
    atoms: new Set(state.atoms),
    veneers: new Map(state.veneers),
    weakNames: new Set(state.weakNames),
    kept: new Set(state.kept),
    history: [...state.history],
    faces: [...all].map(faceOf),
  };
}

function faceOf(atom: Atom): AtomFace {
  const { fixups, lifetime, addr, spanBytes, escaped } = atom;
  return {
    atom,
    values: { fixups, lifetime, addr, spanBytes, escaped },
    ends: fixups.map((fixup) => ({ fixup, target: fixup.target, via: fixup.via })),
  };
}

/** Makes the state what it was; the snapshot can be used again. What was staged meanwhile is stale. */
export function restoreSnapshot(state: SessionState, snapshot: LinkSnapshot): void {
  refill(state.names, snapshot.names);
  refill(state.statics, snapshot.statics);
  refill(state.folds, snapshot.folds);
  state.members.clear();
  for (const [object, atoms] of snapshot.members) state.members.set(object, new Map(atoms));
  refillSet(state.atoms, snapshot.atoms);
  refill(state.veneers, snapshot.veneers);
  refillSet(state.weakNames, snapshot.weakNames);
  refillSet(state.kept, snapshot.kept);
  state.history.splice(0, state.history.length, ...snapshot.history);
  for (const { atom, values, ends } of snapshot.faces) {
    Object.assign(atom, values);
    for (const { fixup, target, via } of ends) {
      fixup.target = target;
      fixup.via = via;
    }
  }
  Object.assign(state, snapshot.tables);
  // Numbers of atoms go on: a name made of one must not mean two things.
  state.generation++;
}

function refill<K, V>(map: Map<K, V>, from: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of from) map.set(key, value);
}

function refillSet<T>(set: Set<T>, from: ReadonlySet<T>): void {
  set.clear();
  for (const value of from) set.add(value);
}
