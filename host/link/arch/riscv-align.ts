// R_RISCV_ALIGN: with linker relaxation the assembler does not know how much padding an alignment will need. It puts
// the most that may be needed there, and the linker takes away what is too much. Offsets behind it move:
//
//      … | nop nop nop | aligned code        A of the relocation: bytes of padding
//      … | nop | aligned code                the symbols and relocations behind it have moved with the code
//
// Where a section is placed does not matter, since its own alignment is at least as great.
// Source: RISC-V ABIs Specification, ELF, R_RISCV_ALIGN.

import { BarewireError } from '../../diag/error.js';
import type { ElfSymbol, ObjectFile, Relocation, Section } from '../../elf/object-file.js';

const R_RISCV_ALIGN = 43;
const SHF_EXECINSTR = 4;

/** Padding that was taken away: `count` bytes that ended at `end`. */
interface Cut {
  readonly end: number;
  readonly count: number;
}

/** The object with the padding of its code cut to what is needed; the same object if there is none to cut.
 *  @throws LINK_BAD_RELOCATION for padding that is not there, too short, or in a section that is aligned less */
export function alignObject(object: ObjectFile): ObjectFile {
  const known = prepared.get(object);
  if (known !== undefined) return known;
  const cuts = new Map<number, readonly Cut[]>();
  const sections = object.sections.map((section) => {
    if ((section.flags & SHF_EXECINSTR) === 0) return section;
    const marks = section.relocations.filter(({ type }) => type === R_RISCV_ALIGN);
    if (marks.length === 0) return section;
    const { aligned, made } = alignSection(object, section, marks);
    cuts.set(section.index, made);
    return aligned;
  });
  const result =
    cuts.size === 0
      ? object
      : {
          name: object.name,
          machine: object.machine,
          kind: object.kind,
          flags: object.flags,
          entry: object.entry,
          sections,
          symbols: object.symbols.map((symbol) => movedSymbol(symbol, cuts)),
        };
  prepared.set(object, result);
  return result;
}

/** By object, since the linker tells archive members apart by identity. */
const prepared = new WeakMap<ObjectFile, ObjectFile>();

function alignSection(
  object: ObjectFile,
  section: Section,
  marks: readonly Relocation[],
): { aligned: Section; made: readonly Cut[] } {
  const made: Cut[] = [];
  const pieces: Uint8Array[] = [];
  let from = 0;
  let length = 0;
  for (const mark of [...marks].sort((a, b) => a.offset - b.offset)) {
    const padding = mark.addend ?? 0;
    const align = 2 ** Math.ceil(Math.log2(padding + 2));
    const place = length + mark.offset - from;
    const needed = Math.ceil(place / align) * align - place;
    const end = mark.offset + padding;
    if (padding < needed || end > section.bytes.length || section.align < align) {
      throw badPadding(object, section, mark, { padding, needed, align });
    }
    pieces.push(section.bytes.subarray(from, mark.offset), nops(needed));
    length = place + needed;
    from = end;
    made.push({ end, count: padding - needed });
  }
  pieces.push(section.bytes.subarray(from));
  const bytes = new Uint8Array(Buffer.concat(pieces));
  const relocations = section.relocations
    .filter(({ type }) => type !== R_RISCV_ALIGN)
    .map((relocation) => ({ ...relocation, offset: moved(relocation.offset, made) }));
  const { index, name, type, flags, addr, align, entrySize, link, info, comdat } = section;
  const facts = { index, name, type, flags, addr, align, entrySize, link, info, comdat };
  return { aligned: { ...facts, sizeBytes: bytes.length, bytes, relocations }, made };
}

/** NOPs of four bytes, and C.NOP where two are left. */
function nops(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (; at + 4 <= count; at += 4) view.setUint32(at, 0x0000_0013, true);
  if (at + 2 <= count) view.setUint16(at, 0x0001, true);
  return bytes;
}

function moved(offset: number, cuts: readonly Cut[]): number {
  return cuts.reduce((place, { end, count }) => (offset >= end ? place - count : place), offset);
}

function movedSymbol(symbol: ElfSymbol, cuts: ReadonlyMap<number, readonly Cut[]>): ElfSymbol {
  const made = typeof symbol.section === 'number' ? cuts.get(symbol.section) : undefined;
  if (made === undefined) return symbol;
  const { index, name, binding, type, hidden, section } = symbol;
  const value = moved(symbol.value, made);
  const sizeBytes = moved(symbol.value + symbol.sizeBytes, made) - value;
  return { index, name, binding, type, hidden, section, value, sizeBytes };
}

function badPadding(
  object: ObjectFile,
  section: Section,
  mark: Relocation,
  { padding, needed, align }: { padding: number; needed: number; align: number },
): BarewireError {
  const problem =
    section.align < align
      ? `it aligns to ${align} bytes within a section aligned to ${section.align}`
      : `there are ${padding} bytes of padding, ${needed} are needed`;
  return new BarewireError(
    'LINK_BAD_RELOCATION',
    `R_RISCV_ALIGN in ${object.name} ${section.name}+0x${mark.offset.toString(16)}: ${problem}`,
    { relocation: 'R_RISCV_ALIGN', section: section.name, offset: mark.offset, file: object.name },
  );
}
