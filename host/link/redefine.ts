// What a new definition does to what is on the board: which kept relocations now point elsewhere, which variable
// keeps its address, and which old atoms nothing refers to any more.
//
// Code and constants are patched. Variables are not: their memory holds the user's values by now, and a pointer in
// it keeps pointing to the old function, which therefore stays. The same goes for every function whose address was
// ever taken. A variable of the same size and alignment keeps its address, so pointers to it stay good.

import type { Atom, Definition, Fixup, Target } from './atom.js';
import type { InputGraph } from './graph.js';
import { externalName, indexOf, isUserStatic, replacesEverywhere } from './object-index.js';
import { sameAgain } from './same-again.js';
import type { SessionState } from './session-state.js';
import { makeVeneer } from './veneers.js';

/** A kept relocation that gets another target at commit. */
export interface Retarget {
  readonly atom: Atom;
  readonly fixup: Fixup;
  readonly target: Target;
  via: Atom | undefined;
}

export interface Redefinition {
  /** Names this input defines for later inputs. */
  readonly names: ReadonlyMap<string, Definition>;
  readonly statics: ReadonlyMap<string, Definition>;
  readonly retargets: readonly Retarget[];
  /** New variables, functions and constants that are the same again, and revised functions that pointers may point to:
   *  they take the place of old ones. */
  readonly keptPlaces: ReadonlyMap<Atom, Atom>;
  /** Those among them of which every byte stands there already. */
  readonly unchanged: ReadonlySet<Atom>;
  /** Jumps from where a pointer may point to the revised function that found no room there; among `keptPlaces`. */
  readonly trampolines: readonly Atom[];
  /** Old atoms that got a new definition, wherever it stands. */
  readonly replaced: readonly Atom[];
  /** Names of the firmware that this input takes from it. */
  readonly fromFirmware: ReadonlyMap<string, Definition>;
  /** Old and new definitions of functions. */
  readonly functions: readonly { readonly old: Definition; readonly now: Definition }[];
  readonly nextId: number;
}

/** What the stub writes as one instant (firmware-stub/core/dispatch.c): an interrupt handler may call what stands there.
 *  Longer code goes elsewhere, and a jump to it takes its place. */
const INSTANT_BYTES = 16;

/** Compares the definitions of new atoms with those of the session; changes nothing. */
export function planRedefinition(
  state: SessionState,
  { atoms, libraryNames, revisions, ...graph }: InputGraph,
): Redefinition {
  let { nextId } = graph;
  const trampolines: Atom[] = [];
  const names = new Map<string, Definition>();
  const statics = new Map<string, Definition>();
  const replaced = new Map<Atom, { old: Definition; now: Definition }[]>();
  const keptPlaces = new Map<Atom, Atom>();
  const constants = new Map<Atom, Atom>();
  const moving: { atom: Atom; place: Atom }[] = [];
  const fromFirmware = new Map<string, Definition>();

  for (const atom of atoms) {
    if (atom.origin !== 'input' || atom.lifetime !== 'persistent') continue;
    const pairs: { old: Definition; now: Definition }[] = [];
    const isRevision = revisions.has(atom.object!);
    for (const { table, now, everywhere } of definitionsIn(state, atom)) {
      const old = (table === 'names' ? state.names : state.statics).get(now.name);
      (table === 'names' ? names : statics).set(now.name, now);
      const firmwares = old === undefined && table === 'names' ? state.firmware.get(now.name) : undefined;
      if (firmwares !== undefined) fromFirmware.set(now.name, now);
      if (old?.origin === 'input' && (everywhere || isRevision) && old.target.kind === 'atom') pairs.push({ old, now });
    }
    for (const pair of pairs) {
      const oldAtom = (pair.old.target as Target & { kind: 'atom' }).atom;
      const list = replaced.get(oldAtom);
      if (list === undefined) replaced.set(oldAtom, [pair]);
      else list.push(pair);
    }
    const constant = placeToKeep(atom, pairs, isConstant);
    if (constant !== undefined) constants.set(atom, constant);
    const place = isRevision ? pointedTo(atom, pairs) : placeToKeep(atom, pairs, isVariable);
    if (place === undefined || [...keptPlaces.values()].includes(place)) continue;
    if (isRevision) moving.push({ atom, place });
    else keptPlaces.set(atom, place);
  }
  const unchanged = sameAgain(constants, keptPlaces);
  for (const [atom, place] of unchanged) keptPlaces.set(atom, place);
  for (const { atom, place } of moving) {
    if ([...keptPlaces.values()].includes(place)) continue;
    if (fitsInto(atom, place) && atom.sizeBytes <= INSTANT_BYTES) keptPlaces.set(atom, place);
    else {
      const jump = jumpAt(state, place, atom, nextId++);
      if (!fitsInto(jump, place)) continue;
      trampolines.push(jump);
      keptPlaces.set(jump, place);
    }
  }
  const definitionOf = (name: string): Definition | undefined => names.get(name) ?? libraryNames.get(name);
  const retargets = findRetargets(state, { replaced, keptPlaces, fromFirmware, definitionOf });
  return {
    names,
    statics,
    retargets,
    keptPlaces,
    unchanged: new Set(unchanged.keys()),
    trampolines,
    replaced: [...replaced.keys()],
    functions: [...replaced.values()].flat().filter(({ now }) => now.isFunction),
    fromFirmware,
    nextId,
  };
}

