// Debugging information entries. A Die is a place in a unit and the abbreviation that shapes it; an attribute is
// decoded when it is asked for, so that walking over entries costs next to nothing.
//
//   .debug_info   | unit header | DIE: code, attribute, attribute … | its children … 0 | DIE …
//                                  └ row of .debug_abbrev: tag, children?, (attribute, form) …
// @see DWARF 5, 2.3, 7.5.5, 7.5.6

import { type Abbrev, FIXED_FORM_SIZES } from './abbrev.js';
import { DW_AT, DW_FORM } from './constants.js';
import { Cursor, dwarfError } from './cursor.js';
import type { CodeAddr } from './sections.js';
import type { Unit } from './unit.js';

/** One entry. */
export interface Die {
  readonly unit: Unit;
  /** In the unit's section. */
  readonly offset: number;
  readonly tag: number;
  readonly abbrev: Abbrev;
  /** Offset of its first attribute. */
  readonly dataOffset: number;
}

function cursorAt(unit: Unit, offset: number): Cursor {
  return new Cursor(unit.section.bytes, unit.section.where, offset, unit.endOffset);
}

function place(unit: Unit, offset: number): string {
  return `${unit.section.where}+0x${offset.toString(16)}`;
}

/** The entry at `offset`, or undefined for the null entry that ends a list of children.
 *  @throws DWARF_BAD_REFERENCE outside the unit, DWARF_BAD_ABBREV when its code is not in the table */
export function dieAt(unit: Unit, offset: number): Die | undefined {
  if (offset < unit.dieOffset || offset >= unit.endOffset) {
    throw dwarfError('DWARF_BAD_REFERENCE', place(unit, offset), 'there is no entry here, it lies outside its unit');
  }
  const cursor = cursorAt(unit, offset);
  const code = cursor.uleb();
  if (code === 0) return undefined;
  const abbrev = unit.abbrevs.get(code);
  if (!abbrev) throw dwarfError('DWARF_BAD_ABBREV', place(unit, offset), `abbreviation ${code} is not in the table`);
  return { unit, offset, tag: abbrev.tag, abbrev, dataOffset: cursor.pos };
}

/** Calls `visit` for `first` and all entries below it, parents first, at most to the end of the unit.
 *  @param visit gets the entry and its depth; what it returns decides how to go on */
export function walk(unit: Unit, visit: (die: Die, depth: number) => 'into' | 'over' | 'stop', from?: Die): void {
  let offset = from ? endOfAttributes(from) : unit.dieOffset;
  let depth = from ? 1 : 0;
  if (from && !from.abbrev.hasChildren) return;
  /** Depth below which entries are passed over unseen. */
  let hidden = Number.POSITIVE_INFINITY;
  while (offset < unit.endOffset) {
    const die = dieAt(unit, offset);
    if (!die) {
      depth--;
      offset++;
      if (depth <= 0) return;
      if (depth <= hidden) hidden = Number.POSITIVE_INFINITY;
      continue;
    }
    let next = -1;
    if (depth <= hidden) {
      const answer = visit(die, depth);
      if (answer === 'stop') return;
      if (answer === 'over' && die.abbrev.hasChildren) {
        next = siblingOffset(die);
        if (next < 0) hidden = depth;
      }
    }
    if (next >= 0) {
      offset = next;
      continue;
    }
    offset = endOfAttributes(die);
    if (die.abbrev.hasChildren) depth++;
    else if (depth === 0) return;
  }
}

/** Direct children of an entry. */
export function childrenOf(die: Die): readonly Die[] {
  const children: Die[] = [];
  walk(
    die.unit,
    (child) => {
      children.push(child);
      return 'over';
    },
    die,
  );
  return children;
}

function siblingOffset(die: Die): number {
  const cursor = seek(die, DW_AT.sibling);
  if (!cursor) return -1;
  const target = die.unit.startOffset + Number(readNumber(cursor.cursor, cursor.form, 0n));
  return target > die.offset && target <= die.unit.endOffset ? target : -1;
}

