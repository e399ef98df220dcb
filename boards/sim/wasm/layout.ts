// Where things lie in the memory of the board `wasm`. One WebAssembly memory holds them all:
//
//   0x0000_0000   nothing: a null pointer lands here, and what is written is seen when the run is over
//   0x0000_1000   user code's stack, growing down: what overflows it runs into address 0 and traps
//   0x0002_0000   the stub's own state, frame buffers and stack
//   0x0004_0000   peripherals (peripherals.ts)
//   0x0005_0000   RAM that the host lays out
//   0x0045_0000   the executor's: which function of its table stands at an address

const KIB = 1024;
export const WASM_PAGE_BYTES = 64 * KIB;

/** Kept empty, and checked after each run. */
export const NULL_ZONE = { addr: 0, sizeBytes: KIB } as const;
export const USER_STACK = { addr: 0x1000, sizeBytes: 0x1_f000 } as const;
/** State, buffers and stack of the stub. */
export const STUB_MEMORY = { addr: 0x2_0000, sizeBytes: 0x2_0000 } as const;
/** Of that, its stack, behind its variables. */
export const STUB_STACK_BYTES = 32 * KIB;
export const PERIPHERALS = { addr: 0x4_0000, sizeBytes: 0x1_0000 } as const;
export const ARENA = { addr: 0x5_0000, sizeBytes: 4 * KIB * KIB } as const;

const RAM_END = ARENA.addr + ARENA.sizeBytes;
/** A number of 16 bits for every second byte of memory below it: the place in the function table of the function at that
 *  address, or 0. The table itself has to be small, for engines keep a copy of it with each module. */
export const SLOTS = { addr: RAM_END, sizeBytes: RAM_END / 2 } as const;

export const MEMORY_PAGES = Math.ceil((SLOTS.addr + SLOTS.sizeBytes) / WASM_PAGE_BYTES);

/** A word that is not 0 when running code is to call `attend`. */
export const ATTENTION_ADDR = 0x3_fff0;

/** Addresses of what user code calls of the stub. Even, for bit 0 of a function's address means something elsewhere. */
export const SERVICES = { bw_output: 2, bw_exit: 4, bw_micros: 6 } as const;
