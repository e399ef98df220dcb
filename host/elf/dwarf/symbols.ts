// Variables and functions of an object: where they are, how they are called, what type they have.
// @see DWARF 5, 2.6 (locations), 2.17 (code addresses), 3.3 (subroutines), 4.1 (variables)

import { DW_AT, DW_FORM, DW_OP, DW_RLE, DW_TAG } from './constants.js';
import { Cursor, dwarfError } from './cursor.js';
import {
  addrAttribute,
  bigAttribute,
  blockAttribute,
  childrenOf,
  type Die,
  dieAt,
  flagAttribute,
  formOf,
  hasAttribute,
  indexedAddr,
  numberAttribute,
  type Reference,
  refAttribute,
  stringAttribute,
  walk,
} from './die.js';
import { type Scope, scopesOf } from './scope.js';
import type { CodeAddr } from './sections.js';
import type { TypeReader } from './type-reader.js';
import type { DwarfType, EnumType } from './types.js';
import type { Unit } from './unit.js';

/** A global, namespace-scope or static member variable, or a function's static. */
export interface DwarfVariable {
  readonly name: string;
  readonly linkageName: string | undefined;
  readonly scopes: readonly Scope[];
  readonly type: DwarfType;
  readonly external: boolean;
  /** Undefined when it was optimised away or is only declared. */
  readonly location: CodeAddr | undefined;
  readonly constValue: bigint | undefined;
  readonly line: number | undefined;
  /** Source file of its unit, as the compiler was given it. */
  readonly unitName: string;
}

