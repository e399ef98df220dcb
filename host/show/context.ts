// What showing one value may cost. A pointer in a user's data may be garbage, a list may bite its own tail, a count
// may be four billion: every read, element and level is paid for from one purse, and when it is empty
// the text says so and ends.

import { demangle } from '../elf/demangle.js';
import { simplifyName } from './simplify-name.js';
import type { Value } from './value.js';

/** A symbol that covers an address, mangled or not. */
export interface SymbolName {
  readonly name: string;
  /** Bytes from the symbol's start. */
  readonly offset: number;
}

/** The board's memory as `show` sees it. */
export interface MemoryReader {
  /** Bytes at a device address. Rejects when they cannot be read; WIRE_… errors end the showing. */
  read(addr: number, len: number): Promise<Uint8Array>;
  /** The symbol at an address (bit 0 set on Thumb functions), a text ready to show, or undefined. */
  symbolAt?(addr: number): SymbolName | string | undefined;
}

export interface ShowLimits {
  /** Elements shown of one container or array. */
  readonly elements: number;
  /** Elements and members shown in all. */
  readonly totalElements: number;
  /** Characters shown of one string. */
  readonly characters: number;
  /** Levels of structs, containers and references in each other. */
  readonly depth: number;
  /** Bytes read from the board, the value's own included. */
  readonly totalBytes: number;
}

export const DEFAULT_LIMITS: ShowLimits = {
  elements: 100,
  totalElements: 1000,
  characters: 200,
  depth: 12,
  totalBytes: 64 * 1024,
};

/** Why a part of a value has no text of its own; caught where that part would stand. */
export class Unreadable extends Error {
  constructor(
    readonly note: string,
    cause?: unknown,
  ) {
    super(note, { cause });
  }
}

const KEPT_CHUNKS = 8;

/** One showing: the memory, what may still be spent, and the way back to the formatter for parts. */
export class ShowContext {
  #bytesLeft: number;
  #elementsLeft: number;
  /** Addresses of owned objects that are being shown. */
  readonly showing = new Set<number>();
  /** What was read lately, newest first: strings inside their own object and tree nodes are met more than once. */
  readonly #chunks: { addr: number; bytes: Uint8Array }[] = [];

  constructor(
    readonly memory: MemoryReader,
    readonly limits: ShowLimits,
    /** Text of a part, without its type. `depth` is that of the whole it belongs to, plus one. */
    readonly show: (context: ShowContext, value: Value, depth: number) => Promise<string>,
  ) {
    this.#bytesLeft = limits.totalBytes;
    this.#elementsLeft = limits.totalElements;
  }

  /** Takes one element from the purse; false when it is empty. */
  spendElement(): boolean {
    return this.#elementsLeft-- > 0;
  }

  /** Reads memory, from what is known already if possible.
   *  @throws Unreadable when the board refuses or the purse is empty */
  async read(addr: number, len: number): Promise<Uint8Array> {
    if (len === 0) return new Uint8Array(0);
    for (const chunk of this.#chunks) {
      const start = addr - chunk.addr;
      if (start >= 0 && start + len <= chunk.bytes.length) return chunk.bytes.subarray(start, start + len);
    }
    if (len > this.#bytesLeft) throw new Unreadable('<not read: too much memory>');
    if (addr <= 0 || addr + len > 2 ** 32) throw new Unreadable(unreadableAt(addr));
    this.#bytesLeft -= len;
    let bytes: Uint8Array;
    try {
      bytes = await this.memory.read(addr, len);
    } catch (cause) {
      if (String((cause as { code?: unknown }).code).startsWith('WIRE_')) throw cause;
      throw new Unreadable(unreadableAt(addr), cause);
    }
    if (bytes.length < len) throw new Unreadable(unreadableAt(addr + bytes.length));
    this.#chunks.unshift({ addr, bytes });
    if (this.#chunks.length > KEPT_CHUNKS) this.#chunks.pop();
    return bytes;
  }

  /** Little-endian word at `addr`. */
  async readWord(addr: number): Promise<number> {
    return wordAt(await this.read(addr, 4), 0);
  }

  /** ` <name+8>` for an address the symbol table knows, else nothing. */
  symbolNote(addr: number): string {
    const text = this.symbolText(addr);
    return text === undefined ? '' : ` <${text}>`;
  }

  /** `name+8`, readable; undefined where no symbol is. */
  symbolText(addr: number): string | undefined {
    return symbolText(this.memory.symbolAt?.(addr));
  }
}

/** `name+8`, demangled, with the standard library's names as users write them. */
export function symbolText(symbol: SymbolName | string | undefined): string | undefined {
  if (symbol === undefined || typeof symbol === 'string') return symbol;
  const name = simplifyName(demangle(symbol.name));
  const offset = symbol.offset & ~1;
  return offset === 0 ? name : `${name}+${offset}`;
}

function unreadableAt(addr: number): string {
  return `<unreadable at ${hex(addr)}>`;
}

/** `0x20001234`, at least as many digits as an address has. */
export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

export function wordAt(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] ?? 0) |
      ((bytes[offset + 1] ?? 0) << 8) |
      ((bytes[offset + 2] ?? 0) << 16) |
      ((bytes[offset + 3] ?? 0) << 24)) >>>
    0
  );
}
