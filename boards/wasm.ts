// A board that needs nothing but npm: WebAssembly in a thread of Node's (boards/sim/wasm). It exists nowhere else.

import type { BoardRecord } from './board.js';
import { WASM32 } from './capabilities.js';
import { ARENA, PERIPHERALS, STUB_MEMORY, USER_STACK } from './sim/wasm/layout.js';
import { LINES } from './sim/wasm/peripherals.js';

export const WASM: BoardRecord = {
  name: 'wasm',
  title: 'WebAssembly in a thread, compiled by clang from npm',
  core: 'WebAssembly',
  arch: 'wasm32',
  triple: 'wasm32-unknown-wasip1',
  cpu: 'generic',
  floatAbi: 'hard',
  multilib: 'wasm32',
  interrupts: { lines: [LINES.timer, LINES.uart], stub: [], coreTimer: 'none' },
  libc: 'wasi',
  capabilities: WASM32,
  image: 'wasm',
  regions: [
    { name: 'stack', addr: USER_STACK.addr, sizeBytes: USER_STACK.sizeBytes, access: 'rw' },
    { name: 'stub', addr: STUB_MEMORY.addr, sizeBytes: STUB_MEMORY.sizeBytes, access: 'rw' },
    { name: 'peripherals', addr: PERIPHERALS.addr, sizeBytes: PERIPHERALS.sizeBytes, access: 'rw' },
    { name: 'ram', addr: ARENA.addr, sizeBytes: ARENA.sizeBytes, access: 'rwx' },
  ],
  heapBytes: 1024 * 1024,
  simulator: { kind: 'wasm' },
  baud: 115_200,
  flash: [],
};