/** A stretch of code, half open. */
export interface CodeRange {
  readonly section: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** A function that has code in this object. */
export interface DwarfFunction {
  readonly name: string;
  readonly linkageName: string | undefined;
  readonly scopes: readonly Scope[];
  readonly result: DwarfType;
  /** Types as declared, without `this`. */
  readonly parameters: readonly DwarfType[];
  readonly ranges: readonly CodeRange[];
  readonly line: number | undefined;
  /** Source file of its unit, as the compiler was given it. */
  readonly unitName: string;
}

/** What `die` completes: a declaration, or the abstract form of an inlined function. */
function completed(die: Die): Reference | undefined {
  return refAttribute(die, DW_AT.specification) ?? refAttribute(die, DW_AT.abstract_origin);
}

/** An attribute of `die`, or of the declaration it completes. */
function inherited<T>(die: Die, reader: TypeReader, get: (die: Die) => T | undefined): T | undefined {
  let at: Die | undefined = die;
  for (let hops = 0; at && hops < 8; hops++) {
    const value = get(at);
    if (value !== undefined) return value;
    const next: Reference | undefined = completed(at);
    at = next && reader.resolve(at.unit, next);
  }
  return undefined;
}

/** The entry that stands in the scope the name belongs to. */
function declaredAt(die: Die, reader: TypeReader): Die {
  let at = die;
  for (let hops = 0; hops < 8; hops++) {
    const next = completed(at);
    if (!next) break;
    at = reader.resolve(at.unit, next);
  }
  return at;
}

const linkageOf = (die: Die): string | undefined =>
  stringAttribute(die, DW_AT.linkage_name) ?? stringAttribute(die, DW_AT.MIPS_linkage_name);

/** Linkage name of a function or variable, or else its plain name. */
export function symbolNameOf(die: Die, reader: TypeReader): string {
  return inherited(die, reader, linkageOf) ?? inherited(die, reader, (d) => stringAttribute(d, DW_AT.name)) ?? '?';
}

/** The first variable called `name` (plain or linkage name) that has a location or a value. */
export function findVariable(units: readonly Unit[], reader: TypeReader, name: string): DwarfVariable | undefined {
  for (const unit of units) {
    let found: DwarfVariable | undefined;
    walk(unit, (die, depth) => {
      if (die.tag === DW_TAG.variable && isDefinition(die)) {
        const named = inherited(die, reader, (d) => stringAttribute(d, DW_AT.name)) === name;
        if (named || inherited(die, reader, linkageOf) === name) {
          found = readVariable(die, reader);
          return 'stop';
        }
      }
      return depth === 0 || die.tag === DW_TAG.namespace ? 'into' : 'over';
    });
    if (found) return found;
  }
  return undefined;
}

/** All variables with a static location, function statics included. */
export function allVariables(units: readonly Unit[], reader: TypeReader): DwarfVariable[] {
  const found: DwarfVariable[] = [];
  for (const unit of units) {
    walk(unit, (die) => {
      if (die.tag === DW_TAG.variable && isDefinition(die)) {
        const variable = readVariable(die, reader);
        if (variable.location || variable.constValue !== undefined) found.push(variable);
      }
      return 'into';
    });
  }
  return found;
}

function isDefinition(die: Die): boolean {
  return hasAttribute(die, DW_AT.location) || hasAttribute(die, DW_AT.const_value);
}

function readVariable(die: Die, reader: TypeReader): DwarfVariable {
  const typed = inherited(die, reader, (d) => (hasAttribute(d, DW_AT.type) ? d : undefined));
  return {
    name: inherited(die, reader, (d) => stringAttribute(d, DW_AT.name)) ?? '(unnamed)',
    linkageName: inherited(die, reader, linkageOf),
    get scopes() {
      return scopesOf(declaredAt(die, reader), reader.resolve);
    },
    get type(): DwarfType {
      return typed ? reader.typeOf(typed) : { kind: 'void' };
    },
    external: inherited(die, reader, (d) => flagAttribute(d, DW_AT.external) || undefined) ?? false,
    location: staticLocation(die),
    constValue: bigAttribute(die, DW_AT.const_value),
    line: inherited(die, reader, (d) => numberAttribute(d, DW_AT.decl_line)),
    get unitName() {
      const top = dieAt(die.unit, die.unit.dieOffset);
      return (top && stringAttribute(top, DW_AT.name)) ?? '';
    },
  };
}

/** The address that a location expression gives without running anything: an address, perhaps plus a constant. */
function staticLocation(die: Die): CodeAddr | undefined {
  const expression = blockAttribute(die, DW_AT.location);
  if (!expression || expression.length === 0) return undefined;
  const { section } = die.unit;
  // The same bytes through the section, because the relocation that gives the section is found by offset.
  const start = expression.byteOffset - section.bytes.byteOffset;
  const cursor = new Cursor(section.bytes, section.where, start, start + expression.length);
  const op = cursor.u8();
  let at: CodeAddr;
  if (op === DW_OP.addr) at = { section: section.targetAt(cursor.pos), offset: cursor.u32() };
  else if (op === DW_OP.addrx) at = indexedAddr(die.unit, cursor.uleb());
  else return undefined;
  if (cursor.atEnd) return at;
  if (cursor.u8() !== DW_OP.plus_uconst) return undefined;
  const more = cursor.uleb();
  return cursor.atEnd ? { section: at.section, offset: at.offset + more } : undefined;
}

/** Enumerations at namespace or class scope, by the qualified names of their values. */
export function allEnumerators(units: readonly Unit[], reader: TypeReader): Map<string, EnumType> {
  const found = new Map<string, EnumType>();
  for (const unit of units) {
    walk(unit, (die) => {
      if (die.tag !== DW_TAG.enumeration_type) return die.tag === DW_TAG.subprogram ? 'over' : 'into';
      const type = reader.read(die);
      if (type.kind !== 'enum' || type.declaration) return 'over';
      const around = type.scopes.filter(({ kind, name }) => kind !== 'inline namespace' && name !== undefined);
      const prefix = around.map(({ name }) => `${name}::`).join('');
      const inner = type.scoped ? `${type.name ?? ''}::` : '';
      for (const { name } of type.enumerators) found.set(prefix + inner + name, type);
      return 'over';
    });
  }
  return found;
}

/** All functions with code. */
export function allFunctions(units: readonly Unit[], reader: TypeReader): DwarfFunction[] {
  const found: DwarfFunction[] = [];
  for (const unit of units) {
    walk(unit, (die) => {
      if (die.tag === DW_TAG.subprogram) {
        const ranges = codeRanges(die);
        if (ranges.length > 0) found.push(readFunction(die, ranges, reader));
      }
      return 'into';
    });
  }
  return found;
}

function readFunction(die: Die, ranges: readonly CodeRange[], reader: TypeReader): DwarfFunction {
  const typed = inherited(die, reader, (d) => (hasAttribute(d, DW_AT.type) ? d : undefined));
  return {
    name: inherited(die, reader, (d) => stringAttribute(d, DW_AT.name)) ?? '(unnamed)',
    linkageName: inherited(die, reader, linkageOf),
    ranges,
    line: inherited(die, reader, (d) => numberAttribute(d, DW_AT.decl_line)),
    get unitName() {
      const top = dieAt(die.unit, die.unit.dieOffset);
      return (top && stringAttribute(top, DW_AT.name)) ?? '';
    },
    get scopes() {
      return scopesOf(declaredAt(die, reader), reader.resolve);
    },
    get result(): DwarfType {
      return typed ? reader.typeOf(typed) : { kind: 'void' };
    },
    get parameters() {
      return childrenOf(declaredAt(die, reader))
        .filter((child) => child.tag === DW_TAG.formal_parameter && !flagAttribute(child, DW_AT.artificial))
        .map((child) => reader.typeOf(child));
    },
  };
}

/** Code of an entry: one range from low to high, or a list. */
export function codeRanges(die: Die): CodeRange[] {
  const low = addrAttribute(die, DW_AT.low_pc);
  if (low && hasAttribute(die, DW_AT.high_pc)) {
    const high = addrAttribute(die, DW_AT.high_pc);
    const sizeBytes = high ? high.offset - low.offset : (numberAttribute(die, DW_AT.high_pc) ?? 0);
    return sizeBytes > 0 ? [{ ...low, sizeBytes }] : [];
  }
  if (!hasAttribute(die, DW_AT.ranges)) return [];
  const value = numberAttribute(die, DW_AT.ranges) ?? 0;
  if (die.unit.version < 5) return rangesOf4(die.unit, value);
  if (formOf(die, DW_AT.ranges) !== DW_FORM.rnglistx) return rangesOf5(die.unit, value);
  const table = die.unit.sections.get('.debug_rnglists');
  const row = new Cursor(table.bytes, table.where);
  row.skip(die.unit.bases.rnglists + 4 * value);
  return rangesOf5(die.unit, die.unit.bases.rnglists + row.u32());
}

/** DWARF 5, 7.25: entries told apart by a kind byte. */
function rangesOf5(unit: Unit, offset: number): CodeRange[] {
  const section = unit.sections.get('.debug_rnglists');
  const cursor = new Cursor(section.bytes, section.where, offset);
  const plain = (): CodeAddr => ({ section: section.targetAt(cursor.pos), offset: cursor.u32() });
  const indexed = (): CodeAddr => indexedAddr(unit, cursor.uleb());
  const ranges: CodeRange[] = [];
  const push = (start: CodeAddr, sizeBytes: number): void => {
    if (sizeBytes > 0) ranges.push({ ...start, sizeBytes });
  };
  let base = unit.bases.low;
  for (;;) {
    const kind = cursor.u8();
    switch (kind) {
      case DW_RLE.end_of_list:
        return ranges;
      case DW_RLE.base_addressx:
        base = indexed();
        break;
      case DW_RLE.base_address:
        base = plain();
        break;
      case DW_RLE.offset_pair: {
        const from = cursor.uleb();
        push({ section: base.section, offset: base.offset + from }, cursor.uleb() - from);
        break;
      }
      case DW_RLE.startx_endx: {
        const start = indexed();
        push(start, indexed().offset - start.offset);
        break;
      }
      case DW_RLE.startx_length:
        push(indexed(), cursor.uleb());
        break;
      case DW_RLE.start_end: {
        const start = plain();
        push(start, plain().offset - start.offset);
        break;
      }
      case DW_RLE.start_length:
        push(plain(), cursor.uleb());
        break;
      default:
        throw dwarfError(
          'DWARF_BAD_FORM',
          `${section.where}+0x${cursor.pos.toString(16)}`,
          `range kind ${kind} is not one of DWARF 5`,
        );
    }
  }
}

/** DWARF 4, 2.17.3: pairs of offsets, -1 for a new base, 0 0 at the end. */
function rangesOf4(unit: Unit, offset: number): CodeRange[] {
  const section = unit.sections.get('.debug_ranges');
  const cursor = new Cursor(section.bytes, section.where, offset);
  const ranges: CodeRange[] = [];
  let base = unit.bases.low;
  for (;;) {
    const target = section.targetAt(cursor.pos);
    const start = cursor.u32();
    const stopTarget = section.targetAt(cursor.pos);
    const stop = cursor.u32();
    if (start === 0xffffffff) base = { section: stopTarget, offset: stop };
    else if (start === 0 && stop === 0 && target === 0) return ranges;
    else if (stop > start) {
      const at =
        target !== 0 ? { section: target, offset: start } : { section: base.section, offset: base.offset + start };
      ranges.push({ ...at, sizeBytes: stop - start });
    }
  }
}
