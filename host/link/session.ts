// A session of the linker: the names and blocks of all inputs so far, and the two steps by which an input joins them.
//
//   object ─stage→ graph → redefinitions → layout with veneers → relocated blocks, patches, entries
//                                                                     │ sent, run
//                                          session ←─commit───────────┘
//
// `stage` changes nothing that anyone can see, so an input that fails anywhere, here or on the board, leaves the
// session as it was: it is just never committed.

import { BarewireError, bug } from '../diag/error.js';
import type { ElfSymbol, ObjectFile } from '../elf/object-file.js';
import { type Atom, callableAddress } from './atom.js';
import { applyCommit, type CommitPlan } from './commit.js';
import { growGraph, type InputGraph } from './graph.js';
import { forgetBefore, forgetHistory, retainedBytes, undoCommits } from './history.js';
import { blockOf, type Run } from './layout.js';
import { type AtomIndex, atomAt, firmwareSymbolAt, indexAtoms, sectionPlaceOf, symbolPlaceOf } from './lookup.js';
import { freeBytes, largestHole } from './memory-map.js';
import { indexOf } from './object-index.js';
import { isChanging, rangesOf } from './ranges.js';
import { findGarbage, planRedefinition, type Redefinition } from './redefine.js';
import { applyFixup, type Place } from './relocate.js';
import { biggestHolders } from './report.js';
import { newSessionState, preparedFor, type SessionState } from './session-state.js';
import { type LinkSnapshot, restoreSnapshot, takeSnapshot } from './snapshot.js';
import { trialOf } from './trial.js';
import type {
  AddrRange,
  LinkedBlock,
  LinkTarget,
  Patch,
  ReplacedVariable,
  SectionPlace,
  StagedLink,
  StageOptions,
  SymbolPlace,
  Usage,
  VariableSection,
} from './types.js';
import { type UnwindTable, unwindPatches, unwindTableFor } from './unwind.js';
import { layOutWithVeneers } from './veneers.js';
import { isWritable } from './zones.js';

/** Links inputs one after another into the arena of a board. */
export class LinkSession {
  private readonly state: SessionState;
  private readonly plans = new WeakMap<StagedLink, CommitPlan>();
  private atomIndex: AtomIndex | undefined;
  /** Transient code of the last input: gone from the arena, but a report about it may still come. */
  private lastTransient: AtomIndex = [];

  /** @throws LINK_UNKNOWN_ARCH */
  constructor(target: LinkTarget) {
    this.state = newSessionState(target);
  }

  /** Links one input against the session. Nothing changes until `commit`.
   *  @throws LINK_UNDEFINED (all names at once), LINK_WRONG_OBJECT, LINK_UNKNOWN_RELOCATION, LINK_BAD_RELOCATION,
   *          LINK_OUT_OF_RANGE, LINK_MISALIGNED, LINK_ARENA_FULL */
  stage(object: ObjectFile, options: StageOptions): StagedLink {
    try {
      return this.stageOnce(object, options);
    } catch (error) {
      // What is kept for undo makes room when there is no other.
      const full = error instanceof BarewireError && error.code === 'LINK_ARENA_FULL';
      if (!full || !forgetHistory(this.state)) throw error;
      return this.stageOnce(object, options);
    }
  }

