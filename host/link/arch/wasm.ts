// WebAssembly, with functions as records in memory (protocol/wasm-function.ts): every relocation that clang emits
// without position-independent code, as one table. Indices that count per module are the executor's to fill in; what
// is left are addresses.
// Source: tool-conventions, Linking.md; LLVM's WasmRelocs.def.
//
//   S  address of the symbol; of a function it is its index in the table      A  addend

import { aliasRecord } from '../../wasm/record.js';
import type { Architecture, FieldForm, RelocationRow, Terms, VeneerShape } from './architecture.js';
import { NO_FIELD, WORD } from './arm-fields.js';

/** Padded LEB128 of five bytes: bits 0–6, 7–13, 14–20, 21–27, 28–31. */
const LEB: FieldForm = {
  sizeBytes: 5,
  decode: (view, offset) => {
    let value = 0;
    for (let i = 0; i < 5; i++) value |= (view.getUint8(offset + i) & 0x7f) << (7 * i);
    return value >>> 0;
  },
  encode: (view, offset, value) => {
    let rest = value >>> 0;
    for (let i = 0; i < 4; i++, rest >>>= 7) view.setUint8(offset + i, (rest & 0x7f) | 0x80);
    view.setUint8(offset + 4, rest);
  },
  check: padding,
};

/** The same, signed: the last byte repeats the sign. */
const SIGNED_LEB: FieldForm = {
  sizeBytes: 5,
  decode: (view, offset) => LEB.decode(view, offset) | 0,
  encode: (view, offset, value) => {
    LEB.encode(view, offset, value);
    view.setUint8(offset + 4, ((value | 0) >> 28) & 0x7f);
  },
  check: padding,
};

function padding(view: DataView, offset: number): string | undefined {
  for (let i = 0; i < 4; i++) if (view.getUint8(offset + i) < 0x80) return 'no LEB128 of five bytes stands there';
  return view.getUint8(offset + 4) < 0x80 ? undefined : 'no LEB128 of five bytes stands there';
}

type Expression = readonly [text: string, evaluate: (terms: Terms) => number];
const ADDRESS: Expression = ['S + A', ({ S, A }) => (S + A) | 0];
const FUNCTION: Expression = ['S', ({ S }) => S | 0];
const NOTHING: Expression = ['nothing', () => 0];

function row(
  code: number,
  name: string,
  use: RelocationRow['use'],
  form: FieldForm,
  [expression, evaluate]: Expression,
): RelocationRow {
  return { code, name, use, form, expression, evaluate, min: -(2 ** 31), max: 2 ** 32 - 1, align: 1, veneer: false };
}

// biome-ignore format: a table is read by its columns
const ROWS: readonly RelocationRow[] = [
  row( 0, 'R_WASM_FUNCTION_INDEX_LEB', 'branch',  WORD,       ADDRESS),  // a word of the record
  row( 1, 'R_WASM_TABLE_INDEX_SLEB',   'address', SIGNED_LEB, FUNCTION),
  row( 2, 'R_WASM_TABLE_INDEX_I32',    'address', WORD,       FUNCTION),
  row( 3, 'R_WASM_MEMORY_ADDR_LEB',    'address', LEB,        ADDRESS),
  row( 4, 'R_WASM_MEMORY_ADDR_SLEB',   'address', SIGNED_LEB, ADDRESS),
  row( 5, 'R_WASM_MEMORY_ADDR_I32',    'address', WORD,       ADDRESS),
  row(20, 'R_WASM_TABLE_NUMBER_LEB',   'none',    NO_FIELD,   NOTHING),
];

const RELOCATIONS: ReadonlyMap<number, RelocationRow> = new Map(ROWS.map((entry) => [entry.code, entry]));

/** An alias record: what is called there is another function, whatever its type. */
const { bytes, addressOffset } = aliasRecord();
const ALIAS: VeneerShape = { bytes, align: 4, relocation: { offset: addressOffset, row: RELOCATIONS.get(0)! } };

export const WASM32: Architecture = {
  machine: 'wasm',
  relocations: RELOCATIONS,
  veneer: ALIAS,
  splitValue: (value) => ({ value, thumb: 0 }),
  // A call of nothing: the executor's table has nothing at 0, and the call traps.
  afterBranch: () => 0,
};
