// The bytes of a file, read at offsets that the file itself claims, and therefore never trusted. Every read
// says what it was after, so that an ELF cut short is an error that names the structure, the offset and how
// many bytes were there, and not a RangeError from deep inside.

import { BarewireError } from '../diag/error.js';

const utf8 = new TextDecoder();

/** A little-endian file whose reads are checked. `name` is for messages. */
export class BoundedBytes {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(
    bytes: Uint8Array,
    readonly name: string,
  ) {
    // A Node Buffer's `slice` shares memory where a Uint8Array's copies: never hand one on.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Makes sure that `sizeBytes` at `offset` are in the file.
   *  @throws ELF_TRUNCATED with `offset`, `sizeBytes` and `fileBytes` */
  check(offset: number, sizeBytes: number, what: string): void {
    if (offset + sizeBytes <= this.bytes.length) return;
    throw new BarewireError(
      'ELF_TRUNCATED',
      `${this.name} is cut short: ${what} needs ${sizeBytes} bytes at offset 0x${offset.toString(16)}, ` +
        `but the file ends at 0x${this.bytes.length.toString(16)}`,
      { file: this.name, what, offset, sizeBytes, fileBytes: this.bytes.length },
    );
  }

  /** A view (no copy) of `sizeBytes` bytes.
   *  @throws ELF_TRUNCATED */
  slice(offset: number, sizeBytes: number, what: string): Uint8Array {
    this.check(offset, sizeBytes, what);
    return this.bytes.subarray(offset, offset + sizeBytes);
  }

  /** Unchecked: call `check` for the structure first. */
  u8(offset: number): number {
    return this.view.getUint8(offset);
  }

  /** Unchecked: call `check` for the structure first. */
  u16(offset: number): number {
    return this.view.getUint16(offset, true);
  }

  /** Unchecked: call `check` for the structure first. */
  u32(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  /** Unchecked: call `check` for the structure first. */
  i32(offset: number): number {
    return this.view.getInt32(offset, true);
  }
}

/** Text up to the next NUL (or the end of `table`), from `offset` on. ASCII is decoded without TextDecoder,
 *  whose call costs more than a typical name. */
export function textAt(table: Uint8Array, offset: number): string {
  let end = offset;
  let seen = 0;
  while (end < table.length && table[end] !== 0) seen |= table[end++]!;
  if (seen >= 0x80) return utf8.decode(table.subarray(offset, end));
  let text = '';
  for (let at = offset; at < end; at += 4096) {
    text += String.fromCharCode.apply(null, table.subarray(at, Math.min(end, at + 4096)) as unknown as number[]);
  }
  return text;
}
