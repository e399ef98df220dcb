// Where in the arena what kind of thing goes. Nobody may write to code and constants while user code runs; an MPU can
// only tell them from variables when they lie apart:
//
//   arena  │ code, constants ─→    free    ←─ transient │ ←─ variables, heap │ ←─ on trial │
//          low                                                               last 1/64 of RAM
//
// A zone whose memory is used up goes on wherever there is room: a full board is worse than an unprotected constant.

import { type Allocation, allocateHigh, allocateLow, type MemoryMap } from './memory-map.js';
import type { BlockKind } from './types.js';

interface Arena {
  readonly addr: number;
  readonly sizeBytes: number;
}

/** Takes memory for a zone; undefined when no hole of the arena is large enough. */
export type Allocate = (arena: Arena, map: MemoryMap, sizeBytes: number, align: number) => Allocation | undefined;

/** Whether running code may write to it. */
export function isWritable(kind: BlockKind): boolean {
  return kind === 'data' || kind === 'bss';
}

/** First address of the zone for trials: a power of two of bytes, about 1/64 of the arena, at its end. */
export function trialZone({ addr, sizeBytes }: Arena): number {
  return addr + sizeBytes - 2 ** Math.floor(Math.log2(Math.max(sizeBytes, 64) / 32));
}

/** Persistent code and constants. */
export const allocateCode: Allocate = (_arena, map, sizeBytes, align) => allocateLow(map, sizeBytes, align);

/** Variables, the heap, and whatever is transient. */
export const allocateWritable: Allocate = (arena, map, sizeBytes, align) =>
  allocateHigh(map, sizeBytes, align, 0, trialZone(arena)) ?? allocateHigh(map, sizeBytes, align);

/** Constants and code that only a statement refers to. */
export const allocateTrial: Allocate = (arena, map, sizeBytes, align) =>
  allocateHigh(map, sizeBytes, align, trialZone(arena)) ?? allocateHigh(map, sizeBytes, align);
