// Reads function records out of a board's memory (protocol/wasm-function.ts).

import {
  ALIAS_BYTES,
  FUNCTION_HEADER_BYTES,
  HOME_OFFSET,
  PLACE_BYTES,
  RECORD_KINDS,
  RECORD_MAGIC,
  REFERENCE_BYTES,
  REFERENCE_KINDS,
} from '../../../protocol/wasm-function.js';

export interface Reference {
  readonly kind: number;
  /** Into `types`. */
  readonly type: number;
  /** In the body. */
  readonly place: number;
  readonly value: number;
}

export interface FunctionRecord {
  readonly kind: 'function';
  readonly addr: number;
  readonly sizeBytes: number;
  /** The address that it was linked for. */
  readonly home: number;
  /** Where in the record the body begins. */
  readonly bodyStart: number;
  readonly references: readonly Reference[];
  /** Function types as modules have them; the first is the function's own. */
  readonly types: readonly Uint8Array[];
  readonly body: Uint8Array;
}

export interface AliasRecord {
  readonly kind: 'alias';
  readonly addr: number;
  readonly sizeBytes: number;
  readonly target: number;
}

/** The record that begins at `addr`; undefined where none does, or where it does not make sense.
 *  @param bytes all memory; what is returned are copies */
export function recordAt(bytes: Uint8Array, view: DataView, addr: number): FunctionRecord | AliasRecord | undefined {
  if (addr % 4 !== 0 || addr + ALIAS_BYTES > bytes.length || view.getUint32(addr, true) !== RECORD_MAGIC)
    return undefined;
  const word = (at: number): number => view.getUint32(addr + at, true);
  const kind = word(4);
  if (kind === RECORD_KINDS.alias) return { kind: 'alias', addr, sizeBytes: ALIAS_BYTES, target: word(8) };
  if (kind !== RECORD_KINDS.function || addr + FUNCTION_HEADER_BYTES > bytes.length) return undefined;
  const [home, bodyBytes, count, typeBytes] = [word(HOME_OFFSET), word(12), word(16), word(20)];
  const typesStart = FUNCTION_HEADER_BYTES + count * REFERENCE_BYTES;
  const bodyStart = typesStart + typeBytes;
  const sizeBytes = bodyStart + bodyBytes;
  if (count > 0xff_ffff || addr + sizeBytes > bytes.length) return undefined;
  const types = typesOf(bytes.slice(addr + typesStart, addr + bodyStart));
  if (types === undefined) return undefined;
  const references: Reference[] = [];
  for (let i = 0; i < count; i++) {
    const at = FUNCTION_HEADER_BYTES + i * REFERENCE_BYTES;
    const head = word(at);
    const reference = { kind: head & 0xff, type: head >>> 8, place: word(at + 4), value: word(at + 8) };
    if (reference.kind === REFERENCE_KINDS.object) continue;
    if (reference.type >= types.length || reference.place + PLACE_BYTES > bodyBytes) return undefined;
    references.push(reference);
  }
  references.sort((a, b) => a.place - b.place);
  return {
    kind: 'function',
    addr,
    sizeBytes,
    home,
    bodyStart,
    references,
    types,
    body: bytes.slice(addr + bodyStart, addr + sizeBytes),
  };
}

/** Whether the first words of a record stand at `addr`, whatever follows. */
export function isMarked(view: DataView, addr: number): boolean {
  return view.getUint32(addr, true) === RECORD_MAGIC;
}

function typesOf(bytes: Uint8Array): Uint8Array[] | undefined {
  const types: Uint8Array[] = [];
  let at = 1;
  for (let left = bytes[0] ?? 0; left > 0; left--) {
    const start = at;
    if (bytes[at++] !== 0x60) return undefined;
    for (let half = 0; half < 2; half++) {
      const count = bytes[at++];
      if (count === undefined || count > 0x7f || at + count > bytes.length) return undefined;
      at += count;
    }
    types.push(bytes.subarray(start, at));
  }
  return types.length === 0 ? undefined : types;
}
