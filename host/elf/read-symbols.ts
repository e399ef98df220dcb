// The symbol table of an ELF32 file.

import { type BoundedBytes, textAt } from './bounded-bytes.js';
import { badIndex, badTable } from './damage.js';
import {
  SHN_ABS,
  SHN_COMMON,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHN_XINDEX,
  SHT_STRTAB,
  SHT_SYMTAB_SHNDX,
} from './elf-constants.js';
import type { Binding, ElfSymbol, Section, SymbolType } from './object-file.js';

const SYMBOL_BYTES = 16;

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

/** Reads the symbol table `symtab`.
 *  @throws ELF_BAD_TABLE, ELF_BAD_INDEX, ELF_TRUNCATED */
export function readSymbols(file: BoundedBytes, sections: readonly Section[], symtab: Section): ElfSymbol[] {
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
  extended: Section | undefined,
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
