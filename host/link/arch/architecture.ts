// What the linker must know of a processor family, and nothing else does: its relocations as table rows, and
// the code that reaches a target beyond a branch's range. One file beside this one per family.

import type { Machine, ObjectFile } from '../../elf/object-file.js';

/** How one kind of field in an instruction or data word is read and written. Both are pure of the range: they
 *  take and give the whole value; `Relocation.min…max` and `align` say which values fit. */
export interface FieldForm {
  readonly sizeBytes: 0 | 1 | 2 | 4 | 5 | 8;
  /** Addend that a REL file keeps in the field, sign included. */
  decode(view: DataView, offset: number): number;
  /** Writes `value` into the field; all other bits stay. */
  encode(view: DataView, offset: number, value: number): void;
  /** Says what is wrong when the bytes at `offset` are not the instruction this field belongs to. */
  check?(view: DataView, offset: number): string | undefined;
}

/** The letters of the psABI's expressions. */
export interface Terms {
  /** Address of the symbol, without the Thumb bit. */
  readonly S: number;
  /** Addend. */
  readonly A: number;
  /** Address of the place. */
  readonly P: number;
  /** 1 when the symbol is a Thumb function. */
  readonly T: number;
  /** What stands in the field: several relocations may add up at one place. */
  readonly V: number;
}

/** One kind of relocation. */
export interface RelocationRow {
  /** As the psABI spells it: `R_ARM_THM_CALL`. */
  readonly name: string;
  readonly code: number;
  /** `branch`: the target is only called or jumped to. `address`: its address becomes a value that the program
   *  may keep. `none`: nothing is written, and the target need not exist. */
  readonly use: 'branch' | 'address' | 'none';
  readonly form: FieldForm;
  /** For people: `((S + A) | T) − P`. */
  readonly expression: string;
  evaluate(terms: Terms): number;
  /** Limits of the value, inclusive. */
  readonly min: number;
  readonly max: number;
  /** The value must be a multiple of this. */
  readonly align: number;
  /** A veneer may stand between this branch and its target. */
  readonly veneer: boolean;
  /** The relocation names the label of another one at an earlier place of its section, and is a part of that one's
   *  value: codes of those it may belong to, and the row to use instead of this one for it, if another. */
  readonly pair?: ReadonlyMap<number, RelocationRow | undefined>;
}

/** Code that jumps to any address, and where in it that address stands. */
export interface VeneerShape {
  readonly bytes: Uint8Array;
  readonly align: number;
  /** Relocation that puts the target into the veneer. */
  readonly relocation: { readonly offset: number; readonly row: RelocationRow };
}

/** One processor family. */
export interface Architecture {
  readonly machine: Machine;
  /** Rows by relocation number. */
  readonly relocations: ReadonlyMap<number, RelocationRow>;
  readonly veneer: VeneerShape;
  /** Splits a function's symbol value into address and Thumb bit. */
  splitValue(value: number, isFunction: boolean): { value: number; thumb: 0 | 1 };
  /** What a branch to an undefined weak symbol goes to: the place after it. */
  afterBranch(place: number, row: RelocationRow): number;
  /** What must be done to an object file before its sections are used; the same object always gives the same. */
  prepare?(object: ObjectFile): ObjectFile;
}
