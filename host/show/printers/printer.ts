// What all printers have in common.

import { alignOfType, type DwarfType, type RecordType, type TemplateArgument } from '../../elf/dwarf/types.js';
import type { ShowContext } from '../context.js';
import { recordOf, type Value } from '../value.js';

/** Text of a standard library object, or undefined when it is not laid out as the printer expects.
 *  `value` is a record, typedefs and qualifiers taken off. */
export type Printer = (context: ShowContext, value: Value, depth: number) => Promise<string | undefined>;

/** Template arguments of the value's type, packs flattened. */
export function argsOf(value: Value): readonly TemplateArgument[] {
  const record: RecordType | undefined = recordOf(value);
  return (record?.templateArgs ?? []).flatMap((arg) => (arg.kind === 'pack' ? arg.args : [arg]));
}

/** The `index`th template argument, if it is a type. */
export function typeArg(value: Value, index: number): DwarfType | undefined {
  const arg = argsOf(value)[index];
  return arg?.kind === 'type' ? arg.type : undefined;
}

/** Where a value of `type` stands in a node behind a header of so many bytes. */
export function storageOffset(headerBytes: number, type: DwarfType): number {
  const align = alignOfType(type);
  return Math.ceil(headerBytes / align) * align;
}
