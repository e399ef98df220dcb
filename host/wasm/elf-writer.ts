// Writes an ELF32 little-endian file: object files that other formats are brought into, and the image of an executor
// that has no ELF file by nature. Source: System V ABI, chapter 4.

const HEADER_BYTES = 52;
const SECTION_BYTES = 40;
const SYMBOL_BYTES = 16;
const RELA_BYTES = 12;

/** WebAssembly, as LLVM numbers machines. */
export const EM_WEBASSEMBLY = 0x4157;

/** SHT_… of what is written. */
export const SECTION_TYPES = {
  progbits: 1,
  symtab: 2,
  strtab: 3,
  rela: 4,
  note: 7,
  nobits: 8,
  initArray: 14,
  group: 17,
};
/** SHF_… bits. */
export const SECTION_FLAGS = { write: 1, alloc: 2, execute: 4, merge: 16, strings: 32, infoLink: 64, group: 512 };

export interface ElfRelocation {
  readonly offset: number;
  readonly type: number;
  /** Index into the symbols that are given. */
  readonly symbol: number;
  readonly addend: number;
}

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly align: number;
  readonly bytes: Uint8Array;
  /** Bytes in memory, if other than those in the file. */
  readonly sizeBytes?: number;
  readonly entrySize?: number;
  readonly relocations?: readonly ElfRelocation[];
  /** Of a COMDAT group: index of its symbol. Its bytes are made of `members`. */
  readonly signature?: number;
  /** Places of its members in the list of sections. */
  readonly members?: readonly number[];
}

export interface ElfSymbolRow {
  readonly name: string;
  readonly value: number;
  readonly sizeBytes: number;
  readonly binding: 'local' | 'global' | 'weak';
  readonly type: 'none' | 'object' | 'func' | 'section';
  /** Place in the list of sections. */
  readonly section: number | 'undefined' | 'absolute';
  readonly hidden?: boolean;
}

const BINDINGS = { local: 0, global: 1, weak: 2 } as const;
const TYPES = { none: 0, object: 1, func: 2, section: 3 } as const;

/** Bytes of a file with these sections and symbols; a symbol table, strings and relocation sections are added. */
export function writeElf(
  kind: 'relocatable' | 'executable',
  sections: readonly ElfSection[],
  symbols: readonly ElfSymbolRow[],
): Uint8Array {
  // Local symbols come first in the table.
  const order = symbols.map((_, index) => index);
  order.sort((a, b) => Number(symbols[a]!.binding !== 'local') - Number(symbols[b]!.binding !== 'local') || a - b);
  const place = new Map(order.map((index, at) => [index, at + 1]));
  const locals = symbols.filter(({ binding }) => binding === 'local').length;

  const relocated = sections.flatMap((section, index) => ((section.relocations?.length ?? 0) > 0 ? [index] : []));
  const symtabIndex = sections.length + relocated.length + 1;
  const strings = new StringTable();
  const symbolBytes = new DataView(new ArrayBuffer((symbols.length + 1) * SYMBOL_BYTES));
  order.forEach((index, at) => {
    const symbol = symbols[index]!;
    const from = (at + 1) * SYMBOL_BYTES;
    symbolBytes.setUint32(from, strings.add(symbol.name), true);
    symbolBytes.setUint32(from + 4, symbol.value, true);
    symbolBytes.setUint32(from + 8, symbol.sizeBytes, true);
    symbolBytes.setUint8(from + 12, (BINDINGS[symbol.binding] << 4) | TYPES[symbol.type]);
    symbolBytes.setUint8(from + 13, symbol.hidden ? 2 : 0);
    symbolBytes.setUint16(from + 14, sectionNumber(symbol.section), true);
  });

  const written: Written[] = sections.map((section) => {
    const { signature, members } = section;
    if (signature === undefined || members === undefined) return { ...section, link: 0, info: 0 };
    const words = Uint32Array.of(1, ...members.map((member) => member + 1));
    return { ...section, bytes: new Uint8Array(words.buffer), link: symtabIndex, info: place.get(signature)! };
  });
  for (const index of relocated) {
    const { name, relocations } = sections[index]!;
    const view = new DataView(new ArrayBuffer(relocations!.length * RELA_BYTES));
    relocations!.forEach(({ offset, type, symbol, addend }, at) => {
      view.setUint32(at * RELA_BYTES, offset, true);
      view.setUint32(at * RELA_BYTES + 4, (place.get(symbol) ?? 0) * 256 + type, true);
      view.setInt32(at * RELA_BYTES + 8, addend, true);
    });
    const { rela: type } = SECTION_TYPES;
    const { infoLink: flags } = SECTION_FLAGS;
    const bytes = new Uint8Array(view.buffer);
    written.push({
      name: `.rela${name}`,
      type,
      flags,
      align: 4,
      bytes,
      entrySize: RELA_BYTES,
      link: symtabIndex,
      info: index + 1,
    });
  }
  const { symtab, strtab } = SECTION_TYPES;
  const table = new Uint8Array(symbolBytes.buffer);
  const plain = { flags: 0, align: 1, link: 0, info: 0 };
  written.push({
    ...plain,
    name: '.symtab',
    type: symtab,
    align: 4,
    bytes: table,
    entrySize: SYMBOL_BYTES,
    link: symtabIndex + 1,
    info: locals + 1,
  });
  written.push({ ...plain, name: '.strtab', type: strtab, bytes: strings.bytes() });
  const names = new StringTable();
  const nameOffsets = [...written.map(({ name }) => names.add(name)), names.add('.shstrtab')];
  written.push({ ...plain, name: '.shstrtab', type: strtab, bytes: names.bytes() });
  return assemble(kind, written, nameOffsets);
}

