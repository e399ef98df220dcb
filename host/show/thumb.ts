// What one Thumb instruction does, as far as a fault report wants to know: which memory it touches, through which
// register, where it jumps. A table row per encoding, in the letters of the manual; the first row that fits counts.
// @see Armv7-M Architecture Reference Manual, A5 and A7 (Armv6-M has a part of it)

/** Registers r0 to r15 by number; pc is the address of the instruction. */
export type Registers = readonly number[];

/** A load or store. */
export interface Access {
  readonly kind: 'access';
  readonly direction: 'read' | 'write';
  /** Bytes of one unit, and how many follow one another. */
  readonly unitBytes: number;
  readonly count: number;
  /** Unaligned addresses fault on every core. */
  readonly needsAlignment: boolean;
  /** Register that points there, and what it is called; without a name if it is no pointer of the user's (sp, pc). */
  readonly base: number;
  readonly baseName: string | undefined;
  /** Address of the first byte. */
  readonly addr: (registers: Registers) => number;
  /** `[r3, #8]` */
  readonly operand: string;
}

export type Instruction =
  | Access
  /** It is made to stop: UDF, BKPT, SVC with their number. */
  | { readonly kind: 'trap'; readonly name: 'udf' | 'bkpt' | 'svc'; readonly value: number }
  | { readonly kind: 'divide'; readonly divisor: number }
  /** BX or BLX through a register. */
  | { readonly kind: 'jump'; readonly register: number; readonly links: boolean }
  /** BL, with the distance from the instruction's address plus 4. */
  | { readonly kind: 'call'; readonly distance: number }
  | { readonly kind: 'other' }
  | { readonly kind: 'undefined' };

const OTHER: Instruction = { kind: 'other' };
const UNDEFINED: Instruction = { kind: 'undefined' };

const SP = 13;
const PC = 15;

/** `r3`, `sp`. */
export function registerName(register: number): string {
  return { 13: 'sp', 14: 'lr', 15: 'pc' }[register] ?? `r${register}`;
}

const pointerName = (register: number): string | undefined => (register < SP ? registerName(register) : undefined);

/** Whether the first halfword is one of two. */
export function isWideThumb(first: number): boolean {
  return first >>> 11 > 0b11100;
}

interface Row {
  readonly mask: number;
  readonly bits: number;
  readonly decode: (op: number) => Instruction;
}

const at = (registers: Registers, register: number): number =>
  register === PC ? (registers[PC]! + 4) & ~3 : registers[register]!;

function immediate(
  direction: Access['direction'],
  unitBytes: number,
  base: number,
  offset: number,
  needsAlignment = unitBytes > 4,
  index = true,
): Access {
  const shown = offset === 0 || !index ? '' : `, #${offset}`;
  return {
    kind: 'access',
    direction,
    unitBytes,
    count: 1,
    needsAlignment,
    base,
    baseName: pointerName(base),
    addr: (registers) => (at(registers, base) + (index ? offset : 0)) >>> 0,
    operand: `[${registerName(base)}${shown}]`,
  };
}

function indexed(direction: Access['direction'], unitBytes: number, base: number, index: number, shift = 0): Access {
  return {
    kind: 'access',
    direction,
    unitBytes,
    count: 1,
    needsAlignment: false,
    base,
    baseName: pointerName(base),
    addr: (registers) => (at(registers, base) + (registers[index]! << shift)) >>> 0,
    operand: `[${registerName(base)}, ${registerName(index)}${shift === 0 ? '' : `, lsl #${shift}`}]`,
  };
}

const bitCount = (bits: number): number => {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
};

/** Registers in a row: upwards from the base, or downwards to it. */
function many(direction: Access['direction'], base: number, list: number, down: boolean): Access {
  const count = bitCount(list);
  return {
    kind: 'access',
    direction,
    unitBytes: 4,
    count,
    needsAlignment: true,
    base,
    baseName: pointerName(base),
    addr: (registers) => (registers[base]! - (down ? 4 * count : 0)) >>> 0,
    operand: `[${registerName(base)}]`,
  };
}

const low = (op: number, shift: number): number => (op >>> shift) & 7;
const imm5 = (op: number): number => (op >>> 6) & 31;

/** Direction and size of 0101 op. */
const BY_REGISTER: readonly (readonly [Access['direction'], number])[] = [
  ['write', 4],
  ['write', 2],
  ['write', 1],
  ['read', 1],
  ['read', 4],
  ['read', 2],
  ['read', 1],
  ['read', 2],
];

