// Where Thumb instructions keep their immediates. One form per layout; reading and writing stand together under
// one drawing, so that they can be checked against each other. A 32-bit Thumb instruction is two halfwords,
// the one with the opcode first; a drawing shows them from left to right, bit 15 to bit 0.
// Source: Armv7-M Architecture Reference Manual, A5 and A7; Armv6-M the same encodings; aaelf32, 5.6.1.

import type { FieldForm } from './architecture.js';

const signExtend = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);

/** Replaces the bits of `mask` in a halfword. */
function put16(view: DataView, offset: number, mask: number, bits: number): void {
  view.setUint16(offset, (view.getUint16(offset, true) & ~mask) | (bits & mask), true);
}

/** Nothing is read or written. */
export const NO_FIELD: FieldForm = { sizeBytes: 0, decode: () => 0, encode: () => {} };

/** A whole word of data. */
export const WORD: FieldForm = {
  sizeBytes: 4,
  decode: (view, offset) => view.getInt32(offset, true),
  encode: (view, offset, value) => view.setInt32(offset, value | 0, true),
};

/** A halfword of data. */
export const HALF: FieldForm = {
  sizeBytes: 2,
  decode: (view, offset) => view.getInt16(offset, true),
  encode: (view, offset, value) => view.setInt16(offset, value, true),
};

/** A byte of data. */
export const BYTE: FieldForm = {
  sizeBytes: 1,
  decode: (view, offset) => view.getInt8(offset),
  encode: (view, offset, value) => view.setInt8(offset, value),
};

/** The low 31 bits of a word; bit 31 belongs to the unwind table. */
export const PREL31: FieldForm = {
  sizeBytes: 4,
  decode: (view, offset) => signExtend(view.getUint32(offset, true), 31),
  encode: (view, offset, value) =>
    view.setUint32(offset, ((view.getUint32(offset, true) & 0x8000_0000) | (value & 0x7fff_ffff)) >>> 0, true),
};

/** BL and B.W:   1 1 1 1 0 S imm10 | 1 k J1 1 J2 imm11      value = S:I1:I2:imm10:imm11:0,  I = NOT(J EOR S)
 *  BL has k = 1, B.W has k = 0. BLX (immediate) has a 0 in front of J2, and does not exist on M-profile. */
export const BRANCH24: FieldForm = {
  sizeBytes: 4,
  check(view, offset) {
    const low = view.getUint16(offset + 2, true);
    if ((low & 0xd000) === 0xc000) {
      return 'BLX (immediate) switches to Arm state, which M-profile cores do not have: compile for Thumb';
    }
    const isBranch = (view.getUint16(offset, true) & 0xf800) === 0xf000 && (low & 0x9000) === 0x9000;
    return isBranch ? undefined : 'there is neither BL nor B.W';
  },
  decode(view, offset) {
    const [high, low] = [view.getUint16(offset, true), view.getUint16(offset + 2, true)];
    const s = (high >> 10) & 1;
    const i1 = ((low >> 13) & 1) ^ s ^ 1;
    const i2 = ((low >> 11) & 1) ^ s ^ 1;
    return signExtend((s << 24) | (i1 << 23) | (i2 << 22) | ((high & 0x3ff) << 12) | ((low & 0x7ff) << 1), 25);
  },
  encode(view, offset, value) {
    const s = (value >> 24) & 1;
    const j1 = ((value >> 23) & 1) ^ s ^ 1;
    const j2 = ((value >> 22) & 1) ^ s ^ 1;
    put16(view, offset, 0x07ff, (s << 10) | ((value >> 12) & 0x3ff));
    put16(view, offset + 2, 0x2fff, (j1 << 13) | (j2 << 11) | ((value >> 1) & 0x7ff));
  },
};

/** B<c>.W:   1 1 1 1 0 S cond imm6 | 1 0 J1 0 J2 imm11      value = S:J2:J1:imm6:imm11:0 */
export const BRANCH19: FieldForm = {
  sizeBytes: 4,
  check: (view, offset) =>
    (view.getUint16(offset, true) & 0xf800) === 0xf000 && (view.getUint16(offset + 2, true) & 0xd000) === 0x8000
      ? undefined
      : 'there is no conditional B.W',
  decode(view, offset) {
    const [high, low] = [view.getUint16(offset, true), view.getUint16(offset + 2, true)];
    const [s, j1, j2] = [(high >> 10) & 1, (low >> 13) & 1, (low >> 11) & 1];
    return signExtend((s << 20) | (j2 << 19) | (j1 << 18) | ((high & 0x3f) << 12) | ((low & 0x7ff) << 1), 21);
  },
  encode(view, offset, value) {
    const [s, j2, j1] = [(value >> 20) & 1, (value >> 19) & 1, (value >> 18) & 1];
    put16(view, offset, 0x043f, (s << 10) | ((value >> 12) & 0x3f));
    put16(view, offset + 2, 0x2fff, (j1 << 13) | (j2 << 11) | ((value >> 1) & 0x7ff));
  },
};

