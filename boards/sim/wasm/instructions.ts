// How long each WebAssembly instruction is, so that a body can be walked through.
// Source: WebAssembly Core Specification, 5.4 Instructions.

/** What follows an opcode. */
type Immediates =
  | 'none'
  | 'block'
  | 'index'
  | 'two indices'
  | 'labels'
  | 'types'
  | 'memory'
  | 'integer'
  | 'four bytes'
  | 'eight bytes';

const PLAIN: readonly (readonly [from: number, to: number, immediates: Immediates])[] = [
  [0x00, 0x01, 'none'], // unreachable, nop
  [0x02, 0x04, 'block'], // block, loop, if
  [0x05, 0x05, 'none'],
  [0x0b, 0x0b, 'none'],
  [0x0c, 0x0d, 'index'], // br, br_if
  [0x0e, 0x0e, 'labels'],
  [0x0f, 0x0f, 'none'],
  [0x10, 0x10, 'index'], // call
  [0x11, 0x11, 'two indices'], // call_indirect
  [0x12, 0x12, 'index'],
  [0x13, 0x13, 'two indices'],
  [0x1a, 0x1b, 'none'], // drop, select
  [0x1c, 0x1c, 'types'],
  [0x20, 0x26, 'index'], // locals, globals, tables
  [0x28, 0x3e, 'memory'], // loads and stores
  [0x3f, 0x40, 'index'],
  [0x41, 0x42, 'integer'],
  [0x43, 0x43, 'four bytes'],
  [0x44, 0x44, 'eight bytes'],
  [0x45, 0xc4, 'none'], // arithmetic
  [0xd0, 0xd0, 'integer'],
  [0xd1, 0xd1, 'none'],
  [0xd2, 0xd2, 'index'],
];

const IMMEDIATES: readonly (Immediates | undefined)[] = Array.from(
  { length: 256 },
  (_, opcode) => PLAIN.find(([from, to]) => opcode >= from && opcode <= to)?.[2],
);

export const OPCODES = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  call: 0x10,
  callIndirect: 0x11,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Load: 0x28,
  i32Load16: 0x2f,
  i32Const: 0x41,
  i32Add: 0x6a,
  i32ShiftRight: 0x76,
};

/** An instruction that no record may hold. */
export class UnknownInstruction extends Error {
  constructor(
    readonly opcode: number,
    readonly at: number,
  ) {
    super(`unknown instruction 0x${opcode.toString(16)} at ${at}`);
  }
}

/** Place behind the locals that a body declares first.
 *  @throws UnknownInstruction when they go on behind its end */
export function behindLocals(body: Uint8Array): number {
  let at = 0;
  const count = ulebAt(body, at);
  at = skipLeb(body, at);
  for (let i = 0; i < count; i++) {
    if (at >= body.length) throw new UnknownInstruction(0, at);
    at = skipLeb(body, at) + 1;
  }
  return at;
}

/** Place behind the instruction at `at`.
 *  @throws UnknownInstruction */
export function behindInstruction(body: Uint8Array, at: number): number {
  const opcode = body[at]!;
  const start = at + 1;
  switch (IMMEDIATES[opcode]) {
    case 'none':
      return start;
    case 'block': // 0x40, a value type, or a signed index
    case 'index':
    case 'integer':
      return skipLeb(body, start);
    case 'two indices':
      return skipLeb(body, skipLeb(body, start));
    case 'memory':
      return behindMemory(body, start);
    case 'labels': {
      let place = skipLeb(body, start);
      for (let left = ulebAt(body, start) + 1; left > 0; left--) {
        if (place >= body.length) throw new UnknownInstruction(opcode, at);
        place = skipLeb(body, place);
      }
      return place;
    }
    case 'types':
      return skipLeb(body, start) + ulebAt(body, start);
    case 'four bytes':
      return start + 4;
    case 'eight bytes':
      return start + 8;
  }
  if (opcode === 0xfc) return behindBulk(body, start);
  if (opcode === 0xfd) return behindVector(body, start);
  if (opcode === 0xfe)
    return ulebAt(body, start) === 3 ? skipLeb(body, start) + 1 : behindMemory(body, skipLeb(body, start));
  throw new UnknownInstruction(opcode, at);
}

/** Saturating conversions, and what is done with whole stretches of memory and tables. */
function behindBulk(body: Uint8Array, at: number): number {
  const number = ulebAt(body, at);
  const start = skipLeb(body, at);
  if (number < 8) return start;
  if (number === 8 || number === 10 || number === 12 || number === 14) return skipLeb(body, skipLeb(body, start));
  if (number < 18) return skipLeb(body, start);
  throw new UnknownInstruction(0xfc00 | number, at);
}

/** Vectors of 128 bits. */
function behindVector(body: Uint8Array, at: number): number {
  const number = ulebAt(body, at);
  const start = skipLeb(body, at);
  if (number <= 11 || number === 92 || number === 93) return behindMemory(body, start);
  if (number === 12 || number === 13) return start + 16;
  if (number >= 21 && number <= 34) return start + 1;
  if (number >= 84 && number <= 91) return behindMemory(body, start) + 1;
  return start;
}

/** Alignment and offset; bit 6 of the alignment says that the number of a memory stands between. */
function behindMemory(body: Uint8Array, at: number): number {
  const more = (ulebAt(body, at) & 0x40) !== 0;
  const next = skipLeb(body, at);
  return skipLeb(body, more ? skipLeb(body, next) : next);
}

/** Place behind a number of variable length. */
export function skipLeb(body: Uint8Array, at: number): number {
  let place = at;
  while (body[place]! >= 0x80) place++;
  return place + 1;
}

/** Unsigned LEB128 of 32 bits. */
export function ulebAt(body: Uint8Array, at: number): number {
  let value = 0;
  for (let shift = 0, place = at; shift < 35; shift += 7, place++) {
    const byte = body[place]!;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return value;
}
