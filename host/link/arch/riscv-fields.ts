// Where RISC-V instructions and data keep their values. One form per layout; reading and writing stand together
// under one drawing, from bit 31 (or 15) down to bit 0. A value is scattered over an instruction so that its sign
// always stands at the top; the numbers in a drawing are the value's bits.
// Source: The RISC-V Instruction Set Manual I, 2.3 immediate variants, 16.2 compressed formats; RISC-V ELF psABI.

import type { FieldForm } from './architecture.js';

const signExtend = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);

/** Moves `count` bits of `value` from bit `from` to bit `to`. */
const move = (value: number, from: number, to: number, count = 1): number =>
  ((value >>> from) & ((1 << count) - 1)) << to;

/** Replaces the bits of `mask` in a word. */
function put32(view: DataView, offset: number, mask: number, bits: number): void {
  view.setUint32(offset, ((view.getUint32(offset, true) & ~mask) | (bits & mask)) >>> 0, true);
}

function put16(view: DataView, offset: number, mask: number, bits: number): void {
  view.setUint16(offset, (view.getUint16(offset, true) & ~mask) | (bits & mask), true);
}

const opcodeAt = (view: DataView, offset: number): number => view.getUint8(offset) & 0x7f;
const AUIPC = 0x17;
const LUI = 0x37;
const JALR = 0x67;
const LOAD = 0x03;
const STORE = 0x23;

/** Upper part of a value whose lower 12 bits are added as a signed number. */
const upper = (value: number): number => (value + 0x800) & 0xffff_f000;

/** LUI and AUIPC:   imm[31:12] | rd | opcode      the part of the value that LO12 leaves over */
export const HI20: FieldForm = {
  sizeBytes: 4,
  check: (view, offset) =>
    opcodeAt(view, offset) === LUI || opcodeAt(view, offset) === AUIPC ? undefined : 'there is neither LUI nor AUIPC',
  decode: (view, offset) => view.getInt32(offset, true) & 0xffff_f000,
  encode: (view, offset, value) => put32(view, offset, 0xffff_f000, upper(value)),
};

/** I-type (ADDI, loads, JALR):   imm[11:0] | rs1 | f3 | rd | opcode */
export const LO12_I: FieldForm = {
  sizeBytes: 4,
  decode: (view, offset) => view.getInt32(offset, true) >> 20,
  encode: (view, offset, value) => put32(view, offset, 0xfff0_0000, value << 20),
};

/** S-type (stores):   imm[11:5] | rs2 | rs1 | f3 | imm[4:0] | opcode */
export const LO12_S: FieldForm = {
  sizeBytes: 4,
  check: (view, offset) =>
    opcodeAt(view, offset) === STORE || opcodeAt(view, offset) === 0x27 ? undefined : 'there is no store',
  decode: (view, offset) => ((view.getInt32(offset, true) >> 25) << 5) | move(view.getUint32(offset, true), 7, 0, 5),
  encode: (view, offset, value) => put32(view, offset, 0xfe00_0f80, move(value, 5, 25, 7) | move(value, 0, 7, 5)),
};

/** LW of a pointer from the GOT, made an ADDI: there is no GOT, the address itself is computed.
 *      imm[11:0] | rs1 | 010 | rd | 0000011   →   imm[11:0] | rs1 | 000 | rd | 0010011 */
export const GOT_LOAD: FieldForm = {
  sizeBytes: 4,
  check: (view, offset) =>
    opcodeAt(view, offset) === LOAD && move(view.getUint32(offset, true), 12, 0, 3) === 2
      ? undefined
      : 'there is no LW of the address',
  decode: LO12_I.decode,
  encode: (view, offset, value) => put32(view, offset, 0xfff0_707f, (value << 20) | 0x13),
};

/** AUIPC rd, JALR rd, rs1:   imm[31:12] | rd | 0010111 ‖ imm[11:0] | rs1 | 000 | rd | 1100111 */
export const CALL: FieldForm = {
  sizeBytes: 8,
  check: (view, offset) =>
    opcodeAt(view, offset) === AUIPC && opcodeAt(view, offset + 4) === JALR
      ? undefined
      : 'there is no pair of AUIPC and JALR',
  decode: (view, offset) => (HI20.decode(view, offset) + LO12_I.decode(view, offset + 4)) | 0,
  encode(view, offset, value) {
    HI20.encode(view, offset, value);
    LO12_I.encode(view, offset + 4, value);
  },
};

/** B-type:   12 | 10:5 | rs2 | rs1 | f3 | 4:1 | 11 | 1100011 */
export const BRANCH: FieldForm = {
  sizeBytes: 4,
  check: (view, offset) => (opcodeAt(view, offset) === 0x63 ? undefined : 'there is no conditional branch'),
  decode(view, offset) {
    const word = view.getUint32(offset, true);
    return signExtend(move(word, 31, 12) | move(word, 7, 11) | move(word, 25, 5, 6) | move(word, 8, 1, 4), 13);
  },
  encode: (view, offset, value) =>
    put32(
      view,
      offset,
      0xfe00_0f80,
      move(value, 12, 31) | move(value, 5, 25, 6) | move(value, 1, 8, 4) | move(value, 11, 7),
    ),
};

