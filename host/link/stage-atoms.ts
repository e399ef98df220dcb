// The atoms of one stage: each section, piece or common symbol that is reached becomes one, unless the session has it
// already: as a member of an archive, as a part of an input that was compiled again, or as something equal to fold into.

import type { ElfSymbol, ObjectFile, Section } from '../elf/object-file.js';
import { type Atom, type Definition, isLoaded, isMergeable, pieceAt, type Target } from './atom.js';
import { foldKeyOf, sameComdat } from './fold.js';
import { ObjectAtom, type Owner } from './object-atom.js';
import { indexOf } from './object-index.js';
import { type RevisedObject, reviseObject } from './revise.js';
import type { SessionState } from './session-state.js';
import type { StageOptions } from './types.js';

/** Name of an atom within its object. */
export function atomKey(section: number | string, start: number): string {
  return `${section}:${start}`;
}

/** Makes and finds the atoms of one stage. */
export class StageAtoms {
  /** In the order in which they were asked for. */
  readonly atoms: Atom[] = [];
  /** By `atomKey`, for each object. */
  readonly placed = new Map<ObjectFile, Map<string, Atom>>();
  /** Names that archive members define newly. */
  readonly libraryNames = new Map<string, Definition>();
  /** Archive members that the session had nothing of. */
  readonly pulled: ObjectFile[] = [];
  /** Earlier inputs that were compiled again. */
  readonly revisions = new Map<ObjectFile, RevisedObject>();
  nextId: number;
  private readonly folds = new Map<string, Atom>();

  constructor(
    private readonly state: SessionState,
    private readonly object: ObjectFile,
    private readonly options: StageOptions,
  ) {
    this.nextId = state.nextId;
    for (const revision of options.revisions ?? []) {
      this.revisions.set(revision.object, reviseObject(state, revision, object));
    }
  }

  /** Whether an object is the input's or of one that was compiled again, and not from an archive. */
  isInput(object: ObjectFile): boolean {
    return object === this.object || this.revisions.has(object);
  }

  /** The target of a symbol that `object` defines. `pieceOffset` is added to find the piece of a mergeable section. */
  targetOfDefinition(object: ObjectFile, symbol: ElfSymbol, pieceOffset: number): Target {
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
      offset: value - (isMergeable(section) ? pieceAt(section, value + pieceOffset).start : 0),
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
    const origin = this.isInput(object) ? 'input' : 'archive';
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
      if (!this.isInput(object) && !this.state.members.has(object)) this.pulled.push(object);
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
        origin: 'archive',
      });
    }
  }
}