const loads = (op: number, bit: number): Access['direction'] => ((op >>> bit) & 1 ? 'read' : 'write');

/** 16-bit encodings. */
const NARROW: readonly Row[] = [
  { mask: 0xc000, bits: 0x0000, decode: () => OTHER },
  { mask: 0xfc00, bits: 0x4000, decode: () => OTHER },
  {
    mask: 0xff00,
    bits: 0x4700,
    decode: (op) => ({ kind: 'jump', register: (op >>> 3) & 15, links: (op & 0x80) !== 0 }),
  },
  { mask: 0xfc00, bits: 0x4400, decode: () => OTHER },
  { mask: 0xf800, bits: 0x4800, decode: (op) => immediate('read', 4, PC, 4 * (op & 0xff)) },
  {
    mask: 0xf000,
    bits: 0x5000,
    decode: (op) => {
      const [direction, bytes] = BY_REGISTER[low(op, 9)]!;
      return indexed(direction, bytes, low(op, 3), low(op, 6));
    },
  },
  { mask: 0xf000, bits: 0x6000, decode: (op) => immediate(loads(op, 11), 4, low(op, 3), 4 * imm5(op)) },
  { mask: 0xf000, bits: 0x7000, decode: (op) => immediate(loads(op, 11), 1, low(op, 3), imm5(op)) },
  { mask: 0xf000, bits: 0x8000, decode: (op) => immediate(loads(op, 11), 2, low(op, 3), 2 * imm5(op)) },
  { mask: 0xf000, bits: 0x9000, decode: (op) => immediate(loads(op, 11), 4, SP, 4 * (op & 0xff)) },
  { mask: 0xf000, bits: 0xa000, decode: () => OTHER },
  { mask: 0xff00, bits: 0xb000, decode: () => OTHER },
  { mask: 0xff00, bits: 0xb200, decode: () => OTHER },
  { mask: 0xfe00, bits: 0xb400, decode: (op) => many('write', SP, op & 0x1ff, true) },
  { mask: 0xffec, bits: 0xb660, decode: () => OTHER },
  { mask: 0xff80, bits: 0xba00, decode: () => OTHER },
  { mask: 0xffc0, bits: 0xbac0, decode: () => OTHER },
  { mask: 0xfe00, bits: 0xbc00, decode: (op) => many('read', SP, op & 0x1ff, false) },
  { mask: 0xff00, bits: 0xbe00, decode: (op) => ({ kind: 'trap', name: 'bkpt', value: op & 0xff }) },
  { mask: 0xff0f, bits: 0xbf00, decode: () => OTHER },
  { mask: 0xf000, bits: 0xc000, decode: (op) => many(loads(op, 11), low(op, 8), op & 0xff, false) },
  { mask: 0xff00, bits: 0xde00, decode: (op) => ({ kind: 'trap', name: 'udf', value: op & 0xff }) },
  { mask: 0xff00, bits: 0xdf00, decode: (op) => ({ kind: 'trap', name: 'svc', value: op & 0xff }) },
  { mask: 0xf000, bits: 0xd000, decode: () => OTHER },
  { mask: 0xf800, bits: 0xe000, decode: () => OTHER },
];

/** 16-bit encodings of Armv7-M alone: CBZ and CBNZ, IT. */
const NARROW_V7: readonly Row[] = [
  { mask: 0xf500, bits: 0xb100, decode: () => OTHER },
  { mask: 0xff00, bits: 0xbf00, decode: () => OTHER },
];

const wideBase = (op: number): number => (op >>> 16) & 15;
/** U bit, 8 bits of offset. */
const signed8 = (op: number, scale: number, up: number): number => ((op >>> up) & 1 ? 1 : -1) * scale * (op & 0xff);

function wideSingle(op: number): Instruction {
  const bytes = 1 << ((op >>> 21) & 3);
  const direction = loads(op, 20);
  const base = wideBase(op);
  if (bytes === 8) return UNDEFINED;
  if (base === PC) return immediate(direction, bytes, PC, ((op >>> 23) & 1 ? 1 : -1) * (op & 0xfff));
  if ((op >>> 23) & 1) return immediate(direction, bytes, base, op & 0xfff);
  if ((op >>> 11) & 1) return immediate(direction, bytes, base, signed8(op, 1, 9), false, ((op >>> 10) & 1) !== 0);
  return indexed(direction, bytes, base, op & 15, (op >>> 4) & 3);
}

