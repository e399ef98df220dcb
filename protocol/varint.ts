// LEB128 for unsigned 32-bit numbers: seven bits a byte, lowest first, bit 7 set on all bytes but the last.
// Most lengths and address offsets of a session fit one or two bytes.

/** Bytes that `value` takes: 1–5. */
export function varintSize(value: number): number {
  let rest = value >>> 0;
  let size = 1;
  while (rest > 0x7f) {
    rest >>>= 7;
    size++;
  }
  return size;
}

/** Appends `value` (taken modulo 2³²) to `out`. */
export function putVarint(out: number[], value: number): void {
  let rest = value >>> 0;
  while (rest > 0x7f) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
}

/** Reads a varint at `offset`.
 *  @returns the value and the offset behind it, or undefined when it is cut short or does not fit 32 bits */
export function getVarint(bytes: Uint8Array, offset: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[offset + index];
    if (byte === undefined) return undefined;
    if (index === 4 && byte > 0x0f) return undefined;
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return { value: value >>> 0, next: offset + index + 1 };
  }
  return undefined;
}
