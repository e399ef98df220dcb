// Reads an ELF32 little-endian object or executable into plain data.
//
//   header ─→ section headers ─→ sections (views into the file, nothing is copied)
//                             ├→ symbol table + string table → symbols
//                             ├→ groups → `comdat` of their members
//                             └→ REL/RELA tables → `relocations` of the section they apply to
//
// Where every table lies is checked at once. What nobody may ever ask for is decoded on first use: names of
// sections and symbols, and relocations, of which debug sections have hundreds in a small object.
// An object whose code stays on the board for long is put to rest: then only its bytes are held, and a question about
// one of its lines decodes the tables again.
// Source: System V ABI, chapter 4; aaelf32; RISC-V ELF psABI.

import { BarewireError } from '../diag/error.js';
import { BoundedBytes, textAt } from './bounded-bytes.js';
import {
  EM_ARM,
  EM_RISCV,
  GRP_COMDAT,
  SHF_COMPRESSED,
  SHN_ABS,
  SHN_COMMON,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHN_XINDEX,
  SHT_GROUP,
  SHT_NOBITS,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from './elf-constants.js';
import type { Binding, ElfSymbol, Machine, ObjectFile, Relocation, Section, SymbolType } from './object-file.js';

const HEADER_BYTES = 52;
const SECTION_HEADER_BYTES = 40;
const SYMBOL_BYTES = 16;
const REL_BYTES = 8;
const RELA_BYTES = 12;

const MACHINES: Readonly<Record<number, Machine>> = { [EM_ARM]: 'arm', [EM_RISCV]: 'riscv' };
const KINDS: Readonly<Record<number, ObjectFile['kind']>> = { 1: 'relocatable', 2: 'executable', 3: 'executable' };
const BINDINGS: Readonly<Record<number, Binding>> = { 0: 'local', 1: 'global', 2: 'weak', 10: 'global' };
const SYMBOL_TYPES: Readonly<Record<number, SymbolType>> = {
  0: 'none',
  1: 'object',
  2: 'func',
  3: 'section',
  4: 'file',
  5: 'object',
  6: 'tls',
  10: 'ifunc',
};

/** A table inside the file, already checked to lie in it. */
interface Table {
  readonly offset: number;
  readonly count: number;
  readonly entrySize: number;
}

/** Reads an object file or executable.
 *  @param bytes the whole file; kept, since sections are views into it
 *  @param name  for messages: `input 7`, `libgcc.a(_divsi3.o)`
 *  @throws ELF_NOT_ELF, ELF_WRONG_CLASS, ELF_WRONG_MACHINE, ELF_WRONG_KIND, ELF_TRUNCATED, ELF_BAD_INDEX,
 *          ELF_BAD_TABLE. Relocations are decoded when first asked for, and may then throw ELF_BAD_INDEX. */
export function readObject(bytes: Uint8Array, name: string): ObjectFile {
  const file = new BoundedBytes(bytes, name);
  const { machine, kind } = readIdentity(file);
  let tables: Tables | undefined = readTables(file);
  let resting: WeakRef<Tables> | undefined;
  const now = (): Tables => {
    const found = tables ?? resting?.deref();
    if (found !== undefined) return found;
    const again = readTables(file);
    resting = new WeakRef(again);
    return again;
  };
  const object: ObjectFile = {
    name,
    machine,
    kind,
    flags: file.u32(36),
    entry: file.u32(24),
    get sections() {
      return now().sections;
    },
    get symbols() {
      return now().symbols;
    },
  };
  letGo.set(object, () => {
    if (tables === undefined) return;
    resting = new WeakRef(tables);
    tables = undefined;
  });
  return object;
}

/** The tables of a file, decoded. */
type Tables = Pick<ObjectFile, 'sections' | 'symbols'>;

const letGo = new WeakMap<ObjectFile, () => void>();

/** Lets the tables of an object go that is seldom asked from now on: they are ten times what its code takes. Sections
 *  and symbols that somebody holds stay as they are; whoever asks the object again may get equal ones instead.
 *  Without effect on objects that `readObject` did not make. */
export function restObject(object: ObjectFile): void {
  letGo.get(object)?.();
}

function readTables(file: BoundedBytes): Tables {
  const sections = readSections(file);
  const symtab = sections.find((section) => section.type === SHT_SYMTAB);
  const symbols = symtab === undefined ? [] : readSymbols(file, sections, symtab);
  markComdatMembers(file, sections, symtab, symbols);
  attachRelocations(file, sections, symtab, symbols.length);
  return { sections, symbols };
}

function readIdentity(file: BoundedBytes): { machine: Machine; kind: ObjectFile['kind'] } {
  const magic = [0x7f, 0x45, 0x4c, 0x46];
  if (magic.some((byte, at) => at < file.bytes.length && file.bytes[at] !== byte) || file.bytes.length === 0) {
    throw new BarewireError('ELF_NOT_ELF', `${file.name} is no ELF file: it does not start with 7f 45 4c 46`, {
      file: file.name,
    });
  }
  file.check(0, HEADER_BYTES, 'the ELF header');
  const [elfClass, order] = [file.u8(4), file.u8(5)];
  if (elfClass !== 1 || order !== 1) {
    const found = `${elfClass === 2 ? 64 : elfClass === 1 ? 32 : '?'}-bit ${order === 2 ? 'big' : 'little'}-endian`;
    throw new BarewireError(
      'ELF_WRONG_CLASS',
      `${file.name} is a ${found} ELF file; boards need 32-bit little-endian: check the compiler's --target`,
      { file: file.name, class: elfClass, order },
    );
  }
  const machine = MACHINES[file.u16(18)];
  if (machine === undefined) {
    throw new BarewireError(
      'ELF_WRONG_MACHINE',
      `${file.name} is for machine ${file.u16(18)}; known are ${EM_ARM} (Arm) and ${EM_RISCV} (RISC-V)`,
      { file: file.name, machine: file.u16(18) },
    );
  }
  const kind = KINDS[file.u16(16)];
  if (kind === undefined) {
    throw new BarewireError(
      'ELF_WRONG_KIND',
      `${file.name} has ELF type ${file.u16(16)}; known are 1 (object file), 2 and 3 (executable)`,
      { file: file.name, type: file.u16(16) },
    );
  }
  return { machine, kind };
}

/** The section names of a file; known once all section headers are read. */
interface NameTable {
  bytes: Uint8Array;
}

/** A section whose name and relocations are decoded on first use. */
class LazySection implements Section {
  comdat: string | undefined = undefined;
  /** Where this section's relocations stand, set by `attachRelocations`. */
  relocationTable: { table: Table; symbolCount: number; from: number } | undefined = undefined;
  private decodedName: string | undefined;
  private decodedRelocations: readonly Relocation[] | undefined;

  constructor(
    private readonly file: BoundedBytes,
    readonly index: number,
    private readonly names: NameTable,
    private readonly nameOffset: number,
    readonly type: number,
    readonly flags: number,
    readonly addr: number,
    readonly sizeBytes: number,
    readonly align: number,
    readonly entrySize: number,
    readonly link: number,
    readonly info: number,
    readonly bytes: Uint8Array,
  ) {}

  get name(): string {
    this.decodedName ??= textAt(this.names.bytes, this.nameOffset);
    return this.decodedName;
  }

  get relocations(): readonly Relocation[] {
    this.decodedRelocations ??= decodeRelocations(this.file, this);
    return this.decodedRelocations;
  }
}

function readSections(file: BoundedBytes): LazySection[] {
  const tableOffset = file.u32(32);
  if (tableOffset === 0) return [];
  const entrySize = file.u16(46);
  if (entrySize !== SECTION_HEADER_BYTES) {
    throw badTable(file, 'section headers', `have ${entrySize} bytes each instead of ${SECTION_HEADER_BYTES}`);
  }
  // More than 0xff00 sections: the count and the name table's index stand in section 0.
  file.check(tableOffset, SECTION_HEADER_BYTES, 'section header 0');
  const count = file.u16(48) || file.u32(tableOffset + 20);
  file.check(tableOffset, count * SECTION_HEADER_BYTES, `the table of ${count} section headers`);
  const namesIndex = file.u16(50) === SHN_XINDEX ? file.u32(tableOffset + 24) : file.u16(50);
  if (count > 0 && namesIndex >= count) throw badIndex(file, 'the section name table', namesIndex, count, 'sections');

  const sections: LazySection[] = [];
  const names: NameTable = { bytes: new Uint8Array(0) };
  for (let index = 0; index < count; index++) {
    const at = tableOffset + index * SECTION_HEADER_BYTES;
    const type = file.u32(at + 4);
    const sizeBytes = file.u32(at + 20);
    const hasBytes = type !== SHT_NOBITS && index !== 0;
    const align = file.u32(at + 32) || 1;
    if ((align & (align - 1)) !== 0) {
      throw badTable(file, `section ${index}`, `has alignment ${align}, which is no power of two`);
    }
    sections.push(
      new LazySection(
        file,
        index,
        names,
        file.u32(at),
        type,
        file.u32(at + 8),
        file.u32(at + 12),
        index === 0 ? 0 : sizeBytes,
        align,
        file.u32(at + 36),
        file.u32(at + 24),
        file.u32(at + 28),
        hasBytes ? file.slice(file.u32(at + 16), sizeBytes, `section ${index}`) : new Uint8Array(0),
      ),
    );
  }
  names.bytes = sections[namesIndex]?.bytes ?? names.bytes;
  return sections;
}

/** A symbol whose name is decoded on first use: symbol tables of archive members are long, and most of their
 *  names are never asked for. */
class LazySymbol implements ElfSymbol {
  private decodedName: string | undefined;

  constructor(
    private readonly names: Uint8Array,
    private readonly nameOffset: number,
    readonly index: number,
    readonly value: number,
    readonly sizeBytes: number,
    readonly binding: Binding,
    readonly type: SymbolType,
    readonly hidden: boolean,
    readonly section: ElfSymbol['section'],
  ) {}

  get name(): string {
    this.decodedName ??= textAt(this.names, this.nameOffset);
    return this.decodedName;
  }
}

function readSymbols(file: BoundedBytes, sections: readonly LazySection[], symtab: LazySection): ElfSymbol[] {
  const names = sections[symtab.link];
  if (names === undefined) throw badIndex(file, "the symbol table's strings", symtab.link, sections.length, 'sections');
  if (names.type !== SHT_STRTAB) throw badTable(file, "the symbol table's strings", `are section type ${names.type}`);
  if (symtab.sizeBytes % SYMBOL_BYTES !== 0) {
    throw badTable(file, 'the symbol table', `has ${symtab.sizeBytes} bytes, no multiple of ${SYMBOL_BYTES}`);
  }
  const extended = sections.find((section) => section.type === SHT_SYMTAB_SHNDX && section.link === symtab.index);
  const start = symtab.bytes.byteOffset - file.bytes.byteOffset;
  const count = symtab.sizeBytes / SYMBOL_BYTES;
  const symbols: ElfSymbol[] = [];
  for (let index = 0; index < count; index++) {
    const at = start + index * SYMBOL_BYTES;
    const info = file.u8(at + 12);
    const where = symbolSection(file, file.u16(at + 14), index, sections.length, extended);
    const nameOffset = file.u32(at);
    if (nameOffset > names.sizeBytes)
      throw badIndex(file, `the name of symbol ${index}`, nameOffset, names.sizeBytes, 'bytes');
    symbols.push(
      new LazySymbol(
        names.bytes,
        nameOffset,
        index,
        file.u32(at + 4),
        file.u32(at + 8),
        BINDINGS[info >> 4] ?? 'local',
        SYMBOL_TYPES[info & 15] ?? 'none',
        (file.u8(at + 13) & 3) === 1 || (file.u8(at + 13) & 3) === 2,
        where,
      ),
    );
  }
  return symbols;
}

function symbolSection(
  file: BoundedBytes,
  raw: number,
  index: number,
  count: number,
  extended: LazySection | undefined,
): ElfSymbol['section'] {
  if (raw === SHN_UNDEF) return 'undefined';
  if (raw === SHN_ABS) return 'absolute';
  if (raw === SHN_COMMON) return 'common';
  let section = raw;
  if (raw === SHN_XINDEX && extended !== undefined) {
    const start = extended.bytes.byteOffset - file.bytes.byteOffset;
    file.check(start + index * 4, 4, `the extended section index of symbol ${index}`);
    section = file.u32(start + index * 4);
  } else if (raw >= SHN_LORESERVE) {
    throw badIndex(file, `the section of symbol ${index}`, raw, count, 'sections');
  }
  if (section >= count) throw badIndex(file, `the section of symbol ${index}`, section, count, 'sections');
  return section;
}

function markComdatMembers(
  file: BoundedBytes,
  sections: readonly LazySection[],
  symtab: LazySection | undefined,
  symbols: readonly ElfSymbol[],
): void {
  for (const group of sections) {
    if (group.type !== SHT_GROUP || group.sizeBytes < 4) continue;
    const start = group.bytes.byteOffset - file.bytes.byteOffset;
    if ((file.u32(start) & GRP_COMDAT) === 0) continue;
    const signature = group.link === symtab?.index ? symbols[group.info] : undefined;
    if (signature === undefined) {
      throw badIndex(file, `the signature of group section ${group.index}`, group.info, symbols.length, 'symbols');
    }
    const name = signature.type === 'section' ? sections[signature.section as number]!.name : signature.name;
    for (let at = 4; at + 4 <= group.sizeBytes; at += 4) {
      const member = sections[file.u32(start + at)];
      if (member === undefined) {
        throw badIndex(
          file,
          `a member of group section ${group.index}`,
          file.u32(start + at),
          sections.length,
          'sections',
        );
      }
      member.comdat = name;
    }
  }
}

function attachRelocations(
  file: BoundedBytes,
  sections: readonly LazySection[],
  symtab: LazySection | undefined,
  symbolCount: number,
): void {
  for (const from of sections) {
    if (from.type !== SHT_REL && from.type !== SHT_RELA) continue;
    // Executables may keep relocations without a target section; they are of no use here.
    if (from.info === 0 || from.link !== symtab?.index) continue;
    const target = sections[from.info];
    if (target === undefined) {
      throw badIndex(file, `the target of relocation section ${from.index}`, from.info, sections.length, 'sections');
    }
    const entrySize = from.type === SHT_REL ? REL_BYTES : RELA_BYTES;
    if (from.sizeBytes % entrySize !== 0) {
      throw badTable(
        file,
        `relocation section ${from.index}`,
        `has ${from.sizeBytes} bytes, no multiple of ${entrySize}`,
      );
    }
    const table = {
      offset: from.bytes.byteOffset - file.bytes.byteOffset,
      count: from.sizeBytes / entrySize,
      entrySize,
    };
    target.relocationTable = { table, symbolCount, from: from.index };
  }
}

function decodeRelocations(file: BoundedBytes, section: LazySection): Relocation[] {
  if (section.relocationTable === undefined) return [];
  const { table, symbolCount, from } = section.relocationTable;
  const relocations: Relocation[] = new Array(table.count);
  for (let i = 0; i < table.count; i++) {
    const at = table.offset + i * table.entrySize;
    const info = file.u32(at + 4);
    const [offset, symbol] = [file.u32(at), info >>> 8];
    if (symbol >= symbolCount) {
      throw badIndex(file, `the symbol of relocation ${i} in section ${from}`, symbol, symbolCount, 'symbols');
    }
    // In a compressed section offsets count in what it will be.
    if (offset >= Math.max(section.sizeBytes, 1) && (section.flags & SHF_COMPRESSED) === 0) {
      throw badIndex(file, `the offset of relocation ${i} in section ${from}`, offset, section.sizeBytes, 'bytes');
    }
    relocations[i] = {
      offset,
      type: info & 0xff,
      symbol,
      addend: table.entrySize === RELA_BYTES ? file.i32(at + 8) : undefined,
    };
  }
  return relocations;
}

function badIndex(file: BoundedBytes, what: string, index: number, limit: number, unit: string): BarewireError {
  return new BarewireError(
    'ELF_BAD_INDEX',
    `${file.name} is damaged: ${what} is ${index}, but there are ${limit} ${unit}`,
    { file: file.name, what, index, limit },
  );
}

function badTable(file: BoundedBytes, what: string, problem: string): BarewireError {
  return new BarewireError('ELF_BAD_TABLE', `${file.name} is damaged: ${what} ${problem}`, {
    file: file.name,
    what,
    problem,
  });
}
