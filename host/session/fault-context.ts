// What a fault report needs to know of the session: names and lines of code addresses, code as it was sent, the user's
// own text, and words of the board's stack, which are read as they are asked for.

import type { BoardRecord } from '../../boards/board.js';
import type { Hello } from '../../protocol/hello.js';
import { debugScope } from '../diag/debug.js';
import { readDebugInfo } from '../elf/dwarf/debug-info.js';
import { frameRowAt } from '../elf/dwarf/frame.js';
import type { CodeAddr } from '../elf/dwarf/sections.js';
import type { ElfSymbol, ObjectFile } from '../elf/object-file.js';
import type { SectionPlace, SymbolPlace } from '../link/types.js';
import type { FaultContext } from '../show/fault.js';
import type { ArenaImage } from './arena-image.js';
import { symbolText } from './lookup.js';

const log = debugScope('session');

/** The linker's view, with the input that faulted or without. */
export interface Names {
  symbolAt(addr: number): SymbolPlace | undefined;
  sectionAt(addr: number): SectionPlace | undefined;
}

export interface FaultParts {
  readonly hello: Hello;
  readonly board: BoardRecord;
  readonly names: Names;
  readonly firmware: ObjectFile | undefined;
  /** It is the user's: what is not the session's memory is not the stub's either. */
  readonly attached: boolean;
  readonly image: ArenaImage;
  /** What clang called the input that ran. */
  readonly inputFile: string | undefined;
  /** Text of a source file by the name clang knew it under. */
  readonly sourceOf: (file: string) => string | undefined;
  /** Reads memory of the board.
   *  @throws when it cannot be read */
  readonly read: (addr: number, len: number) => Promise<Uint8Array>;
  /** What stands at an address that running code may not write to. */
  readonly keptFromWrites?: (addr: number) => string | undefined;
}

/** Bytes of the stack that are read at once. */
const CHUNK_BYTES = 256;

/** Everything about the session that `describeFault` asks for. */
export function faultContext(parts: FaultParts): FaultContext {
  const { hello, board, names, firmware } = parts;
  const stack = { addr: hello.stackAddr, sizeBytes: hello.stackSize };
  const arena = { addr: hello.arenaAddr, sizeBytes: hello.arenaSize };
  const firmwareAt = (addr: number): ElfSymbol | undefined => firmware && functionAt(firmware, addr);
  /** The object file around an address, and the place in it. */
  const placeOf = (addr: number): { object: ObjectFile; at: CodeAddr } | undefined => {
    const place = names.sectionAt(addr);
    if (place !== undefined) {
      return { object: place.object, at: { section: place.section.index, offset: place.offset } };
    }
    return firmware !== undefined && firmwareAt(addr) !== undefined
      ? { object: firmware, at: { section: 0, offset: addr } }
      : undefined;
  };
  return {
    arch: hello.arch,
    stack,
    ...(parts.attached ? {} : { arena }),
    regions: board.regions,
    keptFromWrites: parts.keptFromWrites,
    symbolAt: (addr) => {
      const symbol = firmwareAt(addr);
      if (symbol === undefined) return symbolText(names.symbolAt(addr));
      return symbolText({ name: symbol.name, offset: addr - (symbol.value & ~1) });
    },
    isCode: (addr) => {
      const at = (addr & ~1) >>> 0;
      const place = names.symbolAt(at);
      return place?.kind === undefined ? firmwareAt(at) !== undefined : place.kind === 'code';
    },
    framesAt: (addr) =>
      orElse([], () => withPlace(placeOf(addr), ({ object, at }) => readDebugInfo(object).framesAt(at))),
    rowAt: (addr) => orElse(undefined, () => withPlace(placeOf(addr), ({ object, at }) => frameRowAt(object, at))),
    functionStart: (addr) => {
      const symbol = firmwareAt(addr);
      if (symbol !== undefined) return (symbol.value & ~1) >>> 0;
      const place = names.symbolAt(addr);
      return place?.kind === 'code' ? ((addr - place.offset) & ~1) >>> 0 : undefined;
    },
    isFirmware: (addr) => names.sectionAt(addr) === undefined,
    halfwordAt: (addr) => {
      if (addr >= arena.addr && addr + 2 <= arena.addr + arena.sizeBytes) {
        const [low, high] = parts.image.read({ addr, len: 2 });
        return low! | (high! << 8);
      }
      return firmware && firmwareHalfword(firmware, addr);
    },
    readWord: stackReader(stack, parts.read),
    inputFile: parts.inputFile,
    sourceLine: (file, line) => parts.sourceOf(file)?.split(/\r\n|\n|\r/)[line - 1],
  };
}

function withPlace<P, T>(place: P | undefined, use: (place: P) => T): T | undefined {
  return place === undefined ? undefined : use(place);
}

/** Debug information that is damaged costs its part of the report, not the report. */
function orElse<T>(otherwise: T, read: () => T | undefined): T {
  try {
    return read() ?? otherwise;
  } catch (error) {
    log?.(`fault report: ${String(error)}`);
    return otherwise;
  }
}

function functionAt({ symbols }: ObjectFile, addr: number): ElfSymbol | undefined {
  return symbols.find(({ type, value, sizeBytes }) => {
    const start = (value & ~1) >>> 0;
    return type === 'func' && addr >= start && addr < start + sizeBytes;
  });
}

function firmwareHalfword({ sections }: ObjectFile, addr: number): number | undefined {
  const section = sections.find(
    ({ addr: start, bytes, flags }) => (flags & 2) !== 0 && addr >= start && addr + 2 <= start + bytes.length,
  );
  if (section === undefined) return undefined;
  const offset = addr - section.addr;
  return section.bytes[offset]! | (section.bytes[offset + 1]! << 8);
}

/** Words of the stack, read in pieces that are kept. */
function stackReader(
  stack: { readonly addr: number; readonly sizeBytes: number },
  read: FaultParts['read'],
): (addr: number) => Promise<number | undefined> {
  const chunks = new Map<number, Promise<DataView | undefined>>();
  return async (addr) => {
    if (addr % 4 !== 0 || addr < stack.addr || addr + 4 > stack.addr + stack.sizeBytes) return undefined;
    const start = addr - (addr % CHUNK_BYTES);
    const from = Math.max(start, stack.addr);
    let chunk = chunks.get(start);
    if (chunk === undefined) {
      const len = Math.min(start + CHUNK_BYTES, stack.addr + stack.sizeBytes) - from;
      chunk = read(from, len).then(
        (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
        () => undefined,
      );
      chunks.set(start, chunk);
    }
    return (await chunk)?.getUint32(addr - from, true);
  };
}
