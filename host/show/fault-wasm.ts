// A record of WebAssembly code that trapped → what happened, in words, and where. A trap says what kind it is and no
// more: the instruction there tells the rest. The calls come along, counted by the engine, for the stack that they are
// on is not in the board's memory.

import { FAULT_WORDS, WASM_OUTER_CALLS, WASM_TRAPS } from '../../protocol/messages.js';
import type { Backtrace } from './backtrace.js';
import { hex } from './context.js';
import type { FaultReport } from './fault.js';
import { type FaultContext, NULL_PAGE } from './fault-facts.js';
import { nameAt } from './fault-stack.js';
import { callsOf, excerptLines, named, stackLines, stackNote } from './fault-text.js';
import type { Frame } from './unwind.js';

type WasmRecord = Readonly<Record<(typeof FAULT_WORDS.wasm32)[number], number>>;
type Judged = Pick<FaultReport, 'cause' | 'mistake'>;

const WORDS = FAULT_WORDS.wasm32;
const PLACES = WORDS.slice(WORDS.indexOf('pc'));

/** What each trap means. */
const CAUSES: Readonly<Record<keyof typeof WASM_TRAPS, Judged>> = {
  stopped: { cause: 'stopped', mistake: undefined },
  unreachable: { cause: 'code was reached that never should be', mistake: 'a function without `return`, or a trap' },
  memory: { cause: 'access outside of memory', mistake: undefined },
  divideByZero: { cause: 'integer division by zero', mistake: undefined },
  divideOverflow: { cause: 'integer division whose result does not fit: the least number by -1', mistake: undefined },
  float: { cause: 'floating-point number that does not fit the integer it is made into', mistake: undefined },
  nullCall: { cause: 'call of 0x00000000', mistake: 'null function pointer' },
  typeMismatch: { cause: 'call of a function as one of another type', mistake: undefined },
  table: { cause: 'call of what is no function', mistake: 'wild function pointer' },
  stack: { cause: 'stack overflow', mistake: undefined },
  nullWrite: { cause: 'write to address 0 or close above it, seen when the run was over', mistake: 'null pointer' },
  noFunction: { cause: 'call of what is no function', mistake: undefined },
  badRecord: { cause: 'call of what is no whole function any more', mistake: 'something was written over its code' },
  nullAccess: { cause: 'access to address 0 or close above it', mistake: 'null pointer' },
  strangeRecord: {
    cause: 'call of a function that was linked for another address',
    mistake: 'a block of another session, or a copy of code',
  },
  tooManyFunctions: {
    cause: 'more functions than a board of this kind can have, 65,535',
    mistake: 'undo what is not needed any more',
  },
  other: { cause: 'trap of an unknown kind', mistake: undefined },
};

const NAMES: ReadonlyMap<number, keyof typeof WASM_TRAPS> = new Map(
  Object.entries(WASM_TRAPS).map(([name, code]) => [code, name as keyof typeof WASM_TRAPS]),
);

/** Explains a trap.
 *  @param words in the order of FAULT_WORDS.wasm32; missing ones count as 0 */
export function describeWasmTrap(words: Uint32Array, context: FaultContext): FaultReport {
  const record = Object.fromEntries(WORDS.map((name, i) => [name, words[i] ?? 0])) as WasmRecord;
  const places = PLACES.map((name) => record[name]).filter((addr) => addr !== 0);
  const frames = places.map((addr): Frame => ({ pc: addr, lookupAddr: addr, registers: [] }));
  const skipped = Math.max(0, record.calls - frames.length);
  const inner = skipped > 0 ? frames.length - WASM_OUTER_CALLS : frames.length;
  const trace: Backtrace = {
    inner: frames.slice(0, inner),
    skipped,
    outer: frames.slice(inner),
    roundBytes: 0,
    lost: undefined,
  };
  const calls = frames.flatMap((frame) => callsOf(frame, context));
  const { cause, mistake } = judge(record, places, context);
  return {
    cause,
    mistake,
    place: [...excerptLines(calls, context), ...stackLines(trace, context)],
    details: [
      ...(record.handler === 0 ? [] : [`in the handler of interrupt ${record.handler - 1}`]),
      ...(places.length === 0 ? [] : [`pc ${named(places[0]!, context)}`]),
      `sp ${hex(record.sp)}${stackNote(record.sp, context)}`,
    ],
  };
}

