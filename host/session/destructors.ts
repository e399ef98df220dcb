// Destructors of objects with static lifetime: the support library on the board notes each object with the number
// of its input, and runs them when the host says which.

import type { Op } from '../../protocol/batch.js';
import type { ObjectFile } from '../elf/object-file.js';
import type { Companion } from '../link/types.js';

/** In `firmware-stub/support/atexit.c`. */
const REGISTER = ['__cxa_atexit', '__aeabi_atexit'];
const RUN_DESTRUCTORS = 'bw_run_destructors';
const WANTED = 'bw_destructors';
/** Records there are without malloc. */
const FIRST_RECORDS = 32;

/** Which objects: of the inputs, or at the addresses, from `low` up to but without `high`. */
export interface Wanted {
  readonly low: number;
  readonly high: number;
  readonly by: 'input' | 'object';
  /** Only drop the records: the objects were never finished. */
  readonly forget?: boolean;
}

/** Every object of every input. */
export const ALL_OBJECTS: Wanted = { low: 0, high: 0xffff_ffff, by: 'input' };

/** The ops that have destructors run; the RUN's value says how many ran. None if no object ever needed one. */
export function destroyOps(addressOf: (symbol: string) => number | undefined, wanted: Wanted): Op[] {
  const [entry, addr] = [addressOf(RUN_DESTRUCTORS), addressOf(WANTED)];
  if (entry === undefined || addr === undefined) return [];
  const words = Uint32Array.of(wanted.low, wanted.high, wanted.by === 'object' ? 1 : 0, wanted.forget ? 1 : 0);
  return [
    { op: 'WRITE', addr, data: new Uint8Array(words.buffer) },
    { op: 'RUN', entry },
  ];
}

/** Most objects that the code of `object` can register: each place does so once. */
export function registrationsIn(object: ObjectFile): number {
  const indices = new Set(object.symbols.flatMap(({ name }, index) => (REGISTER.includes(name) ? [index] : [])));
  if (indices.size === 0) return 0;
  return object.sections.reduce((sum, s) => sum + s.relocations.filter((r) => indices.has(r.symbol)).length, 0);
}

/** What is to be linked along with destructors.
 *  @param registrations objects that may be registered by now */
export function destructorCompanions(registrations: number): Companion[] {
  const also = registrations > FIRST_RECORDS ? [RUN_DESTRUCTORS, 'malloc'] : [RUN_DESTRUCTORS];
  return REGISTER.flatMap((when) => also.map((name) => ({ when, also: name })));
}
