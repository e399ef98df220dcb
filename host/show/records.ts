// Structs, classes and unions member by member, as gdb shows them: bases first, then own members, anonymous parts
// without a name. Static members and what the compiler put in are left out.

import { type Base, type BaseType, bareType, type Member, type RecordType } from '../elf/dwarf/types.js';
import { type ShowContext, Unreadable, wordAt } from './context.js';
import { formatEnum } from './enums.js';
import { formatInteger } from './scalars.js';
import { typeName } from './type-name.js';
import { loaded, part, type Value } from './value.js';

/** `{<Base> = {a = 1}, x = 1, y = 2}` */
export async function formatRecord(
  context: ShowContext,
  type: RecordType,
  value: Value,
  depth: number,
): Promise<string> {
  if (type.declaration) return '<incomplete type>';
  const whole = await loaded(context, value);
  const texts: string[] = [];
  for (const base of type.bases) {
    const bare = bareType(base.type);
    if (bare.kind === 'record' && !bare.declaration && isEmpty(bare)) continue;
    if (!context.spendElement()) return cut(texts);
    const name = typeName(base.type);
    const offset = base.offset ?? (await virtualOffset(context, whole, base));
    const text = offset === undefined ? '{…}' : await context.show(context, part(whole, offset, base.type), depth + 1);
    texts.push(`<${name}> = ${text}`);
  }
  for (const member of type.members) {
    if (member.artificial) continue;
    if (!context.spendElement()) return cut(texts);
    const text = member.bits
      ? await bitFieldText(context, whole, member, member.bits)
      : await context.show(context, part(whole, member.offset, member.type), depth + 1);
    texts.push(member.name === undefined || member.name === '' ? text : `${member.name} = ${text}`);
  }
  return `{${texts.join(', ')}}`;
}

/** Offset of a virtual base: it stands in the vtable that the object's first word points to. */
async function virtualOffset(context: ShowContext, whole: Value, base: Base): Promise<number | undefined> {
  if (base.vtableOffset === undefined) return undefined;
  try {
    const pointer = wordAt(whole.bytes ?? (await context.read(whole.addr, 4)), 0);
    return (await context.readWord(pointer - base.vtableOffset)) | 0;
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

function cut(texts: readonly string[]): string {
  return `{${[...texts, '…'].join(', ')}}`;
}

/** Without data, in itself and in its bases. */
function isEmpty(type: RecordType, depth = 0): boolean {
  if (depth > 16 || type.members.some((m) => !m.artificial)) return false;
  return type.bases.every((base) => {
    const bare = bareType(base.type);
    return bare.kind === 'record' && isEmpty(bare, depth + 1);
  });
}

async function bitFieldText(
  context: ShowContext,
  whole: Value,
  member: Member,
  bits: { readonly offset: number; readonly size: number },
): Promise<string> {
  const firstByte = Math.floor(bits.offset / 8);
  const endByte = Math.ceil((bits.offset + bits.size) / 8);
  const bytes = whole.bytes
    ? whole.bytes.subarray(firstByte, endByte)
    : await context.read(whole.addr + firstByte, endByte - firstByte);
  let raw = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) raw = (raw << 8n) | BigInt(bytes[i]!);
  raw = BigInt.asUintN(bits.size, raw >> BigInt(bits.offset % 8));
  const type = bareType(member.type);
  if (type.kind === 'enum') return formatEnum(type, type.signed ? BigInt.asIntN(bits.size, raw) : raw);
  const base = type as BaseType;
  return formatInteger(base, base.kind === 'base' && base.signed ? BigInt.asIntN(bits.size, raw) : raw);
}