  private stageOnce(object: ObjectFile, options: StageOptions): StagedLink {
    const { state } = this;
    if (object.machine !== state.arch.machine || object.kind !== 'relocatable') {
      throw new BarewireError(
        'LINK_WRONG_OBJECT',
        `${object.name} is a ${object.kind} file for ${object.machine}; ${state.target.arch} needs a relocatable one for ` +
          `${state.arch.machine}: check the compiler's --target and -c`,
        { file: object.name, machine: object.machine, kind: object.kind },
      );
    }
    const revisions = options.revisions?.map((each) => ({ ...each, object: preparedFor(state, each.object) }));
    const graph = growGraph(
      state,
      preparedFor(state, object),
      revisions === undefined ? options : { ...options, revisions },
    );
    const redefinition = planRedefinition(state, graph);
    const atoms = [...graph.atoms, ...redefinition.trampolines];
    const layout = layOutWithVeneers(state, graph.memory, atoms, redefinition, options.input, redefinition.nextId);
    const garbage = findGarbage(state, layout.atoms, redefinition);
    let nextId = layout.nextId;
    const blocks = layout.runs
      .map((run) => linkRun(state, run, redefinition, nextId++))
      .sort((a, b) => a.addr - b.addr);
    const unwind = unwindAfter(state, graph, redefinition, layout.atoms, garbage);
    const patches = makePatches(state, redefinition, garbage);
    if (unwind !== undefined) patches.push(...unwindPatches(graph.unwind!, unwind));
    const plan: CommitPlan = {
      generation: state.generation,
      input: options.input,
      graph,
      redefinition,
      layout: { ...layout, nextId },
      garbage,
      patches,
      unwind,
    };

    let fresh: AtomIndex | undefined;
    const atomAtAddr = (addr: number): Atom | undefined => {
      fresh ??= indexAtoms(layout.atoms);
      return atomAt(fresh, addr);
    };
    const staged: StagedLink = {
      input: options.input,
      blocks,
      patches,
      entries: graph.entries.map(callableAddress),
      trial: trialOf(state, layout.atoms),
      heap: graph.heap === undefined ? undefined : { addr: graph.heap.addr, len: graph.heap.sizeBytes },
      replaced: replacedVariables(redefinition),
      overFirmware: [...redefinition.fromFirmware.keys()],
      moved: redefinition.functions
        .map(({ old, now }) => ({ from: callableAddress(old.target), to: callableAddress(now.target) }))
        .filter(({ from, to }) => from !== to),
      addressOf: (symbol) => addressInInput(graph, redefinition, symbol) ?? this.addressOf(symbol),
      symbolAt: (addr) => {
        const atom = atomAtAddr(addr);
        return atom === undefined ? this.symbolAt(addr) : symbolPlaceOf(atom, addr);
      },
      sectionAt: (addr) => {
        const atom = atomAtAddr(addr);
        return atom === undefined ? this.sectionAt(addr) : sectionPlaceOf(atom, addr);
      },
    };
    this.plans.set(staged, plan);
    return staged;
  }

  /** Makes a staged input part of the session; its transient blocks are forgotten and their memory is free again.
   *  @param pointers words that the board found to point into `staged.trial`; if absent, all of that stays
   *  @returns inputs' objects that something new on the board is from; the session asks them seldom from now on
   *  @throws LINK_STALE (a bug) when another input was committed since it was staged, or it was committed already */
  commit(staged: StagedLink, pointers?: readonly number[]): ObjectFile[] {
    const plan = this.plans.get(staged);
    const { state } = this;
    if (plan === undefined || plan.generation !== state.generation) {
      throw bug('LINK_STALE', `input ${staged.input} was staged before another input was committed`, {
        input: staged.input,
      });
    }
    const fresh = applyCommit(state, plan, pointers);
    this.atomIndex = undefined;
    this.lastTransient = indexAtoms(plan.layout.atoms.filter((atom) => atom.lifetime === 'transient'));
    return [...new Set(fresh.flatMap(({ origin, object }) => (origin === 'input' && object ? [object] : [])))];
  }

  /** RAM that is laid out here. */
  get arena(): AddrRange {
    const { addr, sizeBytes } = this.state.target.arena;
    return { addr, len: sizeBytes };
  }

  /** The executable that the board runs. */
  get firmware(): ObjectFile | undefined {
    return this.state.target.firmware;
  }

  /** The first input that can still be taken back; undefined when none can. */
  get oldestUndo(): number | undefined {
    return this.state.history[0]?.input;
  }

  /** Makes `input` the first that can be taken back; none can if it is undefined. What was kept for others is free. */
  forgetUndo(input: number | undefined): void {
    forgetBefore(this.state, input);
  }

  /** Bytes to write to the board, in this order, before inputs from `fromInput` on are taken back: callers get
   *  their old instructions again. */
  undoWrites(fromInput: number): { readonly input: number; readonly addr: number; readonly bytes: Uint8Array }[] {
    return this.state.history
      .filter(({ input }) => input >= fromInput)
      .reverse()
      .flatMap(({ input, patches }) => patches.map(({ addr, previous }) => ({ input, addr, bytes: previous })));
  }

  /** Takes back all inputs from `fromInput` on; the board must have been told (`undoWrites`). */
  undo(fromInput: number): void {
    undoCommits(this.state, fromInput);
    this.atomIndex = undefined;
    this.lastTransient = [];
  }

