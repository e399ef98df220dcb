// Pointers of all kinds. A character pointer shows its text, every other pointer its address and whose it is.

import { bareType, type DwarfType, type MemberPointerType, type PointerType } from '../elf/dwarf/types.js';
import { hex, type ShowContext, Unreadable, wordAt } from './context.js';
import { charKindOf, integerOf } from './scalars.js';
import { terminatedText } from './strings.js';
import { typeName } from './type-name.js';

/** `nullptr`, `"abc"`, `0x20001234 <name+4>`. */
export async function formatPointer(context: ShowContext, type: PointerType, bytes: Uint8Array): Promise<string> {
  const addr = wordAt(bytes, 0);
  if (addr === 0) return 'nullptr';
  const target = bareType(type.target);
  const kind = target.kind === 'base' ? charKindOf(target) : undefined;
  if (!kind) return addressText(context, addr);
  try {
    return await terminatedText(context, kind, addr);
  } catch (error) {
    if (error instanceof Unreadable) return `${hex(addr)} <unreadable>`;
    throw error;
  }
}

/** `0x20001234 <name+4>` */
export function addressText(context: ShowContext, addr: number): string {
  return hex(addr) + context.symbolNote(addr);
}

/** `&P::y`, `0x20000401 <P::f(int)>`, `virtual function 2 of P`.
 *
 *      data member: offset, -1 for null        function: word 0 address or vtable offset
 *                                                        word 1 bit 0 virtual, bits 31..1 adjustment of `this`
 *  @see Itanium C++ ABI 2.3, with the Arm variant that keeps the mark in the second word */
export function formatMemberPointer(context: ShowContext, type: MemberPointerType, bytes: Uint8Array): string {
  const owner = typeName(type.owner);
  const first = wordAt(bytes, 0);
  if (bareType(type.target).kind !== 'function') {
    const offset = Number(integerOf(bytes.subarray(0, 4), true));
    return offset < 0 ? 'nullptr' : `&${memberName(type.owner, offset, type.target) ?? `${owner} + ${offset}`}`;
  }
  const second = wordAt(bytes, 4);
  const virtual = (second & 1) !== 0;
  if (first === 0 && !virtual) return 'nullptr';
  const adjustment = second >> 1;
  const note = adjustment === 0 ? '' : `, this + ${adjustment}`;
  return (virtual ? `virtual function ${first / 4} of ${owner}` : addressText(context, first)) + note;
}

/** `P::y`, `P::inner.y` */
function memberName(owner: DwarfType, offset: number, wanted: DwarfType): string | undefined {
  const record = bareType(owner);
  if (record.kind !== 'record') return undefined;
  const same = record.members.filter((m) => m.offset === offset && m.name !== undefined && !m.bits);
  const member = same.find((m) => typeName(m.type) === typeName(wanted)) ?? same[0];
  return member && `${typeName(record)}::${member.name}`;
}
