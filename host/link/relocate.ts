// Applies one kept relocation: check → compute → range → write. Nothing is written when anything is wrong.

import { BarewireError } from '../diag/error.js';
import { demangle } from '../elf/demangle.js';
import type { Architecture } from './arch/architecture.js';
import { type Atom, addressOfTarget, type Fixup, type Target } from './atom.js';

/** A relocation in its place: what is needed to compute its value. */
export interface Place {
  readonly arch: Architecture;
  readonly atom: Atom;
  readonly fixup: Fixup;
  /** Where the fixup points, which need not be committed to it yet. */
  readonly target: Target;
  readonly via: Atom | undefined;
}

/** The value of the field, not yet checked against its range.
 *  @param V what stands in the field */
export function fieldValue({ arch, atom, fixup, target, via }: Place, V = 0): number {
  const P = (atom.addr + (fixup.pcOffset ?? fixup.offset)) >>> 0;
  const { row } = fixup;
  if (via !== undefined) return row.evaluate({ S: via.addr, A: fixup.addend, P, T: 1, V });
  if (target.kind === 'weak') {
    const S = row.use === 'branch' ? arch.afterBranch(P, row) : 0;
    return row.evaluate({ S, A: fixup.addend, P, T: 0, V });
  }
  return row.evaluate({ S: addressOfTarget(target), A: fixup.addend, P, T: target.thumb, V });
}

export function isInRange(place: Place): boolean {
  const value = fieldValue(place);
  return value >= place.fixup.row.min && value <= place.fixup.row.max;
}

/** Writes the field of a relocation.
 *  @param view   holds the atom's bytes; changed in place
 *  @param offset of the field in `view`
 *  @throws LINK_OUT_OF_RANGE, LINK_MISALIGNED (nothing is written) */
export function applyFixup(place: Place, view: DataView, offset: number): void {
  const { row } = place.fixup;
  const value = fieldValue(place, row.form.decode(view, offset));
  if (value < row.min || value > row.max) throw outOfRange(place, value);
  if (value % row.align !== 0) throw misaligned(place, value);
  row.form.encode(view, offset, value);
}

function outOfRange(place: Place, value: number): BarewireError {
  const { row } = place.fixup;
  const limit = value < 0 ? row.min : row.max;
  const targetAddr = addressOfTarget(place.target);
  const isDistance = row.expression.includes('P');
  const problem = isDistance
    ? `is ${bytesText(Math.abs(value))} ${value < 0 ? 'before' : 'after'} it, limit ${bytesText(Math.abs(limit))}`
    : `does not fit, limit 0x${limit.toString(16)}`;
  return new BarewireError(
    'LINK_OUT_OF_RANGE',
    `${whereOf(place)}: target ${hex(targetAddr)}${nameOf(place.fixup)} ${problem}`,
    { ...factsOf(place), targetAddr, value, min: row.min, max: row.max },
  );
}

function misaligned(place: Place, value: number): BarewireError {
  const targetAddr = addressOfTarget(place.target);
  return new BarewireError(
    'LINK_MISALIGNED',
    `${whereOf(place)}: target ${hex(targetAddr)}${nameOf(place.fixup)} must be a multiple of ${place.fixup.row.align} bytes away, ` +
      `but is ${value}`,
    { ...factsOf(place), targetAddr, value, align: place.fixup.row.align },
  );
}

function factsOf({ atom, fixup }: Place): Record<string, unknown> {
  return {
    relocation: fixup.row.name,
    file: atom.object?.name,
    section: atom.name,
    offset: atom.start + fixup.offset,
    symbol: fixup.symbol,
  };
}

function whereOf({ atom, fixup }: Place): string {
  const offset = (atom.start + fixup.offset).toString(16);
  return `${fixup.row.name} in ${atom.object?.name ?? 'a veneer'} ${atom.name}+0x${offset}`;
}

const nameOf = (fixup: Fixup): string => (fixup.symbol === undefined ? '' : ` (${demangle(fixup.symbol)})`);
const hex = (addr: number): string => `0x${(addr >>> 0).toString(16).padStart(8, '0')}`;

function bytesText(count: number): string {
  if (count >= 1024 * 1024) return `${Math.round(count / 1024 / 1024)} MiB`;
  return count >= 10 * 1024 ? `${Math.round(count / 1024)} KiB` : `${count} bytes`;
}
