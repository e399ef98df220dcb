// The line table: a program for a small state machine that, run once, gives a row for each change of source line.
// A sequence is the rows of one stretch of code, in rising order; in an object file each section has its own.
//
//   header: directories, files, opcode lengths │ opcode opcode opcode …
//   special opcode = (line step - line_base) + line_range * (address step) + opcode_base
// @see DWARF 5, 6.2

import { DW_FORM, DW_LNCT, DW_LNE, DW_LNS } from './constants.js';
import { Cursor, dwarfError } from './cursor.js';
import { readString, skipForm } from './die.js';
import type { CodeAddr } from './sections.js';
import type { Unit } from './unit.js';

/** A place in the source; line and column count from 1, column 0 is the whole line. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface LineRow {
  readonly offset: number;
  readonly file: number;
  readonly line: number;
  readonly column: number;
  /** A good place for a breakpoint. */
  readonly isStatement: boolean;
}

/** Rows of one stretch of code, by rising offset; `end` is the first offset behind it. */
export interface LineSequence {
  readonly section: number;
  readonly start: number;
  readonly end: number;
  readonly rows: readonly LineRow[];
}

export interface LineTable {
  /** Paths by the file number of the rows. */
  readonly files: readonly string[];
  readonly sequences: readonly LineSequence[];
}

interface Header {
  readonly version: number;
  readonly minInstruction: number;
  readonly defaultIsStatement: boolean;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeLengths: readonly number[];
  readonly files: readonly string[];
}

/** Runs the line program at `offset` of .debug_line.
 *  @param unit for the strings its file table refers to
 *  @param compDir what relative paths of the table are relative to
 *  @throws DWARF_TRUNCATED, DWARF_VERSION outside 2 to 5, DWARF_BAD_FORM, DWARF_BAD_LINE_HEADER */
export function readLineTable(unit: Unit, offset: number, compDir: string): LineTable {
  const section = unit.sections.get('.debug_line');
  const outer = new Cursor(section.bytes, section.where, offset);
  const length = outer.u32();
  const start = outer.pos;
  outer.skip(length);
  const cursor = new Cursor(section.bytes, section.where, start, start + length);
  const header = readHeader(unit, cursor, compDir);
  return { files: header.files, sequences: runProgram(cursor, header, (at) => section.targetAt(at)) };
}

function readHeader(unit: Unit, cursor: Cursor, compDir: string): Header {
  const where = `${cursor.where}+0x${cursor.pos.toString(16)}`;
  const version = cursor.u16();
  if (version < 2 || version > 5) {
    throw dwarfError('DWARF_VERSION', where, `line table version ${version} is not read, 2 to 5 are`, { version });
  }
  if (version >= 5) cursor.skip(2);
  const headerLength = cursor.u32();
  const programOffset = cursor.pos + headerLength;
  const minInstruction = cursor.u8();
  if (version >= 4) cursor.skip(1);
  const defaultIsStatement = cursor.u8() !== 0;
  const lineBase = (cursor.u8() << 24) >> 24;
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  if (lineRange === 0 || opcodeBase === 0) {
    throw dwarfError(
      'DWARF_BAD_LINE_HEADER',
      where,
      'line_range or opcode_base is 0, no opcode could be told from another',
    );
  }
  const opcodeLengths = [0];
  for (let i = 1; i < opcodeBase; i++) opcodeLengths.push(cursor.u8());
  const files = version >= 5 ? readFiles5(unit, cursor, compDir) : readFiles4(cursor, compDir);
  cursor.pos = Math.min(Math.max(programOffset, cursor.pos), cursor.end);
  return { version, minInstruction, defaultIsStatement, lineBase, lineRange, opcodeLengths, files };
}

function joinPath(directory: string, name: string): string {
  const absolute = name.startsWith('/') || /^[A-Za-z]:[\\/]/.test(name);
  return absolute || directory === '' ? name : `${directory}/${name}`;
}

/** Version 5: tables whose columns are described before them; directory 0 and file 0 are the unit's own. */
function readFiles5(unit: Unit, cursor: Cursor, compDir: string): string[] {
  const directories = readEntries(unit, cursor).map((entry) => joinPath(compDir, entry.path));
  return readEntries(unit, cursor).map((entry) => joinPath(directories[entry.directory] ?? compDir, entry.path));
}

