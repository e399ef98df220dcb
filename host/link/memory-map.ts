// Who owns which byte of the arena. The map is a value: a list of holes in order of address; allocating and
// releasing give a new list. So a stage that fails leaves nothing to undo.
//
//   arena  │ code, constants ─→   …holes…   ←─ transient, variables, heap │ ←─ on trial │
//          low                                                     high
//
// What nobody may write to lies apart from what is written to, so that an MPU can tell them apart (zones.ts).

/** A free range. */
export interface Hole {
  readonly addr: number;
  readonly sizeBytes: number;
}

/** Free ranges in order of address; neighbours never touch. */
export type MemoryMap = readonly Hole[];

export interface Allocation {
  readonly addr: number;
  readonly map: MemoryMap;
}

/** A map in which all of the arena is free. */
export function emptyMap(addr: number, sizeBytes: number): MemoryMap {
  return sizeBytes > 0 ? [{ addr, sizeBytes }] : [];
}

/** Takes `sizeBytes` from the lowest hole that has them, at its low end. `align` is a power of two.
 *  @returns undefined when no hole is large enough */
export function allocateLow(map: MemoryMap, sizeBytes: number, align: number): Allocation | undefined {
  for (const hole of map) {
    const addr = Math.ceil(hole.addr / align) * align;
    if (addr + sizeBytes <= hole.addr + hole.sizeBytes) return { addr, map: take(map, addr, sizeBytes) };
  }
  return undefined;
}

/** Takes `sizeBytes` from the highest hole that has them between `from` and `to`, at its high end.
 *  @returns undefined when no hole is large enough */
export function allocateHigh(
  map: MemoryMap,
  sizeBytes: number,
  align: number,
  from = 0,
  to = 2 ** 32,
): Allocation | undefined {
  for (let i = map.length - 1; i >= 0; i--) {
    const hole = map[i]!;
    const end = Math.min(hole.addr + hole.sizeBytes, to);
    const addr = Math.floor((end - sizeBytes) / align) * align;
    if (addr >= Math.max(hole.addr, from)) return { addr, map: take(map, addr, sizeBytes) };
  }
  return undefined;
}

/** Makes a range free again. */
export function release(map: MemoryMap, addr: number, sizeBytes: number): MemoryMap {
  if (sizeBytes === 0) return map;
  const merged: Hole[] = [];
  let [start, end] = [addr, addr + sizeBytes];
  let placed = false;
  for (const hole of map) {
    const holeEnd = hole.addr + hole.sizeBytes;
    if (holeEnd < start) {
      merged.push(hole);
    } else if (hole.addr > end) {
      if (!placed) merged.push({ addr: start, sizeBytes: end - start });
      placed = true;
      merged.push(hole);
    } else {
      start = Math.min(start, hole.addr);
      end = Math.max(end, holeEnd);
    }
  }
  if (!placed) merged.push({ addr: start, sizeBytes: end - start });
  return merged;
}

export function freeBytes(map: MemoryMap): number {
  return map.reduce((sum, hole) => sum + hole.sizeBytes, 0);
}

export function largestHole(map: MemoryMap): number {
  return map.reduce((most, hole) => Math.max(most, hole.sizeBytes), 0);
}

/** Cuts a range out of the hole around it. */
function take(map: MemoryMap, addr: number, sizeBytes: number): MemoryMap {
  return map.flatMap((hole) => {
    const [end, holeEnd] = [addr + sizeBytes, hole.addr + hole.sizeBytes];
    if (end <= hole.addr || addr >= holeEnd) return [hole];
    return [
      { addr: hole.addr, sizeBytes: addr - hole.addr },
      { addr: end, sizeBytes: holeEnd - end },
    ].filter((rest) => rest.sizeBytes > 0);
  });
}
