// The same types as libc++ lays them out, which comes with clang from npm (ABI version 2).
//
//   string     data pointer, size, capacity; the last bit says whether they count. Else the characters, and their
//              number in the last byte
//   map, set   node: left, right, parent, black; then the element
//   hashes     node: next, hash; then the element
//   list       node: previous, next; then the element
//   deque      table of blocks, place of the first element, number of elements

import { bareType, type DwarfType, sizeOfType } from '../../elf/dwarf/types.js';
import { type ShowContext, Unreadable, wordAt } from '../context.js';
import { listText } from '../lists.js';
import { charKindOf, formatComplex } from '../scalars.js';
import { countedText } from '../strings.js';
import { typeName } from '../type-name.js';
import { bytesOf, fieldAt, part, recordOf, targetOf, unsignedOf, type Value } from '../value.js';
import { pointeeText } from './owners.js';
import { argsOf, type Printer, storageOffset, typeArg } from './printer.js';
import { elementsText } from './sequences.js';
import { entryText } from './trees.js';
import { bitsetPrinter, durationText, memberPrinter } from './values.js';

async function numberAt(context: ShowContext, value: Value, ...path: string[]): Promise<number | undefined> {
  const found = fieldAt(value, ...path);
  return found && unsignedOf(context, found);
}

const printVector: Printer = async (context, value, depth) => {
  const begin = fieldAt(value, '__begin_');
  const element = typeArg(value, 0);
  if (!begin || !element) return undefined;
  const from = await unsignedOf(context, begin);
  const bare = bareType(element);
  if (bare.kind === 'base' && bare.encoding === 'boolean') {
    const count = await numberAt(context, value, '__size_');
    return count === undefined ? undefined : bitsText(context, from, count);
  }
  const to = await numberAt(context, value, '__end_');
  const size = sizeOfType(element);
  if (to === undefined || !size || to < from || (to - from) % size !== 0) return undefined;
  return elementsText(context, element, from, (to - from) / size, depth);
};

async function bitsText(context: ShowContext, addr: number, count: number): Promise<string> {
  const bytes = await context.read(addr, Math.ceil(Math.min(count, context.limits.elements) / 8));
  return listText(context, count, async (i) => ((bytes[i >> 3]! >> (i & 7)) & 1 ? 'true' : 'false'));
}

const LONG_STRING = 0x80;

const printString: Printer = async (context, value) => {
  const rep = fieldAt(value, '__rep_');
  const long = rep && fieldAt(rep, '__l');
  const pointer = long && fieldAt(long, '__data_');
  const target = pointer && targetOf(pointer);
  const unit = target && bareType(target);
  const kind = unit?.kind === 'base' ? charKindOf(unit) : undefined;
  if (!rep || !long || !pointer || !kind) return undefined;
  const bytes = await bytesOf(context, rep);
  const last = bytes.at(-1)!;
  if (last < LONG_STRING) return countedText(context, kind, rep.addr, last);
  const size = await numberAt(context, long, '__size_');
  return size === undefined ? undefined : countedText(context, kind, await unsignedOf(context, pointer), size);
};

const printView: Printer = async (context, value) => {
  const pointer = fieldAt(value, '__data_');
  const target = pointer && targetOf(pointer);
  const unit = target && bareType(target);
  const kind = unit?.kind === 'base' ? charKindOf(unit) : undefined;
  const size = await numberAt(context, value, '__size_');
  if (!pointer || !kind || size === undefined) return undefined;
  return countedText(context, kind, await unsignedOf(context, pointer), size);
};

const printArray: Printer = async (context, value, depth) => {
  const elements = fieldAt(value, '__elems_');
  if (!elements) return undefined;
  const [, count] = argsOf(value);
  return count?.kind === 'value' && count.value === 0n ? '{}' : context.show(context, elements, depth);
};

/** A pointer and a number of elements.
 *  @param names of both; a span of fixed extent has its number in its type */
function runPrinter(pointerName: string, countName: string): Printer {
  return async (context, value, depth) => {
    const pointer = fieldAt(value, pointerName);
    const element = pointer && targetOf(pointer);
    if (!pointer || !element) return undefined;
    const extent = argsOf(value)[1];
    const fixed = extent?.kind === 'value' ? Number(extent.value ?? 0n) : undefined;
    const count = (await numberAt(context, value, countName)) ?? fixed;
    if (count === undefined) return undefined;
    return elementsText(context, element, await unsignedOf(context, pointer), count, depth);
  };
}

/** Bytes of one block of a deque of small elements; of large ones it has 16. */
const DEQUE_BLOCK = 4096;

