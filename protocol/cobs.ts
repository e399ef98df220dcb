// Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): removes every 0x00 from a frame, so that a
// 0x00 on the line can mean only "end of frame" and a listener finds its feet after any damage.
//
//   11 22 00 33        →  03 11 22 02 33
//                         └ code: this many bytes on stands the next 0x00 (or the end)
//
// A code of 0xff stands before 254 bytes that no zero follows.

/** Bytes that `cobsEncode` makes of `sizeBytes` at most. */
export function cobsMaxEncoded(sizeBytes: number): number {
  return sizeBytes + 1 + Math.floor(sizeBytes / 254);
}

/** Encodes `bytes` without any 0x00; the delimiter is not added. */
export function cobsEncode(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(cobsMaxEncoded(bytes.length));
  let codeOffset = 0;
  let end = 1;
  let full = false;
  for (const byte of bytes) {
    if (full) {
      codeOffset = end++;
      full = false;
    }
    if (byte === 0) {
      out[codeOffset] = end - codeOffset;
      codeOffset = end++;
    } else {
      out[end++] = byte;
      full = end - codeOffset === 0xff;
      if (full) out[codeOffset] = 0xff;
    }
  }
  if (!full) out[codeOffset] = end - codeOffset;
  return out.subarray(0, end);
}

/** Decodes what `cobsEncode` made (no delimiter).
 *  @returns undefined when a code points beyond the end, a 0x00 stands inside, or nothing is there */
export function cobsDecode(encoded: Uint8Array): Uint8Array | undefined {
  if (encoded.length === 0) return undefined;
  const out = new Uint8Array(encoded.length);
  let from = 0;
  let end = 0;
  while (from < encoded.length) {
    const code = encoded[from++]!;
    const stop = from + code - 1;
    if (code === 0 || stop > encoded.length) return undefined;
    while (from < stop) {
      const byte = encoded[from++]!;
      if (byte === 0) return undefined;
      out[end++] = byte;
    }
    if (code !== 0xff && from < encoded.length) out[end++] = 0;
  }
  return out.subarray(0, end);
}
