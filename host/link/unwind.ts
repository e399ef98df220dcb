// Exceptions on Arm: which functions can be unwound, and how, in the one table that libgcc's unwinder searches.
//
//   .ARM.exidx of an object   row: function, how to unwind ─┬→ inline word, or 1: not at all
//                                                           └→ .ARM.extab, a constant that lives as long as the code
//
//   table on the board        count │ row │ row │ …          sorted by address, each word relative to its place
//
// Each row of an object is kept as a fixup of its code that writes nothing: so what it refers to is linked, moved,
// undone and freed with the code. The table is made anew for every input, of all code there is; what differs from the
// one on the board is patched like the callers of a function that was typed again.
// Source: Exception Handling ABI for the Arm Architecture (ehabi32), 6 and 7.

import { BarewireError } from '../diag/error.js';
import type { ObjectFile, Relocation } from '../elf/object-file.js';
import type { Architecture, RelocationRow } from './arch/architecture.js';
import { NO_FIELD } from './arch/arm-fields.js';
import { type Atom, addressOfTarget } from './atom.js';
import type { Patch } from './types.js';

/** Address of the table, as the support library calls it. */
export const UNWIND_TABLE = '__bw_unwind_table';

/** The unwinder refers to it weakly, which links nothing. */
export const UNWIND_COMPANION = { when: '_Unwind_RaiseException', also: '__gnu_Unwind_Find_exidx' };

/** The table on the board: a count, then two words a row. */
export interface UnwindTable {
  readonly addr: number;
  readonly sizeBytes: number;
  /** What stands there; all beyond is zero, or was never written. */
  readonly words: readonly number[];
}

/** Row of an object: code from `offset` on, up to the next row. */
export interface UnwindEntry {
  /** Bytes from the start of the code section. */
  readonly offset: number;
  /** Second word of the row, if it is no reference. */
  readonly word: number;
  /** The reference to an .ARM.extab section. */
  readonly relocation: Relocation | undefined;
}

/** Marks a fixup that stands for a row: `offset` of the function, `target` and `addend` of the second word. */
export const UNWIND_ROW: RelocationRow = {
  name: 'row of .ARM.exidx',
  code: -1,
  use: 'branch',
  form: NO_FIELD,
  expression: 'nothing',
  evaluate: () => 0,
  min: 0,
  max: 0,
  align: 1,
  veneer: false,
};

const SHT_ARM_EXIDX = 0x7000_0001;
const R_ARM_PREL31 = 42;
const ROW_BYTES = 8;
/** Second word of code that nothing can be thrown through. */
const CANT_UNWIND = 1;
const NO_ENTRIES: readonly UnwindEntry[] = [];

const cache = new WeakMap<ObjectFile['symbols'], ReadonlyMap<number, readonly UnwindEntry[]>>();

/** The rows of a code section, in order of offset. */
export function unwindEntriesOf(arch: Architecture, object: ObjectFile, section: number): readonly UnwindEntry[] {
  const { symbols } = object;
  let entries = cache.get(symbols);
  if (entries === undefined) {
    entries = readEntries(arch, object);
    cache.set(symbols, entries);
  }
  return entries.get(section) ?? NO_ENTRIES;
}

function readEntries(arch: Architecture, object: ObjectFile): Map<number, readonly UnwindEntry[]> {
  const bySection = new Map<number, UnwindEntry[]>();
  const { form } = arch.relocations.get(R_ARM_PREL31)!;
  for (const section of object.sections) {
    if (section.type !== SHT_ARM_EXIDX) continue;
    const view = new DataView(section.bytes.buffer, section.bytes.byteOffset, section.bytes.byteLength);
    const at = new Map(section.relocations.filter(({ type }) => type === R_ARM_PREL31).map((it) => [it.offset, it]));
    for (let row = 0; row + ROW_BYTES <= section.bytes.length; row += ROW_BYTES) {
      const reference = at.get(row);
      const symbol = reference === undefined ? undefined : object.symbols[reference.symbol];
      if (typeof symbol?.section !== 'number') continue;
      const { value } = arch.splitValue(symbol.value, symbol.type === 'func');
      const offset = (value + (reference?.addend ?? form.decode(view, row))) & ~1;
      const entry = { offset, word: view.getUint32(row + 4, true), relocation: at.get(row + 4) };
      const list = bySection.get(symbol.section);
      if (list === undefined) bySection.set(symbol.section, [entry]);
      else list.push(entry);
    }
  }
  for (const list of bySection.values()) list.sort((a, b) => a.offset - b.offset);
  return bySection;
}

