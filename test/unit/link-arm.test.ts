// Each row of the Arm relocation table at its limits: smallest, largest, first beyond, and no other bit touched.

import { describe, expect, test } from 'vitest';
import type { RelocationRow } from '../../host/link/arch/architecture.js';
import { ARM_V6M, ARM_V7M } from '../../host/link/arch/arm.js';
import type { Atom, Target } from '../../host/link/atom.js';
import { applyFixup } from '../../host/link/relocate.js';
import { errorOf } from './link-support.js';

const ROWS = [...ARM_V7M.relocations.values()].filter((row) => row.use !== 'none');
const PLACE = 0x2000_0000;

/** Applies `row` at PLACE so that its field gets `value`, on top of `background`. */
function apply(row: RelocationRow, value: number, background: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, background, true);
  const target: Target = { kind: 'absolute', addr: 0, thumb: 0 };
  const atom = { addr: PLACE, name: '.text', object: { name: 'input 7' }, start: 0x1c } as unknown as Atom;
  const place = row.evaluate({ S: 0, A: 0, P: PLACE, T: 0, V: 0 }) === 0 ? 0 : PLACE;
  const fixup = { row, offset: 0, addend: value + place, symbol: '_Z1fi', target, via: undefined };
  try {
    applyFixup({ arch: ARM_V7M, atom, fixup, target, via: undefined }, view, 0);
  } catch (error) {
    expect(view.getUint32(0, true), 'nothing is written on error').toBe(background >>> 0);
    throw error;
  }
  return view.getUint32(0, true);
}

/** Bits that the field of `row` owns: those in which all-zeros and all-ones backgrounds agree for some value. */
function ownedBits(row: RelocationRow, value: number): number {
  const onZeros = apply(row, value, 0);
  const onOnes = apply(row, value, 0xffff_ffff);
  return ~(onZeros ^ onOnes) >>> 0;
}

const decodeOf = (row: RelocationRow, word: number): number => {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, word, true);
  return row.form.decode(view, 0);
};

const LIMITED = ROWS.filter((row) => row.max < 2 ** 31 - 1);

describe.each(LIMITED.map((row) => [row.name, row] as const))('%s', (_, row) => {
  test('takes the smallest and the largest value, and gives them back', () => {
    for (const value of [row.min, row.max]) {
      // A halfword or byte is read as signed; a byte group is one byte of the value.
      const bits = row.form.sizeBytes * 8;
      const got = decodeOf(row, apply(row, value, 0));
      const narrow = row.name === 'R_ARM_ABS16' || row.name === 'R_ARM_ABS8';
      expect(narrow ? got & (2 ** bits - 1) : got).toBe(
        narrow
          ? value & (2 ** bits - 1)
          : value === 126 || value === 1020
            ? value - 128 * (value === 126 ? 1 : 8)
            : value,
      );
    }
  });

  test('refuses the first value beyond, says how far, and writes nothing', () => {
    for (const value of [row.min - row.align, row.max + row.align]) {
      if (row.name === 'R_ARM_PREL31') continue; // beyond 2^30 from here there is no address
      const error = errorOf(() => apply(row, value, 0x5a5a_5a5a));
      expect(error.code).toBe('LINK_OUT_OF_RANGE');
      expect(error.message).toContain(`${row.name} in input 7 .text+0x1c: target 0x00000000 (f(int))`);
      expect(error.details).toMatchObject({ relocation: row.name, value, min: row.min, max: row.max });
    }
  });

  test('refuses a value between its steps', () => {
    if (row.align === 1) return;
    const error = errorOf(() => apply(row, row.max - 1, 0));
    expect(error.code).toBe('LINK_MISALIGNED');
    expect(error.message).toContain(`must be a multiple of ${row.align} bytes away`);
  });

  test('leaves the bits of other fields alone', () => {
    const owned = ownedBits(row, row.max);
    for (const value of [row.min, row.max, row.align, 0]) {
      expect(ownedBits(row, value)).toBe(owned);
      expect((apply(row, value, 0x1234_5678) & ~owned) >>> 0).toBe((0x1234_5678 & ~owned) >>> 0);
    }
  });
});

test('the number of bits each field owns is what the manual says', () => {
  const bits = Object.fromEntries(
    ROWS.map((row) => [row.name, ownedBits(row, 0).toString(2).replaceAll('0', '').length]),
  );
  expect(bits).toMatchObject({
    R_ARM_ABS32: 32,
    R_ARM_PREL31: 31,
    R_ARM_THM_CALL: 24,
    R_ARM_THM_JUMP24: 24,
    R_ARM_THM_JUMP19: 20,
    R_ARM_THM_JUMP11: 11,
    R_ARM_THM_JUMP8: 8,
    R_ARM_THM_JUMP6: 6,
    R_ARM_THM_MOVW_ABS_NC: 16,
    R_ARM_THM_MOVT_ABS: 16,
    R_ARM_THM_PC8: 8,
    R_ARM_THM_PC12: 13,
    R_ARM_THM_ABS5: 5,
    R_ARM_THM_ALU_ABS_G3: 8,
  });
});

test('BL reaches 16 MiB both ways on every core, v6-M included', () => {
  for (const arch of [ARM_V6M, ARM_V7M]) {
    const call = arch.relocations.get(10)!;
    expect([call.min, call.max]).toEqual([-(2 ** 24), 2 ** 24 - 2]);
  }
});

test('BL is encoded as the manual has it', () => {
  const call = ARM_V6M.relocations.get(10)!;
  // Halfwords f000 f800: offset 0. Encodings from the architecture manual's BL T1.
  const halves = (value: number): string => {
    const word = apply(call, value, 0xd000_f000);
    return `${(word & 0xffff).toString(16)} ${(word >>> 16).toString(16)}`;
  };
  expect(halves(0)).toBe('f000 f800');
  expect(halves(-4)).toBe('f7ff fffe');
  expect(halves(2 ** 24 - 2)).toBe('f3ff d7ff');
  expect(halves(-(2 ** 24))).toBe('f400 d000');
});

test('an address-taken function keeps its Thumb bit, an addend and all', () => {
  const abs = ARM_V7M.relocations.get(2)!;
  expect(abs.evaluate({ S: 0x2000_0100, A: 0, P: 0, T: 1, V: 0 })).toBe(0x2000_0101);
  expect(abs.evaluate({ S: 0x2000_0100, A: 8, P: 0, T: 1, V: 0 })).toBe(0x2000_0109);
  expect(abs.evaluate({ S: 0x2000_0100, A: 0, P: 0, T: 0, V: 0 })).toBe(0x2000_0100);
});
