// Reading forward through one debug section: every read is checked against the end, and the error says
// which section of which file was cut short and where.

import { BarewireError } from '../../diag/error.js';

const UTF8 = new TextDecoder();

/** Error for debug information that is there but wrong. `where` is `.debug_info+0x1c of input 7`. */
export function dwarfError(
  code: string,
  where: string,
  problem: string,
  details: Readonly<Record<string, unknown>> = {},
): BarewireError {
  return new BarewireError(code, `${where}: ${problem}; compile it again with -g, or without`, { where, ...details });
}

/** A read position in little-endian bytes. Every read throws DWARF_TRUNCATED rather than run past `end`. */
export class Cursor {
  pos: number;
  /** @param where names the bytes in messages, such as `.debug_info of input 7` */
  constructor(
    readonly bytes: Uint8Array,
    readonly where: string,
    pos = 0,
    readonly end = bytes.length,
  ) {
    this.pos = pos;
    if (pos < 0 || pos > end || end > bytes.length) this.fail(pos, 0);
  }

  private fail(pos: number, wanted: number): never {
    throw dwarfError(
      'DWARF_TRUNCATED',
      `${this.where}+0x${pos.toString(16)}`,
      `${wanted} more bytes are needed, the data ends at 0x${this.end.toString(16)}`,
      { offset: pos, wanted, end: this.end },
    );
  }

  get atEnd(): boolean {
    return this.pos >= this.end;
  }

  /** Moves over `count` bytes. */
  skip(count: number): void {
    if (!(count >= 0) || count > this.end - this.pos) this.fail(this.pos, count);
    this.pos += count;
  }

  u8(): number {
    if (this.pos >= this.end) this.fail(this.pos, 1);
    return this.bytes[this.pos++]!;
  }

  /** Little-endian unsigned number of 1 to 6 bytes. */
  uint(size: number): number {
    if (size > this.end - this.pos) this.fail(this.pos, size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.bytes[this.pos + i]!;
    this.pos += size;
    return value;
  }

  u16(): number {
    return this.uint(2);
  }

  u32(): number {
    return this.uint(4);
  }

  u64(): bigint {
    const low = this.uint(4);
    return (BigInt(this.uint(4)) << 32n) | BigInt(low);
  }

  /** Unsigned LEB128; exact up to 2^53, then rounded (use `ulebBig` where that matters). */
  uleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  ulebBig(): bigint {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = this.u8();
      if (shift < 140n) value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return value;
    }
  }

  slebBig(): bigint {
    const start = this.pos;
    const value = this.ulebBig();
    const bits = Math.min((this.pos - start) * 7, 147);
    return BigInt.asIntN(bits, value);
  }

  sleb(): number {
    return Number(this.slebBig());
  }

  skipLeb(): void {
    while (this.u8() >= 0x80);
  }

  /** Bytes of the next `count`, shared with the section. */
  take(count: number): Uint8Array {
    const start = this.pos;
    this.skip(count);
    return this.bytes.subarray(start, this.pos);
  }

  /** Text up to and over the next NUL. */
  cstring(): string {
    const stop = this.bytes.indexOf(0, this.pos);
    if (stop < 0 || stop >= this.end) this.fail(this.pos, this.end - this.pos + 1);
    const text = UTF8.decode(this.bytes.subarray(this.pos, stop));
    this.pos = stop + 1;
    return text;
  }

  skipCstring(): void {
    const stop = this.bytes.indexOf(0, this.pos);
    if (stop < 0 || stop >= this.end) this.fail(this.pos, this.end - this.pos + 1);
    this.pos = stop + 1;
  }
}