const printDeque: Printer = async (context, value, depth) => {
  const element = typeArg(value, 0);
  const size = element && sizeOfType(element);
  const table = await numberAt(context, value, '__map_', '__begin_');
  const start = await numberAt(context, value, '__start_');
  const count = await numberAt(context, value, '__size_');
  if (!element || !size || table === undefined || start === undefined || count === undefined) return undefined;
  const perBlock = size < 256 ? Math.floor(DEQUE_BLOCK / size) : 16;
  return listText(context, count, async (i) => {
    const place = start + i;
    const block = await context.readWord(table + 4 * Math.floor(place / perBlock));
    return context.show(
      context,
      { type: element, addr: block + (place % perBlock) * size, bytes: undefined },
      depth + 1,
    );
  });
};

/** The elements of nodes that lead to each other. */
async function chainText(
  context: ShowContext,
  element: DwarfType | undefined,
  chain: {
    readonly first: number;
    readonly end: number;
    /** Place of the pointer to the next node. */
    readonly next: number;
    readonly headBytes: number;
    readonly count: number | undefined;
  },
  textOf: (element: Value) => Promise<string>,
): Promise<string | undefined> {
  const size = element && sizeOfType(element);
  if (!element || size === undefined) return undefined;
  const offset = storageOffset(chain.headBytes, element);
  let node = chain.first;
  return listText(context, chain.count, async () => {
    if (node === 0 || node === chain.end) return undefined;
    const bytes = await context.read(node, offset + size);
    const at = node;
    node = wordAt(bytes, chain.next);
    return textOf({ type: element, addr: at + offset, bytes: bytes.subarray(offset) });
  });
}

const printList: Printer = async (context, value, depth) => {
  const end = fieldAt(value, '__end_');
  const first = end && (await numberAt(context, end, '__next_'));
  const count = await numberAt(context, value, '__size_');
  if (!end || first === undefined || count === undefined) return undefined;
  const chain = { first, end: end.addr, next: 4, headBytes: 8, count };
  return chainText(context, typeArg(value, 0), chain, (each) => context.show(context, each, depth + 1));
};

const printForwardList: Printer = async (context, value, depth) => {
  const first = await numberAt(context, value, '__before_begin_', '__next_');
  if (first === undefined) return undefined;
  const chain = { first, end: 0, next: 0, headBytes: 4, count: undefined };
  return chainText(context, typeArg(value, 0), chain, (each) => context.show(context, each, depth + 1));
};

/** What a node of a map holds: a pair, which some versions wrap. */
const pairOf = (element: Value): Value => fieldAt(element, '__cc_') ?? element;

/** What nodes hold. Newer versions leave the wrapped pair undefined: the allocator, the last argument, says what it is. */
function elementOf(value: Value, table: Value): DwarfType | undefined {
  const element = typeArg(table, 0);
  if (element !== undefined && sizeOfType(element) !== undefined) return element;
  const allocator = typeArg(value, argsOf(value).length - 1);
  return allocator === undefined ? element : typeArg({ ...value, type: allocator }, 0);
}

function hashPrinter(isMap: boolean): Printer {
  return async (context, value, depth) => {
    const table = fieldAt(value, '__table_');
    const first = table && (await numberAt(context, table, '__first_node_', '__next_'));
    const count = table && (await numberAt(context, table, '__size_'));
    if (!table || first === undefined || count === undefined) return undefined;
    const chain = { first, end: 0, next: 0, headBytes: 8, count };
    return chainText(context, elementOf(value, table), chain, (each) =>
      isMap ? entryText(context, pairOf(each), depth) : context.show(context, each, depth + 1),
    );
  };
}

const LEFT = 0;
const RIGHT = 4;
const PARENT = 8;
/** Up to and with the colour. */
const TREE_NODE_BYTES = 13;
const MAX_STEPS = 64;

function treePrinter(isMap: boolean): Printer {
  return async (context, value, depth) => {
    const tree = fieldAt(value, '__tree_');
    const begin = tree && (await numberAt(context, tree, '__begin_node_'));
    const count = tree && (await numberAt(context, tree, '__size_'));
    const element = tree && elementOf(value, tree);
    const size = element && sizeOfType(element);
    if (begin === undefined || count === undefined || !element || size === undefined) return undefined;
    const offset = storageOffset(TREE_NODE_BYTES, element);
    let node = 0;
    return listText(context, count, async (i) => {
      node = i === 0 ? begin : await successor(context, node);
      const bytes = await context.read(node + offset, size);
      const each = { type: element, addr: node + offset, bytes };
      return isMap ? entryText(context, pairOf(each), depth) : context.show(context, each, depth + 1);
    });
  };
}

async function successor(context: ShowContext, from: number): Promise<number> {
  let node = await context.readWord(from + RIGHT);
  if (node !== 0) {
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const left = await context.readWord(node + LEFT);
      if (left === 0) return node;
      node = left;
    }
    throw new Unreadable('<damaged tree>');
  }
  let child = from;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const parent = await context.readWord(child + PARENT);
    if ((await context.readWord(parent + LEFT)) === child) return parent;
    child = parent;
  }
  throw new Unreadable('<damaged tree>');
}

