// A value to show: a type, where it is, and as many of its bytes as are already here. Parts of it share the bytes;
// what is not here is read when its text is wanted, so that the first elements of a large array do not cost the rest.

import { type ArrayType, bareType, type DwarfType, type RecordType, sizeOfType } from '../elf/dwarf/types.js';
import { type ShowContext, Unreadable } from './context.js';

export interface Value {
  readonly type: DwarfType;
  readonly addr: number;
  /** From the value's first byte on; undefined when not read yet. */
  readonly bytes: Uint8Array | undefined;
}

/** Values up to this size are read whole, so that their members cost no further reads. */
const WHOLE_BYTES = 1024;

/** The bytes of a value.
 *  @throws Unreadable also for types without a size */
export async function bytesOf(context: ShowContext, value: Value): Promise<Uint8Array> {
  const size = sizeOfType(value.type);
  if (size === undefined) throw new Unreadable('<incomplete type>');
  if (value.bytes && value.bytes.length >= size) return value.bytes.subarray(0, size);
  return context.read(value.addr, size);
}

/** The value with its bytes, if it is small enough to be read in one go. */
export async function loaded(context: ShowContext, value: Value): Promise<Value> {
  const size = sizeOfType(value.type);
  if (value.bytes || size === undefined || size > WHOLE_BYTES) return value;
  return { ...value, bytes: await bytesOf(context, value) };
}

/** A value inside another. */
export function part(whole: Value, offset: number, type: DwarfType): Value {
  const size = sizeOfType(type);
  const bytes = offset < 0 ? undefined : whole.bytes?.subarray(offset);
  const here = bytes !== undefined && size !== undefined && bytes.length >= size;
  return { type, addr: whole.addr + offset, bytes: here ? bytes : undefined };
}

/** Levels of inheritance that are searched for a member. */
const MAX_BASES = 16;

/** A member of a record by name, own ones first, then those of bases; undefined when there is none. */
export function field(whole: Value, name: string, depth = 0): Value | undefined {
  const type = bareType(whole.type);
  if (type.kind !== 'record' || depth > MAX_BASES) return undefined;
  const member = type.members.find((m) => m.name === name);
  if (member) return part(whole, member.offset, member.type);
  for (const base of type.bases) {
    const found = base.offset === undefined ? undefined : field(part(whole, base.offset, base.type), name, depth + 1);
    if (found) return found;
  }
  return undefined;
}

/** `field` along a path of names. */
export function fieldAt(whole: Value, ...path: readonly string[]): Value | undefined {
  let at: Value | undefined = whole;
  for (const name of path) at = at && field(at, name);
  return at;
}

/** An integer or pointer of up to 8 bytes, as a number without sign. */
export async function unsignedOf(context: ShowContext, value: Value): Promise<number> {
  const bytes = await bytesOf(context, value);
  let result = 0;
  for (let i = Math.min(bytes.length, 8) - 1; i >= 0; i--) result = result * 256 + bytes[i]!;
  return result;
}

export function recordOf(value: Value): RecordType | undefined {
  const type = bareType(value.type);
  return type.kind === 'record' ? type : undefined;
}

export function arrayOf(value: Value): ArrayType | undefined {
  const type = bareType(value.type);
  return type.kind === 'array' ? type : undefined;
}

/** What a pointer type points to. */
export function targetOf(value: Value): DwarfType | undefined {
  const type = bareType(value.type);
  return type.kind === 'pointer' ? type.target : undefined;
}
