// What is read of WebAssembly: object files as the host gets them from the compiler and from archives, and function records
// as an executor finds them in memory, where anything may have been written over them.

import { UnknownInstruction } from '../../boards/sim/wasm/instructions.js';
import { MEMORY_PAGES } from '../../boards/sim/wasm/layout.js';
import { moduleOf } from '../../boards/sim/wasm/loader.js';
import { recordAt } from '../../boards/sim/wasm/record.js';
import { readDebugInfo } from '../../host/elf/dwarf/debug-info.js';
import { readObject } from '../../host/elf/read-object.js';
import { LinkSession } from '../../host/link/session.js';

const ARENA = { addr: 0x5_0000, sizeBytes: 0x10_0000 };

/** Reads an object file, its debug information, and links it. */
export function readWasmInput(bytes: Uint8Array): void {
  const object = readObject(bytes, 'input');
  for (const section of object.sections) void [section.bytes, section.relocations];
  const info = readDebugInfo(object);
  info.variables();
  for (const fn of info.functions()) if (fn.ranges[0] !== undefined) info.lineAt(fn.ranges[0]);
  new LinkSession({ arch: 'wasm32', arena: ARENA, heapBytes: 0, archives: [] }).stage(object, { input: 1 });
}

/** Memory images: the functions of an object file, one behind another. */
export function recordSeeds(object: Uint8Array): Uint8Array {
  const { sections } = readObject(object, 'seed');
  return Uint8Array.from(sections.filter(({ name }) => name.startsWith('.text.')).flatMap(({ bytes }) => [...bytes]));
}

/** Takes memory for an executor's: every record in it becomes a module. */
export function readRecords(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let refused: unknown;
  for (let addr = 0; addr + 4 <= bytes.length; addr += 4) {
    const record = recordAt(bytes, view, addr);
    if (record?.kind !== 'function') continue;
    try {
      const made = moduleOf([record], 0, MEMORY_PAGES, (target) => target % 500);
      new WebAssembly.Module(made.bytes);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused = error;
    }
  }
  if (refused !== undefined) throw refused;
}

/** How a record is refused: no such instruction, or the engine's own word. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof UnknownInstruction || (error as Error)?.constructor?.name === 'CompileError';
