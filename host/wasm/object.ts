// Reads a WebAssembly object file (what clang makes for --target=wasm32) into plain data.
// Source: WebAssembly Core Specification, 5; tool-conventions, Linking.md.

import { BarewireError } from '../diag/error.js';
import { damaged, WasmCursor } from './cursor.js';

/** Relocations, by the numbers of the tool conventions. */
export const R_WASM = {
  FUNCTION_INDEX_LEB: 0,
  TABLE_INDEX_SLEB: 1,
  TABLE_INDEX_I32: 2,
  MEMORY_ADDR_LEB: 3,
  MEMORY_ADDR_SLEB: 4,
  MEMORY_ADDR_I32: 5,
  TYPE_INDEX_LEB: 6,
  GLOBAL_INDEX_LEB: 7,
  FUNCTION_OFFSET_I32: 8,
  SECTION_OFFSET_I32: 9,
  TABLE_NUMBER_LEB: 20,
} as const;

/** Relocations that carry an addend. */
const WITH_ADDEND: ReadonlySet<number> = new Set([3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25]);

export interface WasmRelocation {
  readonly type: number;
  /** Bytes from the start of the section's contents. */
  readonly offset: number;
  /** Index of a symbol; of a type for TYPE_INDEX_LEB. */
  readonly index: number;
  readonly addend: number;
}

