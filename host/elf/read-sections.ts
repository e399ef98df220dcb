// Section headers of an ELF32 file → sections, which are views into the file: nothing is copied.
// Names and relocations are decoded on first use; debug sections have hundreds of them in a small object.

import { type BoundedBytes, textAt } from './bounded-bytes.js';
import { badIndex, badTable } from './damage.js';
import { GRP_COMDAT, SHF_COMPRESSED, SHN_XINDEX, SHT_GROUP, SHT_NOBITS, SHT_REL, SHT_RELA } from './elf-constants.js';
import type { ElfSymbol, Relocation, Section } from './object-file.js';

const SECTION_HEADER_BYTES = 40;
const REL_BYTES = 8;
const RELA_BYTES = 12;

/** A table inside the file, already checked to lie in it. */
interface Table {
  readonly offset: number;
  readonly count: number;
  readonly entrySize: number;
}

/** The section names of a file; known once all section headers are read. */
interface NameTable {
  bytes: Uint8Array;
}

/** A section whose name and relocations are decoded on first use. */
export class LazySection implements Section {
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

/** Reads all section headers.
 *  @throws ELF_TRUNCATED, ELF_BAD_TABLE, ELF_BAD_INDEX */
export function readSections(file: BoundedBytes): LazySection[] {
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

/** Sets `comdat` of all members of COMDAT groups.
 *  @throws ELF_BAD_INDEX */
export function markComdatMembers(
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

/** Tells each section where its relocations stand.
 *  @throws ELF_BAD_TABLE, ELF_BAD_INDEX */
export function attachRelocations(
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
