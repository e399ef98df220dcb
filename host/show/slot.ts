// The value of an input's last expression: its code left it in a variable whose type is a `__bw::Slot<…>`, and the
// debug information of the same object says how to read it.
//
//   Slot<int>   { int value; }      the value itself, copied
//   Slot<P &>   { P *pointer; }     where it lives
//   Slot<void>  { }                 nothing to show
//
// A value with a destructor has `drop` beside it: a function that runs that.

import { BarewireError } from '../diag/error.js';
import { readDebugInfo } from '../elf/dwarf/debug-info.js';
import { bareType, type DwarfType, sizeOfType } from '../elf/dwarf/types.js';
import type { ObjectFile } from '../elf/object-file.js';
import { hex, type MemoryReader, type ShowLimits, wordAt } from './context.js';
import { formatTyped } from './format-value.js';
import { field } from './value.js';

export type { MemoryReader, ShowLimits, SymbolName } from './context.js';

/** Name of the variable that holds the value. */
export const SLOT_NAME = '__bw_value';
const WORD_BYTES = 4;

/** What an input left behind. */
export interface SlotContent {
  readonly type: DwarfType;
  /** Of the value itself. */
  readonly addr: number;
  /** The value, where the slot holds it; undefined where it holds a pointer to it. */
  readonly bytes: Uint8Array | undefined;
  /** Code that ends the value once it has been shown; undefined where nothing needs it. */
  readonly dropAddr: number | undefined;
}

/** Reads the value slot of an input; undefined for void.
 *  @param slotAddr device address of the object's `__bw_value`
 *  @param ownerOf the object whose variable stands at an address: it knows the whole type of what it made
 *  @throws SHOW_NO_SLOT when the object does not describe the variable, SHOW_SLOT_UNREADABLE, DWARF_…, WIRE_… */
export async function readSlot(
  object: ObjectFile,
  slotAddr: number,
  memory: MemoryReader,
  ownerOf?: (addr: number) => ObjectFile | undefined,
): Promise<SlotContent | undefined> {
  const debugInfo = readDebugInfo(object);
  const variable = debugInfo.variable(SLOT_NAME);
  if (!variable) {
    throw new BarewireError(
      'SHOW_NO_SLOT',
      `${object.name} has no debug information for ${SLOT_NAME}, so its value cannot be shown; it ran all the same. Compile with -g`,
      { object: object.name },
    );
  }
  const slot = { type: variable.type, addr: slotAddr, bytes: undefined };
  const value = field(slot, 'value');
  const holder = value ?? field(slot, 'pointer');
  const holderType = holder && bareType(holder.type);
  if (!holder || !holderType) return undefined;
  const bytes = await readBytes(memory, holder.addr, sizeOfType(holder.type) ?? 0);
  const drop = field(slot, 'drop');
  const dropAddr = drop && wordAt(await readBytes(memory, drop.addr, WORD_BYTES), 0);
  if (value) return { type: holder.type, addr: holder.addr, bytes, dropAddr };
  if (holderType.kind !== 'pointer') return undefined;
  const addr = wordAt(bytes, 0);
  const owner = ownerOf?.(addr);
  if (owner !== undefined) debugInfo.completeFrom(owner);
  return { type: holderType.target, addr, bytes: undefined, dropAddr };
}

/** `(int) 42` for what an input left behind.
 *  @throws DWARF_…, WIRE_… */
export function formatContent(
  { type, addr, bytes }: SlotContent,
  memory: MemoryReader,
  limits: Partial<ShowLimits> = {},
): Promise<string> {
  return formatTyped(type, bytes === undefined ? { addr } : { addr, bytes }, memory, limits);
}

/** `readSlot` and `formatContent` in one; undefined for void. */
export async function formatSlot(
  object: ObjectFile,
  slotAddr: number,
  memory: MemoryReader,
  limits: Partial<ShowLimits> = {},
): Promise<string | undefined> {
  const content = await readSlot(object, slotAddr, memory);
  return content === undefined ? undefined : formatContent(content, memory, limits);
}

/** One read: the slot may hold what a volatile register gave, and board time is what a prompt waits for. */
async function readBytes(memory: MemoryReader, addr: number, size: number): Promise<Uint8Array> {
  const bytes = size === 0 ? new Uint8Array(0) : await memory.read(addr, size);
  if (bytes.length === size) return bytes;
  throw new BarewireError(
    'SHOW_SLOT_UNREADABLE',
    `the value at ${hex(addr)} has ${size} bytes, the board gave ${bytes.length}; try again`,
    { addr, size, got: bytes.length },
    'device',
  );
}
