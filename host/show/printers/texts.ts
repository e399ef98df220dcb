// std::basic_string and std::basic_string_view.

import { bareType, type DwarfType } from '../../elf/dwarf/types.js';
import { charKindOf } from '../scalars.js';
import { countedText } from '../strings.js';
import type { CharKind } from '../text.js';
import { fieldAt, targetOf, unsignedOf, type Value } from '../value.js';
import type { Printer } from './printer.js';

/** No string is longer: half the address space. */
const MAX_UNITS = 0x7fff_ffff;

function charKindBehind(type: DwarfType | undefined): CharKind | undefined {
  const target = type && bareType(type);
  return target?.kind === 'base' ? charKindOf(target) : undefined;
}

/** @param pointerPath members that lead to the pointer to the characters */
function textPrinter(pointerPath: readonly string[], lengthName: string): Printer {
  return async (context, value) => {
    const pointer: Value | undefined = fieldAt(value, ...pointerPath);
    const length = fieldAt(value, lengthName);
    const kind = pointer && charKindBehind(targetOf(pointer));
    if (!pointer || !length || !kind) return undefined;
    const units = await unsignedOf(context, length);
    if (units > MAX_UNITS) return undefined;
    return countedText(context, kind, await unsignedOf(context, pointer), units);
  };
}

export const TEXT_PRINTERS: Readonly<Record<string, Printer>> = {
  'std::basic_string': textPrinter(['_M_dataplus', '_M_p'], '_M_string_length'),
  'std::basic_string_view': textPrinter(['_M_str'], '_M_len'),
};