function judge(record: WasmRecord, places: readonly number[], context: FaultContext): Judged {
  const name = NAMES.get(record.trap) ?? 'other';
  const known = CAUSES[name];
  const [pc] = places;
  if (name === 'stack' || ((name === 'memory' || name === 'nullAccess') && isBelowStack(record.sp, context))) {
    const where = pc === undefined ? undefined : nameAt(pc, context);
    const deep = record.calls > 1 ? `, ${record.calls.toLocaleString('en-US')} calls deep` : '';
    const isRound = places.slice(1, 8).some((addr, index) => places.indexOf(addr, index + 2) > 0);
    return {
      cause: `stack overflow${where === undefined ? '' : ` in \`${where}\``}${deep}${name === 'stack' ? ' or more' : ''}`,
      mistake: isRound ? 'endless recursion' : undefined,
    };
  }
  const { value } = record;
  switch (name) {
    case 'memory':
      if (value === 0)
        return {
          cause: `${accessAt(pc, context)} outside of memory`,
          mistake: 'wild pointer, or an index far too large',
        };
      return { cause: `${accessAt(pc, context)} at ${hex(value)}, where no memory is`, mistake: wildPointer(value) };
    case 'nullAccess':
      return { cause: `${accessAt(pc, context)} at ${hex(value)}`, mistake: nullPointer(value) };
    case 'noFunction': {
      if (value < NULL_PAGE) return { cause: `call of ${hex(value)}`, mistake: nullPointer(value) };
      // Without a place it was the host that wanted it run.
      const mistake = pc === undefined ? undefined : 'wild function pointer';
      return { cause: `${known.cause}: ${named(value, context)}`, mistake };
    }
    case 'badRecord':
    case 'strangeRecord':
      return { cause: `${known.cause}: ${named(value, context)}`, mistake: known.mistake };
    case 'typeMismatch': {
      const callee = nameAt(value, context) ?? hex(value);
      return {
        cause: `call of \`${callee}\` as a function of another type`,
        mistake: 'a function pointer that was cast, or a result of another type since the caller was typed',
      };
    }
    default:
      return known;
  }
}

/** The stack lies at the start of memory: what is far too large for it has an address below 0. */
const MOST_BELOW = 0x10_0000;

function wildPointer(addr: number): string {
  const below = 2 ** 32 - addr;
  return below > MOST_BELOW
    ? 'wild pointer'
    : `a local variable larger than the stack, or null pointer - ${below.toLocaleString('en-US')}`;
}

const nullPointer = (addr: number): string => (addr === 0 ? 'null pointer' : `null pointer + ${addr}`);

const isBelowStack = (sp: number, { stack }: FaultContext): boolean =>
  stack !== undefined && (sp < stack.addr || sp > stack.addr + stack.sizeBytes);

/** Bytes of loads and stores by opcode, from 0x28 on. @see WebAssembly Core Specification, 5.4.7 */
const ACCESS_BYTES = [4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4];
const FIRST_LOAD = 0x28;
const FIRST_STORE = 0x36;

/** `read of 4 bytes` */
function accessAt(pc: number | undefined, context: FaultContext): string {
  const opcode = pc === undefined ? undefined : context.halfwordAt?.(pc);
  const bytes = opcode === undefined ? undefined : ACCESS_BYTES[(opcode & 0xff) - FIRST_LOAD];
  if (bytes === undefined) return 'access';
  const direction = (opcode! & 0xff) < FIRST_STORE ? 'read' : 'write';
  return `${direction} of ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
}
