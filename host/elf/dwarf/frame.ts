// .debug_frame: for every code address, where the caller's stack pointer was and where its registers are saved.
//
//   FDE  code range │ instructions      row:  CFA = sp + 24   r4 = [CFA - 16]   lr = [CFA - 4]
//   CIE  shared start of those
//
// The rows are exact from a function's first instruction to the last of its body; compilers leave out its end, where
// the frame is taken down (thumb-epilogue.ts knows that).
//
// LLVM forgets, in Thumb-1 prologues, that saving r8 to r11 moves the stack pointer too: a register is then said to be
// saved below it. No correct table says that, so the distance is added to that row and to all that follow.
// @see DWARF 5, 6.4 and 7.24; AADWARF32, register numbers 0 to 15

import type { ObjectFile } from '../object-file.js';
import { DW_CFA } from './constants.js';
import { Cursor, dwarfError } from './cursor.js';
import { type CodeAddr, type DebugSection, debugSections } from './sections.js';

/** Where the caller's value of a register is. */
export type RegisterRule =
  | { readonly kind: 'same' }
  | { readonly kind: 'undefined' }
  /** In memory, at CFA + offset. */
  | { readonly kind: 'saved'; readonly offset: number }
  /** CFA + offset itself. */
  | { readonly kind: 'value'; readonly offset: number }
  | { readonly kind: 'register'; readonly register: number };

/** How to get from a place in a function to its caller. */
export interface FrameRow {
  /** The caller's stack pointer is this register plus this offset. */
  readonly cfa: { readonly register: number; readonly offset: number };
  readonly registers: ReadonlyMap<number, RegisterRule>;
  /** Number of the register that holds the return address. */
  readonly returnRegister: number;
}

interface CommonEntry {
  readonly codeAlign: number;
  readonly dataAlign: number;
  readonly returnRegister: number;
  readonly instructions: Cursor;
}

interface FrameEntry {
  readonly common: CommonEntry;
  readonly start: CodeAddr;
  readonly sizeBytes: number;
  readonly from: number;
  readonly end: number;
}

const SP = 13;
const NO_CIE = 0xffffffff;
/** Far more than any compiler writes; damaged tables must not loop for long. */
const MAX_INSTRUCTIONS = 10_000;

const cache = new WeakMap<ObjectFile['sections'], readonly FrameEntry[]>();

/** The row for the code at `addr` (bit 0 off), or undefined where the table knows no function.
 *  @throws DWARF_TRUNCATED, DWARF_BAD_FRAME when the table is damaged */
export function frameRowAt(object: ObjectFile, addr: CodeAddr): FrameRow | undefined {
  const section = debugSections(object).get('.debug_frame');
  let entries = cache.get(object.sections);
  if (entries === undefined) {
    entries = readEntries(section);
    cache.set(object.sections, entries);
  }
  const entry = entries.find(
    ({ start, sizeBytes }) =>
      start.section === addr.section && addr.offset >= start.offset && addr.offset < start.offset + sizeBytes,
  );
  return entry === undefined ? undefined : rowOf(section, entry, addr.offset - entry.start.offset);
}

function readEntries(section: DebugSection): FrameEntry[] {
  const entries: FrameEntry[] = [];
  const commons = new Map<number, CommonEntry>();
  const outer = new Cursor(section.bytes, section.where);
  while (!outer.atEnd) {
    const length = outer.u32();
    const [from, id] = [outer.pos, outer.pos];
    outer.skip(length);
    const cursor = new Cursor(section.bytes, section.where, from, from + length);
    if (length === 0) continue;
    const commonOffset = cursor.u32();
    if (commonOffset === NO_CIE) continue;
    let common = commons.get(commonOffset);
    if (common === undefined) {
      common = readCommon(section, commonOffset);
      commons.set(commonOffset, common);
    }
    const start = { section: section.targetAt(id + 4), offset: cursor.u32() };
    entries.push({ common, start, sizeBytes: cursor.u32(), from: cursor.pos, end: from + length });
  }
  return entries;
}

function readCommon(section: DebugSection, offset: number): CommonEntry {
  const outer = new Cursor(section.bytes, section.where, offset);
  const length = outer.u32();
  const start = outer.pos;
  outer.skip(length);
  const cursor = new Cursor(section.bytes, section.where, start, start + length);
  const isCommon = cursor.u32() === NO_CIE;
  const version = cursor.u8();
  const augmentation = cursor.cstring();
  if (!isCommon || ![1, 3, 4].includes(version) || augmentation !== '') {
    throw badFrame(section, offset, `there is no entry of version 1, 3 or 4 here (version ${version})`);
  }
  if (version === 4 && (cursor.u8() !== 4 || cursor.u8() !== 0)) {
    throw badFrame(section, offset, 'addresses are not 4 bytes without a segment');
  }
  const codeAlign = cursor.uleb();
  const dataAlign = cursor.sleb();
  const returnRegister = version === 1 ? cursor.u8() : cursor.uleb();
  return { codeAlign, dataAlign, returnRegister, instructions: cursor };
}

