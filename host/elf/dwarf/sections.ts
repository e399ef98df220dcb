// Debug sections of an object as the rest of the reader wants them: bytes with the relocations applied,
// and for each relocated address the section it points into, because in a relocatable file an address is
// (section, offset). A section is copied and relocated when it is first asked for; most never are.
//
// In a REL file the addend stands in the bytes, so S + A is `bytes + symbol value`. RISC-V files
// keep label differences as ADD/SUB pairs; with S the offset in its section the difference comes out right.
// @see aaelf32 "Relocation types", RISC-V psABI "Relocations"

import { inflateSync } from 'node:zlib';
import { SHF_COMPRESSED } from '../elf-constants.js';
import type { ObjectFile, Relocation, Section } from '../object-file.js';
import { Cursor, dwarfError } from './cursor.js';

/** A place in code or data: an offset in a section, or (section 0) an address in an executable. */
export interface CodeAddr {
  readonly section: number;
  readonly offset: number;
}

/** One debug section, relocated. */
export interface DebugSection {
  /** `.debug_info of input 7` */
  readonly where: string;
  readonly bytes: Uint8Array;
  /** Section that the relocated word at `offset` points into; 0 without a relocation. */
  targetAt(offset: number): number;
}

/** The debug sections of one object by name. */
export interface DebugSections {
  readonly object: ObjectFile;
  /** First section of that name, relocated; an empty one if there is none. */
  get(name: string): DebugSection;
  /** All sections of that name (type units come in groups of their own). */
  all(name: string): readonly DebugSection[];
}

const ELFCOMPRESS_ZLIB = 1;
const MAX_INFLATED = 1 << 28;

type Combine = (there: number, value: number) => number;
interface RelocationRow {
  readonly size: 0 | 1 | 2 | 4 | 8 | 'uleb';
  /** `there` is what the bytes hold now, `value` is S plus the addend (0 in REL files). */
  readonly combine: Combine;
}

const put: Combine = (there, value) => there + value;
const set: Combine = (_, value) => value;
const add: Combine = put;
const sub: Combine = (there, value) => there - value;
const low6: (of: Combine) => Combine = (of) => (there, value) => (there & 0xc0) | (of(there & 0x3f, value) & 0x3f);

/** What compilers put on debug sections, per machine. */
const RELOCATIONS: Readonly<Record<ObjectFile['machine'], Readonly<Record<number, RelocationRow>>>> = {
  arm: {
    0: { size: 0, combine: put }, // R_ARM_NONE
    2: { size: 4, combine: put }, // R_ARM_ABS32
    32: { size: 4, combine: put }, // R_ARM_TLS_LDO32
  },
  riscv: {
    0: { size: 0, combine: put }, // R_RISCV_NONE
    1: { size: 4, combine: set }, // R_RISCV_32
    33: { size: 1, combine: add }, // R_RISCV_ADD8
    34: { size: 2, combine: add },
    35: { size: 4, combine: add },
    36: { size: 8, combine: add },
    37: { size: 1, combine: sub }, // R_RISCV_SUB8
    38: { size: 2, combine: sub },
    39: { size: 4, combine: sub },
    40: { size: 8, combine: sub },
    51: { size: 0, combine: put }, // R_RISCV_RELAX
    52: { size: 1, combine: low6(sub) }, // R_RISCV_SUB6
    53: { size: 1, combine: low6(set) }, // R_RISCV_SET6
    54: { size: 1, combine: set }, // R_RISCV_SET8
    55: { size: 2, combine: set },
    56: { size: 4, combine: set },
    60: { size: 'uleb', combine: set }, // R_RISCV_SET_ULEB128
    61: { size: 'uleb', combine: sub }, // R_RISCV_SUB_ULEB128
  },
  wasm: {
    2: { size: 4, combine: set }, // R_WASM_TABLE_INDEX_I32
    5: { size: 4, combine: set }, // R_WASM_MEMORY_ADDR_I32
    8: { size: 4, combine: set }, // R_WASM_FUNCTION_OFFSET_I32
    9: { size: 4, combine: set }, // R_WASM_SECTION_OFFSET_I32
  },
};

