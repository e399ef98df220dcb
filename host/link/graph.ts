// Grows the graph of one input from its roots: what is reached is linked, what is not is dropped.
//
//   roots  ─→ atom ─fixup─→ atom …        each fixup's symbol is looked for in this order:
//                                         this object, the session, the firmware, the archives
//
// Lifetimes flow along the edges. Definitions are persistent and make all they refer to persistent. Initialisers
// and the value slot are transient; what they call is transient too, but what they take the address of the program
// may have stored: that is on trial. Archive members are always persistent: later inputs use them.

import { BarewireError } from '../diag/error.js';
import type { ElfSymbol, ObjectFile, Relocation, Section } from '../elf/object-file.js';
import type { RelocationRow } from './arch/architecture.js';
import { type Atom, type Definition, type Fixup, isLoaded, isMergeable, pieceAt, type Target } from './atom.js';
import { foldKeyOf, sameComdat } from './fold.js';
import { type InitEntry, initialisersOf } from './initialisers.js';
import { largestHole } from './memory-map.js';
import { NO_FIXUPS, ObjectAtom, type Owner } from './object-atom.js';
import { indexOf, isScaffold, isUserStatic, isValueSlot } from './object-index.js';
import { arenaFull, placeName, sourceLine, type UndefinedUse, undefinedSymbols } from './report.js';
import { type RevisedObject, reviseObject } from './revise.js';
import { findInArchives, preparedFor, type SessionState } from './session-state.js';
import type { Lifetime, StageOptions } from './types.js';
import { allocateWritable } from './zones.js';

/** What one input adds, before anything has an address. */
export interface InputGraph {
  readonly object: ObjectFile;
  readonly options: StageOptions;
  /** New atoms in the order in which they were reached. */
  readonly atoms: readonly Atom[];
  /** Atoms of this stage by `atomKey`, for each object. */
  readonly placed: ReadonlyMap<ObjectFile, ReadonlyMap<string, Atom>>;
  /** Earlier inputs that were compiled again. */
  readonly revisions: ReadonlyMap<ObjectFile, RevisedObject>;
  /** Names that archive members define newly. */
  readonly libraryNames: ReadonlyMap<string, Definition>;
  /** Initialisers to run: those of archive members first. */
  readonly entries: readonly Target[];
  readonly memory: SessionState['memory'];
  readonly heap: SessionState['heap'];
  readonly nextId: number;
}

/** Builds the graph of `object`.
 *  @throws LINK_UNDEFINED (all names at once), LINK_UNKNOWN_RELOCATION, LINK_BAD_RELOCATION, LINK_ARENA_FULL */
export function growGraph(state: SessionState, object: ObjectFile, options: StageOptions): InputGraph {
  return new GraphBuilder(state, object, options).build();
}

/** Name of an atom within its object. */
export function atomKey(section: number | string, start: number): string {
  return `${section}:${start}`;
}

class GraphBuilder {
  private readonly placed = new Map<ObjectFile, Map<string, Atom>>();
  private readonly folds = new Map<string, Atom>();
  private readonly libraryNames = new Map<string, Definition>();
  private readonly atoms: Atom[] = [];
  private readonly work: Atom[] = [];
  private readonly reached = new Set<Atom>();
  private readonly resolved = new Set<Atom>();
  private readonly pulled: ObjectFile[] = [];
  private readonly undefinedUses: UndefinedUse[] = [];
  private readonly revisions = new Map<ObjectFile, RevisedObject>();
  private memory: SessionState['memory'];
  private heap: SessionState['heap'];
  private nextId: number;

  constructor(
    private readonly state: SessionState,
    private readonly object: ObjectFile,
    private readonly options: StageOptions,
  ) {
    this.memory = state.memory;
    this.heap = state.heap;
    this.nextId = state.nextId;
    for (const revision of options.revisions ?? []) {
      this.revisions.set(revision.object, reviseObject(state, revision, object));
    }
  }

