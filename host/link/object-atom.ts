// An atom that came from an object file. It lives as long as its code is on the board, which may be the whole session,
// and holds what linking later inputs needs: where it lies, how it is used, what it refers to. The rest (name, symbols,
// contents) it asks its object for, which may be at rest by then (host/elf/read-object.ts).

import type { ElfSymbol, ObjectFile, Section } from '../elf/object-file.js';
import { fileBytes, fileOffsetOf, isStored } from '../elf/read-object.js';
import { type Atom, type Fixup, isMergeable, kindOf } from './atom.js';
import { indexOf } from './object-index.js';
import type { BlockKind, Lifetime } from './types.js';

/** Instructions are whole halfwords on all cores, which assembler files do not always say of their sections. */
const CODE_ALIGN = 2;
const NO_BYTES = new Uint8Array(0);
/** Of all atoms that refer to nothing. */
export const NO_FIXUPS: readonly Fixup[] = [];

/** Whose an atom is. */
export interface Owner {
  readonly id: number;
  readonly input: number;
  readonly origin: 'input' | 'archive';
  readonly object: ObjectFile;
}

/** A piece of a section: all of it, or one string or constant of a mergeable one. */
export interface Piece {
  readonly start: number;
  readonly sizeBytes: number;
}

export class ObjectAtom implements Atom {
  readonly id: number;
  readonly input: number;
  readonly origin: 'input' | 'archive';
  readonly object: ObjectFile;
  fixups: readonly Fixup[] = NO_FIXUPS;
  lifetime: Lifetime = 'transient';
  addr = 0;
  spanBytes = 0;
  escaped = false;

  private constructor(
    owner: Owner,
    /** Index of the section, or of the common symbol. */
    private readonly index: number,
    private readonly isCommon: boolean,
    readonly start: number,
    readonly kind: BlockKind,
    readonly align: number,
    readonly sizeBytes: number,
    /** Of the contents in the object's file. */
    private readonly contentOffset: number,
    readonly foldKey: string | undefined,
  ) {
    this.id = owner.id;
    this.input = owner.input;
    this.origin = owner.origin;
    this.object = owner.object;
  }

  /** An atom for a section or a piece of one. */
  static ofSection(owner: Owner, section: Section, piece: Piece, foldKey: string | undefined): ObjectAtom {
    const contentOffset = fileOffsetOf(owner.object, section.bytes) + piece.start;
    const { index } = section;
    const kind = kindOf(section);
    const align = kind === 'code' ? Math.max(section.align, CODE_ALIGN) : section.align;
    const { start, sizeBytes } = piece;
    return new ObjectAtom(owner, index, false, start, kind, align, sizeBytes, contentOffset, foldKey);
  }

  /** An atom for a common symbol, whose value is its alignment. */
  static ofCommon(owner: Owner, symbol: ElfSymbol): ObjectAtom {
    const align = Math.max(symbol.value, 1);
    return new ObjectAtom(owner, symbol.index, true, 0, 'bss', align, symbol.sizeBytes, 0, undefined);
  }

  get section(): Section | undefined {
    return this.isCommon ? undefined : this.object.sections[this.index]!;
  }

  get name(): string {
    return this.section?.name ?? `common ${this.object.symbols[this.index]!.name}`;
  }

  get bytes(): Uint8Array {
    if (this.kind === 'bss') return NO_BYTES;
    if (isStored(this.object)) return fileBytes(this.object, this.contentOffset, this.sizeBytes);
    return this.section!.bytes.subarray(this.start, this.start + this.sizeBytes);
  }

  get symbols(): readonly ElfSymbol[] {
    const { section } = this;
    if (section === undefined) return [this.object.symbols[this.index]!];
    if (isMergeable(section)) return [];
    return (indexOf(this.object).bySection.get(section.index) ?? []).filter(({ binding }) => binding !== 'local');
  }
}
