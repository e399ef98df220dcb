// The stub's constants lie in memory, where nothing protects them from user code. They are kept as the image has them, so
// that the executor can see what was written over, and put it back.
//
// A module for shared memory says what its constants are and has code that puts them into memory: where they are is seen
// in memory that nothing else was written to.

import { skipLeb, ulebAt } from './instructions.js';
import { MEMORY_PAGES, STUB_MEMORY } from './layout.js';

interface Piece {
  readonly addr: number;
  readonly bytes: Uint8Array;
}

/** What an instance puts into memory.
 *  @param image the module
 *  @param instantiate makes an instance over a memory */
export function constantsOf(image: Uint8Array, instantiate: (memory: WebAssembly.Memory) => unknown): Piece[] {
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });
  instantiate(memory);
  const { addr, sizeBytes } = STUB_MEMORY;
  const stub = Buffer.from(new Uint8Array(memory.buffer, addr, sizeBytes));
  return passiveSegments(image).flatMap((bytes) => {
    const at = stub.indexOf(bytes);
    return at < 0 || bytes.every((byte) => byte === 0) ? [] : [{ addr: addr + at, bytes }];
  });
}

/** Puts constants back that were written over.
 *  @returns whether any had been */
export function mendConstants(memory: Uint8Array, pieces: readonly Piece[]): boolean {
  let mended = false;
  for (const { addr, bytes } of pieces) {
    if (Buffer.compare(memory.subarray(addr, addr + bytes.length), bytes) === 0) continue;
    memory.set(bytes, addr);
    mended = true;
  }
  return mended;
}

const HEADER_BYTES = 8;
const DATA_SECTION = 11;
const PASSIVE = 1;

/** Data segments of a module that its code puts where they belong.
 *  @see WebAssembly Core Specification, 5.5.14 */
function passiveSegments(module: Uint8Array): Uint8Array[] {
  let at = HEADER_BYTES;
  const next = (): number => {
    const value = ulebAt(module, at);
    at = skipLeb(module, at);
    return value;
  };
  const segments: Uint8Array[] = [];
  while (at < module.length) {
    const id = module[at++];
    const end = next() + at;
    for (let left = id === DATA_SECTION ? next() : 0; left > 0; left--) {
      if (next() !== PASSIVE) break;
      const length = next();
      segments.push(module.slice(at, at + length));
      at += length;
    }
    at = end;
  }
  return segments;
}
