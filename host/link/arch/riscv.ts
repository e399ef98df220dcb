// RISC-V RV32IMAC with the ilp32 ABI: every relocation that clang and GCC emit for bare metal, as one table.
// Source: RISC-V ABIs Specification, ELF, "Relocations"; The RISC-V Instruction Set Manual I.
//
//   S  address of the symbol      P  address of the place; for PCREL_LO12 that of its AUIPC
//   A  addend                     V  what stands in the field
//
// An AUIPC and the instructions with its lower 12 bits are relocated one by one: each LO12 names the label of its
// HI20, and the linker gives it that relocation's symbol, addend and place (`pair`).
//
// Linker relaxation, which makes a call of 8 bytes one of 4 or 2, is left out: R_RISCV_RELAX only permits it. There is
// one thread, and the stub runs code with tp = 0: the offset of a thread-local variable from tp is its address.

import type { Architecture, FieldForm, RelocationRow, Terms, VeneerShape } from './architecture.js';
import { BYTE, HALF, NO_FIELD, WORD } from './arm-fields.js';
import { alignObject } from './riscv-align.js';
import {
  BRANCH,
  CALL,
  DOUBLE_WORD,
  GOT_LOAD,
  HI20,
  JAL,
  LO12_I,
  LO12_S,
  RVC_BRANCH,
  RVC_JUMP,
  SIX_BITS,
  ULEB128,
} from './riscv-fields.js';

type Expression = readonly [text: string, evaluate: (terms: Terms) => number];

const NOTHING: Expression = ['nothing', () => 0];
const ABS: Expression = ['S + A', ({ S, A }) => (S + A) | 0];
const REL: Expression = ['S + A − P', ({ S, A, P }) => (S + A - P) | 0];
const ADD: Expression = ['V + S + A', ({ S, A, V }) => (V + S + A) | 0];
const SUB: Expression = ['V − S − A', ({ S, A, V }) => (V - S - A) | 0];
const ADD_64: Expression = ['V + S + A', ({ S, A, V }) => V + S + A];
const SUB_64: Expression = ['V − S − A', ({ S, A, V }) => V - S - A];

const ANY = [-(2 ** 31), 2 ** 32 - 1] as const;
const ANY_64 = [-(2 ** 53), 2 ** 53] as const;
const signed = (bits: number) => [-(2 ** (bits - 1)), 2 ** (bits - 1) - 2] as const;

interface RowOptions {
  readonly align?: number;
  readonly veneer?: boolean;
  readonly pair?: RelocationRow['pair'];
}

function row(
  code: number,
  name: string,
  use: RelocationRow['use'],
  form: FieldForm,
  [expression, evaluate]: Expression,
  [min, max]: readonly [number, number] = ANY,
  { align = 1, veneer = false, pair }: RowOptions = {},
): RelocationRow {
  const base = { code, name, use, form, expression, evaluate, min, max, align, veneer };
  return pair === undefined ? base : { ...base, pair };
}

/** Codes of the relocations that a PCREL_LO12 may belong to. */
const GOT_HI20 = 20;
const PCREL_HI20 = 23;
const GOT_LO12: RelocationRow = row(24, 'R_RISCV_PCREL_LO12_I', 'address', GOT_LOAD, REL);
const pairsOfLoad = new Map([
  [PCREL_HI20, undefined],
  [GOT_HI20, GOT_LO12],
]);
const pairsOfStore = new Map([[PCREL_HI20, undefined]]);