function signedBranch(op: number): number {
  const s = (op >>> 26) & 1;
  const i1 = 1 - (((op >>> 13) & 1) ^ s);
  const i2 = 1 - (((op >>> 11) & 1) ^ s);
  const magnitude = (i1 << 23) | (i2 << 22) | (((op >>> 16) & 0x3ff) << 12) | ((op & 0x7ff) << 1);
  return s ? magnitude - 2 ** 24 : magnitude;
}

/** 32-bit encodings, first halfword on top. */
const WIDE: readonly Row[] = [
  { mask: 0xffd00000, bits: 0xe8900000, decode: (op) => many('read', wideBase(op), op & 0xffff, false) }, // LDM
  { mask: 0xffd00000, bits: 0xe9100000, decode: (op) => many('read', wideBase(op), op & 0xffff, true) }, // LDMDB
  { mask: 0xffd00000, bits: 0xe8800000, decode: (op) => many('write', wideBase(op), op & 0xffff, false) }, // STM
  { mask: 0xffd00000, bits: 0xe9000000, decode: (op) => many('write', wideBase(op), op & 0xffff, true) }, // STMDB
  { mask: 0xfff00fe0, bits: 0xe8d00000, decode: (op) => indexed('read', 1 + ((op >>> 4) & 1), wideBase(op), op & 15) },
  {
    mask: 0xffe00000,
    bits: 0xe8400000,
    decode: (op) => immediate(loads(op, 20), 4, wideBase(op), 4 * (op & 0xff), true),
  }, // LDREX, STREX
  {
    mask: 0xfe400000,
    bits: 0xe8400000,
    decode: (op) => ({
      ...immediate(loads(op, 20), 4, wideBase(op), signed8(op, 4, 23), true, ((op >>> 24) & 1) !== 0),
      count: 2,
    }),
  }, // LDRD, STRD
  { mask: 0xfe000000, bits: 0xf8000000, decode: wideSingle },
  { mask: 0xffd0f0f0, bits: 0xfb90f0f0, decode: (op) => ({ kind: 'divide', divisor: op & 15 }) },
  { mask: 0xf800d000, bits: 0xf000d000, decode: (op) => ({ kind: 'call', distance: signedBranch(op) }) },
  { mask: 0xfff0f000, bits: 0xf7f0a000, decode: (op) => ({ kind: 'trap', name: 'udf', value: op & 0xfff }) },
  {
    mask: 0xff200e00,
    bits: 0xed000a00,
    decode: (op) => ({
      ...immediate(loads(op, 20), 4, wideBase(op), signed8(op, 4, 23), true),
      count: 1 + ((op >>> 8) & 1),
    }),
  }, // VLDR, VSTR
  {
    mask: 0xfe000e00,
    bits: 0xec000a00,
    decode: (op) => ({
      ...many(loads(op, 20), wideBase(op), 1, false),
      count: op & 0xff,
      addr: (r) => (r[wideBase(op)]! - ((op >>> 24) & 1 ? 4 * (op & 0xff) : 0)) >>> 0,
    }),
  }, // VLDM, VSTM, VPUSH, VPOP
];

/** Decodes one instruction.
 *  @param second the halfword behind it
 *  @param thumb2 whether the core has the encodings of Armv7-M; those of it that touch no memory are `other` there,
 *    and on cores without them `undefined` */
export function decodeThumb(first: number, second: number, thumb2: boolean): Instruction {
  if (!isWideThumb(first)) {
    const rows = thumb2 ? [...NARROW, ...NARROW_V7] : NARROW;
    return rows.find(({ mask, bits }) => (first & mask) === bits)?.decode(first) ?? UNDEFINED;
  }
  const op = ((first << 16) | second) >>> 0;
  const row = WIDE.find(({ mask, bits }) => (op & mask) >>> 0 === bits);
  if (thumb2) return row?.decode(op) ?? OTHER;
  const isV6 = (op & 0xf800d000) >>> 0 === 0xf000d000 || (op & 0xff800000) >>> 0 === 0xf3800000;
  if (row !== undefined && (isV6 || first >>> 4 === 0xf7f)) return row.decode(op);
  return isV6 ? OTHER : UNDEFINED;
}