/** Offset of the entry's first child, or of what follows it. */
export function endOfAttributes(die: Die): number {
  const { abbrev } = die;
  if (abbrev.fixedSize >= 0) return die.dataOffset + abbrev.fixedSize;
  const cursor = cursorAt(die.unit, die.dataOffset);
  for (const form of abbrev.forms) skipForm(cursor, form);
  return cursor.pos;
}

/** Moves over one value.
 *  @throws DWARF_BAD_FORM for a form DWARF does not have */
export function skipForm(cursor: Cursor, form: number): void {
  const size = FIXED_FORM_SIZES[form];
  if (size !== undefined) {
    cursor.skip(size);
    return;
  }
  switch (form) {
    case DW_FORM.udata:
    case DW_FORM.sdata:
    case DW_FORM.strx:
    case DW_FORM.addrx:
    case DW_FORM.loclistx:
    case DW_FORM.rnglistx:
    case DW_FORM.ref_udata:
      cursor.skipLeb();
      return;
    case DW_FORM.string:
      cursor.skipCstring();
      return;
    case DW_FORM.block1:
    case DW_FORM.block2:
    case DW_FORM.block4:
    case DW_FORM.block:
    case DW_FORM.exprloc:
      cursor.skip(blockLength(cursor, form));
      return;
    case DW_FORM.indirect:
      skipForm(cursor, directForm(cursor));
      return;
    default:
      throw badForm(cursor, form);
  }
}

function badForm(cursor: Cursor, form: number): Error {
  return dwarfError(
    'DWARF_BAD_FORM',
    `${cursor.where}+0x${cursor.pos.toString(16)}`,
    `form 0x${form.toString(16)} is not one that can stand here`,
    { form },
  );
}

function blockLength(cursor: Cursor, form: number): number {
  if (form === DW_FORM.block1) return cursor.u8();
  if (form === DW_FORM.block2) return cursor.u16();
  if (form === DW_FORM.block4) return cursor.u32();
  return cursor.uleb();
}

function directForm(cursor: Cursor): number {
  const form = cursor.uleb();
  // An indirect form that names itself would never end; an implicit constant has no value here.
  if (form === DW_FORM.indirect || form === DW_FORM.implicit_const) throw badForm(cursor, form);
  return form;
}

interface Found {
  readonly cursor: Cursor;
  readonly form: number;
  readonly implicit: bigint | undefined;
}

/** A cursor on the value of an attribute. */
function seek(die: Die, attribute: number): Found | undefined {
  const { attributes, forms, implicit } = die.abbrev;
  const index = attributes.indexOf(attribute);
  if (index < 0) return undefined;
  const cursor = cursorAt(die.unit, die.dataOffset);
  for (let i = 0; i < index; i++) skipForm(cursor, forms[i]!);
  let form = forms[index]!;
  if (form === DW_FORM.indirect) form = directForm(cursor);
  return { cursor, form, implicit: implicit[index] };
}

export function hasAttribute(die: Die, attribute: number): boolean {
  return die.abbrev.attributes.includes(attribute);
}

/** Reads one constant, reference, index or offset of any form as the number that stands there. */
function readNumber(cursor: Cursor, form: number, implicit: bigint | undefined): bigint {
  if (form === DW_FORM.implicit_const) return implicit ?? 0n;
  if (form === DW_FORM.flag_present) return 1n;
  if (form === DW_FORM.sdata) return cursor.slebBig();
  const size = FIXED_FORM_SIZES[form];
  if (size === 8) return cursor.u64();
  if (size === 16) {
    const low = cursor.u64();
    return (cursor.u64() << 64n) | low;
  }
  if (size !== undefined) return BigInt(cursor.uint(size));
  switch (form) {
    case DW_FORM.udata:
    case DW_FORM.strx:
    case DW_FORM.addrx:
    case DW_FORM.rnglistx:
    case DW_FORM.loclistx:
    case DW_FORM.ref_udata:
      return cursor.ulebBig();
    default:
      throw badForm(cursor, form);
  }
}

const BLOCK_FORMS: ReadonlySet<number> = new Set([
  DW_FORM.block1,
  DW_FORM.block2,
  DW_FORM.block4,
  DW_FORM.block,
  DW_FORM.exprloc,
]);