// biome-ignore format: a table is read by its columns
const ROWS: readonly RelocationRow[] = [
  //   code  name                    use        form         expression  range        step, veneer
  row(  0, 'R_RISCV_NONE',          'none',    NO_FIELD,    NOTHING),
  row(  1, 'R_RISCV_32',            'address', WORD,        ABS),
  row( 16, 'R_RISCV_BRANCH',        'branch',  BRANCH,      REL,        signed(13),  { align: 2 }),
  row( 17, 'R_RISCV_JAL',           'branch',  JAL,         REL,        signed(21),  { align: 2, veneer: true }),
  row( 18, 'R_RISCV_CALL',          'branch',  CALL,        REL),
  row( 19, 'R_RISCV_CALL_PLT',      'branch',  CALL,        REL),
  row( 20, 'R_RISCV_GOT_HI20',      'address', HI20,        REL),
  row( 23, 'R_RISCV_PCREL_HI20',    'address', HI20,        REL),
  row( 24, 'R_RISCV_PCREL_LO12_I',  'address', LO12_I,      REL,        ANY,         { pair: pairsOfLoad }),
  row( 25, 'R_RISCV_PCREL_LO12_S',  'address', LO12_S,      REL,        ANY,         { pair: pairsOfStore }),
  row( 26, 'R_RISCV_HI20',          'address', HI20,        ABS),
  row( 27, 'R_RISCV_LO12_I',        'address', LO12_I,      ABS),
  row( 28, 'R_RISCV_LO12_S',        'address', LO12_S,      ABS),
  row( 29, 'R_RISCV_TPREL_HI20',    'address', HI20,        ABS),       // tp is 0
  row( 30, 'R_RISCV_TPREL_LO12_I',  'address', LO12_I,      ABS),
  row( 31, 'R_RISCV_TPREL_LO12_S',  'address', LO12_S,      ABS),
  row( 32, 'R_RISCV_TPREL_ADD',     'none',    NO_FIELD,    NOTHING),
  row( 33, 'R_RISCV_ADD8',          'address', BYTE,        ADD),
  row( 34, 'R_RISCV_ADD16',         'address', HALF,        ADD),
  row( 35, 'R_RISCV_ADD32',         'address', WORD,        ADD),
  row( 36, 'R_RISCV_ADD64',         'address', DOUBLE_WORD, ADD_64,     ANY_64),
  row( 37, 'R_RISCV_SUB8',          'address', BYTE,        SUB),
  row( 38, 'R_RISCV_SUB16',         'address', HALF,        SUB),
  row( 39, 'R_RISCV_SUB32',         'address', WORD,        SUB),
  row( 40, 'R_RISCV_SUB64',         'address', DOUBLE_WORD, SUB_64,     ANY_64),
  row( 43, 'R_RISCV_ALIGN',         'none',    NO_FIELD,    NOTHING),   // see riscv-align.ts
  row( 44, 'R_RISCV_RVC_BRANCH',    'branch',  RVC_BRANCH,  REL,        signed(9),   { align: 2 }),
  row( 45, 'R_RISCV_RVC_JUMP',      'branch',  RVC_JUMP,    REL,        signed(12),  { align: 2 }),
  row( 51, 'R_RISCV_RELAX',         'none',    NO_FIELD,    NOTHING),
  row( 52, 'R_RISCV_SUB6',          'address', SIX_BITS,    SUB),
  row( 53, 'R_RISCV_SET6',          'address', SIX_BITS,    ABS),
  row( 54, 'R_RISCV_SET8',          'address', BYTE,        ABS),
  row( 55, 'R_RISCV_SET16',         'address', HALF,        ABS),
  row( 56, 'R_RISCV_SET32',         'address', WORD,        ABS),
  row( 57, 'R_RISCV_32_PCREL',      'address', WORD,        REL),
  row( 59, 'R_RISCV_PLT32',         'address', WORD,        REL),
  row( 60, 'R_RISCV_SET_ULEB128',   'address', ULEB128,     ABS),
  row( 61, 'R_RISCV_SUB_ULEB128',   'address', ULEB128,     SUB),
];

const RELOCATIONS: ReadonlyMap<number, RelocationRow> = new Map(ROWS.map((entry) => [entry.code, entry]));

/** A jump to anywhere, by way of t1, which no caller or callee counts on at the start of a function:
 *
 *      auipc t1, %pcrel_hi(target)
 *      jr    %pcrel_lo(…)(t1)                        8 bytes, 2-aligned */
const VENEER: VeneerShape = {
  bytes: Uint8Array.of(0x17, 0x03, 0x00, 0x00, 0x67, 0x00, 0x03, 0x00),
  align: 2,
  relocation: { offset: 0, row: RELOCATIONS.get(19)! },
};

export const RV32: Architecture = {
  machine: 'riscv',
  relocations: RELOCATIONS,
  veneer: VENEER,
  splitValue: (value) => ({ value, thumb: 0 }),
  afterBranch: (place, branch) => place + branch.form.sizeBytes,
  prepare: alignObject,
};
