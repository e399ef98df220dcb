// The value of an input's last expression: its code left it in a variable whose type is a `__bw::Slot<…>`, and the
// debug information of the same object says how to read it.
//
//   Slot<int>   { int value; }      the value itself, copied
//   Slot<P &>   { P *pointer; }     where it lives
//   Slot<void>  { }                 nothing to show

import { BarewireError } from '../diag/error.js';
import { readDebugInfo } from '../elf/dwarf/debug-info.js';
import { bareType, sizeOfType } from '../elf/dwarf/types.js';
import type { ObjectFile } from '../elf/object-file.js';
import { hex, type MemoryReader, type ShowLimits, wordAt } from './context.js';
import { formatTyped } from './format-value.js';
import { field } from './value.js';

export type { MemoryReader, ShowLimits, SymbolName } from './context.js';

/** Name of the variable that holds the value. */
export const SLOT_NAME = '__bw_value';

/** `(int) 42` for the value that an input left behind; undefined for void.
 *  @param slotAddr device address of the object's `__bw_value`
 *  @throws SHOW_NO_SLOT when the object does not describe the variable, SHOW_SLOT_UNREADABLE, DWARF_…, WIRE_… */
export async function formatSlot(
  object: ObjectFile,
  slotAddr: number,
  memory: MemoryReader,
  limits: Partial<ShowLimits> = {},
): Promise<string | undefined> {
  const variable = readDebugInfo(object).variable(SLOT_NAME);
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
  const size = sizeOfType(holder.type) ?? 0;
  const bytes = await readSlot(memory, holder.addr, size);
  if (value) return formatTyped(holder.type, { addr: holder.addr, bytes }, memory, limits);
  if (holderType.kind !== 'pointer') return undefined;
  return formatTyped(holderType.target, { addr: wordAt(bytes, 0) }, memory, limits);
}

/** One read: the slot may hold what a volatile register gave, and board time is what a prompt waits for. */
async function readSlot(memory: MemoryReader, addr: number, size: number): Promise<Uint8Array> {
  const bytes = size === 0 ? new Uint8Array(0) : await memory.read(addr, size);
  if (bytes.length === size) return bytes;
  throw new BarewireError(
    'SHOW_SLOT_UNREADABLE',
    `the value at ${hex(addr)} has ${size} bytes, the board gave ${bytes.length}; try again`,
    { addr, size, got: bytes.length },
    'device',
  );
}
