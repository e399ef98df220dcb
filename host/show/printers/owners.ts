// What points to something and owns it: unique_ptr, shared_ptr, weak_ptr, reference_wrapper, function.
// `0x20001000 -> 5`, `0x20001000 -> 5 (use count 2)`, `nullptr`.

import { demangle } from '../../elf/demangle.js';
import { bareType, sizeOfType } from '../../elf/dwarf/types.js';
import { hex, type ShowContext } from '../context.js';
import { simplifyName } from '../simplify-name.js';
import { fieldAt, targetOf, unsignedOf, type Value } from '../value.js';
import { type Printer, typeArg } from './printer.js';
import { tupleHeads } from './tuple.js';

/** `0x20001000 -> 5`; the address alone where nothing is known of what is there.
 *  @param array the first of an unknown number of elements is there */
export async function pointeeText(
  context: ShowContext,
  pointer: Value,
  depth: number,
  array: boolean,
): Promise<string> {
  const addr = await unsignedOf(context, pointer);
  if (addr === 0) return 'nullptr';
  const target = targetOf(pointer);
  const known = target !== undefined && sizeOfType(target) !== undefined;
  // An owner that is met again while what it owns is being shown: a ring.
  if (!known || array || context.showing.has(addr)) return hex(addr) + context.symbolNote(addr);
  context.showing.add(addr);
  const text = await context.show(context, { type: target, addr, bytes: undefined }, depth + 1);
  context.showing.delete(addr);
  return `${hex(addr)} -> ${text}`;
}

/** `unique_ptr<int[]>` */
function ownsArray(owner: Value): boolean {
  const owned = typeArg(owner, 0);
  return owned !== undefined && bareType(owned).kind === 'array';
}

/** The pointer is the first element of a tuple, the deleter the second. */
const printUnique: Printer = async (context, value, depth) => {
  const tuple = fieldAt(value, '_M_t', '_M_t');
  const pointer = tuple && tupleHeads(tuple)[0];
  if (!pointer || bareType(pointer.type).kind !== 'pointer') return undefined;
  return pointeeText(context, pointer, depth, ownsArray(value));
};

const printShared: Printer = async (context, value, depth) => {
  const pointer = fieldAt(value, '_M_ptr');
  const counter = fieldAt(value, '_M_refcount', '_M_pi');
  if (!pointer || !counter || targetOf(pointer) === undefined) return undefined;
  const counts = await countsOf(context, counter);
  if (counts === undefined) return pointeeText(context, pointer, depth, ownsArray(value));
  if (counts.uses === 0) return 'expired';
  const uses = ` (use count ${counts.uses})`;
  return (await pointeeText(context, pointer, depth, ownsArray(value))) + uses;
};

async function countsOf(context: ShowContext, counter: Value): Promise<{ uses: number } | undefined> {
  const addr = await unsignedOf(context, counter);
  const block = targetOf(counter);
  if (addr === 0 || !block) return undefined;
  const uses = fieldAt({ type: block, addr, bytes: undefined }, '_M_use_count');
  return uses && { uses: await unsignedOf(context, uses) };
}

const printReference: Printer = async (context, value, depth) => {
  const pointer = fieldAt(value, '_M_data');
  const target = pointer && targetOf(pointer);
  if (!pointer || !target) return undefined;
  return context.show(context, { type: target, addr: await unsignedOf(context, pointer), bytes: undefined }, depth + 1);
};

/** What a std::function calls: its invoker is an instance of _Function_handler<signature, callee>. */
const printFunction: Printer = async (context, value) => {
  const manager = fieldAt(value, '_M_manager');
  const invoker = fieldAt(value, '_M_invoker');
  const storage = fieldAt(value, '_M_functor');
  if (!manager || !invoker || !storage || !typeArg(value, 0)) return undefined;
  if ((await unsignedOf(context, manager)) === 0) return 'empty';
  const entry = await unsignedOf(context, invoker);
  const callee = calleeOf(context, entry);
  if (callee === undefined) return hex(entry) + context.symbolNote(entry);
  // A plain function's pointer is kept in the storage itself.
  if (!/\((?:\*|&)\)\(/.test(callee)) return simplifyName(callee);
  const target = await context.readWord(storage.addr);
  return hex(target) + context.symbolNote(target);
};

/** Type of what is called, from the name of the invoker: `_Function_handler<signature, callee>::_M_invoke(…)`. */
function calleeOf(context: ShowContext, entry: number): string | undefined {
  const symbol = context.memory.symbolAt?.(entry);
  if (symbol === undefined) return undefined;
  const name = demangle(typeof symbol === 'string' ? symbol : symbol.name);
  const args = /_Function_handler<(.*)>::_M_invoke/.exec(name)?.[1] ?? '';
  let depth = 0;
  for (let i = 0; i < args.length; i++) {
    if ('<({['.includes(args[i]!)) depth++;
    else if ('>)}]'.includes(args[i]!)) depth--;
    else if (args[i] === ',' && depth === 0) return args.slice(i + 1).trim();
  }
  return undefined;
}

export const OWNER_PRINTERS: Readonly<Record<string, Printer>> = {
  'std::unique_ptr': printUnique,
  'std::shared_ptr': printShared,
  'std::weak_ptr': printShared,
  'std::reference_wrapper': printReference,
  'std::function': printFunction,
};
