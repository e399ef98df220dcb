// Text that lies in memory: of known length, or up to its NUL.

import type { ShowContext } from './context.js';
import { countText } from './lists.js';
import { type CharKind, quoteString } from './text.js';

/** Reads end on such boundaries: a string may end right before memory does. */
const STRIDE = 64;

/** `"abc"`, cut with `…` when it is longer than anyone reads.
 *  @throws Unreadable */
export async function countedText(context: ShowContext, kind: CharKind, addr: number, units: number): Promise<string> {
  const shown = Math.min(units, context.limits.characters);
  const bytes = await context.read(addr, shown * kind.unitBytes);
  return quoteString(kind, bytes) + (shown < units ? `… (${countText(units)} in all)` : '');
}

/** As `countedText`, for text that ends in a NUL.
 *  @throws Unreadable when not even its first bytes can be read */
export async function terminatedText(context: ShowContext, kind: CharKind, addr: number): Promise<string> {
  const { unitBytes } = kind;
  const limit = context.limits.characters * unitBytes;
  const found: number[] = [];
  while (found.length < limit) {
    const at = addr + found.length;
    const bytes = await context.read(at, STRIDE - (at % STRIDE) || STRIDE);
    for (const byte of bytes) found.push(byte);
    const end = endOf(found, unitBytes);
    if (end !== undefined && end <= limit) return quoteString(kind, Uint8Array.from(found.slice(0, end)));
  }
  return `${quoteString(kind, Uint8Array.from(found.slice(0, limit)))}…`;
}

/** Offset of the first unit that is 0. */
function endOf(bytes: readonly number[], unitBytes: number): number | undefined {
  for (let i = 0; i + unitBytes <= bytes.length; i += unitBytes) {
    let any = 0;
    for (let k = 0; k < unitBytes; k++) any |= bytes[i + k]!;
    if (any === 0) return i;
  }
  return undefined;
}

/** A char array: all of it, NULs at its end left out.
 *  @param bytes the array, or a first part of it that is longer than what is shown
 *  @param count characters of the whole array */
export function arrayText(context: ShowContext, kind: CharKind, bytes: Uint8Array, count: number): string {
  let end = bytes.length - (bytes.length % kind.unitBytes);
  while (end > 0 && bytes.subarray(end - kind.unitBytes, end).every((byte) => byte === 0)) end -= kind.unitBytes;
  const limit = context.limits.characters * kind.unitBytes;
  if (end <= limit) return quoteString(kind, bytes.subarray(0, end));
  return `${quoteString(kind, bytes.subarray(0, limit))}… (${countText(count)} in all)`;
}
