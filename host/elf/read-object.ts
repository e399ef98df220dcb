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
import { BoundedBytes } from './bounded-bytes.js';
import { EM_ARM, EM_RISCV, SHT_SYMTAB } from './elf-constants.js';
import type { Machine, ObjectFile } from './object-file.js';
import { attachRelocations, markComdatMembers, readSections } from './read-sections.js';
import { readSymbols } from './read-symbols.js';

const HEADER_BYTES = 52;

const MACHINES: Readonly<Record<number, Machine>> = { [EM_ARM]: 'arm', [EM_RISCV]: 'riscv' };
const KINDS: Readonly<Record<number, ObjectFile['kind']>> = { 1: 'relocatable', 2: 'executable', 3: 'executable' };

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
