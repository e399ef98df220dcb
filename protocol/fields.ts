// Reads and writes bodies as the tables of messages.ts describe them. One interpreter serves every frame,
// operation, result and status; the types of the values are derived from the same rows.

import type { FieldDef, FieldType } from './messages.js';
import { getVarint, putVarint } from './varint.js';

/** What a field of type `T` is in TypeScript. */
export type FieldValue<T extends FieldType> = T extends 'blob' | 'rest' ? Uint8Array : number;

/** The object that a list of fields describes. */
export type FieldsOf<D extends readonly FieldDef[]> = {
  readonly [F in D[number] as F['name']]: FieldValue<F['type']>;
};

/** Any object of fields, when the row is not known until run time. */
export type AnyFields = Readonly<Record<string, number | Uint8Array>>;

/** A body that does not have the shape its table row gives it. */
export class MalformedBody extends Error {
  override readonly name = 'MalformedBody';
  readonly code = 'PROTOCOL_MALFORMED';
}

/** Appends the fields to `out`.
 *  @param arenaAddr what `addr` fields are relative to */
export function putFields(out: number[], defs: readonly FieldDef[], values: AnyFields, arenaAddr: number): void {
  for (const { name, type } of defs) {
    const value = values[name];
    if (value === undefined) throw new TypeError(`field ${name} is missing`);
    putField(out, type, value, arenaAddr);
  }
}

function putField(out: number[], type: FieldType, value: number | Uint8Array, arenaAddr: number): void {
  if (typeof value !== 'number') {
    if (type === 'blob') putVarint(out, value.length);
    for (const byte of value) out.push(byte);
    return;
  }
  switch (type) {
    case 'u8':
      out.push(value & 0xff);
      return;
    case 'u16':
      out.push(value & 0xff, (value >>> 8) & 0xff);
      return;
    case 'u32':
      out.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
      return;
    case 'varint':
      putVarint(out, value);
      return;
    case 'addr':
      putVarint(out, (value - arenaAddr) >>> 0);
      return;
    case 'blob':
    case 'rest':
      throw new TypeError(`a ${type} field takes bytes, not ${value}`);
  }
}

/** Walks a body front to back; every read is checked against the end. */
export class BodyReader {
  private offset = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly arenaAddr: number,
  ) {}

  get atEnd(): boolean {
    return this.offset >= this.bytes.length;
  }

  /** @throws MalformedBody when the body ends inside a field */
  fields<D extends readonly FieldDef[]>(defs: D): FieldsOf<D> {
    const values: Record<string, number | Uint8Array> = {};
    for (const { name, type } of defs) values[name] = this.field(name, type);
    return values as FieldsOf<D>;
  }

  /** @throws MalformedBody at the end of the body */
  u8(name: string): number {
    return this.little(name, 1);
  }

  /** @throws MalformedBody when bytes are left over */
  finish(what: string): void {
    const left = this.bytes.length - this.offset;
    if (left > 0) throw new MalformedBody(`${what}: ${left} bytes too many`);
  }

  /** @throws MalformedBody when cut short or beyond 32 bits */
  varint(name: string): number {
    const read = getVarint(this.bytes, this.offset);
    if (read === undefined) throw new MalformedBody(`${name} at byte ${this.offset}: not a varint of 32 bits`);
    this.offset = read.next;
    return read.value;
  }

  private field(name: string, type: FieldType): number | Uint8Array {
    switch (type) {
      case 'u8':
        return this.little(name, 1);
      case 'u16':
        return this.little(name, 2);
      case 'u32':
        return this.little(name, 4);
      case 'varint':
        return this.varint(name);
      case 'addr':
        return (this.varint(name) + this.arenaAddr) >>> 0;
      case 'blob':
        return this.take(name, this.varint(name));
      case 'rest':
        return this.take(name, this.bytes.length - this.offset);
    }
  }

  private little(name: string, sizeBytes: number): number {
    const bytes = this.take(name, sizeBytes);
    let value = 0;
    for (let i = sizeBytes - 1; i >= 0; i--) value = (value << 8) | bytes[i]!;
    return value >>> 0;
  }

  private take(name: string, sizeBytes: number): Uint8Array {
    const left = this.bytes.length - this.offset;
    if (sizeBytes > left) {
      throw new MalformedBody(`${name} at byte ${this.offset}: needs ${sizeBytes} bytes, ${left} are left`);
    }
    this.offset += sizeBytes;
    return this.bytes.slice(this.offset - sizeBytes, this.offset);
  }
}

/** Encodes a body that consists of `defs` alone. */
export function encodeFields<D extends readonly FieldDef[]>(defs: D, values: FieldsOf<D>, arenaAddr = 0): Uint8Array {
  const out: number[] = [];
  putFields(out, defs, values as AnyFields, arenaAddr);
  return Uint8Array.from(out);
}

/** Decodes a body that consists of `defs` alone.
 *  @throws MalformedBody when it is shorter or longer than that */
export function decodeFields<D extends readonly FieldDef[]>(defs: D, body: Uint8Array, arenaAddr = 0): FieldsOf<D> {
  const reader = new BodyReader(body, arenaAddr);
  const values = reader.fields(defs);
  reader.finish('body');
  return values;
}