  build(): InputGraph {
    const index = indexOf(this.object);
    for (const symbol of index.globals.values()) {
      const isComdat = typeof symbol.section === 'number' && this.object.sections[symbol.section]!.comdat !== undefined;
      if (isValueSlot(symbol.name) || isScaffold(symbol.name)) continue;
      if (!isComdat) this.root(symbol, 'persistent');
    }
    for (const symbol of index.locals) if (isUserStatic(symbol.name)) this.root(symbol, 'persistent');
    for (const [object, { replaced }] of this.revisions) {
      for (const symbol of replaced.values()) this.root(symbol, 'persistent', object);
    }
    this.drain();

    for (const symbol of [...index.locals, ...index.globals.values()]) {
      if (isValueSlot(symbol.name)) this.root(symbol, 'transient');
    }
    const own = this.startEntries(this.object, 'transient');
    this.drain();

    const library: Target[] = [];
    for (let i = 0; i < this.pulled.length; i++) {
      library.push(...this.startEntries(this.pulled[i]!, 'persistent'));
      this.drain();
    }
    this.linkCompanions();
    this.settleWeak();
    if (this.undefinedUses.length > 0) throw undefinedSymbols(this.undefinedUses, this.object.name);
    return {
      object: this.object,
      options: this.options,
      atoms: this.atoms.filter((atom) => this.reached.has(atom)),
      placed: this.placed,
      revisions: this.revisions,
      libraryNames: this.libraryNames,
      entries: [...library, ...own],
      memory: this.memory,
      heap: this.heap,
      nextId: this.nextId,
    };
  }

  /** Links what goes with library members that are linked now, though nothing refers to it strongly. */
  private linkCompanions(): void {
    const known = (name: string): boolean => this.state.names.has(name) || this.libraryNames.has(name);
    for (const { when, also } of this.options.companions ?? []) {
      if (!known(when) || known(also)) continue;
      const target = this.pullFromArchive(also);
      if (target?.kind === 'atom') this.reach(target.atom, 'persistent');
      this.drain();
    }
  }

  /** Weak references of this link that were resolved before what they name was pulled in. */
  private settleWeak(): void {
    for (const atom of this.reached) {
      if (!atom.fixups.some(({ target }) => target.kind === 'weak')) continue;
      atom.fixups = atom.fixups.map((fixup) => {
        const now = fixup.target.kind === 'weak' && fixup.symbol !== undefined && this.libraryNames.get(fixup.symbol);
        return now ? { ...fixup, target: now.target } : fixup;
      });
    }
  }

  private root(symbol: ElfSymbol, lifetime: Lifetime, object = this.object): void {
    const target = this.targetOfDefinition(object, symbol, 0);
    if (target.kind === 'atom') this.reach(target.atom, lifetime);
  }

  private startEntries(object: ObjectFile, lifetime: Lifetime): Target[] {
    const targets: Target[] = [];
    for (const entry of initialisersOf(object, this.state.arch)) {
      const target = this.targetOfEntry(object, entry);
      if (target === undefined) continue;
      if (target.kind === 'atom') this.reach(target.atom, lifetime);
      targets.push(target);
    }
    return targets;
  }

  /** Marks an atom as linked; an atom already reached may come to live longer, never the reverse. */
  private reach(atom: Atom, lifetime: Lifetime): void {
    if (this.state.atoms.has(atom)) return;
    const wanted = atom.origin === 'archive' ? 'persistent' : lifetime;
    if (this.reached.has(atom) && LIFETIME_RANK[atom.lifetime] >= LIFETIME_RANK[wanted]) return;
    this.reached.add(atom);
    atom.lifetime = wanted;
    this.work.push(atom);
  }

  private drain(): void {
    for (let atom = this.work.pop(); atom !== undefined; atom = this.work.pop()) {
      if (!this.resolved.has(atom)) {
        this.resolved.add(atom);
        atom.fixups = this.resolveFixups(atom);
      }
      for (const fixup of atom.fixups) {
        if (fixup.target.kind === 'atom') this.reach(fixup.target.atom, this.lifetimeAcross(atom, fixup));
      }
    }
  }

