// Units of .debug_info: their headers, and the tables that the forms of their DIEs point into.
// Only the headers are read up front, which costs a few bytes a unit.
// @see DWARF 5, 7.5.1

import { type AbbrevTable, readAbbrevTable } from './abbrev.js';
import { DW_UT } from './constants.js';
import { Cursor, dwarfError } from './cursor.js';
import type { CodeAddr, DebugSection, DebugSections } from './sections.js';

/** Bytes into the sections that indices count from; `low` is what range offsets are relative to. */
export interface UnitBases {
  strOffsets: number;
  addr: number;
  rnglists: number;
  low: CodeAddr;
}

/** One unit; offsets count from the start of `section`. */
export interface Unit {
  readonly sections: DebugSections;
  readonly section: DebugSection;
  readonly version: number;
  /** Of the unit's header, to which DW_FORM_ref4 and friends are relative. */
  readonly startOffset: number;
  /** Of the unit's first DIE. */
  readonly dieOffset: number;
  readonly endOffset: number;
  readonly abbrevs: AbbrevTable;
  /** Type units: the signature, and the offset of the type's DIE. */
  readonly signature: bigint | undefined;
  readonly typeOffset: number;
  /** Where this unit's part of .debug_str_offsets, .debug_addr and .debug_rnglists begins. */
  readonly bases: UnitBases;
}

/** Reads the headers of all units of an object. An executable may have units of libraries that an older compiler has
 *  made: those are passed over.
 *  @throws DWARF_TRUNCATED, DWARF_VERSION for versions outside 4 and 5, 64-bit DWARF or another address size */
export function readUnits(sections: DebugSections): readonly Unit[] {
  const units: Unit[] = [];
  const tables = new Map<number, AbbrevTable>();
  const abbrevsAt = (offset: number): AbbrevTable => {
    let table = tables.get(offset);
    if (!table) {
      table = readAbbrevTable(sections.get('.debug_abbrev'), offset);
      tables.set(offset, table);
    }
    return table;
  };
  for (const section of [...sections.all('.debug_info'), ...sections.all('.debug_types')]) {
    const inTypes = section.where.startsWith('.debug_types');
    for (let offset = 0; offset < section.bytes.length; ) {
      const next = sections.object.kind === 'executable' ? endOfOlder(section, offset) : undefined;
      if (next !== undefined) {
        offset = next;
        continue;
      }
      const unit = readUnitHeader(sections, section, offset, inTypes, abbrevsAt);
      units.push(unit);
      offset = unit.endOffset;
    }
  }
  return units;
}

/** Where a unit of DWARF 2 or 3 ends; undefined for others, and where it does not fit. */
function endOfOlder(section: DebugSection, offset: number): number | undefined {
  const cursor = new Cursor(section.bytes, section.where, offset);
  const length = cursor.u32();
  const end = cursor.pos + length;
  if (length < 2 || end > section.bytes.length) return undefined;
  const version = cursor.u16();
  return version === 2 || version === 3 ? end : undefined;
}

function readUnitHeader(
  sections: DebugSections,
  section: DebugSection,
  startOffset: number,
  inTypes: boolean,
  abbrevsAt: (offset: number) => AbbrevTable,
): Unit {
  const where = `${section.where}+0x${startOffset.toString(16)}`;
  const cursor = new Cursor(section.bytes, section.where, startOffset);
  const length = cursor.u32();
  if (length === 0xffffffff) throw dwarfError('DWARF_VERSION', where, '64-bit DWARF is not read, 32-bit is');
  const endOffset = cursor.pos + length;
  if (endOffset > section.bytes.length) {
    throw dwarfError(
      'DWARF_TRUNCATED',
      where,
      `the unit has ${length} bytes, the section ends ${endOffset - section.bytes.length} before that`,
    );
  }
  const version = cursor.u16();
  if (version !== 4 && version !== 5) {
    throw dwarfError('DWARF_VERSION', where, `DWARF version ${version} is not read, 4 and 5 are`, { version });
  }
  let type: number = inTypes ? DW_UT.type : DW_UT.compile;
  let addressSize: number;
  let abbrevOffset: number;
  if (version === 5) {
    type = cursor.u8();
    addressSize = cursor.u8();
    abbrevOffset = cursor.u32();
  } else {
    abbrevOffset = cursor.u32();
    addressSize = cursor.u8();
  }
  if (addressSize !== 4) {
    throw dwarfError('DWARF_VERSION', where, `addresses of ${addressSize} bytes are not read, 4 are`, { addressSize });
  }
  let signature: bigint | undefined;
  let typeOffset = 0;
  if (type === DW_UT.type || type === DW_UT.split_type) {
    signature = cursor.u64();
    typeOffset = startOffset + cursor.u32();
  } else if (type === DW_UT.skeleton || type === DW_UT.split_compile) {
    cursor.skip(8);
  }
  let abbrevs: AbbrevTable | undefined;
  return {
    sections,
    section,
    version,
    startOffset,
    dieOffset: cursor.pos,
    endOffset,
    signature,
    typeOffset,
    get abbrevs() {
      abbrevs ??= abbrevsAt(abbrevOffset);
      return abbrevs;
    },
    // 8 is where the only contribution starts, behind its header; right for type units, which do not say.
    bases: { strOffsets: 8, addr: 8, rnglists: 12, low: { section: 0, offset: 0 } },
  };
}
