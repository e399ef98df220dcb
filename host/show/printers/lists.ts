// std::list and std::forward_list: nodes that lead to each other. The walk ends at the head, at null, or when
// enough elements were shown, so that a list that bites its tail does no harm.
//
//   list node:          next, prev, element         forward_list node:  next, element

import { sizeOfType } from '../../elf/dwarf/types.js';
import { type ShowContext, wordAt } from '../context.js';
import { listText } from '../lists.js';
import { fieldAt, unsignedOf, type Value } from '../value.js';
import { type Printer, storageOffset, typeArg } from './printer.js';

/** @param linkBytes of a node before its element; the first is the pointer to the next node
 *  @param end address that ends the walk, beside null */
async function chainText(
  context: ShowContext,
  value: Value,
  first: number,
  end: number,
  linkBytes: number,
  count: number | undefined,
  depth: number,
): Promise<string | undefined> {
  const element = typeArg(value, 0);
  const size = element && sizeOfType(element);
  if (!element || size === undefined) return undefined;
  const offset = storageOffset(linkBytes, element);
  let node = first;
  return listText(context, count, async () => {
    if (node === 0 || node === end) return undefined;
    const bytes = await context.read(node, offset + size);
    const at = node;
    node = wordAt(bytes, 0);
    return context.show(context, { type: element, addr: at + offset, bytes: bytes.subarray(offset) }, depth + 1);
  });
}

const printList: Printer = async (context, value, depth) => {
  const head = fieldAt(value, '_M_impl', '_M_node');
  const next = head && fieldAt(head, '_M_next');
  const size = head && fieldAt(head, '_M_size');
  if (!head || !next || !size) return undefined;
  const count = await unsignedOf(context, size);
  return chainText(context, value, await unsignedOf(context, next), head.addr, 8, count, depth);
};

const printForwardList: Printer = async (context, value, depth) => {
  const next = fieldAt(value, '_M_impl', '_M_head', '_M_next');
  return next && chainText(context, value, await unsignedOf(context, next), 0, 4, undefined, depth);
};

export const LIST_PRINTERS: Readonly<Record<string, Printer>> = {
  'std::list': printList,
  'std::forward_list': printForwardList,
};