  /** All of the session at this moment, for `restore`. */
  snapshot(): LinkSnapshot {
    return takeSnapshot(this.state);
  }

  /** Goes back to a snapshot; the board's memory is the caller's business. */
  restore(snapshot: LinkSnapshot): void {
    restoreSnapshot(this.state, snapshot);
    this.atomIndex = undefined;
    this.lastTransient = [];
  }

  /** Address of a global symbol or of a user's static, bit 0 set on Thumb functions; undefined when nobody has
   *  linked it yet. */
  addressOf(symbol: string): number | undefined {
    const { names, statics, firmware } = this.state;
    const found = names.get(symbol) ?? statics.get(symbol) ?? firmware.get(symbol);
    return found === undefined ? undefined : callableAddress(found.target);
  }

  /** Bytes of what a global symbol names; undefined when nobody has linked it yet. */
  sizeOf(symbol: string): number | undefined {
    return (this.state.names.get(symbol) ?? this.state.firmware.get(symbol))?.sizeBytes;
  }

  /** Number of the input that a global name's current definition comes from; undefined when no input defines it. */
  definedIn(symbol: string): number | undefined {
    const found = this.state.names.get(symbol);
    return found?.origin === 'input' && found.target.kind === 'atom' ? found.target.atom.input : undefined;
  }

  /** What stands at an address: in the arena, in the code of the last input, or in the firmware. */
  symbolAt(addr: number): SymbolPlace | undefined {
    const atom = this.atomAt(addr);
    return atom === undefined ? firmwareSymbolAt(this.state.firmware, addr) : symbolPlaceOf(atom, addr);
  }

  /** The place in an object file that an address comes from, for line tables and unwind tables. */
  sectionAt(addr: number): SectionPlace | undefined {
    const atom = this.atomAt(addr);
    return atom === undefined ? undefined : sectionPlaceOf(atom, addr);
  }

  /** The parts of the arena that somebody holds, in order of address. */
  heldRanges(): AddrRange[] {
    const { target, memory } = this.state;
    const ranges: AddrRange[] = [];
    let at = target.arena.addr;
    for (const hole of [...memory, { addr: at + target.arena.sizeBytes, sizeBytes: 0 }]) {
      if (hole.addr > at) ranges.push({ addr: at, len: hole.addr - at });
      at = hole.addr + hole.sizeBytes;
    }
    return ranges;
  }

  /** Code and constants on the board, what is kept for undo included, in order of address; neighbours are joined.
   *  Nothing but the host changes them. */
  constantRanges(): AddrRange[] {
    return rangesOf(this.state, (atom) => !isWritable(atom.kind) && !isChanging(atom));
  }

  /** What stands among the constants and changes all the same, by the support library's own hand. */
  changingRanges(): AddrRange[] {
    return rangesOf(this.state, isChanging);
  }

  /** Variables on the board, what is kept for undo included, in order of address; neighbours are joined. */
  variableRanges(): AddrRange[] {
    return rangesOf(this.state, ({ kind }) => isWritable(kind));
  }

  /** The sections of all variables that inputs defined, not those of libraries. */
  variableSections(): VariableSection[] {
    const found: VariableSection[] = [];
    for (const atom of this.state.atoms) {
      const { kind, origin, object, addr, sizeBytes, input } = atom;
      if (!isWritable(kind) || origin !== 'input' || object === undefined) continue;
      found.push({
        ...{ object, addr, sizeBytes, input },
        get section() {
          return atom.section;
        },
      });
    }
    return found;
  }

  /** What `malloc` may use, once something wants it. */
  get heap(): AddrRange | undefined {
    const { heap } = this.state;
    return heap === undefined ? undefined : { addr: heap.addr, len: heap.sizeBytes };
  }

  /** Who holds how much of the arena. */
  usage(): Usage {
    const { target, memory, heap } = this.state;
    const undoBytes = retainedBytes(this.state);
    const free = freeBytes(memory) + undoBytes;
    return {
      arenaBytes: target.arena.sizeBytes,
      usedBytes: target.arena.sizeBytes - free,
      freeBytes: free,
      largestFreeBytes: largestHole(memory),
      heapBytes: heap?.sizeBytes ?? 0,
      undoBytes,
      holders: biggestHolders(this.state, 10),
    };
  }

