// Regions of the MPU of Armv7-M and Armv6-M (PMSAv7), worked out on the host. A region has a power of two of bytes, begins at a
// multiple of that, and falls into eight equal parts that can be left out; where regions overlap the higher number
// counts. The stub has 0, 6 and 7 (firmware-stub/README.md), which leaves 1 to 5:
//
//   safe off                                      safe on
//   1–3  code and constants, read-only            1    all of RAM, read-only
//   4    RAM below the arena, writable            4    RAM below the arena, writable
//   5    constants of statements, read-only       2, 3, 5  windows on pages that are being written to
//
// The stub's own memory lies below the arena, and 7 keeps it read-only whatever these say.
//
// Armv6-M can only be set for safe off: a fault there does not say what was refused.
// Armv7-M manual, B3.5.8 and B3.5.9; Armv6-M manual, B3.5.

import type { AddrRange } from '../link/types.js';

/** A region without its number. `left out` is a bit for each eighth, the lowest address first. */
export interface Piece {
  readonly addr: number;
  readonly log2: number;
  readonly leftOut: number;
}

/** What is written of a region, in order: here RBAR and RASR; RNR, RBAR and RLAR on Armv8-M. */
export type RegionWords = readonly [rbar: number, rasr: number] | readonly [rnr: number, rbar: number, rlar: number];
/** On Armv7-M and Armv6-M. */
export type WordsV7 = Extract<RegionWords, readonly [number, number]>;

export type Access = 'read-only' | 'writable';

const RASR_ACCESS: Readonly<Record<Access, number>> = { 'read-only': 6 << 24, writable: 3 << 24 };
const RASR_NORMAL_MEMORY = 1 << 17;
const RBAR_VALID = 1 << 4;
const RO_REGIONS = [1, 2, 3] as const;
const BELOW_REGION = 4;
const TRIAL_REGION = 5;
/** Regions that open windows while writes are tracked. */
export const WINDOW_REGIONS: readonly number[] = [2, 3, 5];

/** Smallest region with eighths. */
const LEAST_LOG2 = 8;

/** Register values of a region. */
export function regionWords(number: number, { addr, log2, leftOut }: Piece, access: Access): WordsV7 {
  const rasr = RASR_ACCESS[access] | RASR_NORMAL_MEMORY | (leftOut << 8) | ((log2 - 1) << 1) | 1;
  return [(addr | RBAR_VALID | number) >>> 0, rasr >>> 0];
}

/** A region that is off. */
export const regionOff = (number: number): WordsV7 => [(RBAR_VALID | number) >>> 0, 0];

/** Pieces that make up [from, to), as few as greed finds; undefined when more than `most` are needed. */
export function piecesOf(from: number, to: number, most: number): Piece[] | undefined {
  const pieces: Piece[] = [];
  for (let at = from; at < to; ) {
    if (pieces.length === most) return undefined;
    let best: { piece: Piece; end: number } | undefined;
    for (let log2 = LEAST_LOG2; log2 <= 31; log2++) {
      const size = 2 ** log2;
      const part = size / 8;
      const addr = Math.floor(at / size) * size;
      if (at % part !== 0) break;
      const end = Math.min(addr + size, Math.floor(to / part) * part);
      if (end <= at || (best !== undefined && end <= best.end)) continue;
      let leftOut = 0;
      for (let i = 0; i < 8; i++) if (addr + i * part < at || addr + i * part >= end) leftOut |= 1 << i;
      best = { piece: { addr, log2, leftOut }, end };
    }
    if (best === undefined) return undefined;
    pieces.push(best.piece);
    at = best.end;
  }
  return pieces;
}

/** What the regions are worked out for. */
export interface MpuTarget {
  /** All of the RAM that the arena is in. */
  readonly ram: AddrRange;
  /** What the linker lays out; `arena.addr` as `guardedArena` gives it. */
  readonly arena: AddrRange;
  /** First address of the zone for constants of statements. */
  readonly trialAddr: number;
}

const log2Of = (len: number): number => Math.ceil(Math.log2(len));

/** The arena with its start where regions can begin: one of them is all the RAM below it.
 *  @returns undefined where RAM has no place at which one region can cover it, or one that costs half the arena */
export function guardedArena(ram: AddrRange, arena: AddrRange): AddrRange | undefined {
  if (ram.addr % 2 ** log2Of(ram.len) !== 0) return undefined;
  for (let align = 32; align <= 65536; align *= 2) {
    const addr = Math.ceil(arena.addr / align) * align;
    if (piecesOf(ram.addr, addr, 1) === undefined) continue;
    const len = arena.addr + arena.len - addr;
    return len < arena.len / 2 ? undefined : { addr, len };
  }
  return undefined;
}

function belowArena({ ram, arena }: MpuTarget): WordsV7 {
  const [piece] = piecesOf(ram.addr, arena.addr, 1) ?? [];
  return piece === undefined ? regionOff(BELOW_REGION) : regionWords(BELOW_REGION, piece, 'writable');
}

/** Where code ends for the MPU: a place from `codeEnd` on, up to `writableAddr`, that regions can end at.
 *  Far from both if there is room, so that it need not move soon.
 *  @returns the start of the arena when there is none */
export function chooseBoundary({ ram, arena }: MpuTarget, codeEnd: number, writableAddr: number): number {
  const middle = codeEnd + (writableAddr - codeEnd) / 2;
  const whole = 2 ** log2Of(ram.len);
  for (let part = whole / 8; part >= 64; part /= 8) {
    const down = Math.floor(middle / part) * part;
    for (const at of [down, down + part]) if (at >= codeEnd && at <= writableAddr && boundaryFits(ram, at)) return at;
  }
  // No room between code and variables: the end of the code stays without protection.
  for (let part = 64; part <= whole / 8; part *= 2) {
    const at = Math.floor(writableAddr / part) * part;
    if (at > arena.addr && boundaryFits(ram, at)) return at;
  }
  return arena.addr;
}

const boundaryFits = (ram: AddrRange, at: number): boolean => piecesOf(ram.addr, at, RO_REGIONS.length) !== undefined;

/** Code and constants below `boundary`, and those of statements, read-only.
 *  @param trials whether the zone for constants of statements holds nothing else */
export function codeRegions(target: MpuTarget, boundary: number, trials: boolean): WordsV7[] {
  const { ram, arena, trialAddr } = target;
  const pieces = boundary > arena.addr ? (piecesOf(ram.addr, boundary, RO_REGIONS.length) ?? []) : [];
  const zone = { addr: trialAddr, log2: Math.log2(arena.addr + arena.len - trialAddr), leftOut: 0 };
  const aligned = Number.isInteger(zone.log2) && trialAddr % 2 ** zone.log2 === 0;
  return [
    ...RO_REGIONS.map((number, i) =>
      pieces[i] === undefined ? regionOff(number) : regionWords(number, pieces[i], 'read-only'),
    ),
    belowArena(target),
    trials && aligned ? regionWords(TRIAL_REGION, zone, 'read-only') : regionOff(TRIAL_REGION),
  ];
}

/** All of the arena read-only, so that every write is seen. */
export function trackingRegions(target: MpuTarget): WordsV7[] {
  const { ram } = target;
  const all = { addr: ram.addr, log2: log2Of(ram.len), leftOut: 0 };
  return [regionWords(1, all, 'read-only'), ...WINDOW_REGIONS.map(regionOff), belowArena(target)];
}