/** J-type:   20 | 10:1 | 11 | 19:12 | rd | 1101111 */
export const JAL: FieldForm = {
  sizeBytes: 4,
  check: (view, offset) => (opcodeAt(view, offset) === 0x6f ? undefined : 'there is no JAL'),
  decode(view, offset) {
    const word = view.getUint32(offset, true);
    return signExtend(move(word, 31, 20) | move(word, 12, 12, 8) | move(word, 20, 11) | move(word, 21, 1, 10), 21);
  },
  encode: (view, offset, value) =>
    put32(
      view,
      offset,
      0xffff_f000,
      move(value, 20, 31) | move(value, 1, 21, 10) | move(value, 11, 20) | move(value, 12, 12, 8),
    ),
};

/** C.BEQZ and C.BNEZ:   1 1 x | 8 | 4:3 | rs1' | 7:6 | 2:1 | 5 | 0 1 */
export const RVC_BRANCH: FieldForm = {
  sizeBytes: 2,
  check: (view, offset) =>
    (view.getUint16(offset, true) & 0xc003) === 0xc001 ? undefined : 'there is neither C.BEQZ nor C.BNEZ',
  decode(view, offset) {
    const half = view.getUint16(offset, true);
    const low = move(half, 10, 3, 2) | move(half, 5, 6, 2) | move(half, 3, 1, 2) | move(half, 2, 5);
    return signExtend(move(half, 12, 8) | low, 9);
  },
  encode: (view, offset, value) =>
    put16(
      view,
      offset,
      0x1c7c,
      move(value, 8, 12) | move(value, 3, 10, 2) | move(value, 6, 5, 2) | move(value, 1, 3, 2) | move(value, 5, 2),
    ),
};

/** C.J and C.JAL:   x 0 1 | 11 | 4 | 9:8 | 10 | 6 | 7 | 3:1 | 5 | 0 1 */
export const RVC_JUMP: FieldForm = {
  sizeBytes: 2,
  check: (view, offset) =>
    (view.getUint16(offset, true) & 0x6003) === 0x2001 ? undefined : 'there is neither C.J nor C.JAL',
  decode(view, offset) {
    const half = view.getUint16(offset, true);
    const high = move(half, 12, 11) | move(half, 11, 4) | move(half, 9, 8, 2) | move(half, 8, 10);
    return signExtend(high | move(half, 7, 6) | move(half, 6, 7) | move(half, 3, 1, 3) | move(half, 2, 5), 12);
  },
  encode(view, offset, value) {
    const high = move(value, 11, 12) | move(value, 4, 11) | move(value, 8, 9, 2) | move(value, 10, 8);
    put16(
      view,
      offset,
      0x1ffc,
      high | move(value, 6, 7) | move(value, 7, 6) | move(value, 1, 3, 3) | move(value, 5, 2),
    );
  },
};

/** The low six bits of a byte; the upper two belong to the opcode of DW_CFA_advance_loc. */
export const SIX_BITS: FieldForm = {
  sizeBytes: 1,
  decode: (view, offset) => view.getUint8(offset) & 0x3f,
  encode: (view, offset, value) => view.setUint8(offset, (view.getUint8(offset) & 0xc0) | (value & 0x3f)),
};

/** Eight bytes of data. Numbers are exact up to 2^53; addresses and their differences have 33 bits. */
export const DOUBLE_WORD: FieldForm = {
  sizeBytes: 8,
  decode: (view, offset) => view.getInt32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true),
  encode(view, offset, value) {
    view.setUint32(offset, value >>> 0, true);
    view.setInt32(offset + 4, Math.floor(value / 2 ** 32) | 0, true);
  },
};

/** Bytes of a ULEB128, whose padding the assembler has chosen: it is rewritten in its own length. */
function ulebLength(view: DataView, offset: number): number {
  let length = 1;
  while (offset + length < view.byteLength && (view.getUint8(offset + length - 1) & 0x80) !== 0) length++;
  return length;
}

/** ULEB128:   1 6:0 | 1 13:7 | … | 0 …      of at least one byte */
export const ULEB128: FieldForm = {
  sizeBytes: 1,
  check: (view, offset) => {
    const last = view.getUint8(offset + ulebLength(view, offset) - 1);
    return (last & 0x80) === 0 ? undefined : 'the ULEB128 has no end';
  },
  decode(view, offset) {
    let value = 0;
    for (let i = ulebLength(view, offset) - 1; i >= 0; i--) value = value * 128 + (view.getUint8(offset + i) & 0x7f);
    return value | 0;
  },
  encode(view, offset, value) {
    const length = ulebLength(view, offset);
    for (let i = 0; i < length; i++) {
      view.setUint8(offset + i, ((value >>> Math.min(7 * i, 31)) & 0x7f) | (i + 1 < length ? 0x80 : 0));
    }
  },
};