/** How large the table is on a board. */
export function unwindTableBytes(arenaBytes: number): number {
  return 4 + (Math.min(Math.floor(arenaBytes / 24), 0x1_0000) & ~(ROW_BYTES - 1));
}

/** The table with rows for all of `atoms`.
 *  @throws LINK_UNWIND_FULL */
export function unwindTableFor(table: UnwindTable, atoms: Iterable<Atom>): UnwindTable {
  const rows = rowsOf(atoms);
  const room = Math.floor((table.sizeBytes - 4) / ROW_BYTES);
  if (rows.length > room) {
    throw new BarewireError(
      'LINK_UNWIND_FULL',
      `the table that exceptions are looked up in has ${room} rows, and the functions on the board need ${rows.length}\n` +
        'Take inputs back with :undo, or begin anew without --exceptions',
      { rows: rows.length, room },
    );
  }
  // What stands behind the last row stays there.
  const words = table.words.slice();
  words[0] = rows.length;
  for (const [i, { addr, word, target }] of rows.entries()) {
    const place = table.addr + 4 + i * ROW_BYTES;
    words[1 + 2 * i] = prel31(addr, place);
    words[2 + 2 * i] = target === undefined ? word : prel31(target, place + 4);
  }
  return { ...table, words };
}

const prel31 = (target: number, place: number): number => (target - place) & 0x7fff_ffff;

interface Row {
  readonly addr: number;
  readonly word: number;
  /** Address that the second word refers to, instead of `word`. */
  readonly target: number | undefined;
}

/** Neighbours that are unwound alike share a row. Where no code follows code a row says so, lest a return address
 *  outside (the stub's) be taken for a function's. */
function rowsOf(atoms: Iterable<Atom>): Row[] {
  const code = [...atoms].filter(({ kind }) => kind === 'code').sort((a, b) => a.addr - b.addr);
  const rows: Row[] = [];
  const add = (addr: number, word: number, target?: number): void => {
    const last = rows.at(-1) ?? { word: CANT_UNWIND, target: undefined };
    if (target === undefined && last.target === undefined && last.word === word) return;
    rows.push({ addr, word, target });
  };
  let end: number | undefined;
  for (const atom of code) {
    if (end !== undefined && atom.addr > end) add(end, CANT_UNWIND);
    const entries = atom.fixups.filter(({ row }) => row === UNWIND_ROW);
    if (entries[0]?.offset !== 0) add(atom.addr, CANT_UNWIND);
    for (const { offset, target, addend } of entries) {
      if (target.kind === 'atom') add(atom.addr + offset, 0, addressOfTarget(target) + addend);
      else add(atom.addr + offset, addressOfTarget(target));
    }
    end = atom.addr + Math.max(atom.spanBytes, atom.sizeBytes);
  }
  if (end !== undefined) add(end, CANT_UNWIND);
  return rows;
}

/** What is to be written so that `now` stands where `before` stood: the count, and the stretch that differs. */
export function unwindPatches(before: UnwindTable, now: UnwindTable): Patch[] {
  const differs = (i: number): boolean => (before.words[i] ?? 0) !== (now.words[i] ?? 0);
  const patches: Patch[] = [];
  let first = 1;
  while (first < now.words.length && !differs(first)) first++;
  let end = now.words.length;
  while (end > first && !differs(end - 1)) end--;
  const patch = (from: number, to: number): void => {
    if (from >= to) return;
    const addr = now.addr + 4 * from;
    patches.push({ addr, bytes: bytesOf(now.words, from, to), previous: bytesOf(before.words, from, to) });
  };
  // The memory of a new table is not zero yet.
  if (before.words.length === 0 || differs(0)) patch(0, 1);
  patch(first, end);
  return patches;
}

function bytesOf(words: readonly number[], from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(4 * (to - from));
  const view = new DataView(bytes.buffer);
  for (let i = from; i < to; i++) view.setUint32(4 * (i - from), words[i] ?? 0, true);
  return bytes;
}