/** Debug sections of `object`, relocated on demand. Addresses in executables are absolute already. */
export function debugSections(object: ObjectFile): DebugSections {
  const byName = new Map<string, Section[]>();
  for (const section of object.sections) {
    if (!section.name.startsWith('.debug_')) continue;
    const list = byName.get(section.name);
    if (list) list.push(section);
    else byName.set(section.name, [section]);
  }
  const done = new Map<string, readonly DebugSection[]>();
  const all = (name: string): readonly DebugSection[] => {
    let list = done.get(name);
    if (!list) {
      list = (byName.get(name) ?? []).map((section) => relocated(object, section));
      done.set(name, list);
    }
    return list;
  };
  return {
    object,
    all,
    get: (name) => all(name)[0] ?? { where: `${name} of ${object.name}`, bytes: new Uint8Array(0), targetAt: () => 0 },
  };
}

function relocated(object: ObjectFile, section: Section): DebugSection {
  const where = `${section.name} of ${object.name}`;
  const plain = section.flags & SHF_COMPRESSED ? inflated(section, where) : section.bytes;
  if (object.kind === 'executable' || section.relocations.length === 0) {
    return { where, bytes: plain, targetAt: () => 0 };
  }
  const bytes = plain.slice();
  for (const relocation of section.relocations) applyTo(bytes, relocation, object, where);
  let targets: Map<number, number> | undefined;
  return {
    where,
    bytes,
    targetAt: (offset) => {
      targets ??= new Map(section.relocations.map((r) => [r.offset, sectionOf(object, r)]));
      return targets.get(offset) ?? 0;
    },
  };
}

function sectionOf(object: ObjectFile, relocation: Relocation): number {
  const place = object.symbols[relocation.symbol]?.section;
  return typeof place === 'number' ? place : 0;
}

function applyTo(bytes: Uint8Array, relocation: Relocation, object: ObjectFile, where: string): void {
  const { offset, type } = relocation;
  const row = RELOCATIONS[object.machine][type];
  if (!row) {
    throw dwarfError(
      'DWARF_UNKNOWN_RELOCATION',
      at(where, offset),
      `relocation ${type} is not one that debug sections have`,
      { type, machine: object.machine },
    );
  }
  if (row.size === 0) return;
  const value = symbolPlusAddend(relocation, object);
  if (row.size === 'uleb') {
    writeUleb(bytes, offset, (there) => row.combine(there, value), where);
    return;
  }
  if (offset + row.size > bytes.length) {
    throw dwarfError(
      'DWARF_TRUNCATED',
      at(where, offset),
      `relocation ${type} lies beyond the section's ${bytes.length} bytes`,
    );
  }
  const size = Math.min(row.size, 4);
  let there = 0;
  for (let i = size - 1; i >= 0; i--) there = there * 256 + bytes[offset + i]!;
  // On Arm an explicit addend replaces what stands in the bytes.
  if (object.machine === 'arm' && relocation.addend !== undefined) there = 0;
  const result = row.combine(there, value);
  for (let i = 0; i < size; i++) bytes[offset + i] = Math.floor(result / 2 ** (8 * i)) & 0xff;
}

/** S + A; bit 0 of a Thumb function's symbol is no part of its offset. */
function symbolPlusAddend(relocation: Relocation, object: ObjectFile): number {
  const symbol = object.symbols[relocation.symbol];
  const addend = relocation.addend ?? 0;
  if (!symbol) return addend;
  return (symbol.type === 'func' && object.machine === 'arm' ? symbol.value & ~1 : symbol.value) + addend;
}

function at(where: string, offset: number): string {
  return `${where}+0x${offset.toString(16)}`;
}

/** Rewrites a padded ULEB128 in its own length. */
function writeUleb(bytes: Uint8Array, offset: number, change: (there: number) => number, where: string): void {
  const cursor = new Cursor(bytes, where, offset);
  let value = change(cursor.uleb()) >>> 0;
  for (let i = offset; i < cursor.pos; i++) {
    bytes[i] = (value & 0x7f) | (i + 1 < cursor.pos ? 0x80 : 0);
    value >>>= 7;
  }
}

function inflated(section: Section, where: string): Uint8Array {
  const header = new Cursor(section.bytes, where);
  const type = header.u32();
  const size = header.u32();
  header.skip(4);
  if (type !== ELFCOMPRESS_ZLIB || size > MAX_INFLATED) {
    throw dwarfError('DWARF_COMPRESSED', where, `compression type ${type} (${size} bytes) is not supported, zlib is`);
  }
  try {
    return inflateSync(section.bytes.subarray(header.pos), { maxOutputLength: Math.max(size, 1) });
  } catch (cause) {
    throw dwarfError('DWARF_COMPRESSED', where, `does not inflate to ${size} bytes (${(cause as Error).message})`);
  }
}
