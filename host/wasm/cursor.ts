// Reads the numbers and names of a WebAssembly binary, with every step held to the end of what is there.
// Source: WebAssembly Core Specification, 5 Binary Format.

import { BarewireError } from '../diag/error.js';

/** A place in a WebAssembly file that moves forward as it is read. */
export class WasmCursor {
  at: number;

  /** @param end one past the last byte that may be read */
  constructor(
    readonly bytes: Uint8Array,
    readonly name: string,
    start = 0,
    readonly end = bytes.length,
  ) {
    this.at = start;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    if (this.at >= this.end) throw damaged(this.name, this.at, 'it ends here, and more must follow');
    return this.bytes[this.at++]!;
  }

  /** Unsigned LEB128 of 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw damaged(this.name, this.at, 'a number has more than 32 bits');
  }

  /** Signed LEB128 of 32 bits. */
  s32(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(Number(shift) + 7, value)) | 0;
    }
    throw damaged(this.name, this.at, 'a number is too long');
  }

  slice(length: number): Uint8Array {
    if (length > this.end - this.at) {
      throw damaged(this.name, this.at, `${length} bytes should follow, ${this.end - this.at} are there`);
    }
    const from = this.at;
    this.at += length;
    return this.bytes.subarray(from, this.at);
  }

  text(): string {
    return Buffer.from(this.slice(this.u32())).toString('utf8');
  }

  /** `count` things, as a vector has them. */
  vector<T>(read: () => T): T[] {
    const count = this.u32();
    if (count > this.end - this.at) throw damaged(this.name, this.at, `${count} entries do not fit what is left`);
    return Array.from({ length: count }, read);
  }
}

/** What is wrong with a WebAssembly file, and where. */
export function damaged(name: string, at: number, problem: string): BarewireError {
  return new BarewireError('WASM_DAMAGED', `${name} is damaged at byte 0x${at.toString(16)}: ${problem}`, {
    file: name,
    at,
  });
}