function badFrame(section: DebugSection, offset: number, problem: string): Error {
  return dwarfError('DWARF_BAD_FRAME', `${section.where}+0x${offset.toString(16)}`, problem);
}

interface State {
  register: number;
  offset: number;
  registers: Map<number, RegisterRule>;
}

/** Runs the instructions up to `offset` bytes into the function. */
function rowOf(section: DebugSection, { common, from, end }: FrameEntry, offset: number): FrameRow {
  let state: State = { register: SP, offset: 0, registers: new Map() };
  let first: ReadonlyMap<number, RegisterRule> = new Map();
  const remembered: State[] = [];
  let at = 0;
  /** Bytes that the prologue has pushed and the table has missed. */
  let hidden = 0;
  let count = 0;

  const settle = (): void => {
    if (state.register !== SP) return;
    for (const rule of state.registers.values()) {
      if (rule.kind === 'saved') hidden = Math.max(hidden, -rule.offset - state.offset);
    }
  };
  const advance = (bytes: number): boolean => {
    settle();
    at += bytes * common.codeAlign;
    return at > offset;
  };
  const save = (register: number, factored: number): void => {
    state.registers.set(register, { kind: 'saved', offset: factored * common.dataAlign });
  };
  const restore = (register: number): void => {
    const rule = first.get(register);
    if (rule === undefined) state.registers.delete(register);
    else state.registers.set(register, rule);
  };

  const run = (cursor: Cursor): void => {
    while (!cursor.atEnd) {
      if (++count > MAX_INSTRUCTIONS) throw badFrame(section, cursor.pos, 'the instructions do not end');
      const opcode = cursor.u8();
      const low = opcode & 0x3f;
      switch (opcode >> 6) {
        case 1:
          if (advance(low)) return;
          continue;
        case 2:
          save(low, cursor.uleb());
          continue;
        case 3:
          restore(low);
          continue;
      }
      switch (opcode) {
        case DW_CFA.nop:
          break;
        case DW_CFA.advance_loc1:
          if (advance(cursor.u8())) return;
          break;
        case DW_CFA.advance_loc2:
          if (advance(cursor.u16())) return;
          break;
        case DW_CFA.advance_loc4:
          if (advance(cursor.u32())) return;
          break;
        case DW_CFA.offset_extended:
          save(cursor.uleb(), cursor.uleb());
          break;
        case DW_CFA.offset_extended_sf:
          save(cursor.uleb(), cursor.sleb());
          break;
        case DW_CFA.restore_extended:
          restore(cursor.uleb());
          break;
        case DW_CFA.undefined:
          state.registers.set(cursor.uleb(), { kind: 'undefined' });
          break;
        case DW_CFA.same_value:
          state.registers.set(cursor.uleb(), { kind: 'same' });
          break;
        case DW_CFA.register:
          state.registers.set(cursor.uleb(), { kind: 'register', register: cursor.uleb() });
          break;
        case DW_CFA.val_offset:
          state.registers.set(cursor.uleb(), { kind: 'value', offset: cursor.uleb() * common.dataAlign });
          break;
        case DW_CFA.remember_state:
          remembered.push({ ...state, registers: new Map(state.registers) });
          break;
        case DW_CFA.restore_state: {
          const back = remembered.pop();
          if (back === undefined) throw badFrame(section, cursor.pos, 'a state is restored that nobody remembered');
          state = back;
          break;
        }
        case DW_CFA.def_cfa:
          state.register = cursor.uleb();
          state.offset = cursor.uleb();
          break;
        case DW_CFA.def_cfa_sf:
          state.register = cursor.uleb();
          state.offset = cursor.sleb() * common.dataAlign;
          break;
        case DW_CFA.def_cfa_register:
          state.register = cursor.uleb();
          break;
        case DW_CFA.def_cfa_offset:
          state.offset = cursor.uleb();
          break;
        case DW_CFA.def_cfa_offset_sf:
          state.offset = cursor.sleb() * common.dataAlign;
          break;
        case DW_CFA.AARCH64_negate_ra_state:
          break; // on Arm: the return address is signed, which no core of ours does
        default:
          throw badFrame(
            section,
            cursor.pos - 1,
            `instruction 0x${opcode.toString(16)} is not one that can be followed`,
          );
      }
    }
  };

  const { bytes, where, pos, end: commonEnd } = common.instructions;
  run(new Cursor(bytes, where, pos, commonEnd));
  first = new Map(state.registers);
  run(new Cursor(section.bytes, section.where, from, end));
  settle();
  const missed = state.register === SP && state.registers.size > 0 ? hidden : 0;
  return {
    cfa: { register: state.register, offset: state.offset + missed },
    registers: state.registers,
    returnRegister: common.returnRegister,
  };
}
