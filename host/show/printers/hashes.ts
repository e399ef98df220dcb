// std::unordered_map, unordered_set and their multi forms: all elements hang in one chain behind `_M_before_begin`;
// the buckets only point into it.
//
//   node:  next, element, (the element's hash)

import { type DwarfType, sizeOfType } from '../../elf/dwarf/types.js';
import { type ShowContext, wordAt } from '../context.js';
import { listText } from '../lists.js';
import { fieldAt, unsignedOf, type Value } from '../value.js';
import { type Printer, storageOffset, typeArg } from './printer.js';
import { entryText } from './trees.js';

const LINK_BYTES = 4;

async function tableText(
  context: ShowContext,
  value: Value,
  textOf: (element: Value) => Promise<string>,
): Promise<string | undefined> {
  const table = fieldAt(value, '_M_h');
  const first = table && fieldAt(table, '_M_before_begin', '_M_nxt');
  const countField = table && fieldAt(table, '_M_element_count');
  // _Hashtable<Key, Value, …>
  const element: DwarfType | undefined = table && typeArg(table, 1);
  const size = element && sizeOfType(element);
  if (!first || !countField || !element || size === undefined) return undefined;
  const offset = storageOffset(LINK_BYTES, element);
  let node = await unsignedOf(context, first);
  return listText(context, await unsignedOf(context, countField), async () => {
    if (node === 0) return undefined;
    const bytes = await context.read(node, offset + size);
    const at = node;
    node = wordAt(bytes, 0);
    return textOf({ type: element, addr: at + offset, bytes: bytes.subarray(offset) });
  });
}

const printMap: Printer = (context, value, depth) =>
  tableText(context, value, (element) => entryText(context, element, depth));
const printSet: Printer = (context, value, depth) =>
  tableText(context, value, (element) => context.show(context, element, depth + 1));

export const HASH_PRINTERS: Readonly<Record<string, Printer>> = {
  'std::unordered_map': printMap,
  'std::unordered_multimap': printMap,
  'std::unordered_set': printSet,
  'std::unordered_multiset': printSet,
};
