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
import type { Atom, Definition, Fixup, Target } from './atom.js';
import { type InitEntry, initialisersOf } from './initialisers.js';
import { NameSearch } from './name-search.js';
import { NO_FIXUPS } from './object-atom.js';
import { indexOf, isScaffold, isUserStatic, isValueSlot } from './object-index.js';
import { placeName, sourceLine, type UndefinedUse, undefinedSymbols } from './report.js';
import type { RevisedObject } from './revise.js';
import type { SessionState } from './session-state.js';
import { StageAtoms } from './stage-atoms.js';
import type { Lifetime, StageOptions } from './types.js';
import { UNWIND_COMPANION, UNWIND_ROW, type UnwindTable, unwindEntriesOf } from './unwind.js';

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
  /** As it stands on the board, or is to stand there. */
  readonly unwind: UnwindTable | undefined;
  readonly nextId: number;
}

/** Builds the graph of `object`.
 *  @throws LINK_UNDEFINED (all names at once), LINK_UNKNOWN_RELOCATION, LINK_BAD_RELOCATION, LINK_ARENA_FULL */
export function growGraph(state: SessionState, object: ObjectFile, options: StageOptions): InputGraph {
  return new GraphBuilder(state, object, options).build();
}

class GraphBuilder {
  private readonly stage: StageAtoms;
  private readonly names: NameSearch;
  private readonly work: Atom[] = [];
  private readonly reached = new Set<Atom>();
  private readonly resolved = new Set<Atom>();
  private readonly undefinedUses: UndefinedUse[] = [];

  constructor(
    private readonly state: SessionState,
    private readonly object: ObjectFile,
    private readonly options: StageOptions,
  ) {
    this.stage = new StageAtoms(state, object, options);
    this.names = new NameSearch(state, this.stage, object, options.input);
  }

  build(): InputGraph {
    const index = indexOf(this.object);
    for (const symbol of index.globals.values()) {
      const isComdat = typeof symbol.section === 'number' && this.object.sections[symbol.section]!.comdat !== undefined;
      if (isValueSlot(symbol.name) || isScaffold(symbol.name)) continue;
      if (!isComdat) this.root(symbol, 'persistent');
    }
    for (const symbol of index.locals) if (isUserStatic(symbol.name)) this.root(symbol, 'persistent');
    for (const [object, { replaced }] of this.stage.revisions) {
      for (const symbol of replaced.values()) this.root(symbol, 'persistent', object);
    }
    this.drain();

    for (const symbol of [...index.locals, ...index.globals.values()]) {
      if (isValueSlot(symbol.name)) this.root(symbol, 'transient');
    }
    const own = this.startEntries(this.object, 'transient');
    this.drain();

    const library: Target[] = [];
    const startLibraries = (from: number): number => {
      let i = from;
      for (; i < this.stage.pulled.length; i++) {
        library.push(...this.startEntries(this.stage.pulled[i]!, 'persistent'));
        this.drain();
      }
      return i;
    };
    const started = startLibraries(0);
    this.linkCompanions();
    startLibraries(started);
    this.settleWeak();
    if (this.undefinedUses.length > 0) throw undefinedSymbols(this.undefinedUses, this.object.name);
    return {
      object: this.object,
      options: this.options,
      atoms: this.stage.atoms.filter((atom) => this.reached.has(atom)),
      placed: this.stage.placed,
      revisions: this.stage.revisions,
      libraryNames: this.stage.libraryNames,
      entries: [...library, ...own],
      memory: this.names.memory,
      heap: this.names.heap,
      unwind: this.names.unwind,
      nextId: this.stage.nextId,
    };
  }

  /** Links what goes with library members that are linked now, though nothing refers to it strongly. */
  private linkCompanions(): void {
    const known = (name: string): boolean => this.state.names.has(name) || this.stage.libraryNames.has(name);
    for (const { when, also } of [
      ...(this.options.companions ?? []),
      ...(this.state.target.exceptions ? [UNWIND_COMPANION] : []),
    ]) {
      if (!known(when) || known(also)) continue;
      const target = this.names.pullFromArchive(also);
      if (target?.kind === 'atom') this.reach(target.atom, 'persistent');
      this.drain();
    }
  }

  /** Weak references of this link that were resolved before what they name was pulled in. */
  private settleWeak(): void {
    for (const atom of this.reached) {
      if (!atom.fixups.some(({ target }) => target.kind === 'weak')) continue;
      atom.fixups = atom.fixups.map((fixup) => {
        const now =
          fixup.target.kind === 'weak' && fixup.symbol !== undefined && this.stage.libraryNames.get(fixup.symbol);
        return now ? { ...fixup, target: now.target } : fixup;
      });
    }
  }

  private root(symbol: ElfSymbol, lifetime: Lifetime, object = this.object): void {
    const target = this.stage.targetOfDefinition(object, symbol, 0);
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
    const fixups = this.relocationFixups(atom);
    const rows = this.state.target.exceptions && atom.kind === 'code' ? this.unwindRows(atom) : NO_FIXUPS;
    return rows.length === 0 ? fixups : [...fixups, ...rows];
  }

  /** How the functions of an atom are unwound. */
  private unwindRows(atom: Atom): readonly Fixup[] {
    const { object, section } = atom;
    if (object === undefined || section === undefined) return NO_FIXUPS;
    return unwindEntriesOf(this.state.arch, object, section.index).flatMap(({ offset, word, relocation }) => {
      const addend = relocation === undefined ? 0 : (relocation.addend ?? prel31Of(word));
      const target: Target | undefined =
        relocation === undefined
          ? { kind: 'absolute', addr: word, thumb: 0 }
          : this.targetOf(object, relocation, UNWIND_ROW, addend, atom);
      if (target === undefined) return [];
      return [{ row: UNWIND_ROW, offset, addend, symbol: undefined, target, via: undefined }];
    });
  }

  private relocationFixups(atom: Atom): readonly Fixup[] {
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
      return this.stage.targetOfDefinition(object, symbol, symbol.type === 'section' ? addend : 0);
    }
    const target = this.names.lookUp(object, symbol, row.use === 'branch');
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
    if (symbol.section === 'undefined') return this.names.lookUp(object, symbol, true);
    const target = this.stage.targetOfDefinition(object, symbol, symbol.type === 'section' ? entry.addend : 0);
    if (target.kind !== 'atom') return target;
    const { value, thumb } = this.state.arch.splitValue(target.offset + entry.addend, true);
    return { ...target, offset: value, thumb: target.thumb === 1 || thumb === 1 ? 1 : 0 };
  }
}

const prel31Of = (word: number): number => (word << 1) >> 1;

const LIFETIME_RANK: Readonly<Record<Lifetime, number>> = { transient: 0, trial: 1, persistent: 2 };
/** How long something lives that transient code only takes the address of. */
const KEPT_LIFETIME: Readonly<Record<NonNullable<StageOptions['keep']>, Lifetime>> = {
  all: 'persistent',
  trial: 'trial',
  reachable: 'transient',
};

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
