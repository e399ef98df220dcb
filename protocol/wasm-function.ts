// A WebAssembly function as it stands in a board's memory: the linker's relocated block, the executor's input.
//
// WebAssembly code does not run from memory; it is compiled from a module. So that a board of this kind can be linked
// like any other, each function lies in the arena as a record with an address, patches and moves change its bytes, and
// the executor makes modules of what it finds there. A function's address is its index in the function table.
//
//   magic u32 ×2 · its own address u32 · body bytes u32 · references u32 · type bytes u32
//   references ×   kind | type << 8 u32 · place in the body u32 · value u32
//   types          count u8, then function types as a module has them; type 0 is the function's own
//   body           locals and instructions, with memory addresses and table indices in place
//
// The places of references hold padded LEB128 of five bytes that the executor rewrites: indices count per module. A
// record that stands elsewhere than it says was linked for another session's memory, and is none.
// All numbers are little-endian; records begin at multiples of four.

/** First word of every record. */
export const RECORD_MAGIC = 0x0f5f_7762;

/** Second word: what kind of record it is. */
export const RECORD_KINDS = {
  /** A function, laid out as above. */
  function: 0x6e66_2a6d,
  /** What is called here is the function whose address is the next word. */
  alias: 0x6c61_2a6d,
} as const;

export const FUNCTION_HEADER_BYTES = 24;
/** Where the header has the record's own address. */
export const HOME_OFFSET = 8;
/** And how many references follow. */
export const REFERENCES_OFFSET = 16;
export const ALIAS_BYTES = 12;
export const REFERENCE_BYTES = 12;

/** What the five bytes at a reference's place stand for. */
export const REFERENCE_KINDS = {
  /** Operand of `call`: the function at address `value`, of the type that the record's table has at `type`. */
  call: 1,
  /** Operand of `global.get` or `global.set`: the stack pointer. */
  stackPointer: 2,
  /** Operand of `call_indirect`, or type of a block: `type`. */
  type: 3,
  /** No place: `value` is the address of the object that this function destroys. */
  object: 4,
} as const;

/** Bytes of a place. */
export const PLACE_BYTES = 5;
