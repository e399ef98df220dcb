// What ended user code, as words of a fault record.

import { FAULT_WORDS, WASM_OUTER_CALLS, WASM_TRAPS } from '../../../protocol/messages.js';
import { type FunctionLoader, framesOf } from './loader.js';

/** V8's words for traps. */
const MESSAGES: readonly (readonly [RegExp, keyof typeof WASM_TRAPS])[] = [
  [/^unreachable/, 'unreachable'],
  [/memory access out of bounds|index out of bounds.*memory|unaligned/, 'memory'],
  [/divide by zero|remainder by zero/, 'divideByZero'],
  [/divide result unrepresentable/, 'divideOverflow'],
  [/float unrepresentable/, 'float'],
  [/null function|null reference|dereferencing a null/, 'nullCall'],
  [/signature mismatch/, 'typeMismatch'],
  [/table index is out of bounds|table access/, 'table'],
  [/Maximum call stack/, 'stack'],
];

/** Row of WASM_TRAPS for what was thrown. */
export function trapOf(error: unknown): number {
  const message = String((error as { message?: unknown })?.message ?? error);
  // Both have the same words: a signature is compared with that of nothing.
  const row = MESSAGES.find(([pattern]) => pattern.test(message));
  return WASM_TRAPS[row?.[1] ?? 'other'];
}

const WORDS = FAULT_WORDS.wasm32;
const FIRST_PLACE = WORDS.indexOf('pc');

/** The words of a fault record.
 *  @param stack of an error that was made where the code stood */
export function recordOf(
  what: { readonly trap: number; readonly value?: number; readonly stackPointer: number; readonly restart?: number },
  stack: string,
  loader: FunctionLoader,
): Uint32Array {
  const words = new Uint32Array(WORDS.length);
  const places = framesOf(stack).flatMap(({ module, index, offset }) => loader.placeOf(module, index, offset) ?? []);
  words[WORDS.indexOf('trap')] = what.trap;
  words[WORDS.indexOf('value')] = what.value ?? 0;
  words[WORDS.indexOf('sp')] = what.stackPointer;
  words[WORDS.indexOf('restart')] = what.restart ?? 0;
  words[WORDS.indexOf('calls')] = places.length;
  const room = WORDS.length - FIRST_PLACE;
  const shown =
    places.length <= room ? places : [...places.slice(0, room - WASM_OUTER_CALLS), ...places.slice(-WASM_OUTER_CALLS)];
  words.set(shown, FIRST_PLACE);
  return words;
}