interface Written extends Omit<ElfSection, 'relocations' | 'signature' | 'members'> {
  readonly link: number;
  readonly info: number;
}

function assemble(
  kind: 'relocatable' | 'executable',
  written: readonly Written[],
  names: readonly number[],
): Uint8Array {
  let size = HEADER_BYTES;
  const offsets = written.map(({ bytes, align }) => {
    const at = Math.ceil(size / align) * align;
    size = at + bytes.length;
    return at;
  });
  const headers = Math.ceil(size / 4) * 4;
  const file = new Uint8Array(headers + (written.length + 1) * SECTION_BYTES);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, kind === 'relocatable' ? 1 : 2, true);
  view.setUint16(18, EM_WEBASSEMBLY, true);
  view.setUint32(20, 1, true);
  view.setUint32(32, headers, true);
  view.setUint16(40, HEADER_BYTES, true);
  view.setUint16(46, SECTION_BYTES, true);
  view.setUint16(48, written.length + 1, true);
  view.setUint16(50, written.length, true);
  written.forEach((section, index) => {
    file.set(section.bytes, offsets[index]!);
    const at = headers + (index + 1) * SECTION_BYTES;
    const sizeBytes = section.sizeBytes ?? section.bytes.length;
    const words = [
      names[index]!,
      section.type,
      section.flags,
      0,
      offsets[index]!,
      sizeBytes,
      section.link,
      section.info,
      section.align,
      section.entrySize ?? 0,
    ];
    for (const [word, value] of words.entries()) view.setUint32(at + 4 * word, value, true);
  });
  return file;
}

function sectionNumber(section: ElfSymbolRow['section']): number {
  if (section === 'undefined') return 0;
  return section === 'absolute' ? 0xfff1 : section + 1;
}

class StringTable {
  private readonly parts: Buffer[] = [Buffer.of(0)];
  private size = 1;
  private readonly known = new Map<string, number>([['', 0]]);

  add(text: string): number {
    const before = this.known.get(text);
    if (before !== undefined) return before;
    const at = this.size;
    const part = Buffer.from(`${text}\0`);
    this.parts.push(part);
    this.size += part.length;
    this.known.set(text, at);
    return at;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}
