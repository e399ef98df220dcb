// Arm M-profile (ARMv6-M, ARMv7-M, ARMv7E-M, ARMv8-M): every relocation that clang and GCC emit for bare metal
// without position-independent code, as one table. BASE_PREL, GOT and SBREL relocations belong to such code.
// Source: ELF for the Arm Architecture (aaelf32), 5.6; Armv6-M and Armv7-M Architecture Reference Manuals.
//
//   S  address of the symbol        T  1 if it is a Thumb function
//   A  addend                       P  address of the place       Pa  P with its two lowest bits cleared

import type { Architecture, FieldForm, RelocationRow, Terms, VeneerShape } from './architecture.js';
import {
  ADR12,
  BRANCH6,
  BRANCH8,
  BRANCH11,
  BRANCH19,
  BRANCH24,
  BYTE,
  byteGroup,
  HALF,
  LITERAL8,
  LITERAL12,
  MOVT,
  MOVW,
  NO_FIELD,
  OFFSET5,
  PREL31,
  WORD,
} from './arm-fields.js';

type Expression = readonly [text: string, evaluate: (terms: Terms) => number];

const NOTHING: Expression = ['nothing', () => 0];
const ABS: Expression = ['S + A', ({ S, A }) => (S + A) | 0];
const ABS_T: Expression = ['(S + A) | T', ({ S, A, T }) => (S + A) | T];
const REL: Expression = ['S + A − P', ({ S, A, P }) => (S + A - P) | 0];
const REL_T: Expression = ['((S + A) | T) − P', ({ S, A, P, T }) => (((S + A) | T) - P) | 0];
// A branch has no room for the Thumb bit, and M-profile has no other state: T is left out of its distance.
const BRANCH: Expression = ['((S + A) | T) − P', ({ S, A, P }) => ((S & ~1) + A - P) | 0];
const REL_PA: Expression = ['S + A − Pa', ({ S, A, P }) => (S + A - (P & ~3)) | 0];

const ANY = [-(2 ** 31), 2 ** 32 - 1] as const;
const signed = (bits: number, step = 1) => [-(2 ** (bits - 1)), 2 ** (bits - 1) - step] as const;

function row(
  code: number,
  name: string,
  use: RelocationRow['use'],
  form: FieldForm,
  [expression, evaluate]: Expression,
  [min, max]: readonly [number, number] = ANY,
  options: { align?: number; veneer?: boolean } = {},
): RelocationRow {
  return {
    code,
    name,
    use,
    form,
    expression,
    evaluate,
    min,
    max,
    align: options.align ?? 1,
    veneer: options.veneer ?? false,
  };
}

