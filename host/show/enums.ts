// Enumerators by name: `Color::red`, `red`, `Flag::a | Flag::c`, and the number where no name fits.

import type { Enumerator, EnumType } from '../elf/dwarf/types.js';
import { scopePrefix, typeName } from './type-name.js';

/** Text of an enum's value. */
export function formatEnum(type: EnumType, value: bigint): string {
  const prefix = type.scoped && type.name !== undefined ? `${typeName(type)}::` : scopePrefix(type.scopes);
  const exact = type.enumerators.find((e) => e.value === value);
  if (exact) return prefix + exact.name;
  return flagsText(type, value, prefix) ?? value.toString();
}

/** Values of an enum whose enumerators are separate bits, or undefined when it is not such an enum. */
function flagsText(type: EnumType, value: bigint, prefix: string): string | undefined {
  const flags = type.enumerators.filter((e) => e.value !== 0n);
  if (value <= 0n || flags.length < 2 || countsUp(flags)) return undefined;
  const single = flags.filter((e) => isSingleBit(BigInt.asUintN(8 * type.sizeBytes, e.value)));
  // Further names for combinations of the bits do no harm; counted values such as 1, 2, 3, 4 are not flags.
  const known = single.reduce((bits, e) => bits | e.value, 0n);
  const combined = flags.filter((e) => !single.includes(e));
  if (single.length < 2 || combined.some((e) => (e.value & ~known) !== 0n || single.length <= combined.length)) {
    return undefined;
  }
  const names = single.filter((e) => (value & e.value) !== 0n).map((e) => prefix + e.name);
  if (names.length === 0) return undefined;
  const rest = value & ~known;
  // With names for combinations it may be a count after all, and then an unknown bit is an unknown number.
  if (rest !== 0n && combined.length > 0) return undefined;
  if (rest !== 0n) names.push(`0x${rest.toString(16)}`);
  return names.join(' | ');
}

/** Three or more values in a row, as an enum without bits in mind has them. */
function countsUp(flags: readonly Enumerator[]): boolean {
  const values = [...new Set(flags.map((e) => e.value))].sort((a, b) => (a < b ? -1 : 1));
  return values.length > 2 && values.every((value, i) => value === values[0]! + BigInt(i));
}

function isSingleBit(value: bigint): boolean {
  return (value & (value - 1n)) === 0n;
}