function definitionsIn(
  state: SessionState,
  atom: Atom,
): { table: 'names' | 'statics'; now: Definition; everywhere: boolean }[] {
  const found: { table: 'names' | 'statics'; now: Definition; everywhere: boolean }[] = [];
  const locals = atom.section === undefined ? [] : (indexOf(atom.object!).bySection.get(atom.section.index) ?? []);
  for (const symbol of [...atom.symbols, ...locals.filter((s) => s.binding === 'local' && isUserStatic(s.name))]) {
    const name = symbol.binding === 'local' ? externalName(symbol.name) : symbol.name;
    if (name === undefined) continue;
    const { value, thumb } = state.arch.splitValue(symbol.value, symbol.type === 'func');
    found.push({
      table: symbol.binding === 'local' ? 'statics' : 'names',
      everywhere: replacesEverywhere(symbol, atom.section?.comdat),
      now: {
        name,
        target: { kind: 'atom', atom, offset: symbol.section === 'common' ? 0 : value, thumb },
        isFunction: symbol.type === 'func',
        sizeBytes: symbol.sizeBytes,
        origin: 'input',
      },
    });
  }
  return found;
}

/** The old function that a revised one replaces, if its address may be stored somewhere. */
function pointedTo(atom: Atom, pairs: readonly { old: Definition; now: Definition }[]): Atom | undefined {
  const target = pairs[0]?.old.target;
  return atom.kind === 'code' && target?.kind === 'atom' && target.atom.escaped ? target.atom : undefined;
}

const fitsInto = (atom: Atom, place: Atom): boolean =>
  atom.sizeBytes <= place.spanBytes && place.addr % Math.max(atom.align, 1) === 0;

/** `mov r8, r8`: does nothing, on every Thumb core. */
const THUMB_NOP = [0xc0, 0x46];

/** A jump from an old function's place to the revised one. Veneers are 4-aligned, Thumb functions need not be. */
function jumpAt(state: SessionState, place: Atom, to: Atom, id: number): Atom {
  const jump = makeVeneer(state.arch, targetIn(to), to.name, 'persistent', to.input, id);
  if (state.arch.machine !== 'arm' || place.addr % 4 === 0) return jump;
  const fixups = jump.fixups.map((fixup) => ({ ...fixup, offset: fixup.offset + THUMB_NOP.length }));
  const bytes = Uint8Array.of(...THUMB_NOP, ...jump.bytes);
  return { ...jump, align: 2, sizeBytes: bytes.length, bytes, fixups };
}

const targetIn = (atom: Atom): Target => ({ kind: 'atom', atom, offset: 0, thumb: 1 });

const isVariable = ({ kind }: Atom): boolean => kind === 'data' || kind === 'bss';
const isConstant = (atom: Atom): boolean => !isVariable(atom);

/** The old atom whose memory a new one may take over: all names of the new one were names of the old one at the same
 *  offsets, and size and alignment are the same.
 *  @param isKind which atoms are of the kind in question */
