// A WebAssembly object file → an ELF32 one that says the same, so that one reader, one linker and one store serve all
// boards.
//
//   function        section .text.NAME, a record (protocol/wasm-function.ts)
//   data segment    section of its own name
//   start function  .init_array
//   COMDAT          group
//   relocation      RELA with the number that it has in WebAssembly
//   .debug_…        the same; offsets in the code section become places in the functions' sections
//
// Calls, types and the stack pointer are no relocations of the body any more but references of the record, for what
// they count changes with the module that an executor makes. The address of a function called is a word of the record.

import {
  FUNCTION_HEADER_BYTES,
  HOME_OFFSET,
  PLACE_BYTES,
  RECORD_KINDS,
  RECORD_MAGIC,
  REFERENCE_BYTES,
  REFERENCE_KINDS,
} from '../../protocol/wasm-function.js';
import { BarewireError } from '../diag/error.js';
import { damaged } from './cursor.js';
import {
  type ElfRelocation,
  type ElfSection,
  type ElfSymbolRow,
  SECTION_FLAGS,
  SECTION_TYPES,
  writeElf,
} from './elf-writer.js';
import { R_WASM, readWasmObject, type WasmObject, type WasmRelocation, type WasmSymbol } from './object.js';

export interface TranslateOptions {
  /** Make weak functions strong that no COMDAT group holds: host/unit declares users' functions weak, so that the
   *  optimizer keeps the calls between them. */
  readonly strengthen?: boolean;
}

/** Bytes of an ELF object for those of a WebAssembly one.
 *  @param name for messages
 *  @throws WASM_DAMAGED, WASM_NO_OBJECT, WASM_UNSUPPORTED */
export function elfOfWasm(bytes: Uint8Array, name: string, options: TranslateOptions = {}): Uint8Array {
  return new Translation(readWasmObject(bytes, name), options).write();
}

/** What clang calls the functions that destroy an object of static lifetime each. They call its destructor and name
 *  nothing else, for flags keep that from being inlined (host/compile/flags.ts). */
const DESTROYER = '__cxx_global_array_dtor';

const IN_MEMORY: ReadonlySet<number> = new Set([
  R_WASM.MEMORY_ADDR_LEB,
  R_WASM.MEMORY_ADDR_SLEB,
  R_WASM.MEMORY_ADDR_I32,
]);

/** Where labels in segments are. What is defined again gets the references to the start of what it replaces. */
const INSIDE = 1;

const labelIn = (section: number, value: number): ElfSymbolRow => ({
  name: '',
  value,
  sizeBytes: 0,
  binding: 'local',
  type: 'none',
  section,
});

/** A function with the references of its body. */
interface MadeFunction {
  readonly bytes: Uint8Array;
  readonly bodyStart: number;
  readonly relocations: readonly ElfRelocation[];
}

class Translation {
  private readonly sections: ElfSection[] = [];
  private readonly symbols: ElfSymbolRow[] = [];
  /** Where functions, segments and debug sections are in `sections`. */
  private readonly functionSections: number[] = [];
  private readonly segmentSections: number[] = [];
  private readonly customSections = new Map<number, number>();
  private readonly made: MadeFunction[] = [];
  private readonly comdatFunctions = new Set<number>();
  private readonly comdatSegments = new Set<number>();

  constructor(
    private readonly object: WasmObject,
    private readonly options: TranslateOptions,
  ) {}

  write(): Uint8Array {
    const { object } = this;
    for (const { functions, segments } of object.comdats) {
      for (const each of functions) this.comdatFunctions.add(this.own(each));
      for (const each of segments) this.comdatSegments.add(each);
    }
    const byFunction = split(object.codeRelocations, object.functions, 'body');
    const names = this.functionNames();
    for (const index of object.functions.keys())
      this.made.push(this.makeFunction(index, byFunction[index]!, names[index] ?? ''));
    // Behind the object's own symbols stand labels, first those in functions, then those in segments.
    const homes = object.symbols.length;
    object.functions.forEach((_, index) => {
      const { bytes, relocations } = this.made[index]!;
      const home = {
        offset: HOME_OFFSET,
        type: R_WASM.FUNCTION_INDEX_LEB,
        symbol: homes + index,
        addend: -HOME_OFFSET,
      };
      const flags = SECTION_FLAGS.alloc | SECTION_FLAGS.execute;
      this.functionSections[index] = this.add({
        name: `.text.${names[index] ?? index}`,
        type: SECTION_TYPES.progbits,
        flags,
        align: 4,
        bytes,
        relocations: [home, ...relocations],
      });
    });
    this.addSegments();
    this.addInitialisers();
    this.addDebug();
    for (const symbol of object.symbols) this.symbols.push(this.symbolOf(symbol));
    for (const section of this.functionSections) this.symbols.push(labelIn(section, HOME_OFFSET));
    for (const section of this.segmentSections) this.symbols.push(labelIn(section, INSIDE));
    this.addGroups();
    return writeElf('relocatable', this.sections, this.symbols);
  }

