// std::basic_string and std::basic_string_view.

import { bareType, type DwarfType } from '../../elf/dwarf/types.js';
import { charKindOf } from '../scalars.js';
import { countedText } from '../strings.js';
import type { CharKind } from '../text.js';
import { fieldAt, targetOf, unsignedOf, type Value } from '../value.js';
import type { Printer } from './printer.js';

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
    return countedText(context, kind, await unsignedOf(context, pointer), await unsignedOf(context, length));
  };
}

export const TEXT_PRINTERS: Readonly<Record<string, Printer>> = {
  'std::basic_string': textPrinter(['_M_dataplus', '_M_p'], '_M_string_length'),
  'std::basic_string_view': textPrinter(['_M_str'], '_M_len'),
};
