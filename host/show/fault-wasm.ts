// A record of WebAssembly code that trapped → what happened, in words, and where. A trap says what kind it is and no
// more: the instruction there tells the rest. The calls come along, counted by the engine, for the stack that they are
// on is not in the board's memory.

import { FAULT_WORDS, WASM_OUTER_CALLS, WASM_TRAPS } from '../../protocol/messages.js';
import type { Backtrace } from './backtrace.js';
import { hex } from './context.js';
import type { FaultReport } from './fault.js';
import type { FaultContext } from './fault-facts.js';
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
  nullCall: {
    cause: 'call of what is no function of that type',
    mistake: 'null function pointer, or one of another type',
  },
  typeMismatch: { cause: 'call of a function of another type', mistake: 'a function pointer that was cast' },
  table: { cause: 'call of what is no function', mistake: 'wild function pointer' },
  stack: { cause: 'stack overflow', mistake: undefined },
  nullWrite: { cause: 'write to address 0 or close above it, seen when the run was over', mistake: 'null pointer' },
  noFunction: { cause: 'call of what is no function', mistake: undefined },
  badRecord: { cause: 'function that is no WebAssembly', mistake: undefined },
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
      ...(places.length === 0 ? [] : [`pc ${named(places[0]!, context)}`]),
      `sp ${hex(record.sp)}${stackNote(record.sp, context)}`,
    ],
  };
}

function judge(record: WasmRecord, places: readonly number[], context: FaultContext): Judged {
  const name = NAMES.get(record.trap) ?? 'other';
  const known = CAUSES[name];
  const [pc] = places;
  if (name === 'stack' || (name === 'memory' && isBelowStack(record.sp, context))) {
    const where = pc === undefined ? undefined : nameAt(pc, context);
    const deep = record.calls > 1 ? `, ${record.calls.toLocaleString('en-US')} calls deep` : '';
    const isRound = places.slice(1, 8).some((addr, index) => places.indexOf(addr, index + 2) > 0);
    return {
      cause: `stack overflow${where === undefined ? '' : ` in \`${where}\``}${deep}${name === 'stack' ? ' or more' : ''}`,
      mistake: isRound ? 'endless recursion' : undefined,
    };
  }
  if (name === 'memory') {
    return { cause: `${accessAt(pc, context)} outside of memory`, mistake: 'wild pointer, or an index far too large' };
  }
  if (name === 'noFunction') return { cause: `${known.cause}: ${hex(record.value)}`, mistake: undefined };
  return known;
}

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