  private add(section: ElfSection): number {
    return this.sections.push(section) - 1;
  }

  /** Number of a function among those with a body. */
  private own(index: number): number {
    return index - this.object.imports.length;
  }

  private functionNames(): (string | undefined)[] {
    const names: (string | undefined)[] = [];
    for (const { kind, name, undefined: isUndefined, index } of this.object.symbols) {
      if (kind === 'function' && !isUndefined) names[this.own(index)] ??= name;
    }
    return names;
  }

  private symbolAt({ index }: WasmRelocation): WasmSymbol {
    const symbol = this.object.symbols[index];
    if (symbol === undefined)
      throw damaged(this.object.name, 0, `a relocation names symbol ${index}, which is not there`);
    return symbol;
  }

  private typeOf(symbol: WasmSymbol): number {
    const { imports, functions, name } = this.object;
    const typeIndex = imports[symbol.index]?.typeIndex ?? functions[this.own(symbol.index)]?.typeIndex;
    if (typeIndex === undefined)
      throw damaged(name, 0, `${symbol.name} names function ${symbol.index}, which is not there`);
    return typeIndex;
  }

  private makeFunction(index: number, placed: readonly WasmRelocation[], name: string): MadeFunction {
    const { object } = this;
    const { typeIndex, body, offset } = object.functions[index]!;
    const types: number[] = [];
    const typeNumber = (type: number): number => {
      const known = types.indexOf(type);
      return known >= 0 ? known : types.push(type) - 1;
    };
    typeNumber(typeIndex);
    const references: { kind: number; type: number; place: number; symbol: number | undefined }[] = [];
    const inBody: WasmRelocation[] = [];
    for (const relocation of placed) {
      const place = relocation.offset - offset;
      if (place + PLACE_BYTES > body.length)
        throw damaged(object.name, relocation.offset, 'a relocation reaches beyond its function');
      switch (relocation.type) {
        case R_WASM.FUNCTION_INDEX_LEB: {
          const type = typeNumber(this.typeOf(this.symbolAt(relocation)));
          references.push({ kind: REFERENCE_KINDS.call, type, place, symbol: relocation.index });
          break;
        }
        case R_WASM.TYPE_INDEX_LEB:
          references.push({ kind: REFERENCE_KINDS.type, type: typeNumber(relocation.index), place, symbol: undefined });
          break;
        case R_WASM.GLOBAL_INDEX_LEB: {
          const { name } = this.symbolAt(relocation);
          if (name !== '__stack_pointer')
            throw unsupported(object.name, `the global ${name}`, 'is known to no executor');
          references.push({ kind: REFERENCE_KINDS.stackPointer, type: 0, place, symbol: undefined });
          break;
        }
        case R_WASM.TABLE_NUMBER_LEB:
          break; // the only table
        default:
          inBody.push({ ...relocation, offset: place });
      }
    }
    const isDestroyer = name.startsWith(DESTROYER);
    if (isDestroyer) for (const [at, each] of inBody.entries()) inBody[at] = this.unnamed(each);
    const destroyed = isDestroyer ? this.objectOf(inBody) : undefined;
    if (destroyed !== undefined)
      references.push({ kind: REFERENCE_KINDS.object, type: 0, place: 0, symbol: undefined });
    const typeBytes = Buffer.concat([Buffer.of(types.length), ...types.map((type) => this.typeBytes(type))]);
    const bodyStart = FUNCTION_HEADER_BYTES + references.length * REFERENCE_BYTES + typeBytes.length;
    const bytes = new Uint8Array(Math.ceil((bodyStart + body.length) / 4) * 4);
    const view = new DataView(bytes.buffer);
    const head = [RECORD_MAGIC, RECORD_KINDS.function, 0, body.length, references.length, typeBytes.length];
    for (const [at, word] of head.entries()) view.setUint32(4 * at, word, true);
    const relocations: ElfRelocation[] = [];
    references.forEach(({ kind, type, place, symbol }, at) => {
      const from = FUNCTION_HEADER_BYTES + at * REFERENCE_BYTES;
      view.setUint32(from, kind | (type << 8), true);
      view.setUint32(from + 4, place, true);
      if (symbol !== undefined)
        relocations.push({ offset: from + 8, type: R_WASM.FUNCTION_INDEX_LEB, symbol, addend: 0 });
    });
    if (destroyed !== undefined) {
      const offset = FUNCTION_HEADER_BYTES + (references.length - 1) * REFERENCE_BYTES + 8;
      relocations.push({ offset, type: R_WASM.MEMORY_ADDR_I32, ...destroyed });
    }
    bytes.set(typeBytes, bodyStart - typeBytes.length);
    bytes.set(body, bodyStart);
    for (const { offset: place, type, index: symbol, addend } of inBody) {
      relocations.push({ offset: bodyStart + place, type, symbol, addend });
    }
    return { bytes, bodyStart, relocations };
  }