// biome-ignore format: a table is read by its columns
const ROWS: readonly RelocationRow[] = [
  //   code  name                          use        form          expression  range          step, veneer
  row(  0, 'R_ARM_NONE',                  'none',    NO_FIELD,     NOTHING),
  row(  2, 'R_ARM_ABS32',                 'address', WORD,         ABS_T),
  row(  3, 'R_ARM_REL32',                 'address', WORD,         REL_T),
  row(  5, 'R_ARM_ABS16',                 'address', HALF,         ABS,        [-32768, 65535]),
  row(  7, 'R_ARM_THM_ABS5',              'address', OFFSET5,      ABS,        [0, 124],      { align: 4 }),
  row(  8, 'R_ARM_ABS8',                  'address', BYTE,         ABS,        [-128, 255]),
  row( 10, 'R_ARM_THM_CALL',              'branch',  BRANCH24,     BRANCH,     signed(25, 2), { align: 2, veneer: true }),
  row( 11, 'R_ARM_THM_PC8',               'address', LITERAL8,     REL_PA,     [0, 1020],     { align: 4 }),
  row( 30, 'R_ARM_THM_JUMP24',            'branch',  BRANCH24,     BRANCH,     signed(25, 2), { align: 2, veneer: true }),
  row( 38, 'R_ARM_TARGET1',               'address', WORD,         ABS_T),     // bare metal: as ABS32
  row( 40, 'R_ARM_V4BX',                  'none',    NO_FIELD,     NOTHING),
  row( 41, 'R_ARM_TARGET2',               'address', WORD,         REL_T),     // bare metal: as REL32
  row( 42, 'R_ARM_PREL31',                'address', PREL31,       REL_T,      signed(31)),
  row( 47, 'R_ARM_THM_MOVW_ABS_NC',       'address', MOVW,         ABS_T),
  row( 48, 'R_ARM_THM_MOVT_ABS',          'address', MOVT,         ABS),
  row( 49, 'R_ARM_THM_MOVW_PREL_NC',      'address', MOVW,         REL_T),
  row( 50, 'R_ARM_THM_MOVT_PREL',         'address', MOVT,         REL),
  row( 51, 'R_ARM_THM_JUMP19',            'branch',  BRANCH19,     BRANCH,     signed(21, 2), { align: 2, veneer: true }),
  row( 52, 'R_ARM_THM_JUMP6',             'branch',  BRANCH6,      BRANCH,     [0, 126],      { align: 2 }),
  row( 53, 'R_ARM_THM_ALU_PREL_11_0',     'address', ADR12,        REL_PA,     [-4095, 4095]),
  row( 54, 'R_ARM_THM_PC12',              'address', LITERAL12,    REL_PA,     [-4095, 4095]),
  row( 55, 'R_ARM_ABS32_NOI',             'address', WORD,         ABS),
  row( 56, 'R_ARM_REL32_NOI',             'address', WORD,         REL),
  row(102, 'R_ARM_THM_JUMP11',            'branch',  BRANCH11,     BRANCH,     signed(12, 2), { align: 2 }),
  row(103, 'R_ARM_THM_JUMP8',             'branch',  BRANCH8,      BRANCH,     signed(9, 2),  { align: 2 }),
  row(132, 'R_ARM_THM_ALU_ABS_G0_NC',     'address', byteGroup(0), ABS_T),
  row(133, 'R_ARM_THM_ALU_ABS_G1_NC',     'address', byteGroup(1), ABS),
  row(134, 'R_ARM_THM_ALU_ABS_G2_NC',     'address', byteGroup(2), ABS),
  row(135, 'R_ARM_THM_ALU_ABS_G3',        'address', byteGroup(3), ABS),
];

const RELOCATIONS: ReadonlyMap<number, RelocationRow> = new Map(ROWS.map((entry) => [entry.code, entry]));
const ABS32 = RELOCATIONS.get(2)!;

/** Thumb-1 cannot load pc from memory, and a veneer must leave r0–r11 alone. So the address goes to the stack in
 *  r1's slot, and one POP restores r0 and jumps; sp ends where it was:
 *
 *      b403   push {r0, r1}       sp ─→ r0, (r1)
 *      4801   ldr  r0, [pc, #4]         the word below
 *      9001   str  r0, [sp, #4]   sp ─→ r0, target
 *      bd01   pop  {r0, pc}
 *      .word  target | 1                                   12 bytes, 4-aligned; no register changes */
const VENEER_V6M: VeneerShape = {
  bytes: Uint8Array.of(0x03, 0xb4, 0x01, 0x48, 0x01, 0x90, 0x01, 0xbd, 0, 0, 0, 0),
  align: 4,
  relocation: { offset: 8, row: ABS32 },
};

/** Thumb-2:
 *
 *      f8df f000   ldr.w pc, [pc]       the word below
 *      .word  target | 1                                    8 bytes, 4-aligned */
const VENEER_V7M: VeneerShape = {
  bytes: Uint8Array.of(0xdf, 0xf8, 0x00, 0xf0, 0, 0, 0, 0),
  align: 4,
  relocation: { offset: 4, row: ABS32 },
};

function armArchitecture(veneer: VeneerShape): Architecture {
  return {
    machine: 'arm',
    relocations: RELOCATIONS,
    veneer,
    splitValue: (value, isFunction) =>
      isFunction && (value & 1) === 1 ? { value: (value & ~1) >>> 0, thumb: 1 } : { value, thumb: 0 },
    afterBranch: (place, branch) => place + branch.form.sizeBytes,
  };
}

export const ARM_V6M: Architecture = armArchitecture(VENEER_V6M);
export const ARM_V7M: Architecture = armArchitecture(VENEER_V7M);