export interface WasmSymbol {
  readonly kind: 'function' | 'data' | 'global' | 'section' | 'tag' | 'table';
  readonly name: string;
  readonly weak: boolean;
  readonly local: boolean;
  readonly hidden: boolean;
  readonly undefined: boolean;
  readonly absolute: boolean;
  /** Function, segment or section that it names; 0 for undefined data. */
  readonly index: number;
  /** In its segment. */
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface WasmFunction {
  readonly typeIndex: number;
  /** Locals and instructions. */
  readonly body: Uint8Array;
  /** Of the body, in the code section. */
  readonly offset: number;
}

export interface WasmSegment {
  readonly name: string;
  readonly align: number;
  /** A table of strings that end in 0. */
  readonly strings: boolean;
  readonly bytes: Uint8Array;
  /** In the data section. */
  readonly offset: number;
}

export interface WasmComdat {
  readonly name: string;
  readonly functions: readonly number[];
  readonly segments: readonly number[];
}

export interface WasmCustom {
  /** Number of the section in the file. */
  readonly index: number;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly relocations: readonly WasmRelocation[];
}

/** An object file. */
export interface WasmObject {
  readonly name: string;
  /** Function types as they stand there. */
  readonly types: readonly Uint8Array[];
  /** Types of imported functions. */
  readonly imports: readonly { readonly name: string; readonly typeIndex: number }[];
  readonly functions: readonly WasmFunction[];
  readonly segments: readonly WasmSegment[];
  readonly symbols: readonly WasmSymbol[];
  /** Functions to run at the start: indices of symbols. */
  readonly initialisers: readonly { readonly priority: number; readonly symbol: number }[];
  readonly comdats: readonly WasmComdat[];
  readonly codeRelocations: readonly WasmRelocation[];
  readonly dataRelocations: readonly WasmRelocation[];
  /** Debug sections. */
  readonly customs: readonly WasmCustom[];
}

/** Whether bytes are a WebAssembly module's or object's. */
export function isWasm(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

/** 64 KiB, a page of memory. */
const MOST_ALIGN_POWER = 16;
const SYMBOL_KINDS = ['function', 'data', 'global', 'section', 'tag', 'table'] as const;

/** Reads an object file.
 *  @throws WASM_DAMAGED; WASM_NO_OBJECT when it is a finished module */
export function readWasmObject(bytes: Uint8Array, name: string): WasmObject {
  const file = new WasmCursor(bytes, name, 8);
  const found = new ObjectBuilder(name);
  for (let index = 0; !file.done; index++) {
    const id = file.u8();
    const size = file.u32();
    const start = file.at;
    file.slice(size);
    found.section(index, id, new WasmCursor(bytes, name, start, start + size), start);
  }
  return found.object();
}

class ObjectBuilder {
  private types: Uint8Array[] = [];
  private readonly imports: { name: string; typeIndex: number }[] = [];
  private readonly importedGlobals: string[] = [];
  private typeIndices: number[] = [];
  private functions: WasmFunction[] = [];
  private segments: { bytes: Uint8Array; offset: number }[] = [];
  private segmentInfos: { name: string; align: number; flags: number }[] = [];
  private symbols: WasmSymbol[] = [];
  private initialisers: { priority: number; symbol: number }[] = [];
  private comdats: WasmComdat[] = [];
  private linked = false;
  private readonly customs: { index: number; name: string; bytes: Uint8Array }[] = [];
  private readonly relocations = new Map<number, WasmRelocation[]>();
  private code = -1;
  private data = -1;

  constructor(private readonly name: string) {}

  section(index: number, id: number, cursor: WasmCursor, start: number): void {
    if (id === 0) this.custom(index, cursor);
    else if (id === 1) this.types = cursor.vector(() => functionType(cursor));
    else if (id === 2) cursor.vector(() => this.import(cursor));
    else if (id === 3) this.typeIndices = cursor.vector(() => cursor.u32());
    else if (id === 10) {
      this.code = index;
      this.readCode(cursor, start);
    } else if (id === 11) {
      this.data = index;
      this.readData(cursor, start);
    }
  }

  private readCode(cursor: WasmCursor, start: number): void {
    let next = 0;
    this.functions = cursor.vector(() => {
      const size = cursor.u32();
      const offset = cursor.at - start;
      const typeIndex = this.typeIndices[next++];
      if (typeIndex === undefined) throw damaged(this.name, cursor.at, 'there are more bodies than functions');
      return { typeIndex, body: cursor.slice(size), offset };
    });
  }

  private readData(cursor: WasmCursor, start: number): void {
    this.segments = cursor.vector(() => {
      const flags = cursor.u32();
      if (flags === 2) cursor.u32();
      if (flags !== 1) skipConstant(cursor);
      const size = cursor.u32();
      const offset = cursor.at - start;
      return { bytes: cursor.slice(size), offset };
    });
  }

  private import(cursor: WasmCursor): void {
    cursor.text();
    const name = cursor.text();
    const kind = cursor.u8();
    if (kind === 0) this.imports.push({ name, typeIndex: cursor.u32() });
    else if (kind === 1) {
      cursor.u8();
      skipLimits(cursor);
    } else if (kind === 2) skipLimits(cursor);
    else if (kind === 3) {
      cursor.slice(2);
      this.importedGlobals.push(name);
    } else {
      cursor.u8();
      cursor.u32();
    }
  }

  private custom(index: number, cursor: WasmCursor): void {
    const name = cursor.text();
    if (name === 'linking') this.readLinking(cursor);
    else if (name.startsWith('reloc.')) {
      const section = cursor.u32();
      this.relocations.set(
        section,
        cursor.vector(() => {
          const type = cursor.u8();
          const offset = cursor.u32();
          const target = cursor.u32();
          return { type, offset, index: target, addend: WITH_ADDEND.has(type) ? cursor.s32() : 0 };
        }),
      );
    } else if (name.startsWith('.debug_')) {
      this.customs.push({ index, name, bytes: cursor.slice(cursor.end - cursor.at) });
    }
  }

  private readLinking(cursor: WasmCursor): void {
    const version = cursor.u32();
    if (version !== 2) throw damaged(this.name, cursor.at, `its linking section has version ${version}, known is 2`);
    this.linked = true;
    while (!cursor.done) {
      const kind = cursor.u8();
      const size = cursor.u32();
      const part = new WasmCursor(cursor.bytes, this.name, cursor.at, cursor.at + size);
      cursor.slice(size);
      if (kind === 5) {
        this.segmentInfos = part.vector(() => ({ name: part.text(), align: this.readAlign(part), flags: part.u32() }));
      } else if (kind === 6) {
        this.initialisers = part.vector(() => ({ priority: part.u32(), symbol: part.u32() }));
      } else if (kind === 7) {
        this.comdats = part.vector(() => readComdat(part));
      } else if (kind === 8) {
        this.symbols = part.vector(() => this.readSymbol(part));
      }
    }
  }

  private readAlign(cursor: WasmCursor): number {
    const power = cursor.u32();
    if (power <= MOST_ALIGN_POWER) return 2 ** power;
    throw damaged(
      this.name,
      cursor.at,
      `a data segment is aligned to 2^${power}, at most 2^${MOST_ALIGN_POWER} is known`,
    );
  }

  private readSymbol(cursor: WasmCursor): WasmSymbol {
    const kind = SYMBOL_KINDS[cursor.u8()];
    if (kind === undefined) throw damaged(this.name, cursor.at, 'a symbol is of no known kind');
    const flags = cursor.u32();
    const isUndefined = (flags & 0x10) !== 0;
    const base = {
      kind,
      weak: (flags & 1) !== 0,
      local: (flags & 2) !== 0,
      hidden: (flags & 4) !== 0,
      undefined: isUndefined,
      absolute: (flags & 0x200) !== 0,
      index: 0,
      offset: 0,
      sizeBytes: 0,
    };
    if (kind === 'data') {
      const name = cursor.text();
      if (isUndefined) return { ...base, name };
      return { ...base, name, index: cursor.u32(), offset: cursor.u32(), sizeBytes: cursor.u32() };
    }
    const index = cursor.u32();
    if (kind === 'section') return { ...base, name: '', index };
    const isNamed = !isUndefined || (flags & 0x40) !== 0;
    const imported =
      kind === 'function' ? this.imports[index]?.name : kind === 'global' ? this.importedGlobals[index] : '';
    return { ...base, index, name: isNamed ? cursor.text() : (imported ?? '') };
  }

  object(): WasmObject {
    if (!this.linked) {
      throw new BarewireError(
        'WASM_NO_OBJECT',
        `${this.name} is a finished WebAssembly module and no object file: compile it with -c`,
        { file: this.name },
      );
    }
    const relocationsOf = (index: number): readonly WasmRelocation[] => this.relocations.get(index) ?? [];
    return {
      name: this.name,
      types: this.types,
      imports: this.imports,
      functions: this.functions,
      segments: this.segments.map((segment, index) => {
        const info = this.segmentInfos[index];
        if (info === undefined) throw damaged(this.name, 0, `data segment ${index} has no name`);
        return { ...segment, name: info.name, align: info.align, strings: (info.flags & 1) !== 0 };
      }),
      symbols: this.symbols,
      initialisers: this.initialisers,
      comdats: this.comdats,
      codeRelocations: relocationsOf(this.code),
      dataRelocations: relocationsOf(this.data),
      customs: this.customs.map((each) => ({ ...each, relocations: relocationsOf(each.index) })),
    };
  }
}

/** A function type, as it stands there. */
function functionType(cursor: WasmCursor): Uint8Array {
  const start = cursor.at;
  const form = cursor.u8();
  if (form !== 0x60) throw damaged(cursor.name, start, `type form 0x${form.toString(16)} is not a function's`);
  cursor.slice(cursor.u32());
  cursor.slice(cursor.u32());
  return cursor.bytes.subarray(start, cursor.at);
}

function readComdat(cursor: WasmCursor): WasmComdat {
  const name = cursor.text();
  cursor.u32();
  const entries = cursor.vector(() => ({ kind: cursor.u32(), index: cursor.u32() }));
  const of = (kind: number): number[] => entries.filter((each) => each.kind === kind).map(({ index }) => index);
  return { name, segments: of(0), functions: of(1) };
}

/** `i32.const n end`, or a global. */
function skipConstant(cursor: WasmCursor): void {
  cursor.u8();
  cursor.s32();
  cursor.u8();
}

function skipLimits(cursor: WasmCursor): void {
  const flags = cursor.u8();
  cursor.u32();
  if ((flags & 1) !== 0) cursor.u32();
}
