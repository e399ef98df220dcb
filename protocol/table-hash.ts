// The two ends are built at different times, so the handshake carries a hash of the message table. What is
// hashed is what changes the bytes on the line: names, codes, order and types of the fields. The `meaning`
// texts are left out, so that a better sentence does not force every board to be flashed again.

import { crc32 } from './crc32.js';
import { ARCHS, FAULT_WORDS, FRAMES, LIMITS, OPS, STATUSES } from './messages.js';

/** JSON with the keys of every object in alphabetical order, without white space and without `meaning`. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([key]) => key !== 'meaning')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(',')}}`;
}

/** Hash of all tables of messages.ts, the `tableHash` of HELLO_REPLY and BW_TABLE_HASH in C. */
export const TABLE_HASH: number = crc32(
  new TextEncoder().encode(canonicalJson({ ARCHS, FAULT_WORDS, FRAMES, LIMITS, OPS, STATUSES })),
);