  private lifetimeAcross(from: Atom, fixup: Fixup): Lifetime {
    if (from.lifetime === 'persistent') return 'persistent';
    const to = (fixup.target as Target & { kind: 'atom' }).atom;
    if (fixup.row.use === 'branch') return from.lifetime;
    if (to.object !== undefined && to.section !== undefined) {
      const symbols = indexOf(to.object).bySection.get(to.section.index) ?? [];
      if (symbols.some(({ name }) => isValueSlot(name) || (to.kind === 'code' && isScaffold(name)))) return 'transient';
    }
    // Variables outlive even a pure expression: a static in an inline function counts on.
    const isVariable = to.kind === 'data' || to.kind === 'bss';
    if (isVariable) return 'persistent';
    return KEPT_LIFETIME[this.options.keep ?? 'all'];
  }

  private resolveFixups(atom: Atom): readonly Fixup[] {
    const { object, section } = atom;
    if (object === undefined || section === undefined || section.relocations.length === 0) return NO_FIXUPS;
    const fixups: Fixup[] = [];
    let view: DataView | undefined;
    for (const relocation of section.relocations) {
      if (relocation.offset < atom.start || relocation.offset >= atom.start + Math.max(atom.sizeBytes, 1)) continue;
      const named = this.rowOf(object, section, relocation);
      if (named.use === 'none') continue;
      const [row, whole] =
        named.pair === undefined ? [named, relocation] : pairOf(object, section, relocation, named, named.pair);
      view ??= new DataView(section.bytes.buffer, section.bytes.byteOffset, section.bytes.byteLength);
      checkPlace(object, section, relocation, row, view);
      const addend = whole.addend ?? row.form.decode(view, relocation.offset);
      const target = this.targetOf(object, whole, row, addend, atom);
      if (target === undefined) continue;
      const symbol = object.symbols[whole.symbol]!;
      fixups.push({
        row,
        offset: relocation.offset - atom.start,
        ...(whole === relocation ? {} : { pcOffset: whole.offset - atom.start }),
        addend,
        symbol: symbol.binding === 'local' ? undefined : symbol.name,
        target,
        via: undefined,
      });
    }
    return fixups.length === 0 ? NO_FIXUPS : fixups;
  }

  private rowOf(object: ObjectFile, section: Section, relocation: Relocation): RelocationRow {
    const row = this.state.arch.relocations.get(relocation.type);
    if (row !== undefined) return row;
    const symbol = object.symbols[relocation.symbol];
    const hint = symbol?.type === 'tls' ? '; thread_local variables are not supported: leave the keyword out' : '';
    throw new BarewireError(
      'LINK_UNKNOWN_RELOCATION',
      `relocation ${relocation.type} in ${object.name} ${section.name}+0x${relocation.offset.toString(16)} is not known ` +
        `for ${this.state.target.arch}${hint}`,
      { relocation: relocation.type, section: section.name, offset: relocation.offset, file: object.name },
    );
  }

  /** The target of a relocation; undefined (and noted) when the symbol is nowhere. */
  private targetOf(
    object: ObjectFile,
    relocation: Relocation,
    row: RelocationRow,
    addend: number,
    from: Atom,
  ): Target | undefined {
    const symbol = object.symbols[relocation.symbol]!;
    if (symbol.binding === 'local') {
      // Symbol 0 is "no symbol": address 0.
      if (symbol.section === 'undefined') return { kind: 'absolute', addr: 0, thumb: 0 };
      return this.targetOfDefinition(object, symbol, symbol.type === 'section' ? addend : 0);
    }
    const target = this.lookUp(object, symbol, row.use === 'branch');
    if (target !== undefined) return target;
    if (symbol.binding === 'weak') return { kind: 'weak' };
    const offset = relocation.offset - from.start;
    this.undefinedUses.push({
      symbol: symbol.name,
      place: placeName(from, offset),
      file: object.name,
      line: object === this.object ? sourceLine(from, offset) : undefined,
    });
    return undefined;
  }

