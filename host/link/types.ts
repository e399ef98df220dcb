// What the linker takes and gives: the target it lays code out for, and the result of linking one input.

import type { Archive } from '../elf/archive.js';
import type { ObjectFile, Section } from '../elf/object-file.js';
import type { LinkArch } from './arch/index.js';

export type BlockKind = 'code' | 'rodata' | 'data' | 'bss';

/** `persistent`: stays on the board until it is replaced. `transient`: gone after its input ran. `trial`: stays if
 *  anything on the board points to it after the run. */
export type Lifetime = 'persistent' | 'transient' | 'trial';

/** The machine that inputs are linked for. */
export interface LinkTarget {
  readonly arch: LinkArch;
  /** RAM that the host lays out. */
  readonly arena: { readonly addr: number; readonly sizeBytes: number };
  /** Bytes kept for `malloc` once something refers to `__bw_heap_start`. */
  readonly heapBytes: number;
  /** Executable whose symbols user code may use by address. */
  readonly firmware?: ObjectFile;
  /** The firmware is the user's own, and not a stub. */
  readonly attached?: AttachedFirmware;
  /** In the order in which they are searched. */
  readonly archives: readonly Archive[];
  /** Code may be thrown through: unwind tables are kept on the board. Arm only. */
  readonly exceptions?: boolean;
}

/** How names of the user's firmware are looked for. */
export interface AttachedFirmware {
  /** Names that inputs have from the archives though the firmware has them too: what is printed is to come to the prompt. */
  readonly notFromFirmware: ReadonlySet<string>;
  /** Names that libraries have from it too: there is one heap, whoever takes from it and gives back. */
  readonly shared: RegExp;
  /** Its variables, heap and stack: what was typed may be pointed to from there. */
  readonly memory: readonly AddrRange[];
}

export interface StageOptions {
  /** Number of the input, for messages and lookups. */
  readonly input: number;
  /** `all` (default): what statements of this input only point to is kept, since they may have stored the pointer.
   *  `trial`: it is kept if the board finds a pointer to it after the run (`StagedLink.trial`).
   *  `reachable`: the input is a pure expression; only its definitions stay. */
  readonly keep?: 'all' | 'trial' | 'reachable';
  /** Library names to link as soon as another one is, though nothing refers to them strongly. */
  readonly companions?: readonly Companion[];
  /** Earlier inputs compiled again, because what they were compiled with has changed. */
  readonly revisions?: readonly Revision[];
}

/** An earlier input, compiled again. Those of its functions that are still current and came out differently replace
 *  themselves wherever they are used; its variables and everything else stay what they are in the session, and its
 *  initialisers do not run. */
export interface Revision {
  readonly object: ObjectFile;
  /** Number of that input. */
  readonly input: number;
}

/** `also` is linked once `when` is. */
export interface Companion {
  readonly when: string;
  readonly also: string;
}

/** A section (or string, or common symbol) at its place on the board. */
export interface LinkedSection {
  /** `.text._Z1fi`, `libgcc.a(_divsi3.o) .text`, `veneer to printf`. */
  readonly name: string;
  /** Input that brought it. */
  readonly input: number;
  readonly addr: number;
  readonly sizeBytes: number;
  readonly kind: BlockKind;
  /** Where it came from; absent for veneers. */
  readonly object: ObjectFile | undefined;
  readonly section: Section | undefined;
}

/** A run of sections that is written to the board in one go: `bytes`, then `zeroBytes` zeros. */
export interface LinkedBlock {
  readonly id: number;
  readonly input: number;
  readonly name: string;
  readonly addr: number;
  readonly bytes: Uint8Array;
  readonly zeroBytes: number;
  readonly kind: BlockKind;
  readonly lifetime: Lifetime;
  /** Takes the memory of the variable it replaces: what stood there is the user's, and gone once this is written. */
  readonly inPlace: boolean;
  /** All of it stands there already. */
  readonly unchanged: boolean;
  /** In order of address. */
  readonly sections: readonly LinkedSection[];
}

/** Bytes already on the board that change. */
export interface Patch {
  readonly addr: number;
  readonly bytes: Uint8Array;
  /** What stands there until then, to take the patch back. */
  readonly previous: Uint8Array;
}

/** What stands at an address. */
export interface SymbolPlace {
  /** Mangled name; the section's name where no symbol covers the address. */
  readonly name: string;
  /** Bytes from the symbol's start. */
  readonly offset: number;
  /** Input that brought it; absent for firmware symbols. */
  readonly input?: number;
  readonly lifetime?: Lifetime;
  readonly kind?: BlockKind;
}

/** A place in an object file, for looking up lines and unwind tables. */
export interface SectionPlace {
  readonly object: ObjectFile;
  readonly section: Section;
  /** Offset in the section. */
  readonly offset: number;
  readonly input: number;
}

/** A stretch of the board's memory. */
export interface AddrRange {
  readonly addr: number;
  /** Bytes. */
  readonly len: number;
}

/** What the board is asked after the run: which words of `ranges` and of the heap in use point into
 *  `[low, high]`. */
export interface Trial {
  readonly low: number;
  readonly high: number;
  /** All variables, in whole words. */
  readonly ranges: readonly AddrRange[];
}

/** The result of linking one input; nothing has changed yet. */
export interface StagedLink {
  readonly input: number;
  /** New memory to write. */
  readonly blocks: readonly LinkedBlock[];
  /** Rewrites of bytes already on the board. */
  readonly patches: readonly Patch[];
  /** Initialisers to run, in order; bit 0 set on Thumb. */
  readonly entries: readonly number[];
  /** Undefined when nothing of it is on trial. */
  readonly trial: Trial | undefined;
  /** What `malloc` may use once this is linked. */
  readonly heap: AddrRange | undefined;
  /** Variables that were replaced, by this input's or moved ones: their objects are to be destroyed. */
  readonly replaced: readonly ReplacedVariable[];
  /** Symbols of the firmware that this input defines anew: code of the firmware's own goes on with the old ones. */
  readonly overFirmware: readonly string[];
  /** Functions that stand elsewhere from now on. */
  readonly moved: readonly MovedFunction[];
  /** Address of a global or local symbol of this input or of the session; bit 0 set for Thumb functions. */
  addressOf(symbol: string): number | undefined;
  /** As `LinkSession.symbolAt`, with this input's blocks. */
  symbolAt(addr: number): SymbolPlace | undefined;
  /** As `LinkSession.sectionAt`, with this input's blocks. */
  sectionAt(addr: number): SectionPlace | undefined;
}

/** A section with a variable of an input's, at its place on the board. */
export interface VariableSection {
  readonly object: ObjectFile;
  /** In the object, which may be at rest: asking wakes it. */
  readonly section: Section | undefined;
  readonly addr: number;
  readonly sizeBytes: number;
  /** Input that defined it. */
  readonly input: number;
}

/** A function that was typed again, and whose old code stays where it is for those who point there. Bit 0 is set on Thumb
 *  functions. */
export interface MovedFunction {
  readonly from: number;
  readonly to: number;
}

/** An old variable that a new one takes the place of. */
export interface ReplacedVariable extends AddrRange {
  /** The new one stands in the same memory. */
  readonly inPlace: boolean;
}

export interface Usage {
  readonly arenaBytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  readonly largestFreeBytes: number;
  /** Kept for `malloc`; part of `usedBytes`. */
  readonly heapBytes: number;
  /** Replaced functions and variables that are kept for undo; part of `freeBytes`, for they give way when needed. */
  readonly undoBytes: number;
  /** Biggest sections first. */
  readonly holders: readonly { readonly name: string; readonly sizeBytes: number }[];
}