function readEntries(unit: Unit, cursor: Cursor): { path: string; directory: number }[] {
  const columns: { content: number; form: number }[] = [];
  for (let count = cursor.u8(); count > 0; count--) columns.push({ content: cursor.uleb(), form: cursor.uleb() });
  const count = cursor.uleb();
  const entries: { path: string; directory: number }[] = [];
  // Columns without a size would let a wrong count run on for ever.
  if (count > cursor.end - cursor.pos) {
    throw dwarfError(
      'DWARF_BAD_LINE_HEADER',
      `${cursor.where}+0x${cursor.pos.toString(16)}`,
      `a table of ${count} entries does not fit`,
    );
  }
  for (let i = 0; i < count; i++) {
    let path = '';
    let directory = 0;
    for (const { content, form } of columns) {
      if (content === DW_LNCT.path) path = readString(unit, cursor, form);
      else if (content === DW_LNCT.directory_index) directory = readIndex(cursor, form);
      else skipForm(cursor, form);
    }
    entries.push({ path, directory });
  }
  return entries;
}

function readIndex(cursor: Cursor, form: number): number {
  if (form === DW_FORM.data1) return cursor.u8();
  if (form === DW_FORM.data2) return cursor.u16();
  if (form === DW_FORM.udata) return cursor.uleb();
  skipForm(cursor, form);
  return 0;
}

/** Up to version 4: NUL-ended lists, counted from 1. */
function readFiles4(cursor: Cursor, compDir: string): string[] {
  const directories = [compDir];
  for (let name = cursor.cstring(); name !== ''; name = cursor.cstring()) directories.push(joinPath(compDir, name));
  const files = [''];
  for (let name = cursor.cstring(); name !== ''; name = cursor.cstring()) {
    files.push(joinPath(directories[cursor.uleb()] ?? compDir, name));
    cursor.skipLeb();
    cursor.skipLeb();
  }
  return files;
}

function runProgram(cursor: Cursor, header: Header, targetAt: (offset: number) => number): LineSequence[] {
  const { lineBase, lineRange, minInstruction, opcodeLengths } = header;
  const sequences: LineSequence[] = [];
  const initial = { offset: 0, section: 0, file: 1, line: 1, column: 0, isStatement: header.defaultIsStatement };
  let state = { ...initial };
  let rows: LineRow[] = [];
  const push = (): void => {
    const { offset, file, line, column, isStatement } = state;
    rows.push({ offset, file, line, column, isStatement });
  };
  const extended = (): void => {
    const length = cursor.uleb();
    const end = cursor.pos + length;
    if (length > 0) {
      const opcode = cursor.u8();
      if (opcode === DW_LNE.end_sequence) {
        const first = rows[0];
        if (first && state.offset > first.offset) {
          rows.sort((a, b) => a.offset - b.offset);
          sequences.push({ section: state.section, start: rows[0]!.offset, end: state.offset, rows });
        }
        state = { ...initial };
        rows = [];
      } else if (opcode === DW_LNE.set_address) {
        state.section = targetAt(cursor.pos);
        state.offset = cursor.u32();
      }
    }
    cursor.skip(end - cursor.pos);
  };
  const standard: Readonly<Record<number, () => void>> = {
    [DW_LNS.copy]: push,
    [DW_LNS.advance_pc]: () => {
      state.offset += cursor.uleb() * minInstruction;
    },
    [DW_LNS.advance_line]: () => {
      state.line += cursor.sleb();
    },
    [DW_LNS.set_file]: () => {
      state.file = cursor.uleb();
    },
    [DW_LNS.set_column]: () => {
      state.column = cursor.uleb();
    },
    [DW_LNS.negate_stmt]: () => {
      state.isStatement = !state.isStatement;
    },
    [DW_LNS.const_add_pc]: () => {
      state.offset += Math.floor((255 - opcodeLengths.length) / lineRange) * minInstruction;
    },
    [DW_LNS.fixed_advance_pc]: () => {
      state.offset += cursor.u16();
    },
  };
  while (!cursor.atEnd) {
    const opcode = cursor.u8();
    if (opcode === 0) extended();
    else if (opcode >= opcodeLengths.length) {
      const step = opcode - opcodeLengths.length;
      state.offset += Math.floor(step / lineRange) * minInstruction;
      state.line += lineBase + (step % lineRange);
      push();
    } else {
      const run = standard[opcode];
      if (run) run();
      else for (let i = opcodeLengths[opcode]!; i > 0; i--) cursor.skipLeb();
    }
  }
  return sequences;
}

/** The source line of the code at `addr`. Code the compiler made up has line 0: the line before it counts. */
export function lineInTable(table: LineTable, addr: CodeAddr): SourceLine | undefined {
  const sequence = table.sequences.find(
    (s) => s.section === addr.section && addr.offset >= s.start && addr.offset < s.end,
  );
  if (!sequence) return undefined;
  let low = 0;
  let high = sequence.rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sequence.rows[middle]!.offset <= addr.offset) low = middle + 1;
    else high = middle;
  }
  for (let i = low - 1; i >= 0; i--) {
    const row = sequence.rows[i]!;
    if (row.line > 0) return { file: table.files[row.file] ?? '?', line: row.line, column: row.column };
  }
  return undefined;
}
