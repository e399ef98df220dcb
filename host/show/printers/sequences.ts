// Elements that lie side by side: vector, array, span, initializer_list, vector<bool>, and deque with its table
// of blocks.

import { bareType, type DwarfType, sizeOfType } from '../../elf/dwarf/types.js';
import type { ShowContext } from '../context.js';
import { listText } from '../lists.js';
import { fieldAt, part, targetOf, unsignedOf, type Value } from '../value.js';
import { argsOf, type Printer, typeArg } from './printer.js';

/** `count` elements from `addr` on, read in one go as far as they are shown. */
export async function elementsText(
  context: ShowContext,
  element: DwarfType,
  addr: number,
  count: number,
  depth: number,
): Promise<string | undefined> {
  const size = sizeOfType(element);
  if (size === undefined) return undefined;
  const shown = Math.min(count, context.limits.elements);
  const bytes = await context.read(addr, shown * size);
  const whole: Value = { type: element, addr, bytes };
  return listText(context, count, (i) => context.show(context, part(whole, i * size, element), depth + 1));
}

const printVector: Printer = async (context, value, depth) => {
  const kind = typeArg(value, 0);
  const bare = kind && bareType(kind);
  if (bare?.kind === 'base' && bare.encoding === 'boolean') return printBits(context, value);
  const start = fieldAt(value, '_M_impl', '_M_start');
  const finish = fieldAt(value, '_M_impl', '_M_finish');
  const limit = fieldAt(value, '_M_impl', '_M_end_of_storage');
  const element = start && targetOf(start);
  const size = element && sizeOfType(element);
  if (!start || !finish || !limit || !element || !size) return undefined;
  const from = await unsignedOf(context, start);
  const to = await unsignedOf(context, finish);
  if (to < from || (to - from) % size !== 0 || (await unsignedOf(context, limit)) < to) return undefined;
  return elementsText(context, element, from, (to - from) / size, depth);
};

/** vector<bool>: words of bits between two (word, bit) positions. */
async function printBits(context: ShowContext, value: Value): Promise<string | undefined> {
  const names = [
    ['_M_start', '_M_p'],
    ['_M_start', '_M_offset'],
    ['_M_finish', '_M_p'],
    ['_M_finish', '_M_offset'],
  ] as const;
  const found = names.map((path) => fieldAt(value, '_M_impl', ...path));
  if (found.some((f) => f === undefined)) return undefined;
  const [from, fromBit, to, toBit] = (await Promise.all(found.map((f) => unsignedOf(context, f!)))) as [
    number,
    number,
    number,
    number,
  ];
  const count = (to - from) * 8 + toBit - fromBit;
  if (count < 0) return undefined;
  const shown = Math.min(count, context.limits.elements);
  const bytes = await context.read(from, Math.ceil((fromBit + shown) / 8));
  return listText(context, count, async (i) => {
    const bit = fromBit + i;
    return (bytes[bit >> 3]! >> (bit & 7)) & 1 ? 'true' : 'false';
  });
}

const printArray: Printer = async (context, value, depth) => {
  const elements = fieldAt(value, '_M_elems');
  if (!elements) return undefined;
  // An array of no elements keeps an empty struct there.
  return bareType(elements.type).kind === 'array' ? context.show(context, elements, depth) : '{}';
};

const printSpan: Printer = async (context, value, depth) => {
  const pointer = fieldAt(value, '_M_ptr');
  const element = pointer && targetOf(pointer);
  const extent = argsOf(value)[1];
  if (!pointer || !element || extent?.kind !== 'value') return undefined;
  const dynamic = fieldAt(value, '_M_extent', '_M_extent_value');
  const count = dynamic ? await unsignedOf(context, dynamic) : Number(extent.value ?? 0n);
  return elementsText(context, element, await unsignedOf(context, pointer), count, depth);
};

const printInitializerList: Printer = async (context, value, depth) => {
  const pointer = fieldAt(value, '_M_array');
  const length = fieldAt(value, '_M_len');
  const element = pointer && targetOf(pointer);
  if (!length || !element) return undefined;
  return elementsText(context, element, await unsignedOf(context, pointer), await unsignedOf(context, length), depth);
};

/** Bytes of one block of a deque, unless one element is larger. */
const DEQUE_BLOCK = 512;

/** deque: `_M_start` and `_M_finish` are iterators into blocks; `_M_node` points into the table of blocks. */
const printDeque: Printer = async (context, value, depth) => {
  const iterator = async (name: string): Promise<number[] | undefined> => {
    const parts = ['_M_cur', '_M_first', '_M_last', '_M_node'].map((p) => fieldAt(value, '_M_impl', name, p));
    if (parts.some((p) => p === undefined)) return undefined;
    return Promise.all(parts.map((p) => unsignedOf(context, p!)));
  };
  const current = fieldAt(value, '_M_impl', '_M_start', '_M_cur');
  const element = current && targetOf(current);
  const size = element && sizeOfType(element);
  const start = await iterator('_M_start');
  const finish = await iterator('_M_finish');
  if (!element || !size || !start || !finish) return undefined;
  const perBlock = size < DEQUE_BLOCK ? Math.floor(DEQUE_BLOCK / size) : 1;
  const [cur, first, last, node] = start as [number, number, number, number];
  const [endCur, endFirst, , endNode] = finish as [number, number, number, number];
  const blocks = (endNode - node) / 4;
  const count =
    node === endNode ? (endCur - cur) / size : (blocks - 1) * perBlock + (last - cur + (endCur - endFirst)) / size;
  if (!Number.isInteger(count) || count < 0 || last - first !== perBlock * size) return undefined;
  const skipped = (cur - first) / size;
  return listText(context, count, async (i) => {
    const position = skipped + i;
    const block = await context.readWord(node + 4 * Math.floor(position / perBlock));
    const addr = block + (position % perBlock) * size;
    return context.show(context, { type: element, addr, bytes: undefined }, depth + 1);
  });
};

/** stack, queue and priority_queue: the container they are made of. */
const printAdaptor: Printer = async (context, value, depth) => {
  const container = fieldAt(value, 'c');
  return container && context.show(context, container, depth);
};

export const SEQUENCE_PRINTERS: Readonly<Record<string, Printer>> = {
  'std::vector': printVector,
  'std::array': printArray,
  'std::span': printSpan,
  'std::initializer_list': printInitializerList,
  'std::deque': printDeque,
  'std::stack': printAdaptor,
  'std::queue': printAdaptor,
  'std::priority_queue': printAdaptor,
};