  private targetOfEntry(object: ObjectFile, entry: InitEntry): Target | undefined {
    const symbol = object.symbols[entry.symbol]!;
    if (symbol.section === 'undefined') return this.lookUp(object, symbol, true);
    const target = this.targetOfDefinition(object, symbol, symbol.type === 'section' ? entry.addend : 0);
    if (target.kind !== 'atom') return target;
    const { value, thumb } = this.state.arch.splitValue(target.offset + entry.addend, true);
    return { ...target, offset: value, thumb: target.thumb === 1 || thumb === 1 ? 1 : 0 };
  }

  /** Finds a global name as seen from `object`. A library that calls a function does not mean the user's variable
   *  of that name (`int index;` beside the C library's `index()`). */
  private lookUp(object: ObjectFile, symbol: ElfSymbol, isCall: boolean): Target | undefined {
    // Destructors are registered under their input's number, so that those of one input can be run.
    if (symbol.name === '__dso_handle' && symbol.section === 'undefined') {
      const input = object === this.object ? this.options.input : this.revisions.get(object)?.input;
      return { kind: 'absolute', addr: input ?? 0, thumb: 0 };
    }
    const own = symbol.section === 'undefined' ? undefined : symbol;
    const isInput = object === this.object || this.revisions.has(object);
    const isShared = own !== undefined && (own.binding === 'weak' || this.comdatOf(object, own) !== undefined);
    const isOwn = isInput ? (this.revisions.get(object)?.replaced.has(symbol.name) ?? true) : !isShared;
    if (own !== undefined && isOwn) return this.targetOfDefinition(object, own, 0);

    const name = symbol.name;
    const fits = (isFunction: boolean): boolean => isInput || !isCall || isFunction;
    const fromInput = indexOf(this.object).globals.get(name);
    if (fromInput !== undefined && fits(fromInput.type !== 'object')) {
      return this.targetOfDefinition(this.object, fromInput, 0);
    }
    for (const [revised, { replaced }] of this.revisions) {
      const now = replaced.get(name);
      if (now !== undefined) return this.targetOfDefinition(revised, now, 0);
    }
    const known = this.state.names.get(name) ?? this.libraryNames.get(name);
    if (known !== undefined && (known.origin !== 'input' || fits(known.isFunction))) return known.target;
    const fromStatic = isInput ? this.state.statics.get(name) : undefined;
    if (fromStatic !== undefined) return fromStatic.target;
    if (own !== undefined) return this.targetOfDefinition(object, own, 0);
    const fromFirmware = this.state.firmware.get(name);
    if (fromFirmware !== undefined) return fromFirmware.target;
    const fromLinker = this.linkerSymbol(name);
    if (fromLinker !== undefined) return fromLinker;
    // A weak reference is satisfied by what is there, and pulls nothing in.
    return symbol.binding === 'weak' ? undefined : this.pullFromArchive(name);
  }

  private comdatOf(object: ObjectFile, symbol: ElfSymbol): string | undefined {
    return typeof symbol.section === 'number' ? object.sections[symbol.section]!.comdat : undefined;
  }

  private pullFromArchive(name: string): Target | undefined {
    const found = findInArchives(this.state, name);
    if (found === undefined) return undefined;
    const member = preparedFor(this.state, found.archive.member(found.member));
    const symbol = indexOf(member).globals.get(name);
    if (symbol === undefined) return undefined;
    return this.targetOfDefinition(member, symbol, 0);
  }

