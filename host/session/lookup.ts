// Addresses on the board turned into what people know them by, and memory read for display.

import { demangle } from '../elf/demangle.js';
import { isWrapper } from '../link/object-index.js';
import type { SymbolPlace } from '../link/types.js';
import type { DeviceLink } from '../wire/link.js';

/** `f(int)`, `table + 8`; undefined where nothing is known to stand. */
export function symbolText(place: SymbolPlace | undefined): string | undefined {
  if (place === undefined) return undefined;
  if (isWrapper(place.name)) return place.input === undefined ? undefined : `input ${place.input}`;
  const name = demangle(place.name);
  // Bit 0 of a pointer to a function says Thumb.
  const offset = place.offset & ~1;
  return offset === 0 ? name : `${name} + ${offset}`;
}

/** Reads memory of the board for display.
 *  @throws when the board did not read it, so that the value is shown as unreadable */
export async function readMemory(link: DeviceLink, addr: number, len: number): Promise<Uint8Array> {
  const { status, results } = await link.execute([{ op: 'READ', addr, len }]);
  const [result] = results;
  if (status !== 'OK' || result?.op !== 'READ') throw new Error(`reading 0x${addr.toString(16)} ended ${status}`);
  return result.data;
}
