// The frame: what one 0x00 to the next holds.
//
//   kind:u8  seq:u8  body…  crc32:u32le   → COBS →   bytes without 0x00   0x00
//   └──────── summed ─────┘

import { cobsDecode, cobsEncode } from './cobs.js';
import { crc32 } from './crc32.js';
import { FRAMES, type FrameKind, LIMITS } from './messages.js';

export interface Frame {
  readonly kind: FrameKind;
  /** 0–255 */
  readonly seq: number;
  readonly body: Uint8Array;
}

export type FrameFault = 'cobs' | 'length' | 'crc' | 'kind';
export type FrameResult =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly reason: FrameFault };

const KIND_OF_CODE = new Map<number, FrameKind>(
  Object.entries(FRAMES).map(([kind, def]) => [def.code, kind as FrameKind]),
);

/** Encodes a frame for the line: COBS, CRC and the 0x00 that ends it. */
export function encodeFrame({ kind, seq, body }: Frame): Uint8Array {
  const plain = new Uint8Array(body.length + LIMITS.minFrame);
  plain[0] = FRAMES[kind].code;
  plain[1] = seq;
  plain.set(body, 2);
  const crcOffset = body.length + 2;
  new DataView(plain.buffer).setUint32(crcOffset, crc32(plain.subarray(0, crcOffset)), true);
  const stuffed = cobsEncode(plain);
  const out = new Uint8Array(stuffed.length + 1);
  out.set(stuffed);
  return out;
}

/** Decodes what stood between two delimiters; one 0x00 at the end is allowed.
 *  @param maxFrame longest decoded frame to accept, kind to CRC
 *  @returns the frame, or what is wrong with it; the checks come in the order cobs, length, crc, kind */
export function decodeFrame(encoded: Uint8Array, maxFrame: number = LIMITS.maxFrame): FrameResult {
  const stuffed = encoded.at(-1) === 0 ? encoded.subarray(0, -1) : encoded;
  const plain = cobsDecode(stuffed);
  if (plain === undefined) return { ok: false, reason: 'cobs' };
  if (plain.length < LIMITS.minFrame || plain.length > maxFrame) return { ok: false, reason: 'length' };
  const crcOffset = plain.length - 4;
  const crc = new DataView(plain.buffer, plain.byteOffset).getUint32(crcOffset, true);
  if (crc32(plain.subarray(0, crcOffset)) !== crc) return { ok: false, reason: 'crc' };
  const kind = KIND_OF_CODE.get(plain[0]!);
  if (kind === undefined) return { ok: false, reason: 'kind' };
  return { ok: true, frame: { kind, seq: plain[1]!, body: plain.slice(2, crcOffset) } };
}