  /** Names that the linker itself defines. */
  private linkerSymbol(name: string): Target | undefined {
    if (EMPTY_RANGES.has(name)) return { kind: 'absolute', addr: 0, thumb: 0 };
    if (name !== '__bw_heap_start' && name !== '__bw_heap_end') return undefined;
    if (this.heap === undefined) {
      const wanted = this.state.target.heapBytes;
      // A full board gets a smaller heap: half of what is left in one piece.
      const left = (largestHole(this.memory) >> 1) & ~7;
      const sizeBytes = wanted <= left ? wanted : Math.min(wanted, Math.max(left, LEAST_HEAP_BYTES));
      const allocation = allocateWritable(this.state.target.arena, this.memory, sizeBytes, 8);
      if (allocation === undefined) throw arenaFull(this.state, this.memory, sizeBytes, 'the heap of malloc');
      this.heap = { addr: allocation.addr, sizeBytes };
      this.memory = allocation.map;
    }
    const addr = name === '__bw_heap_start' ? this.heap.addr : this.heap.addr + this.heap.sizeBytes;
    return { kind: 'absolute', addr, thumb: 0 };
  }

  /** The target of a symbol that `object` defines. `pieceOffset` is added to find the piece of a mergeable section. */
  private targetOfDefinition(object: ObjectFile, symbol: ElfSymbol, pieceOffset: number): Target {
    const { value, thumb } = this.state.arch.splitValue(symbol.value, symbol.type === 'func');
    if (symbol.section === 'absolute') return { kind: 'absolute', addr: value, thumb };
    if (symbol.section === 'common')
      return { kind: 'atom', atom: this.commonAtom(object, symbol), offset: 0, thumb: 0 };
    const section = object.sections[symbol.section as number]!;
    if (!isLoaded(section)) return { kind: 'absolute', addr: 0, thumb: 0 };
    const atom = this.sectionAtom(object, section, value + pieceOffset);
    return {
      kind: 'atom',
      atom,
      offset: value - (isMergeable(section) ? pieceStart(section, value + pieceOffset) : 0),
      thumb,
    };
  }

  private sectionAtom(object: ObjectFile, section: Section, offset: number): Atom {
    const piece = isMergeable(section) ? pieceAt(section, offset) : { start: 0, sizeBytes: section.sizeBytes };
    const key = atomKey(section.index, piece.start);
    const known = this.placed.get(object)?.get(key) ?? this.state.members.get(object)?.get(key);
    if (known !== undefined) return known;

    const standing = this.revisions.get(object)?.standing(section);
    if (standing !== undefined) {
      this.remember(object, key, standing);
      return standing;
    }
    const bytes =
      section.bytes.length === 0 ? section.bytes : section.bytes.subarray(piece.start, piece.start + piece.sizeBytes);
    const symbols = isMergeable(section) ? [] : (indexOf(object).bySection.get(section.index) ?? []);
    const foldKey = foldKeyOf(section, bytes, symbols);
    if (foldKey !== undefined) {
      const twin = this.folds.get(foldKey) ?? this.state.folds.get(foldKey);
      if (twin !== undefined && (section.comdat === undefined || sameComdat(this.state.arch, object, section, twin))) {
        this.remember(object, key, twin);
        return twin;
      }
    }
    const atom = this.add(object, key, ObjectAtom.ofSection(this.ownerIn(object), section, piece, foldKey));
    if (foldKey !== undefined) this.folds.set(foldKey, atom);
    return atom;
  }

  private commonAtom(object: ObjectFile, symbol: ElfSymbol): Atom {
    const key = atomKey('common', symbol.index);
    const known = this.placed.get(object)?.get(key) ?? this.state.members.get(object)?.get(key);
    if (known !== undefined) return known;
    return this.add(object, key, ObjectAtom.ofCommon(this.ownerIn(object), symbol));
  }

  private ownerIn(object: ObjectFile): Owner {
    const revision = this.revisions.get(object);
    const origin = object === this.object || revision !== undefined ? 'input' : 'archive';
    return { id: this.nextId++, input: revision?.input ?? this.options.input, origin, object };
  }

