// std::map, set and their multi forms: a red-black tree, walked in order.
//
//   header (in the container): colour, root, leftmost, rightmost; then the number of nodes
//   node:                      colour, parent, left, right; then the element
//
// Each node is read once. A walk down or up takes at most as many steps as a tree of 2^32 nodes is deep; more means
// that the memory is damaged.

import { type DwarfType, sizeOfType } from '../../elf/dwarf/types.js';
import { type ShowContext, Unreadable, wordAt } from '../context.js';
import { listText } from '../lists.js';
import { fieldAt, part, unsignedOf, type Value } from '../value.js';
import { type Printer, storageOffset, typeArg } from './printer.js';

const LINK_BYTES = 16;
const PARENT = 4;
const LEFT = 8;
const RIGHT = 12;
const MAX_STEPS = 64;

/** The elements in order; `textOf` gives the text of one. */
async function treeText(
  context: ShowContext,
  value: Value,
  textOf: (element: Value) => Promise<string>,
): Promise<string | undefined> {
  const tree = fieldAt(value, '_M_t');
  const header = tree && fieldAt(tree, '_M_impl', '_M_header');
  const leftmost = header && fieldAt(header, '_M_left');
  const countField = tree && fieldAt(tree, '_M_impl', '_M_node_count');
  // _Rb_tree<Key, Value, …>
  const element: DwarfType | undefined = tree && typeArg(tree, 1);
  const size = element && sizeOfType(element);
  if (!leftmost || !countField || !element || size === undefined) return undefined;
  const offset = storageOffset(LINK_BYTES, element);
  const nodes = new Map<number, Uint8Array>();
  const nodeAt = async (addr: number): Promise<Uint8Array> => {
    let bytes = nodes.get(addr);
    if (!bytes) {
      bytes = await context.read(addr, offset + size);
      nodes.set(addr, bytes);
    }
    return bytes;
  };
  const link = async (addr: number, which: number): Promise<number> => wordAt(await nodeAt(addr), which);
  const successor = async (from: number): Promise<number> => {
    let node = await link(from, RIGHT);
    if (node !== 0) {
      for (let steps = 0; steps < MAX_STEPS; steps++) {
        const left = await link(node, LEFT);
        if (left === 0) return node;
        node = left;
      }
      throw new Unreadable('<damaged tree>');
    }
    let child = from;
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const parent = await link(child, PARENT);
      if ((await link(parent, RIGHT)) !== child) return parent;
      child = parent;
    }
    throw new Unreadable('<damaged tree>');
  };
  let node = 0;
  return listText(context, await unsignedOf(context, countField), async (i) => {
    node = i === 0 ? await unsignedOf(context, leftmost) : await successor(node);
    if (node === header.addr) return undefined;
    const bytes = await nodeAt(node);
    return textOf({ type: element, addr: node + offset, bytes: bytes.subarray(offset) });
  });
}

/** `[key] = value` of a pair. */
export async function entryText(context: ShowContext, pair: Value, depth: number): Promise<string> {
  const key = fieldAt(pair, 'first');
  const value = fieldAt(pair, 'second');
  if (!key || !value) return context.show(context, part(pair, 0, pair.type), depth + 1);
  return `[${await context.show(context, key, depth + 1)}] = ${await context.show(context, value, depth + 1)}`;
}

const printMap: Printer = (context, value, depth) =>
  treeText(context, value, (element) => entryText(context, element, depth));
const printSet: Printer = (context, value, depth) =>
  treeText(context, value, (element) => context.show(context, element, depth + 1));

export const TREE_PRINTERS: Readonly<Record<string, Printer>> = {
  'std::map': printMap,
  'std::multimap': printMap,
  'std::set': printSet,
  'std::multiset': printSet,
};
