// HELLO_REPLY as the rest of the host sees it: names instead of codes, the build id as hex.

import { decodeFields, encodeFields, MalformedBody } from './fields.js';
import { ARCHS, type ArchName, FRAMES } from './messages.js';

/** Who is at the other end, and what it can take. Addresses and sizes in bytes. */
export interface Hello {
  readonly tableHash: number;
  /** Bytes of output since the board started. */
  readonly output: number;
  /** GNU build id in lower-case hex; empty when the image has none. */
  readonly buildId: string;
  readonly arch: ArchName;
  /** Resets since power came. */
  readonly bootId: number;
  /** Why the board restarted by itself: code of a status, or 0. */
  readonly cause: number;
  readonly arenaAddr: number;
  readonly arenaSize: number;
  readonly stackAddr: number;
  readonly stackSize: number;
  /** Longest decoded frame, kind to CRC, that the board can take. */
  readonly maxFrame: number;
  /** Longest decoded frame that it sends. */
  readonly maxReply: number;
  readonly window: number;
}

/** `0a1b…` of bytes. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Bytes of `0a1b…`; white space is allowed.
 *  @throws RangeError when it is not hex */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) throw new RangeError(`not hex: ${text}`);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** The table hash alone: the first field, readable even when the rest has the layout of another version. */
export function helloTableHash(body: Uint8Array): number | undefined {
  return body.length < 4 ? undefined : new DataView(body.buffer, body.byteOffset).getUint32(0, true);
}

/** @throws MalformedBody when the body does not have the layout of this version, or names no known architecture */
export function decodeHello(body: Uint8Array): Hello {
  const fields = decodeFields(FRAMES.HELLO_REPLY.fields, body);
  const arch = Object.entries(ARCHS).find(([, code]) => code === fields.arch)?.[0];
  if (arch === undefined) throw new MalformedBody(`no architecture has code ${fields.arch}`);
  return { ...fields, buildId: toHex(fields.buildId), arch: arch as ArchName };
}

/** The body that `decodeHello` reads. */
export function encodeHello(hello: Hello): Uint8Array {
  return encodeFields(FRAMES.HELLO_REPLY.fields, {
    ...hello,
    buildId: fromHex(hello.buildId),
    arch: ARCHS[hello.arch],
  });
}
