// Reads an ELF32 little-endian object or executable into plain data.
//
//   header ─→ section headers ─→ sections (views into the file, nothing is copied)
//                             ├→ symbol table + string table → symbols
//                             ├→ groups → `comdat` of their members
//                             └→ REL/RELA tables → `relocations` of the section they apply to
//
// Where every table lies is checked at once. What nobody may ever ask for is decoded on first use: names of
// sections and symbols, and relocations, of which debug sections have hundreds in a small object.
// An object whose code stays on the board for long is put to rest: its bytes are kept elsewhere, and a question about
// one of its lines fetches them and decodes the tables again.
// Source: System V ABI, chapter 4; aaelf32; RISC-V ELF psABI.

import { BarewireError } from '../diag/error.js';
import { isWasm } from '../wasm/object.js';
import { elfOfWasm } from '../wasm/to-elf.js';
import { BoundedBytes } from './bounded-bytes.js';
import { EM_ARM, EM_RISCV, EM_WEBASSEMBLY, SHT_SYMTAB } from './elf-constants.js';
import type { Machine, ObjectFile } from './object-file.js';
import { attachRelocations, markComdatMembers, readSections } from './read-sections.js';
import { readSymbols } from './read-symbols.js';

const HEADER_BYTES = 52;

const MACHINES: Readonly<Record<number, Machine>> = { [EM_ARM]: 'arm', [EM_RISCV]: 'riscv', [EM_WEBASSEMBLY]: 'wasm' };
const KINDS: Readonly<Record<number, ObjectFile['kind']>> = { 1: 'relocatable', 2: 'executable', 3: 'executable' };

/** Where the bytes of objects are that are seldom asked for. */
export interface ByteSource {
  /** The bytes that a handle stands for, or `len` of them from `offset` on. */
  get(handle: number, offset?: number, len?: number): Uint8Array;
}

/** Reads an object file or executable; a WebAssembly object becomes an ELF one first.
 *  @param bytes the whole file; kept, since sections are views into it
 *  @param name  for messages: `input 7`, `libgcc.a(_divsi3.o)`
 *  @throws ELF_NOT_ELF, ELF_WRONG_CLASS, ELF_WRONG_MACHINE, ELF_WRONG_KIND, ELF_TRUNCATED, ELF_BAD_INDEX,
 *          ELF_BAD_TABLE, WASM_…. Relocations are decoded when first asked for, and may then throw ELF_BAD_INDEX. */
export function readObject(bytes: Uint8Array, name: string): ObjectFile {
  const elf = isWasm(bytes) ? elfOfWasm(bytes, name) : bytes;
  return new StoredObject(name, decode(new BoundedBytes(elf, name)));
}

/** Puts an object to rest that is seldom asked from now on: its tables are ten times what its code takes, and debug
 *  information most of the file. Sections and symbols that somebody holds stay as they are; whoever asks the object
 *  again gets equal ones, decoded anew. Without effect on objects that `readObject` did not make.
 *  @param source where `handle` stands for the object's bytes */
export function restObject(object: ObjectFile, source: ByteSource, handle: number): void {
  if (object instanceof StoredObject) object.rest(source, handle);
}

/** The bytes of an object's file, when it was made by `readObject` and is not at rest. */
export function objectBytes(object: ObjectFile): Uint8Array | undefined {
  return object instanceof StoredObject ? object.bytes : undefined;
}

/** Whether an object was made by `readObject`, and not put together from another one. */
export function isStored(object: ObjectFile): boolean {
  return object instanceof StoredObject;
}

/** `len` bytes of an object's file from `offset` on; of an object at rest they are read without decoding anything. */
export function fileBytes(object: ObjectFile, offset: number, len: number): Uint8Array {
  return object instanceof StoredObject ? object.slice(offset, len) : new Uint8Array(0);
}

/** Where in its object's file the bytes of a section, or a part of them, stand. */
export function fileOffsetOf(object: ObjectFile, bytes: Uint8Array): number {
  return object instanceof StoredObject ? object.offsetOf(bytes) : 0;
}

/** A file and its tables, decoded. */
interface Decoded extends Omit<ObjectFile, 'name'> {
  readonly file: BoundedBytes;
}

class StoredObject implements ObjectFile {
  private decoded: Decoded | undefined;
  private resting: WeakRef<Decoded> | undefined = undefined;
  private source: ByteSource | undefined = undefined;
  private handle = 0;

  constructor(
    readonly name: string,
    decoded: Decoded,
  ) {
    this.decoded = decoded;
  }

  get machine(): Machine {
    return this.now().machine;
  }

  get kind(): ObjectFile['kind'] {
    return this.now().kind;
  }

  get flags(): number {
    return this.now().flags;
  }

  get entry(): number {
    return this.now().entry;
  }

  get sections(): ObjectFile['sections'] {
    return this.now().sections;
  }

  get symbols(): ObjectFile['symbols'] {
    return this.now().symbols;
  }

  get bytes(): Uint8Array | undefined {
    return this.decoded?.file.bytes;
  }

  rest(source: ByteSource, handle: number): void {
    if (this.decoded === undefined) return;
    this.decoded = undefined;
    this.source = source;
    this.handle = handle;
  }

  slice(offset: number, len: number): Uint8Array {
    const known = this.decoded ?? this.resting?.deref();
    if (known !== undefined) return known.file.slice(offset, len, 'contents');
    return this.source!.get(this.handle, offset, len);
  }

  offsetOf(bytes: Uint8Array): number {
    return bytes.byteOffset - this.now().file.bytes.byteOffset;
  }

  private now(): Decoded {
    const known = this.decoded ?? this.resting?.deref();
    if (known !== undefined) return known;
    const again = decode(new BoundedBytes(this.source!.get(this.handle), this.name));
    this.resting = new WeakRef(again);
    return again;
  }
}

function decode(file: BoundedBytes): Decoded {
  const identity = readIdentity(file);
  return { file, ...identity, flags: file.u32(36), entry: file.u32(24), ...readTables(file) };
}

function readTables(file: BoundedBytes): Pick<ObjectFile, 'sections' | 'symbols'> {
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