/** A constant attribute, or undefined if the entry has none or it is an expression. */
export function bigAttribute(die: Die, attribute: number): bigint | undefined {
  const found = seek(die, attribute);
  if (!found || BLOCK_FORMS.has(found.form)) return undefined;
  return readNumber(found.cursor, found.form, found.implicit);
}

/** As `bigAttribute`, for values that are known to be small: sizes, counts, offsets, lines. */
export function numberAttribute(die: Die, attribute: number): number | undefined {
  const value = bigAttribute(die, attribute);
  return value === undefined ? undefined : Number(value);
}

/** A flag that is there and not zero. */
export function flagAttribute(die: Die, attribute: number): boolean {
  return (bigAttribute(die, attribute) ?? 0n) !== 0n;
}

/** Bytes of a block or location expression. */
export function blockAttribute(die: Die, attribute: number): Uint8Array | undefined {
  const found = seek(die, attribute);
  if (!found || !BLOCK_FORMS.has(found.form)) return undefined;
  return found.cursor.take(blockLength(found.cursor, found.form));
}

/** A string attribute, wherever its text stands. */
export function stringAttribute(die: Die, attribute: number): string | undefined {
  const found = seek(die, attribute);
  return found && readString(die.unit, found.cursor, found.form, found.implicit);
}

/** Reads a string of any string form.
 *  @throws DWARF_BAD_FORM if the form is not a string's */
export function readString(unit: Unit, cursor: Cursor, form: number, implicit?: bigint): string {
  const { sections } = unit;
  const textAt = (name: string, offset: number): string => {
    const section = sections.get(name);
    return new Cursor(section.bytes, section.where, offset).cstring();
  };
  switch (form) {
    case DW_FORM.string:
      return cursor.cstring();
    case DW_FORM.strp:
      return textAt('.debug_str', cursor.u32());
    case DW_FORM.line_strp:
      return textAt('.debug_line_str', cursor.u32());
    case DW_FORM.strx:
    case DW_FORM.strx1:
    case DW_FORM.strx2:
    case DW_FORM.strx3:
    case DW_FORM.strx4: {
      const index = Number(readNumber(cursor, form, implicit));
      const table = sections.get('.debug_str_offsets');
      const row = new Cursor(table.bytes, table.where);
      row.skip(unit.bases.strOffsets + 4 * index);
      return textAt('.debug_str', row.u32());
    }
    default:
      throw badForm(cursor, form);
  }
}

/** An address attribute (DW_AT_low_pc), undefined if it is a constant (DW_AT_high_pc as a length). */
export function addrAttribute(die: Die, attribute: number): CodeAddr | undefined {
  const found = seek(die, attribute);
  if (!found) return undefined;
  switch (found.form) {
    case DW_FORM.addr: {
      const section = die.unit.section.targetAt(found.cursor.pos);
      return { section, offset: found.cursor.u32() };
    }
    case DW_FORM.addrx:
    case DW_FORM.addrx1:
    case DW_FORM.addrx2:
    case DW_FORM.addrx3:
    case DW_FORM.addrx4:
      return indexedAddr(die.unit, Number(readNumber(found.cursor, found.form, undefined)));
    default:
      return undefined;
  }
}

/** Row `index` of the unit's part of .debug_addr. */
export function indexedAddr(unit: Unit, index: number): CodeAddr {
  const table = unit.sections.get('.debug_addr');
  const row = new Cursor(table.bytes, table.where);
  row.skip(unit.bases.addr + 4 * index);
  return { section: table.targetAt(row.pos), offset: row.u32() };
}

/** How a reference names its target: an offset in the section, or a type unit's signature. */
export type Reference =
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'signature'; readonly signature: bigint };

/** A reference attribute. */
export function refAttribute(die: Die, attribute: number): Reference | undefined {
  const found = seek(die, attribute);
  if (!found) return undefined;
  const value = readNumber(found.cursor, found.form, found.implicit);
  if (found.form === DW_FORM.ref_sig8) return { kind: 'signature', signature: value };
  return { kind: 'offset', offset: Number(value) + (found.form === DW_FORM.ref_addr ? 0 : die.unit.startOffset) };
}

/** Form of rnglist attributes tells an index from an offset. */
export function formOf(die: Die, attribute: number): number | undefined {
  return seek(die, attribute)?.form;
}