/** B:   1 1 1 0 0 imm11      value = imm11:0 */
export const BRANCH11: FieldForm = {
  sizeBytes: 2,
  decode: (view, offset) => signExtend((view.getUint16(offset, true) & 0x7ff) << 1, 12),
  encode: (view, offset, value) => put16(view, offset, 0x07ff, value >> 1),
};

/** B<c>:   1 1 0 1 cond imm8      value = imm8:0 */
export const BRANCH8: FieldForm = {
  sizeBytes: 2,
  decode: (view, offset) => signExtend((view.getUint16(offset, true) & 0xff) << 1, 9),
  encode: (view, offset, value) => put16(view, offset, 0x00ff, value >> 1),
};

/** CBZ and CBNZ:   1 0 1 1 op 0 i 1 imm5 Rn      value = i:imm5:0, forwards only.
 *  A REL addend lies between −4 and 122, so that "this place" can be said. */
export const BRANCH6: FieldForm = {
  sizeBytes: 2,
  decode(view, offset) {
    const low = view.getUint16(offset, true);
    const field = ((low >> 3) & 0x40) | ((low >> 2) & 0x3e);
    return ((field + 4) & 0x7f) - 4;
  },
  encode: (view, offset, value) => put16(view, offset, 0x02f8, ((value & 0x40) << 3) | ((value & 0x3e) << 2)),
};

/** MOVW and MOVT:   1 1 1 1 0 i 1 0 t 1 0 0 imm4 | 0 imm3 Rd imm8      value = imm4:i:imm3:imm8
 *  MOVT takes the upper half of the value (`shift` 16). */
function movImmediate(shift: 0 | 16): FieldForm {
  return {
    sizeBytes: 4,
    check: (view, offset) =>
      (view.getUint16(offset, true) & 0xfb70) === 0xf240 ? undefined : 'there is neither MOVW nor MOVT',
    decode(view, offset) {
      const [high, low] = [view.getUint16(offset, true), view.getUint16(offset + 2, true)];
      return signExtend(((high & 0xf) << 12) | ((high & 0x400) << 1) | ((low & 0x7000) >> 4) | (low & 0xff), 16);
    },
    encode(view, offset, value) {
      const half = (value >>> shift) & 0xffff;
      put16(view, offset, 0x040f, (half >> 12) | ((half & 0x800) >> 1));
      put16(view, offset + 2, 0x70ff, ((half & 0x700) << 4) | (half & 0xff));
    },
  };
}
export const MOVW: FieldForm = movImmediate(0);
export const MOVT: FieldForm = movImmediate(16);

/** LDR Rt, [pc, #] and ADR, 16 bits:   opcode Rt imm8      value = imm8:00, forwards only */
export const LITERAL8: FieldForm = {
  sizeBytes: 2,
  decode: (view, offset) => ((((view.getUint16(offset, true) & 0xff) << 2) + 4) & 0x3ff) - 4,
  encode: (view, offset, value) => put16(view, offset, 0x00ff, value >> 2),
};

/** LDR.W Rt, [pc, #±]:   1 1 1 1 1 0 0 0 U … | Rt imm12      value = U ? imm12 : −imm12 */
export const LITERAL12: FieldForm = {
  sizeBytes: 4,
  decode(view, offset) {
    const size = view.getUint16(offset + 2, true) & 0xfff;
    return (view.getUint16(offset, true) & 0x80) !== 0 ? size : -size;
  },
  encode(view, offset, value) {
    put16(view, offset, 0x0080, value >= 0 ? 0x80 : 0);
    put16(view, offset + 2, 0x0fff, Math.abs(value));
  },
};

/** ADR.W:   1 1 1 1 0 i 1 0 n 0 n 0 1 1 1 1 | 0 imm3 Rd imm8      value = n ? −(i:imm3:imm8) : i:imm3:imm8 */
export const ADR12: FieldForm = {
  sizeBytes: 4,
  decode(view, offset) {
    const [high, low] = [view.getUint16(offset, true), view.getUint16(offset + 2, true)];
    const size = ((high & 0x400) << 1) | ((low & 0x7000) >> 4) | (low & 0xff);
    return (high & 0x00a0) !== 0 ? -size : size;
  },
  encode(view, offset, value) {
    const size = Math.abs(value);
    put16(view, offset, 0x04a0, ((size & 0x800) >> 1) | (value < 0 ? 0x00a0 : 0));
    put16(view, offset + 2, 0x70ff, ((size & 0x700) << 4) | (size & 0xff));
  },
};

/** LDR and STR (immediate), 16 bits:   0 1 1 B L imm5 Rn Rt      value = imm5:00 */
export const OFFSET5: FieldForm = {
  sizeBytes: 2,
  decode: (view, offset) => (view.getUint16(offset, true) & 0x07c0) >> 4,
  encode: (view, offset, value) => put16(view, offset, 0x07c0, value << 4),
};

/** MOVS and ADDS with imm8:   opcode Rd imm8      byte `group` of the value, 0 the lowest.
 *  How execute-only code for v6-M builds an address. */
export function byteGroup(group: 0 | 1 | 2 | 3): FieldForm {
  return {
    sizeBytes: 2,
    decode: (view, offset) => view.getUint8(offset),
    encode: (view, offset, value) => put16(view, offset, 0x00ff, (value >>> (8 * group)) & 0xff),
  };
}