  /** The same place without a name: what has the name later is another object. */
  private unnamed(relocation: WasmRelocation): WasmRelocation {
    const { kind, undefined: isUndefined, absolute, index, offset } = this.symbolAt(relocation);
    const isHere = kind === 'data' && !isUndefined && !absolute && !this.comdatSegments.has(index);
    if (!isHere) return relocation;
    const symbol = this.object.symbols.length + this.object.functions.length + index;
    return { ...relocation, index: symbol, addend: relocation.addend + offset - INSIDE };
  }

  /** The object that a function destroys: the only one that it names. */
  private objectOf(inBody: readonly WasmRelocation[]): { symbol: number; addend: number } | undefined {
    const named = inBody.filter(({ type }) => IN_MEMORY.has(type));
    const symbols = new Set(named.map(({ index }) => index));
    if (symbols.size !== 1) return undefined;
    // One past the end of an array is named, too.
    return { symbol: named[0]!.index, addend: Math.min(...named.map(({ addend }) => addend)) };
  }

  private typeBytes(type: number): Uint8Array {
    const bytes = this.object.types[type];
    if (bytes === undefined) throw damaged(this.object.name, 0, `type ${type} is not there`);
    return bytes;
  }

  private addSegments(): void {
    const { segments, dataRelocations } = this.object;
    const bySegment = split(dataRelocations, segments, 'bytes');
    segments.forEach((segment, index) => {
      const { name, align, bytes, strings, offset } = segment;
      const relocations = bySegment[index]!.map((each) => ({
        offset: each.offset - offset,
        type: each.type,
        symbol: each.index,
        addend: each.addend,
      }));
      const isZero = name.startsWith('.bss') || name.startsWith('.tbss');
      const isConstant = name.startsWith('.rodata');
      this.segmentSections[index] = this.add({
        name,
        type: isZero ? SECTION_TYPES.nobits : SECTION_TYPES.progbits,
        flags:
          SECTION_FLAGS.alloc |
          (isConstant ? 0 : SECTION_FLAGS.write) |
          (strings && isConstant ? SECTION_FLAGS.merge | SECTION_FLAGS.strings : 0),
        align,
        bytes: isZero ? new Uint8Array(0) : bytes,
        sizeBytes: bytes.length,
        ...(strings && isConstant ? { entrySize: align } : {}),
        relocations,
      });
    });
  }

  private addInitialisers(): void {
    for (const { priority, symbol } of this.object.initialisers) {
      this.add({
        name: priority === 65_535 ? '.init_array' : `.init_array.${priority}`,
        type: SECTION_TYPES.initArray,
        flags: SECTION_FLAGS.alloc | SECTION_FLAGS.write,
        align: 4,
        bytes: new Uint8Array(4),
        relocations: [{ offset: 0, type: R_WASM.TABLE_INDEX_I32, symbol, addend: 0 }],
      });
    }
  }

