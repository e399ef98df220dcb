// The nodes and edges of the linker's graph.
//
// An atom is the smallest thing that is placed, kept or dropped as a whole: a section; one string or constant of
// a mergeable section; a common symbol; a veneer. A fixup is one relocation of an atom, with the target it was
// resolved to: it is kept as long as the atom lives, so that the place can be patched when the target changes.

import { SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE, SHF_STRINGS, SHF_WRITE, SHT_NOBITS } from '../elf/elf-constants.js';
import type { ElfSymbol, ObjectFile, Section } from '../elf/object-file.js';
import type { RelocationRow } from './arch/architecture.js';
import type { BlockKind, Lifetime } from './types.js';

/** Where a fixup points. `atom` targets move with their atom; the others stand still. `thumb` is 1 for Thumb
 *  functions. `weak` is an undefined weak symbol, which is address 0 until somebody defines it. */
export type Target =
  | { readonly kind: 'atom'; readonly atom: Atom; readonly offset: number; readonly thumb: 0 | 1 }
  | { readonly kind: 'absolute'; readonly addr: number; readonly thumb: 0 | 1 }
  | { readonly kind: 'weak' };

export interface Fixup {
  readonly row: RelocationRow;
  /** Bytes from the atom's start. */
  readonly offset: number;
  /** Where P is, if not at `offset`: the instruction that adds pc. */
  readonly pcOffset?: number;
  readonly addend: number;
  /** Global symbol it names; undefined for references inside the object. */
  readonly symbol: string | undefined;
  /** Changes when the symbol is redefined. */
  target: Target;
  /** Veneer that stands between, if the target is out of reach. */
  via: Atom | undefined;
}

export interface Definition {
  readonly name: string;
  readonly target: Target;
  readonly isFunction: boolean;
  readonly sizeBytes: number;
  readonly origin: 'input' | 'archive' | 'firmware' | 'linker';
}

/** What the linker places, keeps or drops as a whole. */
export interface Atom {
  readonly id: number;
  readonly input: number;
  readonly origin: 'input' | 'archive' | 'veneer';
  /** Absent for veneers. */
  readonly object: ObjectFile | undefined;
  /** Absent for veneers and common symbols. */
  readonly section: Section | undefined;
  /** Offset in the section of a mergeable piece; else 0. */
  readonly start: number;
  readonly name: string;
  readonly kind: BlockKind;
  readonly align: number;
  readonly sizeBytes: number;
  /** Original bytes, not relocated; empty for bss. */
  readonly bytes: Uint8Array;
  /** Identity for folding against the session: COMDAT section, string, constant. */
  readonly foldKey: string | undefined;
  /** Global definitions in it. */
  readonly symbols: readonly ElfSymbol[];
  fixups: readonly Fixup[];
  lifetime: Lifetime;
  addr: number;
  /** Bytes it holds of the arena: its own, and the padding up to the next atom of its run. 0 until it has a place. */
  spanBytes: number;
  /** Its address was a value once, and may be stored anywhere: it must not be freed when its name goes. */
  escaped: boolean;
}

/** What a target's address is now. */
export function addressOfTarget(target: Target): number {
  if (target.kind === 'atom') return (target.atom.addr + target.offset) >>> 0;
  return target.kind === 'absolute' ? target.addr >>> 0 : 0;
}

/** The same with bit 0 set on Thumb functions: what a caller calls. */
export function callableAddress(target: Target): number {
  return target.kind === 'weak' ? 0 : (addressOfTarget(target) | target.thumb) >>> 0;
}

/** Whether a section takes part in the link; unwind tables, notes and debug sections stay on the host. */
export function isLoaded(section: Section): boolean {
  return (section.flags & SHF_ALLOC) !== 0 && section.sizeBytes > 0 && LOADED_TYPES.has(section.type);
}
// PROGBITS, NOBITS. Initialiser tables are read by the host and not loaded; .ARM.exidx is SHT_ARM_EXIDX.
const LOADED_TYPES: ReadonlySet<number> = new Set([1, SHT_NOBITS]);

export function kindOf(section: Section): BlockKind {
  if ((section.flags & SHF_EXECINSTR) !== 0) return 'code';
  if (section.type === SHT_NOBITS) return 'bss';
  return (section.flags & SHF_WRITE) !== 0 ? 'data' : 'rodata';
}

/** Whether a section falls into pieces that may be shared. */
export function isMergeable(section: Section): boolean {
  return (section.flags & SHF_MERGE) !== 0 && section.entrySize > 0 && (section.flags & SHF_WRITE) === 0;
}

/** The piece of a mergeable section around `offset`: one constant, or one string with its terminator. */
export function pieceAt(section: Section, offset: number): { start: number; sizeBytes: number } {
  const step = section.entrySize;
  const isEnd = (at: number): boolean => {
    for (let i = 0; i < step; i++) if (section.bytes[at + i] !== 0) return false;
    return true;
  };
  const aligned = Math.min(Math.floor(offset / step), Math.max(0, Math.ceil(section.bytes.length / step) - 1)) * step;
  if ((section.flags & SHF_STRINGS) === 0) {
    return { start: aligned, sizeBytes: Math.min(step, section.bytes.length - aligned) };
  }
  let start = aligned;
  while (start > 0 && !isEnd(start - step)) start -= step;
  let end = aligned;
  while (end < section.bytes.length && !isEnd(end)) end += step;
  return { start, sizeBytes: Math.min(end + step, section.bytes.length) - start };
}