/** `unique_ptr<int[]>` */
function ownsArray(owner: Value): boolean {
  const owned = typeArg(owner, 0);
  return owned !== undefined && bareType(owned).kind === 'array';
}

const printUnique: Printer = async (context, value, depth) => {
  const pointer = fieldAt(value, '__ptr_');
  if (!pointer || bareType(pointer.type).kind !== 'pointer') return undefined;
  return pointeeText(context, pointer, depth, ownsArray(value));
};

/** The block of counts begins with its vtable; they are one less than what they count. */
const SHARED_OWNERS = 4;

const printShared: Printer = async (context, value, depth) => {
  const pointer = fieldAt(value, '__ptr_');
  const block = await numberAt(context, value, '__cntrl_');
  if (!pointer || block === undefined || targetOf(pointer) === undefined) return undefined;
  if (block === 0) return pointeeText(context, pointer, depth, ownsArray(value));
  const uses = ((await context.readWord(block + SHARED_OWNERS)) + 1) >>> 0;
  if (uses === 0) return 'expired';
  return `${await pointeeText(context, pointer, depth, ownsArray(value))} (use count ${uses})`;
};

const printReference: Printer = async (context, value, depth) => {
  const pointer = fieldAt(value, '__f_');
  return pointer && targetOf(pointer) ? pointeeText(context, pointer, depth, false) : undefined;
};

const printOptional: Printer = async (context, value, depth) => {
  const engaged = await numberAt(context, value, '__engaged_');
  const type = typeArg(value, 0);
  if (engaged === undefined || !type) return undefined;
  return engaged === 0 ? 'nullopt' : context.show(context, part(value, 0, type), depth + 1);
};

const printVariant: Printer = async (context, value, depth) => {
  const index = fieldAt(value, '__impl_', '__index');
  if (!index) return undefined;
  const bytes = await bytesOf(context, index);
  if (bytes.every((byte) => byte === 0xff)) return 'valueless';
  const type = typeArg(value, await unsignedOf(context, index));
  if (!type) return undefined;
  return `(${typeName(type)}) ${await context.show(context, part(value, 0, type), depth + 1)}`;
};

/** Each element is in a base of its own; an empty one is that base's base. */
const printTuple: Printer = async (context, value, depth) => {
  const leaves = fieldAt(value, '__base_');
  const bases = leaves && recordOf(leaves)?.bases;
  const types = argsOf(value);
  if (!leaves || !bases) return types.length === 0 ? '{}' : undefined;
  const parts = bases.flatMap(({ offset, type }) => (offset === undefined ? [] : [part(leaves, offset, type)]));
  if (parts.length !== types.length) return undefined;
  return listText(context, parts.length, async (i) => {
    const leaf = parts[i]!;
    const inner = fieldAt(leaf, '__value_') ?? part(leaf, 0, typeArg(leaf, 1) ?? leaf.type);
    return context.show(context, inner, depth + 1);
  });
};

const printComplex: Printer = async (context, value, depth) => {
  const [real, imaginary] = [fieldAt(value, '__re_'), fieldAt(value, '__im_')];
  if (!real || !imaginary) return undefined;
  return formatComplex(await context.show(context, real, depth), await context.show(context, imaginary, depth));
};

const printDuration: Printer = async (context, value, depth) => {
  const count = fieldAt(value, '__rep_');
  return count && durationText(context, value, count, depth);
};

export const LIBCXX_PRINTERS: Readonly<Record<string, Printer>> = {
  'std::basic_string': printString,
  'std::basic_string_view': printView,
  'std::vector': printVector,
  'std::array': printArray,
  'std::span': runPrinter('__data_', '__size_'),
  'std::initializer_list': runPrinter('__begin_', '__size_'),
  'std::deque': printDeque,
  'std::list': printList,
  'std::forward_list': printForwardList,
  'std::map': treePrinter(true),
  'std::multimap': treePrinter(true),
  'std::set': treePrinter(false),
  'std::multiset': treePrinter(false),
  'std::unordered_map': hashPrinter(true),
  'std::unordered_multimap': hashPrinter(true),
  'std::unordered_set': hashPrinter(false),
  'std::unordered_multiset': hashPrinter(false),
  'std::unique_ptr': printUnique,
  'std::shared_ptr': printShared,
  'std::weak_ptr': printShared,
  'std::reference_wrapper': printReference,
  'std::optional': printOptional,
  'std::variant': printVariant,
  'std::tuple': printTuple,
  'std::complex': printComplex,
  'std::chrono::duration': printDuration,
  'std::chrono::time_point': memberPrinter(['__d_']),
  'std::atomic': memberPrinter(['__a_', '__a_value'], ['__a_']),
  'std::bitset': bitsetPrinter('__first_'),
};
