// One value's text, without its type: a dispatch on what kind of type it is. Whatever goes wrong with a part is
// said where the part would stand, so that the rest is still seen.

import { type ArrayType, bareType, type DwarfType, sizeOfType } from '../elf/dwarf/types.js';
import { DEFAULT_LIMITS, type MemoryReader, ShowContext, type ShowLimits, Unreadable, wordAt } from './context.js';
import { formatEnum } from './enums.js';
import { listText } from './lists.js';
import { addressText, formatMemberPointer, formatPointer } from './pointers.js';
import { printerFor } from './printers/index.js';
import { formatRecord } from './records.js';
import { charKindOf, formatScalar, integerOf } from './scalars.js';
import { arrayText } from './strings.js';
import { typeName } from './type-name.js';
import { bytesOf, loaded, part, type Value } from './value.js';

/** `(TYPE) VALUE` for a value at a place.
 *  @throws only errors of the line (WIRE_…) and of damaged debug information (DWARF_…) */
export async function formatTyped(
  type: DwarfType,
  place: { readonly addr: number; readonly bytes?: Uint8Array | undefined },
  memory: MemoryReader,
  limits: Partial<ShowLimits> = {},
): Promise<string> {
  const context = new ShowContext(memory, { ...DEFAULT_LIMITS, ...limits }, showValue);
  const name = typeName(type);
  const text = await showValue(context, { type, addr: place.addr, bytes: place.bytes }, 0);
  return `${name === '(lambda)' ? name : `(${name})`} ${text}`;
}

/** Kinds whose text holds other values' texts. */
const NESTING: ReadonlySet<DwarfType['kind']> = new Set(['record', 'array', 'reference', 'rvalue reference']);

async function showValue(context: ShowContext, value: Value, depth: number): Promise<string> {
  if (depth > context.limits.depth && NESTING.has(bareType(value.type).kind)) return '{…}';
  try {
    return await showBare(context, value, depth);
  } catch (error) {
    if (error instanceof Unreadable) return error.note;
    throw error;
  }
}

async function showBare(context: ShowContext, value: Value, depth: number): Promise<string> {
  const type = bareType(value.type);
  switch (type.kind) {
    case 'void':
      return 'void';
    case 'base':
      return formatScalar(type, await bytesOf(context, value));
    case 'unspecified':
      return type.name.includes('nullptr') ? 'nullptr' : '<no value>';
    case 'pointer':
      return formatPointer(context, type, await bytesOf(context, value));
    case 'reference':
    case 'rvalue reference': {
      const addr = wordAt(await bytesOf(context, value), 0);
      return context.show(context, { type: type.target, addr, bytes: undefined }, depth + 1);
    }
    case 'member pointer':
      return formatMemberPointer(context, type, await bytesOf(context, value));
    case 'enum':
      if (type.declaration && type.enumerators.length === 0 && sizeOfType(type) === undefined)
        return '<incomplete type>';
      return formatEnum(type, integerOf(await bytesOf(context, value), type.signed));
    case 'array':
      return formatArray(context, type, value, depth);
    case 'function':
      return addressText(context, value.addr);
    case 'record': {
      const print = type.declaration ? undefined : printerFor(type);
      const whole = await loaded(context, value);
      const text = print && (await print(context, { ...whole, type }, depth));
      return text ?? formatRecord(context, type, whole, depth);
    }
  }
}

async function formatArray(context: ShowContext, type: ArrayType, value: Value, depth: number): Promise<string> {
  const element = bareType(type.element);
  const kind = element.kind === 'base' ? charKindOf(element) : undefined;
  const size = sizeOfType(type.element);
  const { count } = type;
  if (count === undefined || size === undefined) return '<incomplete type>';
  const shown = Math.min(count, kind ? count : context.limits.elements);
  let whole = value;
  if (!whole.bytes) {
    // Of a long array only what is shown; of text a little more, to find where it ends.
    const wanted = kind ? Math.min(count * size, 4 * context.limits.characters * size) : shown * size;
    if (wanted <= context.limits.totalBytes / 2) whole = { ...whole, bytes: await context.read(value.addr, wanted) };
  }
  if (kind && whole.bytes) return arrayText(context, kind, whole.bytes.subarray(0, count * size), count);
  return listText(context, count, (i) => context.show(context, part(whole, i * size, type.element), depth + 1));
}
