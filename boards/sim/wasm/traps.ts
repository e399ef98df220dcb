// What ended user code, as words of a fault record.

import { FAULT_WORDS, WASM_OUTER_CALLS, WASM_TRAPS } from '../../../protocol/messages.js';
import { NULL_ZONE } from './layout.js';
import { type FunctionLoader, framesOf, TableFull } from './loader.js';

/** V8's words for traps. */
const MESSAGES: readonly (readonly [RegExp, keyof typeof WASM_TRAPS])[] = [
  [/^unreachable/, 'unreachable'],
  [/memory access out of bounds|index out of bounds.*memory|unaligned/, 'memory'],
  [/divide by zero|remainder by zero/, 'divideByZero'],
  [/divide result unrepresentable/, 'divideOverflow'],
  [/float unrepresentable/, 'float'],
  [/null function|signature mismatch|null reference|dereferencing a null/, 'typeMismatch'],
  [/table index is out of bounds|table access/, 'table'],
  [/Maximum call stack/, 'stack'],
];

/** Row of WASM_TRAPS for what was thrown. */
export function trapOf(error: unknown): number {
  return WASM_TRAPS[nameOf(error)];
}

function nameOf(error: unknown): keyof typeof WASM_TRAPS {
  if (error instanceof TableFull) return 'tooManyFunctions';
  const message = String((error as { message?: unknown })?.message ?? error);
  return MESSAGES.find(([pattern]) => pattern.test(message))?.[1] ?? 'other';
}

/** The same, and what it is about: the address that code called or went to. The engine's words tell no call of nothing
 *  from one of a function of another type; the instruction does, and what the table has for it. */
export function judgeTrap(error: unknown, loader: FunctionLoader): { readonly trap: number; readonly value: number } {
  const name = nameOf(error);
  const [frame] = framesOf(String((error as { stack?: unknown })?.stack));
  const deed = frame && ABOUT_ADDRESSES.has(name) ? loader.deedAt(frame) : undefined;
  if (deed?.kind === 'call') return { trap: WASM_TRAPS[trapOfCall(deed.addr, loader)], value: deed.addr };
  if (deed?.addr === undefined) return { trap: WASM_TRAPS[name], value: 0 };
  const isNull = deed.addr < 2 * NULL_ZONE.sizeBytes;
  return { trap: WASM_TRAPS[isNull ? 'nullAccess' : name], value: deed.addr };
}

const ABOUT_ADDRESSES: ReadonlySet<keyof typeof WASM_TRAPS> = new Set(['memory', 'typeMismatch', 'table']);

/** Why no function of the right type can be called at an address. */
export function trapOfCall(addr: number, loader: FunctionLoader): keyof typeof WASM_TRAPS {
  if (addr === 0) return 'nullCall';
  if (loader.function(addr) !== undefined) return 'typeMismatch';
  const flaw = loader.flawAt(addr);
  return flaw === undefined ? 'noFunction' : flaw === 'broken' ? 'badRecord' : 'strangeRecord';
}

const WORDS = FAULT_WORDS.wasm32;
const FIRST_PLACE = WORDS.indexOf('pc');

/** The words of a fault record.
 *  @param stack of an error that was made where the code stood */
export function recordOf(
  what: Readonly<Record<'trap' | 'value' | 'stackPointer' | 'restart' | 'handler', number>>,
  stack: string,
  loader: FunctionLoader,
): Uint32Array {
  const words = new Uint32Array(WORDS.length);
  const places = framesOf(stack).flatMap((frame) => loader.placeOf(frame) ?? []);
  words[WORDS.indexOf('trap')] = what.trap;
  words[WORDS.indexOf('value')] = what.value;
  words[WORDS.indexOf('sp')] = what.stackPointer;
  words[WORDS.indexOf('restart')] = what.restart;
  words[WORDS.indexOf('handler')] = what.handler;
  words[WORDS.indexOf('calls')] = places.length;
  const room = WORDS.length - FIRST_PLACE;
  const shown =
    places.length <= room ? places : [...places.slice(0, room - WASM_OUTER_CALLS), ...places.slice(-WASM_OUTER_CALLS)];
  words.set(shown, FIRST_PLACE);
  return words;
}