function placeToKeep(
  atom: Atom,
  pairs: readonly { old: Definition; now: Definition }[],
  isKind: (atom: Atom) => boolean,
): Atom | undefined {
  const first = pairs[0];
  if (first === undefined || !isKind(atom) || first.old.target.kind !== 'atom') return undefined;
  const place = first.old.target.atom;
  const sameShape =
    isKind(place) &&
    place.sizeBytes === atom.sizeBytes &&
    place.align === atom.align &&
    place.lifetime === 'persistent';
  const sameNames = pairs.every(
    ({ old, now }) =>
      old.target.kind === 'atom' &&
      now.target.kind === 'atom' &&
      old.target.atom === place &&
      old.target.offset === now.target.offset,
  );
  const allNames = Math.max(atom.symbols.length, 1) === pairs.length && place.symbols.length === atom.symbols.length;
  return sameShape && sameNames && allNames ? place : undefined;
}

/** What names mean from now on. */
interface Changes {
  readonly replaced: ReadonlyMap<Atom, readonly { old: Definition; now: Definition }[]>;
  readonly keptPlaces: ReadonlyMap<Atom, Atom>;
  readonly fromFirmware: ReadonlyMap<string, Definition>;
  readonly definitionOf: (name: string) => Definition | undefined;
}

function findRetargets(state: SessionState, changes: Changes): Retarget[] {
  const { replaced, keptPlaces, fromFirmware, definitionOf } = changes;
  const weakDefined = [...state.weakNames].some((name) => definitionOf(name) !== undefined);
  if (replaced.size === 0 && fromFirmware.size === 0 && !weakDefined) return [];
  const keptAtoms = new Set(keptPlaces.keys());
  const retargets: Retarget[] = [];
  for (const atom of state.atoms) {
    const isVariable = atom.kind === 'data' || atom.kind === 'bss';
    for (const fixup of atom.fixups) {
      const now = newTarget(fixup, changes);
      if (now === undefined) continue;
      const staysPut = now.kind === 'atom' && keptAtoms.has(now.atom);
      if (!isVariable || staysPut) retargets.push({ atom, fixup, target: now, via: undefined });
    }
  }
  return retargets;
}

function newTarget(fixup: Fixup, { replaced, fromFirmware, definitionOf }: Changes): Target | undefined {
  const { target, symbol } = fixup;
  if (target.kind === 'weak') return symbol === undefined ? undefined : definitionOf(symbol)?.target;
  if (target.kind === 'absolute') return symbol === undefined ? undefined : fromFirmware.get(symbol)?.target;
  const pairs = replaced.get(target.atom);
  if (pairs === undefined) return undefined;
  const match = pairs.find(({ old, now }) =>
    symbol !== undefined ? now.name === symbol : old.target.kind === 'atom' && old.target.offset === target.offset,
  );
  return match?.now.target;
}

/** Atoms on the board that nothing refers to after this link. Roots are all current names, everything whose address
 *  may be stored somewhere, and the libraries. */
export function findGarbage(
  state: SessionState,
  fresh: readonly Atom[],
  { names, statics, retargets, keptPlaces }: Redefinition,
): Set<Atom> {
  if (
    retargets.length === 0 &&
    ![...names.keys()].some((n) => state.names.has(n)) &&
    ![...statics.keys()].some((n) => state.statics.has(n))
  ) {
    return new Set();
  }
  const newEnds = new Map(retargets.map((retarget) => [retarget.fixup, retarget]));
  const replacedPlaces = new Set(keptPlaces.values());
  const live = new Set<Atom>();
  const work: Atom[] = [];
  const mark = (atom: Atom | undefined): void => {
    if (atom === undefined || live.has(atom) || replacedPlaces.has(atom)) return;
    live.add(atom);
    work.push(atom);
  };
  const markName = (definition: Definition): void => {
    if (definition.target.kind === 'atom') mark(definition.target.atom);
  };
  for (const [name, definition] of state.names) if (!names.has(name)) markName(definition);
  for (const [name, definition] of state.statics) if (!statics.has(name)) markName(definition);
  for (const atom of state.atoms) if (atom.escaped || atom.origin === 'archive') mark(atom);
  for (const atom of fresh) mark(atom);
  for (let atom = work.pop(); atom !== undefined; atom = work.pop()) {
    for (const fixup of atom.fixups) {
      const end = newEnds.get(fixup) ?? fixup;
      if (end.via !== undefined) mark(end.via);
      else if (end.target.kind === 'atom') mark(end.target.atom);
      // The address a fresh atom takes may be stored by the time anything could be freed.
      if (fixup.target.kind === 'atom' && fixup.row.use === 'address' && atom.origin !== 'veneer')
        mark(fixup.target.atom);
    }
  }
  return new Set([...state.atoms].filter((atom) => !live.has(atom)));
}