  private add(object: ObjectFile, key: string, atom: Atom): Atom {
    this.atoms.push(atom);
    this.remember(object, key, atom);
    if (atom.origin === 'archive') this.nameLibrarySymbols(atom);
    return atom;
  }

  private remember(object: ObjectFile, key: string, atom: Atom): void {
    let atoms = this.placed.get(object);
    if (atoms === undefined) {
      atoms = new Map();
      this.placed.set(object, atoms);
      const isInput = object === this.object || this.revisions.has(object);
      if (!isInput && !this.state.members.has(object)) this.pulled.push(object);
    }
    atoms.set(key, atom);
  }

  private nameLibrarySymbols(atom: Atom): void {
    for (const symbol of atom.symbols) {
      if (this.state.names.has(symbol.name) || this.libraryNames.has(symbol.name)) continue;
      if (indexOf(this.object).globals.has(symbol.name)) continue;
      const { value, thumb } = this.state.arch.splitValue(symbol.value, symbol.type === 'func');
      this.libraryNames.set(symbol.name, {
        name: symbol.name,
        target: { kind: 'atom', atom, offset: symbol.section === 'common' ? 0 : value, thumb },
        isFunction: symbol.type === 'func',
        sizeBytes: symbol.sizeBytes,
        weak: symbol.binding === 'weak',
        origin: 'archive',
      });
    }
  }
}

/** A smaller heap is of no use: stdio alone takes that much. */
const LEAST_HEAP_BYTES = 2048;
const LIFETIME_RANK: Readonly<Record<Lifetime, number>> = { transient: 0, trial: 1, persistent: 2 };
/** How long something lives that transient code only takes the address of. */
const KEPT_LIFETIME: Readonly<Record<NonNullable<StageOptions['keep']>, Lifetime>> = {
  all: 'persistent',
  trial: 'trial',
  reachable: 'transient',
};

/** Tables that a linker script would bound: unwind tables stay on the host, and the host runs initialisers. */
const EMPTY_RANGES: ReadonlySet<string> = new Set([
  '__exidx_start',
  '__exidx_end',
  '__preinit_array_start',
  '__preinit_array_end',
  '__init_array_start',
  '__init_array_end',
  '__fini_array_start',
  '__fini_array_end',
]);

/** The relocation of which this one is a part, and the row for that part: the one at the label that it names. */
function pairOf(
  object: ObjectFile,
  section: Section,
  relocation: Relocation,
  row: RelocationRow,
  pair: NonNullable<RelocationRow['pair']>,
): [RelocationRow, Relocation] {
  const label = object.symbols[relocation.symbol]!;
  const whole =
    label.section === section.index
      ? section.relocations.find(({ offset, type }) => offset === label.value && pair.has(type))
      : undefined;
  if (whole !== undefined) return [pair.get(whole.type) ?? row, whole];
  throw badRelocation(object, section, relocation, row, `there is no HI20 at its label ${label.name}`);
}

function pieceStart(section: Section, offset: number): number {
  return pieceAt(section, offset).start;
}

function checkPlace(
  object: ObjectFile,
  section: Section,
  relocation: Relocation,
  row: RelocationRow,
  view: DataView,
): void {
  const fits = relocation.offset + row.form.sizeBytes <= section.bytes.length;
  const problem = fits ? row.form.check?.(view, relocation.offset) : 'it reaches beyond the end of the section';
  if (problem !== undefined) throw badRelocation(object, section, relocation, row, problem);
}

function badRelocation(
  object: ObjectFile,
  section: Section,
  relocation: Relocation,
  row: RelocationRow,
  problem: string,
): BarewireError {
  return new BarewireError(
    'LINK_BAD_RELOCATION',
    `${row.name} in ${object.name} ${section.name}+0x${relocation.offset.toString(16)}: ${problem}`,
    { relocation: row.name, section: section.name, offset: relocation.offset, file: object.name },
  );
}