  private atomAt(addr: number): Atom | undefined {
    this.atomIndex ??= indexAtoms(this.state.atoms);
    return atomAt(this.atomIndex, addr) ?? atomAt(this.lastTransient, addr);
  }
}

function replacedVariables({ replaced, keptPlaces }: Redefinition): ReplacedVariable[] {
  const places = new Set(keptPlaces.values());
  return replaced
    .filter(({ kind }) => kind === 'data' || kind === 'bss')
    .map((atom) => ({ addr: atom.addr, len: atom.sizeBytes, inPlace: places.has(atom) }));
}

/** The relocated block of a run. */
function linkRun(state: SessionState, run: Run, { unchanged }: Redefinition, id: number): LinkedBlock {
  const block = { ...blockOf(run, id), unchanged: run.atoms.every((atom) => unchanged.has(atom)) };
  const view = new DataView(block.bytes.buffer);
  for (const atom of run.atoms) {
    for (const fixup of atom.fixups) {
      const place: Place = { arch: state.arch, atom, fixup, target: fixup.target, via: fixup.via };
      applyFixup(place, view, atom.addr - run.addr + fixup.offset);
    }
  }
  return block;
}

/** The unwind table with this stage's code in it, and without what goes. */
function unwindAfter(
  state: SessionState,
  graph: InputGraph,
  { keptPlaces }: Redefinition,
  fresh: readonly Atom[],
  garbage: ReadonlySet<Atom>,
): UnwindTable | undefined {
  if (graph.unwind === undefined) return undefined;
  const takenOver = new Set(keptPlaces.values());
  const staying = [...state.atoms].filter((atom) => !garbage.has(atom) && !takenOver.has(atom));
  return unwindTableFor(graph.unwind, [...staying, ...fresh]);
}

/** The bytes on the board that retargeted relocations change; neighbours are joined. */
function makePatches(state: SessionState, redefinition: Redefinition, garbage: ReadonlySet<Atom>): Patch[] {
  const fields: Patch[] = [];
  const ends = new Map(redefinition.retargets.map((retarget) => [retarget.fixup, retarget]));
  for (const { atom, fixup } of redefinition.retargets) {
    if (garbage.has(atom)) continue;
    const original = atom.bytes.slice(fixup.offset, fixup.offset + fixup.row.form.sizeBytes);
    const [bytes, previous] = [original.slice(), original.slice()];
    // Several may add up at one place: the difference of two addresses.
    for (const each of atom.fixups.filter(({ offset }) => offset === fixup.offset)) {
      const place = { arch: state.arch, atom, fixup: each };
      const { target, via } = ends.get(each) ?? each;
      applyFixup({ ...place, target: each.target, via: each.via }, new DataView(previous.buffer), 0);
      applyFixup({ ...place, target, via }, new DataView(bytes.buffer), 0);
    }
    if (bytes.some((byte, i) => byte !== previous[i])) fields.push({ addr: atom.addr + fixup.offset, bytes, previous });
  }
  fields.sort((a, b) => a.addr - b.addr);
  const joined: Patch[] = [];
  for (const field of fields) {
    const last = joined.at(-1);
    if (last === undefined || last.addr + last.bytes.length !== field.addr) {
      joined.push(field);
      continue;
    }
    const bytes = Uint8Array.of(...last.bytes, ...field.bytes);
    const previous = Uint8Array.of(...last.previous, ...field.previous);
    joined[joined.length - 1] = { addr: last.addr, bytes, previous };
  }
  return joined;
}

/** Address of a global or local symbol of the input itself. `__bw_value` is also found when it is `static`. */
function addressInInput(graph: InputGraph, { names, statics }: Redefinition, name: string): number | undefined {
  const definition = names.get(name) ?? statics.get(name) ?? graph.libraryNames.get(name);
  if (definition !== undefined) return callableAddress(definition.target);
  const index = indexOf(graph.object);
  const mangled = `_ZL${name.length}${name}`;
  const symbol: ElfSymbol | undefined =
    index.globals.get(name) ?? index.locals.find((local) => local.name === name || local.name === mangled);
  if (typeof symbol?.section !== 'number') return undefined;
  const atom = graph.placed.get(graph.object)?.get(`${symbol.section}:0`);
  return atom === undefined || atom.spanBytes === 0 ? undefined : (atom.addr + symbol.value) >>> 0;
}
