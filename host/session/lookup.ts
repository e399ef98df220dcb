// Addresses on the board turned into what people know them by, and memory read for display.

import { demangle } from '../elf/demangle.js';
import { isWrapper } from '../link/object-index.js';
import type { SymbolPlace } from '../link/types.js';
import type { SourceUnit } from '../unit/source-unit.js';
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

/** Text of a file as clang knew it: `input_3`, or the name of a file that was loaded.
 *  @param inputs in the order in which they were typed; the last one of a name counts */
export function sourceText(
  file: string,
  inputs: readonly { readonly input: number; readonly fileName: string | undefined; readonly unit: SourceUnit }[],
): string | undefined {
  const name = (each: (typeof inputs)[number]): string => each.fileName ?? `input_${each.input}`;
  const plain = (path: string): string => path.replace(/^(?:\.\/)+/, '');
  return inputs.filter((each) => plain(file) === plain(name(each))).at(-1)?.unit.text;
}

/** Reads memory of the board for display.
 *  @throws when the board did not read it, so that the value is shown as unreadable */
export async function readMemory(link: DeviceLink, addr: number, len: number): Promise<Uint8Array> {
  const { status, results } = await link.execute([{ op: 'READ', addr, len }]);
  const [result] = results;
  if (status !== 'OK' || result?.op !== 'READ') throw new Error(`reading 0x${addr.toString(16)} ended ${status}`);
  return result.data;
}
