// Sets of addresses as sorted lists of ranges that neither touch nor overlap.

import type { AddrRange } from '../link/types.js';

/** The same addresses, sorted and joined. */
export function normalise(ranges: readonly AddrRange[]): AddrRange[] {
  const sorted = ranges.filter(({ len }) => len > 0).sort((a, b) => a.addr - b.addr);
  const joined: { addr: number; len: number }[] = [];
  for (const { addr, len } of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && addr <= last.addr + last.len) last.len = Math.max(last.len, addr + len - last.addr);
    else joined.push({ addr, len });
  }
  return joined;
}

/** Addresses that are in both. */
export function intersect(a: readonly AddrRange[], b: readonly AddrRange[]): AddrRange[] {
  const [left, right] = [normalise(a), normalise(b)];
  const common: AddrRange[] = [];
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    const [one, other] = [left[i]!, right[j]!];
    const addr = Math.max(one.addr, other.addr);
    const [oneEnd, otherEnd] = [one.addr + one.len, other.addr + other.len];
    const end = Math.min(oneEnd, otherEnd);
    if (end > addr) common.push({ addr, len: end - addr });
    if (oneEnd <= otherEnd) i++;
    else j++;
  }
  return common;
}

/** Addresses that are in `a` and not in `b`. */
export function subtract(a: readonly AddrRange[], b: readonly AddrRange[]): AddrRange[] {
  const left: AddrRange[] = [];
  const holes = normalise(b);
  for (const { addr, len } of normalise(a)) {
    let at = addr;
    for (const hole of holes) {
      if (hole.addr + hole.len <= at || hole.addr >= addr + len) continue;
      if (hole.addr > at) left.push({ addr: at, len: hole.addr - at });
      at = hole.addr + hole.len;
    }
    if (at < addr + len) left.push({ addr: at, len: addr + len - at });
  }
  return left;
}

/** The ranges with whole words at both ends. */
export function inWords(ranges: readonly AddrRange[]): AddrRange[] {
  return ranges.map(({ addr, len }) => {
    const from = Math.floor(addr / 4) * 4;
    return { addr: from, len: Math.ceil((addr + len) / 4) * 4 - from };
  });
}

export function totalBytes(ranges: readonly AddrRange[]): number {
  return ranges.reduce((sum, { len }) => sum + len, 0);
}