  private addDebug(): void {
    for (const { index, name, bytes, relocations } of this.object.customs) {
      const rows = relocations.filter(isOfDebug).map(({ offset, type, index: symbol, addend }) => ({
        offset,
        type,
        symbol,
        addend: type === R_WASM.FUNCTION_OFFSET_I32 ? addend + this.bodyStartOf(symbol) : addend,
      }));
      this.customSections.set(
        index,
        this.add({ name, type: SECTION_TYPES.progbits, flags: 0, align: 1, bytes, relocations: rows }),
      );
    }
  }

  private bodyStartOf(symbol: number): number {
    const { index } = this.object.symbols[symbol] ?? { index: -1 };
    return this.made[this.own(index)]?.bodyStart ?? 0;
  }

  private symbolOf(symbol: WasmSymbol): ElfSymbolRow {
    const { kind, name, offset, sizeBytes, hidden } = symbol;
    const binding = symbol.local ? 'local' : symbol.weak && !this.isToBeStrong(symbol) ? 'weak' : 'global';
    const base = { name, value: 0, sizeBytes: 0, binding, hidden } as const;
    if (kind === 'function') {
      if (symbol.undefined) return { ...base, type: 'func', section: 'undefined' };
      const own = this.own(symbol.index);
      return {
        ...base,
        type: 'func',
        section: this.functionSections[own]!,
        sizeBytes: this.made[own]?.bytes.length ?? 0,
      };
    }
    if (kind === 'data') {
      if (symbol.undefined) return { ...base, type: 'none', section: 'undefined' };
      const section = symbol.absolute ? 'absolute' : this.segmentSections[symbol.index]!;
      return { ...base, type: 'object', section, value: offset, sizeBytes };
    }
    const section = kind === 'section' ? this.customSections.get(symbol.index) : undefined;
    if (section !== undefined) return { ...base, binding: 'local', type: 'section', section };
    return { ...base, binding: 'local', name: '', type: 'none', section: 'absolute' };
  }

  private isToBeStrong({ kind, undefined: isUndefined, index }: WasmSymbol): boolean {
    return (
      this.options.strengthen === true &&
      kind === 'function' &&
      !isUndefined &&
      !this.comdatFunctions.has(this.own(index))
    );
  }

  private addGroups(): void {
    for (const { name, functions, segments } of this.object.comdats) {
      const members = [
        ...functions.map((index) => this.functionSections[this.own(index)]!),
        ...segments.map((index) => this.segmentSections[index]!),
      ];
      let signature = this.symbols.findIndex((symbol) => symbol.name === name);
      if (signature < 0) {
        const row = { name, value: 0, sizeBytes: 0, binding: 'local', type: 'none', section: 'absolute' } as const;
        signature = this.symbols.push(row) - 1;
      }
      this.add({
        name: '.group',
        type: SECTION_TYPES.group,
        flags: 0,
        align: 4,
        bytes: new Uint8Array(0),
        entrySize: 4,
        signature,
        members,
      });
    }
  }
}

/** Where locals and globals are, as numbers of WebAssembly's own, is of no use on a board. */
const DEBUG_RELOCATIONS: ReadonlySet<number> = new Set([
  R_WASM.TABLE_INDEX_I32,
  R_WASM.MEMORY_ADDR_I32,
  R_WASM.FUNCTION_OFFSET_I32,
  R_WASM.SECTION_OFFSET_I32,
]);
const isOfDebug = ({ type }: WasmRelocation): boolean => DEBUG_RELOCATIONS.has(type);

/** The relocations of each function or segment; both lie in order of offset. */
function split<K extends string>(
  relocations: readonly WasmRelocation[],
  parts: readonly ({ readonly offset: number } & Readonly<Record<K, Uint8Array>>)[],
  contents: K,
): WasmRelocation[][] {
  const found: WasmRelocation[][] = parts.map(() => []);
  let part = 0;
  for (const relocation of [...relocations].sort((a, b) => a.offset - b.offset)) {
    while (part < parts.length && relocation.offset >= parts[part]!.offset + parts[part]![contents].length) part++;
    if (part < parts.length && relocation.offset >= parts[part]!.offset) found[part]!.push(relocation);
  }
  return found;
}

function unsupported(file: string, what: string, why: string): BarewireError {
  return new BarewireError('WASM_UNSUPPORTED', `${file} uses ${what}, which ${why}`, { file, what });
}
